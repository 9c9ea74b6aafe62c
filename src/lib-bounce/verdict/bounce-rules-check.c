/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-reason.h"
#include "bounce-rules-private.h"

/* While one example is checked. */
struct check_context {
	const struct bounce_rules *rules;
	/* the next rule: of which part, and its row */
	unsigned int part_idx, row;
	/* whose examples they are: file:line, and where they are */
	const char *rule;
	unsigned int first, count;
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
			    ctx->rule);
	} else if (strcmp(winner, ctx->rule) != 0) {
		check_error(ctx, example->name,
			    "The example of %s is won by %s (%s)",
			    ctx->rule, winner,
			    hit.name != NULL ? hit.reason->name :
			    weak.reason->name);
	}
}

/* All examples of the rule that ctx is at. */
static void examples_check(struct check_context *ctx)
{
	for (unsigned int i = 0; i < ctx->count; i++)
		example_check(ctx, array_idx(&ctx->rules->examples,
					     ctx->first + i));
}

/* Go to the next rule that was read from files; its examples are behind those of the
   one before. NULL at the end. */
static const struct bounce_rule *
check_rule_next(struct check_context *ctx,
		const struct bounce_rules_part **part_r)
{
	const struct bounce_rules_part *part;
	const struct bounce_rule_example *examples;
	unsigned int count;

	for (;; ctx->part_idx++, ctx->row = 0) {
		if (ctx->part_idx == array_count(&ctx->rules->parts))
			return NULL;
		part = array_idx_elem(&ctx->rules->parts, ctx->part_idx);
		if (part != &bounce_rules_shipped && ctx->row < part->rules_count)
			break;
	}
	examples = array_get(&ctx->rules->examples, &count);
	ctx->rule = part->text + part->rules[ctx->row].name;
	ctx->first += ctx->count;
	ctx->count = 0;
	while (ctx->first + ctx->count < count &&
	       examples[ctx->first + ctx->count].part == ctx->part_idx &&
	       examples[ctx->first + ctx->count].rule == ctx->row)
		ctx->count++;
	*part_r = part;
	return &part->rules[ctx->row++];
}

/* Are all examples of the rule won by it? */
static bool examples_are_won(const struct check_context *ctx)
{
	struct check_context quiet = *ctx;
	ARRAY_TYPE(const_string) errors;

	quiet.failed = FALSE;
	T_BEGIN {
		t_array_init(&errors, 4);
		quiet.errors = &errors;
		examples_check(&quiet);
	} T_END;
	return !quiet.failed;
}

static void
alternatives_check(struct check_context *ctx, struct bounce_rules *rules,
		   const struct bounce_rules_part *part,
		   const struct bounce_rule_group *group)
{
	if (group->count == 1)
		return;
	for (unsigned int i = 0; i < group->count; i++) {
		const struct bounce_rule_word *word =
			&part->words[group->words + i];

		rules->skip = word;
		if (examples_are_won(ctx)) {
			check_error(ctx, ctx->rule, "No example needs '%s'",
				    part->text + word->text);
		}
		rules->skip = NULL;
	}
}

int bounce_rules_check(const struct bounce_rules *rules,
		       ARRAY_TYPE(const_string) *errors)
{
	struct check_context ctx = { .rules = rules, .errors = errors };
	const struct bounce_rules_part *part;

	while (check_rule_next(&ctx, &part) != NULL) {
		if (ctx.count == 0)
			check_error(&ctx, ctx.rule, "The rule has no example");
		examples_check(&ctx);
	}
	return ctx.failed ? -1 : 0;
}

int bounce_rules_check_alternatives(struct bounce_rules *rules,
				    ARRAY_TYPE(const_string) *errors)
{
	struct check_context ctx = { .rules = rules, .errors = errors };
	const struct bounce_rules_part *part;
	const struct bounce_rule *rule;

	while ((rule = check_rule_next(&ctx, &part)) != NULL) {
		for (unsigned int i = 0; i < rule->groups_count; i++) {
			alternatives_check(&ctx, rules, part,
				&part->groups[rule->groups + i]);
		}
	}
	return ctx.failed ? -1 : 0;
}
