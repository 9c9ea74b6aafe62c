/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "bounce-string.h"

static bool string_is_control(unichar_t chr)
{
	return chr < 0x20 || (chr >= 0x7f && chr < 0xa0) ||
		chr == 0x2028 || chr == 0x2029 || chr == 0xfeff;
}

static void string_append_char(string_t *dest, unichar_t chr, bool keep_lines)
{
	if (!string_is_control(chr))
		uni_ucs4_to_utf8_c(chr, dest);
	else if (keep_lines && (chr == '\n' || chr == '\t'))
		str_append_c(dest, chr);
	else
		str_append_c(dest, ' ');
}

/* Bytes at data that need no look: printable ASCII. */
static size_t string_plain_len(const unsigned char *data, size_t size)
{
	size_t len = 0;

	while (len < size && data[len] >= 0x20 && data[len] < 0x7f)
		len++;
	return len;
}

static size_t string_cr_len(const unsigned char *data, size_t size)
{
	size_t len = 0;

	while (len < size && data[len] == '\r')
		len++;
	return len;
}

void bounce_string_append(string_t *dest, const unsigned char *data, size_t size,
			bool keep_lines)
{
	unichar_t chr;
	size_t i = 0, plain, run;
	int len;

	while (i < size) {
		plain = string_plain_len(data + i, size - i);
		if (plain > 0) {
			str_append_data(dest, data + i, plain);
			i += plain;
			continue;
		}
		if (data[i] == '\r') {
			run = string_cr_len(data + i, size - i);
			i += run;
			/* CR CR LF, of a text that was converted twice */
			if (i < size && data[i] == '\n')
				continue;
			while (run-- > 0)
				string_append_char(dest, '\n', keep_lines);
			continue;
		}
		len = uni_utf8_get_char_n(data + i, size - i, &chr);
		if (len <= 0) {
			chr = UNICODE_REPLACEMENT_CHAR;
			len = 1;
		}
		string_append_char(dest, chr, keep_lines);
		i += len;
	}
}

size_t bounce_string_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && (text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Bytes of the white space at text, 0 if there is none. */
static size_t string_space_len(const char *text)
{
	if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		return 1;
	if (bounce_string_begins(text, "\xc2\xa0"))
		return 2;
	if (bounce_string_begins(text, "\xe3\x80\x80") ||
	    bounce_string_begins(text, "\xe2\x80\x8b"))
		return 3;
	return 0;
}

/* Neither the end nor white space nor the lead of a wide one. */
static bool string_is_word_byte(unsigned char c)
{
	return c > ' ' && c != 0xc2 && c != 0xe2 && c != 0xe3;
}

char *bounce_string_lower(char *text)
{
	for (char *p = text; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	}
	return text;
}

/* On the data stack. This runs for each line of each report. */
static const char *string_squeeze(const char *text, size_t max, bool lower)
{
	char *dest = t_malloc_no0(I_MIN(strlen(text), max) + 1);
	size_t used = 0, len;
	bool space = FALSE;

	while (*text != '\0' && used < max) {
		len = string_space_len(text);
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
		/* the lead of a wide space may lead in to something else */
		do {
			dest[used++] = *text++;
		} while (used < max &&
			 string_is_word_byte((unsigned char)*text));
	}
	/* not within a character, and no space at the end */
	while (used > 0 && (*text & 0xc0) == 0x80) {
		text--;
		used--;
	}
	while (used > 0 && dest[used - 1] == ' ')
		used--;
	dest[used] = '\0';
	return lower ? bounce_string_lower(dest) : dest;
}

bool bounce_string_is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return FALSE;
	}
	return TRUE;
}

const char *bounce_string_oneline(const char *text, size_t max)
{
	text = text == NULL ? "" : string_squeeze(text, max, FALSE);
	return *text == '\0' ? NULL : text;
}

const char *bounce_string_printable(const char *text)
{
	string_t *str = t_str_new(strlen(text) + 1);

	bounce_string_append(str, (const unsigned char *)text, strlen(text),
			   FALSE);
	return str_c(str);
}

const char *bounce_string_fold(const char *text, size_t max)
{
	return text == NULL ? "" : string_squeeze(text, max, TRUE);
}

void bounce_string_pairs(const char *text, struct bounce_string_pairs *pairs_r)
{
	unsigned int bit;

	i_zero(pairs_r);
	pairs_r->text = text;
	if (*text == '\0')
		return;
	for (; text[1] != '\0'; text++) {
		bit = bounce_string_pair(text);
		pairs_r->bits[bit / 64] |= (uint64_t)1 << (bit % 64);
	}
}

const char *bounce_string_pairs_find(const struct bounce_string_pairs *pairs,
				   const char *const *words)
{
	const char *p;

	for (; *words != NULL; words++) {
		if (bounce_string_may_have(pairs, *words) &&
		    (p = strstr(pairs->text, *words)) != NULL)
			return p;
	}
	return NULL;
}

const char *bounce_string_find(const char *folded, const char *const *words)
{
	struct bounce_string_pairs pairs;

	bounce_string_pairs(folded, &pairs);
	return bounce_string_pairs_find(&pairs, words);
}
