#include "bounce-test.h"
#include "array.h"
#include "str.h"
#include "bounce-access-mail.h"
#include "bounce-limits.h"

/* Reads all lines of text; what bounce_access_read() says of the last. The lines are
   copied, so that valgrind sees what is read beyond them. */
static int read_lines(struct bounce_access *access, const char *text)
{
	const char *const *lines = t_strsplit(text, "\n"), *error = NULL;
	int ret = 0;

	for (; *lines != NULL && ret == 0; lines++) {
		char *line = i_strdup(*lines);

		ret = bounce_access_read(access, line, &error);
		i_free(line);
	}
	ck_assert(ret >= 0 || error != NULL);
	return ret;
}

static void init_access(struct bounce_access *access)
{
	bounce_access_init(access, pool_alloconly_create("test", 1024));
}

START_TEST(requests)
{
	static const struct {
		const char *text;
		int ret;
		bool policy;
		enum bounce_access_state state;
		const char *login, *recipient, *instance, *queue_id;
		unsigned int count;
	} tests[] = {
		{ "\n", 1, FALSE, BOUNCE_ACCESS_OTHER, NULL, NULL, NULL, NULL, 0 },
		{ "request=smtpd_access_policy", 0, TRUE, BOUNCE_ACCESS_OTHER,
		  NULL, NULL, NULL, NULL, 0 },
		{ "request=smtpd_access_policy\nprotocol_state=RCPT\n"
		  "sasl_username=alice\nrecipient=bob@example.net\n"
		  "recipient_count=0\ninstance=1.2.3\nqueue_id=\n", 1, TRUE,
		  BOUNCE_ACCESS_RCPT, "alice", "bob@example.net", "1.2.3", NULL,
		  0 },
		/* any order; "=" in a value; unknown and empty names */
		{ "queue_id=4bX\nrecipient_count=3\nccert_subject=a\n=b\n"
		  "instance=a=b\nprotocol_state=DATA\nrecipient=\n"
		  "request=smtpd_access_policy\n", 1, TRUE, BOUNCE_ACCESS_DATA,
		  NULL, NULL, "a=b", "4bX", 3 },
		/* the first counts, even where it is empty */
		{ "sasl_username=\nsasl_username=mallory\nrecipient=a@b.example\n"
		  "recipient=c@d.example\n", 1, FALSE, BOUNCE_ACCESS_OTHER, NULL,
		  "a@b.example", NULL, NULL, 0 },
		/* names and values as they stand there */
		{ "Request=smtpd_access_policy\nprotocol_state=rcpt\n"
		  "sasl_usernam=x\nsasl_username2=x\nsasl_username= a \n", 1,
		  FALSE, BOUNCE_ACCESS_OTHER, " a ", NULL, NULL, NULL, 0 },
		{ "request=junk\nprotocol_state=END-OF-MESSAGE\n", 1, FALSE,
		  BOUNCE_ACCESS_OTHER, NULL, NULL, NULL, NULL, 0 },
		{ "GET / HTTP/1.0\n", 1, FALSE, BOUNCE_ACCESS_OTHER, NULL, NULL,
		  NULL, NULL, 0 },
		{ "recipient_count=-1\n", 1, FALSE, BOUNCE_ACCESS_OTHER, NULL,
		  NULL, NULL, NULL, 0 },
		{ "recipient_count=99999999999999999999\n", 1, FALSE,
		  BOUNCE_ACCESS_OTHER, NULL, NULL, NULL, NULL, 0 },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_access access;

		init_access(&access);
		ck_assert_msg(read_lines(&access, tests[i].text) ==
			      tests[i].ret, "%u", i);
		ck_assert_msg(access.policy == tests[i].policy &&
			      access.state == tests[i].state &&
			      access.recipient_count == tests[i].count &&
			      null_strcmp(access.login, tests[i].login) == 0 &&
			      null_strcmp(access.recipient,
					  tests[i].recipient) == 0 &&
			      null_strcmp(access.instance,
					  tests[i].instance) == 0 &&
			      null_strcmp(access.queue_id,
					  tests[i].queue_id) == 0, "%u", i);
		/* nothing of it is left for the next one */
		bounce_access_reset(&access);
		ck_assert(!access.policy && access.login == NULL &&
			  access.known == 0 && access.lines == 0);
		pool_unref(&access.pool);
	}
}
END_TEST

START_TEST(caps)
{
	struct bounce_access access;
	string_t *text = t_str_new(BOUNCE_MAX_ACCESS_LINE + 16);
	const char *error;

	init_access(&access);
	for (unsigned int i = 0; i < BOUNCE_MAX_ACCESS_LINES; i++)
		ck_assert(bounce_access_read(&access, "a=b", &error) == 0);
	ck_assert(bounce_access_read(&access, "a=b", &error) == -1);
	ck_assert_str_eq(error, "A request has more than 100 lines");

	bounce_access_reset(&access);
	str_append(text, "recipient=");
	while (str_len(text) < BOUNCE_MAX_ACCESS_LINE)
		str_append_c(text, 'x');
	ck_assert(bounce_access_read(&access, str_c(text), &error) == 0);
	ck_assert(strlen(access.recipient) == BOUNCE_MAX_ACCESS_LINE - 10);
	str_append_c(text, 'x');
	ck_assert(bounce_access_read(&access, str_c(text), &error) == -1);
	ck_assert_str_eq(error, "A line has more than 8192 bytes");
	pool_unref(&access.pool);
}
END_TEST

static const struct bounce_hold *held(const char *address)
{
	struct bounce_hold *hold = t_new(struct bounce_hold, 1);
	struct bounce_record *rec = t_new(struct bounce_record, 1);

	bounce_record_init(rec, pool_datastack_create(), address);
	rec->state = BOUNCE_STATE_SUPPRESSED;
	hold->address = address;
	hold->decision = BOUNCE_HOLD_HOLD;
	hold->rec = rec;
	return hold;
}

/* One mail: "h" a held recipient passes RCPT, "." one that is not, "x" what is no
   address; then DATA with that count. */
START_TEST(mails)
{
	static const struct {
		const char *passed;
		unsigned int count;
		bool dead, exact;
	} tests[] = {
		{ "h", 1, TRUE, TRUE },
		{ "hh", 2, TRUE, TRUE },
		{ "hhh", 3, TRUE, TRUE },
		{ "h.", 2, FALSE, TRUE },
		{ ".", 1, FALSE, TRUE },
		{ "", 0, FALSE, TRUE },
		/* a recipient that never came to us */
		{ "h", 2, FALSE, FALSE },
		{ "", 1, FALSE, FALSE },
		/* one was refused by the server itself: which is not known */
		{ "h.", 1, FALSE, FALSE },
		{ "hh", 1, FALSE, FALSE },
		{ "hx", 2, FALSE, FALSE },
		{ "x", 1, FALSE, FALSE },
		/* a server that does not say it */
		{ "h", 0, FALSE, FALSE },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_access data = {
			.instance = "1", .login = "alice",
			.recipient_count = tests[i].count
		};
		struct bounce_access_mail mail;
		const char *p;

		bounce_access_mail_init(&mail);
		ck_assert(bounce_access_mail_begin(&mail, &data));
		for (p = tests[i].passed; *p != '\0'; p++)
			bounce_access_mail_add(&mail, *p == 'x' ? NULL :
					       "bob@example.net", *p == 'h' ?
					       held("bob@example.net") : NULL);
		ck_assert_msg(bounce_access_mail_is_dead(&mail, &data) ==
			      tests[i].dead, "%u", i);
		ck_assert_msg(bounce_access_mail_is_exact(&mail, &data) ==
			      tests[i].exact, "%u", i);
		bounce_access_mail_deinit(&mail);
	}
}
END_TEST

START_TEST(instances)
{
	static const struct {
		const char *instance, *login;
		bool ret;
		unsigned int passed;
	} tests[] = {
		{ "1", "alice", TRUE, 1 },
		{ "1", "alice", TRUE, 2 },
		{ "2", "alice", TRUE, 1 },
		{ "1", "alice", TRUE, 1 },
		{ "1", "bob", TRUE, 1 },
		/* nothing can be remembered */
		{ NULL, "bob", FALSE, 1 },
		{ NULL, "bob", FALSE, 1 },
		{ "1", "bob", TRUE, 1 },
	};
	struct bounce_access_mail mail;

	bounce_access_mail_init(&mail);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_access access = {
			.instance = tests[i].instance, .login = tests[i].login
		};

		ck_assert_msg(bounce_access_mail_begin(&mail, &access) ==
			      tests[i].ret, "%u", i);
		bounce_access_mail_add(&mail, "bob@example.net",
				       held("bob@example.net"));
		ck_assert_msg(mail.passed == tests[i].passed &&
			      mail.held == tests[i].passed &&
			      array_count(&mail.recipients) ==
			      tests[i].passed, "%u", i);
		/* given twice, named once */
		ck_assert_msg(array_count(&mail.holds) == 1, "%u", i);
	}
	bounce_access_mail_deinit(&mail);
}
END_TEST

START_TEST(many)
{
	struct bounce_access access = { .instance = "1", .login = "alice" };
	struct bounce_access_mail mail;

	bounce_access_mail_init(&mail);
	(void)bounce_access_mail_begin(&mail, &access);
	for (unsigned int i = 0; i < BOUNCE_MAX_ACCESS_RECIPIENTS; i++)
		bounce_access_mail_add(&mail, "bob@example.net",
				       held("bob@example.net"));
	access.recipient_count = BOUNCE_MAX_ACCESS_RECIPIENTS;
	ck_assert(bounce_access_mail_is_dead(&mail, &access));
	/* beyond it everything passes */
	bounce_access_mail_add(&mail, "bob@example.net",
				       held("bob@example.net"));
	access.recipient_count++;
	ck_assert(!bounce_access_mail_is_dead(&mail, &access));
	ck_assert(!bounce_access_mail_is_exact(&mail, &access));
	ck_assert(array_count(&mail.recipients) ==
		  BOUNCE_MAX_ACCESS_RECIPIENTS);
	bounce_access_mail_deinit(&mail);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_create("access");

	tcase_add_test(tcase, requests);
	tcase_add_test(tcase, caps);
	tcase_add_test(tcase, mails);
	tcase_add_test(tcase, instances);
	tcase_add_test(tcase, many);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
