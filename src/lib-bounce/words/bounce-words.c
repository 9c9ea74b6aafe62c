/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-block.h"
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

/* The next words of text at or behind *end, each not ASCII: what is between such runs
   needs no more than lower case. FALSE if there are none. */
static bool words_next_wide(const char *text, size_t len, size_t *begin,
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

/* The entry of the character in one of the tables, or NULL. */
static const struct words_core_fold *
words_fold_find(const struct words_core_fold *folds, uint32_t c)
{
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

/* Append to dest what the table says of text: faster than what it is made by.
   FALSE and nothing is appended if a character depends on its neighbours, is not
   in the table or not valid. */
static bool words_fold_append(string_t *dest,
			      const struct words_core_fold *folds,
			      const char *text, size_t len)
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
		} else if ((fold = words_fold_find(folds, c)) != NULL &&
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

static const char *
words_casefold(const char *text, size_t len, bool compatible)
{
	const struct bounce_unicode *unicode;
	size_t begin, end = 0, done = 0;
	string_t *dest = NULL;
	char *lower, *wide;

	lower = bounce_string_lower(p_strndup(pool_datastack_create(), text,
					      len));
	while (words_next_wide(text, len, &begin, &end)) {
		if (dest == NULL)
			dest = t_str_new(len + 16);
		str_append_data(dest, lower + done, begin - done);
		done = end;
		unicode = bounce_unicode_get();
		if (unicode != NULL &&
		    words_fold_append(dest, compatible ?
				      words_compatible_folds : words_folds,
				      text + begin, end - begin))
			continue;
		wide = unicode == NULL ? NULL : compatible ?
			unicode->fold_compatible(text + begin, end - begin) :
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

const char *bounce_words_casefold(const char *text, size_t len)
{
	return words_casefold(text, len, FALSE);
}

const char *bounce_words_compatible(const char *text, size_t len)
{
	return words_casefold(text, len, TRUE);
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

/* Fold what stands at p, before a byte behind the block, as far as it is but words
   and single spaces. Returns how many bytes were read; room is there for a block. */
static unsigned int
words_plain_add_block(struct words_plain *plain, const char *p)
{
	const bounce_block_t *at = (const bounce_block_t *)p;
	const bounce_block_t *next = (const bounce_block_t *)(p + 1);
	bounce_block_t *dest;
	bounce_block_t upper = (bounce_block_t)(*at - 'A' <= 'Z' - 'A');
	/* DEL and "_" differ by one bit */
	unsigned int len = bounce_block_true_len((bounce_block_t)
		((*at - ' ' <= '~' - ' ') &
		 ~(((*at | ' ') == 0x7f) | (*at == '-') |
		   (((*at ^ ' ') | (*next ^ ' ')) == 0))));

	if (len == 0 || (*p == ' ' && (plain->space || plain->used == 0)))
		return 0;
	if (plain->space)
		plain->folded[plain->used++] = ' ';
	dest = (bounce_block_t *)(plain->folded + plain->used);
	*dest = *at | (upper & ('a' - 'A'));
	plain->space = p[len - 1] == ' ';
	plain->used += plain->space ? len - 1 : len;
	return len;
}

/* Fold the text in ASCII. Returns how many bytes dest has then; room is there for a
   block more than the text. */
static size_t words_plain_fold(char *dest, const char *text, size_t len)
{
	struct words_plain plain = { .folded = dest };
	const char *p = text, *end = text + len;
	char last[sizeof(bounce_block_t) + 1];

	while (p < end) {
		size_t left = end - p;

		if (left >= sizeof(last)) {
			p += words_plain_add_block(&plain, p);
		} else {
			/* a NUL is no part of a word */
			memset(last, '\0', sizeof(last));
			memcpy(last, p, left);
			p += words_plain_add_block(&plain, last);
		}
		if (p < end)
			words_plain_add(&plain, p++);
	}
	plain.folded[plain.used] = '\0';
	return plain.used;
}

void bounce_words_fold_append(string_t *dest, const char *text)
{
	size_t len = strlen(text), used = str_len(dest);
	char *folded;

	if (bounce_string_bytes_are_ascii((const unsigned char *)text, len)) {
		folded = buffer_get_space_unsafe(dest, used, len + 1 +
						 sizeof(bounce_block_t));
		used += words_plain_fold(folded, text, len);
		buffer_set_used_size(dest, used);
		return;
	}
	folded = t_strdup_noconst(bounce_words_casefold(text, len));
	str_append_data(dest, folded, words_core_tidy(folded));
}

const char *bounce_words_fold(const char *text)
{
	size_t len = strlen(text);
	char *folded;

	if (bounce_string_bytes_are_ascii((const unsigned char *)text, len)) {
		folded = t_malloc_no0(len + 1 + sizeof(bounce_block_t));
		(void)words_plain_fold(folded, text, len);
	} else {
		folded = t_strdup_noconst(bounce_words_casefold(text, len));
		(void)words_core_tidy(folded);
	}
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

size_t bounce_words_begin(enum bounce_words_group group, const char *folded,
			  enum bounce_words_class class)
{
	const struct bounce_words_entry *entry;
	struct words_core_walk walk;
	size_t end = 0;

	words_core_begin(&walk, &bounce_words_tables[group], folded);
	while ((entry = words_core_next(&walk)) != NULL && walk.pos == 0) {
		if (entry->class == class)
			end = I_MAX(end, (size_t)entry->len);
	}
	return end;
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
