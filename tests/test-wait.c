/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What all processes know of: pauses, searches, what was said today. */

#include "bounce-test-store.h"
#include "bounce-wait.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME BOUNCE_WAIT_PAUSE_FILE

/* Two processes. */
static struct bounce_wait one, other;
static const char *dir;

static void setup(void)
{
	dir = dict_user_mkdir();
	START = time(NULL);
	bounce_wait_init(&one, BOUNCE_WAIT_MSECS, FALSE);
	bounce_wait_init(&other, BOUNCE_WAIT_MSECS, FALSE);
}

static void teardown(void)
{
	bounce_wait_deinit(&one);
	bounce_wait_deinit(&other);
	dict_user_rmdir(dir);
}

static void open_both(void)
{
	bounce_wait_open_pause(&one, "/nonexistent", dir);
	bounce_wait_open_pause(&other, "/nonexistent", dir);
}

/* As lmtp does not start as root: made where all may write, ours alone. */
START_TEST(test_shared)
{
	struct stat st;

	open_both();
	ck_assert_int_eq(stat(t_strconcat(dir, "/"NAME, NULL), &st), 0);
	ck_assert_uint_eq(st.st_uid, geteuid());
	ck_assert_uint_eq(st.st_mode & 0777, 0644 & st.st_mode);
	bounce_wait_pause(&one, "proxy a", 0);
	ck_assert(bounce_wait_is_paused(&other, "proxy a"));
	ck_assert(!bounce_wait_is_paused(&other, "proxy b"));
}
END_TEST

static void check_not_believed(void)
{
	open_both();
	ck_assert_int_eq(one.pause_fd, -1);
	/* then each has its own */
	bounce_wait_pause(&one, "proxy a", 0);
	ck_assert(bounce_wait_is_paused(&one, "proxy a"));
	ck_assert(!bounce_wait_is_paused(&other, "proxy a"));
}

/* A switch for everybody it is not. */
START_TEST(test_open_to_all)
{
	const char *path = t_strconcat(dir, "/"NAME, NULL);

	fclose(fopen(path, "w"));
	ck_assert_int_eq(chmod(path, 0666), 0);
	check_not_believed();
}
END_TEST

START_TEST(test_symlink)
{
	const char *path = t_strconcat(dir, "/"NAME, NULL);

	fclose(fopen(t_strconcat(dir, "/target", NULL), "w"));
	ck_assert_int_eq(symlink("target", path), 0);
	check_not_believed();
}
END_TEST

/* So many a minute, of all processes together; another user has their own. */
static void check_searches(struct bounce_wait *second)
{
	unsigned int i;

	for (i = 0; i < BOUNCE_WAIT_MAX_SEARCHES; i++) {
		ck_assert(bounce_wait_may_search(&one, "alice", START));
		ck_assert(bounce_wait_take_search(i % 2 == 0 ? &one : second,
						  "alice", START));
	}
	ck_assert(!bounce_wait_may_search(&one, "alice", START));
	ck_assert(!bounce_wait_take_search(&one, "alice", START));
	ck_assert(!bounce_wait_take_search(second, "alice", START));
	ck_assert(bounce_wait_take_search(&one, "bob", START));
	ck_assert(bounce_wait_take_search(&one, "alice", START + 60));
	/* the clock is set back */
	ck_assert(bounce_wait_may_search(&one, "alice", START - 3600));
}

START_TEST(test_searches)
{
	open_both();
	check_searches(&other);
}
END_TEST

START_TEST(test_searches_alone)
{
	check_searches(&one);
}
END_TEST

static void check_said(struct bounce_wait *second)
{
	ck_assert(bounce_wait_say_today(&one, "alice", START));
	ck_assert(!bounce_wait_say_today(&one, "alice", START));
	ck_assert(!bounce_wait_say_today(second, "alice", START));
	ck_assert(bounce_wait_say_today(second, "bob", START));
	ck_assert(bounce_wait_say_today(second, "alice", START + DAY));
}

START_TEST(test_said)
{
	open_both();
	check_said(&other);
}
END_TEST

START_TEST(test_said_alone)
{
	check_said(&one);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wait");
	TCase *tcase = tcase_create("wait");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_shared);
	tcase_add_test(tcase, test_open_to_all);
	tcase_add_test(tcase, test_symlink);
	tcase_add_test(tcase, test_searches);
	tcase_add_test(tcase, test_searches_alone);
	tcase_add_test(tcase, test_said);
	tcase_add_test(tcase, test_said_alone);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
