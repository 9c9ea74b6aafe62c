#include "bounce-test.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-rate.h"
#include "bounce-reason.h"
#include "bounce-record.h"

#define DAY "20261124"

static pool_t pool;
static struct bounce_sent day, sent;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
	bounce_sent_init(&day, pool, DAY);
	bounce_sent_init(&sent, pool, DAY"-00000000");
}

static void teardown(void)
{
	pool_unref(&pool);
}

static const char *address(unsigned int i, const char *domain)
{
	return t_strdup_printf("person.%u@%s", i, domain);
}

static bool
failed(struct bounce_sent *to, const char *addr, const char *reason,
     const char *words, const char *host)
{
	static unsigned int count = 0;
	struct bounce_incident incident;

	i_zero(&incident);
	incident.address = addr;
	incident.report_id = t_strdup_printf("<report-%u>", ++count);
	incident.reason = bounce_reason_find(reason);
	ck_assert_ptr_nonnull(incident.reason);
	incident.class = incident.reason->class;
	incident.side = incident.reason->side;
	incident.diagnostic = words;
	incident.remote_mta = host;
	return bounce_sent_fail(to, pool, &incident);
}

START_TEST(days_and_ids)
{
	ck_assert_str_eq(bounce_sent_day(1795478400), "20261124");
	ck_assert_str_eq(bounce_sent_day(1795478400 - 1), "20261123");
	ck_assert_int_eq(bounce_sent_day_time("20261124-0a"), 1795478400);
	ck_assert_int_eq(bounce_sent_day_time("2026112"), -1);
	ck_assert_int_eq(bounce_sent_day_time(""), -1);
	/* folded, or with a blank at the end: the same */
	ck_assert_str_eq(bounce_sent_id(DAY, "Our  new\r\n\tshop ", NULL),
			 bounce_sent_id(DAY, " Our new shop", "<a@b>"));
	ck_assert_str_ne(bounce_sent_id(DAY, "Our new shop", NULL),
			 bounce_sent_id(DAY, "our newshop", NULL));
	/* without a subject, each mail is its own */
	ck_assert_str_ne(bounce_sent_id(DAY, "", "<a@b>"),
			 bounce_sent_id(DAY, NULL, "<c@b>"));
	ck_assert_int_eq(strncmp(bounce_sent_id(DAY, NULL, NULL), DAY"-", 9), 0);
}
END_TEST

START_TEST(message_ids_once)
{
	ck_assert(!bounce_sent_see(&day, pool, "<1@x>"));
	ck_assert(bounce_sent_see(&day, pool, "<1@x>"));
	ck_assert(!bounce_sent_see(&day, pool, NULL));
	ck_assert(!bounce_sent_see(&day, pool, NULL));
	for (unsigned int i = 2; i < BOUNCE_MAX_SENT_SEEN + 1; i++)
		ck_assert(!bounce_sent_see(&day, pool, address(i, "x")));
	ck_assert(bounce_sent_see(&day, pool, "<1@x>"));
	/* one more, and the oldest is forgotten: the list is bounded */
	ck_assert(!bounce_sent_see(&day, pool, "<last@x>"));
	ck_assert_uint_eq(str_len(day.seen),
			  BOUNCE_MAX_SENT_SEEN * BOUNCE_SENT_HASH);
	ck_assert(bounce_sent_see(&day, pool, "<last@x>"));
	ck_assert(!bounce_sent_see(&day, pool, "<1@x>"));
}
END_TEST

static void
count(const char *subject, const char *message_id, unsigned int recipients)
{
	struct bounce_sent_mail mail = {
		.subject = subject, .message_id = message_id,
		.recipients = recipients
	};
	const char *id = bounce_sent_id(DAY, subject, message_id);

	bounce_sent_count(&day, pool, &mail);
	bounce_sent_count(bounce_sent_get(&day, pool, id), pool, &mail);
}

START_TEST(many_singles_stay_small)
{
	size_t len = 0;

	for (unsigned int i = 0; i < 10000; i++) T_BEGIN {
		const char *id = t_strdup_printf("<%u@x>", i);

		(void)bounce_sent_see(&day, pool, id);
		count(t_strdup_printf("Invoice %u", i), id, 1);
		if (i == 1000)
			len = strlen(bounce_sent_encode(&day));
	} T_END;
	ck_assert_uint_eq(day.sent, 10000);
	ck_assert_uint_eq(day.messages, 10000);
	ck_assert_uint_eq(array_count(&day.mails), BOUNCE_MAX_SENT_MAILS);
	ck_assert_uint_le(strlen(bounce_sent_encode(&day)), len + 100);
	ck_assert_uint_le(len, 5000);
}
END_TEST

/* What has failed and whose copy did not come makes room for what was sent. */
START_TEST(copies_stay)
{
	const char *lunch = bounce_sent_id(DAY, "Lunch", NULL);

	count("Lunch", "<1@x>", 15);
	for (unsigned int i = 0; i < 2 * BOUNCE_MAX_SENT_MAILS; i++) T_BEGIN {
		(void)bounce_sent_get(&day, pool,
			bounce_sent_id(DAY, t_strdup_printf("CRM %u", i), NULL));
	} T_END;
	ck_assert_uint_eq(array_count(&day.mails), BOUNCE_MAX_SENT_MAILS);
	ck_assert_ptr_nonnull(bounce_sent_find(&day, lunch));
}
END_TEST

START_TEST(copies_make_a_broadcast)
{
	const char *id = bounce_sent_id(DAY, "News", NULL);
	unsigned int i;

	for (i = 0; i < BOUNCE_RATE_MINIMUM - 1; i++) {
		count("News", t_strdup_printf("<%u@x>", i), 1);
		/* others come between */
		count(t_strdup_printf("Other %u", i), NULL, 1);
		ck_assert(!bounce_sent_promote(&day, pool, id, &sent));
	}
	count("News", "<last@x>", 1);
	ck_assert(bounce_sent_promote(&day, pool, id, &sent));
	ck_assert_str_eq(sent.id, id);
	ck_assert_str_eq(sent.subject, "News");
	ck_assert_uint_eq(sent.sent, BOUNCE_RATE_MINIMUM);
	ck_assert(bounce_sent_is_broadcast(&day, id));
	ck_assert_ptr_null(bounce_sent_find(&day, id));
	/* more of them than a day has place for stay within it */
	for (i = 1; i < BOUNCE_MAX_BROADCASTS + 2; i++) {
		const char *subject = t_strdup_printf("Number %u", i);

		id = bounce_sent_id(DAY, subject, NULL);
		count(subject, NULL, 500);
		ck_assert_int_eq(bounce_sent_promote(&day, pool, id, &sent),
				 i < BOUNCE_MAX_BROADCASTS);
	}
}
END_TEST

START_TEST(an_address_fails_once)
{
	ck_assert(failed(&sent, "a@x.org", "mailbox-unknown", NULL, NULL));
	ck_assert(!failed(&sent, "a@x.org", "mailbox-full", NULL, NULL));
	ck_assert(failed(&sent, "b@x.org", "mailbox-full", NULL, NULL));
	ck_assert_uint_eq(sent.failed, 2);
	ck_assert_uint_eq(sent.class[BOUNCE_CLASS_HARD], 1);
	ck_assert_uint_eq(sent.class[BOUNCE_CLASS_SOFT], 1);
	ck_assert_uint_eq(sent.side[BOUNCE_SIDE_RECIPIENT], 2);
	for (unsigned int i = 0; i < BOUNCE_MAX_SENT_FAILED + 5; i++) T_BEGIN {
		ck_assert(failed(&sent, address(i, "y.org"), "mailbox-unknown",
			       NULL, NULL));
	} T_END;
	ck_assert_uint_eq(str_len(sent.seen),
			  BOUNCE_MAX_SENT_FAILED * BOUNCE_SENT_HASH);
}
END_TEST

/* Of a day: what the same report says again changes nothing, and the day says
   whether it can tell. */
START_TEST(a_report_counts_once_a_day)
{
	struct bounce_incident incident;
	struct bounce_sent copy;
	const char *error;

	i_zero(&incident);
	incident.address = "a@x.org";
	incident.report_id = "<1@mta>";
	bounce_sent_init(&sent, pool, DAY);
	ck_assert(bounce_sent_knows_failures(&sent));
	ck_assert(bounce_sent_is_open(&sent));
	sent.sent = 1;
	ck_assert(bounce_sent_fail(&sent, pool, &incident));
	ck_assert(!bounce_sent_fail(&sent, pool, &incident));
	ck_assert(!bounce_sent_is_open(&sent));
	incident.report_id = "<2@mta>";
	ck_assert(bounce_sent_fail(&sent, pool, &incident));
	incident.complaint = TRUE;
	ck_assert(bounce_sent_fail(&sent, pool, &incident));
	ck_assert_uint_eq(sent.failed, 2);
	ck_assert(bounce_sent_knows_failures(&sent));
	ck_assert(bounce_sent_is_open(&sent));
	ck_assert_int_eq(bounce_sent_decode(pool, bounce_sent_encode(&sent),
					    &copy, &error), 0);
	ck_assert(bounce_sent_knows_failures(&copy));
	ck_assert(!bounce_sent_fail(&copy, pool, &incident));
	/* one of an older version, and one that has forgotten some */
	copy.failures = NULL;
	ck_assert(!bounce_sent_knows_failures(&copy));
	for (unsigned int i = 0; i < BOUNCE_MAX_SENT_FAILED; i++) T_BEGIN {
		(void)failed(&sent, address(i, "y.org"), "mailbox-unknown",
			     NULL, NULL);
	} T_END;
	ck_assert(!bounce_sent_knows_failures(&sent));
}
END_TEST

START_TEST(complaints_once_and_untried)
{
	struct bounce_incident incident;

	i_zero(&incident);
	incident.address = "a@x.org";
	incident.complaint = TRUE;
	/* who complains may have failed, too */
	ck_assert(failed(&sent, "a@x.org", "mailbox-full", NULL, NULL));
	ck_assert(bounce_sent_fail(&sent, pool, &incident));
	ck_assert(!bounce_sent_fail(&sent, pool, &incident));
	ck_assert_uint_eq(sent.complaints, 1);
	ck_assert(failed(&sent, "b@x.org", "suppressed", "On our list", NULL));
	ck_assert(!failed(&sent, "b@x.org", "suppressed", "On our list", NULL));
	ck_assert_uint_eq(sent.suppressed, 1);
	ck_assert_uint_eq(sent.failed, 1);
	ck_assert(array_is_empty(&sent.causes));
}
END_TEST

START_TEST(untried_are_outside)
{
	struct bounce_rate rate;

	sent.sent = 40;
	sent.failed = 10;
	sent.suppressed = 20;
	bounce_rate_judge(&sent, 0, &rate);
	ck_assert_uint_eq(rate.sent, 20);
	ck_assert_uint_eq(rate.delivered, 10);
	ck_assert_int_eq((int)rate.percent, 50);
	bounce_rate_judge(&sent, 120, &rate);
	ck_assert_uint_eq(rate.sent, 100);
	sent.suppressed = 50;
	bounce_rate_judge(&sent, 0, &rate);
	ck_assert_uint_eq(rate.sent, 0);
	ck_assert_uint_eq(rate.level, BOUNCE_RATE_NONE);
}
END_TEST

START_TEST(complaint_levels)
{
	static const struct {
		unsigned int sent, failed, complaints;
		enum bounce_rate_level level;
		bool by_complaints;
	} tests[] = {
		{ 100, 0, 1, BOUNCE_RATE_NONE, FALSE },
		{ 2000, 0, 1, BOUNCE_RATE_NONE, FALSE },
		{ 2001, 0, 2, BOUNCE_RATE_NONE, FALSE },
		{ 2000, 0, 2, BOUNCE_RATE_WARNING, TRUE },
		{ 401, 0, 2, BOUNCE_RATE_WARNING, TRUE },
		{ 400, 0, 2, BOUNCE_RATE_CRITICAL, TRUE },
		{ 400, 40, 2, BOUNCE_RATE_CRITICAL, FALSE },
		{ 400, 80, 2, BOUNCE_RATE_OUR_SIDE, FALSE },
		{ 19, 0, 5, BOUNCE_RATE_NONE, FALSE },
	};
	struct bounce_rate rate;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		sent.sent = tests[i].sent;
		sent.failed = tests[i].failed;
		sent.complaints = tests[i].complaints;
		bounce_rate_judge(&sent, 0, &rate);
		ck_assert_uint_eq(rate.level, tests[i].level);
		ck_assert_int_eq(rate.by_complaints, tests[i].by_complaints);
		if (rate.by_complaints)
			ck_assert_ptr_nonnull(strstr(bounce_rate_advice(&rate, NULL),
						     "spam"));
	}
}
END_TEST

/* Cut at a character, as what a mail's subject says is anybody's. */
START_TEST(subject_is_cut)
{
	struct bounce_sent copy;
	string_t *subject = t_str_new(2 * BOUNCE_MAX_SUBJECT);
	const char *error;

	str_append_c(subject, 'x');
	while (str_len(subject) < 2 * BOUNCE_MAX_SUBJECT - 1)
		str_append(subject, "\xc3\xbc");
	sent.subject = str_c(subject);
	ck_assert_int_eq(bounce_sent_decode(pool, bounce_sent_encode(&sent),
					    &copy, &error), 0);
	str_truncate(subject, BOUNCE_MAX_SUBJECT - 1);
	ck_assert_str_eq(copy.subject, str_c(subject));
}
END_TEST

START_TEST(encode_and_decode)
{
	struct bounce_sent copy;
	const char *json, *error;

	count("Gr\xc3\xbc\xc3\x9f" "e \"all\"", "<1@x>", 3);
	count("News", "<2@x>", 100);
	ck_assert(bounce_sent_promote(&day, pool,
				      bounce_sent_id(DAY, "News", NULL),
				      &sent));
	(void)failed(&day, "a@x.org", "reputation", "Blocked by a list", "mx.x.org");
	sent.level = BOUNCE_RATE_WARNING;
	sent.suppressed = 3;
	sent.held = 4;
	day.verifiable = TRUE;
	for (unsigned int i = 0; i < BOUNCE_MAX_SENT_BOUNCED + 5; i++)
		bounce_sent_bounce(&day, pool, t_strdup_printf("<%u@y>", i));
	ck_assert_uint_eq(str_len(day.bounced),
			  BOUNCE_MAX_SENT_BOUNCED * BOUNCE_SENT_HASH);
	ck_assert(bounce_sent_bounced(&day, "<104@y>"));
	ck_assert(!bounce_sent_bounced(&day, "<4@y>"));
	ck_assert(!bounce_sent_bounced(&day, NULL));
	json = bounce_sent_encode(&day);
	ck_assert_int_eq(bounce_sent_decode(pool, json, &copy, &error), 0);
	ck_assert_str_eq(bounce_sent_encode(&copy), json);
	json = bounce_sent_encode(&sent);
	ck_assert_int_eq(bounce_sent_decode(pool, json, &copy, &error), 0);
	ck_assert_str_eq(bounce_sent_encode(&copy), json);
	ck_assert_uint_eq(copy.level, BOUNCE_RATE_WARNING);
	ck_assert_uint_eq(copy.suppressed, 3);
	ck_assert_uint_eq(copy.held, 4);
}
END_TEST

START_TEST(levels)
{
	static const struct {
		unsigned int sent, known, failed;
		bool broadcast;
		enum bounce_rate_level level;
	} tests[] = {
		{ 100, 0, 0, TRUE, BOUNCE_RATE_NONE },
		{ 100, 0, 1, TRUE, BOUNCE_RATE_NONE },
		{ 100, 0, 2, TRUE, BOUNCE_RATE_NOTICE },
		{ 100, 0, 4, TRUE, BOUNCE_RATE_NOTICE },
		{ 100, 0, 5, TRUE, BOUNCE_RATE_WARNING },
		{ 100, 0, 10, TRUE, BOUNCE_RATE_CRITICAL },
		{ 100, 0, 19, TRUE, BOUNCE_RATE_CRITICAL },
		{ 100, 0, 20, TRUE, BOUNCE_RATE_OUR_SIDE },
		/* 20 % is said of one broadcast only */
		{ 100, 0, 20, FALSE, BOUNCE_RATE_CRITICAL },
		/* too few */
		{ 19, 0, 19, TRUE, BOUNCE_RATE_NONE },
		{ 20, 0, 4, TRUE, BOUNCE_RATE_OUR_SIDE },
		/* not known, and known by somebody else */
		{ 0, 0, 40, TRUE, BOUNCE_RATE_NONE },
		{ 0, 1000, 40, TRUE, BOUNCE_RATE_NOTICE },
		/* Bcc that the copy had lost: at least 30 */
		{ 30, 0, 40, TRUE, BOUNCE_RATE_NONE },
		{ 30, 1000, 40, TRUE, BOUNCE_RATE_NOTICE },
	};
	struct bounce_rate rate;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bounce_sent_init(&sent, pool, tests[i].broadcast ?
				 DAY"-00000000" : DAY);
		sent.sent = tests[i].sent;
		for (unsigned int j = 0; j < tests[i].failed; j++)
			(void)failed(&sent, address(j, "x.org"),
				   "mailbox-unknown", "550 5.1.1 No such user",
				   "mx.x.org");
		bounce_rate_judge(&sent, tests[i].known, &rate);
		ck_assert_msg(rate.level == tests[i].level, "row %u: %s", i,
			      bounce_rate_level_name(rate.level));
		ck_assert_uint_eq(rate.hard, tests[i].failed);
		/* dead addresses of one domain are not our side's fault */
		ck_assert_ptr_null(rate.cause);
		if (rate.level != BOUNCE_RATE_NONE)
			ck_assert_ptr_nonnull(bounce_rate_advice(&rate, NULL));
	}
}
END_TEST

START_TEST(shared_causes)
{
	static const struct {
		/* failures of our cause, of mailbox-unknown */
		unsigned int ours, theirs;
		const char *reason, *words, *host, *domain;
		int cause;
	} tests[] = {
		{ 5, 0, "reputation", "blocked", NULL, NULL, BOUNCE_CAUSE_SENDER },
		{ 4, 0, "reputation", "blocked", NULL, NULL, -1 },
		{ 6, 4, "reputation", "blocked", NULL, NULL, BOUNCE_CAUSE_SENDER },
		{ 5, 4, "reputation", "blocked", NULL, NULL, -1 },
		{ 5, 1, "policy-refused", "554 5.7.1 Not today", NULL, NULL, BOUNCE_CAUSE_WORDS },
		{ 5, 1, "policy-refused", NULL, NULL, "big.example",
		  BOUNCE_CAUSE_DOMAIN },
		{ 5, 1, "policy-refused", NULL, "mx.big.example", NULL,
		  BOUNCE_CAUSE_HOST },
		/* full mailboxes say all the same, and it is not our fault */
		{ 20, 0, "mailbox-full", "552 over quota", "mx.big.example",
		  "big.example", -1 },
		{ 20, 0, "mailbox-unknown", "550 No such user",
		  "mx.big.example", "big.example", -1 },
	};
	struct bounce_rate rate;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bounce_sent_init(&sent, pool, DAY"-00000000");
		sent.sent = 1000;
		for (unsigned int j = 0; j < tests[i].ours; j++) {
			const char *domain = tests[i].domain != NULL ?
				tests[i].domain : t_strdup_printf("d%u.org", j);

			(void)failed(&sent, address(j, domain), tests[i].reason,
				   tests[i].words, tests[i].host);
		}
		for (unsigned int j = 0; j < tests[i].theirs; j++)
			(void)failed(&sent, address(j, "other.org"),
				   "mailbox-unknown", "550 No such user",
				   "mx.other.org");
		bounce_rate_judge(&sent, 0, &rate);
		ck_assert_msg(tests[i].cause == (rate.cause == NULL ? -1 :
			(int)rate.cause->kind), "row %u", i);
		ck_assert_uint_eq(rate.level == BOUNCE_RATE_OUR_SIDE,
				  tests[i].cause >= 0);
		if (rate.cause != NULL) {
			ck_assert_uint_eq(rate.shared, tests[i].ours);
			ck_assert_ptr_nonnull(strstr(bounce_rate_advice(&rate, NULL),
						     rate.cause->text));
		}
	}
}
END_TEST

START_TEST(words_without_numbers)
{
	struct bounce_rate rate;

	sent.sent = 1000;
	for (unsigned int i = 0; i < 10; i++)
		(void)failed(&sent, address(i, "x.org"), "policy-refused",
			   t_strdup_printf("554 5.7.1 <person.%u@x.org>: "
				"Not accepted for policy reasons (id %x%u)",
				i, i * 77777, i), NULL);
	bounce_rate_judge(&sent, 0, &rate);
	ck_assert_ptr_nonnull(rate.cause);
	ck_assert_uint_eq(rate.shared, 10);
	ck_assert_str_eq(rate.cause->text, "Not accepted for policy reasons (id");
}
END_TEST

/* Cut at a character: the cause is a JSON string. */
START_TEST(words_are_cut)
{
	string_t *words = t_str_new(512);
	struct bounce_rate rate;

	str_append(words, "554 x");
	while (str_len(words) < 2 * BOUNCE_MAX_CAUSE)
		str_append(words, "\xc3\xbc");
	sent.sent = 1000;
	for (unsigned int i = 0; i < 10; i++)
		(void)failed(&sent, address(i, "x.org"), "policy-refused",
			     str_c(words), NULL);
	bounce_rate_judge(&sent, 0, &rate);
	ck_assert_ptr_nonnull(rate.cause);
	ck_assert_uint_eq(strlen(rate.cause->text), BOUNCE_MAX_CAUSE - 1);
}
END_TEST

/* What most failures share is found among any number of others. */
START_TEST(common_among_many)
{
	struct bounce_rate rate;

	sent.sent = 10000;
	for (unsigned int i = 0; i < 1000; i++) T_BEGIN {
		bool common = i % 10 < 7;

		(void)failed(&sent, address(i, t_strdup_printf("d%u.org", i)),
			   "policy-refused",
			   common ? "Blocked" : t_strdup_printf("w%c%c",
				'a' + i % 26, 'a' + i / 40), NULL);
	} T_END;
	bounce_rate_judge(&sent, 0, &rate);
	ck_assert_ptr_nonnull(rate.cause);
	ck_assert_str_eq(rate.cause->text, "Blocked");
	ck_assert_uint_le(array_count(&sent.causes),
			  BOUNCE_MAX_CAUSES * BOUNCE_CAUSE_COUNT);
}
END_TEST

START_TEST(complaints_and_sums)
{
	struct bounce_incident incident;
	struct bounce_sent sum;
	const struct bounce_cause *cause;
	struct bounce_rate rate;

	i_zero(&incident);
	incident.address = "a@x.org";
	incident.complaint = TRUE;
	sent.sent = 1000;
	ck_assert(bounce_sent_fail(&sent, pool, &incident));
	(void)failed(&sent, "b@x.org", "reputation", "no", NULL);
	bounce_sent_init(&sum, pool, DAY);
	bounce_rate_sum(&sum, pool, &sent);
	bounce_rate_sum(&sum, pool, &sent);
	bounce_rate_judge(&sum, 0, &rate);
	ck_assert_uint_eq(rate.sent, 2000);
	ck_assert_uint_eq(rate.failed, 2);
	ck_assert_uint_eq(rate.delivered, 1998);
	ck_assert_uint_eq(rate.complaints, 2);
	array_foreach(&sum.causes, cause)
		ck_assert_uint_eq(cause->count, 2);
	ck_assert(rate.complaint_percent > 0.09 && rate.complaint_percent < 0.11);
}
END_TEST

/* Of many users no more than so many causes are kept. */
START_TEST(sum_of_many_causes)
{
	struct bounce_cause cause = { .kind = BOUNCE_CAUSE_WORDS, .count = 1 };
	struct bounce_sent sum;

	bounce_sent_init(&sum, pool, "");
	for (unsigned int i = 0; i < BOUNCE_MAX_SUM_CAUSES + 10; i++) {
		cause.text = t_strdup_printf("words %u", i);
		array_clear(&sent.causes);
		array_push_back(&sent.causes, &cause);
		bounce_rate_sum(&sum, pool, &sent);
	}
	ck_assert_uint_eq(array_count(&sum.causes), BOUNCE_MAX_SUM_CAUSES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sent");
	TCase *tcase = tcase_create("sent");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, days_and_ids);
	tcase_add_test(tcase, message_ids_once);
	tcase_add_test(tcase, many_singles_stay_small);
	tcase_add_test(tcase, copies_make_a_broadcast);
	tcase_add_test(tcase, copies_stay);
	tcase_add_test(tcase, an_address_fails_once);
	tcase_add_test(tcase, a_report_counts_once_a_day);
	tcase_add_test(tcase, complaints_once_and_untried);
	tcase_add_test(tcase, untried_are_outside);
	tcase_add_test(tcase, complaint_levels);
	tcase_add_test(tcase, encode_and_decode);
	tcase_add_test(tcase, subject_is_cut);
	tcase_add_test(tcase, levels);
	tcase_add_test(tcase, shared_causes);
	tcase_add_test(tcase, words_without_numbers);
	tcase_add_test(tcase, words_are_cut);
	tcase_add_test(tcase, common_among_many);
	tcase_add_test(tcase, complaints_and_sums);
	tcase_add_test(tcase, sum_of_many_causes);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
