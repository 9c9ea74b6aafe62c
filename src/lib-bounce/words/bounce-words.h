#ifndef BOUNCE_WORDS_H
#define BOUNCE_WORDS_H

/* The words of all languages (src/words), compiled in. */

#include "lib.h"
#include "array.h"
#include "str.h"

enum bounce_words_group {
	BOUNCE_WORDS_JUDGE = 0,
	BOUNCE_WORDS_NOTICE,
	BOUNCE_WORDS_GRAMMAR,
	BOUNCE_WORDS_GROUP_COUNT
};

enum bounce_words_class {
#define CLASS(group, name) BOUNCE_WORD_##name,
#include "bounce-words-classes.h"
#undef CLASS
	BOUNCE_WORDS_CLASS_COUNT
};

/* Where a phrase of that class is: bytes of the folded text. */
struct bounce_words_hit {
	enum bounce_words_class class;
	unsigned int begin, end;
};
ARRAY_DEFINE_TYPE(bounce_words_hit, struct bounce_words_hit);

/* A set of classes of one group: those of a group are together, and no more than 64. */
typedef uint64_t bounce_words_set_t;
/* The set that holds class. */
static inline bounce_words_set_t bounce_words_set(enum bounce_words_class class)
{
	return (bounce_words_set_t)1 << class % 64;
}

/* text as words are looked for: case, accents and compatibility forms unified,
   quotes straight, white space, "_" and "-" within a word one space, none at the
   ends. On the data stack. */
const char *bounce_words_fold(const char *text);
/* The same appended to dest. */
void bounce_words_fold_append(string_t *dest, const char *text);
/* Only case, accents and compatibility forms. On the data stack. */
const char *bounce_words_casefold(const char *text, size_t len);
/* Only case and compatibility forms (full-width Latin, no-break spaces). On the data
   stack. */
const char *bounce_words_compatible(const char *text, size_t len);

/* All phrases of the group in folded, in the order in which they begin, the
   shorter first. One pass. A phrase begins and ends where a word does. */
void bounce_words_find(enum bounce_words_group group, const char *folded,
		       ARRAY_TYPE(bounce_words_hit) *hits);
/* Where the longest phrase of that class of the group ends that folded begins with; 0 if
   it begins with none. */
size_t bounce_words_begin(enum bounce_words_group group, const char *folded,
			  enum bounce_words_class class);
/* The classes of the group that folded holds a phrase of. */
bounce_words_set_t
bounce_words_classes(enum bounce_words_group group, const char *folded);
/* The bytes at pos that are still of the word before it: 0 if it ends there. */
unsigned int bounce_words_rest(const char *folded, unsigned int pos);

/* Class of that name ("WHO") in the group. Returns 0, or -1 if there is none. */
int bounce_words_class_parse(enum bounce_words_group group, const char *name,
			     enum bounce_words_class *class_r);

#endif
