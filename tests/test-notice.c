/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Whom a notice names. What it says of them: test-scan-words. */

#include "bounce-test-notice.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-limits.h"

/* The returned mail as a notice may quote it. */
#define RETURNED "Received: from a by b\nFrom: alice@example.com\n" \
	"To: Bob <bob@example.org>, carol@example.net\n" \
	"Subject: hello\nMessage-ID: <1@example.com>\n"

static const struct {
	const char *text, *notice;
	/* is the returned header found? */
	bool returned;
} ends[] = {
	{ "", "", FALSE },
	{ "Sorry.\n", "Sorry.\n", FALSE },
	{ "Sorry.\n\n" RETURNED "\nhello Bob\n", "Sorry.\n\n", TRUE },
	{ "Sorry.\n\n--- Below this line is a copy of the message.\n\n"
	  RETURNED, "Sorry.\n\n", TRUE },
	{ "Sorry.\n   ----- Original message follows -----\n\nhello Bob\n",
	  "Sorry.\n", FALSE },
	{ "Sorry.\n----- Unsent message follows -----\n" RETURNED, "Sorry.\n",
	  TRUE },
	{ "Sorry.\nReturned message:\nhello\n", "Sorry.\n", FALSE },
	/* no heading: somebody speaks of it */
	{ "Sorry.\nSee the original message.\nbob: gone\n",
	  "Sorry.\nSee the original message.\nbob: gone\n", FALSE },
	/* no heading, but it follows */
	{ "Sorry.\nYour original message follows.\n\nhello Bob\n", "Sorry.\n",
	  FALSE },
	{ "Sorry.\n-----Urspr\xc3\xbcngliche Nachricht-----\nhallo\n",
	  "Sorry.\n", FALSE },
	/* an mbox line before it */
	{ "Sorry.\nFrom alice@example.com Thu Jan  1 00:00:00 1970\n" RETURNED,
	  "Sorry.\n", TRUE },
	/* words about it do not begin it */
	{ "The original message was received at noon\nfrom alice\n",
	  "The original message was received at noon\nfrom alice\n", FALSE },
	{ "The returned message is attached below\nbob: gone\n",
	  "The returned message is attached below\nbob: gone\n", FALSE },
	/* nothing has been said before it */
	{ "--- returned message ---\nbob@example.org: gone\n",
	  "--- returned message ---\nbob@example.org: gone\n", FALSE },
	/* fields that a notice lists are no header */
	{ "To: bob@example.org\nSubject: hello\nDate: today\n\nSorry.\n",
	  "To: bob@example.org\nSubject: hello\nDate: today\n\nSorry.\n",
	  FALSE },
	/* nor do they begin the one below them */
	{ "Sorry.\n\nTo: bob@example.org\nSubject: hello\n\n" RETURNED,
	  "Sorry.\n\nTo: bob@example.org\nSubject: hello\n\n", TRUE },
	{ "Sorry.\n\nTo: bob@example.org\nHe is gone.\n" RETURNED,
	  "Sorry.\n\nTo: bob@example.org\nHe is gone.\n", TRUE },
	{ "Message-ID: <1@example.com>\n\nSorry.\n",
	  "Message-ID: <1@example.com>\n\nSorry.\n", FALSE },
	{ "X-Mailer: it\nWords: and more\nReceived: from a\n\nhello\n", "",
	  TRUE },
	{ "Sorry: no\n  " RETURNED, "Sorry: no\n  Received: from a by b\n",
	  TRUE },
	/* a part's header, where a boundary was lost */
	{ "--b1\nContent-Type: text/plain\nContent-Transfer-Encoding: 7bit\n"
	  "\nSorry.\n\n--b1\nContent-Type: message/rfc822\n\n" RETURNED,
	  "--b1\nContent-Type: text/plain\nContent-Transfer-Encoding: 7bit\n"
	  "\nSorry.\n\n--b1\nContent-Type: message/rfc822\n\n", TRUE },
	/* indented: only where it is announced */
	{ "Sorry.\nOriginal mail as follows:\n\n   Received: from a\n"
	  "   \tby b\n   From: alice@example.com\n   To: bob@example.org\n",
	  "Sorry.\n", TRUE },
	{ "It had these fields:\n\n  Message-ID: <1@example.com>\n"
	  "  From: alice@example.com\n\nbob@example.org: gone\n",
	  "It had these fields:\n\n  Message-ID: <1@example.com>\n"
	  "  From: alice@example.com\n\nbob@example.org: gone\n", FALSE },
};

START_TEST(test_end)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(ends[_i].text, &report);

	ck_assert_str_eq(bounce_notice_notice(scan), ends[_i].notice);
	ck_assert_msg((report.original_headers != NULL) == ends[_i].returned,
		      "%s", report.original_headers);
}
END_TEST

static const char *join(const ARRAY_TYPE(const_string) *list)
{
	return t_array_const_string_join(list, " ");
}

static const struct {
	const char *block;
	const char *id, *from, *to, *subject;
} returned[] = {
	{ RETURNED, "<1@example.com>", "alice@example.com",
	  "bob@example.org carol@example.net", "hello" },
	{ "Subject:\nTo: nobody\n", NULL, NULL, "", NULL },
	{ "Return-Path: <alice@example.com>\nTo: a@example.org\n"
	  "Cc: b@example.org, A@example.org\nTo: c@example.org\n",
	  NULL, "alice@example.com",
	  "a@example.org c@example.org b@example.org", NULL },
	{ "Message-ID: 1 <2@example.com> (3)\n", "<2@example.com>", NULL, "",
	  NULL },
	{ "Message-ID: 1\n", "1", NULL, "", NULL },
	{ "Message-ID: <1\n", "<1", NULL, "", NULL },
	{ "From: \"Alice\" <alice@example.com>\nSubject: =?utf-8?Q?f=C3=BCr?="
	  "\n dich\n", NULL, "alice@example.com", "", "f\xc3\xbcr dich" },
};

START_TEST(test_returned)
{
	struct bounce_report report;

	i_zero(&report);
	p_array_init(&report.original_to, pool, 4);
	bounce_notice_returned(pool, "", &report);
	ck_assert_ptr_null(report.original_headers);
	bounce_notice_returned(pool, returned[_i].block, &report);
	ck_assert_pstr_eq(report.original_headers, returned[_i].block);
	ck_assert_pstr_eq(report.original_message_id, returned[_i].id);
	ck_assert_pstr_eq(report.original_from, returned[_i].from);
	ck_assert_pstr_eq(report.original_subject, returned[_i].subject);
	ck_assert_str_eq(join(&report.original_to), returned[_i].to);
}
END_TEST

/* A mail of any size that a text returns. */
START_TEST(test_returned_is_capped)
{
	struct bounce_report report;
	string_t *text = str_new(pool, 1024);

	str_append(text, "Sorry.\n\n" RETURNED);
	while (str_len(text) < 2 * BOUNCE_MAX_HEADER)
		str_append(text, "X-Field: value\n");
	(void)scan_text(str_c(text), &report);
	ck_assert_uint_le(strlen(report.original_headers), BOUNCE_MAX_HEADER);
	ck_assert_str_eq(report.original_message_id, "<1@example.com>");
}
END_TEST

static const char *recipients_text(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	string_t *dest = t_str_new(64);

	array_foreach(&report->recipients, rcpt) {
		if (str_len(dest) > 0)
			str_append_c(dest, ' ');
		str_append(dest, rcpt->address);
		ck_assert_int_eq(rcpt->action, BOUNCE_ACTION_FAILED);
	}
	return str_c(dest);
}

#define NONE BOUNCE_NOTICE_NONE
#define GUESS BOUNCE_NOTICE_GUESS
#define ANSWER BOUNCE_NOTICE_ANSWER
#define SENTENCE BOUNCE_NOTICE_SENTENCE
#define LISTED BOUNCE_NOTICE_LISTED

static const struct {
	const char *text;
	enum bounce_notice_tier tier;
	const char *recipients;
} notices[] = {
	/* on a line of its own, at the start of one */
	{ "<bob@example.org>:\nno such user\n", LISTED, "bob@example.org" },
	{ "bob@example.org\n  unknown\n", LISTED, "bob@example.org" },
	{ "  bob@example.org: unknown user\n", LISTED, "bob@example.org" },
	{ "These failed:\n\n  a@example.org\n  b@example.org\n", LISTED,
	  "a@example.org b@example.org" },
	{ "The following addresses failed:\n1. a@example.org\n"
	  "2) <b@example.org>\n* c@example.org\n- d@example.org\n", LISTED,
	  "a@example.org b@example.org c@example.org d@example.org" },
	{ "Recipient: bob@example.org\nReason: unknown\n", LISTED,
	  "bob@example.org" },
	{ "Final-Recipient: rfc822; bob@example.org\n", LISTED,
	  "bob@example.org" },
	{ "The following recipients failed:\n\"Bob\" <bob@example.org>\n",
	  LISTED, "bob@example.org" },
	{ "> bob@example.org\nunknown\n", LISTED, "bob@example.org" },
	{ "These recipients failed:\n\n   Doe, Bob (bob@example.org) on Monday\n",
	  LISTED, "bob@example.org" },
	{ "These recipients failed:\nbob@example.org\n\nWrite to Eve "
	  "(eve@example.net).\n", LISTED, "bob@example.org" },
	/* whom it reached did not fail, unless nobody else is named */
	{ "The mail was delivered to:\n  ann@example.org\n", SENTENCE,
	  "ann@example.org" },
	{ "The mail was delivered to:\n  ann@example.org\n\n"
	  "The mail was not delivered to:\n  bob@example.org (gone)\n",
	  LISTED, "bob@example.org" },
	/* who is delayed has not failed, unless nobody has */
	{ "These failed:\n  bob@example.org: gone\n\nThese are delayed:\n"
	  "  carol@example.org: busy\n", LISTED, "bob@example.org" },
	{ "These are delayed:\n  carol@example.org: busy\n", LISTED,
	  "carol@example.org" },
	/* somebody at the end is much less likely */
	{ "These failed:\n  bob@example.org (plugh)\n\nXyzzy\n"
	  "eve@example.net (plugh plugh)\n\n" RETURNED, LISTED, "bob@example.org" },
	/* a wide colon behind the word for a recipient */
	{ "Xyzzy. \xe6\x94\xb6\xe4\xbb\xb6\xe4\xba\xba\xef\xbc\x9a bob@example.org\n",
	  SENTENCE, "bob@example.org" },
	/* a table */
	{ "These failed:\n\nAddress   Reason\n----      ----\n"
	  "bob@example.org   550 gone\nz@example.net   552 full\n\n" RETURNED,
	  LISTED, "bob@example.org z@example.net" },
	{ "These failed:\n\ta@example.org (550 5.1.1 unknown user)\n"
	  "\tb@example.org (mailbox is full)\n", LISTED,
	  "a@example.org b@example.org" },
	/* a colon announces in every language */
	{ "Saajat:\n\n  a@example.org\n  b@example.org\n", GUESS,
	  "a@example.org b@example.org" },
	{ "Absender:\n\n  a@example.org\n", NONE, "" },
	/* who wrote to himself is one of them; who is named as the sender is not */
	{ "The following recipients failed:\n\n  alice@example.com\n"
	  "  bob@example.org\n", LISTED,
	  "alice@example.com bob@example.org" },
	{ "What could not be delivered came from:\n\n  alice@example.com\n\n"
	  "It was for:\n\n  bob@example.org\n", LISTED, "bob@example.org" },
	{ "Originator of the undeliverable mail:\n\n  alice@example.com\n\n"
	  "bob@example.org: no such user\n", LISTED, "bob@example.org" },
	/* one that the mail was written to, one that looks like it */
	{ "These failed:\n\n<bob@example.org>:\nno such user\n\n"
	  "<c@example.net>:\nno such user\n\n" RETURNED, LISTED,
	  "bob@example.org c@example.net" },
	/* quoted: not what this mailer says */
	{ "> <bob@example.org>: unknown\n", NONE, "" },
	{ "mailto:bob@example.org\nunknown\n", LISTED, "bob@example.org" },
	{ "> he wrote to me at\n> bob@example.org\n", NONE, "" },
	/* each once, whatever its case */
	{ "bob@example.org: unknown\nBob@Example.org: unknown\n", LISTED,
	  "bob@example.org" },
	/* in a sentence */
	{ "Your mail to bob@example.org could not be delivered.\n", SENTENCE,
	  "bob@example.org" },
	{ "The user bob@example.org is unknown.\n", SENTENCE,
	  "bob@example.org" },
	{ "I could not deliver it to <bob@example.org>, sorry.\n", SENTENCE,
	  "bob@example.org" },
	{ "Mailbox is full: bob@example.org\n", SENTENCE, "bob@example.org" },
	/* what looks like the best is as good */
	{ "Unknown user: bob@example.org\nUnknown user: z@example.net\n\n"
	  RETURNED, SENTENCE, "bob@example.org z@example.net" },
	/* of a log */
	{ "to=bob@example.org, status=bounced: rejected\n", SENTENCE,
	  "bob@example.org" },
	/* several in one sentence, whoever wrote it */
	{ "Unable to deliver to <a@example.org>, <b@example.org> and "
	  "c@example.org.\n", SENTENCE,
	  "a@example.org b@example.org c@example.org" },
	{ "Unable to deliver to a@example.org; b@example.org\n", SENTENCE,
	  "a@example.org b@example.org" },
	{ "Unable to deliver to a@example.org <eve@example.net>\n", SENTENCE,
	  "a@example.org" },
	/* a field, in any language */
	{ "Ziel: bob@example.org\n", GUESS, "bob@example.org" },
	{ "Recipient ......: bob@example.org\n", SENTENCE,
	  "bob@example.org" },
	{ "\xe6\x94\xb6\xe4\xbb\xb6\xe4\xba\xba\xef\xbc\x9a"
	  "bob@example.org\n", LISTED, "bob@example.org" },
	{ "Empf\xc3\xa4nger: bob@example.org\n", LISTED, "bob@example.org" },
	{ "Absenderadresse: eve@example.org\n", NONE, "" },
	{ "Ziel: bob@example.org, sagt er\n", NONE, "" },
	{ "Die Nachricht an den Empf\xc3\xa4nger bob@example.org wurde nicht"
	  " zugestellt.\n", SENTENCE, "bob@example.org" },
	/* beside scripts that leave no space */
	{ "\xe5\xae\x9b\xe5\x85\x88" "bob@example.org\xe3\x81\xb8"
	  "\xe5\xb1\x8a\xe3\x81\x8d\xe3\x81\xbe\xe3\x81\x9b\xe3\x82\x93\n",
	  SENTENCE, "bob@example.org" },
	/* a list is better than a sentence, that better than an answer */
	{ "The user bob@example.org is unknown.\n\n<carol@example.org>:\n"
	  "no such user\n", LISTED, "carol@example.org" },
	{ "550 <bob@example.org> unknown\n"
	  "The user carol@example.org is unknown.\n", SENTENCE,
	  "carol@example.org" },
	/* within an answer only */
	{ "It said: 550 5.1.1 <bob@example.org> no such user\n", ANSWER,
	  "bob@example.org" },
	{ ">>> RCPT TO:<bob@example.org>\n<<< 550 no\n", ANSWER,
	  "bob@example.org" },
	/* somebody else's */
	{ "Hello.\n", NONE, "" },
	{ "", NONE, "" },
	{ "Questions? Contact help@example.org for support.\n", NONE, "" },
	{ "From: alice@example.com\n", NONE, "" },
	{ "Message-ID: 1@example.com\n", NONE, "" },
	{ "see http://user@example.org/x for more\n", NONE, "" },
	{ "alice@example.com\n", NONE, "" },
	{ "If in doubt, write to postmaster@example.org\n", NONE, "" },
	{ "Sender: eve@example.net\nbob@example.org: unknown\n", LISTED,
	  "bob@example.org" },
	{ "The mail from alice@example.com to bob@example.org failed.\n",
	  SENTENCE, "bob@example.org" },
	/* what looks like one and is none */
	{ "@\n", NONE, "" },
	{ "a@\n", NONE, "" },
	{ "@example.org\n", NONE, "" },
	{ "at a @ b we failed\n", NONE, "" },
	{ "bob@12.34: unknown\n", NONE, "" },
	{ "\"@example.org: unknown\n", NONE, "" },
	{ "<\"@>: unknown\n", NONE, "" },
	/* forms */
	{ "bob@[192.0.2.1]: unknown\n", LISTED, "bob@[192.0.2.1]" },
	{ "\"bob smith\"@example.org: unknown\n", LISTED,
	  "\"bob smith\"@example.org" },
	{ "<\"a@b\"@example.org>: unknown\n", LISTED, "\"a@b\"@example.org" },
	{ "<j\xc3\xbcrgen@example.org>: unknown\n", LISTED,
	  "j\xc3\xbcrgen@example.org" },
	{ "<bob@b\xc3\xbc" "cher.example>: unknown\n", LISTED,
	  "bob@b\xc3\xbc" "cher.example" },
	{ "bob@example.org.: unknown\n", LISTED, "bob@example.org" },
	{ "'bob@example.org' unknown\n", SENTENCE, "bob@example.org" },
	{ "bob+list@example.org: unknown\n", LISTED, "bob+list@example.org" },
	{ "o'brien@example.org: unknown\n", LISTED, "o'brien@example.org" },
	/* a description of the mail: no more than whom it was written to */
	{ "To: bob@example.org\nSubject: hello\nSent: today\n\n"
	  "did not reach:\n\ncarol@example.org on today\n  unknown\n", LISTED,
	  "carol@example.org" },
	{ "To: bob@example.org\n\xe4\xbb\xb6\xe5\x90\x8d\xef\xbc\x9ahello: you\n\n"
	  "carol@example.org: unknown\n", LISTED, "carol@example.org" },
	/* within three lines of it, above or below */
	{ "To: bob@example.org\nx\ny\nSubject: hello\n\n"
	  "carol@example.org: unknown\n", LISTED, "carol@example.org" },
	{ "To: bob@example.org\nx\ny\nz\nSubject: hello\n\n"
	  "carol@example.org: unknown\n", LISTED,
	  "bob@example.org carol@example.org" },
	{ "w\nSubject: hello\nx\ny\nTo: bob@example.org\n\n"
	  "carol@example.org: unknown\n", LISTED, "carol@example.org" },
	{ "w\nSubject: hello\nx\ny\nz\nTo: bob@example.org\n\n"
	  "carol@example.org: unknown\n", LISTED,
	  "bob@example.org carol@example.org" },
	/* a sentence that says hardly less than another, and one that does */
	{ "To: bob@example.org\nSubject: hello\n\n"
	  "The user carol@example.org is unknown.\n", SENTENCE,
	  "bob@example.org carol@example.org" },
	{ "To: bob@example.org\nSubject: hello\n\n"
	  "Your mail to carol@example.org could not be delivered.\n", SENTENCE,
	  "carol@example.org" },
};

START_TEST(test_recipients)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(notices[_i].text, &report);
	enum bounce_notice_tier tier = bounce_notice_recipients(scan, &report);

	ck_assert_str_eq(recipients_text(&report), notices[_i].recipients);
	ck_assert_int_eq(tier, notices[_i].tier);
}
END_TEST

/* The header's field knows them all. */
START_TEST(test_field)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_mail(
		"X-Failed-Recipients: a@example.org, b@example.org\n"
		"X-Failed-Recipients: c@example.org\n\n"
		"<a@example.org>: unknown\n<other@example.org>: unknown\n",
		&report);

	ck_assert_int_eq(bounce_notice_recipients(scan, &report),
			 BOUNCE_NOTICE_FIELD);
	ck_assert_str_eq(recipients_text(&report),
			 "a@example.org b@example.org c@example.org");
}
END_TEST

/* Nobody is named in words that we know. */
static const struct {
	const char *text, *address;	/* NULL = none */
} alone[] = {
	{ "Xyzzy bob@example.org plugh.\n", "bob@example.org" },
	{ "Xyzzy bob@example.org, BOB@example.org.\n", "bob@example.org" },
	{ "Xyzzy bob@example.org, carol@example.org.\n", NULL },
	{ "Xyzzy bob@example.org alice@example.com.\n", "bob@example.org" },
	{ "Xyzzy bob@example.org\n> and carol@example.org\n",
	  "bob@example.org" },
	{ "Xyzzy bob@example.org\nContact eve@example.net\n",
	  "bob@example.org" },
	{ "alice@example.com\n", NULL },
	{ "Xyzzy\n", NULL },
};

START_TEST(test_only)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(alone[_i].text, &report);

	ck_assert_pstr_eq(bounce_notice_only(scan), alone[_i].address);
}
END_TEST

START_TEST(test_only_in)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text("Xyzzy\n", &report);

	ck_assert_pstr_eq(bounce_notice_only_in(scan,
		"Report for bob@example.org"), "bob@example.org");
	ck_assert_pstr_eq(bounce_notice_only_in(scan, "<bob@example.org>"),
			  "bob@example.org");
	ck_assert_ptr_null(bounce_notice_only_in(scan, NULL));
	ck_assert_ptr_null(bounce_notice_only_in(scan, "failure notice"));
	ck_assert_ptr_null(bounce_notice_only_in(scan, "to alice@example.com"));
	ck_assert_ptr_null(bounce_notice_only_in(scan, "to a@b.example c@d.example"));
}
END_TEST

static const struct {
	const char *text;
	bool refuses, describes;
} signs[] = {
	{ "Xyzzy\n", FALSE, FALSE },
	{ "550 5.1.1 no\n", TRUE, FALSE },
	{ "#550 5.1.1 RESOLVER\n", TRUE, FALSE },
	{ "it said: 452-4.2.2 full\n", TRUE, FALSE },
	{ "(550: (5.1.1) no)\n", TRUE, FALSE },
	{ "Hello.\n550 5.1.1 no\n\nSo sorry.\n", TRUE, FALSE },
	{ "550 no\n", FALSE, FALSE },
	{ "550 4.1.1 no\n", FALSE, FALSE },
	{ "550 hosts, 5.1.1\n", FALSE, FALSE },
	{ "250 2.0.0 Ok\n", FALSE, FALSE },
	{ "Subject: hello\nTo: bob@example.org\n", FALSE, TRUE },
	{ "RCPT TO: bob\n\n  Subject: hello\n", FALSE, TRUE },
	{ "From: eve\nSubject: hello\nTo: bob@example.org\n", FALSE, FALSE },
	{ "Subject: hello\n", FALSE, FALSE },
	{ "To: bob@example.org\n", FALSE, FALSE },
};

START_TEST(test_signs)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(signs[_i].text, &report);

	ck_assert(bounce_notice_refuses(scan) == signs[_i].refuses);
	ck_assert(bounce_notice_describes(scan, FALSE) == signs[_i].describes);
}
END_TEST

static const struct {
	const char *text;
	const char *recipients;
} names[] = {
	{ "Delivery to the following recipients failed:\n\n  bob\n  carol\n",
	  "bob@mx.example.org carol@mx.example.org" },
	/* a sentence's first word is no name */
	{ "Could not deliver to the following:\nan undisclosed address\n", "" },
	{ "Could not deliver to the following:\nbob mailbox is full\n", "" },
	/* the second line is the reason */
	{ "The following address failed:\nbob\nmailbox is full\n",
	  "bob@mx.example.org" },
	{ "The following address failed:\n", "" },
	{ "The following address failed:\n<<< 550 no\nbob\n", "" },
	{ "The following address failed:\nb\n", "" },
	{ "It failed:\nbob\n", "" },
	/* the returned mail knows the domain */
	{ "The following address failed:\nbob\n\n" RETURNED,
	  "bob@example.org" },
	{ "The following address failed:\nbo\n\n" RETURNED,
	  "bo@mx.example.org" },
};

START_TEST(test_names)
{
	struct bounce_report report;
	const char *mail = t_strconcat(SCAN_HEADER, names[_i].text, NULL);
	struct bounce_notice *scan = scan_mail(mail, &report);
	enum bounce_notice_tier tier = bounce_notice_names(scan,
		bounce_test_message(pool, mail), &report);

	ck_assert_str_eq(recipients_text(&report), names[_i].recipients);
	ck_assert_int_eq(tier, *names[_i].recipients == '\0' ?
			 BOUNCE_NOTICE_NONE : BOUNCE_NOTICE_LISTED);
}
END_TEST

START_TEST(test_limits)
{
	string_t *text = str_new(default_pool, 1024 * 1024);
	struct bounce_report report;
	struct bounce_notice *scan;
	unsigned int i;

	/* recipients */
	for (i = 0; i < BOUNCE_MAX_SCAN_ADDRESSES * 2; i++)
		str_printfa(text, "<u%u@example.org>: unknown\n", i);
	scan = scan_text(str_c(text), &report);
	ck_assert_int_eq(bounce_notice_recipients(scan, &report), LISTED);
	ck_assert_uint_eq(array_count(&report.recipients),
			  BOUNCE_MAX_FOREIGN_RECIPIENTS);
	ck_assert(report.truncated);
	bounce_notice_words(scan, &report);

	/* lines */
	str_truncate(text, 0);
	for (i = 0; i < BOUNCE_MAX_SCAN_LINES; i++)
		str_append(text, "x\n");
	str_append(text, "<bob@example.org>: unknown\n");
	scan = scan_text(str_c(text), &report);
	ck_assert_int_eq(bounce_notice_recipients(scan, &report), NONE);
	ck_assert_uint_eq(strlen(bounce_notice_notice(scan)),
			  BOUNCE_MAX_SCAN_LINES * 2);

	/* one line */
	str_truncate(text, 0);
	for (i = 0; i < BOUNCE_MAX_LINE; i++)
		str_append_c(text, 'x');
	str_append(text, " <bob@example.org>\n<carol@example.org>: unknown\n");
	scan = scan_text(str_c(text), &report);
	ck_assert_int_eq(bounce_notice_recipients(scan, &report), LISTED);
	ck_assert_str_eq(recipients_text(&report), "carol@example.org");

	/* half a character at its end */
	str_truncate(text, 0);
	str_append_c(text, 'x');
	while (str_len(text) <= BOUNCE_MAX_LINE)
		str_append(text, "\xc3\xbc");
	str_append_c(text, '\n');
	scan = scan_text(str_c(text), &report);
	ck_assert_uint_eq(strlen(bounce_notice_notice(scan)), BOUNCE_MAX_LINE);
	ck_assert(uni_utf8_str_is_valid(bounce_notice_notice(scan)));

	/* bytes */
	str_truncate(text, 0);
	while (str_len(text) < BOUNCE_MAX_SCAN) {
		for (i = 0; i < 1000; i++)
			str_append_c(text, 'x');
		str_append_c(text, '\n');
	}
	str_append(text, "<bob@example.org>: unknown\n");
	scan = scan_text(str_c(text), &report);
	ck_assert_int_eq(bounce_notice_recipients(scan, &report), NONE);
	str_free(&text);
}
END_TEST

static const char *const hostile[] = {
	"a@", "@", "a@b ", "<a@b>", "\"", "\"@", "a@b.c:\n", "550 ", "550-a\n",
	"<a@b.c>: 550 5.1.1 x\n", "\xc3\xbc@", "a@[", "Received: x\n",
	"From \n", "X-:\n", "--- original message ---\n", "5.1.1 ", ">>> x\n",
	"=?a?B?", "To: a@b.c\n", ("\xe5\xae\x9b" "a@b.c"),
};

START_TEST(test_hostile)
{
	string_t *text = str_new(default_pool, BOUNCE_MAX_SCAN * 2);
	struct bounce_report report;
	struct bounce_notice *scan;

	while (str_len(text) < BOUNCE_MAX_SCAN + 1000)
		str_append(text, hostile[_i]);
	scan = scan_text(str_c(text), &report);
	(void)bounce_notice_recipients(scan, &report);
	bounce_notice_words(scan, &report);
	str_free(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *tcase = tcase_create("scan");

	tcase_add_checked_fixture(tcase, scan_setup, scan_teardown);
	tcase_add_loop_test(tcase, test_end, 0, N_ELEMENTS(ends));
	tcase_add_loop_test(tcase, test_returned, 0, N_ELEMENTS(returned));
	tcase_add_test(tcase, test_returned_is_capped);
	tcase_add_loop_test(tcase, test_recipients, 0, N_ELEMENTS(notices));
	tcase_add_test(tcase, test_field);
	tcase_add_loop_test(tcase, test_only, 0, N_ELEMENTS(alone));
	tcase_add_test(tcase, test_only_in);
	tcase_add_loop_test(tcase, test_signs, 0, N_ELEMENTS(signs));
	tcase_add_loop_test(tcase, test_names, 0, N_ELEMENTS(names));
	tcase_add_test(tcase, test_limits);
	tcase_add_loop_test(tcase, test_hostile, 0, N_ELEMENTS(hostile));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
