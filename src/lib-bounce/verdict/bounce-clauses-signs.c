/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-clauses-private.h"
#include "bounce-string.h"

#include <ctype.h>

#define EDGE BOUNCE_CLAUSES_EDGE
#define BORDER BOUNCE_CLAUSES_BORDER

const uint8_t bounce_clauses_signs[256] = {
	[0] = EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE,
	['\n'] = EDGE | BORDER,
	[11] = EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE,
	EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE, EDGE,
	[0x7f] = EDGE,
	['<'] = EDGE, ['>'] = EDGE, ['{'] = EDGE, ['}'] = EDGE, ['"'] = EDGE,
	['\''] = EDGE, [','] = EDGE,
	['('] = EDGE | BORDER, [')'] = EDGE | BORDER,
	['['] = EDGE | BORDER, [']'] = EDGE | BORDER,
	[';'] = EDGE | BORDER, ['|'] = EDGE | BORDER,
	['.'] = BORDER, [':'] = BORDER, ['!'] = BORDER, ['?'] = BORDER,
};

const char *bounce_clauses_bracket_end(const char *p)
{
	char close = *p == '[' ? ']' : ')';
	bool special = FALSE;

	while (*++p == ' ')
		;
	for (; *p != close; p++) {
		/* "( bob@example.org )" */
		if (*p == ' ' && p[1] == close)
			continue;
		if (bounce_clauses_is_edge(*p))
			return NULL;
		if (*p == '@' || *p == '.' || i_isdigit(*p))
			special = TRUE;
	}
	return special ? p : NULL;
}

const char *bounce_clauses_wide_bracket_end(const char *p)
{
	static const char open[] = "\xef\xbc\x88", close[] = "\xef\xbc\x89";
	const char *end;

	if (!bounce_string_begins(p, open))
		return NULL;
	p += strlen(open);
	for (end = p; !bounce_clauses_is_edge(*end); end++) {
		if (bounce_string_begins(end, close))
			return memchr(p, '@', end - p) != NULL ? end : NULL;
	}
	return NULL;
}

const char *bounce_clauses_ending_end(const char *text, const char *p)
{
	const char *end;

	if (*p != '(' || p == text || bounce_clauses_is_edge(p[-1]) ||
	    i_isdigit(p[-1]))
		return NULL;
	for (end = p + 1; i_islower(*end); end++)
		;
	return *end == ')' && end - p <= 5 && end > p + 1 ? end : NULL;
}

bool bounce_clauses_is_dash(const char *text, const char *p)
{
	return *p == '-' && p > text && p[-1] == ' ' &&
		(p[1] == ' ' || p[1] == '-');
}

size_t bounce_clauses_wide_border_length(const char *p)
{
	/* each begins with one of these */
	static const char *const signs[] = {
		"\xe3\x80\x82",	/* ideographic full stop */
		"\xe3\x80\x81",	/* and comma */
		"\xef\xbc\x9b",	/* fullwidth ; : ! ? ( ) , */
		"\xef\xbc\x9a",
		"\xef\xbc\x81",
		"\xef\xbc\x9f",
		"\xef\xbc\x88",
		"\xef\xbc\x89",
		"\xef\xbc\x8c",
		"\xe2\x80\x93",	/* en dash, em dash, ellipsis */
		"\xe2\x80\x94",
		"\xe2\x80\xa6",
	};

	if ((unsigned char)*p != 0xe2 && (unsigned char)*p != 0xe3 &&
	    (unsigned char)*p != 0xef)
		return 0;
	for (unsigned int i = 0; i < N_ELEMENTS(signs); i++) {
		if (bounce_string_begins(p, signs[i]))
			return strlen(signs[i]);
	}
	return 0;
}
