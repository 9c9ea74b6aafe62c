#include "bounce-test.h"
#include "array.h"
#include "bounce-sent.h"
#include "bounce-token.h"

#define DAY "20261124"
#define NOW (1795478400 + 3600)
#define ID "<1@example.org>"

static pool_t pool;
static ARRAY_TYPE(bounce_token_key) keys;
static struct bounce_token_key key, old_key;
static struct bounce_token token;
static const char *const rcpts[] = {
	"a@example.net", "b@example.net", "c@example.net", "d@example.net",
	"e@example.net"
};

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
	p_array_init(&keys, pool, 2);
	memset(&key, 1, sizeof(key));
	memset(&old_key, 2, sizeof(old_key));
	array_push_back(&keys, &key);
	array_push_back(&keys, &old_key);
}

static void teardown(void)
{
	pool_unref(&pool);
}

static bool verify(const char *value, const char *user, const char *id)
{
	return bounce_token_verify(&keys, value, user, id, NOW, pool, &token);
}

START_TEST(ours)
{
	const char *value = bounce_token_make(&key, "alice", ID, DAY, rcpts, 5);

	ck_assert(verify(value, "alice", ID));
	ck_assert_str_eq(token.day, DAY);
	for (unsigned int i = 0; i < 5; i++)
		ck_assert(bounce_token_has(&token, rcpts[i]));
	ck_assert(!bounce_token_has(&token, "f@example.net"));
	/* another mailer folds it anew */
	ck_assert(verify(t_str_replace(value, '\n', '\t'), "alice", ID));
}
END_TEST

START_TEST(not_ours)
{
	const char *value = bounce_token_make(&key, "alice", ID, DAY, rcpts, 2);
	struct bounce_token_key other;

	ck_assert(!verify(value, "bob", ID));
	ck_assert(!verify(value, "alice", "<2@example.org>"));
	ck_assert(!verify("", "alice", ID));
	ck_assert(!verify("1", "alice", ID));
	ck_assert(!verify("1 "DAY" ", "alice", ID));
	ck_assert(!verify("1 "DAY" x", "alice", ID));
	ck_assert(!verify(t_strconcat(value, "AAAAAA", NULL), "alice", ID));
	ck_assert(!verify(t_strconcat("2", value + 1, NULL), "alice", ID));
	/* the day is bound, and so is the split between the fields */
	ck_assert(!verify(t_strconcat("1 20261123", value + 10, NULL), "alice",
			  ID));
	value = bounce_token_make(&key, "al", t_strconcat("ice", ID, NULL), DAY,
				  rcpts, 2);
	ck_assert(!verify(value, "alice", ID));
	memset(&other, 3, sizeof(other));
	ck_assert(!verify(bounce_token_make(&other, "alice", ID, DAY, rcpts, 2),
			  "alice", ID));
}
END_TEST

START_TEST(rotated)
{
	ck_assert(verify(bounce_token_make(&old_key, "alice", ID, DAY, rcpts, 2),
			 "alice", ID));
	ck_assert(bounce_token_has(&token, rcpts[1]));
	ck_assert(!bounce_token_has(&token, rcpts[2]));
}
END_TEST

START_TEST(too_old)
{
	static const struct {
		int days;
		bool ok;
	} tests[] = { { 0, TRUE }, { 29, TRUE }, { 31, FALSE }, { -1, TRUE },
		      { -3, FALSE } };

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *day =
			bounce_sent_day(NOW - tests[i].days * 86400);

		ck_assert_int_eq(verify(bounce_token_make(&key, "alice", ID,
			day, rcpts, 1), "alice", ID), tests[i].ok);
	}
}
END_TEST

START_TEST(says_no_number)
{
	static const struct {
		unsigned int recipients;
		bool open;
	} tests[] = { { 1, FALSE }, { 4, FALSE }, { 5, FALSE }, { 65, FALSE },
		      { 128, FALSE }, { 129, TRUE }, { 1000, TRUE } };
	size_t length = 0;
	const char *addresses[1000];

	for (unsigned int i = 0; i < N_ELEMENTS(addresses); i++)
		addresses[i] = t_strdup_printf("%u@example.net", i);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *value = bounce_token_make(&key, "alice", ID, DAY,
			addresses, tests[i].recipients);

		ck_assert(verify(value, "alice", ID));
		/* nor whether there were too many */
		if (i == 0)
			length = strlen(value);
		ck_assert_uint_eq(strlen(value), length);
		/* with Dovecot's own Received line below 1024 */
		ck_assert_uint_le(strlen(value), 600);
		for (unsigned int j = 0; j < tests[i].recipients; j++)
			ck_assert_int_eq(bounce_token_has(&token, addresses[j]),
					 !tests[i].open);
		ck_assert(!bounce_token_has(&token, "x@example.net"));
		/* too many to tell */
		ck_assert_int_eq(bounce_token_is_open(&token),
				 tests[i].open);
	}
}
END_TEST

START_TEST(key_files)
{
	const char *line = bounce_token_key_line(&key), *error;
	ARRAY_TYPE(bounce_token_key) read;

	p_array_init(&read, pool, 2);
	ck_assert_int_eq(bounce_token_keys_parse(t_strconcat("# ours\n\n", line,
		"\r\n", bounce_token_key_line(&old_key), NULL), &read,
		&error), 0);
	ck_assert_uint_eq(array_count(&read), 2);
	ck_assert_int_eq(memcmp(array_idx(&read, 1), &old_key,
				sizeof(old_key)), 0);
	array_clear(&read);
	ck_assert_int_eq(bounce_token_keys_parse("", &read, &error), -1);
	ck_assert_int_eq(bounce_token_keys_parse("abcd\n", &read, &error), -1);
	ck_assert_ptr_null(strstr(error, "abcd"));
	ck_assert_int_eq(bounce_token_keys_parse(
		"00000000000000000000000000000000"
		"00000000000000000000000000000000\n", &read, &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "all zeros"));
	ck_assert_int_eq(bounce_token_keys_parse(
		t_str_replace(line, '1', 'x'), &read, &error), -1);
	array_clear(&read);
	for (unsigned int i = 0; i < 4; i++)
		line = t_strconcat(line, line, NULL);
	ck_assert_int_eq(bounce_token_keys_parse(line, &read, &error), 0);
	ck_assert_uint_eq(array_count(&read), BOUNCE_TOKEN_MAX_KEYS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tcase = tcase_create("token");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, ours);
	tcase_add_test(tcase, not_ours);
	tcase_add_test(tcase, rotated);
	tcase_add_test(tcase, too_old);
	tcase_add_test(tcase, says_no_number);
	tcase_add_test(tcase, key_files);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
