#ifndef BOUNCE_RULES_PRIVATE_H
#define BOUNCE_RULES_PRIVATE_H

#include "bounce-rules.h"

/* A power of two; one bucket for each hash of four bytes. */
#define BOUNCE_RULES_BUCKETS 8192

struct bounce_rule_example {
	const char *name;		/* file:line */
	const char *text;		/* as written, without "=" */
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
	ARRAY(struct bounce_rule_example) examples;
};

/* One spelling of a rule: {a|b} in the words makes several. */
struct bounce_rule_pattern {
	unsigned int rule;		/* index */
	const char *const *pieces;	/* in order, folded */
};

/* Where a pattern is entered in the index. */
struct bounce_rule_entry {
	uint32_t gram;			/* four bytes of one of its pieces */
	unsigned int pattern;		/* index */
};

struct bounce_rules {
	pool_t pool;
	ARRAY(struct bounce_rule) rules;
	ARRAY(struct bounce_rule_pattern) patterns;
	/* rules without words: conditions only */
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
	return (gram * 2654435769U) >> (32 - 13);
}

/* Parse the words of a rule line: pieces between " ... ", alternatives in
   {a|b}. Adds one pattern for each spelling. Returns 0, or -1 and error_r. */
int bounce_rules_words_parse(struct bounce_rules *rules, unsigned int rule,
			     const char *words, const char **error_r);
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

/* Build the index over all patterns, once, after loading. */
void bounce_rules_index(struct bounce_rules *rules);

#endif
