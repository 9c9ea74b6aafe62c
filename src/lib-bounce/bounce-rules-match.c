/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "wildcard-match.h"
#include "bounce-limits.h"
#include "bounce-rules-private.h"

/* Each pattern is entered once, under the rarest four bytes of its pieces. A
   text is walked once; where its four bytes are someone's key, that pattern is
   verified, at most once per text. So the time is linear in the text. */

#define GRAM_LENGTH 4
#define NO_RULE UINT_MAX

/* While one text is matched. */
struct match_context {
	const struct bounce_rules *rules;
	const struct bounce_rules_query *query;
	const struct bounce_rule *rule;
	const struct bounce_rule_pattern *patterns;
	/* a bit for each pattern that was verified */
	uint8_t *seen;
	unsigned int best, best_weak;
};

static uint32_t
pattern_key(const struct bounce_rule_pattern *pattern,
	    const unsigned int *counts)
{
	const char *const *pieces;
	const char *p;
	unsigned int count, least = UINT_MAX;
	uint32_t key = 0;

	for (pieces = pattern->pieces; *pieces != NULL; pieces++) {
		const char *end = *pieces + strlen(*pieces);

		for (p = *pieces; end - p >= GRAM_LENGTH; p++) {
			uint32_t gram = bounce_rules_gram(p);

			count = counts[bounce_rules_bucket(gram)];
			if (count < least) {
				least = count;
				key = gram;
			}
		}
	}
	return key;
}

static void
pattern_count(const struct bounce_rule_pattern *pattern, unsigned int *counts)
{
	const char *const *pieces;
	const char *p;

	for (pieces = pattern->pieces; *pieces != NULL; pieces++) {
		const char *end = *pieces + strlen(*pieces);

		for (p = *pieces; end - p >= GRAM_LENGTH; p++)
			counts[bounce_rules_bucket(bounce_rules_gram(p))]++;
	}
}

void bounce_rules_index(struct bounce_rules *rules)
{
	unsigned int count = array_count(&rules->patterns), i, bucket;
	const struct bounce_rule_pattern *pattern;
	struct bounce_rule_entry *entries;
	unsigned int *buckets, *counts;
	uint32_t *keys;

	entries = p_new(rules->pool, struct bounce_rule_entry, count + 1);
	buckets = p_new(rules->pool, unsigned int, BOUNCE_RULES_BUCKETS + 2);
	rules->entries = entries;
	/* Filled one place to the right: while entries go in, buckets[n + 1]
	   is the next free one of bucket n. */
	rules->buckets = buckets;
	T_BEGIN {
		counts = t_new(unsigned int, BOUNCE_RULES_BUCKETS);
		keys = t_new(uint32_t, count + 1);
		array_foreach(&rules->patterns, pattern)
			pattern_count(pattern, counts);
		for (i = 0; i < count; i++) {
			pattern = array_idx(&rules->patterns, i);
			keys[i] = pattern_key(pattern, counts);
			buckets[bounce_rules_bucket(keys[i]) + 2]++;
		}
		for (bucket = 2; bucket < BOUNCE_RULES_BUCKETS + 2; bucket++)
			buckets[bucket] += buckets[bucket - 1];
		for (i = 0; i < count; i++) {
			bucket = bounce_rules_bucket(keys[i]) + 1;
			entries[buckets[bucket]].gram = keys[i];
			entries[buckets[bucket]++].pattern = i;
		}
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
static bool host_in_domain(const char *host, const char *domain)
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
		if (host_in_domain(query->remote_host, *domains) ||
		    host_in_domain(query->reporting_host, *domains))
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

/* Where the piece ends that begins within reach of text, or NULL. */
static const char *piece_follow(const char *piece, const char *text)
{
	const char *end = text + strnlen(text, BOUNCE_MAX_RULE_GAP + 1);
	size_t len = strlen(piece);

	while ((text = memchr(text, *piece, end - text)) != NULL) {
		if (strncmp(text, piece, len) == 0)
			return text + len;
		text++;
	}
	return NULL;
}

static bool pieces_follow(const char *const *pieces, const char *text)
{
	for (; *pieces != NULL; pieces++) {
		text = piece_follow(*pieces, text);
		if (text == NULL)
			return FALSE;
	}
	return TRUE;
}

static bool
pieces_match(const char *const *pieces, const char *text)
{
	size_t len = strlen(pieces[0]);

	while ((text = strstr(text, pieces[0])) != NULL) {
		text += len;
		if (pieces_follow(pieces + 1, text))
			return TRUE;
	}
	return FALSE;
}

static void match_pattern(struct match_context *ctx, unsigned int idx)
{
	const struct bounce_rule_pattern *pattern = &ctx->patterns[idx];
	const struct bounce_rule *rule = &ctx->rule[pattern->rule];
	unsigned int *best = rule->weak ? &ctx->best_weak : &ctx->best;

	if (pattern->rule >= *best)
		return;
	if ((ctx->seen[idx / 8] & (1 << (idx % 8))) != 0)
		return;
	ctx->seen[idx / 8] |= 1 << (idx % 8);
	if (pieces_match(pattern->pieces, ctx->query->text) &&
	    rule_conditions_match(rule, ctx->query))
		*best = pattern->rule;
}

static void match_words(struct match_context *ctx)
{
	const struct bounce_rules *rules = ctx->rules;
	const char *p = ctx->query->text;
	size_t len = strlen(p);
	const char *end;

	if (len < GRAM_LENGTH)
		return;
	for (end = p + len - GRAM_LENGTH; p <= end; p++) {
		uint32_t gram = bounce_rules_gram(p);
		const unsigned int *bucket =
			&rules->buckets[bounce_rules_bucket(gram)];
		unsigned int i;

		for (i = bucket[0]; i < bucket[1]; i++) {
			if (rules->entries[i].gram == gram)
				match_pattern(ctx, rules->entries[i].pattern);
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

		if (*idxp < *best && rule_conditions_match(rule, ctx->query))
			*best = *idxp;
	}
}

static void hit_set(const struct match_context *ctx, unsigned int idx,
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
}

bool bounce_rules_match(const struct bounce_rules *rules,
			const struct bounce_rules_query *query,
			struct bounce_rules_hit *hit_r,
			struct bounce_rules_hit *weak_r)
{
	struct match_context ctx = {
		.rules = rules, .query = query,
		.best = NO_RULE, .best_weak = NO_RULE,
	};
	unsigned int count = array_count(&rules->patterns);

	if (array_count(&rules->rules) > 0) T_BEGIN {
		ctx.rule = array_front(&rules->rules);
		ctx.patterns = count == 0 ? NULL :
			array_front(&rules->patterns);
		ctx.seen = t_malloc0(count / 8 + 1);
		match_words(&ctx);
		match_wordless(&ctx);
	} T_END;
	hit_set(&ctx, ctx.best, hit_r);
	hit_set(&ctx, ctx.best_weak, weak_r);
	return hit_r->name != NULL || weak_r->name != NULL;
}
