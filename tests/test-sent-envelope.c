/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* An envelope and the copy in Sent are one mail. */

#include "bounce-test-store.h"
#include "bounce-test-mail.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-sent-mail.h"
#include "bounce-sent-store.h"

#include <time.h>

/* Different addresses a@x.example, b@... for each letter. */
static const char *const *t_letters(const char *letters)
{
	ARRAY_TYPE(const_string) addresses;

	t_array_init(&addresses, 8);
	for (; *letters != '\0'; letters++) {
		const char *address = t_strdup_printf("%c@x.example", *letters);

		array_push_back(&addresses, &address);
	}
	array_append_zero(&addresses);
	return array_front(&addresses);
}

/* "E abc 1": an envelope with the queue id 1; "C ab 1": a copy with Message-ID <1>;
   "O abc 1": an envelope of which one recipient was refused. */
static int add_mail(const char *step, time_t when, const char *subject)
{
	const char *const *words = t_strsplit(step, " ");
	struct bounce_sent_mail mail = { .when = when, .verifiable = TRUE };
	const char *error = "?";
	bool bounced;
	int ret;

	mail.addresses = t_letters(words[1]);
	mail.recipients = strlen(words[1]);
	if (*words[0] == 'C') {
		mail.message_id = t_strdup_printf("<%s>", words[2]);
		mail.subject = subject;
		mail.saved = TRUE;
	} else {
		mail.queue_id = words[2];
		mail.open = *words[0] == 'O';
		if (mail.open)
			mail.recipients--;
	}
	ret = bounce_sent_store_add(store, &mail, 1, &bounced, &error);
	ck_assert_msg(ret >= 0, "%s", error);
	return ret;
}

static void
read_sum(time_t since, time_t now, struct bounce_sent *day_r,
	 struct bounce_sent *broadcast_r, pool_t pool)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *sent;
	const char *error;

	p_array_init(&days, pool, 8);
	p_array_init(&broadcasts, pool, 8);
	ck_assert_int_eq(bounce_sent_store_read(store, pool, since, now, &days,
					    &broadcasts, &error), 0);
	bounce_sent_init(day_r, pool, "20260101");
	bounce_sent_init(broadcast_r, pool, "20260101-0");
	array_foreach(&days, sent) {
		day_r->messages += sent->messages;
		day_r->saved += sent->saved;
		day_r->sent += sent->sent;
	}
	array_foreach(&broadcasts, sent) {
		broadcast_r->messages += sent->messages;
		broadcast_r->saved += sent->saved;
		broadcast_r->sent += sent->sent;
	}
}

#define MANY "abcdefghijklmnopqrstuvwxyz"

START_TEST(halves)
{
	static const struct {
		/* a minute apart, from so many seconds after midnight */
		int start;
		const char *steps[5];
		unsigned int messages, saved, sent;
		/* the same of broadcasts */
		unsigned int b_messages, b_saved, b_sent;
	} tests[] = {
		/* the envelope alone, the copy alone */
		{ 3600, { "E ab 1" }, 1, 0, 2, 0, 0, 0 },
		{ 3600, { "C ab 1" }, 1, 1, 2, 0, 0, 0 },
		/* in both orders, with and without Bcc */
		{ 3600, { "E ab 1", "C ab 1" }, 1, 0, 2, 0, 0, 0 },
		{ 3600, { "C ab 1", "E ab 1" }, 1, 0, 2, 0, 0, 0 },
		{ 3600, { "E abc 1", "C a 1" }, 1, 0, 3, 0, 0, 0 },
		{ 3600, { "C a 1", "E abc 1" }, 1, 0, 3, 0, 0, 0 },
		/* undisclosed recipients */
		{ 3600, { "E abc 1", "C  1" }, 1, 0, 3, 0, 0, 0 },
		/* once each */
		{ 3600, { "E ab 1", "E ab 1", "C ab 1", "C ab 1" }, 1, 0, 2,
		  0, 0, 0 },
		/* others' mail */
		{ 3600, { "E ab 1", "C abc 1" }, 2, 1, 5, 0, 0, 0 },
		{ 3600, { "E ab 1", "E ab 2" }, 2, 0, 4, 0, 0, 0 },
		{ 3600, { "C ab 1", "C ab 2" }, 2, 2, 4, 0, 0, 0 },
		/* the one that fits best */
		{ 3600, { "E abcd 1", "E ab 2", "C ab 1" }, 2, 0, 6, 0, 0, 0 },
		{ 3600, { "E abcd 1", "E ab 2", "C ab 1", "C abc 2" }, 2, 0, 6,
		  0, 0, 0 },
		/* the server refused one */
		{ 3600, { "O abc 1", "C abc 1" }, 1, 0, 2, 0, 0, 0 },
		/* a broadcast is one, whichever comes first */
		{ 3600, { "E "MANY" 1", "C a 1" }, 1, 0, 26, 1, 0, 26 },
		{ 3600, { "C a 1", "E "MANY" 1" }, 1, 0, 26, 1, 0, 26 },
		{ 3600, { "C "MANY" 1", "E "MANY" 1" }, 1, 0, 26, 1, 0, 26 },
		/* without the one that was refused */
		{ 3600, { "O "MANY" 1", "C a 1" }, 1, 0, 25, 1, 0, 25 },
		/* just after midnight, with nothing on the day before */
		{ 30, { "E ab 1", "C ab 1" }, 1, 0, 2, 0, 0, 0 },
		/* over midnight */
		{ -30, { "E ab 1", "C a 1" }, 1, 0, 2, 0, 0, 0 },
		{ -30, { "C a 1", "E ab 1" }, 1, 0, 2, 0, 0, 0 },
		{ -30, { "E "MANY" 1", "C a 1" }, 1, 0, 26, 1, 0, 26 },
		{ -30, { "C a 1", "E "MANY" 1" }, 1, 0, 26, 1, 0, 26 },
		{ -30, { "E ab 1", "E ab 1" }, 1, 0, 2, 0, 0, 0 },
	};
	time_t midnight = START - START % DAY;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		/* two days each, which nobody else writes */
		time_t day = midnight - (2 * (time_t)i + 1) * DAY;
		pool_t pool = pool_alloconly_create("halves", 1024);
		struct bounce_sent sum, broadcast;

		for (unsigned int s = 0; tests[i].steps[s] != NULL; s++)
			(void)add_mail(tests[i].steps[s],
				       day + tests[i].start + s * 60, "News");
		read_sum(day - DAY, day + DAY - 1, &sum, &broadcast, pool);
		ck_assert_msg(sum.messages == tests[i].messages &&
			      sum.saved == tests[i].saved &&
			      sum.sent == tests[i].sent,
			      "%u: %u mails, %u saved, %u recipients", i,
			      sum.messages, sum.saved, sum.sent);
		ck_assert_msg(broadcast.messages == tests[i].b_messages &&
			      broadcast.saved == tests[i].b_saved &&
			      broadcast.sent == tests[i].b_sent,
			      "%u: broadcast: %u mails, %u saved, %u recipients",
			      i, broadcast.messages, broadcast.saved,
			      broadcast.sent);
		pool_unref(&pool);
	} T_END;
}
END_TEST

START_TEST(too_late)
{
	time_t noon = START - START % DAY - DAY / 2;
	pool_t pool = pool_alloconly_create("late", 1024);
	struct bounce_sent sum, broadcast;

	(void)add_mail("E ab 1", noon, "News");
	(void)add_mail("C ab 1", noon + BOUNCE_SENT_RECENT_SECS + 1, "News");
	read_sum(noon, noon, &sum, &broadcast, pool);
	ck_assert_uint_eq(sum.sent, 4);
	(void)add_mail("E cd 2", noon, "News");
	(void)add_mail("C cd 2", noon + BOUNCE_SENT_RECENT_SECS, "News");
	read_sum(noon, noon, &sum, &broadcast, pool);
	ck_assert_uint_eq(sum.sent, 6);
	pool_unref(&pool);
}
END_TEST

/* An envelope that is counted can be asked for. */
START_TEST(asked)
{
	static const struct {
		const char *letters;
		unsigned int recipients;
		bool open, exact;
	} tests[] = {
		{ "a", 1, FALSE, TRUE },
		/* one of two was refused: it is not known which */
		{ "ab", 1, TRUE, FALSE },
		/* it is not known who they are */
		{ NULL, 3, FALSE, FALSE },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		struct bounce_sent_mail mail = {
			.when = START, .queue_id = t_strdup_printf("4bX%u", i),
			.addresses = tests[i].letters == NULL ? NULL :
				t_letters(tests[i].letters),
			.open = tests[i].open, .recipients = tests[i].recipients
		};
		struct bounce_sent_envelope env;
		const char *error = "?";
		bool bounced;

		ck_assert_msg(bounce_sent_store_add(store, &mail, 1, &bounced,
						    &error) == 1, "%s", error);
		ck_assert_int_eq(bounce_sent_store_envelope(store,
			pool_datastack_create(), mail.queue_id, START, &env,
			&error), 1);
		ck_assert_uint_eq(env.recipients, tests[i].recipients);
		ck_assert(bounce_sent_envelope_is_exact(&env) == tests[i].exact);
		ck_assert(bounce_sent_envelope_has(&env, "a@x.example") ==
			  tests[i].exact);
	} T_END;
}
END_TEST

static struct bounce_sent_envelope
make_envelope(const char *queue_id, const char *letters, time_t when)
{
	const char *const *addresses = t_letters(letters);
	struct bounce_sent_envelope env;

	bounce_sent_envelope_init(&env, pool_datastack_create(), queue_id,
				  addresses, strlen(letters));
	env.when = when;
	return env;
}

START_TEST(shards)
{
	struct bounce_sent_envelope env = make_envelope("4bX", "ab", START);
	struct bounce_sent_envelope open = make_envelope("4bY", "ab", START + 1);
	pool_t pool = pool_datastack_create();
	const char *value;

	ck_assert(strncmp(bounce_sent_envelope_key("4bX"),
			  BOUNCE_DICT_ENVELOPE_PREFIX,
			  strlen(BOUNCE_DICT_ENVELOPE_PREFIX)) == 0);
	value = bounce_sent_envelope_put(NULL, &env);
	open.open = TRUE;
	value = bounce_sent_envelope_put(value, &open);
	ck_assert(bounce_sent_envelope_find(pool, value, "4bX", START, &env));
	ck_assert_uint_eq(env.recipients, 2);
	ck_assert(bounce_sent_envelope_is_exact(&env));
	ck_assert(bounce_sent_envelope_has(&env, "a@x.example"));
	ck_assert(bounce_sent_envelope_has(&env, "b@x.example"));
	ck_assert(!bounce_sent_envelope_has(&env, "c@x.example"));
	ck_assert(bounce_sent_envelope_find(pool, value, "4bY", START, &env));
	ck_assert(!bounce_sent_envelope_is_exact(&env));
	ck_assert(!bounce_sent_envelope_has(&env, "a@x.example"));
	ck_assert(!bounce_sent_envelope_find(pool, value, "4bZ", START, &env));
	/* what is too old is not believed, and goes when the next one comes */
	ck_assert(!bounce_sent_envelope_find(pool, value, "4bX",
		START + BOUNCE_SENT_ENVELOPE_SECS + 1, &env));
	env = make_envelope("4bZ", "c", START + BOUNCE_SENT_ENVELOPE_SECS + 1);
	value = bounce_sent_envelope_put(value, &env);
	ck_assert(!bounce_sent_envelope_find(pool, value, "4bX", START, &env));
	ck_assert(bounce_sent_envelope_find(pool, value, "4bY", START, &env));
	/* an id that is used again: the newest */
	env = make_envelope("4bY", "d", START + 5);
	value = bounce_sent_envelope_put(value, &env);
	ck_assert(bounce_sent_envelope_find(pool, value, "4bY", START, &env));
	ck_assert(bounce_sent_envelope_has(&env, "d@x.example"));
}
END_TEST

/* Whatever stands there: nothing is found, and the next one goes in. */
START_TEST(damaged)
{
	static const char *const values[] = {
		"", "{", "[]", "{\"envelopes\":3}", "{\"envelopes\":[3,{},null]}",
		"{\"envelopes\":[{\"q\":\"x\",\"t\":-1,\"n\":1}]}",
		"{\"envelopes\":[{\"q\":\"x\",\"t\":1790000000,\"n\":-1}]}",
		("{\"envelopes\":[{\"q\":\"x\",\"t\":1790000000,\"n\":1,"
		 "\"to\":\"abc\"}]}"),
	};

	for (unsigned int i = 0; i < N_ELEMENTS(values); i++) T_BEGIN {
		struct bounce_sent_envelope env = make_envelope("1", "a", START);
		const char *value;

		ck_assert(!bounce_sent_envelope_find(pool_datastack_create(),
			values[i], "1", START, &env));
		env = make_envelope("1", "a", START);
		value = bounce_sent_envelope_put(values[i], &env);
		ck_assert(bounce_sent_envelope_find(pool_datastack_create(),
			value, "1", START, &env));
	} T_END;
}
END_TEST

START_TEST(caps)
{
	struct bounce_sent_envelope env;
	const char *value = NULL;
	ARRAY_TYPE(const_string) addresses;
	pool_t pool = pool_alloconly_create("caps", 1024);
	unsigned int kept;

	t_array_init(&addresses, BOUNCE_MAX_SENT_ENVELOPE + 1);
	for (unsigned int i = 0; i <= BOUNCE_MAX_SENT_ENVELOPE; i++) {
		const char *address = t_strdup_printf("p%u@x.example", i);

		array_push_back(&addresses, &address);
	}
	bounce_sent_envelope_init(&env, pool, "1", array_front(&addresses),
				  BOUNCE_MAX_SENT_ENVELOPE);
	ck_assert(bounce_sent_envelope_has(&env, "p999@x.example"));
	bounce_sent_envelope_init(&env, pool, "1", array_front(&addresses),
				  BOUNCE_MAX_SENT_ENVELOPE + 1);
	ck_assert(!bounce_sent_envelope_is_exact(&env));
	ck_assert_uint_eq(env.recipients, BOUNCE_MAX_SENT_ENVELOPE + 1);

	for (unsigned int i = 0; i <= BOUNCE_MAX_SENT_SHARD; i++) T_BEGIN {
		char *copy;

		env = make_envelope(t_strdup_printf("%u", i), "a", START);
		copy = p_strdup(pool, bounce_sent_envelope_put(value, &env));
		value = copy;
	} T_END;
	ck_assert(strlen(value) < 64 * 1024);
	ck_assert(!bounce_sent_envelope_find(pool, value, "0", START, &env));
	ck_assert(bounce_sent_envelope_find(pool, value, "1", START, &env));
	/* a large one makes room for itself */
	for (unsigned int i = 0; i < 5; i++) {
		bounce_sent_envelope_init(&env, pool,
			t_strdup_printf("large%u", i), array_front(&addresses),
			BOUNCE_MAX_SENT_ENVELOPE);
		env.when = START;
		value = p_strdup(pool, bounce_sent_envelope_put(value, &env));
	}
	ck_assert(strlen(value) < 64 * 1024);
	kept = BOUNCE_MAX_SENT_SHARD_RECIPIENTS / BOUNCE_MAX_SENT_ENVELOPE;
	for (unsigned int i = 0; i < 5; i++) {
		ck_assert(bounce_sent_envelope_find(pool, value,
			t_strdup_printf("large%u", i), START, &env) ==
			(i >= 5 - kept));
	}
	pool_unref(&pool);
}
END_TEST

static const char *t_repeated(char c, size_t size)
{
	string_t *str = t_str_new(size + 1);

	while (str_len(str) < size)
		str_append_c(str, c);
	return str_c(str);
}

START_TEST(recent_caps)
{
	pool_t pool = pool_alloconly_create("recent", 1024);
	struct bounce_sent day, again;
	struct bounce_sent_envelope env, other;
	const char *text, *error;

	bounce_sent_init(&day, pool, "20260101");
	for (unsigned int i = 0; i <= BOUNCE_MAX_SENT_RECENT; i++) {
		env = make_envelope(t_strdup_printf("%u", i), "a", START);
		bounce_sent_recent_add(&day, &env);
	}
	ck_assert_uint_eq(array_count(&day.recent), BOUNCE_MAX_SENT_RECENT);
	text = bounce_sent_encode(&day);
	ck_assert(strlen(text) < 64 * 1024);
	ck_assert_int_eq(bounce_sent_decode(pool, text, &again, &error), 0);
	ck_assert_uint_eq(array_count(&again.recent), BOUNCE_MAX_SENT_RECENT);
	env = make_envelope(NULL, "a", START + 1);
	ck_assert(bounce_sent_recent_take(&again, &env, &other));
	ck_assert_uint_eq(other.recipients, 1);
	/* what has waited long enough goes */
	env = make_envelope("x", "b", START + BOUNCE_SENT_RECENT_SECS + 1);
	bounce_sent_recent_add(&again, &env);
	ck_assert_uint_eq(array_count(&again.recent), 1);
	/* and what has too many recipients together */
	env.to = t_repeated('a', BOUNCE_SENT_HASH * 3 *
			    BOUNCE_MAX_SENT_RECENT_RECIPIENTS / 4);
	bounce_sent_recent_add(&again, &env);
	ck_assert_uint_eq(array_count(&again.recent), 2);
	bounce_sent_recent_add(&again, &env);
	ck_assert_uint_eq(array_count(&again.recent), 1);
	pool_unref(&pool);
}
END_TEST

/* What is known of a mail before it is sent, wherever its fields are folded. */
START_TEST(header)
{
	struct istream *input = bounce_test_stream(
		"Message-ID:\r\n <1@example.org>\r\n"
		"Subject: hello\r\n\tBob\r\n"
		"To: b@x.example,\r\n Ann\r\n <A@x.example>\r\n"
		"Cc: c@x.example\r\n\r\nTo: d@x.example\r\n");
	pool_t pool = pool_alloconly_create("test", 1024);
	struct bounce_sent_header out;
	const unsigned char *data;
	size_t size;

	ck_assert_int_eq(bounce_sent_header_read_stream(input, pool, &out), 0);
	ck_assert_pstr_eq(out.message_id, "<1@example.org>");
	/* white space is nobody's concern */
	ck_assert_str_eq(bounce_sent_id("1", out.subject, NULL),
			 bounce_sent_id("1", "hello Bob", NULL));
	ck_assert_str_eq(t_array_const_string_join(&out.recipients, " "),
			 "a@x.example b@x.example c@x.example");
	/* it is left at its start */
	ck_assert_int_gt(i_stream_read_data(input, &data, &size, 0), 0);
	ck_assert_int_eq(memcmp(data, "Message-ID:", 11), 0);
	i_stream_unref(&input);
	pool_unref(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sent envelope");
	TCase *tcase = tcase_create("sent envelope");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, header);
	tcase_add_test(tcase, halves);
	tcase_add_test(tcase, too_late);
	tcase_add_test(tcase, asked);
	tcase_add_test(tcase, shards);
	tcase_add_test(tcase, damaged);
	tcase_add_test(tcase, caps);
	tcase_add_test(tcase, recent_caps);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
