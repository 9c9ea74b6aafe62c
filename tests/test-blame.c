/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Never blame the address for our fault: the answers of the file "answers". */

#include "bounce-test.h"
#include "istream.h"
#include "strfuncs.h"
#include "bounce-reason.h"
#include "bounce-rules.h"
#include "bounce-status.h"
#include "bounce-verdict.h"

#define ANSWERS BOUNCE_TEST_SOURCE"/answers"

static enum bounce_class
judge(const struct bounce_rules *rules, const char *command, const char *answer)
{
	struct bounce_report report;
	struct bounce_recipient rcpt;
	enum bounce_class class;
	pool_t pool = pool_alloconly_create("answer", 512);

	i_zero(&report);
	report.kind = BOUNCE_KIND_FAILURE;
	i_zero(&rcpt);
	rcpt.address = "x@example.org";
	rcpt.action = BOUNCE_ACTION_FAILED;
	rcpt.diagnostic = answer;
	rcpt.reply = t_strndup(answer, 3);
	rcpt.status = bounce_status_find(answer);
	rcpt.status_field = rcpt.status;
	rcpt.command = command;
	bounce_verdict_decide(rules, pool, &report, &rcpt);
	class = rcpt.verdict.class;
	pool_unref(&pool);
	return class;
}

/* "ours MAIL 550 words". Returns whether it is ours. */
static bool check_line(const struct bounce_rules *rules, const char *line)
{
	const char *const *args = t_strsplit(line, " ");
	bool ours = strcmp(args[0], "ours") == 0;
	const char *answer;

	ck_assert_msg(ours || strcmp(args[0], "theirs") == 0, "%s", line);
	ck_assert_msg(str_array_length(args) > 3, "%s", line);
	answer = line + strlen(args[0]) + 1 + strlen(args[1]) + 1;
	ck_assert_msg(ours != (judge(rules, args[1], answer) ==
			       BOUNCE_CLASS_HARD),
		      "%s: %s", ours ? "blamed" : "not found", line);
	return ours;
}

START_TEST(answers)
{
	static const char *const dirs[] = { BOUNCE_TEST_RULES, NULL };
	struct bounce_rules *rules = bounce_rules_load(dirs, NULL);
	struct istream *input = i_stream_create_file(ANSWERS, 4096);
	unsigned int ours = 0, theirs = 0;
	const char *line;

	while ((line = i_stream_read_next_line(input)) != NULL) T_BEGIN {
		if (*line == '\0' || *line == '#')
			;
		else if (check_line(rules, line))
			ours++;
		else
			theirs++;
	} T_END;
	ck_assert_int_eq(input->stream_errno, 0);
	ck_assert_uint_gt(ours, 200);
	ck_assert_uint_gt(theirs, 100);
	i_stream_unref(&input);
	bounce_rules_free(&rules);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("blame");
	TCase *tcase = tcase_create("blame");

	tcase_add_test(tcase, answers);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
