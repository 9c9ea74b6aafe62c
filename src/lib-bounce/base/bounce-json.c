/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-json.h"

#include <ctype.h>

/*
 * Write
 */

void bounce_json_append_comma(string_t *dest)
{
	unsigned char last = str_data(dest)[str_len(dest) - 1];

	if (last != '{' && last != '[')
		str_append_c(dest, ',');
}

static void json_append_escaped_char(string_t *dest, unsigned char c)
{
	static const char shorts[] = "\b" "b" "\f" "f" "\n" "n" "\r" "r"
		"\t" "t" "\"" "\"" "\\" "\\";
	const char *p;

	for (p = shorts; *p != '\0'; p += 2) {
		if ((unsigned char)*p == c) {
			str_append_c(dest, '\\');
			str_append_c(dest, p[1]);
			return;
		}
	}
	str_printfa(dest, "\\u%04X", c);
}

void bounce_json_append_text(string_t *dest, const char *text)
{
	const char *p, *start = text;

	str_append_c(dest, '"');
	for (p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		str_append_data(dest, start, p - start);
		json_append_escaped_char(dest, c);
		start = p + 1;
	}
	str_append_data(dest, start, p - start);
	str_append_c(dest, '"');
}

void bounce_json_append_name(string_t *dest, const char *name)
{
	bounce_json_append_comma(dest);
	bounce_json_append_text(dest, name);
	str_append_c(dest, ':');
}

/*
 * Read
 */

bool bounce_json_read_char(char **p, char c)
{
	if (**p != c)
		return FALSE;
	(*p)++;
	return TRUE;
}

bool bounce_json_read_text(char **p, const char **text_r)
{
	char *from, *to;

	if (!bounce_json_read_char(p, '"'))
		return FALSE;
	*text_r = from = *p;
	/* mostly there is nothing to unescape */
	while (*from != '"' && *from != '\\' && (unsigned char)*from >= 0x20)
		from++;
	for (to = from; *from != '"'; from++) {
		if (*from == '\\') {
			from++;
			if (*from != '"' && *from != '\\' && *from != '/')
				return FALSE;
		} else if ((unsigned char)*from < 0x20) {
			return FALSE;
		}
		*to++ = *from;
	}
	*to = '\0';
	*p = from + 1;
	return TRUE;
}

/* 01 is no JSON */
static bool json_begins_number(const char *p)
{
	return isdigit((unsigned char)p[0]) &&
		(p[0] != '0' || !isdigit((unsigned char)p[1]));
}

bool bounce_json_read_number(char **p, double *number_r)
{
	double number = 0, unit = 1;
	const char *start = *p;
	bool point = FALSE;

	if (!json_begins_number(start))
		return FALSE;
	for (; isdigit((unsigned char)**p) || (**p == '.' && !point); (*p)++) {
		if (**p == '.') {
			if (!isdigit((unsigned char)(*p)[1]))
				return FALSE;
			point = TRUE;
			continue;
		}
		number = number * 10 + (**p - '0');
		if (point)
			unit *= 10;
	}
	*number_r = number / unit;
	return *p - start <= 15;
}

bool bounce_json_read_integer(char **p, uint64_t *number_r)
{
	const char *start = *p;

	if (!json_begins_number(start))
		return FALSE;
	for (*number_r = 0; isdigit((unsigned char)**p); (*p)++) {
		if (*p - start >= 15)
			return FALSE;
		*number_r = *number_r * 10 + (**p - '0');
	}
	return TRUE;
}
