/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Rule files: the text as the rules see it, what a line means, what wins. */

#include "bounce-test.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules.h"
#include "bounce-string.h"

#include <stdio.h>
#include <unistd.h>

#define QUOTE(text) #text
#define QUOTED(name) QUOTE(name)

static const struct {
	const char *text, *wanted;
} folds[] = {
	{ "", " " },
	{ "User Unknown", " user unknown " },
	{ "  a \t\r\n b\x7f\x01 c ", " a b c " },
	/* addresses; what only looks like one */
	{ "<Bob@example.org>: gone", " <@>: gone " },
	{ "to bob+x@mx.example.org.", " to @. " },
	{ "a@b, c@d", " @, @ " },
	{ "at @ sign", " at @ sign " },
	{ "@", " @ " },
	/* quotes */
	{ "\xe2\x80\x9c" "a" "\xe2\x80\x9d \xe2\x80\x98" "b" "\xe2\x80\x99",
	  " \"a\" 'b' " },
	{ "\xc2\xab" "a" "\xc2\xbb", " \"a\" " },
	{ "b@\xe2\x80\x9c", " b@\" " },
	/* the codes of a reply's further lines */
	{ "550-5.1.1 No 550-5.1.1 such 550 5.1.1 user",
	  " 550-5.1.1 no such user " },
	{ "550-a 550-b 551 c", " 550-a b 551 c " },
	{ "550 5.1.1 5.1.1 5.1.2 x", " 550 5.1.1 5.1.2 x " },
	{ "550 12345 550th", " 550 12345 550th " },
	{ "5.1. 5.1. 5.1 5.1 x", " 5.1. 5.1. 5.1 5.1 x " },
	{ "5.12345.1 5.12345.1 x", " 5.12345.1 x " },
	{ "5.123456.1 5.123456.1 x", " 5.123456.1 5.123456.1 x " },
	/* the server's name before its answer */
	{ "host antispam.example.org[192.0.2.1] said: 550 no",
	  " host [192.0.2.1] said: 550 no " },
	{ "Host\n virus-1.example.org [192.0.2.1]: x",
	  " host [192.0.2.1]: x " },
	{ "... while talking to spam.example.org.:",
	  " ... while talking to : " },
	{ "while talking to", " while talking to " },
	{ "host unknown [b]", " host unknown [b] " },
	{ "host spam.example not found", " host spam.example not found " },
	{ "host ", " host " },
	{ "ghost a[", " ghost a[ " },
	/* beyond ASCII: case, full width, composed; ASCII around it */
	{ "\xc3\x84" "RGER Und MEHR", " \xc3\xa4rger und mehr " },
	{ "VIEL A\xcc\x88RGER", " viel \xc3\xa4rger " },
	{ "\xef\xbc\xa6\xef\xbc\xb5\xef\xbc\xac\xef\xbc\xac Box", " full box " },
	{ "No\xc2\xa0Such User", " no such user " },
	{ "STRA\xc3\x9f" "E", " strasse " },
	{ "A\xcc\x88", " \xc3\xa4 " },
	{ "X \xcc\x88 Y", " x \xcc\x88 y " },
};

START_TEST(test_fold)
{
	size_t size;
	unsigned char *copy = bounce_test_bytes(folds[_i].text, &size);

	ck_assert_str_eq(bounce_rules_fold(t_strndup(copy, size)),
			 folds[_i].wanted);
	i_free(copy);
}
END_TEST

START_TEST(test_fold_limit)
{
	string_t *text = t_str_new(BOUNCE_MAX_MATCH * 2);

	while (str_len(text) < BOUNCE_MAX_MATCH - 1)
		str_append_c(text, 'x');
	/* cut before the character that the limit would cut in two */
	str_append(text, "\xc3\xa4 more");
	ck_assert_uint_eq(strlen(bounce_rules_fold(str_c(text))),
			  BOUNCE_MAX_MATCH + 1);
}
END_TEST

/* Write text as the only rule file of a new folder, load it, remove it. */
static struct bounce_rules *
load(const char *text, ARRAY_TYPE(const_string) *errors)
{
	char dir[] = "/tmp/bounce-test-rules.XXXXXX";
	const char *const dirs[] = { dir, NULL };
	struct bounce_rules *rules;
	const char *path;
	FILE *out;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = t_strconcat(dir, "/10-x.rules", NULL);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	rules = bounce_rules_load(dirs, errors);
	(void)unlink(path);
	(void)rmdir(dir);
	return rules;
}

/* What one line must be to be read: the error, NULL if it is right. */
static const struct {
	const char *line, *error;
} lines[] = {
	{ "mailbox-full: no room", NULL },
	{ "\t mailbox-full:no room \r", NULL },
	{ "# anything", NULL },
	{ "", NULL },
	{ "mailbox-full status=5.2.2 reply=550,552 host=example.com "
	  "format=dsn command=RCPT from=remote,local class=hard weak: room",
	  NULL },
	{ "mailbox-full status=5.*: *", NULL },
	{ "mailbox-full no room", "No ':' between the reason and the words" },
	{ ": no room", "The reason is missing" },
	{ "mailbox-fool: no room", "Unknown reason 'mailbox-fool'" },
	{ "mailbox-full:", "The words are missing ('*' = any)" },
	{ "mailbox-full: ...", "The words are missing" },
	{ "mailbox-full: *", "A rule without words needs a condition" },
	{ "mailbox-full weak class=soft from=local: *",
	  "A rule without words needs a condition" },
	{ "mailbox-full: abc",
	  "No words of at least 4 bytes in every spelling" },
	{ "mailbox-full: {no room|abc}",
	  "No words of at least 4 bytes in every spelling" },
	{ "mailbox-full: {no room", "'{' without '}'" },
	{ "mailbox-full: {no ... room|full}", "'...' within { }" },
	{ "mailbox-full status: no room", "Condition 'status' is not key=value" },
	{ "mailbox-full status=: no room",
	  "Condition 'status=' is not key=value" },
	{ "mailbox-full colour=red: no room", "Unknown condition 'colour'" },
	{ "mailbox-full class=harsh: no room", "Unknown class 'harsh'" },
	{ "mailbox-full from=there: no room",
	  "Unknown source 'there' (remote, local)" },
	{ "mailbox-full: WHO FULL|ROOM unless SENDER with SPAM without YOU",
	  NULL },
	{ "mailbox-full: WHO WHAT", "Unknown class 'WHAT'" },
	{ "mailbox-full: WHO who", "Unknown class 'who'" },
	{ "mailbox-full: WHOLE NUMBER", NULL },
	{ "mailbox-full: WHO WHO WHO WHO WHO WHO WHO WHO WHO",
	  "More than "QUOTED(BOUNCE_MAX_RULE_TERMS)" classes" },
	{ "= an example", "An example before the first rule" },
};

START_TEST(test_line)
{
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;
	const char *error;

	t_array_init(&errors, 4);
	/* the next line does not suffer */
	rules = load(t_strconcat("\n", lines[_i].line,
				 "\nvirus: worm inside\n", NULL), &errors);
	ck_assert_uint_ge(bounce_rules_count(rules), 1);
	if (lines[_i].error == NULL)
		ck_assert_uint_eq(array_count(&errors), 0);
	else {
		ck_assert_uint_eq(array_count(&errors), 1);
		ck_assert_uint_eq(bounce_rules_count(rules), 1);
		error = array_idx_elem(&errors, 0);
		ck_assert_ptr_nonnull(strstr(error, "/10-x.rules:2: "));
		ck_assert_str_eq(strstr(error, ":2: ") + 4, lines[_i].error);
	}
	bounce_rules_free(&rules);
}
END_TEST

START_TEST(test_line_limit)
{
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;
	string_t *text = t_str_new(BOUNCE_MAX_RULE_LINE * 2);

	str_append(text, "virus: worm inside\nmailbox-full: ");
	while (str_len(text) < BOUNCE_MAX_RULE_LINE * 2)
		str_append(text, "room");
	t_array_init(&errors, 4);
	rules = load(str_c(text), &errors);
	ck_assert_uint_eq(bounce_rules_count(rules), 1);
	ck_assert_uint_eq(array_count(&errors), 1);
	ck_assert_pstr_eq(strstr(array_idx_elem(&errors, 0), ":2: "),
		t_strdup_printf(":2: Line is longer than %u bytes; the rest "
				"of the file is not read",
				BOUNCE_MAX_RULE_LINE));
	bounce_rules_free(&rules);
}
END_TEST

START_TEST(test_count_limit)
{
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;
	string_t *text = t_str_new(BOUNCE_MAX_RULES * 20);

	for (unsigned int i = 0; i <= BOUNCE_MAX_RULES; i++)
		str_append(text, "virus: worm inside\n");
	t_array_init(&errors, 4);
	rules = load(str_c(text), &errors);
	ck_assert_uint_eq(bounce_rules_count(rules), BOUNCE_MAX_RULES);
	ck_assert_uint_eq(array_count(&errors), 1);
	bounce_rules_free(&rules);
}
END_TEST

/* Which line of the rules wins; 0 = none. */
static const struct {
	const char *rules, *text;
	struct bounce_rules_query query;
	unsigned int line, weak_line;
} matches[] = {
	/* words */
	{ "virus: worm", "a worm in it", { .text = NULL }, 1, 0 },
	{ "virus: worm", "earthworm", { .text = NULL }, 0, 0 },
	{ "virus: worm", "worms", { .text = NULL }, 0, 0 },
	{ "virus: worm", "earthworm, worm", { .text = NULL }, 1, 0 },
	{ "virus: worm", "a_worm: (worm.7)", { .text = NULL }, 1, 0 },
	{ "virus: aup#", "aup#out", { .text = NULL }, 1, 0 },
	{ "virus: {big|one} worm", "some one worm", { .text = NULL }, 1, 0 },
	{ "virus: {big|one} worm", "someone worm", { .text = NULL }, 0, 0 },
	{ "virus: worm", "wor m", { .text = NULL }, 0, 0 },
	{ "virus: WORM", "a Worm", { .text = NULL }, 1, 0 },
	{ "virus: \"worm \"", "worms", { .text = NULL }, 0, 0 },
	{ "virus: \"worm \"", "one worm", { .text = NULL }, 1, 0 },
	{ "virus: \" worm\"", "worm", { .text = NULL }, 1, 0 },
	{ "virus: user <@> sick", "user <a@example.org> sick",
	  { .text = NULL }, 1, 0 },
	/* order and gaps */
	{ "virus: found ... worm", "found a big worm", { .text = NULL }, 1, 0 },
	{ "virus: found ... worm", "worm found", { .text = NULL }, 0, 0 },
	{ "virus: found ... worm", "foundworm", { .text = NULL }, 0, 0 },
	{ "virus: found ... worm", "found:worm", { .text = NULL }, 1, 0 },
	{ "virus: found ... worm", "found worms, a worm", { .text = NULL },
	  1, 0 },
	{ "virus: found...worm ... there", "found worm here and there",
	  { .text = NULL }, 1, 0 },
	/* the second one is the right one */
	{ "virus: found a ... worm", "found x, found a y, worm",
	  { .text = NULL }, 1, 0 },
	/* alternatives; the anchor before, between, behind */
	{ "virus: {a|the} {worm|trojan} inside", "the trojan inside",
	  { .text = NULL }, 1, 0 },
	{ "virus: {a|the} {worm|trojan} inside", "this trojan inside",
	  { .text = NULL }, 0, 0 },
	{ "virus: {is |}{infected|ill}", "is ill", { .text = NULL }, 0, 0 },
	{ "virus: mail {is |}{infected|ill}", "mail is ill",
	  { .text = NULL }, 1, 0 },
	{ "virus: mail {is |}{infected|ill}", "mail ill",
	  { .text = NULL }, 1, 0 },
	{ "virus: {no |not }x ... {worm|trojan}", "not x worm",
	  { .text = NULL }, 1, 0 },
	{ "virus: {no |not }x ... {worm|trojan}", "now x worm",
	  { .text = NULL }, 0, 0 },
	/* one alternative is the beginning of another */
	{ "virus: mail is {ill|illegal} here", "mail is illegal here",
	  { .text = NULL }, 1, 0 },
	/* the first rule wins, whatever stands first in the text */
	{ "virus: worm\nspam-content: spam", "spam and worm",
	  { .text = NULL }, 1, 0 },
	{ "# one\n\nvirus: trojan\nspam-content: spam", "spam",
	  { .text = NULL }, 4, 0 },
	/* weak ones apart */
	{ "virus weak: worm\nspam-content: spam", "spam and worm",
	  { .text = NULL }, 2, 1 },
	{ "virus weak: worm\nspam-content weak: spam", "spam and worm",
	  { .text = NULL }, 0, 1 },
	/* conditions */
	{ "virus status=5.7.*: worm", "worm", { .text = NULL }, 0, 0 },
	{ "virus status=5.7.*: worm", "worm", { .status = "5.7.1" }, 1, 0 },
	{ "virus status=5.7.*: worm", "worm", { .status = "5.6.0" }, 0, 0 },
	{ "virus status=5.6.0,5.7.?: worm", "worm", { .status = "5.6.0" },
	  1, 0 },
	{ "virus reply=550,554: worm", "worm", { .reply = "554" }, 1, 0 },
	{ "virus reply=550,554: worm", "worm", { .reply = "552" }, 0, 0 },
	{ "virus host=example.com: worm", "worm",
	  { .remote_host = "mx.EXAMPLE.com" }, 1, 0 },
	{ "virus host=example.com: worm", "worm",
	  { .reporting_host = "example.com" }, 1, 0 },
	{ "virus host=example.com: worm", "worm",
	  { .remote_host = "notexample.com" }, 0, 0 },
	{ "virus host=example.com: worm", "worm", { .remote_host = "com" },
	  0, 0 },
	{ "virus format=qmail,ex*: worm", "worm", { .format = "exim" }, 1, 0 },
	{ "virus command=rcpt: worm", "worm", { .command = "RCPT TO" }, 1, 0 },
	{ "virus command=rcpt: worm", "worm", { .command = "DATA" }, 0, 0 },
	{ "virus from=local: worm", "worm", { .text = NULL }, 0, 0 },
	{ "virus from=local: worm", "worm", { .source = BOUNCE_RULES_LOCAL },
	  1, 0 },
	/* all of them */
	{ "virus reply=550 status=5.7.1: worm", "worm",
	  { .reply = "550", .status = "5.7.0" }, 0, 0 },
	/* a condition that fails leaves the place to the next */
	{ "virus reply=550: worm\nspam-content: worm", "worm",
	  { .reply = "552" }, 2, 0 },
	/* no words */
	{ "virus status=5.9.9: *\nspam-content: spam", "spam",
	  { .status = "5.9.9" }, 1, 0 },
	{ "virus status=5.9.9: *\nspam-content: spam", "spam",
	  { .status = "5.9.8" }, 2, 0 },
	{ "virus status=5.9.9: *", "", { .status = "5.9.9" }, 1, 0 },
	/* classes of words */
	{ "virus: WHO NOT EXIST", "user does not exist", { .text = NULL },
	  1, 0 },
	{ "virus: WHO NOT EXIST", "user does exist", { .text = NULL }, 0, 0 },
	{ "virus: WHO NOT EXIST", "user. does not exist", { .text = NULL },
	  0, 0 },
	{ "virus: WHO SPAM|NOT", "user is not", { .text = NULL }, 1, 0 },
	{ "virus: WHO NOT unless SPAM", "not user. spam", { .text = NULL },
	  1, 0 },
	{ "virus: WHO NOT unless FULL SPAM", "not user spam",
	  { .text = NULL }, 0, 0 },
	{ "virus: WHO with SPAM", "user. spam", { .text = NULL }, 1, 0 },
	{ "virus: WHO with SPAM", "user", { .text = NULL }, 0, 0 },
	{ "virus: WHO without SPAM", "user. spam", { .text = NULL }, 0, 0 },
	{ "virus weak reply=550: WHO\nspam-content: WHO", "user",
	  { .reply = "550" }, 2, 1 },
};

static unsigned int line_of(const struct bounce_rules_hit *hit)
{
	unsigned int line = 0;

	if (hit->name != NULL) {
		ck_assert_int_eq(sscanf(hit->name, "10-x.rules:%u", &line), 1);
		ck_assert_ptr_nonnull(hit->reason);
	}
	return line;
}

START_TEST(test_match)
{
	static const struct bounce_clause_roles nobody = { .sender = NULL };
	struct bounce_rules_query query = matches[_i].query;
	struct bounce_rules_hit hit, weak;
	struct bounce_rules *rules = load(matches[_i].rules, NULL);
	bool found;

	query.text = bounce_rules_fold(matches[_i].text);
	bounce_rules_query_clauses(&query, matches[_i].text, &nobody);
	if (query.source == 0)
		query.source = BOUNCE_RULES_REMOTE;
	found = bounce_rules_match(rules, &query, &hit, &weak);
	ck_assert_uint_eq(line_of(&hit), matches[_i].line);
	ck_assert_uint_eq(line_of(&weak), matches[_i].weak_line);
	ck_assert_int_eq(found, matches[_i].line + matches[_i].weak_line > 0);
	bounce_rules_free(&rules);
}
END_TEST

START_TEST(test_gap_limit)
{
	struct bounce_rules_query query = { .source = BOUNCE_RULES_REMOTE };
	struct bounce_rules_hit hit, weak;
	struct bounce_rules *rules = load("virus: found ... worm\n"
					  "spam-content: spam ... trojans",
					  NULL);
	string_t *text = t_str_new(512);

	for (unsigned int gap = BOUNCE_MAX_RULE_GAP;
	     gap <= BOUNCE_MAX_RULE_GAP + 1; gap++) {
		str_truncate(text, 0);
		str_append(text, "found");
		while (str_len(text) < gap + 5)
			str_append_c(text, '.');
		str_append(text, "worm");
		query.text = bounce_rules_fold(str_c(text));
		ck_assert_int_eq(bounce_rules_match(rules, &query, &hit, &weak),
				 gap == BOUNCE_MAX_RULE_GAP);
		/* the anchor stands behind */
		str_truncate(text, 0);
		str_append(text, "spam");
		while (str_len(text) < gap + 4)
			str_append_c(text, '.');
		str_append(text, "trojans");
		query.text = bounce_rules_fold(str_c(text));
		ck_assert_int_eq(bounce_rules_match(rules, &query, &hit, &weak),
				 gap == BOUNCE_MAX_RULE_GAP);
	}
	bounce_rules_free(&rules);
}
END_TEST

START_TEST(test_class)
{
	struct bounce_rules_query query = { .source = BOUNCE_RULES_REMOTE };
	struct bounce_rules_hit hit, weak;
	struct bounce_rules *rules = load("mailbox-full class=hard: stuffed\n"
					  "mailbox-full: filled", NULL);

	query.text = bounce_rules_fold("stuffed");
	ck_assert(bounce_rules_match(rules, &query, &hit, &weak));
	ck_assert_int_eq(hit.class, BOUNCE_CLASS_HARD);
	ck_assert(hit.class_given);
	query.text = bounce_rules_fold("filled");
	ck_assert(bounce_rules_match(rules, &query, &hit, &weak));
	ck_assert_int_eq(hit.class, BOUNCE_CLASS_SOFT);
	ck_assert(!hit.class_given);
	ck_assert_str_eq(hit.reason->name, "mailbox-full");
	bounce_rules_free(&rules);
}
END_TEST

START_TEST(test_folders)
{
	const char *const none[] = { "/nonexistent/rules", NULL };
	const char *const file[] = { "/etc/passwd", NULL };
	struct bounce_rules_query query = {
		.text = " worm ", .source = BOUNCE_RULES_REMOTE
	};
	struct bounce_rules_hit hit, weak;
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;

	t_array_init(&errors, 4);
	rules = bounce_rules_load(none, &errors);
	ck_assert_uint_eq(bounce_rules_count(rules), 0);
	ck_assert_uint_eq(array_count(&errors), 0);
	ck_assert(!bounce_rules_match(rules, &query, &hit, &weak));
	ck_assert_ptr_null(hit.name);
	ck_assert_ptr_null(weak.name);
	bounce_rules_free(&rules);
	ck_assert_ptr_null(rules);
	bounce_rules_free(&rules);

	rules = bounce_rules_load(file, &errors);
	ck_assert_uint_eq(array_count(&errors), 1);
	ck_assert_ptr_nonnull(strstr(array_idx_elem(&errors, 0),
				     "/etc/passwd: "));
	bounce_rules_free(&rules);
}
END_TEST

/* A site's folder before what is compiled in, and behind it; each finds its own
   weak one. */
START_TEST(test_parts)
{
	static const struct {
		const char *rules;
		bool behind;
		/* begins the name of who wins */
		const char *hit, *weak;
	} parts[] = {
		{ "virus: mailbox is full", FALSE, "10-x.rules:1", NULL },
		{ "virus: mailbox is full", TRUE, "50-clauses.rules:", NULL },
		{ "virus weak: mailbox is full", FALSE, "50-clauses.rules:",
		  "10-x.rules:1" },
		{ "virus: mailbox is fool", FALSE, "50-clauses.rules:", NULL },
	};
	char dir[] = "/tmp/bounce-test-rules.XXXXXX";
	const char *path;
	FILE *out;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = t_strconcat(dir, "/10-x.rules", NULL);
	for (unsigned int i = 0; i < N_ELEMENTS(parts); i++) {
		const char *const dirs[] = {
			parts[i].behind ? BOUNCE_RULES_SHIPPED : dir,
			parts[i].behind ? dir : BOUNCE_RULES_SHIPPED, NULL
		};
		struct bounce_clause_roles roles = { .recipient = NULL };
		struct bounce_rules_query query = {
			.source = BOUNCE_RULES_REMOTE,
			.text = " 552 the mailbox is full ",
		};
		struct bounce_rules_hit hit, weak;
		struct bounce_rules *rules;

		out = fopen(path, "w");
		ck_assert_ptr_nonnull(out);
		fprintf(out, "%s\n", parts[i].rules);
		ck_assert_int_eq(fclose(out), 0);
		rules = bounce_rules_load(dirs, NULL);
		bounce_rules_query_clauses(&query, "552 The mailbox is full",
					   &roles);
		ck_assert(bounce_rules_match(rules, &query, &hit, &weak));
		ck_assert_ptr_nonnull(hit.name);
		ck_assert(bounce_string_begins(hit.name, parts[i].hit));
		ck_assert_pstr_eq(weak.name, parts[i].weak);
		bounce_rules_free(&rules);
	}
	(void)unlink(path);
	(void)rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules");
	TCase *tcase = tcase_create("rules");

	tcase_add_loop_test(tcase, test_fold, 0, N_ELEMENTS(folds));
	tcase_add_test(tcase, test_fold_limit);
	tcase_add_loop_test(tcase, test_line, 0, N_ELEMENTS(lines));
	tcase_add_test(tcase, test_line_limit);
	tcase_add_test(tcase, test_count_limit);
	tcase_add_loop_test(tcase, test_match, 0, N_ELEMENTS(matches));
	tcase_add_test(tcase, test_gap_limit);
	tcase_add_test(tcase, test_class);
	tcase_add_test(tcase, test_folders);
	tcase_add_test(tcase, test_parts);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
