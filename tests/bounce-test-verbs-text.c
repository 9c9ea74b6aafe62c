/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What verbs said and left, compared. */

#include "bounce-test-verbs.h"

#include <ctype.h>
#include <stdlib.h>

string_t *test_verb_said;

void test_verb_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_vprintfa(test_verb_said, format, args);
	va_end(args);
	str_append_c(test_verb_said, '\n');
}

const char *t_test_verbs_hide_time(const char *text)
{
	string_t *str = t_str_new(strlen(text));

	while (*text != '\0') {
		char *end;
		long long number;

		if (!i_isdigit(*text)) {
			str_append_c(str, *text++);
			continue;
		}
		number = strtoll(text, &end, 10);
		if (number > START - 5 && number < START + 3600)
			str_append(str, "<now>");
		else if (number == START / 3600 || number == START / 3600 + 1)
			str_append(str, "<hour>");
		else
			str_append_data(str, text, end - text);
		text = end;
	}
	return str_c(str);
}

const char *t_test_verbs_difference(const char *_is, const char *_wanted)
{
	const char *const *is = t_strsplit(_is, "\n");
	const char *const *wanted = t_strsplit(_wanted, "\n");

	while (*is != NULL && *wanted != NULL && strcmp(*is, *wanted) == 0) {
		is++;
		wanted++;
	}
	return t_strdup_printf("%.1000s\n%.1000s", *is == NULL ? "" : *is,
			       *wanted == NULL ? "" : *wanted);
}
