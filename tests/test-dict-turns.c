/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A dictionary that is far away: what is known to be needed is asked for at once. */

#include "bounce-test-store.h"
#include "bounce-test-dict.h"
#include "array.h"
#include "bounce-notice-store.h"
#include "bounce-sent-store.h"
#include "bounce-store-private.h"

static void setup(void)
{
	test_dict_store_setup(TEST_DICT_PROXY);
}

static void check_turns(unsigned int wanted, unsigned int calls)
{
	ck_assert_uint_eq(test_dict.turns, wanted);
	ck_assert_uint_eq(test_dict.calls, calls);
	test_dict.turns = test_dict.calls = 0;
}

START_TEST(test_report)
{
	/* record with its mail's day; the days beside it; which day was the first;
	   how many records; does it iterate; all records; commit */
	ck_assert_int_eq(add("<1@example.net>", "a@example.com"), 1);
	check_turns(7, 9);
	/* the day knows the mail: record with day; how many; commit */
	ck_assert_int_eq(add("<2@example.net>", "b@example.com"), 1);
	check_turns(3, 4);
	/* the same again: nobody waits for the day, which may have been answered */
	ck_assert_int_eq(add("<2@example.net>", "b@example.com"), 0);
	ck_assert_uint_eq(test_dict.turns, 1);
	ck_assert_uint_le(test_dict.calls, 2);
}
END_TEST

/* Where the addresses stand in an index, and nobody knows how many there are. */
START_TEST(test_index)
{
	test_dict.cannot_iterate = TRUE;
	/* as above, and the shards of the index, but for all records */
	ck_assert_int_eq(add("<1@example.net>", "a@example.com"), 1);
	check_turns(7, 8 + 64);
	ck_assert_uint_eq(count_all(START), 1);
}
END_TEST

static void sent_on(time_t when)
{
	const struct bounce_sent_mail mail = {
		.message_id = t_strdup_printf("<%s@example.org>", dec2str(when)),
		.subject = "Lunch", .recipients = 1, .when = when
	};
	const char *error = "?";
	bool bounced;

	ck_assert_msg(bounce_sent_store_add(store, &mail, 1, &bounced,
					    &error) == 1, "%s", error);
}

START_TEST(test_days)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *sent;
	const char *error = "?";

	sent_on(START - 2 * DAY);
	sent_on(START);
	test_dict.turns = test_dict.calls = 0;
	t_array_init(&days, 4);
	t_array_init(&broadcasts, 4);
	ck_assert_msg(bounce_sent_store_read(store, pool_datastack_create(),
			START - 3 * DAY, START, &days, &broadcasts, &error) == 0,
		      "%s", error);
	/* whether there is any; four days */
	check_turns(2, 5);
	ck_assert_uint_eq(array_count(&days), 2);
	sent = array_front(&days);
	ck_assert_str_eq(sent->id, bounce_sent_day(START - 2 * DAY));
	sent = array_back(&days);
	ck_assert_str_eq(sent->id, bounce_sent_day(START));
	/* and as they are then */
	sent_on(START - DAY);
	array_clear(&days);
	ck_assert_int_eq(bounce_sent_store_read(store, pool_datastack_create(),
			START - 3 * DAY, START, &days, &broadcasts, &error), 0);
	ck_assert_uint_eq(array_count(&days), 3);
}
END_TEST

static int
notice_change(pool_t pool ATTR_UNUSED, struct bounce_tell_memory *memory,
	      struct bounce_tell_counts *counts, void *context ATTR_UNUSED,
	      const char **error_r ATTR_UNUSED)
{
	memory->when = START;
	bounce_tell_counts_add(counts, FALSE);
	return 1;
}

START_TEST(test_notice)
{
	const char *error = "?";

	ck_assert_msg(bounce_notice_store_change(store, "0123456789abcdef", START,
						 notice_change, NULL,
						 &error) == 1, "%s", error);
	/* counts, what was told, language; commit */
	check_turns(2, 4);
}
END_TEST

/* What was asked for and is not wanted any more: its answer would find nobody, so the
   connection goes, and the next who asks has one of their own. */
START_TEST(test_forgotten)
{
	struct bounce_record rec;

	ck_assert_int_eq(add("<1@example.net>", "a@example.com"), 1);
	test_dict.msecs = 20;
	bounce_dict_forget(store->dict);
	ck_assert_ptr_nonnull(store->dict->dict);
	bounce_dict_ask(store->dict, "priv/bounce/address/a@example.com");
	bounce_dict_forget(store->dict);
	ck_assert_ptr_null(store->dict->dict);
	ck_assert(lookup("a@example.com", &rec));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dict-turns");
	TCase *tcase = tcase_create("dict-turns");

	tcase_add_checked_fixture(tcase, setup, test_dict_store_teardown);
	tcase_add_test(tcase, test_report);
	tcase_add_test(tcase, test_index);
	tcase_add_test(tcase, test_days);
	tcase_add_test(tcase, test_notice);
	tcase_add_test(tcase, test_forgotten);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
