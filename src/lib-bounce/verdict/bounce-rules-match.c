/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "wildcard-match.h"
#include "bounce-limits.h"
#include "bounce-rules-private.h"

#include <ctype.h>

/* Each rule has an anchor: the group of its words that is met most seldom. Each
   word of it stands in the index under four of its bytes. A text is walked
   once; where a word of an anchor stands, the words around it are compared
   from there. So the time is linear in the text. */

#define GRAM_LENGTH 4
#define NO_RULE UINT_MAX

/* While one text is matched. */
struct match_context {
	const struct bounce_rules *rules;
	const struct bounce_rules_query *query;
	const struct bounce_rule *rule;
	const char *text;
	unsigned int best, best_weak;
};

/* The four bytes of a word that fewest others have. */
static unsigned int
match_word_key(const struct bounce_rule_word *word, const unsigned int *counts)
{
	unsigned int count, least = UINT_MAX, offset = 0;

	for (unsigned int i = 0; i + GRAM_LENGTH <= word->len; i++) {
		count = counts[bounce_rules_bucket(
			bounce_rules_gram(word->text + i))];
		if (count < least) {
			least = count;
			offset = i;
		}
	}
	return offset;
}

static void
match_word_count(const struct bounce_rule_word *word, unsigned int *counts)
{
	for (unsigned int i = 0; i + GRAM_LENGTH <= word->len; i++) {
		counts[bounce_rules_bucket(
			bounce_rules_gram(word->text + i))]++;
	}
}

static const struct bounce_rule_group *
rule_anchor(const struct bounce_rule *rule)
{
	return rule->groups_count == 0 ? NULL : &rule->groups[rule->anchor];
}

/* One entry for each word of an anchor, in the order of the rules. */
static void
match_index_entries(const struct bounce_rules *rules,
		    const unsigned int *counts,
		    ARRAY_TYPE(bounce_rule_entry) *entries)
{
	const struct bounce_rule *rule;
	unsigned int idx = 0;

	array_foreach(&rules->rules, rule) {
		const struct bounce_rule_group *group = rule_anchor(rule);

		for (unsigned int i = 0; group != NULL && i < group->count;
		     i++) {
			struct bounce_rule_entry *entry =
				array_append_space(entries);

			entry->word = &group->words[i];
			entry->rule = idx;
			entry->offset = match_word_key(entry->word, counts);
			entry->gram = bounce_rules_gram(entry->word->text +
							entry->offset);
		}
		idx++;
	}
}

static void
match_index_fill(struct bounce_rules *rules,
		 const ARRAY_TYPE(bounce_rule_entry) *all)
{
	const struct bounce_rule_entry *entry;
	struct bounce_rule_entry *entries;
	unsigned int *buckets, bucket;

	entries = p_new(rules->pool, struct bounce_rule_entry,
			array_count(all) + 1);
	/* Filled one place to the right: while entries go in, buckets[n + 1]
	   is the next free one of bucket n. */
	buckets = p_new(rules->pool, unsigned int, BOUNCE_RULES_BUCKETS + 2);
	array_foreach(all, entry)
		buckets[bounce_rules_bucket(entry->gram) + 2]++;
	for (bucket = 2; bucket < BOUNCE_RULES_BUCKETS + 2; bucket++)
		buckets[bucket] += buckets[bucket - 1];
	array_foreach(all, entry) {
		bucket = bounce_rules_bucket(entry->gram) + 1;
		entries[buckets[bucket]++] = *entry;
	}
	rules->entries = entries;
	rules->buckets = buckets;
}

void bounce_rules_index(struct bounce_rules *rules)
{
	ARRAY_TYPE(bounce_rule_entry) entries;
	const struct bounce_rule *rule;
	unsigned int *counts;

	T_BEGIN {
		counts = t_new(unsigned int, BOUNCE_RULES_BUCKETS);
		array_foreach(&rules->rules, rule) {
			const struct bounce_rule_group *group =
				rule_anchor(rule);

			for (unsigned int i = 0;
			     group != NULL && i < group->count; i++)
				match_word_count(&group->words[i], counts);
		}
		t_array_init(&entries, 4096);
		match_index_entries(rules, counts, &entries);
		match_index_fill(rules, &entries);
	} T_END;
}

static bool list_match(const char *const *masks, const char *value)
{
	if (masks == NULL)
		return TRUE;
	if (value == NULL)
		return FALSE;
	for (; *masks != NULL; masks++) {
		if (wildcard_match_icase(value, *masks))
			return TRUE;
	}
	return FALSE;
}

/* A command is met by its first word: "RCPT" for "RCPT TO". */
static bool command_match(const char *const *names, const char *command)
{
	if (names == NULL)
		return TRUE;
	if (command == NULL)
		return FALSE;
	for (; *names != NULL; names++) {
		if (strncasecmp(command, *names, strlen(*names)) == 0)
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
host_match(const char *const *domains, const struct bounce_rules_query *query)
{
	if (domains == NULL)
		return TRUE;
	for (; *domains != NULL; domains++) {
		if (match_host_in_domain(query->remote_host, *domains) ||
		    match_host_in_domain(query->reporting_host, *domains))
			return TRUE;
	}
	return FALSE;
}

static bool rule_conditions_match(const struct bounce_rule *rule,
				  const struct bounce_rules_query *query)
{
	return (rule->sources & query->source) != 0 &&
		list_match(rule->status, query->status) &&
		list_match(rule->reply, query->reply) &&
		list_match(rule->formats, query->format) &&
		command_match(rule->commands, query->command) &&
		host_match(rule->hosts, query);
}

/* Does a word begin or end at p, in text? What is no letter or digit of ASCII has
   borders on both sides: scripts without spaces, "_". */
static bool match_is_border(const char *text, const char *p)
{
	return p == text || !i_isalnum(p[-1]) || !i_isalnum(*p);
}

/* Is idx the last group of a piece, the first one of it? */
static bool match_ends_piece(const struct bounce_rule *rule, unsigned int idx)
{
	return idx + 1 == rule->groups_count || rule->groups[idx + 1].gap_before;
}

static bool match_begins_piece(const struct bounce_rule *rule, unsigned int idx)
{
	return idx == 0 || rule->groups[idx].gap_before;
}

/* Where the groups from idx on end, up to the next "..." or the last, if they
   stand at text one after the other; else NULL. */
static const char *
match_groups_end(const struct match_context *ctx,
		 const struct bounce_rule *rule, unsigned int idx,
		 const char *text)
{
	const struct bounce_rule_group *group = &rule->groups[idx];
	const char *end;

	for (unsigned int i = 0; i < group->count; i++) {
		const struct bounce_rule_word *word = &group->words[i];

		/* most differ at once; an empty one does not */
		if (word->skip)
			continue;
		if (word->len > 0 &&
		    (*text != *word->text ||
		     strncmp(text, word->text, word->len) != 0))
			continue;
		end = text + word->len;
		if (!match_ends_piece(rule, idx))
			end = match_groups_end(ctx, rule, idx + 1, end);
		else if (!match_is_border(ctx->text, end))
			continue;
		if (end != NULL)
			return end;
	}
	return NULL;
}

/* Where the groups up to idx begin, back to the "..." before them or the first,
   if they stand one after the other and end at text; else NULL. */
static const char *
match_groups_begin(const struct match_context *ctx,
		   const struct bounce_rule *rule,
		   unsigned int idx, const char *text)
{
	const struct bounce_rule_group *group = &rule->groups[idx];
	const char *begin;

	for (unsigned int i = 0; i < group->count; i++) {
		const struct bounce_rule_word *word = &group->words[i];

		if (word->skip || (size_t)(text - ctx->text) < word->len)
			continue;
		begin = text - word->len;
		if (word->len > 0 && (*begin != *word->text ||
		    memcmp(begin, word->text, word->len) != 0))
			continue;
		if (!match_begins_piece(rule, idx))
			begin = match_groups_begin(ctx, rule, idx - 1, begin);
		else if (!match_is_border(ctx->text, begin))
			continue;
		if (begin != NULL)
			return begin;
	}
	return NULL;
}

static unsigned int
match_group_next_piece(const struct bounce_rule *rule, unsigned int idx)
{
	do {
		idx++;
	} while (idx < rule->groups_count && !rule->groups[idx].gap_before);
	return idx;
}

static bool match_after(const struct match_context *ctx,
			const struct bounce_rule *rule, const char *text)
{
	unsigned int idx = rule->anchor, left;
	const char *end;

	if (!match_ends_piece(rule, idx))
		text = match_groups_end(ctx, rule, idx + 1, text);
	else if (!match_is_border(ctx->text, text))
		return FALSE;
	while (text != NULL &&
	       (idx = match_group_next_piece(rule, idx)) < rule->groups_count) {
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

	if (!match_begins_piece(rule, idx))
		text = match_groups_begin(ctx, rule, idx - 1, text);
	else if (!match_is_border(ctx->text, text))
		return FALSE;
	while (text != NULL) {
		while (idx > 0 && !rule->groups[idx].gap_before)
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

/* text is where the four bytes of entry stand. */
static void match_entry(struct match_context *ctx,
			const struct bounce_rule_entry *entry,
			const char *text)
{
	const struct bounce_rule *rule = &ctx->rule[entry->rule];
	unsigned int *best = rule->weak ? &ctx->best_weak : &ctx->best;

	if (entry->rule >= *best || entry->word->skip ||
	    (size_t)(text - ctx->text) < entry->offset)
		return;
	text -= entry->offset;
	if (strncmp(text, entry->word->text, entry->word->len) != 0)
		return;
	if (rule_conditions_match(rule, ctx->query) &&
	    match_after(ctx, rule, text + entry->word->len) &&
	    match_before(ctx, rule, text))
		*best = entry->rule;
}

static void match_words(struct match_context *ctx)
{
	const struct bounce_rules *rules = ctx->rules;
	const char *p = ctx->text, *end;
	size_t len = strlen(p);

	if (len < GRAM_LENGTH)
		return;
	for (end = p + len - GRAM_LENGTH; p <= end; p++) {
		uint32_t gram = bounce_rules_gram(p);
		const unsigned int *bucket =
			&rules->buckets[bounce_rules_bucket(gram)];

		for (unsigned int i = bucket[0]; i < bucket[1]; i++) {
			if (rules->entries[i].gram == gram)
				match_entry(ctx, &rules->entries[i], p);
		}
	}
}

static void match_wordless(struct match_context *ctx)
{
	const unsigned int *idxp;

	array_foreach(&ctx->rules->wordless, idxp) {
		const struct bounce_rule *rule = &ctx->rule[*idxp];
		unsigned int *best =
			rule->weak ? &ctx->best_weak : &ctx->best;

		if (*idxp < *best && rule_conditions_match(rule, ctx->query) &&
		    (rule->classes == NULL ||
		     bounce_rules_classes_match(rule->classes, ctx->query)))
			*best = *idxp;
	}
}

static void match_hit_set(const struct match_context *ctx, unsigned int idx,
			  struct bounce_rules_hit *hit_r)
{
	const struct bounce_rule *rule;

	i_zero(hit_r);
	if (idx == NO_RULE)
		return;
	rule = &ctx->rule[idx];
	hit_r->reason = rule->reason;
	hit_r->class = rule->class;
	hit_r->class_given = rule->class_given;
	hit_r->name = rule->name;
	hit_r->index = idx;
}

bool bounce_rules_match(const struct bounce_rules *rules,
			const struct bounce_rules_query *query,
			struct bounce_rules_hit *hit_r,
			struct bounce_rules_hit *weak_r)
{
	struct match_context ctx = {
		.rules = rules, .query = query, .text = query->text,
		.best = NO_RULE, .best_weak = NO_RULE,
	};

	if (array_count(&rules->rules) > 0) {
		ctx.rule = array_front(&rules->rules);
		match_words(&ctx);
		match_wordless(&ctx);
	}
	match_hit_set(&ctx, ctx.best, hit_r);
	match_hit_set(&ctx, ctx.best_weak, weak_r);
	return hit_r->name != NULL || weak_r->name != NULL;
}
