/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-rules-private.h"

/* The tables of a part, and the index that finds a rule by four bytes of its words. */

#define GRAM_LENGTH 4

ARRAY_DEFINE_TYPE(bounce_rule_entry, struct bounce_rule_entry);

static const char *
index_text(const struct bounce_rules_part *part,
	   const struct bounce_rule_word *word, unsigned int offset)
{
	return part->text + word->text + offset;
}

/* The four bytes of a word that fewest others have. */
static unsigned int
index_word_key(const struct bounce_rules_part *part,
	       const struct bounce_rule_word *word, const unsigned int *counts)
{
	unsigned int count, least = UINT_MAX, offset = 0;

	for (unsigned int i = 0; i + GRAM_LENGTH <= word->len; i++) {
		count = counts[bounce_rules_bucket(
			bounce_rules_gram(index_text(part, word, i)))];
		if (count < least) {
			least = count;
			offset = i;
		}
	}
	return offset;
}

static void
index_word_count(const struct bounce_rules_part *part,
		 const struct bounce_rule_word *word, unsigned int *counts)
{
	for (unsigned int i = 0; i + GRAM_LENGTH <= word->len; i++) {
		counts[bounce_rules_bucket(
			bounce_rules_gram(index_text(part, word, i)))]++;
	}
}

static const struct bounce_rule_group *
index_anchor(const struct bounce_rules_part *part,
	     const struct bounce_rule *rule)
{
	return rule->groups_count == 0 ? NULL :
		&part->groups[rule->groups + rule->anchor];
}

/* One entry for each word of an anchor, in the order of the rules. */
static void
index_entries(const struct bounce_rules_part *part, const unsigned int *counts,
	      ARRAY_TYPE(bounce_rule_entry) *entries)
{
	for (unsigned int idx = 0; idx < part->rules_count; idx++) {
		const struct bounce_rule_group *group =
			index_anchor(part, &part->rules[idx]);

		for (unsigned int i = 0; group != NULL && i < group->count;
		     i++) {
			const struct bounce_rule_word *word =
				&part->words[group->words + i];
			struct bounce_rule_entry *entry =
				array_append_space(entries);

			entry->word = group->words + i;
			entry->rule = idx;
			entry->offset = index_word_key(part, word, counts);
			entry->gram = bounce_rules_gram(
				index_text(part, word, entry->offset));
		}
	}
}

static void
index_fill(struct bounce_rules_part *part, pool_t pool,
	   const ARRAY_TYPE(bounce_rule_entry) *all)
{
	const struct bounce_rule_entry *entry;
	struct bounce_rule_entry *entries;
	uint32_t *buckets;
	unsigned int bucket;

	part->entries_count = array_count(all);
	entries = p_new(pool, struct bounce_rule_entry, array_count(all) + 1);
	/* Filled one place to the right: while entries go in, buckets[n + 1]
	   is the next free one of bucket n. */
	buckets = p_new(pool, uint32_t, BOUNCE_RULES_BUCKETS + 2);
	array_foreach(all, entry)
		buckets[bounce_rules_bucket(entry->gram) + 2]++;
	for (bucket = 2; bucket < BOUNCE_RULES_BUCKETS + 2; bucket++)
		buckets[bucket] += buckets[bucket - 1];
	array_foreach(all, entry) {
		bucket = bounce_rules_bucket(entry->gram) + 1;
		entries[buckets[bucket]++] = *entry;
	}
	part->entries = entries;
	part->buckets = buckets;
}

static void part_index(struct bounce_rules_part *part, pool_t pool)
{
	ARRAY_TYPE(bounce_rule_entry) entries;
	unsigned int *counts;

	T_BEGIN {
		counts = t_new(unsigned int, BOUNCE_RULES_BUCKETS);
		for (unsigned int idx = 0; idx < part->rules_count; idx++) {
			const struct bounce_rule_group *group =
				index_anchor(part, &part->rules[idx]);

			for (unsigned int i = 0;
			     group != NULL && i < group->count; i++) {
				index_word_count(part,
					&part->words[group->words + i], counts);
			}
		}
		t_array_init(&entries, 256);
		index_entries(part, counts, &entries);
		index_fill(part, pool, &entries);
	} T_END;
}

void bounce_rules_parser_init(struct bounce_rules_parser *parser, pool_t pool)
{
	i_zero(parser);
	parser->pool = pool;
	parser->text = str_new(pool, 1024);
	/* so that no text is at 0 */
	str_append_c(parser->text, '\0');
	p_array_init(&parser->rules, pool, 32);
	p_array_init(&parser->groups, pool, 64);
	p_array_init(&parser->words, pool, 128);
	p_array_init(&parser->classes, pool, 32);
	p_array_init(&parser->wordless, pool, 32);
}

uint32_t bounce_rules_parser_text(struct bounce_rules_parser *parser,
				  const char *text)
{
	uint32_t place = str_len(parser->text);

	str_append_data(parser->text, text, strlen(text) + 1);
	return place;
}

const struct bounce_rules_part *
bounce_rules_parser_finish(struct bounce_rules_parser *parser)
{
	struct bounce_rules_part *part;

	if (array_is_empty(&parser->rules))
		return NULL;
	part = p_new(parser->pool, struct bounce_rules_part, 1);
	part->text = str_c(parser->text);
	part->text_size = str_len(parser->text);
	part->rules = array_get(&parser->rules, &part->rules_count);
	part->groups = array_get(&parser->groups, &part->groups_count);
	part->words = array_get(&parser->words, &part->words_count);
	part->classes = array_get(&parser->classes, &part->classes_count);
	part->wordless = array_get(&parser->wordless, &part->wordless_count);
	part_index(part, parser->pool);
	return part;
}
