/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "bounce-text.h"

#include <ctype.h>

static bool is_control(unichar_t chr)
{
	return chr < 0x20 || (chr >= 0x7f && chr < 0xa0) ||
		chr == 0x2028 || chr == 0x2029 || chr == 0xfeff;
}

static void append_char(string_t *dest, unichar_t chr, bool keep_lines)
{
	if (!is_control(chr))
		uni_ucs4_to_utf8_c(chr, dest);
	else if (keep_lines && (chr == '\n' || chr == '\t'))
		str_append_c(dest, chr);
	else
		str_append_c(dest, ' ');
}

void bounce_text_append(string_t *dest, const unsigned char *data, size_t size,
			bool keep_lines)
{
	unichar_t chr;
	size_t i = 0;
	int len;

	while (i < size) {
		if (data[i] == '\r') {
			if (i + 1 >= size || data[i + 1] != '\n')
				append_char(dest, '\n', keep_lines);
			i++;
			continue;
		}
		len = uni_utf8_get_char_n(data + i, size - i, &chr);
		if (len <= 0) {
			chr = UNICODE_REPLACEMENT_CHAR;
			len = 1;
		}
		append_char(dest, chr, keep_lines);
		i += len;
	}
}

/* Bytes of the white space at text, 0 if there is none. */
static unsigned int space_len(const char *text)
{
	if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		return 1;
	if (bounce_text_begins(text, "\xc2\xa0"))
		return 2;
	if (bounce_text_begins(text, "\xe3\x80\x80") ||
	    bounce_text_begins(text, "\xe2\x80\x8b"))
		return 3;
	return 0;
}

static string_t *squeeze(const char *text, size_t max, bool lower)
{
	string_t *dest = t_str_new(128);
	unsigned int len;
	bool space = FALSE;

	for (; *text != '\0' && str_len(dest) < max; text += len) {
		len = space_len(text);
		if (len > 0) {
			space = TRUE;
			continue;
		}
		if (space && str_len(dest) > 0)
			str_append_c(dest, ' ');
		space = FALSE;
		len = 1;
		str_append_c(dest, lower ? i_tolower(*text) : *text);
	}
	if (str_len(dest) > max)
		str_truncate(dest, max);
	/* not within a character */
	while (str_len(dest) > 0 && (*text & 0xc0) == 0x80) {
		text--;
		str_truncate(dest, str_len(dest) - 1);
	}
	return dest;
}

const char *bounce_text_oneline(const char *text, size_t max)
{
	string_t *dest;

	if (text == NULL)
		return NULL;
	dest = squeeze(text, max, FALSE);
	while (str_len(dest) > 0 && str_c(dest)[str_len(dest) - 1] == ' ')
		str_truncate(dest, str_len(dest) - 1);
	return str_len(dest) == 0 ? NULL : str_c(dest);
}

const char *bounce_text_fold(const char *text, size_t max)
{
	return text == NULL ? "" : str_c(squeeze(text, max, TRUE));
}

const char *bounce_text_find(const char *folded, const char *const *words)
{
	const char *p;

	for (; *words != NULL; words++) {
		if ((p = strstr(folded, *words)) != NULL)
			return p;
	}
	return NULL;
}
