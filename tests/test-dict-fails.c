/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Each verb of the store, with a dictionary whose n-th call fails, for every n:
   what could not be read is not taken for empty, what was not written is not
   reported as done, and the same verb later does what it would have done. */

#include "bounce-test-verbs.h"
#include "bounce-test-dict.h"
#include "bounce-store-private.h"

#include <stdlib.h>
#include <time.h>

static enum test_dict_kind kind;
static struct bounce_store_settings set;
/* before; as the verb leaves it, and what it says, where nothing fails */
static char *before, *after, *answer;

static const char *t_dump(void)
{
	return t_test_verbs_hide_time(t_test_dict_dump());
}

static const char *t_said(void)
{
	return t_test_verbs_hide_time(str_c(test_verb_said));
}

static void open_store(void)
{
	store = dict_user_store(user, &set);
}

/* Everything that was begun is ended. */
static void close_store(void)
{
	bounce_store_deinit(&store);
	ck_assert_uint_eq(test_dict.open, 0);
}

static int
run(const struct test_verb *verb, unsigned int fail_at, unsigned int fail_count,
    unsigned int percent, const char **error_r)
{
	*error_r = NULL;
	str_truncate(test_verb_said, 0);
	test_dict.calls = test_dict.failed = test_dict.failed_commits = 0;
	test_dict.fail_at = fail_at;
	test_dict.fail_count = fail_count;
	test_dict.commit_percent = percent;
	return verb->run(error_r);
}

/* Is the dictionary the same, however often it was asked for? */
static bool is_once(const struct test_verb *verb, unsigned int percent)
{
	return percent == 0 || verb->again == TEST_VERB_ONCE ||
		(percent == 100 && verb->again == TEST_VERB_WHOLE);
}

#define WHERE "%s of %s, call %u, %u fail, %u %% written: "

/* The n-th call fails, and all that follow up to count. Returns FALSE if there were
   not so many. */
static bool
fail_one(const struct test_verb *verb, int wanted, unsigned int n,
	 unsigned int count, unsigned int percent, bool *commit_r)
{
	const char *name = verb->name, *of = test_dict_uri(kind);
	const char *error;
	bool failed, written;
	int ret;

	test_dict_load(before);
	open_store();
	ret = run(verb, n, count, percent, &error);
	failed = test_dict.failed > 0;
	*commit_r = test_dict.failed_commits > 0;
	written = strcmp(t_test_dict_dump(), before) != 0;
#define SAYS(condition, text) \
	ck_assert_msg(condition, WHERE"%s\n%s\n%s", name, of, n, count, \
		      percent, text, error == NULL ? "" : error, \
		      t_test_verbs_difference(t_dump(), after))
	if (ret < 0) {
		SAYS(error != NULL && *error != '\0', "no error");
		SAYS(strpbrk(error, "\r\n\t") == NULL, "more than a line");
		SAYS(failed, "failed by itself");
		SAYS(percent > 0 || !written, "written in part");
	} else if (percent == 0) {
		SAYS(ret == wanted, "another number");
		SAYS(strcmp(t_said(), answer) == 0, "another answer");
	}
	if (ret >= 0 && is_once(verb, percent))
		SAYS(strcmp(t_dump(), after) == 0, "another dictionary");
	/* no call was left that could have said better */
	SAYS(ret < 0 || !failed || count == 1, "done, though all failed");
	if (ret < 0) {
		ret = run(verb, 0, 0, 0, &error);
		SAYS(ret >= 0, "fails for good");
		SAYS(percent > 0 || ret == wanted, "another number later");
		if (is_once(verb, percent)) {
			SAYS(strcmp(t_dump(), after) == 0,
			     "another dictionary later");
		}
	}
	close_store();
	return failed;
}

/* A commit with each share of it written. */
static bool
fail_each(const struct test_verb *verb, int wanted, unsigned int n,
	  unsigned int count)
{
	static const unsigned int percents[] = { 0, 50, 100 };
	bool failed = FALSE, commit = TRUE;

	for (unsigned int i = 0; i < N_ELEMENTS(percents) && commit; i++) T_BEGIN {
		failed = fail_one(verb, wanted, n, count, percents[i], &commit);
	} T_END;
	return failed;
}

/* Valgrind takes a minute for all of the 64 look-ups of redis. */
static unsigned int next_call(unsigned int n)
{
	return n + (null_strcmp(getenv("CK_FORK"), "no") == 0 && n > 5 ? 7 : 1);
}

/* The dictionary is left alone, as it did not answer before: that is no empty one
   either. */
static void refuse(const struct test_verb *verb)
{
	const char *error;
	int ret;

	test_dict_load(before);
	open_store();
	store->dict->wait->gave_up = TRUE;
	ret = run(verb, 0, 0, 0, &error);
	store->dict->wait->gave_up = FALSE;
	ck_assert_msg(ret < 0, "%s of %s: not asked, and no error", verb->name,
		      test_dict_uri(kind));
	ck_assert_msg(bounce_store_is_down(store), "%s of %s: not asked, and "
		      "not said to be down", verb->name, test_dict_uri(kind));
	ck_assert_msg(error != NULL && *error != '\0', "%s of %s: no error",
		      verb->name, test_dict_uri(kind));
	ck_assert_uint_eq(test_dict.calls, 0);
	close_store();
}

static void check_verb(const struct test_verb *verb, bool writes)
{
	static const unsigned int counts[] = { 1, UINT_MAX };
	const char *error;
	unsigned int calls, n;
	int wanted;

	test_dict_load(before);
	open_store();
	wanted = run(verb, 0, 0, 0, &error);
	ck_assert_msg(wanted >= 0, "%s: %s", verb->name, error);
	calls = test_dict.calls;
	after = i_strdup(t_dump());
	answer = i_strdup(t_said());
	ck_assert_msg(writes || strcmp(t_test_dict_dump(), before) == 0,
		      "%s writes", verb->name);
	close_store();
	refuse(verb);
	for (unsigned int c = 0; c < N_ELEMENTS(counts); c++) {
		for (n = 1; n <= calls; n = next_call(n))
			ck_assert(fail_each(verb, wanted, n, counts[c]));
		/* it has no more */
		ck_assert(!fail_each(verb, wanted, calls + 1, counts[c]));
	}
	i_free(after);
	i_free(answer);
}

static void check_verbs(const struct test_verb *verbs, bool writes)
{
	for (; verbs->name != NULL; verbs++) T_BEGIN {
		check_verb(verbs, writes);
	} T_END;
}

START_TEST(test_fails)
{
	kind = _i;
	START = time(NULL);
	test_verb_said = str_new(default_pool, 256);
	test_verbs_settings(&set);
	test_dict_user_setup(kind);
	open_store();
	test_verbs_fill();
	close_store();
	before = i_strdup(t_test_dict_dump());
	check_verbs(test_verbs_read, FALSE);
	check_verbs(test_verbs_write, TRUE);
	test_dict_user_teardown();
	i_free(before);
	str_free(&test_verb_said);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dict-fails");
	TCase *tcase = tcase_create("dict-fails");

	tcase_add_loop_test(tcase, test_fails, 0, TEST_DICT_KINDS);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
