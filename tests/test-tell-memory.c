/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What the dictionary remembers of our notices, and what follows from it. */

#include "bounce-test.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-tell-language.h"
#include "bounce-tell-memory.h"

#define NOW ((time_t)1795684320)

static struct bounce_tell_failure *
failed(struct bounce_tell_memory *memory, const char *mail, const char *address)
{
	struct bounce_tell_failure *failure =
		array_append_space(&memory->failures);

	failure->mail = mail;
	failure->rcpt.address = address;
	memory->count++;
	return failure;
}

START_TEST(round_trip)
{
	pool_t pool = pool_datastack_create();
	struct bounce_tell_memory memory, again;
	struct bounce_tell_place *place;
	struct bounce_tell_failure *failure;
	const char *json;

	bounce_tell_memory_decode(pool, NULL, &memory);
	ck_assert_uint_eq(memory.count, 0);
	memory.subject = "\"Lunch\" \xc3\xa4";
	memory.level = 2;
	memory.when = NOW;
	failure = failed(&memory, "m1", "bob@example.net");
	failure->rcpt.final_address = "b@example.com";
	failure->rcpt.reason = bounce_reason_find("mailbox-full");
	failure->rcpt.class = BOUNCE_CLASS_SOFT;
	failure->rcpt.side = BOUNCE_SIDE_RECIPIENT;
	failure->rcpt.status = "5.2.2";
	failure->rcpt.words = "552 full";
	failure->rcpt.server = "mx.example.net";
	(void)failed(&memory, "m2", "ann@example.net");
	place = array_append_space(&memory.places);
	place->mail = "";
	place->mailbox = "INBOX";
	place->guid = "0a1b";
	place->uid_validity = 4294967295U;
	place->uid = 7;
	place->told = 2;

	json = bounce_tell_memory_encode(&memory);
	bounce_tell_memory_decode(pool, json, &again);
	ck_assert_str_eq(bounce_tell_memory_encode(&again), json);
	ck_assert_uint_eq(again.count, 2);
	ck_assert_uint_eq(bounce_tell_memory_mails(&again), 2);
	place = bounce_tell_memory_place(&again, "");
	ck_assert_ptr_nonnull(place);
	ck_assert_uint_eq(place->uid_validity, 4294967295U);
	ck_assert_ptr_null(bounce_tell_memory_place(&again, "m1"));
	failure = array_idx_modifiable(&again.failures, 0);
	ck_assert_ptr_eq(failure->rcpt.reason,
			 bounce_reason_find("mailbox-full"));
	ck_assert_int_eq(failure->rcpt.class, BOUNCE_CLASS_SOFT);
}
END_TEST

START_TEST(damaged)
{
	static const char *const texts[] = {
		"", "[]", "{", "{\"failed\":7,\"notices\":{\"a\":1}}",
		"{\"failed\":[1,{},{\"mail\":\"m\"},null],\"notices\":[{}]}",
		"{\"count\":\"x\",\"subject\":1}"
	};
	pool_t pool = pool_datastack_create();
	struct bounce_tell_memory memory;
	struct bounce_tell_counts counts;

	for (unsigned int i = 0; i < N_ELEMENTS(texts); i++) {
		bounce_tell_memory_decode(pool, texts[i], &memory);
		ck_assert_uint_eq(array_count(&memory.failures), 0);
		ck_assert_uint_eq(array_count(&memory.places), 0);
		ck_assert_uint_eq(memory.count, 0);
		bounce_tell_counts_decode(pool, texts[i], NOW, &counts);
		ck_assert_uint_eq(counts.in_hour, 0);
		ck_assert_uint_eq(array_count(&counts.hashes), 0);
	}
}
END_TEST

START_TEST(caps)
{
	pool_t pool = pool_alloconly_create("test", 65536);
	struct bounce_tell_memory memory, again;
	struct bounce_tell_place *place;

	bounce_tell_memory_decode(pool, NULL, &memory);
	for (unsigned int i = 0; i < BOUNCE_MAX_TELL_FAILURES + 5; i++)
		(void)failed(&memory, "m", "a@example.net");
	for (unsigned int i = 0; i < BOUNCE_MAX_TELL_PLACES + 5; i++) {
		place = array_append_space(&memory.places);
		place->mail = "m";
	}
	bounce_tell_memory_decode(pool, bounce_tell_memory_encode(&memory),
				  &again);
	ck_assert_uint_eq(array_count(&again.failures),
			  BOUNCE_MAX_TELL_FAILURES);
	ck_assert_uint_eq(array_count(&again.places), BOUNCE_MAX_TELL_PLACES);
	ck_assert_uint_eq(again.count, BOUNCE_MAX_TELL_FAILURES + 5);
	pool_unref(&pool);
}
END_TEST

/* The hashes that were used last are kept. */
START_TEST(keys)
{
	pool_t pool = pool_alloconly_create("test", 65536);
	struct bounce_tell_counts counts, again;
	const char *gone, *json;

	bounce_tell_counts_decode(pool, NULL, NOW, &counts);
	for (unsigned int i = 0; i < BOUNCE_MAX_TELL_KEYS; i++) {
		ck_assert_ptr_null(bounce_tell_counts_use(&counts, pool,
							  dec2str(i)));
	}
	ck_assert_ptr_null(bounce_tell_counts_use(&counts, pool, "0"));
	gone = bounce_tell_counts_use(&counts, pool, "new");
	ck_assert_str_eq(gone, "1");
	ck_assert_uint_eq(array_count(&counts.hashes), BOUNCE_MAX_TELL_KEYS);
	json = bounce_tell_counts_encode(&counts);
	bounce_tell_counts_decode(pool, json, NOW, &again);
	ck_assert_str_eq(bounce_tell_counts_encode(&again), json);
	pool_unref(&pool);
}
END_TEST

START_TEST(counts)
{
	pool_t pool = pool_datastack_create();
	struct bounce_tell_counts counts, later;
	const char *json;

	bounce_tell_counts_decode(pool, NULL, NOW, &counts);
	for (unsigned int i = 0; i < BOUNCE_TELL_MAX_STRANGE; i++) {
		ck_assert(bounce_tell_counts_allow(&counts, TRUE));
		bounce_tell_counts_add(&counts, TRUE);
	}
	ck_assert(!bounce_tell_counts_allow(&counts, TRUE));
	while (counts.in_hour < BOUNCE_TELL_MAX_HOUR) {
		ck_assert(bounce_tell_counts_allow(&counts, FALSE));
		bounce_tell_counts_add(&counts, FALSE);
	}
	ck_assert(!bounce_tell_counts_allow(&counts, FALSE));
	counts.limit_told = TRUE;
	counts.address = "alice@example.org";
	json = bounce_tell_counts_encode(&counts);
	bounce_tell_counts_decode(pool, json, NOW, &later);
	ck_assert_str_eq(later.address, "alice@example.org");
	ck_assert(!bounce_tell_counts_allow(&later, FALSE));
	ck_assert(later.limit_told);
	/* an hour later those of the hour, a day later those of the day */
	bounce_tell_counts_decode(pool, json, NOW + 3600, &later);
	ck_assert(bounce_tell_counts_allow(&later, FALSE));
	ck_assert(!bounce_tell_counts_allow(&later, TRUE));
	ck_assert(!later.limit_told);
	bounce_tell_counts_decode(pool, json, NOW + 86400, &later);
	ck_assert(bounce_tell_counts_allow(&later, TRUE));
}
END_TEST

START_TEST(due)
{
	static const struct {
		unsigned int told, count, level;
		bool due;
	} tests[] = {
		{ 0, 1, 0, TRUE }, { 1, 1, 0, FALSE }, { 1, 2, 0, TRUE },
		{ 2, 3, 0, FALSE }, { 2, 4, 0, FALSE }, { 2, 5, 0, TRUE },
		{ 5, 9, 0, FALSE }, { 5, 10, 0, TRUE }, { 3, 12, 0, TRUE },
		{ 10, 19, 0, FALSE }, { 10, 20, 0, TRUE },
		{ 20, 49, 0, FALSE }, { 20, 50, 0, TRUE },
		{ 50, 100, 0, TRUE }, { 100, 199, 0, FALSE },
		{ 999, 1000, 0, TRUE }, { 4294967295U, 4294967295U, 0, FALSE },
		/* a level more, and none */
		{ 3, 3, 2, TRUE }, { 3, 3, 1, FALSE },
	};
	struct bounce_tell_memory memory;

	i_zero(&memory);
	memory.level = 1;
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		memory.count = tests[i].count;
		ck_assert_msg(bounce_tell_memory_is_due(&memory, tests[i].told,
							tests[i].level) ==
			      tests[i].due, "row %u", i);
	}
}
END_TEST

START_TEST(language)
{
	static const struct {
		const char *headers, *language;
	} tests[] = {
		{ NULL, NULL }, { "", NULL }, { "Subject: de\n", NULL },
		{ "Subject: x\nContent-Language: de\n", "de" },
		{ "content-language: fr-CA, en\r\nX: y\n", "fr-CA" },
		{ "Accept-Language: tlh;q=1, es;q=0.5\n", "es" },
		{ "Accept-Language: de\nContent-Language: fr\n", "fr" },
		{ "Content-Language: ../../etc\n", NULL },
		{ "Content-Language: \n", NULL },
		{ "Content-Language: tlh\nAccept-Language: en-GB\n", "en-GB" },
		/* nine that nobody speaks before one that somebody does */
		{ "Content-Language: aa,bb,cc,dd,ee,ff,gg,hh,de\n", NULL },
	};
	static const char *const dirs[] = { BOUNCE_TEST_TEXTS, NULL };

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *language = bounce_tell_language(
			pool_datastack_create(), tests[i].headers, dirs);

		ck_assert_msg(null_strcmp(language, tests[i].language) == 0,
			      "row %u: %s", i, language);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tell-memory");
	TCase *tcase = tcase_create("tell-memory");

	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, damaged);
	tcase_add_test(tcase, caps);
	tcase_add_test(tcase, keys);
	tcase_add_test(tcase, counts);
	tcase_add_test(tcase, due);
	tcase_add_test(tcase, language);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
