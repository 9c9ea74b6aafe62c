/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The dictionary, written by many processes at once, of which some are killed. */

#include "bounce-test-store.h"
#include "hostpid.h"
#include "mail-user.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITERS 8
#define REPORTS 60

/* Reports of one writer to one shared address and some of his own. */
static void write_reports(unsigned int writer, const char *dict)
{
	user = dict_user_init("alice", home, dict);
	store = dict_user_store(user, NULL);
	for (unsigned int i = 0; i < REPORTS; i++) T_BEGIN {
		const char *id = t_strdup_printf("<%u-%u>", writer, i);

		(void)add(id, "shared@example.com");
		(void)add(id, t_strdup_printf("w%u-%u@example.com", writer,
					      i % 5));
	} T_END;
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
}

/* Dovecot's processes look up their pid after they were forked. Ours had it
   already, and with the random bytes in stock two would take the same token. */
static pid_t fork_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		hostpid_init();
	return pid;
}

static pid_t fork_writer(unsigned int writer)
{
	pid_t pid = fork_process();

	if (pid == 0) {
		write_reports(writer, "");
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* Each writer writes all that he has. */
static void write_all(void)
{
	int status;

	for (unsigned int w = 0; w < WRITERS; w++)
		(void)fork_writer(w);
	for (unsigned int w = 0; w < WRITERS; w++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
}

static void check_totals(void)
{
	struct bounce_record rec;

	user = dict_user_init("alice", home, "");
	store = dict_user_store(user, NULL);
	ck_assert(lookup("shared@example.com", &rec));
	ck_assert_uint_eq(rec.count, WRITERS * REPORTS);
	for (unsigned int w = 0; w < WRITERS; w++) {
		for (unsigned int i = 0; i < 5; i++) {
			ck_assert(lookup(t_strdup_printf("w%u-%u@example.com",
							 w, i), &rec));
			ck_assert_uint_eq(rec.count, REPORTS / 5);
		}
	}
	ck_assert_uint_eq(count_all(0), WRITERS * 5 + 1);
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
}

START_TEST(test_parallel)
{
	home = dict_user_mkdir();
	write_all();
	check_totals();
	dict_user_rmdir(home);
}
END_TEST

/* Writers are killed at any moment; their mail server delivers all of their
   reports again. Nobody waits for what the dead left behind. */
START_TEST(test_killed)
{
	pid_t pids[WRITERS];
	time_t began = time(NULL);
	int status;

	home = dict_user_mkdir();
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int w = 0; w < WRITERS; w++)
			pids[w] = fork_writer(w);
		usleep(10000 + 20000 * round);
		for (unsigned int w = 0; w < WRITERS; w++)
			kill(pids[w], SIGKILL);
		for (unsigned int w = 0; w < WRITERS; w++)
			ck_assert_int_gt(wait(&status), 0);
	}
	write_all();
	check_totals();
	ck_assert_int_lt(time(NULL) - began, 50);
	dict_user_rmdir(home);
}
END_TEST

/* No home: the lock is elsewhere; a home that is not there is made. */
START_TEST(test_no_home)
{
	const char *dir = dict_user_mkdir();
	struct bounce_record rec;

	home = t_strconcat(dir, "/not/yet", NULL);
	user = dict_user_init("bounce-test-nobody", home, "");
	store = dict_user_store(user, NULL);
	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	ck_assert(lookup("bob@example.com", &rec));
	bounce_store_deinit(&store);
	dict_user_deinit(&user);

	user = dict_user_init("bounce-test-nobody", NULL,
			      t_strdup_printf("file:%s/dict", dir));
	store = dict_user_store(user, NULL);
	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	dict_user_rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-many");
	TCase *tcase = tcase_create("store-many");

	START = time(NULL);
	tcase_add_test(tcase, test_parallel);
	tcase_add_test(tcase, test_killed);
	tcase_add_test(tcase, test_no_home);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
