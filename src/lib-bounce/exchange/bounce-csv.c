/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-csv.h"

#include <ctype.h>

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
	if (strpbrk(cell, ",;\t\r\n\"") == NULL && *cell != ' ') {
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
