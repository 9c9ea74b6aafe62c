/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "wildcard-match.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules-private.h"

#include <ctype.h>

/* Each rule has an anchor: the group of its words that is met most seldom. Each
   word of it is in the index under four of its bytes. A text is walked
   once; where a word of an anchor is, the words around it are compared
   from there. So the time is linear in the text. */

#define GRAM_LENGTH 4
#define NO_RULE UINT_MAX

/* While one text is matched. */
struct match_context {
	const struct bounce_rules_part *part;
	const struct bounce_rules_query *query;
	const char *text;
	/* passed over, or NULL */
	const struct bounce_rule_word *skip;
	unsigned int best, best_weak;
};

static const char *
match_word_text(const struct match_context *ctx,
		const struct bounce_rule_word *word)
{
	return ctx->part->text + word->text;
}

/* The next text of a list. */
static const char *list_next(const char *item)
{
	return item + strlen(item) + 1;
}

static bool
list_match(const struct bounce_rules_part *part, uint32_t masks,
	   const char *value)
{
	const char *mask;

	if (masks == 0)
		return TRUE;
	if (value == NULL)
		return FALSE;
	for (mask = part->text + masks; *mask != '\0'; mask = list_next(mask)) {
		if (wildcard_match_icase(value, mask))
			return TRUE;
	}
	return FALSE;
}

/* A command is met by its first word: "RCPT" for "RCPT TO". */
static bool
command_match(const struct bounce_rules_part *part, uint32_t names,
	      const char *command)
{
	const char *name;

	if (names == 0)
		return TRUE;
	if (command == NULL)
		return FALSE;
	for (name = part->text + names; *name != '\0'; name = list_next(name)) {
		if (strncasecmp(command, name, strlen(name)) == 0)
			return TRUE;
	}
	return FALSE;
}

/* A domain stands for all hosts below it. */
static bool match_host_in_domain(const char *host, const char *domain)
{
	size_t host_len, domain_len = strlen(domain);

	if (host == NULL)
		return FALSE;
	host_len = strlen(host);
	if (host_len < domain_len)
		return FALSE;
	if (strcasecmp(host + host_len - domain_len, domain) != 0)
		return FALSE;
	return host_len == domain_len ||
		host[host_len - domain_len - 1] == '.';
}

static bool
host_match(const struct bounce_rules_part *part, uint32_t domains,
	   const struct bounce_rules_query *query)
{
	const char *domain;

	if (domains == 0)
		return TRUE;
	for (domain = part->text + domains; *domain != '\0';
	     domain = list_next(domain)) {
		if (match_host_in_domain(query->remote_host, domain) ||
		    match_host_in_domain(query->reporting_host, domain))
			return TRUE;
	}
	return FALSE;
}

static bool rule_conditions_match(const struct bounce_rules_part *part,
				  const struct bounce_rule *rule,
				  const struct bounce_rules_query *query)
{
	return (rule->sources & query->source) != 0 &&
		list_match(part, rule->status, query->status) &&
		list_match(part, rule->reply, query->reply) &&
		list_match(part, rule->formats, query->format) &&
		command_match(part, rule->commands, query->command) &&
		host_match(part, rule->hosts, query);
}

/* Does a word begin or end at p, in text? What is no letter or digit of ASCII has
   borders on both sides: scripts without spaces, "_". */
static bool match_is_border(const char *text, const char *p)
{
	return p == text || !i_isalnum(p[-1]) || !i_isalnum(*p);
}

static const struct bounce_rule_group *
rule_group(const struct match_context *ctx, const struct bounce_rule *rule,
	   unsigned int idx)
{
	return &ctx->part->groups[rule->groups + idx];
}

/* Is idx the last group of a piece, the first one of it? */
static bool match_ends_piece(const struct match_context *ctx,
			     const struct bounce_rule *rule, unsigned int idx)
{
	return idx + 1 == rule->groups_count ||
		rule_group(ctx, rule, idx + 1)->gap_before;
}

static bool match_begins_piece(const struct match_context *ctx,
			       const struct bounce_rule *rule, unsigned int idx)
{
	return idx == 0 || rule_group(ctx, rule, idx)->gap_before;
}

/* Where the groups from idx on end, up to the next "..." or the last, if they
   are at text one after the other; else NULL. */
static const char *
match_groups_end(const struct match_context *ctx,
		 const struct bounce_rule *rule, unsigned int idx,
		 const char *text)
{
	const struct bounce_rule_group *group = rule_group(ctx, rule, idx);
	const struct bounce_rule_word *words = &ctx->part->words[group->words];
	const char *end;

	for (unsigned int i = 0; i < group->count; i++) {
		const struct bounce_rule_word *word = &words[i];
		const char *wanted = match_word_text(ctx, word);

		/* most differ at once; an empty one does not */
		if (word == ctx->skip)
			continue;
		if (word->len > 0 &&
		    (*text != *wanted || strncmp(text, wanted, word->len) != 0))
			continue;
		end = text + word->len;
		if (!match_ends_piece(ctx, rule, idx))
			end = match_groups_end(ctx, rule, idx + 1, end);
		else if (!match_is_border(ctx->text, end))
			continue;
		if (end != NULL)
			return end;
	}
	return NULL;
}

/* Where the groups up to idx begin, back to the "..." before them or the first,
   if they are one after the other and end at text; else NULL. */
static const char *
match_groups_begin(const struct match_context *ctx,
		   const struct bounce_rule *rule,
		   unsigned int idx, const char *text)
{
	const struct bounce_rule_group *group = rule_group(ctx, rule, idx);
	const struct bounce_rule_word *words = &ctx->part->words[group->words];
	const char *begin;

	for (unsigned int i = 0; i < group->count; i++) {
		const struct bounce_rule_word *word = &words[i];
		const char *wanted = match_word_text(ctx, word);

		if (word == ctx->skip ||
		    (size_t)(text - ctx->text) < word->len)
			continue;
		begin = text - word->len;
		if (word->len > 0 && (*begin != *wanted ||
		    memcmp(begin, wanted, word->len) != 0))
			continue;
		if (!match_begins_piece(ctx, rule, idx))
			begin = match_groups_begin(ctx, rule, idx - 1, begin);
		else if (!match_is_border(ctx->text, begin))
			continue;
		if (begin != NULL)
			return begin;
	}
	return NULL;
}

static unsigned int
match_group_next_piece(const struct match_context *ctx,
		       const struct bounce_rule *rule, unsigned int idx)
{
	do {
		idx++;
	} while (idx < rule->groups_count &&
		 !rule_group(ctx, rule, idx)->gap_before);
	return idx;
}

static bool match_after(const struct match_context *ctx,
			const struct bounce_rule *rule, const char *text)
{
	unsigned int idx = rule->anchor, left;
	const char *end;

	if (!match_ends_piece(ctx, rule, idx))
		text = match_groups_end(ctx, rule, idx + 1, text);
	else if (!match_is_border(ctx->text, text))
		return FALSE;
	while (text != NULL &&
	       (idx = match_group_next_piece(ctx, rule, idx)) <
	       rule->groups_count) {
		end = NULL;
		for (left = BOUNCE_MAX_RULE_GAP; end == NULL; text++, left--) {
			end = match_is_border(ctx->text, text) ?
				match_groups_end(ctx, rule, idx, text) : NULL;
			if (left == 0 || *text == '\0')
				break;
		}
		text = end;
	}
	return text != NULL;
}

static bool match_before(const struct match_context *ctx,
			 const struct bounce_rule *rule, const char *text)
{
	unsigned int idx = rule->anchor, left;
	const char *begin;

	if (!match_begins_piece(ctx, rule, idx))
		text = match_groups_begin(ctx, rule, idx - 1, text);
	else if (!match_is_border(ctx->text, text))
		return FALSE;
	while (text != NULL) {
		while (!match_begins_piece(ctx, rule, idx))
			idx--;
		if (idx == 0)
			break;
		begin = NULL;
		for (left = BOUNCE_MAX_RULE_GAP; begin == NULL; text--, left--) {
			begin = match_is_border(ctx->text, text) ?
				match_groups_begin(ctx, rule, idx - 1, text) :
				NULL;
			if (left == 0 || text == ctx->text)
				break;
		}
		text = begin;
		idx--;
	}
	return text != NULL;
}

/* text is where the four bytes of entry are. */
static void match_entry(struct match_context *ctx,
			const struct bounce_rule_entry *entry,
			const char *text)
{
	const struct bounce_rule *rule = &ctx->part->rules[entry->rule];
	const struct bounce_rule_word *word = &ctx->part->words[entry->word];
	unsigned int *best = rule->weak ? &ctx->best_weak : &ctx->best;

	if (entry->rule >= *best || word == ctx->skip ||
	    (size_t)(text - ctx->text) < entry->offset)
		return;
	text -= entry->offset;
	if (strncmp(text, match_word_text(ctx, word), word->len) != 0)
		return;
	if (rule_conditions_match(ctx->part, rule, ctx->query) &&
	    match_after(ctx, rule, text + word->len) &&
	    match_before(ctx, rule, text))
		*best = entry->rule;
}

static void match_words(struct match_context *ctx)
{
	const struct bounce_rules_part *part = ctx->part;
	const char *p = ctx->text, *end;
	size_t len = strlen(p);

	if (len < GRAM_LENGTH)
		return;
	for (end = p + len - GRAM_LENGTH; p <= end; p++) {
		uint32_t gram = bounce_rules_gram(p);
		const uint32_t *bucket =
			&part->buckets[bounce_rules_bucket(gram)];

		for (unsigned int i = bucket[0]; i < bucket[1]; i++) {
			if (part->entries[i].gram == gram)
				match_entry(ctx, &part->entries[i], p);
		}
	}
}

static bool
match_classes(const struct match_context *ctx, const struct bounce_rule *rule)
{
	if (rule->class == BOUNCE_CLASS_HARD && ctx->query->blames_us)
		return FALSE;
	return bounce_rules_classes_match(
		&ctx->part->classes[rule->classes - 1], ctx->query);
}

static void match_wordless(struct match_context *ctx)
{
	const struct bounce_rules_part *part = ctx->part;

	for (unsigned int i = 0; i < part->wordless_count; i++) {
		unsigned int idx = part->wordless[i];
		const struct bounce_rule *rule = &part->rules[idx];
		unsigned int *best =
			rule->weak ? &ctx->best_weak : &ctx->best;

		if (idx < *best &&
		    (rule->classes == 0 || match_classes(ctx, rule)) &&
		    rule_conditions_match(part, rule, ctx->query))
			*best = idx;
	}
}

/* An earlier part's hit stays. */
static void match_hit_set(const struct match_context *ctx, unsigned int idx,
			  struct bounce_rules_hit *hit)
{
	const struct bounce_rule *rule;
	unsigned int count;

	if (idx == NO_RULE || hit->name != NULL)
		return;
	rule = &ctx->part->rules[idx];
	hit->reason = &bounce_reason_table(&count)[rule->reason];
	hit->class = rule->class;
	hit->class_given = rule->class_given;
	hit->name = ctx->part->text + rule->name;
}

bool bounce_rules_match(const struct bounce_rules *rules,
			const struct bounce_rules_query *query,
			struct bounce_rules_hit *hit_r,
			struct bounce_rules_hit *weak_r)
{
	struct match_context ctx = {
		.query = query, .text = query->text, .skip = rules->skip,
	};

	i_zero(hit_r);
	i_zero(weak_r);
	array_foreach_elem(&rules->parts, ctx.part) {
		ctx.best = ctx.best_weak = NO_RULE;
		match_words(&ctx);
		match_wordless(&ctx);
		match_hit_set(&ctx, ctx.best, hit_r);
		match_hit_set(&ctx, ctx.best_weak, weak_r);
		if (hit_r->name != NULL && weak_r->name != NULL)
			break;
	}
	return hit_r->name != NULL || weak_r->name != NULL;
}
