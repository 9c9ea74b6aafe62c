/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Which period a digest is about, and what is remembered of it. */

#include "bounce-test.h"
#include "array.h"
#include "bounce-digest.h"
#include "bounce-limits.h"

#define DAY (24 * 60 * 60)

static const struct {
	enum bounce_digest_every every;
	time_t now;
	struct bounce_digest_period wanted;
} periods[] = {
	/* Thursday 2026-11-26 09:12: Monday the 16th to Sunday the 22nd */
	{ BOUNCE_DIGEST_WEEKLY, 1795684320,
	  { 1794182400, 1794787200, 1795392000 } },
	/* the first and the last second of a Monday's week */
	{ BOUNCE_DIGEST_WEEKLY, 1795392000,
	  { 1794182400, 1794787200, 1795392000 } },
	{ BOUNCE_DIGEST_WEEKLY, 1795391999,
	  { 1793577600, 1794182400, 1794787200 } },
	/* October, September before it */
	{ BOUNCE_DIGEST_MONTHLY, 1795684320,
	  { 1788220800, 1790812800, 1793491200 } },
	/* 2026-01-15: December, November of the year before */
	{ BOUNCE_DIGEST_MONTHLY, 1768435200,
	  { 1761955200, 1764547200, 1767225600 } },
	/* 2026-03-31 23:59:59: February */
	{ BOUNCE_DIGEST_MONTHLY, 1775001599,
	  { 1767225600, 1769904000, 1772323200 } },
};

START_TEST(period)
{
	const struct bounce_digest_period *wanted = &periods[_i].wanted;
	struct bounce_digest_period is;

	bounce_digest_period(periods[_i].every, periods[_i].now, &is);
	ck_assert_int_eq(is.before, wanted->before);
	ck_assert_int_eq(is.since, wanted->since);
	ck_assert_int_eq(is.until, wanted->until);
}
END_TEST

START_TEST(round_trip)
{
	pool_t pool = pool_datastack_create();
	struct bounce_digest_memory memory, again;
	const char *json;

	bounce_digest_memory_decode(pool, NULL, &memory);
	ck_assert_int_eq(memory.until, 0);
	memory.until = 1793491200;
	memory.sent = 240;
	memory.failed = 3;
	memory.backscatter = 7;
	bounce_digest_memory_add(&memory, pool, "bob@example.net", 1793491201);
	bounce_digest_memory_add(&memory, pool, "j\xc3\xb6rg@example.net",
				 1793491202);
	json = bounce_digest_memory_encode(&memory);
	bounce_digest_memory_decode(pool, json, &again);
	ck_assert_str_eq(bounce_digest_memory_encode(&again), json);
	ck_assert_uint_eq(again.sent, 240);
	ck_assert_uint_eq(array_count(&again.recovered), 2);

	ck_assert(bounce_digest_memory_forget(&again, "bob@example.net"));
	ck_assert(!bounce_digest_memory_forget(&again, "bob@example.net"));
	ck_assert_uint_eq(array_count(&again.recovered), 1);
}
END_TEST

/* One more than there is room for; the same one twice. */
START_TEST(room)
{
	pool_t pool = pool_datastack_create();
	struct bounce_digest_memory memory;

	bounce_digest_memory_decode(pool, NULL, &memory);
	for (unsigned int i = 0; i <= BOUNCE_MAX_DIGEST_RECOVERED; i++) {
		bounce_digest_memory_add(&memory, pool, t_strdup_printf(
			"m%u@example.net", i), i);
	}
	bounce_digest_memory_add(&memory, pool, "m7@example.net", 1000);
	ck_assert_uint_eq(array_count(&memory.recovered),
			  BOUNCE_MAX_DIGEST_RECOVERED);
	ck_assert(!bounce_digest_memory_forget(&memory, "m0@example.net"));
	ck_assert(bounce_digest_memory_forget(&memory, "m1@example.net"));
}
END_TEST

static const char *const damaged[] = {
	"", "{", "[]", "7", "{\"until\":\"x\",\"sent\":-1,\"recovered\":7}",
	"{\"sent\":99999999999,\"recovered\":[7,{},{\"address\":7}]}"
};

START_TEST(hostile)
{
	struct bounce_digest_memory memory;

	bounce_digest_memory_decode(pool_datastack_create(), damaged[_i],
				    &memory);
	ck_assert_int_eq(memory.until, 0);
	ck_assert_uint_eq(memory.sent, 0);
	ck_assert(array_is_empty(&memory.recovered));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tcase = tcase_create("digest");

	tcase_add_loop_test(tcase, period, 0, N_ELEMENTS(periods));
	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, room);
	tcase_add_loop_test(tcase, hostile, 0, N_ELEMENTS(damaged));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
