/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-block.h"
#include "bounce-string.h"

static const char *string_skip_separators(const char *p)
{
	while (*p == ' ' || *p == ',')
		p++;
	return p;
}

/* Up to the next separator or the end, behind which a block can be read. */
static size_t string_word_len(const char *word)
{
	size_t len = 0;
	unsigned int n;

	do {
		bounce_block_t block = *(const bounce_block_t *)(word + len);

		n = bounce_block_true_len((bounce_block_t)
			((block != ' ') & (block != ',') & (block != '\0')));
		len += n;
	} while (n == sizeof(bounce_block_t));
	return len;
}

const char **bounce_string_words(pool_t pool, const char *text)
{
	size_t len = strlen(text);
	char *copy = p_malloc(pool, len + sizeof(bounce_block_t));
	const char *p, **words;
	unsigned int count = 0;

	memcpy(copy, text, len);
	for (p = string_skip_separators(copy); *p != '\0';
	     p = string_skip_separators(p + string_word_len(p)))
		count++;
	words = p_new(pool, const char *, count + 1);
	count = 0;
	for (p = string_skip_separators(copy); *p != '\0';
	     p = string_skip_separators(p)) {
		words[count++] = p;
		p += string_word_len(p);
		if (*p != '\0')
			copy[p++ - copy] = '\0';
	}
	return words;
}
