#ifndef BOUNCE_TEST_VERBS_H
#define BOUNCE_TEST_VERBS_H

/* Each verb of the store once, for tests of what happens when it fails. */

#include "bounce-test-store.h"
#include "str.h"

enum test_verb_again {
	/* counts what comes, and that twice */
	TEST_VERB_TWICE,
	/* half of it written is another thing: the number of records is wrong */
	TEST_VERB_WHOLE,
	/* whatever was written of it */
	TEST_VERB_ONCE
};

struct test_verb {
	const char *name;
	/* a number, or -1 with error_r */
	int (*run)(const char **error_r);
	/* is it the same where it may have been written and is asked for again? */
	enum test_verb_again again;
};

/* Up to a NULL name. */
extern const struct test_verb test_verbs_read[], test_verbs_write[];

/* What a verb said beside its number. */
extern string_t *test_verb_said;
void test_verb_say(const char *format, ...) ATTR_FORMAT(1, 2);

/* Settings of the store, in which not all have room; and what stands in it before a
   verb. */
void test_verbs_settings(struct bounce_store_settings *set_r);
void test_verbs_fill(void);

/* For comparing: the times of this test hidden; and "is\nwanted" of the
   first line that is another (all of it is too long for libcheck). */
const char *t_test_verbs_hide_time(const char *text);
const char *t_test_verbs_difference(const char *is, const char *wanted);

#endif
