/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "utc-mktime.h"
#include "bounce-string.h"
#include "bounce-csv.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

void bounce_csv_append(string_t *str, const char *cell)
{
	if (str_len(str) > 0)
		str_append_c(str, ',');
	if (cell == NULL || *cell == '\0') {
		/* a first cell that is empty must still be seen */
		if (str_len(str) == 0)
			str_append(str, "\"\"");
		return;
	}
	if (strpbrk(cell, ",;\t\r\n\"") == NULL && *cell != ' ' &&
	    cell[strlen(cell) - 1] != ' ') {
		str_append(str, cell);
		return;
	}
	str_append_c(str, '"');
	for (; *cell != '\0'; cell++) {
		if (*cell == '"')
			str_append_c(str, '"');
		str_append_c(str, *cell);
	}
	str_append_c(str, '"');
}

/* Does a spreadsheet begin a formula with it? The wide ones in Japan's. */
static bool csv_is_formula(const char *text)
{
	static const char *const wide[] = {
		"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"
	};

	if (*text != '\0' && strchr("=+-@", *text) != NULL)
		return TRUE;
	for (unsigned int i = 0; i < N_ELEMENTS(wide); i++) {
		if (bounce_string_begins(text, wide[i]))
			return TRUE;
	}
	return FALSE;
}

/* The same with any number of ' before it: one more, one less can be told. */
static bool csv_is_guarded_formula(const char *text)
{
	return csv_is_formula(text + strspn(text, "'"));
}

static bool csv_is_delimiter(char c)
{
	return c == ';' || c == '\t';
}

const char *bounce_csv_guard(const char *text)
{
	string_t *str = t_str_new(strlen(text) + 8);
	bool begins = TRUE;

	for (; *text != '\0'; text++) {
		if (begins && csv_is_guarded_formula(text))
			str_append_c(str, '\'');
		str_append_c(str, *text);
		begins = csv_is_delimiter(*text);
	}
	return str_c(str);
}

const char *bounce_csv_unguard(const char *cell)
{
	string_t *str = t_str_new(strlen(cell) + 1);
	bool begins = TRUE;

	for (; *cell != '\0'; cell++) {
		if (begins && *cell == '\'' && csv_is_guarded_formula(cell)) {
			begins = FALSE;
			continue;
		}
		str_append_c(str, *cell);
		begins = csv_is_delimiter(*cell);
	}
	return str_c(str);
}

const char *bounce_csv_guard_address(const char *address)
{
	const char *at = strrchr(address, '@');
	string_t *str = t_str_new(strlen(address) + 8);

	if (at == NULL)
		return bounce_csv_guard(address);
	/* an atom: RFC 5321 section 4.1.2 allows quotes around it */
	if (csv_is_formula(address)) {
		str_printfa(str, "\"%s\"%s", t_strdup_until(address, at), at);
		return str_c(str);
	}
	/* within quotes, and there a \ may be before any character */
	for (const char *p = address; *p != '\0'; p++) {
		if (p > address && csv_is_delimiter(p[-1]) && csv_is_formula(p))
			str_append_c(str, '\\');
		str_append_c(str, *p);
	}
	return str_c(str);
}

char bounce_csv_delimiter(const char *line)
{
	static const char delimiters[] = { ',', ';', '\t' };
	unsigned int count[N_ELEMENTS(delimiters)] = { 0 }, i, best = 0;
	bool quoted = FALSE;

	for (; *line != '\0'; line++) {
		if (*line == '"')
			quoted = !quoted;
		for (i = 0; i < N_ELEMENTS(delimiters); i++) {
			if (!quoted && *line == delimiters[i])
				count[i]++;
		}
	}
	for (i = 1; i < N_ELEMENTS(delimiters); i++) {
		if (count[i] > count[best])
			best = i;
	}
	return delimiters[best];
}

/* Returns where the cell ends. */
static const char *csv_quoted_cell(const char *p, string_t *cell)
{
	while (*p != '\0') {
		if (*p == '"' && *++p != '"')
			break;
		str_append_c(cell, *p++);
	}
	return p;
}

static const char *
csv_next_cell(const char *p, char delimiter, const char **cell_r)
{
	string_t *cell = t_str_new(64);
	bool quoted;

	while (i_isspace(*p) && *p != delimiter)
		p++;
	quoted = *p == '"';
	if (quoted)
		p = csv_quoted_cell(p + 1, cell);
	/* what follows a quoted cell does not belong there; it is kept */
	while (*p != '\0' && *p != delimiter)
		str_append_c(cell, *p++);
	if (!quoted) {
		while (str_len(cell) > 0 &&
		       i_isspace(str_c(cell)[str_len(cell) - 1]))
			str_truncate(cell, str_len(cell) - 1);
	}
	*cell_r = str_c(cell);
	return p;
}

const char *const *bounce_csv_split(const char *line, char delimiter)
{
	ARRAY_TYPE(const_string) cells;
	const char *cell, *p = line;

	t_array_init(&cells, 16);
	for (;;) {
		p = csv_next_cell(p, delimiter, &cell);
		array_push_back(&cells, &cell);
		if (*p == '\0')
			break;
		p++;
	}
	array_append_zero(&cells);
	return array_front(&cells);
}

bool bounce_csv_is_complete(const char *line)
{
	bool quoted = FALSE;

	for (; *line != '\0'; line++) {
		if (*line == '"')
			quoted = !quoted;
	}
	return !quoted;
}

const char *bounce_csv_date(time_t when)
{
	const struct tm *tm = gmtime(&when);

	return t_strdup_printf("%04d-%02d-%02d %02d:%02d:%02d",
			       tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday,
			       tm->tm_hour, tm->tm_min, tm->tm_sec);
}

bool bounce_csv_date_parse(const char *cell, time_t *when_r)
{
	unsigned int year, month, day, hour = 0, min = 0, sec = 0;
	int day_len = 0, min_len = 0, sec_len = 0, len;
	struct tm tm;

	if (sscanf(cell, "%4u-%2u-%2u%n%*1[ T]%2u:%2u%n:%2u%n", &year, &month,
		   &day, &day_len, &hour, &min, &min_len, &sec, &sec_len) < 3)
		return FALSE;
	len = I_MAX(day_len, I_MAX(min_len, sec_len));
	if (strcmp(cell + len, "") != 0 && strcmp(cell + len, "Z") != 0)
		return FALSE;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
	    min > 59 || sec > 60)
		return FALSE;
	i_zero(&tm);
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	tm.tm_hour = (int)hour;
	tm.tm_min = (int)min;
	tm.tm_sec = (int)sec;
	*when_r = utc_mktime(&tm);
	return *when_r > 0;
}
