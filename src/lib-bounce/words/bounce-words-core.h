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
	uint8_t third;			/* its third byte, or 0 if it has none */
};

/* The phrases of one group, sorted: a phrase is before those that it
   begins. Those whose first two bytes words_core_slot() holds for alike are
   entries[starts[slot]] to entries[starts[slot + 1]] - 1. */
struct bounce_words_table {
	const char *text;
	const struct bounce_words_entry *entries;
	const uint16_t *starts;
};

/* Slots in the order of the bytes: for each first byte 64, one for each letter
   from "a" on, one for eight others. */
#define WORDS_SLOTS_BYTE 64
#define WORDS_SLOTS (256 * WORDS_SLOTS_BYTE)
static inline unsigned int words_core_slot(const char *p)
{
	unsigned int first = (unsigned char)p[0] * WORDS_SLOTS_BYTE;
	unsigned int c = (unsigned char)p[1];

	if (c < 'a')
		return first + c / 8;
	if (c < 0x80)
		return first + 'a' / 8 + (c - 'a');
	return first + 'a' / 8 + (0x80 - 'a') + (c - 0x80) / 8;
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

static inline bool words_core_is_letter(char c)
{
	return c >= 'a' && c <= 'z';
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

/* A walk over a folded text: the phrases in the order in which they begin, of
   those that begin at one place the shorter first. */
struct words_core_walk {
	const struct bounce_words_table *table;
	const char *text;
	size_t pos;
	/* the entries that are still to be compared at pos */
	unsigned int lo, hi;
	/* the third byte there, or 0 */
	uint8_t third;
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

/* Of entries, *lo to *hi - 1 may begin at p. */
static inline bool
words_core_entries(const struct bounce_words_table *table, const char *p,
		   unsigned int *lo, unsigned int *hi)
{
	unsigned int first = (unsigned char)*p * WORDS_SLOTS_BYTE, slot;

	*lo = table->starts[first];
	*hi = table->starts[first + WORDS_SLOTS_BYTE];
	if (*lo == *hi)
		return false;
	/* a phrase of one byte is first, whatever follows it */
	if (table->entries[*lo].len > 1) {
		slot = words_core_slot(p);
		*lo = table->starts[slot];
		*hi = table->starts[slot + 1];
	}
	return *lo < *hi;
}

/* Go to the next place where a phrase may begin. */
static inline bool words_core_advance(struct words_core_walk *walk)
{
	const char *text = walk->text;
	/* SIZE_MAX: before the first place */
	size_t pos = walk->pos;

	do {
		/* within a word of plain letters none begins */
		if (pos != SIZE_MAX && words_core_is_letter(text[pos])) {
			while (words_core_is_letter(text[pos + 1]))
				pos++;
		}
		pos++;
		if (text[pos] == '\0')
			return false;
	} while (!words_core_entries(walk->table, text + pos, &walk->lo,
				     &walk->hi) ||
		 !words_core_is_border(text, pos));
	walk->pos = pos;
	walk->third = text[pos + 1] == '\0' ? 0 : (uint8_t)text[pos + 2];
	return true;
}

/* The bytes of entry that are at p: all of them, or those before the first
   that differs. Its first byte is there. */
static inline size_t
words_core_alike(const struct words_core_walk *walk,
		 const struct bounce_words_entry *entry, const char *p)
{
	const char *text = walk->table->text + entry->offset;
	size_t i = 1;

	while (i < entry->len && text[i] == p[i])
		i++;
	return i;
}

/* The next phrase, which is at walk->pos, or NULL. */
static inline const struct bounce_words_entry *
words_core_next(struct words_core_walk *walk)
{
	const struct bounce_words_entry *entry;
	const char *p;
	size_t len;

	for (;;) {
		while (walk->lo < walk->hi) {
			p = walk->text + walk->pos;
			entry = &walk->table->entries[walk->lo++];
			/* most differ there: their text is not looked at */
			if (entry->third != 0 && entry->third != walk->third) {
				/* so are all behind it */
				if (entry->third > walk->third &&
				    walk->table->text[entry->offset + 1] ==
				    p[1])
					walk->lo = walk->hi;
				continue;
			}
			len = words_core_alike(walk, entry, p);
			if (len == entry->len) {
				if (entry->open ||
				    words_core_is_border(walk->text,
							 walk->pos + len))
					return entry;
			} else if ((unsigned char)walk->table->text
					[entry->offset + len] >
				   (unsigned char)p[len]) {
				/* so are all behind it */
				walk->lo = walk->hi;
			}
		}
		if (!words_core_advance(walk))
			return NULL;
	}
}

#endif
