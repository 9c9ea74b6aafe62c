#ifndef BOUNCE_RULES_PRIVATE_H
#define BOUNCE_RULES_PRIVATE_H

#include "bounce-limits.h"
#include "bounce-rules.h"
#include "bounce-words.h"
#include "str.h"

/* One bucket for each hash of four bytes. */
#define BOUNCE_RULES_BUCKET_BITS 13
#define BOUNCE_RULES_BUCKETS (1 << BOUNCE_RULES_BUCKET_BITS)

/* A part of a rule set: what was read from folders in a row, or was compiled in.
   Its rows name each other by number and texts by their place in text (0 = none), so
   that it can be in a constant table without a pointer (rules/rules-compile.c). */

/* Classes of words that must be in one clause. */
struct bounce_rule_classes {
	/* of each term one class */
	bounce_words_set_t terms[BOUNCE_MAX_RULE_TERMS];
	unsigned int count;
	/* none of these in that clause */
	bounce_words_set_t unless;
	/* 0 = any; else one of these somewhere; none of these anywhere */
	bounce_words_set_t with, without;
};

struct bounce_rule {
	uint32_t name;			/* text: file:line */
	/* each 0 = any; else texts, one after the other up to an empty one, of
	   which one must fit */
	uint32_t status, reply, hosts, formats, commands;
	/* the words in order: rows of groups; a count of 0 = conditions only */
	uint32_t groups;
	uint16_t groups_count;
	/* the group that the index finds, counted from groups */
	uint16_t anchor;
	/* classes of words: row + 1, or 0 */
	uint16_t classes;
	uint16_t reason;		/* row of bounce_reason_table() */
	uint8_t class;			/* enum bounce_class */
	/* bits of enum bounce_rules_source */
	uint8_t sources;
	bool class_given;
	/* believed only where no code says more */
	bool weak;
};

/* One of several spellings of a piece of the words; may be empty. */
struct bounce_rule_word {
	uint32_t text;			/* folded */
	uint32_t len;
};

/* Plain words, or the alternatives of {a|b}: rows of words. A group follows the one
   before at once or, after "...", within BOUNCE_MAX_RULE_GAP. */
struct bounce_rule_group {
	uint32_t words;
	uint16_t count;
	bool gap_before;
};

/* Where a word of a rule's anchor is entered in the index. */
struct bounce_rule_entry {
	uint32_t gram;			/* four bytes of the word */
	uint32_t word;
	uint16_t rule;
	uint16_t offset;		/* of gram in the word */
};

struct bounce_rules_part {
	const char *text;
	const struct bounce_rule *rules;
	const struct bounce_rule_group *groups;
	const struct bounce_rule_word *words;
	const struct bounce_rule_classes *classes;
	/* rules without words: conditions, or classes of words */
	const uint16_t *wordless;
	/* entries of bucket n: entries[buckets[n] .. buckets[n + 1] - 1] */
	const struct bounce_rule_entry *entries;
	const uint32_t *buckets;
	unsigned int text_size, rules_count, groups_count, words_count;
	unsigned int classes_count, wordless_count, entries_count;
};

/* The rules of this release. */
extern const struct bounce_rules_part bounce_rules_shipped;

struct bounce_rule_example {
	/* whose: of the part, and the rule in it */
	unsigned int part, rule;
	const char *name;		/* file:line */
	const char *text;		/* as written, without "=" */
};

struct bounce_rules {
	pool_t pool;
	/* the first match wins */
	ARRAY(const struct bounce_rules_part *) parts;
	/* in the order of the rules; the shipped part's are in its files only */
	ARRAY(struct bounce_rule_example) examples;
	/* left out while the check asks who needs it, or NULL */
	const struct bounce_rule_word *skip;
};

/* While a part is read from files. */
struct bounce_rules_parser {
	pool_t pool;
	string_t *text;
	ARRAY(struct bounce_rule) rules;
	ARRAY(struct bounce_rule_group) groups;
	ARRAY(struct bounce_rule_word) words;
	ARRAY(struct bounce_rule_classes) classes;
	ARRAY(uint16_t) wordless;
};

static inline uint32_t bounce_rules_gram(const char *p)
{
	const unsigned char *c = (const unsigned char *)p;

	/* the same on every machine, for the compiled tables; one load on most */
	return c[0] | c[1] << 8 | c[2] << 16 | (uint32_t)c[3] << 24;
}

static inline unsigned int bounce_rules_bucket(uint32_t gram)
{
	/* Fibonacci hashing: the upper bits are the well mixed ones. */
	return (gram * 2654435769U) >> (32 - BOUNCE_RULES_BUCKET_BITS);
}

/* Begin to read rules; they live in pool. */
void bounce_rules_parser_init(struct bounce_rules_parser *parser, pool_t pool);
/* The part of all that was read, with its index; NULL if that is nothing. */
const struct bounce_rules_part *
bounce_rules_parser_finish(struct bounce_rules_parser *parser);
/* Where text is from now on in the part's text. */
uint32_t bounce_rules_parser_text(struct bounce_rules_parser *parser,
				  const char *text);

/* Parse the words of a rule line, pieces between " ... ", alternatives in
   {a|b}, into the groups of rule. Returns 0, or -1 and error_r. */
int bounce_rules_words_parse(struct bounce_rules_parser *parser,
			     struct bounce_rule *rule, const char *words,
			     const char **error_r);
/* Do the words of a rule line begin with the name of a class ("NOT EXIST")? */
bool bounce_rules_is_classes(const char *words);
/* Parse "A B|C unless D with E without F" into rule. Returns 0, or -1 and
   error_r. */
int bounce_rules_classes_parse(struct bounce_rules_parser *parser,
			       struct bounce_rule *rule, const char *words,
			       const char **error_r);
bool bounce_rules_classes_match(const struct bounce_rule_classes *classes,
				const struct bounce_rules_query *query);
/* Parse one rule line "reason condition...: words" and add it. name is
   "file:line". Returns 0, or -1 and error_r. */
int bounce_rules_line_parse(struct bounce_rules_parser *parser,
			    const char *name, const char *line,
			    const char **error_r);
/* A rule's words in the form of bounce_rules_fold(), but for the addresses and
   the spaces around; on the data stack. */
const char *bounce_rules_fold_piece(const char *text);
/* Set a condition "key=a,b" of a query that an example states. Returns 0, or
   -1 and error_r. */
int bounce_rules_query_set(struct bounce_rules_query *query,
			   const char *condition, const char **error_r);

#endif
