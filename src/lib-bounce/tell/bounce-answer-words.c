/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-answer-private.h"
#include "bounce-string.h"

/* Octets of a quoted local part, with its quotes and backslashes. */
#define QUOTED_MAX 132

/* Quotation marks and blanks of other kinds are blanks. In one pass: whoever has seen
   a notice's Message-ID writes the line. */
static const char *t_answer_unmarked(const char *line)
{
	static const char *const marks[] = {
		"“", "”", "„", "«", "»", "「", "」", "\xc2\xa0", "\xe2\x80\x8b",
		"\xef\xbb\xbf", NULL
	};
	string_t *str = t_str_new(strlen(line) + 1);
	unsigned int i;

	while (*line != '\0') {
		for (i = 0; marks[i] != NULL; i++) {
			if (bounce_string_begins(line, marks[i]))
				break;
		}
		str_append_c(str, marks[i] == NULL ? *line : ' ');
		line += marks[i] == NULL ? 1 : strlen(marks[i]);
	}
	return str_c(str);
}

/* Length of the quoted local part at text, without the @ that follows; 0 = it is
   none. */
static size_t answer_quoted_length(const char *text)
{
	size_t len = 1;

	if (*text != '"')
		return 0;
	while (len < QUOTED_MAX && text[len] != '\0' && text[len] != '"')
		len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
	return text[len] == '"' && text[len + 1] == '@' ? len + 1 : 0;
}

/* The same of the address literal that follows an @. */
static size_t answer_literal_length(const char *text)
{
	size_t len;

	if (*text != '[')
		return 0;
	len = 1 + strspn(text + 1, "0123456789abcdefABCDEFIPv:.");
	return text[len] == ']' ? len + 1 : 0;
}

/* Up to the next separator outside of these. */
static size_t answer_word_length(const char *text, const char *separators)
{
	size_t len = answer_quoted_length(text);

	len += strcspn(text + len, separators);
	if (len > 0 && text[len - 1] == '@')
		len += answer_literal_length(text + len);
	return len;
}

const char *const *t_bounce_answer_split(const char *line)
{
	static const char *const separators = " \t\r<>()[]\",;";
	ARRAY_TYPE(const_string) words;
	const char *word;
	size_t len;

	t_array_init(&words, 8);
	for (line = t_answer_unmarked(line); *line != '\0'; line += len) {
		len = answer_word_length(line, separators);
		if (len == 0) {
			len = 1;
			continue;
		}
		word = t_strndup(line, len);
		if (bounce_string_ibegins(word, "mailto:"))
			word += 7;
		word = t_str_trim(word, "'*_`");
		word = t_str_rtrim(word, ".:!?'");
		if (*word != '\0')
			array_push_back(&words, &word);
	}
	array_append_zero(&words);
	return array_front(&words);
}
