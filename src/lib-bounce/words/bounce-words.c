/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "byteorder.h"
#include "str.h"
#include "bounce-string.h"
#include "bounce-unicode.h"
#include "bounce-words.h"
#include "bounce-words-core.h"
/* made by words-compile: bounce_words_tables[] */
#include "bounce-words-data.h"

static const struct words_class {
	const char *name;
	enum bounce_words_group group;
} words_classes[BOUNCE_WORDS_CLASS_COUNT] = {
#define CLASS(group, name) { #name, BOUNCE_WORDS_##group },
#include "bounce-words-classes.h"
#undef CLASS
};

/* Where the word that begins at pos ends; wide_r: it is not ASCII. */
static size_t
words_word_end(const char *text, size_t len, size_t pos, bool *wide_r)
{
	bool wide = FALSE;

	for (; pos < len && (unsigned char)text[pos] > ' '; pos++)
		wide = wide || (unsigned char)text[pos] >= 0x80;
	*wide_r = wide;
	return pos;
}

bool bounce_words_next_wide(const char *text, size_t len, size_t *begin,
			    size_t *end)
{
	size_t pos = *end;
	bool wide;

	while (pos < len && (unsigned char)text[pos] < 0x80)
		pos++;
	if (pos == len)
		return FALSE;
	*begin = pos;
	while (*begin > *end && (unsigned char)text[*begin - 1] > ' ')
		(*begin)--;
	*end = words_word_end(text, len, pos, &wide);
	/* words of such a script are together */
	for (pos = *end; pos + 1 < len && text[pos] == ' '; pos = *end) {
		pos = words_word_end(text, len, pos + 1, &wide);
		if (!wide)
			break;
		*end = pos;
	}
	return TRUE;
}

/* The entry of the character, or NULL. */
static const struct words_core_fold *words_fold_find(uint32_t c)
{
	const struct words_core_fold *folds = words_folds;

	for (unsigned int i = 0; i < WORDS_BLOCKS; i++) {
		if (c <= words_core_blocks[i].last) {
			return c < words_core_blocks[i].first ? NULL :
				&folds[c - words_core_blocks[i].first];
		}
		folds += words_core_blocks[i].last -
			words_core_blocks[i].first + 1;
	}
	return NULL;
}

/* The character of two or three bytes at p, or 0. len_r: its bytes. */
static uint32_t
words_fold_parse(const char *p, const char *end, unsigned int *len_r)
{
	const unsigned char *c = (const unsigned char *)p;
	uint32_t wide;

	if (c[0] >= 0xc2 && c[0] < 0xe0 && end - p >= 2 &&
	    (c[1] & 0xc0) == 0x80) {
		*len_r = 2;
		return (c[0] & 0x1f) << 6 | (c[1] & 0x3f);
	}
	if (c[0] >= 0xe0 && c[0] < 0xf0 && end - p >= 3 &&
	    (c[1] & 0xc0) == 0x80 && (c[2] & 0xc0) == 0x80) {
		wide = (c[0] & 0x0f) << 12 | (c[1] & 0x3f) << 6 |
			(c[2] & 0x3f);
		*len_r = 3;
		return wide < 0x800 ? 0 : wide;
	}
	*len_r = 1;
	return 0;
}

/* Append to dest what fold_words() makes of text, which is faster by the table.
   FALSE and nothing is appended if a character depends on its neighbours, is not
   in the table or not valid. */
static bool words_fold_append(string_t *dest, const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	size_t used = str_len(dest);
	const struct words_core_fold *fold;
	unsigned int char_len;
	uint32_t c;
	/* two bytes become three at most, and three three */
	char *out = buffer_get_space_unsafe(dest, used, len + len / 2 + 1);
	char *begin = out;

	while (p < end) {
		if ((unsigned char)*p < 0x80) {
			*out++ = *p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p;
			p++;
			continue;
		}
		c = words_fold_parse(p, end, &char_len);
		if (words_core_is_fixed(c)) {
			memcpy(out, p, char_len);
			out += char_len;
		} else if ((fold = words_fold_find(c)) != NULL &&
			   fold->len > 0) {
			for (unsigned int i = 0; i < fold->len; i++)
				*out++ = fold->bytes[i];
		} else {
			buffer_set_used_size(dest, used);
			return FALSE;
		}
		p += char_len;
	}
	buffer_set_used_size(dest, used + (out - begin));
	return TRUE;
}

const char *bounce_words_casefold(const char *text, size_t len)
{
	const struct bounce_unicode *unicode;
	size_t begin, end = 0, done = 0;
	string_t *dest = NULL;
	char *lower, *wide;

	lower = bounce_string_lower(p_strndup(pool_datastack_create(), text,
					      len));
	while (bounce_words_next_wide(text, len, &begin, &end)) {
		if (dest == NULL)
			dest = t_str_new(len + 16);
		str_append_data(dest, lower + done, begin - done);
		done = end;
		unicode = bounce_unicode_get();
		if (unicode != NULL &&
		    words_fold_append(dest, text + begin, end - begin))
			continue;
		wide = unicode == NULL ? NULL :
			unicode->fold_words(text + begin, end - begin);
		if (wide != NULL)
			str_append(dest, wide);
		else {
			/* not valid UTF-8, no memory, or not loaded */
			str_append_data(dest, lower + begin, end - begin);
		}
		free(wide);
	}
	if (dest == NULL)
		return lower;
	str_append(dest, lower + done);
	return str_c(dest);
}

static bool words_is_ascii(const char *text, size_t len)
{
	const char *end = text + len;

	for (; end - text >= 8; text += 8) {
		if ((words_core_load8(text) & WORDS_EACH(0x80)) != 0)
			return FALSE;
	}
	for (; text < end; text++) {
		if ((unsigned char)*text >= 0x80)
			return FALSE;
	}
	return TRUE;
}

/* A text in ASCII while it is folded. */
struct words_plain {
	char *folded;
	size_t used;
	/* a space is to come before what comes next */
	bool space;
};

static void words_plain_add(struct words_plain *plain, const char *p)
{
	char c = *p, *folded = plain->folded;

	if ((unsigned char)c <= ' ' || c == '_' || c == 0x7f ||
	    (c == '-' && plain->used > 0 && !plain->space &&
	     words_core_is_word(p + 1) &&
	     words_core_is_word(&folded[plain->used - 1]))) {
		plain->space = plain->used > 0;
		return;
	}
	if (plain->space)
		folded[plain->used++] = ' ';
	plain->space = FALSE;
	folded[plain->used++] = c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Fold eight bytes at once, if they are but words and single spaces. Returns how
   many bytes at p are to be folded one by one: 0, or those up to the first that
   is something else. */
static unsigned int
words_plain_add8(struct words_plain *plain, const char *p)
{
	/* the highest bit of each byte tells */
	uint64_t c = words_core_load8(p);
	uint64_t spaces = ~((c ^ WORDS_EACH(' ')) + WORDS_EACH(0x7f));
	uint64_t upper = (c + WORDS_EACH(0x80 - 'A')) &
		~(c + WORDS_EACH(0x80 - 'Z' - 1)) & WORDS_EACH(0x80);
	uint64_t others = ~(c + WORDS_EACH(0x80 - ' ')) |
		(c + WORDS_EACH(0x80 - 0x7f)) |
		~((c ^ WORDS_EACH('-')) + WORDS_EACH(0x7f)) |
		~((c ^ WORDS_EACH('_')) + WORDS_EACH(0x7f)) |
		(spaces & (spaces << 8));

	if (plain->space || plain->used == 0)
		others |= spaces & 0xff;
	others &= WORDS_EACH(0x80);
	if (others != 0)
		return __builtin_ctzll(others) / 8 + 1;
	if (plain->space)
		plain->folded[plain->used++] = ' ';
	cpu64_to_le_unaligned(c | upper >> 2, plain->folded + plain->used);
	plain->space = p[7] == ' ';
	plain->used += plain->space ? 7 : 8;
	return 0;
}

/* Eight bytes at text and the one behind them, all ASCII: are the eight folded as
   they are, and no two of the nine beside each other spaces? */
static bool words_is_folded(const char *text)
{
	uint64_t c = words_core_load8(text), next = words_core_load8(text + 1);
	uint64_t upper = (c + WORDS_EACH(0x80 - 'A')) &
		~(c + WORDS_EACH(0x80 - 'Z' - 1));
	/* DEL and "_" differ by one bit */
	uint64_t others = upper | ~(c + WORDS_EACH(0x80 - ' ')) |
		((c | WORDS_EACH(0x20)) + WORDS_EACH(0x01)) |
		~((c ^ WORDS_EACH('-')) + WORDS_EACH(0x7f)) |
		~(((c ^ WORDS_EACH(' ')) | (next ^ WORDS_EACH(' '))) +
		  WORDS_EACH(0x7f));

	return (others & WORDS_EACH(0x80)) == 0;
}

static bool words_is_folded_last(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && c != '-' && c != '_' &&
		!(c >= 'A' && c <= 'Z');
}

/* So many bytes of a text in ASCII are folded as they are: all, or a multiple of
   eight. */
static size_t words_folded_len(const char *text, size_t len)
{
	size_t folded = 0;

	if (*text == ' ')
		return 0;
	while (len - folded >= 9) {
		if (!words_is_folded(text + folded))
			return folded;
		folded += 8;
	}
	/* the rest, with some that were looked at */
	return folded > 0 && words_is_folded(text + len - 9) &&
		words_is_folded_last(text[len - 1]) ? len : folded;
}

/* The fold of a text in ASCII, at one go. */
static const char *words_fold_plain(const char *text, size_t len)
{
	size_t folded = words_folded_len(text, len);
	struct words_plain plain;
	const char *p = text + folded, *end = text + len;
	unsigned int single;

	if (folded == len)
		return text;
	plain.folded = t_malloc_no0(len + 1);
	memcpy(plain.folded, text, folded);
	plain.space = folded > 0 && p[-1] == ' ';
	plain.used = plain.space ? folded - 1 : folded;
	while (end - p >= 8) {
		single = words_plain_add8(&plain, p);
		if (single == 0)
			p += 8;
		for (; single > 0; single--)
			words_plain_add(&plain, p++);
	}
	while (p < end)
		words_plain_add(&plain, p++);
	plain.folded[plain.used] = '\0';
	return plain.folded;
}

const char *bounce_words_fold(const char *text)
{
	size_t len = strlen(text);
	char *folded;

	if (words_is_ascii(text, len))
		return words_fold_plain(text, len);
	folded = t_strdup_noconst(bounce_words_casefold(text, len));
	(void)words_core_tidy(folded);
	return folded;
}

void bounce_words_find(enum bounce_words_group group, const char *folded,
		       ARRAY_TYPE(bounce_words_hit) *hits)
{
	const struct bounce_words_entry *entry;
	struct words_core_walk walk;
	/* appended as many at once */
	struct bounce_words_hit found[16];
	unsigned int count = 0;

	words_core_begin(&walk, &bounce_words_tables[group], folded);
	while ((entry = words_core_next(&walk)) != NULL) {
		if (count == N_ELEMENTS(found)) {
			array_append(hits, found, count);
			count = 0;
		}
		found[count].class = entry->class;
		found[count].begin = walk.pos;
		found[count].end = walk.pos + entry->len;
		count++;
	}
	array_append(hits, found, count);
}

bounce_words_set_t
bounce_words_classes(enum bounce_words_group group, const char *folded)
{
	const struct bounce_words_entry *entry;
	struct words_core_walk walk;
	bounce_words_set_t set = 0;

	words_core_begin(&walk, &bounce_words_tables[group], folded);
	while ((entry = words_core_next(&walk)) != NULL)
		set |= bounce_words_set(entry->class);
	return set;
}

unsigned int bounce_words_rest(const char *folded, unsigned int pos)
{
	unsigned int end = pos;

	while (!words_core_is_border(folded, end))
		end++;
	return end - pos;
}

bounce_words_set_t bounce_words_set(enum bounce_words_class class)
{
	return (bounce_words_set_t)1 << words_bits[class];
}

int bounce_words_class_parse(enum bounce_words_group group, const char *name,
			     enum bounce_words_class *class_r)
{
	for (unsigned int i = 0; i < BOUNCE_WORDS_CLASS_COUNT; i++) {
		if (words_classes[i].group == group &&
		    strcmp(words_classes[i].name, name) == 0) {
			*class_r = i;
			return 0;
		}
	}
	return -1;
}
