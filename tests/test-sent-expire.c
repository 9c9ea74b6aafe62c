/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Somebody sends nothing more: what was counted goes all the same. */

#include "bounce-test-store.h"
#include "bounce-test-dict.h"
#include "bounce-sent-store.h"

static void setup(void)
{
	test_dict_store_setup(TEST_DICT_PLAIN);
}

/* On the day with that number: a broadcast of a subject of its own. */
static void sent_on(int day)
{
	const char *to[] = { "a@example.com", NULL };
	const char *id = t_strdup_printf("<%d>", day);
	struct bounce_sent_mail mails[] = {
		{ .message_id = id, .subject = id, .recipients = 30,
		  .verifiable = TRUE, .when = START + day * DAY },
		{ .queue_id = t_strdup_printf("Q%d", day), .subject = "",
		  .addresses = to, .recipients = 1,
		  .when = START + day * DAY },
	};
	const char *error = "?";
	bool bounced[N_ELEMENTS(mails)];

	ck_assert_msg(bounce_sent_store_add(store, mails, N_ELEMENTS(mails),
					    bounced, &error) == 2, "%s", error);
}

static int expire_on(int day)
{
	const char *error = "?";
	int ret = bounce_sent_store_expire(store, START + day * DAY, &error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret;
}

/* Keys that hold text. */
static unsigned int keys(const char *text)
{
	const char *const *lines = t_strsplit(t_test_dict_dump(), "\n");
	unsigned int count = 0;

	for (; lines[0] != NULL && lines[1] != NULL; lines += 2)
		count += strstr(lines[0], text) != NULL ? 1 : 0;
	return count;
}

static bool has_day(int day)
{
	return keys(t_strconcat("/sent/", bounce_sent_day(START + day * DAY),
				NULL)) > 0;
}

START_TEST(test_slowly)
{
	const char *before;

	for (int day = -40; day <= 0; day++)
		sent_on(day);
	/* it may be some days late, so that not every user is written every day */
	ck_assert_int_eq(expire_on(1), 0);
	ck_assert_int_eq(expire_on(20), 1);
	ck_assert(!has_day(-22));
	for (int day = -20; day <= 0; day++)
		ck_assert(has_day(day));
	before = t_strdup(t_test_dict_dump());
	ck_assert_int_eq(expire_on(20), 0);
	ck_assert_int_eq(expire_on(21), 0);
	ck_assert_str_eq(t_test_dict_dump(), before);
}
END_TEST

START_TEST(test_all)
{
	const char *before, *error;
	time_t since;

	for (int day = -10; day <= 0; day++)
		sent_on(day);
	ck_assert_int_eq(add("<1@example.net>", "gone@example.com"), 1);
	ck_assert_uint_gt(keys("/envelope/"), 0);
	/* it could be a clock that jumped */
	ck_assert_int_eq(expire_on(60), 1);
	ck_assert(has_day(-10) && has_day(0));
	before = t_strdup(t_test_dict_dump());
	ck_assert_int_eq(expire_on(60), 0);
	ck_assert_str_eq(t_test_dict_dump(), before);
	ck_assert_int_eq(expire_on(61), 1);
	ck_assert_uint_eq(keys("/sent"), 0);
	ck_assert_uint_eq(keys("/envelope/"), 0);
	ck_assert_uint_eq(count_all(START), 1);
	ck_assert_int_eq(expire_on(62), 0);
	/* and begins anew */
	sent_on(70);
	ck_assert(has_day(70));
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 1);
	ck_assert_int_eq(since / DAY, START / DAY + 70);
}
END_TEST

/* A clock ten years ahead for a day. */
START_TEST(test_jump)
{
	sent_on(-1);
	sent_on(0);
	ck_assert_int_eq(expire_on(3653), 1);
	ck_assert_int_eq(expire_on(3653), 0);
	ck_assert_int_eq(expire_on(1), 0);
	ck_assert(has_day(-1) && has_day(0));
	/* what it noted then counts for nothing later */
	ck_assert_int_eq(expire_on(60), 1);
	ck_assert(has_day(-1) && has_day(0));
	sent_on(1);
	ck_assert(has_day(-1) && has_day(0));
}
END_TEST

/* Older days were filled in later, by a scan: the newest one is not forgotten. */
START_TEST(test_filled)
{
	struct bounce_sent_mail mail = {
		.message_id = "<old>", .recipients = 3, .when = START - 30 * DAY
	};
	const char *error = "?";

	sent_on(0);
	ck_assert_msg(bounce_sent_store_fill(store, &mail, 1, &error) == 1, "%s",
		      error);
	ck_assert_int_eq(expire_on(19), 1);
	ck_assert_int_eq(expire_on(20), 1);
	ck_assert(!has_day(-30));
	ck_assert(has_day(0));
	ck_assert_uint_eq(keys("/meta/sent"), 1);
	ck_assert_uint_gt(keys("/envelope/"), 0);
}
END_TEST

/* What nobody of us has written there counts for nothing, not for a half. */
START_TEST(test_damaged)
{
	const char *day = bounce_sent_day(START - 5 * DAY), *error = "?";
	const char *const values[] = {
		"", "x", t_strdup_printf("x %s %s", day, day),
		t_strdup_printf("- %s %s %s", day, day, day),
	};
	time_t since;

	for (unsigned int i = 0; i < N_ELEMENTS(values); i++) {
		test_dict_load(t_strconcat("priv/bounce/meta/sent\n", values[i],
					   "\n", NULL));
		ck_assert_int_eq(bounce_sent_store_since(store, &since, &error),
				 0);
		ck_assert_int_eq(expire_on(0), 0);
		sent_on(0);
		ck_assert_int_eq(bounce_sent_store_since(store, &since, &error),
				 1);
		ck_assert_int_eq(since / DAY, START / DAY);
		ck_assert(has_day(0));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sent-expire");
	TCase *tcase = tcase_create("sent-expire");

	tcase_add_checked_fixture(tcase, setup, test_dict_store_teardown);
	tcase_add_test(tcase, test_slowly);
	tcase_add_test(tcase, test_all);
	tcase_add_test(tcase, test_jump);
	tcase_add_test(tcase, test_filled);
	tcase_add_test(tcase, test_damaged);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
