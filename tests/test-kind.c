/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test-mail.h"
#include "istream.h"
#include "str.h"
#include "bounce-classify.h"
#include "bounce-kind.h"
#include "bounce-string.h"

static pool_t pool;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
}

static void teardown(void)
{
	pool_unref(&pool);
}

static const char *hints_text(const struct bounce_kind_hints *hints)
{
	const struct {
		bool set;
		const char *name;
	} all[] = {
		{ hints->null_sender, "null" },
		{ hints->daemon, "daemon" },
		{ hints->report, "report" },
		{ hints->failure_subject, "failure" },
		{ hints->delay_subject, "delay" },
		{ hints->success_subject, "success" },
		{ hints->no_subject, "no-subject" },
		{ hints->auto_reply, "reply" },
		{ hints->rejection, "rejection" },
		{ hints->receipt_subject, "receipt" },
		{ hints->complaint_subject, "complaint" },
		{ hints->summary, "summary" },
		{ hints->journal, "journal" },
		{ hints->late_subject, "late" },
		{ hints->page, "page" },
		{ hints->client, "client" },
		{ hints->person, "person" },
	};
	string_t *dest = t_str_new(64);

	for (unsigned int i = 0; i < N_ELEMENTS(all); i++) {
		if (!all[i].set)
			continue;
		if (str_len(dest) > 0)
			str_append_c(dest, ' ');
		str_append(dest, all[i].name);
	}
	return str_c(dest);
}

static void read_hints(const char *header, const char *mail_from,
		       struct bounce_kind_hints *hints_r)
{
	const struct bounce_envelope envelope = { .mail_from = mail_from };
	struct istream *input =
		bounce_test_stream(t_strconcat(header, "\nbody\n", NULL));
	struct bounce_message *message;

	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	bounce_kind_hints_read(message, &envelope, hints_r);
	i_stream_unref(&input);
}

#define ALICE "From: Alice <alice@example.org>\n"
#define HELLO "Subject: hello\n"
#define DAEMON "From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\n"
#define REPORT "Content-Type: multipart/report; boundary=b\n"

static const struct {
	const char *header;
	/* NULL = unknown */
	const char *mail_from;
	const char *hints;
	bool candidate;
} mails[] = {
	/* ordinary mail */
	{ ALICE HELLO, "alice@example.org", "", FALSE },
	{ ALICE HELLO, NULL, "", FALSE },
	{ ALICE HELLO "Return-Path: <alice@example.org>\n", NULL, "", FALSE },
	{ ALICE "Subject: your delivery comes on Monday\n", NULL, "", FALSE },
	{ ALICE "Content-Type: multipart/mixed; boundary=b\n" HELLO, NULL, "",
	  FALSE },
	{ "", "alice@example.org", "no-subject", FALSE },
	{ ALICE "Subject:\n", NULL, "no-subject", FALSE },
	{ ALICE HELLO "Precedence: bulk\n", NULL, "", FALSE },
	{ ALICE HELLO "Auto-Submitted: no\n", NULL, "", FALSE },
	{ ALICE HELLO "Auto-Submitted: auto-generated\n", NULL, "", FALSE },

	/* the null sender: the envelope knows it, else Return-Path: */
	{ ALICE HELLO, "", "null", TRUE },
	{ ALICE HELLO "Return-Path: <>\n", NULL, "null", TRUE },
	{ ALICE HELLO "Return-Path:  < > \n", NULL, "null", TRUE },
	{ ALICE HELLO "Return-Path: <MAILER-DAEMON>\n", NULL, "null daemon",
	  TRUE },
	{ ALICE HELLO "Return-Path: <>\n", "alice@example.org", "", FALSE },
	{ ALICE HELLO "Return-Path: <alice@example.org>\n", "", "null", TRUE },
	{ ALICE HELLO, "mailer-daemon@mx.example.org", "null", TRUE },
	{ ALICE HELLO, "MAILER-DAEMON", "null", TRUE },

	/* daemons by their address, by their name, as words */
	{ DAEMON HELLO, "x@example.org", "daemon", TRUE },
	{ "From: postmaster@example.org\n" HELLO, NULL, "daemon", TRUE },
	{ "From: Mail Delivery Subsystem <x@example.org>\n" HELLO, NULL,
	  "daemon", TRUE },
	{ "From: Microsoft Outlook <x@example.org>\n" HELLO, NULL, "daemon",
	  TRUE },
	{ "From: bounce@example.org\n" HELLO, NULL, "daemon", TRUE },
	{ "From:\n" HELLO, NULL, "daemon", TRUE },
	{ "From: <>\n" HELLO, NULL, "daemon", TRUE },
	{ "From: =?utf-8?q?Mail_Delivery_System?= <x@example.org>\n" HELLO,
	  NULL, "daemon", TRUE },
	{ ALICE HELLO "Return-Path: <MAILER-DAEMON@mx.example.org>\n", NULL,
	  "daemon", TRUE },
	{ "From: trebounces@example.org\n" HELLO, NULL, "", FALSE },
	{ "From: bouncer@example.org\n" HELLO, NULL, "", FALSE },
	{ "From: Mtab <x@example.org>\n" HELLO, NULL, "", FALSE },
	{ "From: x@smta.example.org\n" HELLO, NULL, "", FALSE },

	/* reports by their type, their fields */
	{ ALICE HELLO REPORT, NULL, "report", TRUE },
	{ ALICE HELLO "Content-Type: Message/Delivery-Status\n", NULL,
	  "report", TRUE },
	{ ALICE HELLO "X-Failed-Recipients: bob@example.org\n", NULL,
	  "report", TRUE },
	{ ALICE HELLO "Content-Type: text/plain; x=multipart/report\n", NULL,
	  "", FALSE },

	/* subjects, in many languages and encodings */
	{ ALICE "Subject: Undelivered Mail Returned to Sender\n", NULL,
	  "failure", TRUE },
	{ ALICE "Subject: Delivery Status Notification (Failure)\n", NULL,
	  "failure", TRUE },
	{ ALICE "Subject: Delivery Status Notification (Delay)\n", NULL,
	  "failure delay", TRUE },
	{ ALICE "Subject: Warning: message delayed 24 hours\n", NULL, "delay",
	  TRUE },
	{ ALICE "Subject: Undeliverable: The delayed train\n", NULL, "failure",
	  TRUE },
	{ ALICE "Subject: Delivery delayed: Undeliverable goods\n", NULL,
	  "failure delay late", TRUE },
	{ ALICE "Subject: Unzustellbar: hallo\n", NULL, "failure", TRUE },
	{ ALICE "Subject: =?utf-8?Q?Zustellung_der_Nachricht_verz=C3=B6gert?="
	  "\n", NULL, "delay", TRUE },
	{ ALICE "Subject: =?iso-8859-1?Q?=C9chec_de_la_remise?=\n", NULL,
	  "failure", TRUE },
	{ ALICE "Subject: =?utf-8?B?6YCA5L+h6YCa55+l?=\n", NULL, "failure",
	  TRUE },
	{ DAEMON "Subject: Successful Mail Delivery Report\n", NULL,
	  "daemon success", TRUE },
	{ DAEMON "Subject: Delivery Status Notification (Success)\n", NULL,
	  "daemon success", TRUE },
	{ DAEMON "Subject: Unsuccessful delivery: undelivered\n", NULL,
	  "daemon failure late", TRUE },
	{ ALICE "Subject: Delivered: Undeliverable goods\n", NULL, "success",
	  FALSE },
	{ ALICE "Subject: Undelivered: Success story\n", NULL,
	  "failure", TRUE },
	{ ALICE "Subject: Report: Delivered: Undelivered goods\n", NULL,
	  "success", FALSE },
	{ ALICE "Subject: Relayed: hello\n", NULL, "success", FALSE },

	/* people that answer reports or pass them on */
	{ ALICE "Subject: Re: Undelivered Mail Returned to Sender\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: Fwd: Undelivered Mail\n", NULL, "failure person",
	  FALSE },
	{ ALICE "Subject: AW: Unzustellbar\n", NULL, "failure person", FALSE },
	{ ALICE "Subject: Re[2]: Undelivered Mail\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: [Fwd: Undelivered Mail]\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: Doorst: Onbestelbaar\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: =?utf-8?B?6L2s5Y+R77ya6YCA5L+h?=\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: Report: undelivered mail\n", NULL, "failure late",
	  TRUE },
	{ DAEMON "Subject: Re: Undelivered Mail\n", NULL,
	  "daemon failure person", TRUE },
	{ ALICE "Subject: Re: Undelivered Mail\n", "", "null failure person",
	  TRUE },

	/* lists */
	{ ALICE "Subject: [list] undelivered mails again\n"
	  "List-Id: <list.example.org>\n", NULL, "failure person", FALSE },
	/* or a tracker's */
	{ ALICE "Subject: [list] undelivered mails again\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: [list] undelivered mails again\n", "",
	  "null failure", TRUE },
	/* a helpdesk's, which are answers */
	{ ALICE "Subject: [Ticket 5512] Undelivered mail\n", "",
	  "null failure person", TRUE },
	{ ALICE "Subject: [#5512] Undelivered mail\n", "",
	  "null failure person", TRUE },
	{ ALICE "Subject: [list2] Undelivered mail\n", "", "null failure", TRUE },
	{ ALICE "Subject: [2] Undelivered mail\n", "", "null failure", TRUE },
	{ "From: MAILER-DAEMON@example.net\n"
	  "Subject: [Ticket 5512] Undelivered mail\n", "",
	  "null daemon failure", TRUE },
	{ ALICE "Subject: undelivered mails again\n"
	  "List-Id: <list.example.org>\n", NULL, "failure", TRUE },

	/* RFC 3834, and what came before it */
	{ ALICE HELLO "Auto-Submitted: auto-replied\n", NULL, "reply", TRUE },
	{ ALICE HELLO "Auto-Submitted: Auto-Replied; owner-email=x\n", NULL,
	  "reply", TRUE },
	{ ALICE HELLO "Precedence: auto_reply\n", NULL, "reply", TRUE },
	{ ALICE HELLO "X-Autoreply: yes\n", NULL, "reply", TRUE },
	{ ALICE HELLO "X-Autorespond:\n", NULL, "reply", TRUE },
	{ ALICE "Subject: Out of Office: hello\n", NULL, "reply", TRUE },
	{ ALICE "Subject: Automatische Antwort: hallo\n", NULL, "reply",
	  TRUE },
	{ ALICE "Subject: =?utf-8?B?6Ieq5YuV6L+U5L+h?=\n", NULL, "reply",
	  TRUE },
	{ ALICE "Subject: you are subscribed\n"
	  "Auto-Submitted: auto-generated\n", NULL, "reply", TRUE },
	{ ALICE "Subject: you are subscribed\n", NULL, "", FALSE },

	/* people use the same words */
	{ ALICE "Subject: Summer vacation photos\n", NULL, "", FALSE },
	{ ALICE "Subject: Summer vacation photos\n", "", "null reply", TRUE },
	{ ALICE "Subject: On vacation\nPrecedence: junk\n", NULL, "reply",
	  TRUE },
	{ ALICE "Subject: Re: Out of Office: hello\n", NULL, "person", FALSE },
	{ ALICE "Subject: Re: hello (Out of Office)\n", "",
	  "null reply person", TRUE },
	/* an answer that no person sent, whatever its words */
	{ ALICE HELLO "Auto-Submitted: auto-generated\nIn-Reply-To: <1@x>\n",
	  "", "null reply", TRUE },
	{ ALICE HELLO "Auto-Submitted: auto-generated\nIn-Reply-To: <1@x>\n"
	  "X-MS-Exchange-Inbox-Rules-Loop: alice@example.org\n",
	  "alice@example.org", "reply person", TRUE },
	{ ALICE "Subject: FW: hello\nAuto-Submitted: auto-generated\n"
	  "In-Reply-To: <1@x>\n"
	  "X-MS-Exchange-Inbox-Rules-Loop: alice@example.org\n",
	  "alice@example.org", "person", FALSE },
	{ ALICE HELLO "Auto-Submitted: auto-generated\nIn-Reply-To: <1@x>\n",
	  "tracker@example.org", "person", FALSE },

	/* RFC 5429 */
	{ DAEMON HELLO "Auto-Submitted: auto-replied (rejected)\n" REPORT, "",
	  "null daemon report reply rejection", TRUE },

	/* receipts without RFC 8098 */
	{ ALICE "Subject: Read: hello\nContent-Type: application/ms-tnef\n",
	  NULL, "receipt", TRUE },
	{ ALICE "Subject: Read: hello\n", NULL, "receipt", TRUE },
	{ ALICE "Subject: Have you read: hello\n"
	  "Content-Type: application/ms-tnef\n", NULL, "", FALSE },

	/* complaints without RFC 5965 */
	{ ALICE "Subject: complaint about message from 192.0.2.1\n",
	  "alice@example.org", "complaint", TRUE },

	/* accounts of many mails, and a mail about such an account */
	{ ALICE "Subject: Cron <root@mx> /bin/bounce-report\n", "",
	  "null failure summary", TRUE },
	{ DAEMON "Subject: Weekly report: 3 mails not delivered\n", NULL,
	  "daemon failure summary late", TRUE },
	{ DAEMON "Subject: Undeliverable: Weekly report\n", NULL,
	  "daemon failure", TRUE },

	/* an archive's copy of a report is none */
	{ DAEMON HELLO REPORT "X-MS-Journal-Report:\n", "",
	  "null daemon report journal", FALSE },

	/* written with a client */
	{ ALICE HELLO "User-Agent: Mozilla Thunderbird\n", NULL, "client",
	  FALSE },
	{ ALICE "Subject: Undelivered mail\nX-Mailer: Microsoft Outlook 16.0\n",
	  NULL, "failure client", TRUE },
	{ ALICE HELLO "X-Mailer: Amazon WorkMail\n", NULL, "", FALSE },

	/* the words stand behind others */
	{ ALICE "Subject: Contact: undelivered mail\n", NULL, "failure late",
	  TRUE },
	{ ALICE "Subject: shop | undelivered mail (#12)\n", NULL,
	  "failure late", TRUE },
	{ ALICE "Subject: Undelivered mail: hello\n", NULL, "failure", TRUE },
	{ ALICE "Subject: Bob bounces (was: Undelivered mail)\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: [EXTERNAL] Fwd: Undelivered mail\n", NULL,
	  "failure person", FALSE },
	{ ALICE "Subject: [EXTERNAL] Undelivered mail\n", NULL, "failure",
	  TRUE },
	{ ALICE "Subject: [SPAM] Read: hello\n", NULL, "receipt", TRUE },
	{ ALICE "Subject: [list] Re: Undelivered mail\n", "",
	  "null failure person", TRUE },
	{ ALICE "Subject: [list Undelivered mail\n", "", "null failure",
	  TRUE },
	{ ALICE "Subject: Undelivered mail (fwd)\n", NULL, "failure person",
	  FALSE },
	{ DAEMON "Subject: Undelivered mail\nContent-Type: text/html\n", "",
	  "null daemon failure page", TRUE },
};

START_TEST(test_hints)
{
	struct bounce_kind_hints hints;

	read_hints(mails[_i].header, mails[_i].mail_from, &hints);
	ck_assert_msg(strcmp(hints_text(&hints), mails[_i].hints) == 0,
		      "%s: %s", mails[_i].header, hints_text(&hints));
	ck_assert_msg(bounce_kind_hints_is_candidate(&hints) ==
		      mails[_i].candidate, "%s", mails[_i].header);
}
END_TEST

START_TEST(test_no_envelope)
{
	struct istream *input =
		bounce_test_stream("Return-Path: <>\nSubject: x\n\n");
	struct bounce_message *message;
	struct bounce_kind_hints hints;

	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	bounce_kind_hints_read(message, NULL, &hints);
	ck_assert_str_eq(hints_text(&hints), "null");
	i_stream_unref(&input);
}
END_TEST

/* f = it failed, d = it is still tried, s = it went well */
static const struct {
	const char *text, *wanted;
} notices[] = {
	{ "", "" },
	{ "Hello Bob, see you tomorrow.", "" },
	{ "Your message could not be delivered.", "f" },
	{ "550 5.1.1 User unknown", "f" },
	{ "The mail was returned to sender.", "f" },
	{ "Ihre Nachricht wurde nicht zugestellt.", "f" },
	{ "Votre message n'a pas pu \xc3\xaatre remis.", "f" },
	{ "No se pudo entregar el mensaje.", "f" },
	{ "Delivery will be retried for 3 days.", "d" },
	{ "Your mail could not be delivered yet. We will keep trying.", "fd" },
	{ "You do not need to resend your message.", "d" },
	{ "THIS IS A WARNING MESSAGE ONLY.", "d" },
	{ "Die Zustellung wird weiterhin versucht.", "d" },
	/* given up: no delay, whatever was promised before */
	{ "We said that we will keep trying. We have given up now: "
	  "could not be delivered.", "f" },
	{ "Retry timeout exceeded; delivery attempts will continue no more.",
	  "" },
	{ "Your message was successfully delivered.", "s" },
	{ "Your message has been delivered to the mailbox.", "s" },
	{ "It could not be successfully delivered.", "" },
	{ "Die Mail wurde erfolgreich zugestellt.", "s" },
	/* a space is a space */
	{ "could\n not\xc2\xa0" "be  delivered", "f" },
};

START_TEST(test_words)
{
	bounce_words_set_t said = bounce_kind_words(notices[_i].text);
	const char *words = t_strconcat(
		bounce_kind_has(said, BOUNCE_WORD_FAILURE) ? "f" : "",
		bounce_words_delay(said) ? "d" : "",
		bounce_words_success(notices[_i].text) ? "s" : "", NULL);

	ck_assert_msg(strcmp(words, notices[_i].wanted) == 0, "%s: %s",
		      notices[_i].text, words);
}
END_TEST

static const struct {
	const char *type;
	bool objects;
} feedback[] = {
	{ NULL, TRUE }, { "", TRUE }, { "abuse", TRUE }, { "Abuse", TRUE },
	{ "fraud", TRUE }, { "opt-out", TRUE }, { "abuse (spam)", TRUE },
	{ "not-spam", FALSE }, { "auth-failure", FALSE }, { "virus", FALSE },
	{ "other", FALSE }, { "abused", FALSE },
};

START_TEST(test_feedback)
{
	ck_assert(bounce_kind_feedback_objects(feedback[_i].type) ==
		  feedback[_i].objects);
}
END_TEST

static const struct {
	const char *text;
	bool personal;
} notices_of_people[] = {
	{ "Hi Alice, please have a look.", TRUE },
	{ "Hallo Alice, schau mal.", TRUE },
	{ "Dear support, what is wrong here: This is the mail system", TRUE },
	{ "Yesterday I got this.", TRUE },
	{ "Hi. This is the qmail-send program at mx.example.net.", FALSE },
	{ "Hello, this is the mail server on mx.example.net.", FALSE },
	{ "Dear sender, your message was not delivered.", FALSE },
	{ "Your message was not delivered.", FALSE },
	{ "", FALSE },
};

START_TEST(test_personal)
{
	const char *text = notices_of_people[_i].text;

	ck_assert_msg(bounce_words_personal(bounce_kind_words(text), text) ==
		      notices_of_people[_i].personal, "%s", text);
}
END_TEST

START_TEST(test_challenge)
{
	ck_assert(bounce_kind_has(bounce_kind_words(
		"your address is not on her list of approved senders"),
		BOUNCE_WORD_CHALLENGE));
	ck_assert(!bounce_kind_has(bounce_kind_words(
		"your message was rejected"), BOUNCE_WORD_CHALLENGE));
}
END_TEST

/* What the mail plugin takes for ordinary mail by its top header alone. */
static const struct {
	const char *mail, *mail_from;
	bool ordinary;
	const char *sender, *answers;
} ordinary_mails[] = {
	{ "From: Bob <Bob@example.net>\nSubject: Lunch\n\nHi\n", "bob@example.net",
	  TRUE, NULL, NULL },
	{ "From: Bob <bob@example.net>\nIn-Reply-To: <a@example.org>\n\nHi\n",
	  "bob@example.net", TRUE, "bob@example.net", NULL },
	{ "From: Bob <bob@example.net>\nIn-Reply-To: <n.20260101.un1234.00112233445566778899@example.org>"
	  "\n\nHi\n", "bob@example.net", TRUE, "bob@example.net",
	  "<n.20260101.un1234.00112233445566778899@example.org>" },
	/* our own notice, whatever it says */
	{ "From: postmaster@example.org\nX-Bounce-Notice: failure\n"
	  "Subject: Undeliverable\n\n<bob@example.net>: 550 unknown\n", "",
	  TRUE, NULL, NULL },
	/* what only its body tells */
	{ "From: Bob <bob@example.net>\nSubject: Lunch\n\nHi\n", "",
	  FALSE, NULL, NULL },
	{ "From: MAILER-DAEMON@example.net\nSubject: Lunch\n\nHi\n",
	  "bob@example.net", FALSE, NULL, NULL },
	{ "From: Bob <bob@example.net>\nSubject: Undelivered mail\n\nHi\n",
	  "bob@example.net", FALSE, NULL, NULL },
};

START_TEST(test_ordinary)
{
	struct bounce_envelope envelope = {
		.mail_from = ordinary_mails[_i].mail_from
	};
	const char *mail = ordinary_mails[_i].mail, *error;
	struct istream *input = i_stream_create_from_data(mail, strlen(mail));
	struct bounce_report *report, *whole;
	bool ordinary;

	T_BEGIN {
		ordinary = bounce_classify_read_ordinary(input, &envelope, pool,
							 &report);
		i_stream_seek(input, 0);
		ck_assert_int_ge(bounce_classify_read(input, &envelope, pool,
						      &whole, &error), 0);
	} T_END;
	ck_assert_int_eq(ordinary, ordinary_mails[_i].ordinary);
	if (ordinary) {
		ck_assert_int_eq(whole->kind, BOUNCE_KIND_NONE);
		ck_assert_pstr_eq(report->sender, ordinary_mails[_i].sender);
		ck_assert_pstr_eq(report->answers, ordinary_mails[_i].answers);
		ck_assert_pstr_eq(whole->sender, ordinary_mails[_i].sender);
		ck_assert_pstr_eq(whole->answers, ordinary_mails[_i].answers);
	}
	i_stream_unref(&input);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kind");
	TCase *tcase = tcase_create("kind");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_hints, 0, N_ELEMENTS(mails));
	tcase_add_test(tcase, test_no_envelope);
	tcase_add_loop_test(tcase, test_ordinary, 0,
			    N_ELEMENTS(ordinary_mails));
	tcase_add_loop_test(tcase, test_words, 0, N_ELEMENTS(notices));
	tcase_add_loop_test(tcase, test_feedback, 0, N_ELEMENTS(feedback));
	tcase_add_loop_test(tcase, test_personal, 0,
			    N_ELEMENTS(notices_of_people));
	tcase_add_test(tcase, test_challenge);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
