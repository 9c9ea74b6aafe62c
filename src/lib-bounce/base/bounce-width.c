/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-width.h"
#include "unichar.h"

struct width_range {
	unichar_t first, last;
};

/* The blocks that hold what EastAsianWidth.txt calls W and F; a character more
   or less costs a column. */
static const struct width_range width_wide[] = {
	{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf },
	{ 0xa960, 0xa97c }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f }, { 0xff01, 0xff60 }, { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1faff }, { 0x20000, 0x3fffd }
};

static const struct width_range width_none[] = {
	{ 0x0300, 0x036f }, { 0x200b, 0x200f }, { 0x20d0, 0x20ff },
	{ 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }
};

/* Wide marks that do not begin a line. */
static const struct width_range width_closing[] = {
	{ 0x3001, 0x3002 }, { 0x3005, 0x3005 }, { 0x3009, 0x3009 },
	{ 0x300b, 0x300b }, { 0x300d, 0x300d }, { 0x300f, 0x300f },
	{ 0x3011, 0x3011 }, { 0x3015, 0x3015 }, { 0x30fb, 0x30fc },
	{ 0xff01, 0xff01 }, { 0xff09, 0xff09 }, { 0xff0c, 0xff0c },
	{ 0xff0e, 0xff0e }, { 0xff1a, 0xff1b }, { 0xff1f, 0xff1f }
};

static bool width_is_in(const struct width_range *ranges, unsigned int count,
			unichar_t chr)
{
	for (unsigned int i = 0; i < count; i++) {
		if (chr >= ranges[i].first && chr <= ranges[i].last)
			return TRUE;
	}
	return FALSE;
}

static bool width_is_wide(unichar_t chr)
{
	return chr >= width_wide[0].first &&
		width_is_in(width_wide, N_ELEMENTS(width_wide), chr);
}

static unsigned int width_of(unichar_t chr)
{
	if (chr < width_none[0].first)
		return 1;
	if (width_is_in(width_none, N_ELEMENTS(width_none), chr))
		return 0;
	return width_is_wide(chr) ? 2 : 1;
}

/* Returns its bytes, at least 1. */
static unsigned int width_get_char(const char *text, unichar_t *chr_r)
{
	int len = uni_utf8_get_char(text, chr_r);

	if (len > 0)
		return len;
	*chr_r = UNICODE_REPLACEMENT_CHAR;
	return 1;
}

unsigned int bounce_width(const char *text)
{
	unsigned int columns = 0;
	unichar_t chr;

	while (*text != '\0') {
		text += width_get_char(text, &chr);
		columns += width_of(chr);
	}
	return columns;
}

/* Bytes of text's beginning that fit. */
static size_t width_fit(const char *text, unsigned int columns)
{
	const char *p = text;
	unsigned int len, used = 0;
	unichar_t chr;

	for (; *p != '\0'; p += len) {
		len = width_get_char(p, &chr);
		used += width_of(chr);
		if (used > columns)
			break;
	}
	return p - text;
}

const char *t_bounce_width_shorten(const char *text, unsigned int columns)
{
	unsigned int width = bounce_width(text), head;
	const char *tail;

	i_assert(columns >= 3);
	if (width <= columns)
		return text;
	head = (columns - 1) / 2;
	tail = text + width_fit(text, width - (columns - 1 - head));
	/* a wide one that is cut in half */
	while (bounce_width(tail) > columns - 1 - head) {
		unichar_t chr;

		tail += width_get_char(tail, &chr);
	}
	return t_strconcat(t_strdup_until(text, text + width_fit(text, head)),
			   "…", tail, NULL);
}

/* Bytes of the piece that text begins with and that is not broken: a wide
   character with what follows it closely, or what is up to a blank or to the
   next wide one. */
static size_t width_piece(const char *text)
{
	const char *p = text;
	unsigned int len;
	unichar_t chr;
	bool wide;

	p += width_get_char(p, &chr);
	wide = width_is_wide(chr);
	for (; *p != '\0' && *p != ' '; p += len) {
		len = width_get_char(p, &chr);
		if (width_of(chr) == 0 ||
		    width_is_in(width_closing, N_ELEMENTS(width_closing), chr))
			continue;
		if (wide || width_is_wide(chr))
			break;
	}
	return p - text;
}

void bounce_width_wrap(string_t *str, const char *first, const char *rest,
		       unsigned int columns, const char *text)
{
	unsigned int column = bounce_width(first), width;
	bool start = TRUE, blank = FALSE;
	size_t len;

	str_append(str, first);
	for (; *text != '\0'; text += len) {
		if (*text == ' ') {
			blank = TRUE;
			len = 1;
			continue;
		}
		len = width_piece(text);
		width = bounce_width(t_strdup_until(text, text + len));
		if (!start && column + (blank ? 1 : 0) + width > columns) {
			str_append_c(str, '\n');
			str_append(str, rest);
			column = bounce_width(rest);
			start = TRUE;
		}
		if (!start && blank) {
			str_append_c(str, ' ');
			column++;
		}
		str_append_data(str, text, len);
		column += width;
		start = blank = FALSE;
	}
	str_append_c(str, '\n');
}
