/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"

#include <ctype.h>

/* Chinese and Japanese notices */
#define WIDE_COLON "\xef\xbc\x9a"

/* The words around an address, by which it is told whether it failed. */

/* Bytes of text without what dresses an address at its end, and the wide
   colon. */
size_t bounce_notice_label_undress(const char *text)
{
	size_t len = strlen(text);

	for (;;) {
		if (len > 0 && strchr(" <[(])\"'=*:;,.", text[len - 1]) != NULL)
			len--;
		else if (len > 2 && memcmp(text + len - 3, WIDE_COLON, 3) == 0)
			len -= 3;
		else
			return len;
	}
}

static void label_read(const char *before, struct bounce_notice_label *label)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	const char *folded;
	size_t len = bounce_notice_label_undress(before);

	if (len == 0)
		return;
	folded = bounce_words_fold(t_strndup(before, len));
	len = strlen(folded);
	t_array_init(&hits, 8);
	bounce_words_find(BOUNCE_WORDS_NOTICE, folded, &hits);
	array_foreach(&hits, hit) {
		if (hit->end != len)
			continue;
		if (hit->class == BOUNCE_WORD_LFAILED) {
			label->failed = TRUE;
			if (memchr(folded + hit->begin, ' ',
				   hit->end - hit->begin) != NULL)
				label->phrase = TRUE;
		} else if (hit->class == BOUNCE_WORD_LOTHER) {
			label->other = TRUE;
		} else if (hit->class == BOUNCE_WORD_LALIAS) {
			label->alias = TRUE;
		}
	}
}

void bounce_notice_label_read(const char *before, bounce_words_set_t words,
			      struct bounce_notice_label *label_r)
{
	i_zero(label_r);
	if (bounce_kind_has(words, BOUNCE_WORD_LFAILED) ||
	    bounce_kind_has(words, BOUNCE_WORD_LOTHER) ||
	    bounce_kind_has(words, BOUNCE_WORD_LALIAS)) T_BEGIN {
		label_read(before, label_r);
	} T_END;
}

bool bounce_notice_label_colon(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" <\"'(", text[len - 1]) != NULL)
		len--;
	return len > 0 && (text[len - 1] == ':' ||
			   (len > 2 && memcmp(text + len - 3, WIDE_COLON,
					      3) == 0));
}

bool bounce_notice_label_field(const char *text, bounce_words_set_t words)
{
	return bounce_notice_label_colon(text) &&
		strchr(text, '@') == NULL &&
		!bounce_kind_has(words, BOUNCE_WORD_FSENDER) &&
		!bounce_kind_has(words, BOUNCE_WORD_CONTACTING);
}

bool bounce_notice_label_alike(const char *text, unsigned int len,
			       const char *other, unsigned int other_len)
{
	const char *end = text + len, *other_end = other + other_len;

	for (;;) {
		while (text < end && i_isdigit(*text))
			text++;
		while (other < other_end && i_isdigit(*other))
			other++;
		if (text == end || other == other_end)
			return text == end && other == other_end;
		if (*text++ != *other++)
			return FALSE;
	}
}
