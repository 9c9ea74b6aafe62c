/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The rules that we ship, and those that the manual prints, win their own
   examples. */

#include "bounce-test.h"
#include "array.h"
#include "istream.h"
#include "bounce-reason.h"
#include "bounce-rules-private.h"

#include <stdio.h>
#include <unistd.h>

#define MANUAL BOUNCE_TEST_SOURCE"/../doc/bounce-rules.5"

/* Number of problems, which are printed. */
static unsigned int check_dir(const char *dir, unsigned int least)
{
	const char *const dirs[] = { dir, NULL };
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;
	const char *error;

	t_array_init(&errors, 8);
	rules = bounce_rules_load(dirs, &errors);
	(void)bounce_rules_check(rules, &errors);
	(void)bounce_rules_check_alternatives(rules, &errors);
	array_foreach_elem(&errors, error)
		fprintf(stderr, "%s\n", error);
	ck_assert_uint_ge(bounce_rules_count(rules), least);
	bounce_rules_free(&rules);
	return array_count(&errors);
}

START_TEST(shipped)
{
	ck_assert_uint_eq(check_dir(BOUNCE_TEST_RULES, 100), 0);
}
END_TEST

/* What is compiled in says of each example what the files say. */
START_TEST(compiled)
{
	const char *const file_dirs[] = { BOUNCE_TEST_RULES, NULL };
	const char *const word[] = { BOUNCE_RULES_SHIPPED, NULL };
	struct bounce_rules *files = bounce_rules_load(file_dirs, NULL);
	struct bounce_rules *shipped = bounce_rules_load(word, NULL);
	const struct bounce_clause_roles roles = { .recipient = "a@example.org" };
	const struct bounce_rule_example *example;
	struct bounce_rules_hit hits[2], weak[2];
	struct bounce_rules_query query;
	unsigned int matched = 0;

	ck_assert_uint_eq(bounce_rules_count(shipped),
			  bounce_rules_count(files));
	array_foreach(&files->examples, example) {
		i_zero(&query);
		query.source = BOUNCE_RULES_REMOTE;
		query.status = "5.7.1";
		query.text = bounce_rules_fold(example->text);
		bounce_rules_query_clauses(&query, example->text, &roles);
		matched += bounce_rules_match(files, &query, &hits[0], &weak[0]);
		(void)bounce_rules_match(shipped, &query, &hits[1], &weak[1]);
		ck_assert_pstr_eq(hits[1].name, hits[0].name);
		ck_assert_pstr_eq(weak[1].name, weak[0].name);
		ck_assert(hits[1].name == NULL ||
			  (hits[1].reason == hits[0].reason &&
			   hits[1].class == hits[0].class));
	}
	ck_assert_uint_ge(matched, 100);
	bounce_rules_free(&files);
	bounce_rules_free(&shipped);
}
END_TEST

/* A block of the manual that stands below a comment "rules", to out. */
static void copy_block(struct istream *input, FILE *out)
{
	const char *line;

	while ((line = i_stream_read_next_line(input)) != NULL &&
	       strcmp(line, ".Ed") != 0) {
		if (line[0] != '.')
			fprintf(out, "%s\n", line);
	}
	ck_assert_msg(line != NULL, "a block has no end");
}

static unsigned int copy_blocks(const char *path)
{
	struct istream *input = i_stream_create_file(MANUAL, 4096);
	FILE *out = fopen(path, "w");
	unsigned int blocks = 0;
	const char *line;

	ck_assert_ptr_nonnull(out);
	while ((line = i_stream_read_next_line(input)) != NULL) {
		if (strcmp(line, ".\\\" rules") == 0) {
			copy_block(input, out);
			blocks++;
		}
	}
	ck_assert_int_eq(input->stream_errno, 0);
	i_stream_unref(&input);
	ck_assert_int_eq(fclose(out), 0);
	return blocks;
}

START_TEST(manual)
{
	char dir[] = "/tmp/bounce-test-rules.XXXXXX";
	const char *path;
	unsigned int problems;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = t_strconcat(dir, "/manual.rules", NULL);
	ck_assert_uint_ge(copy_blocks(path), 3);
	problems = check_dir(dir, 3);
	(void)unlink(path);
	(void)rmdir(dir);
	ck_assert_uint_eq(problems, 0);
}
END_TEST

/* The check can fail. */
START_TEST(wrong)
{
	char dir[] = "/tmp/bounce-test-rules.XXXXXX";
	const char *path;
	unsigned int problems;
	FILE *out;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = t_strconcat(dir, "/wrong.rules", NULL);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fputs("mailbox-full: no room\n= no room\n"
	      "system-full: no room here\n= no room here\n"	/* shadowed */
	      "reputation: a bad name\n"			/* no example */
	      "virus: worm inside\n= all is well\n"		/* no match */
	      "system-error: {went up|burst}\n= it burst\n"	/* no need */
	      "no-such-reason: words\n= words\n", out);
	ck_assert_int_eq(fclose(out), 0);
	problems = check_dir(dir, 5);
	(void)unlink(path);
	(void)rmdir(dir);
	ck_assert_uint_eq(problems, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rule-files");
	TCase *tcase = tcase_create("rule-files");

	tcase_add_test(tcase, shipped);
	tcase_add_test(tcase, compiled);
	tcase_add_test(tcase, manual);
	tcase_add_test(tcase, wrong);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
