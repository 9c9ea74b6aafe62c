#ifndef BOUNCE_WORDS_CORE_H
#define BOUNCE_WORDS_CORE_H

/* The fold and the matcher, which words-compile needs on the build machine, too:
   plain C and libunistring, nothing of Dovecot. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* One phrase, folded. Offsets, no pointers: the tables need no relocation, and
   pages that no mail asks for are never loaded. */
struct bounce_words_entry {
	uint32_t offset;		/* in the table's text */
	uint8_t len;
	uint8_t class;			/* enum bounce_words_class */
	bool open;			/* "word*": the word may go on */
};

/* The phrases of one group, sorted: a phrase stands before those that it
   begins. entries[first[c]] is the first that begins with the byte c. */
struct bounce_words_table {
	const char *text;
	const struct bounce_words_entry *entries;
	const uint16_t *first;
	/* which two bytes begin one, as a hash: most words begin none */
	const uint64_t *pairs;
};

#define WORDS_PAIR_BITS 8192
static inline unsigned int words_core_pair(const char *p)
{
	return (((unsigned char)p[0] << 5) ^ (unsigned char)p[1]) %
		WORDS_PAIR_BITS;
}

/* The plain letter of a character of two bytes, 0 for an accent (U+0300 to
   U+036F), -1 for any other. */
static inline int words_core_plain(uint8_t first, uint8_t second)
{
	if (first == 0xcc || (first == 0xcd && second < 0xb0))
		return 0;
	switch (first << 8 | second) {
	case 0xc3b8:			/* o with stroke */
		return 'o';
	case 0xc491:			/* d with stroke */
		return 'd';
	case 0xc4b1:			/* i without dot */
		return 'i';
	case 0xc582:			/* l with stroke */
		return 'l';
	default:
		return -1;
	}
}

/* Lower case, compatibility forms unified, and Latin, Greek and Cyrillic
   letters without their accents: servers write "nao existe" as well. From
   malloc(); NULL if text is not valid UTF-8. */
static inline char *words_core_casefold(const char *text, size_t len)
{
	size_t size = 0, used = 0;
	uint8_t *apart, *folded;

	if (u8_check((const uint8_t *)text, len) != NULL)
		return NULL;
	apart = u8_casefold((const uint8_t *)text, len, NULL, UNINORM_NFKD,
			    NULL, &size);
	if (apart == NULL)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		int plain = i + 1 == size ? -1 :
			words_core_plain(apart[i], apart[i + 1]);

		if (plain > 0)
			apart[used++] = plain;
		if (plain >= 0)
			i++;
		else
			apart[used++] = apart[i];
	}
	folded = u8_normalize(UNINORM_NFC, apart, used, NULL, &size);
	free(apart);
	if (folded == NULL)
		return NULL;
	apart = realloc(folded, size + 1);
	if (apart == NULL) {
		free(folded);
		return NULL;
	}
	apart[size] = '\0';
	return (char *)apart;
}

/* Does the character at p need no border: written without spaces (Thai, Lao,
   Burmese, Khmer, Chinese, Japanese, Korean)? */
static inline bool words_core_is_dense(const char *p)
{
	const unsigned char *c = (const unsigned char *)p;

	switch (c[0]) {
	case 0xe0:
		return c[1] >= 0xb8;
	case 0xe1:
		return c[1] < 0xb8 && !(c[1] >= 0x83 && c[1] < 0x9e);
	case 0xe2:
		return c[1] >= 0xba;
	default:
		return c[0] >= 0xe3 && c[0] <= 0xef;
	}
}

/* Is p, the first byte of a character, in a word? */
static inline bool words_core_is_word(const char *p)
{
	const unsigned char *c = (const unsigned char *)p;

	if (c[0] < 0x80) {
		return (c[0] >= 'a' && c[0] <= 'z') ||
			(c[0] >= '0' && c[0] <= '9') ||
			(c[0] >= 'A' && c[0] <= 'Z');
	}
	/* U+0080 to U+00BF, U+2000 to U+206F, U+3000 to U+3003 */
	return !(c[0] == 0xc2 || (c[0] == 0xe2 && c[1] < 0x82) ||
		 (c[0] == 0xe3 && c[1] == 0x80 && c[2] < 0x84));
}

/* Does a word begin or end between the bytes before and at pos? */
static inline bool words_core_is_border(const char *text, size_t pos)
{
	size_t before = pos;

	if (pos == 0 || text[pos] == '\0')
		return true;
	if (((unsigned char)text[pos] & 0xc0) == 0x80)
		return false;
	do
		before--;
	while (before > 0 && ((unsigned char)text[before] & 0xc0) == 0x80);
	return !words_core_is_word(text + pos) ||
		!words_core_is_word(text + before) ||
		words_core_is_dense(text + pos) ||
		words_core_is_dense(text + before);
}

/* The plain form of a typographic quote at p and its length, or 0. */
static inline unsigned int words_core_quote(const char *p, char *plain_r)
{
	const unsigned char *c = (const unsigned char *)p;

	if (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0x98 && c[2] <= 0x9f) {
		*plain_r = c[2] <= 0x9b ? '\'' : '"';
		return 3;
	}
	if (c[0] == 0xc2 && (c[1] == 0xab || c[1] == 0xbb)) {
		*plain_r = '"';
		return 2;
	}
	return 0;
}

/* In place, of a text in lower case: quotes straight; white space, "_", and "-"
   within a word one space, none at the ends. Returns the new length. */
static inline size_t words_core_tidy(char *text)
{
	size_t used = 0;
	unsigned int len;
	bool space = false;

	for (const char *p = text; *p != '\0'; ) {
		char plain;

		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '_' ||
		    (*p == '-' && used > 0 && !space &&
		     words_core_is_word(p + 1) &&
		     (words_core_is_word(text + used - 1) ||
		      (unsigned char)text[used - 1] >= 0x80))) {
			space = true;
			p++;
			continue;
		}
		if (space && used > 0)
			text[used++] = ' ';
		space = false;
		if ((len = words_core_quote(p, &plain)) > 0) {
			text[used++] = plain;
			p += len;
		} else {
			text[used++] = *p++;
		}
	}
	text[used] = '\0';
	return used;
}

/* Of entries *lo to *hi - 1, which begin alike up to depth: only those whose next
   byte is c. */
static inline void
words_core_narrow(const struct bounce_words_table *table, size_t depth,
		  unsigned char c, unsigned int *lo, unsigned int *hi)
{
	const struct bounce_words_entry *entries = table->entries;
	unsigned int left = *lo, right = *hi, end = *hi, mid;

	while (left < right) {
		mid = (left + right) / 2;
		if ((unsigned char)table->text[entries[mid].offset + depth] < c)
			left = mid + 1;
		else
			right = mid;
	}
	*lo = left;
	while (left < end) {
		mid = (left + end) / 2;
		if ((unsigned char)table->text[entries[mid].offset + depth] > c)
			end = mid;
		else
			left = mid + 1;
	}
	*hi = end;
}

/* A walk over a folded text: the phrases in the order in which they begin, of
   those that begin at one place the shorter first. */
struct words_core_walk {
	const struct bounce_words_table *table;
	const char *text;
	size_t pos, depth;
	unsigned int lo, hi;
};

static inline void
words_core_begin(struct words_core_walk *walk,
		 const struct bounce_words_table *table, const char *text)
{
	memset(walk, 0, sizeof(*walk));
	walk->table = table;
	walk->text = text;
	/* nothing is found before the first place is entered */
	walk->pos = SIZE_MAX;
}

/* Go to the next place where a phrase may begin. */
static inline bool words_core_advance(struct words_core_walk *walk)
{
	const uint64_t *pairs = walk->table->pairs;
	const char *p = walk->text + walk->pos;
	unsigned int pair;

	do {
		p++;
		if (*p == '\0')
			return false;
		pair = words_core_pair(p);
	} while ((pairs[pair / 64] & (uint64_t)1 << (pair % 64)) == 0 ||
		 !words_core_is_border(walk->text, p - walk->text));
	walk->pos = p - walk->text;
	walk->lo = walk->table->first[(unsigned char)*p];
	walk->hi = walk->table->first[(unsigned char)*p + 1];
	walk->depth = 1;
	return true;
}

/* The next phrase, which stands at walk->pos, or NULL. */
static inline const struct bounce_words_entry *
words_core_next(struct words_core_walk *walk)
{
	const struct bounce_words_entry *entry;
	unsigned char c;

	for (;;) {
		while (walk->lo < walk->hi &&
		       (entry = &walk->table->entries[walk->lo])->len ==
		       walk->depth) {
			walk->lo++;
			if (entry->open ||
			    words_core_is_border(walk->text,
						 walk->pos + walk->depth))
				return entry;
		}
		if (walk->lo < walk->hi &&
		    (c = walk->text[walk->pos + walk->depth]) != '\0') {
			words_core_narrow(walk->table, walk->depth, c,
					  &walk->lo, &walk->hi);
			walk->depth++;
		} else if (!words_core_advance(walk)) {
			return NULL;
		}
	}
}

#endif
