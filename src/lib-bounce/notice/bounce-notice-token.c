/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* Where a mail address begins and ends within a line of text, and which one it is. */

static bool notice_is_local_char(char c)
{
	unsigned char chr = (unsigned char)c;

	return i_isalnum(chr) || strchr("!#$%&'*+-/=?^_`{|}~.", chr) != NULL;
}

static bool notice_is_domain_char(char c)
{
	unsigned char chr = (unsigned char)c;

	return i_isalnum(chr) || chr == '-' || chr == '.' || chr == '_';
}

/* "to=bob@example.com" of a log; a tag of the address is longer or is
   elsewhere. */
static const char *notice_skip_key(const char *p, const char *at)
{
	static const char *const keys[] = {
		"to=", "rcpt=", "recipient=", "user=", "email=", "mail=",
		"address=", "addr=", "from=", "sender=", "orig_to=",
		"rfc-822=", "rfc822=", "rcptto=", "rcpt_to=", "mailbox=",
		"envelope_to=", "dest=", NULL
	};

	for (unsigned int i = 0; keys[i] != NULL; i++) {
		if (bounce_string_ibegins(p, keys[i]) &&
		    p + strlen(keys[i]) < at)
			return p + strlen(keys[i]);
	}
	return p;
}

/* Where the local part of the address at at ('@') begins. */
static const char *notice_local_begin(const char *line, const char *at)
{
	const char *p = at;
	bool wide;

	if (p > line && p[-1] == '"') {
		for (p -= 1; p > line && p[-1] != '"'; p--) ;
		return p > line && at - p > 1 ? p - 1 : at;
	}
	while (p > line && *(p - 1) != '\0' && notice_is_local_char(p[-1]))
		p--;
	/* characters outside ASCII belong to it only within < > or alone:
	   scripts without spaces are right beside an address */
	if (p > line && ((unsigned char)p[-1] & 0x80) != 0) {
		const char *begin = p;

		while (begin > line && (notice_is_local_char(begin[-1]) ||
				((unsigned char)begin[-1] & 0x80) != 0))
			begin--;
		wide = begin > line ? begin[-1] == '<' : FALSE;
		if (wide)
			return begin;
	}
	p = notice_skip_key(p, at);
	while (p < at && (*p == '\'' || *p == '`' || *p == '.' ||
			  *p == '*' || *p == '-' || *p == '=' || *p == '/' ||
			  *p == '|' || *p == '~' || *p == '!' || *p == '#'))
		p++;
	return p;
}

/* Where its domain ends. */
static const char *notice_domain_end(const char *at, bool bracketed)
{
	const char *p = at + 1;

	if (*p == '[') {
		p += strcspn(p, "]> ");
		return *p == ']' ? p + 1 : at;
	}
	while (notice_is_domain_char(*p) ||
	       (bracketed && ((unsigned char)*p & 0x80) != 0))
		p++;
	while (p > at + 1 && (p[-1] == '.' || p[-1] == '-' || p[-1] == '_'))
		p--;
	return p;
}

static bool notice_is_domain(const char *domain, const char *end)
{
	const char *dot = NULL;

	if (*domain == '[')
		return TRUE;
	for (const char *p = domain; p < end; p++) {
		if (*p == '.')
			dot = p;
	}
	/* a top-level domain is no number */
	return dot == NULL || (end - dot > 1 && !i_isdigit(dot[1]));
}

bool bounce_notice_address_next(const char *line, unsigned int *pos,
			      unsigned int *begin_r, unsigned int *end_r)
{
	const char *at = line + *pos, *begin, *end;

	while ((at = strchr(at, '@')) != NULL) {
		begin = notice_local_begin(line + *pos, at);
		end = notice_domain_end(at, begin > line && begin[-1] == '<');
		if (*end == '"' && end[1] == '@') {
			/* within quotes: "a@b"@example.com */
			at = end + 1;
			continue;
		}
		if (begin < at && end > at + 1 &&
		    notice_is_domain(at + 1, end) &&
		    end - begin <= BOUNCE_MAX_ADDRESS) {
			*begin_r = begin - line;
			*end_r = end - line;
			*pos = end - line;
			return TRUE;
		}
		at++;
	}
	return FALSE;
}

bool bounce_notice_is_listed(const ARRAY_TYPE(const_string) *list,
			   const char *address)
{
	const char *const *other;

	array_foreach(list, other) {
		if (strcasecmp(*other, address) == 0)
			return TRUE;
	}
	return FALSE;
}
