#ifndef WORDS_COMPILE_H
#define WORDS_COMPILE_H

#include "bounce-words-core.h"

#include <stdio.h>

struct words_phrase {
	char *text;			/* folded */
	size_t len;
	unsigned int class;
	bool open;
	/* no example held it yet */
	bool untried;
	const char *file;
	unsigned int line;
};

static inline void *words_alloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (new == NULL) {
		fputs("words-compile: out of memory\n", stderr);
		exit(2);
	}
	return new;
}

/* The table of phrases, which are sorted; from malloc(). Returns the number of its
   entries. */
unsigned int
words_table_build(const struct words_phrase *list, unsigned int count,
		  struct bounce_words_table *table_r);
void words_table_free(struct bounce_words_table *table);

/* Write what each character of words_core_blocks becomes. */
void words_write_folds(void);

#endif
