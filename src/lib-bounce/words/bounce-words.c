/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-string.h"
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

void bounce_words_find_wide(const char *text, size_t len, size_t *begin_r,
			    size_t *end_r)
{
	size_t begin = 0, end = len;

	while (begin < len && (unsigned char)text[begin] < 0x80)
		begin++;
	while (end > begin && (unsigned char)text[end - 1] < 0x80)
		end--;
	if (begin < end) {
		while (begin > 0 && text[begin - 1] != ' ')
			begin--;
		while (end < len && text[end] != ' ')
			end++;
	}
	*begin_r = begin;
	*end_r = end;
}

const char *bounce_words_casefold(const char *text, size_t len)
{
	char *lower = bounce_string_lower(p_strndup(pool_datastack_create(),
						    text, len));
	size_t begin, end;
	char *wide;
	const char *ret;

	bounce_words_find_wide(text, len, &begin, &end);
	if (begin == end)
		return lower;
	wide = words_core_casefold(text + begin, end - begin);
	if (wide == NULL) {
		/* not valid UTF-8, or no memory */
		return lower;
	}
	ret = t_strconcat(t_strndup(lower, begin), wide, lower + end, NULL);
	free(wide);
	return ret;
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
