#ifndef BOUNCE_TEXTS_PRIVATE_H
#define BOUNCE_TEXTS_PRIVATE_H

#include "lib.h"
#include "hash.h"
#include "bounce-texts.h"

struct bounce_texts_entry {
	/* with its plural form, if any: "broadcast.failed[one]" */
	const char *key;
	const char *text;
};

/* en.texts, sorted by strcmp(): the build makes it. */
extern const struct bounce_texts_entry bounce_texts_english[];
extern const unsigned int bounce_texts_english_count;

struct bounce_texts {
	pool_t pool;
	const char *language;
	HASH_TABLE(const char *, const char *) texts;
};

/* Called for each right line of a file. */
typedef void bounce_texts_line_t(const char *key, const char *text,
				 unsigned int line, void *context);

/* Returns 1, 0 if there is no such file, -1 if it could not be read (said in
   errors). */
int bounce_texts_file_read(const char *path, bounce_texts_line_t *callback,
			   void *context, ARRAY_TYPE(const_string) *errors);

/* NULL = none of that key. */
const char *bounce_texts_english_find(const char *key);
/* The name of CLDR's plural category of count: "one", "few", "many",
   "other". */
const char *bounce_texts_plural(const char *language, unsigned int count);
/* All that the language needs, NULL-terminated; "other" is the last. */
const char *const *bounce_texts_plurals(const char *language);
/* "de" of "de-AT", on the data stack. */
const char *bounce_texts_primary(const char *language);

#endif
