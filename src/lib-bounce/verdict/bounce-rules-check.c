/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-reason.h"
#include "bounce-rules-private.h"

/* While one example is checked. */
struct check_context {
	const struct bounce_rules *rules;
	const struct bounce_rule *rule;
	ARRAY_TYPE(const_string) *errors;
	bool failed;
};

static void ATTR_FORMAT(3, 4)
check_error(struct check_context *ctx, const char *name, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = t_strdup_vprintf(fmt, args);
	va_end(args);
	text = t_strdup_printf("%s: %s", name, text);
	array_push_back(ctx->errors, &text);
	ctx->failed = TRUE;
}

/* The codes at the start of text, "550 5.1.1 words" or "5.1.1 words", as the
   readers of reports find them. */
static void
rules_query_codes(struct bounce_rules_query *query, const char *text)
{
	size_t len;

	if (strspn(text, "0123456789") == 3 && *text >= '2' && *text <= '5') {
		query->reply = t_strndup(text, 3);
		text += 3;
		if (*text == ' ' || *text == '-')
			text++;
	}
	len = strspn(text, "0123456789.");
	if (len >= 5 && (*text == '4' || *text == '5') && text[1] == '.' &&
	    strchr(text + 2, '.') != NULL)
		query->status = t_strndup(text, len);
}

/* Whose addresses those of the examples are. */
static const struct bounce_clause_roles example_roles = {
	.recipient = "a@example.org", .sender = "me@example.net"
};

/* An example may begin with "[key=value ...]": the conditions that its text
   does not show. */
static int
rules_query_init(struct bounce_rules_query *query, const char *text,
		 const char **error_r)
{
	const char *end;
	const char *const *args;

	i_zero(query);
	query->source = BOUNCE_RULES_REMOTE;
	if (*text != '[' || (end = strchr(text, ']')) == NULL ||
	    memchr(text, '=', end - text) == NULL) {
		rules_query_codes(query, text);
		query->text = bounce_rules_fold(text);
		bounce_rules_query_clauses(query, text, &example_roles);
		return 0;
	}
	args = t_strsplit_spaces(t_strdup_until(text + 1, end), " ");
	for (end++; *end == ' '; )
		end++;
	rules_query_codes(query, end);
	query->text = bounce_rules_fold(end);
	bounce_rules_query_clauses(query, end, &example_roles);
	for (; *args != NULL; args++) {
		if (bounce_rules_query_set(query, *args, error_r) < 0)
			return -1;
	}
	return 0;
}

static void example_check(struct check_context *ctx,
			  const struct bounce_rule_example *example)
{
	struct bounce_rules_query query;
	struct bounce_rules_hit hit, weak;
	const char *winner, *error;

	if (rules_query_init(&query, example->text, &error) < 0) {
		check_error(ctx, example->name, "%s", error);
		return;
	}
	(void)bounce_rules_match(ctx->rules, &query, &hit, &weak);
	winner = hit.name != NULL ? hit.name : weak.name;
	if (winner == NULL) {
		check_error(ctx, example->name,
			    "The example of %s is matched by no rule",
			    ctx->rule->name);
	} else if (strcmp(winner, ctx->rule->name) != 0) {
		check_error(ctx, example->name,
			    "The example of %s is won by %s (%s)",
			    ctx->rule->name, winner,
			    hit.name != NULL ? hit.reason->name :
			    weak.reason->name);
	}
}

int bounce_rules_check(const struct bounce_rules *rules,
		       ARRAY_TYPE(const_string) *errors)
{
	struct check_context ctx = { .rules = rules, .errors = errors };
	const struct bounce_rule_example *example;
	const struct bounce_rule *rule;

	array_foreach(&rules->rules, rule) {
		ctx.rule = rule;
		if (array_count(&rule->examples) == 0)
			check_error(&ctx, rule->name, "The rule has no example");
		array_foreach(&rule->examples, example)
			example_check(&ctx, example);
	}
	return ctx.failed ? -1 : 0;
}

/* Are all examples of the rule won by it? */
static bool examples_are_won(struct check_context *ctx)
{
	struct check_context quiet = { .rules = ctx->rules, .rule = ctx->rule };
	ARRAY_TYPE(const_string) errors;
	const struct bounce_rule_example *example;
	bool failed;

	T_BEGIN {
		t_array_init(&errors, 4);
		quiet.errors = &errors;
		array_foreach(&ctx->rule->examples, example)
			example_check(&quiet, example);
		failed = quiet.failed;
	} T_END;
	return !failed;
}

static void alternative_check(struct check_context *ctx,
			      struct bounce_rule_word *word)
{
	bool won;

	word->skip = TRUE;
	won = examples_are_won(ctx);
	word->skip = FALSE;
	if (won) {
		check_error(ctx, ctx->rule->name, "No example needs '%s'",
			    word->text);
	}
}

int bounce_rules_check_alternatives(struct bounce_rules *rules,
				    ARRAY_TYPE(const_string) *errors)
{
	struct check_context ctx = { .rules = rules, .errors = errors };
	const struct bounce_rule *rule;

	array_foreach(&rules->rules, rule) {
		ctx.rule = rule;
		for (unsigned int i = 0; i < rule->groups_count; i++) {
			const struct bounce_rule_group *group =
				&rule->groups[i];

			for (unsigned int j = 0;
			     group->count > 1 && j < group->count; j++)
				alternative_check(&ctx, &group->words[j]);
		}
	}
	return ctx.failed ? -1 : 0;
}
