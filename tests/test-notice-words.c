/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What a notice says of those whom it names. */

#include "bounce-test-notice.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"

/* address, reply, status, command, host and what was answered; "-" = nothing */
static const char *words_text(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	string_t *dest = t_str_new(256);

	array_foreach(&report->recipients, rcpt) {
		const char *const members[] = {
			rcpt->address, rcpt->reply, rcpt->status,
			rcpt->command, rcpt->remote_mta, rcpt->diagnostic
		};

		for (unsigned int i = 0; i < N_ELEMENTS(members); i++) {
			str_append(dest, i == 0 ? "" : "|");
			str_append(dest, members[i] == NULL ? "-" : members[i]);
		}
		str_append_c(dest, '\n');
	}
	return str_c(dest);
}

static const struct {
	const char *text, *words;
} answers[] = {
	/* in the manner of Postfix */
	{ "<bob@example.org>: host mail.example.org[192.0.2.1] said: 550 5.1.1\n"
	  "    <bob@example.org>: User unknown (in reply to RCPT TO command)\n",
	  "bob@example.org|550|5.1.1|RCPT TO|mail.example.org|550 5.1.1 "
	  "<bob@example.org>: User unknown (in reply to RCPT TO command)\n" },
	{ "<a@example.org>: host a.example.org[192.0.2.1] said: 550 5.1.1 gone\n"
	  "    (in reply to RCPT TO command)\n\n"
	  "<b@example.org>: host b.example.org[192.0.2.2] said: 552 5.3.4 big\n"
	  "    (in reply to end of DATA command)\n",
	  "a@example.org|550|5.1.1|RCPT TO|a.example.org|550 5.1.1 gone "
	  "(in reply to RCPT TO command)\n"
	  "b@example.org|552|5.3.4|DATA|b.example.org|552 5.3.4 big "
	  "(in reply to end of DATA command)\n" },
	/* the first one's host and command are not the second's */
	{ "<a@example.org>: host a.example.org[192.0.2.1] said: 550 5.1.1 gone\n"
	  "    (in reply to MAIL FROM command)\n\n"
	  "<b@example.org>: it said: 550 5.1.1 gone\n",
	  "a@example.org|550|5.1.1|MAIL FROM|a.example.org|550 5.1.1 gone "
	  "(in reply to MAIL FROM command)\n"
	  "b@example.org|550|5.1.1|-|-|550 5.1.1 gone\n" },
	/* of Exim */
	{ "  bob@example.org\n    host mail.example.org [192.0.2.1]\n"
	  "    SMTP error from remote mail server after RCPT TO:"
	  "<bob@example.org>:\n    550 No such user\n",
	  "bob@example.org|550|-|RCPT TO|mail.example.org|550 No such user\n" },
	/* of sendmail */
	{ "   ----- The following addresses had permanent fatal errors -----\n"
	  "<bob@example.org>\n\n   ----- Transcript of session follows -----\n"
	  "... while talking to mail.example.org.:\n"
	  ">>> RCPT To:<bob@example.org>\n<<< 550 5.1.1 no user here\n"
	  "550 5.1.1 <bob@example.org>... User unknown\n",
	  "bob@example.org|550|5.1.1|RCPT TO|mail.example.org|"
	  "550 5.1.1 no user here\n" },
	/* a list, and answers that do not say whose they are */
	{ "These recipients failed:\n\nbob@example.org\ncarol@example.org\n\n"
	  "550 5.1.1 User unknown\n550 5.7.1 You are blocked\n",
	  "bob@example.org|-|-|-|-|-\ncarol@example.org|-|-|-|-|-\n" },
	/* one answer is for all of them */
	{ "These recipients failed:\n\nbob@example.org\ncarol@example.org\n\n"
	  "550 5.1.1 User unknown\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 User unknown\n"
	  "carol@example.org|550|5.1.1|-|-|550 5.1.1 User unknown\n" },
	/* of qmail */
	{ "<bob@example.org>:\n192.0.2.1 does not like recipient.\n"
	  "Remote host said: 550 5.7.1 not here\nGiving up on 192.0.2.1.\n",
	  "bob@example.org|550|5.7.1|RCPT TO|-|550 5.7.1 not here\n" },
	{ "<bob@example.org>:\nConnected to 192.0.2.1 but sender was rejected.\n"
	  "Remote host said: 550 5.7.1 not you\n",
	  "bob@example.org|550|5.7.1|MAIL FROM|192.0.2.1|"
	  "550 5.7.1 not you\n" },
	{ "<bob@example.org>:\n192.0.2.1 failed after I sent the message.\n"
	  "Remote host said: 554 5.7.1 not this\n",
	  "bob@example.org|554|5.7.1|DATA|-|554 5.7.1 not this\n" },
	/* the command above the answer's second place */
	{ "   ----- The following addresses had permanent fatal errors -----\n"
	  "<bob@example.org>\n    (reason: 550 5.1.1 who is that)\n\n"
	  "   ----- Transcript of session follows -----\n"
	  "... while talking to mail.example.org.:\n"
	  ">>> MAIL From:<alice@example.net>\n<<< 550 5.1.1 who is that\n"
	  "554 5.0.0 Service unavailable\n",
	  "bob@example.org|550|5.1.1|MAIL FROM|-|550 5.1.1 who is that\n" },
	/* the answer to a RCPT that is not shown, as DATA's tells */
	{ "   ----- The following addresses had permanent fatal errors -----\n"
	  "<bob@example.org>\n    (reason: 550 5.1.1 who is that)\n\n"
	  "   ----- Transcript of session follows -----\n"
	  "... while talking to mail.example.org.:\n"
	  ">>> DATA\n<<< 550 5.1.1 who is that\n"
	  "550 5.1.1 <bob@example.org>... User unknown\n"
	  "<<< 503 5.5.1 RCPT first\n",
	  "bob@example.org|550|5.1.1|RCPT TO|mail.example.org|"
	  "550 5.1.1 who is that\n" },
	{ "   ----- The following addresses had permanent fatal errors -----\n"
	  "<bob@example.org>\n    (reason: 554 5.7.1 not this)\n\n"
	  "   ----- Transcript of session follows -----\n"
	  "... while talking to mail.example.org.:\n"
	  ">>> DATA\n<<< 554 5.7.1 not this\n554 5.0.0 Service unavailable\n",
	  "bob@example.org|554|5.7.1|DATA|-|554 5.7.1 not this\n" },
	/* on the answer's last line, below quoted ones */
	{ "<bob@example.org>: host mail.example.org[192.0.2.1] said: 550 5.1.7\n"
	  "    <alice@example.net>: undeliverable address: host mx[192.0.2.9] said:\n"
	  "    550 unknown (in reply to RCPT TO command) (in reply\n"
	  "    to MAIL FROM command)\n",
	  "bob@example.org|550|5.1.7|MAIL FROM|mail.example.org|"
	  "550 5.1.7 <alice@example.net>: undeliverable address: host "
	  "mx[192.0.2.9] said: 550 unknown (in reply to RCPT TO command) (in "
	  "reply to MAIL FROM command)\n" },
	/* several lines of one reply */
	{ "<bob@example.org>:\n550-5.1.1 The account\n550-5.1.1 is not\n"
	  "550 5.1.1 here\nand no more\n",
	  "bob@example.org|550|5.1.1|-|-|550-5.1.1 The account 550-5.1.1 is "
	  "not 550 5.1.1 here\n" },
	/* wrapped by the mailer, which goes on in its own words */
	{ "<bob@example.org>:\n"
	  "550 5.1.1 this line of an answer is long enough to be wrapped by\n"
	  "a mailer\n\nI give up.\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 this line of an answer is "
	  "long enough to be wrapped by a mailer\n" },
	/* the answer that names the recipient */
	{ "a@example.org\nb@example.org\n\n"
	  "550 5.2.2 <b@example.org> full\n550 5.1.1 <a@example.org> gone\n",
	  "a@example.org|550|5.1.1|-|-|550 5.1.1 <a@example.org> gone\n"
	  "b@example.org|550|5.2.2|-|-|550 5.2.2 <b@example.org> full\n" },
	/* each its own, in long lines */
	{ "a@example.org\nb@example.org\n\n"
	  "failed for good: state 9: 550 5.1.1 <a@example.org> gone away, sorry\n"
	  "failed for good: state 9: 552 5.2.2 <b@example.org> full\n",
	  "a@example.org|550|5.1.1|-|-|550 5.1.1 <a@example.org> gone away, "
	  "sorry\n"
	  "b@example.org|552|5.2.2|-|-|552 5.2.2 <b@example.org> full\n" },
	/* what closes what was opened before it */
	{ "<bob@example.org>:\n<mx.example.org #5.1.1 smtp;550 5.1.1 gone>\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 gone\n" },
	{ "<bob@example.org>:\nError=[550 5.1.1 no <bob@example.org>]\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 no <bob@example.org>\n" },
	{ "<bob@example.org>:\nit said: '550 5.1.1 \"bob\" (gone)'\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 \"bob\" (gone)\n" },
	/* one for all */
	{ "a@example.org\nb@example.org\n\nThe server said: 554 5.7.1 spam\n",
	  "a@example.org|554|5.7.1|-|-|554 5.7.1 spam\n"
	  "b@example.org|554|5.7.1|-|-|554 5.7.1 spam\n" },
	/* a refusal before what follows from it */
	{ "<bob@example.org>:\n<<< 550 5.1.1 unknown\n<<< 503 need RCPT\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 unknown\n" },
	{ "<bob@example.org>:\n<<< 451 later\n<<< 550 5.1.1 never\n",
	  "bob@example.org|550|5.1.1|-|-|550 5.1.1 never\n" },
	/* what the server was sent is no answer */
	{ "<bob@example.org>:\n>>> 550 x\n<<< 451 y\n",
	  "bob@example.org|451|-|-|-|451 y\n" },
	/* the queue's code, then the one that it was given */
	{ "<bob@example.org>:\n554 4.4.7 expired <421 4.4.2 Timed out>\n",
	  "bob@example.org|554|4.4.2|-|-|554 4.4.7 expired "
	  "<421 4.4.2 Timed out>\n" },
	/* other commands */
	{ "<bob@example.org>: host mail.example.org[192.0.2.1] refused to talk"
	  " to me: 554 5.7.1 go away (in reply to initial connection)\n",
	  "bob@example.org|554|5.7.1|CONNECT|mail.example.org|554 5.7.1 go "
	  "away (in reply to initial connection)\n" },
	{ "<bob@example.org>: host x.example.org[192.0.2.1] said: 550 no "
	  "(in reply to MAIL FROM command)\n",
	  "bob@example.org|550|-|MAIL FROM|x.example.org|550 no (in reply to "
	  "MAIL FROM command)\n" },
	{ "<bob@example.org>:\n>>> DATA\n<<< 554 5.6.0 no\n",
	  "bob@example.org|554|5.6.0|DATA|-|554 5.6.0 no\n" },
	/* no answer: the mailer's own words */
	{ "<bob@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n",
	  "bob@example.org|-|5.1.1|-|-|-\n" },
	{ "<bob@example.org>:\nSorry, no mailbox here by that name.\n",
	  "bob@example.org|-|-|-|-|-\n" },
};

START_TEST(test_words)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(answers[_i].text, &report);

	(void)bounce_notice_recipients(scan, &report);
	bounce_notice_words(scan, &report);
	ck_assert_str_eq(words_text(&report), answers[_i].words);
}
END_TEST

static const struct {
	const char *text;
	/* of the first recipient; NULL = none */
	const char *explanation;
} explanations[] = {
	{ "<bob@example.org>:\nno mailbox\nhere\n",
	  "<bob@example.org>: no mailbox here" },
	/* up to the next one's */
	{ "<bob@example.org>:\nno mailbox\n\n<carol@example.org>:\nfull\n",
	  "<bob@example.org>: no mailbox" },
	/* manners say nothing */
	{ "This is an automatically generated message.\n"
	  "Please do not reply.\n\n<bob@example.org>:\nno mailbox\n"
	  "Thank you\n", "<bob@example.org>: no mailbox" },
	/* what stands before the only one may be the reason */
	{ "The mailbox is full.\n\nbob@example.org\n",
	  "The mailbox is full. bob@example.org" },
	/* nor does what the mail was */
	{ "Subject: mailbox full\nFrom: alice@example.com\n\n"
	  "did not reach:\nbob@example.org: gone\n",
	  "did not reach: bob@example.org: gone" },
	/* nor what a gateway stamps on it; but what is said of an address does */
	{ "[EXTERNAL] Caution\n<bob@example.org>:\nno mailbox\n"
	  "Scanned for viruses. No virus found.\n",
	  "<bob@example.org>: no mailbox" },
	{ "No virus found in this message.\nbob@example.org\nis full\n",
	  "bob@example.org is full" },
	{ "bob@example.org\nThe intended recipient is unknown.\n",
	  "bob@example.org The intended recipient is unknown." },
	{ "bob@example.org\nScanned by Gateway: it contains a virus.\n",
	  "bob@example.org Scanned by Gateway: it contains a virus." },
	/* what others put around a cause */
	{ "Beware: this sender is unknown.\n\nMailbox is full: "
	  "bob@example.org\n\nUnsere Adresse ist gesperrt f\xc3\xbcr Werbung.\n",
	  "Mailbox is full: bob@example.org" },
	{ "Never click on links.\n\nIntended recipient: bob@example.org\n",
	  "Intended recipient: bob@example.org" },
	/* but the cause may be announced */
	{ "These could not be reached:\n\nbob@example.org\n\n"
	  "The mailbox is full.\n\nThink of the trees.\n",
	  "These could not be reached: bob@example.org The mailbox is full." },
	{ "<bob@example.org>:\nThere is no mailbox of that name here.\n\n"
	  "Error message: plugh\n",
	  "<bob@example.org>: There is no mailbox of that name here. "
	  "Error message: plugh" },
	/* the words above serve each of a list, whom to write to is none */
	{ "It was not delivered: no server answers.\n\nNot delivered to:\n<bob@example.org>\n\n"
	  "Not delivered to:\n<carol@example.org>\n\n"
	  "Please contact help@example.com.\n",
	  "It was not delivered: no server answers. Not delivered to: "
	  "<bob@example.org> Not delivered to: <carol@example.org> Please contact "
	  "help@example.com." },
	/* bare addresses: the words are for all of them */
	{ "The mailbox is full of these:\na@example.org\nb@example.org\n",
	  "The mailbox is full of these: a@example.org b@example.org" },
};

START_TEST(test_explanation)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(explanations[_i].text, &report);
	const struct bounce_recipient *rcpt;

	(void)bounce_notice_recipients(scan, &report);
	bounce_notice_words(scan, &report);
	ck_assert_uint_ge(array_count(&report.recipients), 1);
	rcpt = array_idx(&report.recipients, 0);
	ck_assert_pstr_eq(rcpt->explanation, explanations[_i].explanation);
}
END_TEST

START_TEST(test_explanation_cut)
{
	string_t *text = str_new(default_pool, 2 * BOUNCE_MAX_EXPLANATION);
	struct bounce_report report;
	struct bounce_notice *scan;
	const struct bounce_recipient *rcpt;

	str_append(text, "<bob@example.org>:\n");
	while (str_len(text) < 2 * BOUNCE_MAX_EXPLANATION)
		str_append(text, "no mailbox here\n");
	scan = scan_text(str_c(text), &report);
	(void)bounce_notice_recipients(scan, &report);
	bounce_notice_words(scan, &report);
	rcpt = array_front(&report.recipients);
	/* perhaps a word less */
	ck_assert_uint_le(strlen(rcpt->explanation), BOUNCE_MAX_EXPLANATION);
	ck_assert_uint_ge(strlen(rcpt->explanation),
			  BOUNCE_MAX_EXPLANATION - 16);
	str_free(&text);
}
END_TEST

/* What is known stays. */
START_TEST(test_known)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text("<bob@example.org>: host "
		"mail.example.org said: 550 5.1.1 no (in reply to RCPT TO)\n",
		&report);
	struct bounce_recipient *rcpt = array_append_space(&report.recipients);

	rcpt->address = "bob@example.org";
	rcpt->diagnostic = "452 4.2.2 full";
	rcpt->remote_mta = "other.example.org";
	rcpt->status_field = "5.0.0";
	rcpt = array_append_space(&report.recipients);
	rcpt->status_field = "5.1.1";
	bounce_notice_words(scan, &report);
	rcpt = array_idx_modifiable(&report.recipients, 0);
	ck_assert_str_eq(rcpt->diagnostic, "452 4.2.2 full");
	ck_assert_str_eq(rcpt->remote_mta, "other.example.org");
	ck_assert_str_eq(rcpt->status, "4.2.2");
	ck_assert_str_eq(rcpt->reply, "452");
	/* a recipient without an address is no trouble */
	rcpt = array_idx_modifiable(&report.recipients, 1);
	ck_assert_ptr_null(rcpt->address);
	ck_assert_str_eq(rcpt->status, "5.1.1");
}
END_TEST

/* Prose is no command; where an answer does not stand in the notice, nothing
   there was answered by it. */
static const struct {
	const char *text, *command;
} prose[] = {
	{ "Your mail from Monday was lost.\n\n<bob@example.org>: 550 5.1.1 no\n",
	  NULL },
	{ "The e-mail from you:\n<bob@example.org>: 550 5.1.1 no\n", NULL },
	{ "Greetings!\n<bob@example.org>: 550 5.1.1 no\n", NULL },
	{ "Phelohs\n<bob@example.org>: 550 5.1.1 no\n", NULL },
	{ "after MAIL FROM:<a@example.com>:\n<bob@example.org>: 550 5.1.1 no\n",
	  "MAIL FROM" },
	{ "after HELO mx.example.com:\n<bob@example.org>: 550 5.1.1 no\n",
	  "HELO" },
	{ "<bob@example.org>: 550 5.1.1 no (in reply to CONNECT command)\n",
	  "CONNECT" },
	{ "<bob@example.org>: 550 5.1.1 no (in reply to end of\n"
	  "    DATA command)\n", "DATA" },
	{ ">>> RCPT TO:<bob@example.org>\nThe mail from:<x> is lost.\n"
	  "bob@example.org: nothing is quoted here\n", NULL },
};

START_TEST(test_prose)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(prose[_i].text, &report);
	struct bounce_recipient *rcpt = array_append_space(&report.recipients);

	rcpt->address = "bob@example.org";
	rcpt->diagnostic = "550 5.1.1 no";
	bounce_notice_words(scan, &report);
	rcpt = array_idx_modifiable(&report.recipients, 0);
	ck_assert_pstr_eq(rcpt->command, prose[_i].command);
}
END_TEST

/* The first line of an answer that the notice holds whole. */
START_TEST(test_longer)
{
	struct bounce_report report;
	struct bounce_notice *scan = scan_text(
		"<bob@example.org>\n    (reason: 550-5.7.1 We are sorry)\n\n"
		"   ----- Transcript of session follows -----\n"
		">>> DATA\n<<< 550-5.7.1 We are sorry\n"
		"<<< 550 5.7.1 this is spam.\n", &report);
	struct bounce_recipient *rcpt = array_append_space(&report.recipients);

	rcpt->address = "bob@example.org";
	rcpt->diagnostic = "550-5.7.1 We are sorry";
	bounce_notice_words(scan, &report);
	rcpt = array_idx_modifiable(&report.recipients, 0);
	ck_assert_str_eq(rcpt->diagnostic,
			 "550-5.7.1 We are sorry 550 5.7.1 this is spam.");
	ck_assert_str_eq(rcpt->command, "DATA");
}
END_TEST

/* The answer is cut, at a character. */
START_TEST(test_diagnostic_limit)
{
	string_t *text = t_str_new(8192);
	const struct bounce_recipient *rcpt;
	struct bounce_report report;
	struct bounce_notice *scan;

	str_append(text, "<bob@example.org>:\n550 x");
	while (str_len(text) < BOUNCE_MAX_DIAGNOSTIC * 2)
		str_append(text, "\xc3\xbc");
	str_append_c(text, '\n');
	scan = scan_text(str_c(text), &report);
	(void)bounce_notice_recipients(scan, &report);
	bounce_notice_words(scan, &report);
	rcpt = array_idx(&report.recipients, 0);
	ck_assert_uint_eq(strlen(rcpt->diagnostic), BOUNCE_MAX_DIAGNOSTIC - 1);
}
END_TEST

/* What may cost more than it is long; and what ends early. */
START_TEST(test_cut)
{
	const char *text = answers[_i].text;
	struct bounce_report report;
	struct bounce_notice *scan;

	for (size_t len = 0; len < strlen(text); len++) T_BEGIN {
		scan = scan_text(t_strndup(text, len), &report);
		(void)bounce_notice_recipients(scan, &report);
		bounce_notice_words(scan, &report);
	} T_END;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan-words");
	TCase *tcase = tcase_create("scan-words");

	tcase_add_checked_fixture(tcase, scan_setup, scan_teardown);
	tcase_add_loop_test(tcase, test_words, 0, N_ELEMENTS(answers));
	tcase_add_loop_test(tcase, test_explanation, 0,
			    N_ELEMENTS(explanations));
	tcase_add_test(tcase, test_explanation_cut);
	tcase_add_loop_test(tcase, test_prose, 0, N_ELEMENTS(prose));
	tcase_add_test(tcase, test_longer);
	tcase_add_test(tcase, test_known);
	tcase_add_test(tcase, test_diagnostic_limit);
	tcase_add_loop_test(tcase, test_cut, 0, N_ELEMENTS(answers));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
