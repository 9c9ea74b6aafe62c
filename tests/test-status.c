/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "bounce-status.h"

static const struct {
	const char *text, *wanted;	/* NULL = none */
} statuses[] = {
	{ "5.1.1", "5.1.1" },
	{ "550 5.1.1 User unknown", "5.1.1" },
	{ "550-5.1.1 The account", "5.1.1" },
	{ "550 #5.1.0 Address rejected.", "5.1.0" },
	{ "(5.2.2)", "5.2.2" },
	{ "[4.4.2]", "4.4.2" },
	{ "<mx.example.org #5.1.1 SMTP; x>", "5.1.1" },
	{ "smtp;550 5.7.1", "5.7.1" },
	{ "Status:5.0.0", "5.0.0" },
	{ "5.1.1: no such user", "5.1.1" },
	{ "5.7.26.", "5.7.26" },
	{ "5.7.1, see below", "5.7.1" },
	{ "2.1.5 ok", "2.1.5" },
	{ "4.7.500 throttled", "4.7.500" },
	{ "5.7.999", "5.7.999" },
	/* the first one */
	{ "4.4.7 expired, was 5.1.1", "4.4.7" },
	/* of a wrong class, then a right one */
	{ "1.1.1 and 3.1.1 and 6.1.1 and 5.1.1", "5.1.1" },
	/* hosts, versions, sizes and other numbers */
	{ "connect to 192.0.2.5", NULL },
	{ "host 5.1.1.7 said", NULL },
	{ "host [5.1.1.7]", NULL },
	{ "mx-5.1.1 said", NULL },
	{ "mx5.1.1 said", NULL },
	{ "postfix/5.1.1", NULL },
	{ "version 15.1.1", NULL },
	{ "5.1.1-rc2", NULL },
	{ "5.1.1beta", NULL },
	{ "5.1.1@example.org", NULL },
	{ "bob@5.1.1", NULL },
	{ "a_5.1.1", NULL },
	{ "5.1.1234", NULL },
	{ "5.8.1", NULL },
	{ "5.123.1", NULL },
	{ "5.1", NULL },
	{ "5.1.", NULL },
	{ "5..1", NULL },
	{ "5.", NULL },
	{ "5", NULL },
	{ "", NULL },
	{ "5.1.x", NULL },
	{ "5 1 1", NULL },
	/* a hyphen that continues a reply */
	{ "5.1.1- first line", "5.1.1" },
	{ "550-5.1.1-", "5.1.1" },
};

START_TEST(test_find)
{
	const char *text = statuses[_i].text;
	const char *status = bounce_status_find(text);

	if (statuses[_i].wanted == NULL)
		ck_assert_msg(status == NULL, "%s: %s", text, status);
	else
		ck_assert_pstr_eq(status, statuses[_i].wanted);
}
END_TEST

/* of a Status field */
static const struct {
	const char *value, *wanted;	/* NULL = none */
} fields[] = {
	{ "5.1.1", "5.1.1" },
	{ "5.1.1 (bad destination)", "5.1.1" },
	{ "x 5.1.1", "5.1.1" },
	{ "5.9.8", "5.9.8" },
	{ "4.123.7 odd", "4.123.7" },
	{ "5.9.8 is not 5.1.1", "5.1.1" },
	{ "3.9.8", NULL },
	{ "5.9", NULL },
	{ "5.9.", NULL },
	{ "5.1234.1", NULL },
	{ "5.9.1234", NULL },
	{ "5.9.8.1", NULL },
	{ "of 5.9.8", NULL },
	{ "5", NULL },
	{ "", NULL },
};

START_TEST(test_field)
{
	const char *status = bounce_status_field(fields[_i].value);

	ck_assert_pstr_eq(status, fields[_i].wanted);
}
END_TEST

static const struct {
	const char *text;
	bool valid;
} whole[] = {
	{ "5.1.1", TRUE },
	{ "4.7.28", TRUE },
	{ "2.0.0", TRUE },
	{ "5.7.509", TRUE },
	{ "3.1.1", FALSE },
	{ "5.1.1 ", FALSE },
	{ " 5.1.1", FALSE },
	{ "5.1.1.1", FALSE },
	{ "5.1", FALSE },
	{ "", FALSE },
	{ "550", FALSE },
};

START_TEST(test_valid)
{
	ck_assert_msg(bounce_status_is_valid(whole[_i].text) ==
		      whole[_i].valid, "%s", whole[_i].text);
}
END_TEST

static const struct {
	const char *text, *wanted;	/* NULL = none */
	unsigned int at;
} replies[] = {
	{ "550", "550", 0 },
	{ "550 User unknown", "550", 0 },
	{ "550-5.1.1 The account", "550", 0 },
	{ "<<< 553 sorry", "553", 4 },
	{ "smtp; 450 4.7.1 later", "450", 6 },
	{ "smtp;550 no", "550", 5 },
	{ "host mx.example.org[192.0.2.1] said: 550 5.1.1 x", "550", 37 },
	{ "Remote host said: 554 delivery error", "554", 18 },
	{ "SMTP error from remote mail server: 550 no such user", "550", 36 },
	{ "(421)", "421", 1 },
	{ "error code 550 for you", "550", 11 },
	{ "error 550 occurred", "550", 6 },
	{ "SMTP 550 no such user", "550", 5 },
	{ "status 450 was given", "450", 7 },
	{ "response 554 was given", "554", 9 },
	{ "reply 550 was given", "550", 6 },
	{ "with 452 from them", "452", 5 },
	{ "server returned 550 for it", "550", 16 },
	{ "it answered 550 User unknown", "550", 12 },
	{ "the first is 200, then 421", "421", 23 },
	{ "550:", "550", 0 },
	/* numbers of other things */
	{ "to 550 hosts", NULL, 0 },
	{ "all 450 recipients got it", NULL, 0 },
	{ "mail of 500 bytes", NULL, 0 },
	{ "using 512 MB of 500 MB", NULL, 0 },
	{ "(524 kB)", NULL, 0 },
	{ "500 Mo, 550 no", "550", 8 },
	{ "550 mbox is full", "550", 0 },
	{ "room 550b", NULL, 0 },
	{ "x550 y", NULL, 0 },
	{ "1550", NULL, 0 },
	{ "5501", NULL, 0 },
	{ "555-1234", "555", 0 },
	{ "+49-555 12", NULL, 0 },
	{ "1,550 mails", NULL, 0 },
	{ "550.5 MB", NULL, 0 },
	{ "192.0.2.1/550", NULL, 0 },
	{ "10.0.550 x", NULL, 0 },
	{ "bob@550", NULL, 0 },
	{ "250 ok", NULL, 0 },
	{ "354 go on", NULL, 0 },
	{ "600 what", NULL, 0 },
	{ "580 what", NULL, 0 },
	{ "55", NULL, 0 },
	{ "5", NULL, 0 },
	{ "", NULL, 0 },
};

START_TEST(test_reply)
{
	const char *text = replies[_i].text, *at = NULL;
	const char *reply = bounce_status_reply_find(text, &at);

	if (replies[_i].wanted == NULL) {
		ck_assert_msg(reply == NULL, "%s: %s", text, reply);
		ck_assert_ptr_null(at);
	} else {
		ck_assert_pstr_eq(reply, replies[_i].wanted);
		ck_assert_ptr_eq(at, text + replies[_i].at);
	}
	/* at_r may be NULL */
	ck_assert_pstr_eq(bounce_status_reply_find(text, NULL), reply);
}
END_TEST

static const struct {
	const char *text;
	bool wanted;
} beginnings[] = {
	{ "550 no", TRUE },
	{ "550-no", TRUE },
	{ "421", TRUE },
	{ "550:no", FALSE },
	{ "550.1", FALSE },
	{ "250 ok", FALSE },
	{ " 550 no", FALSE },
	{ "5501", FALSE },
	{ "55", FALSE },
	{ "", FALSE },
};

START_TEST(test_begins)
{
	ck_assert_msg(bounce_status_reply_begins(beginnings[_i].text) ==
		      beginnings[_i].wanted, "%s", beginnings[_i].text);
}
END_TEST

/* Neither reads beyond the end, wherever a text is cut. */
START_TEST(test_cut)
{
	static const char whole_text[] =
		"mx-5.1.1 error 550 5.1.1-x 5.1.1.7 550-5.7.26@";

	for (size_t len = 0; len < sizeof(whole_text); len++) {
		char *text = i_strndup(whole_text, len);

		for (char *p = text; *p != '\0'; p++) {
			(void)bounce_status_find(p);
			(void)bounce_status_is_valid(p);
			(void)bounce_status_reply_find(p, NULL);
			(void)bounce_status_reply_begins(p);
		}
		i_free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");

	tcase_add_loop_test(tcase, test_find, 0, N_ELEMENTS(statuses));
	tcase_add_loop_test(tcase, test_field, 0, N_ELEMENTS(fields));
	tcase_add_loop_test(tcase, test_valid, 0, N_ELEMENTS(whole));
	tcase_add_loop_test(tcase, test_reply, 0, N_ELEMENTS(replies));
	tcase_add_loop_test(tcase, test_begins, 0, N_ELEMENTS(beginnings));
	tcase_add_test(tcase, test_cut);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
