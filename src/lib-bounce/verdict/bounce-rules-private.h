#ifndef BOUNCE_RULES_PRIVATE_H
#define BOUNCE_RULES_PRIVATE_H

#include "bounce-limits.h"
#include "bounce-rules.h"
#include "bounce-words.h"

/* One bucket for each hash of four bytes. */
#define BOUNCE_RULES_BUCKET_BITS 13
#define BOUNCE_RULES_BUCKETS (1 << BOUNCE_RULES_BUCKET_BITS)

struct bounce_rule_example {
	const char *name;		/* file:line */
	const char *text;		/* as written, without "=" */
};

struct bounce_rule_group;

/* Classes of words that must stand in one clause. */
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
	const char *name;		/* file:line */
	const struct bounce_reason *reason;
	enum bounce_class class;
	bool class_given;
	/* believed only where no code says more */
	bool weak;
	/* bits of enum bounce_rules_source */
	unsigned int sources;
	/* each NULL = any; else one of them must fit */
	const char *const *status;
	const char *const *reply;
	const char *const *hosts;
	const char *const *formats;
	const char *const *commands;
	/* classes of words, or NULL */
	const struct bounce_rule_classes *classes;
	/* the words in order; 0 = conditions only */
	const struct bounce_rule_group *groups;
	unsigned int groups_count;
	/* the group that the index finds */
	unsigned int anchor;
	ARRAY(struct bounce_rule_example) examples;
};

/* One of several spellings of a piece of the words; may be empty. */
struct bounce_rule_word {
	const char *text;		/* folded */
	size_t len;
	/* left out while the check asks who needs it */
	bool skip;
};

/* Plain words, or the alternatives of {a|b}. A group follows the one before
   at once or, after "...", within BOUNCE_MAX_RULE_GAP. */
struct bounce_rule_group {
	struct bounce_rule_word *words;
	unsigned int count;
	bool gap_before;
};

/* Where a word of a rule's anchor is entered in the index. */
struct bounce_rule_entry {
	uint32_t gram;			/* four bytes of the word */
	unsigned int rule;		/* index */
	const struct bounce_rule_word *word;
	unsigned int offset;		/* of gram in the word */
};
ARRAY_DEFINE_TYPE(bounce_rule_entry, struct bounce_rule_entry);

struct bounce_rules {
	pool_t pool;
	ARRAY(struct bounce_rule) rules;
	/* rules without words: conditions, or classes of words */
	ARRAY(unsigned int) wordless;

	/* entries of bucket n: entries[buckets[n] .. buckets[n + 1] - 1] */
	const struct bounce_rule_entry *entries;
	const unsigned int *buckets;
};

static inline uint32_t bounce_rules_gram(const char *p)
{
	uint32_t gram;

	memcpy(&gram, p, sizeof(gram));
	return gram;
}

static inline unsigned int bounce_rules_bucket(uint32_t gram)
{
	/* Fibonacci hashing: the upper bits are the well mixed ones. */
	return (gram * 2654435769U) >> (32 - BOUNCE_RULES_BUCKET_BITS);
}

/* Parse the words of a rule line, pieces between " ... ", alternatives in
   {a|b}, into the groups of rule. Returns 0, or -1 and error_r. */
int bounce_rules_words_parse(pool_t pool, struct bounce_rule *rule,
			     const char *words, const char **error_r);
/* Do the words of a rule line begin with the name of a class ("NOT EXIST")? */
bool bounce_rules_is_classes(const char *words);
/* Parse "A B|C unless D with E without F" into rule. Returns 0, or -1 and
   error_r. */
int bounce_rules_classes_parse(pool_t pool, struct bounce_rule *rule,
			       const char *words, const char **error_r);
bool bounce_rules_classes_match(const struct bounce_rule_classes *classes,
				const struct bounce_rules_query *query);
/* Parse one rule line "reason condition...: words" and add it. name is
   "file:line". Returns 0, or -1 and error_r. */
int bounce_rules_line_parse(struct bounce_rules *rules, const char *name,
			    const char *line, const char **error_r);
/* A rule's words in the form of bounce_rules_fold(), but for the addresses and
   the spaces around; on the data stack. */
const char *bounce_rules_fold_piece(const char *text);
/* Set a condition "key=a,b" of a query that an example states. Returns 0, or
   -1 and error_r. */
int bounce_rules_query_set(struct bounce_rules_query *query,
			   const char *condition, const char **error_r);

/* Build the index over all rules, once, after loading. */
void bounce_rules_index(struct bounce_rules *rules);

#endif
