/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "bounce-text.h"

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

/* Bytes at data that need no look: printable ASCII. */
static size_t plain_len(const unsigned char *data, size_t size)
{
	size_t len = 0;

	while (len < size && data[len] >= 0x20 && data[len] < 0x7f)
		len++;
	return len;
}

void bounce_text_append(string_t *dest, const unsigned char *data, size_t size,
			bool keep_lines)
{
	unichar_t chr;
	size_t i = 0, plain;
	int len;

	while (i < size) {
		plain = plain_len(data + i, size - i);
		if (plain > 0) {
			str_append_data(dest, data + i, plain);
			i += plain;
			continue;
		}
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
static size_t space_len(const char *text)
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

/* Bytes at text that are neither white space nor lead in to a wide one. */
static size_t word_len(const char *text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = 0;

	while (len < max && p[len] > ' ' && p[len] != 0xc2 &&
	       p[len] != 0xe2 && p[len] != 0xe3)
		len++;
	return len;
}

static void lower_ascii(char *text, size_t len)
{
	for (; len > 0; len--, text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
	}
}

/* On the data stack. This runs for each line of each report. */
static const char *squeeze(const char *text, size_t max, bool lower)
{
	char *dest = t_malloc_no0(I_MIN(strlen(text), max) + 1);
	size_t used = 0, len;
	bool space = FALSE;

	while (*text != '\0' && used < max) {
		len = space_len(text);
		if (len > 0) {
			space = TRUE;
			text += len;
			continue;
		}
		if (space && used > 0)
			dest[used++] = ' ';
		space = FALSE;
		if (used == max)
			break;
		len = word_len(text, max - used);
		if (len == 0)
			len = 1;
		memcpy(dest + used, text, len);
		used += len;
		text += len;
	}
	/* not within a character, and no space at the end */
	while (used > 0 && (*text & 0xc0) == 0x80) {
		text--;
		used--;
	}
	while (used > 0 && dest[used - 1] == ' ')
		used--;
	dest[used] = '\0';
	if (lower)
		lower_ascii(dest, used);
	return dest;
}

const char *bounce_text_oneline(const char *text, size_t max)
{
	text = text == NULL ? "" : squeeze(text, max, FALSE);
	return *text == '\0' ? NULL : text;
}

const char *bounce_text_fold(const char *text, size_t max)
{
	return text == NULL ? "" : squeeze(text, max, TRUE);
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
