#ifndef BOUNCE_TEST_DICT_H
#define BOUNCE_TEST_DICT_H

/* A dictionary in the memory of this process, as Dovecot's drivers are; it counts
   its calls and fails those that it is told to. */

enum test_dict_kind {
	/* answers at once, and iterates */
	TEST_DICT_PLAIN,
	/* cannot iterate */
	TEST_DICT_REDIS,
	/* answers later, and iterates */
	TEST_DICT_PROXY,
	TEST_DICT_KINDS
};

/* Calls that are answered: look up, begin an iteration, its next row, commit. */
struct test_dict {
	unsigned int calls;
	/* the first of them that fails, 0 = none; and how many do */
	unsigned int fail_at, fail_count;
	/* of a proxy: how long it takes to answer; the key that it never answers, NULL =
	   none */
	unsigned int msecs;
	const char *silent;
	/* so many of a commit that fails were written all the same, in percent */
	unsigned int commit_percent;
	/* those that failed, and commits among them */
	unsigned int failed, failed_commits;
	/* transactions and iterations that were not ended */
	unsigned int open;
	/* of a proxy: how often something was asked while no answer was due */
	unsigned int turns;
	/* of a proxy: its server's driver cannot iterate */
	bool cannot_iterate;
};
extern struct test_dict test_dict;

/* For dict_user_init(). */
const char *test_dict_uri(enum test_dict_kind kind);
/* After it. The dictionary is empty. */
void test_dict_init(enum test_dict_kind kind);
void test_dict_deinit(void);

/* Fixtures: the user of bounce-test-store.h with such a dictionary; and with a store,
   which must have ended all that it began. START is the time. */
void test_dict_user_setup(enum test_dict_kind kind);
void test_dict_user_teardown(void);
void test_dict_store_setup(enum test_dict_kind kind);
void test_dict_store_teardown(void);

/* All that it holds, a line each, sorted; on the data stack. */
const char *t_test_dict_dump(void);
/* What was dumped, and nothing else. */
void test_dict_load(const char *dump);

#endif
