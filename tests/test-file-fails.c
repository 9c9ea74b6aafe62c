/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Each verb of the store where the kernel lets the process open no more files, or
   write no more bytes, or a call of the driver's fails: as test-dict-fails, with
   Dovecot's own file driver. */

#include "bounce-test-verbs.h"
#include "array.h"
#include "istream.h"
#include "mail-user.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILES 30

static struct bounce_store_settings set;
static const char *path;
/* before; as the verb leaves it, and what it says, where nothing fails */
static char *before, *after, *answer;
/* verbs that failed */
static unsigned int failed;

/*
 * Calls that fail: Dovecot's library finds ours first
 */

enum call {
	CALL_RENAME,
	CALL_LOCK,
	CALL_COUNT
};
static const char *const call_names[CALL_COUNT] = {
	"rename", "flock"
};
static enum call call_kind;
/* the n-th, 0 = none; so many were made */
static unsigned int call_at, calls[CALL_COUNT];
/* verbs that failed by them */
static unsigned int failed_calls[CALL_COUNT];

static bool call_fails(enum call call)
{
	if (call_at == 0 || call != call_kind || ++calls[call] != call_at)
		return FALSE;
	errno = EIO;
	return TRUE;
}

int rename(const char *from, const char *to)
{
	return call_fails(CALL_RENAME) ? -1 :
		renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int flock(int fd, int operation)
{
	return call_fails(CALL_LOCK) ? -1 : syscall(SYS_flock, fd, operation);
}

/* All that it holds, in order: the driver has none. */
static const char *t_dump(void)
{
	struct istream *input = i_stream_create_file(path, SIZE_MAX);
	ARRAY_TYPE(const_string) rows;
	const char *key, *value, *row;
	string_t *dump = t_str_new(4096);

	t_array_init(&rows, 64);
	while ((key = i_stream_read_next_line(input)) != NULL) {
		key = t_strdup(key);
		value = i_stream_read_next_line(input);
		ck_assert_ptr_nonnull(value);
		row = t_strdup_printf("%s\n%s\n", key, value);
		array_push_back(&rows, &row);
	}
	i_stream_unref(&input);
	array_sort(&rows, i_strcmp_p);
	array_foreach_elem(&rows, row)
		str_append(dump, row);
	return str_c(dump);
}

static void load(const char *dump)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(dump, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void limit(int resource, rlim_t most)
{
	struct rlimit value;

	ck_assert_int_eq(getrlimit(resource, &value), 0);
	value.rlim_cur = I_MIN(most, value.rlim_max);
	ck_assert_int_eq(setrlimit(resource, &value), 0);
}

static int run(const struct test_verb *verb, const char **error_r)
{
	*error_r = NULL;
	str_truncate(test_verb_said, 0);
	return verb->run(error_r);
}

static bool is_answer(int ret, int wanted)
{
	return ret == wanted &&
		strcmp(t_test_verbs_hide_time(str_c(test_verb_said)),
		       answer) == 0 &&
		strcmp(t_test_verbs_hide_time(t_dump()), after) == 0;
}

#define SAYS(condition, text) \
	ck_assert_msg(condition, "%s, %s %lu: %s %d\n%s\n%s", verb->name, \
		      what, (unsigned long)most, text, ret, \
		      error == NULL ? "" : error, \
		      t_test_verbs_difference(t_test_verbs_hide_time(t_dump()), \
					      after))

/* It failed: nothing was written, and the same later is what it would have been. */
static void
check_failed(const struct test_verb *verb, int wanted, const char *what,
	     rlim_t most, int ret, const char *error)
{
	SAYS(error != NULL && *error != '\0', "no error");
	SAYS(strcmp(t_dump(), before) == 0, "written in part");
	ret = run(verb, &error);
	SAYS(is_answer(ret, wanted), "another answer later");
}

/* Returns FALSE if that was enough. */
static bool
fails(const struct test_verb *verb, int wanted, int resource, rlim_t most)
{
	const char *what = resource == RLIMIT_NOFILE ? "files" : "bytes";
	const char *error;
	int ret;

	load(before);
	store = dict_user_store(user, &set);
	limit(resource, most);
	ret = run(verb, &error);
	limit(resource, RLIM_INFINITY);
	if (ret < 0)
		check_failed(verb, wanted, what, most, ret, error);
	else
		SAYS(is_answer(ret, wanted), "another answer");
	bounce_store_deinit(&store);
	return ret < 0;
}

/* Returns FALSE if there were not so many calls. */
static bool
fails_call(const struct test_verb *verb, int wanted, enum call call,
	   unsigned int most)
{
	const char *what = call_names[call], *error;
	bool made;
	int ret;

	load(before);
	store = dict_user_store(user, &set);
	call_kind = call;
	call_at = most;
	calls[call] = 0;
	ret = run(verb, &error);
	call_at = 0;
	made = calls[call] >= most;
	if (ret < 0) {
		SAYS(made, "failed by itself");
		check_failed(verb, wanted, what, most, ret, error);
	} else {
		SAYS(is_answer(ret, wanted), "another answer");
	}
	bounce_store_deinit(&store);
	if (made && ret < 0)
		failed_calls[call]++;
	return made;
}

static void check_verb(const struct test_verb *verb, bool writes)
{
	const char *error;
	rlim_t most;
	int wanted, fd;
	rlim_t first;

	load(before);
	store = dict_user_store(user, &set);
	wanted = run(verb, &error);
	ck_assert_msg(wanted >= 0, "%s: %s", verb->name, error);
	bounce_store_deinit(&store);
	after = i_strdup(t_test_verbs_hide_time(t_dump()));
	answer = i_strdup(t_test_verbs_hide_time(str_c(test_verb_said)));
	/* the next that will be opened */
	fd = open("/dev/null", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	first = fd;
	i_close_fd(&fd);
	for (most = first; most < first + MAX_FILES; most++) {
		if (!fails(verb, wanted, RLIMIT_NOFILE, most))
			break;
	}
	if (most > first)
		failed++;
	ck_assert_uint_lt(most, first + MAX_FILES);
	/* up to the last bytes */
	for (most = 0; writes && most < strlen(before) * 2; most += most / 2 + 1) {
		if (!fails(verb, wanted, RLIMIT_FSIZE, most))
			break;
	}
	for (unsigned int call = 0; call < CALL_COUNT; call++) {
		for (most = 1; fails_call(verb, wanted, call, most); most++)
			;
	}
	i_free(after);
	i_free(answer);
}

static void check_verbs(const struct test_verb *verbs, bool writes)
{
	unsigned int count = 0;

	for (; verbs->name != NULL; verbs++) T_BEGIN {
		/* where nobody waits, the lock is tried for two seconds */
		if (strstr(verbs->name, "-later") == NULL) {
			check_verb(verbs, writes);
			count++;
		}
	} T_END;
	/* whether it is empty is asked of no file */
	ck_assert_uint_ge(failed, count - 1);
	/* a dry run writes nothing */
	for (unsigned int i = 0; i < CALL_COUNT; i++)
		ck_assert_uint_ge(failed_calls[i], writes ? count - 1 : 0);
}

static void setup(void)
{
	START = time(NULL);
	/* an error then, no signal */
	signal(SIGXFSZ, SIG_IGN);
	test_verb_said = str_new(default_pool, 256);
	test_verbs_settings(&set);
	home = dict_user_mkdir();
	path = t_strconcat(home, "/dovecot-bounce.dict", NULL);
	user = dict_user_init("alice", home, "");
	store = dict_user_store(user, &set);
	test_verbs_fill();
	bounce_store_deinit(&store);
	before = i_strdup(t_dump());
}

static void teardown(void)
{
	dict_user_deinit(&user);
	dict_user_rmdir(home);
	i_free(before);
	str_free(&test_verb_said);
}

START_TEST(test_read)
{
	check_verbs(test_verbs_read, FALSE);
}
END_TEST

START_TEST(test_write)
{
	check_verbs(test_verbs_write, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file-fails");
	TCase *tcase = tcase_create("file-fails");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_read);
	tcase_add_test(tcase, test_write);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
