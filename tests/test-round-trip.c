/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Whatever is written is read again as it was: 300 values of each kind, the same
   ones in each run. What others write: fuzz-values. */

#include "bounce-test.h"
#include "array.h"
#include "str.h"
#include "bounce-address.h"
#include "bounce-csv.h"
#include "bounce-digest.h"
#include "bounce-entry.h"
#include "bounce-limits.h"
#include "bounce-record-member.h"
#include "bounce-sent.h"
#include "bounce-tell-memory.h"
#include "bounce-token.h"

#define ROUNDS 300
/* 2026-11-27 */
#define NOW ((time_t)1795737600)

static pool_t pool;
static uint32_t state;

/* Numerical Recipes' generator: any will do, but the same everywhere. */
static unsigned int chance(unsigned int below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static const char *t_text(unsigned int max)
{
	static const char *const pieces[] = {
		"a", "Z", "0", " ", "\"", "'", "\\", ",", ";", "=", "+", "-",
		"@", "/", "%", "<", ">", "{", "]", ".", "\xc3\xbc", "\xe2\x82\xac",
		"\xf0\x9f\x92\xa9", "bounce", "null"
	};
	string_t *str = t_str_new(64);
	unsigned int count = chance(max + 1);

	while (count-- > 0)
		str_append(str, pieces[chance(N_ELEMENTS(pieces))]);
	return str_c(str);
}

/* In normal form. */
static const char *t_address(void)
{
	const char *address, *again, *error;

	do {
		address = t_strconcat(t_text(8), "@", chance(2) == 0 ? "EXAMPLE" :
				      "b\xc3\xbc" "cher", ".example", NULL);
	} while (bounce_address_normalize(pool, address, &address, &error) < 0);
	ck_assert_int_eq(bounce_address_normalize(pool, address, &again,
						  &error), 0);
	ck_assert_str_eq(again, address);
	return address;
}

static const char *t_id(void)
{
	return t_strdup_printf("<%u@example.org>", chance(1000000));
}

static void setup(void)
{
	pool = pool_alloconly_create("round trip", 1024 * 1024);
	state = 1;
}

static void teardown(void)
{
	pool_unref(&pool);
}

static void
record_fill(const struct bounce_record_member *member, struct bounce_record *rec)
{
	static const char *const reasons[] = {
		"mailbox-unknown", "mailbox-full", "of-a-later-version"
	};
	void *value = PTR_OFFSET(rec, member->offset);

	switch (member->type) {
	case BOUNCE_MEMBER_ADDRESS:
		*(const char **)value = t_address();
		break;
	case BOUNCE_MEMBER_REASON:
		*(const char **)value = reasons[chance(N_ELEMENTS(reasons))];
		break;
	case BOUNCE_MEMBER_TEXT:
		*(const char **)value = p_strconcat(pool, "x", t_text(20), NULL);
		break;
	case BOUNCE_MEMBER_COUNT:
		*(unsigned int *)value = chance(100000);
		break;
	case BOUNCE_MEMBER_TIME:
	case BOUNCE_MEMBER_UNTIL:
		*(time_t *)value = NOW - chance(100000000);
		break;
	case BOUNCE_MEMBER_LIST: {
		const char *id = p_strdup(pool, t_id());

		array_push_back((ARRAY_TYPE(const_string) *)value, &id);
		break;
	}
	default:
		break;
	}
}

static void check_record(void)
{
	const struct bounce_record_member *member;
	struct bounce_record rec, back;
	const char *json, *error = "?";

	bounce_record_init(&rec, pool, t_address());
	bounce_record_member_foreach(member) {
		if (strcmp(member->name, "seen") != 0 && chance(2) == 0)
			record_fill(member, &rec);
	}
	json = bounce_record_encode(&rec);
	ck_assert_msg(bounce_record_decode(pool, json, &back, &error) == 0,
		      "%s: %s", error, json);
	ck_assert_str_eq(bounce_record_encode(&back), json);
	ck_assert_str_eq(back.address, rec.address);
	ck_assert_pstr_eq(back.corrected, rec.corrected);
	ck_assert_pstr_eq(back.remote_mta, rec.remote_mta);
	ck_assert_uint_eq(back.count, rec.count);
	ck_assert_int_eq(back.last, rec.last);
}

static void check_csv(void)
{
	unsigned int count = 1 + chance(6);
	const char **cells = t_new(const char *, count + 1);
	const char *const *back;
	string_t *row = t_str_new(256);
	/* what a time_t of 32 bits holds */
	time_t when = chance(sizeof(when) > 4 ? 1 << 24 : 1 << 23) * 256LL;
	time_t again;

	for (unsigned int i = 0; i < count; i++) {
		cells[i] = t_text(6);
		if (chance(8) == 0)
			cells[i] = t_strconcat(cells[i], "\n", t_text(3), NULL);
		/* the first one is no empty row */
		if (i == 0)
			cells[i] = t_strconcat("x", cells[i], NULL);
		bounce_csv_append(row, bounce_csv_guard(cells[i]));
	}
	ck_assert(bounce_csv_is_complete(str_c(row)));
	back = bounce_csv_split(str_c(row), ',');
	for (unsigned int i = 0; i < count; i++) {
		ck_assert_pstr_eq(back[i] == NULL ? NULL :
				  bounce_csv_unguard(back[i]), cells[i]);
	}
	ck_assert_ptr_null(back[count]);
	ck_assert(bounce_csv_date_parse(bounce_csv_date(when), &again));
	ck_assert_int_eq(again, when);
}

static void check_entry(void)
{
	const char *address = t_address();

	ck_assert_pstr_eq(bounce_entry_address(bounce_entry_name(address)),
			  address);
}

static void check_token(void)
{
	ARRAY_TYPE(bounce_token_key) keys;
	struct bounce_token_key *key;
	struct bounce_token token;
	unsigned int count = 1 + chance(BOUNCE_TOKEN_MAX_RECIPIENTS + 2);
	const char **recipients = t_new(const char *, count);
	const char *user = t_text(5), *id = t_id(), *value;

	p_array_init(&keys, pool, 2);
	for (unsigned int i = 0; i < 2; i++) {
		key = array_append_space(&keys);
		memset(key->data, chance(256), sizeof(key->data));
	}
	for (unsigned int i = 0; i < count; i++)
		recipients[i] = t_strdup_printf("r%u@example.net", i);
	value = bounce_token_make(array_idx(&keys, chance(2)), user, id,
				  bounce_sent_day(NOW), recipients, count);
	ck_assert(bounce_token_verify(&keys, value, user, id, NOW, pool,
				      &token));
	ck_assert_str_eq(token.day, bounce_sent_day(NOW));
	ck_assert(bounce_token_is_open(&token) ==
		  (count > BOUNCE_TOKEN_MAX_RECIPIENTS));
	for (unsigned int i = 0; i < count; i++) {
		ck_assert(bounce_token_has(&token, recipients[i]) ==
			  (count <= BOUNCE_TOKEN_MAX_RECIPIENTS));
	}
	ck_assert(!bounce_token_has(&token, "other@example.net"));
	ck_assert(!bounce_token_verify(&keys, value, t_strconcat(user, "x", NULL),
				       id, NOW, pool, &token));
}

static void check_sent(void)
{
	struct bounce_sent day, back;
	struct bounce_sent_mail mail = { .when = NOW };
	const char *json, *id, *error;
	unsigned int count = 1 + chance(20);

	bounce_sent_init(&day, pool, bounce_sent_day(NOW));
	while (count-- > 0) {
		mail.message_id = t_id();
		mail.subject = chance(4) == 0 ? NULL : t_text(60);
		mail.recipients = 1 + chance(40);
		mail.saved = chance(2) == 0;
		ck_assert(!bounce_sent_see(&day, pool, mail.message_id));
		ck_assert(bounce_sent_see(&day, pool, mail.message_id));
		bounce_sent_count(&day, pool, &mail);
		id = bounce_sent_id(day.id, mail.subject, mail.message_id);
		bounce_sent_count(bounce_sent_get(&day, pool, id), pool, &mail);
		if (bounce_sent_promote(&day, pool, id, &back)) {
			json = bounce_sent_encode(&back);
			ck_assert_int_eq(bounce_sent_decode(pool, json, &back,
							    &error), 0);
			ck_assert_str_eq(bounce_sent_encode(&back), json);
		}
		if (chance(2) == 0)
			bounce_sent_bounce(&day, pool, mail.message_id);
	}
	json = bounce_sent_encode(&day);
	ck_assert_int_eq(bounce_sent_decode(pool, json, &back, &error), 0);
	ck_assert_str_eq(bounce_sent_encode(&back), json);
	ck_assert(bounce_sent_saw(&back, mail.message_id));
	ck_assert(bounce_sent_bounced(&back, mail.message_id) ==
		  bounce_sent_bounced(&day, mail.message_id));
	ck_assert_uint_eq(back.sent, day.sent);
	ck_assert_int_eq(bounce_sent_day_time(day.id), NOW - NOW % 86400);
}

static void check_memory(void)
{
	struct bounce_tell_memory memory, back;
	struct bounce_tell_counts counts, counts_back;
	struct bounce_digest_memory digest, digest_back;
	const char *json;

	bounce_tell_memory_decode(pool, NULL, &memory);
	memory.subject = p_strdup(pool, t_text(20));
	memory.when = NOW;
	for (unsigned int i = chance(5); i > 0; i--) {
		struct bounce_tell_failure *failure =
			array_append_space(&memory.failures);

		failure->mail = p_strdup(pool, bounce_tell_id(t_id()));
		failure->rcpt.address = t_address();
		failure->rcpt.words = p_strdup(pool, t_text(20));
		memory.count++;
	}
	json = bounce_tell_memory_encode(&memory);
	bounce_tell_memory_decode(pool, json, &back);
	ck_assert_str_eq(bounce_tell_memory_encode(&back), json);
	ck_assert_uint_eq(array_count(&back.failures), memory.count);

	bounce_tell_counts_decode(pool, NULL, NOW, &counts);
	for (unsigned int i = chance(5); i > 0; i--) {
		bounce_tell_counts_add(&counts, chance(2) == 0);
		(void)bounce_tell_counts_use(&counts, pool,
					     bounce_tell_id(t_id()));
	}
	counts.off = chance(8);
	json = bounce_tell_counts_encode(&counts);
	bounce_tell_counts_decode(pool, json, NOW, &counts_back);
	ck_assert_str_eq(bounce_tell_counts_encode(&counts_back), json);
	ck_assert_uint_eq(counts_back.in_hour, counts.in_hour);

	bounce_digest_memory_decode(pool, NULL, &digest);
	for (unsigned int i = chance(5); i > 0; i--)
		bounce_digest_memory_add(&digest, pool, t_address(), NOW - i);
	digest.until = NOW;
	digest.sent = chance(1000);
	json = bounce_digest_memory_encode(&digest);
	bounce_digest_memory_decode(pool, json, &digest_back);
	ck_assert_str_eq(bounce_digest_memory_encode(&digest_back), json);
	ck_assert_uint_eq(array_count(&digest_back.recovered),
			  array_count(&digest.recovered));
}

static void (*const checks[])(void) = {
	check_record, check_csv, check_entry, check_token, check_sent,
	check_memory
};

START_TEST(test_round_trip)
{
	for (unsigned int i = 0; i < ROUNDS; i++) T_BEGIN {
		checks[_i]();
		p_clear(pool);
	} T_END;
}
END_TEST

/* Dates as other programs write them. */
START_TEST(test_dates)
{
	static const struct {
		const char *cell;
		time_t wanted;
	} tests[] = {
		{ "2025-11-20", 1763596800 },
		{ "2025-11-20Z", 1763596800 },
		{ "2025-11-20 12:34", 1763642040 },
		{ "2025-11-20T12:34:56", 1763642096 },
		{ "2025-11-20 12:34:56Z", 1763642096 },
		{ "2025-11", 0 }, { "2025-11-", 0 }, { "", 0 }, { "soon", 0 },
		{ "2025-11-20x", 0 }, { "2025-11-20 12:34:56+01", 0 },
		{ "2025-00-20", 0 }, { "2025-13-20", 0 }, { "2025-11-00", 0 },
		{ "2025-11-32", 0 }, { "2025-11-20 24:00", 0 },
		{ "2025-11-20 12:60", 0 }, { "2025-11-20 12:34:61", 0 },
		{ "1969-12-31", 0 },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		time_t when = 0;
		bool ret = bounce_csv_date_parse(tests[i].cell, &when);

		ck_assert_msg(ret == (tests[i].wanted != 0) &&
			      (!ret || when == tests[i].wanted), "%s: %lld",
			      tests[i].cell, (long long)when);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("round-trip");
	TCase *tcase = tcase_create("round-trip");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_round_trip, 0, N_ELEMENTS(checks));
	tcase_add_test(tcase, test_dates);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
