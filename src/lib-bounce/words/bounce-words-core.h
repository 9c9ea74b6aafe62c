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
	uint32_t key;			/* what it is found by */
	uint32_t offset;		/* in the table's text */
	uint8_t len;
	uint8_t class;			/* enum bounce_words_class */
	/* bytes that it begins with as the entry before it does; 0 for the first
	   one with this key */
	uint8_t alike;
	bool open;			/* "word*": the word may go on */
};

/* The phrases of one group, each found by a key: of its first eight bytes, or
   four, or letters, whichever it has. Entries of one key stand together, sorted: a
   phrase stands before those that it begins. Those whose keys have one hash less
   its lowest bits are entries[starts[n]] to entries[starts[n + 1]] - 1; filter has
   a bit for each hash that a key has, firsts one for each byte that a phrase begins
   with, and for each letter from "a" to "z". */
struct bounce_words_table {
	const char *text;		/* eight bytes more behind the last */
	const struct bounce_words_entry *entries;
	const uint16_t *starts;
	const uint32_t *filter;
	uint32_t firsts[256 / 32];
};

#define WORDS_HASH_BITS 16
#define WORDS_HASH_LOW_BITS 3
#define WORDS_STARTS (1 << (WORDS_HASH_BITS - WORDS_HASH_LOW_BITS))
#define WORDS_FILTER ((1 << WORDS_HASH_BITS) / 32)

static inline unsigned int words_core_hash(uint32_t key)
{
	/* Fibonacci hashing: the upper bits are the well mixed ones */
	return (key * 2654435769U) >> (32 - WORDS_HASH_BITS);
}

/* Eight bytes: one load on most machines, the same number on all. */
static inline uint64_t words_core_load8(const char *p)
{
	const unsigned char *c = (const unsigned char *)p;

	return (uint64_t)c[0] | (uint64_t)c[1] << 8 | (uint64_t)c[2] << 16 |
		(uint64_t)c[3] << 24 | (uint64_t)c[4] << 32 |
		(uint64_t)c[5] << 40 | (uint64_t)c[6] << 48 |
		(uint64_t)c[7] << 56;
}

/* The keys of what begins with these bytes. Of eight: no four bytes of UTF-8 end
   like that. */
static inline uint32_t words_core_key8(uint64_t bytes)
{
	return 0xff000000 | (bytes * 11400714819323198485ULL) >> 40;
}

static inline uint32_t words_core_key4(uint64_t bytes)
{
	return (uint32_t)bytes;
}

/* Of fewer than four, letters of which, no more and no less, stand at the begin:
   these, or else the first byte. */
static inline uint32_t words_core_key1(uint64_t bytes, size_t letters)
{
	return bytes & (letters < 2 ? 0xff : letters == 2 ? 0xffff : 0xffffff);
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

/* Only lower case, and compatibility forms unified. The same way. */
static inline char *words_core_compatible(const char *text, size_t len)
{
	size_t size = 0;
	uint8_t *folded = u8_casefold((const uint8_t *)text, len, NULL,
				      UNINORM_NFKC, NULL, &size);
	uint8_t *ended = folded == NULL ? NULL : realloc(folded, size + 1);

	if (ended == NULL)
		free(folded);
	else
		ended[size] = '\0';
	return (char *)ended;
}

/* What words_core_casefold(), or words_core_compatible(), makes of a character,
   whatever is beside it: one to three bytes, or none if that depends. */
struct words_core_fold {
	uint8_t len;
	char bytes[3];
};

/* The characters in the table of those, which are in its order: Latin, Greek,
   Cyrillic, Hebrew, Arabic; more Latin and Greek, signs; kana; wide Latin. */
static const struct {
	uint32_t first, last;
} words_core_blocks[] = {
	{ 0x80, 0x7ff },
	{ 0x1e00, 0x20ff },
	{ 0x3000, 0x30ff },
	{ 0xff00, 0xffef },
};
#define WORDS_BLOCKS 4
#define WORDS_FOLDS (0x800 - 0x80 + 0x300 + 0x100 + 0xf0)

/* Han and Hangul stay as they are. */
static inline bool words_core_is_fixed(uint32_t c)
{
	return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3);
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

#define WORDS_EACH(byte) (0x0101010101010101 * (uint64_t)(byte))

/* How many letters from "a" to "z" stand at p, in a text up to end, where a NUL
   stands. Eight bytes at once: the highest bit of each tells. */
static inline size_t words_core_letters(const char *p, const char *end)
{
	const char *begin = p;

	for (; end - p >= 8; p += 8) {
		uint64_t bytes = words_core_load8(p);
		uint64_t low = bytes & WORDS_EACH(0x7f);
		uint64_t letters = (low + WORDS_EACH(0x80 - 'a')) &
			~(low + WORDS_EACH(0x80 - 'z' - 1)) & ~bytes;
		uint64_t others = ~letters & WORDS_EACH(0x80);

		if (others != 0)
			return p - begin + __builtin_ctzll(others) / 8;
	}
	while (words_core_is_letter(*p))
		p++;
	return p - begin;
}

/* Does a word begin or end between the bytes before and at pos? */
static inline bool words_core_is_border(const char *text, size_t pos)
{
	size_t before = pos;

	/* most end before a space */
	if (pos == 0 || (unsigned char)text[pos] <= ' ')
		return true;
	if ((((unsigned char)text[pos] | (unsigned char)text[pos - 1]) &
	     0x80) == 0)
		return !words_core_is_word(text + pos) ||
			!words_core_is_word(text + pos - 1);
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
	const char *text, *end;
	size_t pos;
	/* the place after it */
	const char *next;
	/* the keys there that are still to be looked up */
	uint32_t keys[3];
	unsigned int keys_count;
	/* the entries that are still to be compared, their key, and the bytes
	   there as the last entry that was compared has them */
	unsigned int lo, hi;
	uint32_t key;
	size_t alike;
};

static inline void
words_core_begin(struct words_core_walk *walk,
		 const struct bounce_words_table *table, const char *text)
{
	memset(walk, 0, sizeof(*walk));
	walk->table = table;
	walk->text = walk->next = text;
	walk->end = text + strlen(text);
}

/* Note key if there may be entries of it. */
static inline void
words_core_key_add(struct words_core_walk *walk, uint32_t key)
{
	unsigned int hash = words_core_hash(key);

	if ((walk->table->filter[hash / 32] >> hash % 32 & 1) != 0)
		walk->keys[walk->keys_count++] = key;
}

/* May a phrase begin at p, which so many letters begin with? */
static inline bool
words_core_look_up(struct words_core_walk *walk, const char *p, size_t letters)
{
	size_t left = walk->end - p;
	char last[8] = { 0 };
	uint64_t bytes;

	if (left < 8) {
		memcpy(last, p, left);
		bytes = words_core_load8(last);
	} else {
		bytes = words_core_load8(p);
	}
	/* the longest is the first to be noted, and the last to be found */
	if (left >= 8)
		words_core_key_add(walk, words_core_key8(bytes));
	if (left >= 4)
		words_core_key_add(walk, words_core_key4(bytes));
	if (letters < 4)
		words_core_key_add(walk, words_core_key1(bytes, letters));
	/* most stand behind a space */
	if (walk->keys_count > 0 && p > walk->text &&
	    (unsigned char)p[-1] > ' ' &&
	    !words_core_is_border(walk->text, p - walk->text))
		walk->keys_count = 0;
	return walk->keys_count > 0;
}

static inline bool
words_core_is_first(const struct bounce_words_table *table, unsigned char c)
{
	return (table->firsts[c / 32] >> c % 32 & 1) != 0;
}

/* Go to the next place where a phrase may begin. */
static inline bool words_core_advance(struct words_core_walk *walk)
{
	const char *p = walk->next;
	size_t letters;

	while (*p != '\0') {
		/* white space, within a character, most signs: none begins
		   there */
		if (!words_core_is_first(walk->table, (unsigned char)*p)) {
			p++;
			continue;
		}
		/* nor within a word of plain letters */
		letters = words_core_letters(p, walk->end);
		walk->next = letters == 0 ? p + 1 : p + letters;
		if (words_core_look_up(walk, p, letters)) {
			walk->pos = p - walk->text;
			return true;
		}
		p = walk->next;
	}
	walk->next = p;
	return false;
}

/* The bytes of entry that stand at p: all of them, or those before the first
   that differs. Those that are alike do stand there. */
static inline size_t
words_core_alike(const struct words_core_walk *walk,
		 const struct bounce_words_entry *entry, const char *p)
{
	const char *text = walk->table->text + entry->offset;
	size_t i = entry->alike, left = walk->end - p;
	uint64_t differ;

	for (; i < entry->len && left >= i + 8; i += 8) {
		differ = words_core_load8(text + i) ^ words_core_load8(p + i);
		if (differ != 0) {
			i += __builtin_ctzll(differ) / 8;
			return i < entry->len ? i : entry->len;
		}
	}
	while (i < entry->len && text[i] == p[i])
		i++;
	return i < entry->len ? i : entry->len;
}

/* The entries of the next key. */
static inline void words_core_enter(struct words_core_walk *walk)
{
	const struct bounce_words_entry *entries = walk->table->entries;
	unsigned int slot;

	walk->key = walk->keys[--walk->keys_count];
	slot = words_core_hash(walk->key) >> WORDS_HASH_LOW_BITS;
	walk->lo = walk->table->starts[slot];
	walk->hi = walk->table->starts[slot + 1];
	while (walk->lo < walk->hi && entries[walk->lo].key != walk->key)
		walk->lo++;
	walk->alike = 0;
}

/* The next phrase of the key, which stands at walk->pos, or NULL. */
static inline const struct bounce_words_entry *
words_core_compare(struct words_core_walk *walk)
{
	const char *p = walk->text + walk->pos;

	while (walk->lo < walk->hi) {
		const struct bounce_words_entry *entry =
			&walk->table->entries[walk->lo++];

		/* no more of the key, or none that can stand there */
		if (entry->key != walk->key || entry->alike < walk->alike) {
			walk->lo = walk->hi;
			break;
		}
		/* differs where the one before it does */
		if (entry->alike > walk->alike)
			continue;
		walk->alike = words_core_alike(walk, entry, p);
		if (walk->alike == entry->len &&
		    (entry->open ||
		     words_core_is_border(walk->text, walk->pos + entry->len)))
			return entry;
	}
	return NULL;
}

/* The next phrase, which stands at walk->pos, or NULL. */
static inline const struct bounce_words_entry *
words_core_next(struct words_core_walk *walk)
{
	const struct bounce_words_entry *entry;

	for (;;) {
		entry = words_core_compare(walk);
		if (entry != NULL)
			return entry;
		if (walk->keys_count == 0 && !words_core_advance(walk))
			return NULL;
		words_core_enter(walk);
	}
}

#endif
