/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The file that says that reports were delivered, but not recorded: whatever happens
   to it, its date is never later than the oldest of them. */

#include "bounce-test-store.h"
#include "bounce-pending.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME "dovecot-bounce.pending"
#define MAX_POSITION 128

static struct bounce_pending *pending;

static void setup(void)
{
	home = dict_user_mkdir();
	user = dict_user_init("alice", home, "");
}

static void teardown(void)
{
	dict_user_deinit(&user);
	dict_user_rmdir(home);
}

static void mark(time_t when)
{
	ck_assert(bounce_pending_mark(user, when, NULL));
	ck_assert(bounce_pending_exists(user));
}

/* What it says then; it is left as it is. */
static void check_begin(time_t since, const char *position)
{
	time_t begun = 0;

	ck_assert(bounce_pending_begin(user, &pending, &begun));
	ck_assert_int_eq(begun, since);
	ck_assert_str_eq(t_bounce_pending_position(pending), position);
}

static void check_stands(time_t since, const char *position)
{
	check_begin(since, position);
	bounce_pending_end(&pending, FALSE);
	ck_assert(bounce_pending_exists(user));
}

static void check_nothing(void)
{
	time_t since;

	ck_assert(!bounce_pending_exists(user));
	ck_assert(!bounce_pending_begin(user, &pending, &since));
}

static void limit_bytes(rlim_t most)
{
	struct rlimit value;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &value), 0);
	value.rlim_cur = I_MIN(most, value.rlim_max);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &value), 0);
}

START_TEST(test_mark)
{
	struct stat st;

	check_nothing();
	mark(START - 100);
	ck_assert_int_eq(stat(t_strconcat(home, "/"NAME, NULL), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	mark(START - 50);
	check_begin(START - 100, "");
	/* while it is made up for */
	ck_assert(bounce_pending_exists(user));
	bounce_pending_end(&pending, TRUE);
	check_nothing();
	/* the second is the older */
	mark(START - 50);
	mark(START - 100);
	check_stands(START - 100, "");
}
END_TEST

START_TEST(test_progress)
{
	char *longest = t_malloc0(MAX_POSITION + 1);

	mark(START - 100);
	check_begin(START - 100, "");
	bounce_pending_progress(pending, "17 4 INBOX");
	ck_assert_str_eq(t_bounce_pending_position(pending), "17 4 INBOX");
	bounce_pending_end(&pending, FALSE);
	check_begin(START - 100, "17 4 INBOX");
	bounce_pending_progress(pending, "18");
	bounce_pending_end(&pending, FALSE);
	check_begin(START - 100, "18");
	memset(longest, 'x', MAX_POSITION);
	bounce_pending_progress(pending, longest);
	bounce_pending_end(&pending, FALSE);
	check_stands(START - 100, longest);
}
END_TEST

/* One more that was not recorded, while somebody is at it or has left off. */
START_TEST(test_more)
{
	mark(START - 100);
	check_begin(START - 100, "");
	bounce_pending_progress(pending, "17");
	mark(START - 300);
	bounce_pending_end(&pending, FALSE);
	/* from the beginning, whoever begins */
	check_stands(START - 300, "");
	check_begin(START - 300, "");
	bounce_pending_progress(pending, "18");
	bounce_pending_end(&pending, FALSE);
	mark(START - 50);
	check_stands(START - 300, "");
	/* the one of which nobody knows stays */
	check_begin(START - 300, "");
	mark(START - 20);
	bounce_pending_end(&pending, TRUE);
	check_begin(START - 20, "");
	bounce_pending_end(&pending, TRUE);
	check_nothing();
}
END_TEST

START_TEST(test_other_process)
{
	struct bounce_pending *other;
	time_t since;

	mark(START - 100);
	check_begin(START - 100, "");
	ck_assert(!bounce_pending_begin(user, &other, &since));
	bounce_pending_end(&pending, FALSE);
	check_stands(START - 100, "");
}
END_TEST

static void check_without_home(const char *none)
{
	dict_user_deinit(&user);
	user = dict_user_init("alice", none, "");
	ck_assert(!bounce_pending_mark(user, START, NULL));
	ck_assert(!bounce_pending_exists(user));
}

START_TEST(test_no_home)
{
	check_without_home(NULL);
	check_without_home(t_strconcat(home, "/none", NULL));
}
END_TEST

/* A home in which nobody can make a file: then whoever asked is told so. */
START_TEST(test_not_noted)
{
	dict_user_deinit(&user);
	user = dict_user_init("alice", "/proc", "");
	ck_assert(!bounce_pending_mark(user, START, NULL));
	check_nothing();
}
END_TEST

/* The disk is full: where it got to is lost, not what is left to do. */
START_TEST(test_progress_fails)
{
	for (rlim_t most = 0; most < 4; most++) {
		mark(START - 100);
		check_begin(START - 100, "");
		bounce_pending_progress(pending, "17 4");
		limit_bytes(most);
		bounce_pending_progress(pending, "1718");
		limit_bytes(RLIM_INFINITY);
		bounce_pending_end(&pending, FALSE);
		check_begin(START - 100, "");
		bounce_pending_end(&pending, TRUE);
	}
}
END_TEST

/* Of somebody else's file nothing is changed. */
START_TEST(test_symlink)
{
	const char *target = t_strconcat(home, "/target", NULL);
	const struct timespec times[2] = {
		{ .tv_sec = START + 100 }, { .tv_sec = START + 100 }
	};
	struct stat st;
	time_t since;
	int fd = creat(target, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	i_close_fd(&fd);
	ck_assert_int_eq(symlink("target", t_strconcat(home, "/"NAME, NULL)), 0);
	(void)bounce_pending_mark(user, START, NULL);
	ck_assert(!bounce_pending_begin(user, &pending, &since));
	ck_assert_int_eq(stat(target, &st), 0);
	ck_assert_int_eq(st.st_mtime, START + 100);
}
END_TEST

static void check_folders(const char *names)
{
	ck_assert_str_eq(t_strarray_join(t_bounce_pending_folders(pending), " "),
			 names);
}

/* They are forgotten when all is done, but not those that came meanwhile. */
START_TEST(test_folders)
{
	ck_assert(bounce_pending_mark(user, START - 50, "Reports"));
	ck_assert(bounce_pending_mark(user, START - 100, "Reports"));
	ck_assert(bounce_pending_mark(user, START - 50, "Other"));
	check_begin(START - 100, "");
	check_folders("Reports Other");
	ck_assert(bounce_pending_mark(user, START - 20, "More"));
	bounce_pending_end(&pending, TRUE);
	check_begin(START - 20, "");
	check_folders("Reports Other More");
	bounce_pending_end(&pending, FALSE);
	check_begin(START - 20, "");
	bounce_pending_end(&pending, TRUE);
	mark(START - 10);
	check_begin(START - 10, "");
	check_folders("");
	bounce_pending_end(&pending, TRUE);
}
END_TEST

START_TEST(test_folders_bounded)
{
	char *longest = t_malloc0(1002);

	memset(longest, 'x', 1001);
	ck_assert(!bounce_pending_mark(user, START, "one\ntwo"));
	ck_assert(!bounce_pending_mark(user, START, longest));
	check_nothing();
	longest[1000] = '\0';
	for (unsigned int i = 0; i < BOUNCE_PENDING_MAX_FOLDERS; i++) {
		longest[0] = 'a' + i;
		ck_assert(bounce_pending_mark(user, START, longest));
	}
	ck_assert(bounce_pending_mark(user, START, longest));
	ck_assert(!bounce_pending_mark(user, START, "Reports"));
	check_begin(START, "");
	ck_assert_uint_eq(str_array_length(t_bounce_pending_folders(pending)),
			  BOUNCE_PENDING_MAX_FOLDERS);
	bounce_pending_end(&pending, TRUE);
	ck_assert(bounce_pending_mark(user, START, "Reports"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pending");
	TCase *tcase = tcase_create("pending");

	START = time(NULL);
	/* an error then, no signal */
	signal(SIGXFSZ, SIG_IGN);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_mark);
	tcase_add_test(tcase, test_progress);
	tcase_add_test(tcase, test_more);
	tcase_add_test(tcase, test_other_process);
	tcase_add_test(tcase, test_no_home);
	tcase_add_test(tcase, test_not_noted);
	tcase_add_test(tcase, test_progress_fails);
	tcase_add_test(tcase, test_symlink);
	tcase_add_test(tcase, test_folders);
	tcase_add_test(tcase, test_folders_bounded);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
