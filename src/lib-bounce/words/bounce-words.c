/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
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
		unicode = bounce_unicode_get();
		wide = unicode == NULL ? NULL :
			unicode->fold_words(text + begin, end - begin);
		if (wide != NULL)
			str_append(dest, wide);
		else {
			/* not valid UTF-8, no memory, or not loaded */
			str_append_data(dest, lower + begin, end - begin);
		}
		free(wide);
		done = end;
	}
	if (dest == NULL)
		return lower;
	str_append(dest, lower + done);
	return str_c(dest);
}

/* The fold of a text in ASCII, at one go. */
static const char *words_fold_plain(const char *text, size_t len)
{
	char *folded = t_malloc_no0(len + 1);
	size_t used = 0;
	bool space = FALSE;

	for (const char *p = text; *p != '\0'; p++) {
		char c = *p;

		if ((unsigned char)c <= ' ' || c == '_' || c == 0x7f ||
		    (c == '-' && used > 0 && !space &&
		     words_core_is_word(p + 1) &&
		     words_core_is_word(&folded[used - 1]))) {
			space = used > 0;
			continue;
		}
		if (space)
			folded[used++] = ' ';
		space = FALSE;
		folded[used++] = c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
	}
	folded[used] = '\0';
	return folded;
}

const char *bounce_words_fold(const char *text)
{
	const char *p = text;
	char *folded;

	while (*p != '\0' && (unsigned char)*p < 0x80)
		p++;
	if (*p == '\0')
		return words_fold_plain(text, p - text);
	folded = t_strdup_noconst(bounce_words_casefold(text, strlen(text)));
	(void)words_core_tidy(folded);
	return folded;
}

void bounce_words_find(enum bounce_words_group group, const char *folded,
		       ARRAY_TYPE(bounce_words_hit) *hits)
{
	const struct bounce_words_entry *entry;
	struct words_core_walk walk;

	words_core_begin(&walk, &bounce_words_tables[group], folded);
	while ((entry = words_core_next(&walk)) != NULL) {
		struct bounce_words_hit *hit = array_append_space(hits);

		hit->class = entry->class;
		hit->begin = walk.pos;
		hit->end = walk.pos + entry->len;
	}
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
