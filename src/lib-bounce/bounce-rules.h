#ifndef BOUNCE_RULES_H
#define BOUNCE_RULES_H

#include "bounce-types.h"

/* Rule files: see doc/bounce-rules.5 for the syntax. A loaded rule set is
   immutable and may be shared. */
struct bounce_rules;

/* Read every *.rules file of the folders (NULL-terminated list), in the order
   of the folders and, within one, of the names; the first match wins. A folder
   that is missing is passed over; a file that cannot be read or a line that is
   wrong is skipped and named in errors (one "file:line: text" each; may be
   NULL), and the rest still works. Never fails: an empty set classifies by
   codes alone. The caller owns the result. */
struct bounce_rules *
bounce_rules_load(const char *const *dirs, ARRAY_TYPE(const_string) *errors);
void bounce_rules_free(struct bounce_rules **rules);

/* Number of rules loaded. */
unsigned int bounce_rules_count(const struct bounce_rules *rules);

/* Check that each rule's examples are won by that rule. Problems are added to
   errors ("file:line: text", on the data stack). Returns 0 if all is well, -1
   if not. */
int bounce_rules_check(const struct bounce_rules *rules,
		       ARRAY_TYPE(const_string) *errors);

#endif
