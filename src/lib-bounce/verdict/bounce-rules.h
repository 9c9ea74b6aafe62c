#ifndef BOUNCE_RULES_H
#define BOUNCE_RULES_H

#include "bounce-clauses.h"
#include "bounce-types.h"

/* Rule files: see doc/bounce-rules.5 for the syntax. A loaded rule set is
   immutable and may be shared. */
struct bounce_rules;

/* Stands for a folder: the rules of this release, which are compiled in. */
#define BOUNCE_RULES_SHIPPED "shipped"

/* Read every *.rules file of the folders (NULL-terminated list), in the order
   of the folders and, within one, of the names; the first match wins. A folder
   that is missing is passed over; a file that cannot be read or a line that is
   wrong is skipped and named in errors (one "file:line: text" each, on the
   data stack; may be NULL), and the rest still works. Never fails: an empty
   set classifies by codes alone. The caller owns the result. */
struct bounce_rules *
bounce_rules_load(const char *const *dirs, ARRAY_TYPE(const_string) *errors);
/* The same with the shipped rules read from their files, which have the examples
   for bounce_rules_check(). */
struct bounce_rules *
bounce_rules_load_files(const char *const *dirs,
			ARRAY_TYPE(const_string) *errors);
void bounce_rules_free(struct bounce_rules **rules);

/* Number of rules loaded. */
unsigned int bounce_rules_count(const struct bounce_rules *rules);

/* Check that each rule's examples are won by that rule. Problems are added to
   errors ("file:line: text", on the data stack). Returns 0 if all is well, -1
   if not. */
int bounce_rules_check(const struct bounce_rules *rules,
		       ARRAY_TYPE(const_string) *errors);

/* Name in errors each alternative of {a|b} without which every example of its
   rule would be won all the same: nobody knows what it is for. Returns 0 if there
   is none, -1 if there is. Not while others use the rules. */
int bounce_rules_check_alternatives(struct bounce_rules *rules,
				    ARRAY_TYPE(const_string) *errors);

/* Where a text comes from. */
enum bounce_rules_source {
	/* the remote host's words for this recipient */
	BOUNCE_RULES_REMOTE = 0x01,
	/* the reporting mailer's own words */
	BOUNCE_RULES_LOCAL = 0x02
};

/* What is matched against the rules. All but text may be NULL. */
struct bounce_rules_query {
	/* as bounce_rules_fold() made it */
	const char *text;
	enum bounce_rules_source source;
	const char *status;		/* "5.1.1" */
	const char *reply;		/* "550" */
	const char *remote_host;
	const char *reporting_host;
	const char *format;		/* "dsn" */
	const char *command;		/* "RCPT TO" */
	/* the text's clauses and all their classes, or NULL */
	const ARRAY_TYPE(bounce_clause) *clauses;
	bounce_words_set_t classes;
	/* one of them says that the fault is ours: no rule of classes is hard */
	bool blames_us;
};

/* One rule that matched. */
struct bounce_rules_hit {
	const struct bounce_reason *reason;
	/* the reason's own class unless the rule says otherwise */
	enum bounce_class class;
	bool class_given;
	/* "50-providers.rules:12"; lives as long as the rules */
	const char *name;
};

/* A text as the rules see it, on the data stack: case-folded, white space and
   control characters as one space, quotes straight, mail addresses as "@", the
   codes that a multi-line SMTP reply repeats dropped, a space at both ends.
   At most BOUNCE_MAX_MATCH bytes of text are looked at. */
const char *bounce_rules_fold(const char *text);

/* Read text, as it came, for the rules that combine classes of words: sets
   query->clauses, on the data stack. */
void bounce_rules_query_clauses(struct bounce_rules_query *query,
				const char *text,
				const struct bounce_clause_roles *roles);

/* Find the first rule that matches and, apart from it, the first weak one
   (words that are to be believed only where no code says more). hit_r->name
   and weak_r->name are NULL where there is none. Returns TRUE if one of them
   is set. Linear in the text's length. */
bool bounce_rules_match(const struct bounce_rules *rules,
			const struct bounce_rules_query *query,
			struct bounce_rules_hit *hit_r,
			struct bounce_rules_hit *weak_r);

#endif
