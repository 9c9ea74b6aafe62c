/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-status.h"

#include <ctype.h>

static unsigned int status_count_digits(const char *text)
{
	unsigned int count = 0;

	while (count < 4 && i_isdigit(text[count]))
		count++;
	return count;
}

/* Length of the status code at text, 0 if there is none. */
static unsigned int status_len(const char *text)
{
	unsigned int len = 2, digits;

	if ((*text != '2' && *text != '4' && *text != '5') || text[1] != '.')
		return 0;
	digits = status_count_digits(text + len);
	if (digits == 0 || digits > 2 || text[len] > '7' ||
	    text[len + digits] != '.')
		return 0;
	len += digits + 1;
	digits = status_count_digits(text + len);
	if (digits == 0 || digits > 3)
		return 0;
	len += digits;
	/* 5.1.1.7 is something else */
	if (text[len] == '.' && i_isdigit(text[len + 1]))
		return 0;
	return len;
}

static bool status_joins_word(char chr)
{
	return i_isalnum(chr) || chr == '.' || chr == '_' || chr == '@' ||
		chr == '/' || chr == '+';
}

const char *bounce_status_find(const char *text)
{
	const char *p;
	unsigned int len;

	for (p = text; *(p += strcspn(p, "245")) != '\0'; p++) {
		if (p != text && status_joins_word(p[-1]))
			continue;
		/* a host's name: mx-5.1.1 */
		if (p > text + 1 && p[-1] == '-' && i_isalpha(p[-2]))
			continue;
		len = status_len(p);
		if (len > 0 && !i_isalnum(p[len]) && p[len] != '@' &&
		    (p[len] != '-' || !i_isalnum(p[len + 1])))
			return t_strndup(p, len);
	}
	return NULL;
}

const char *bounce_status_field(const char *value)
{
	const char *status = bounce_status_find(value);
	unsigned int subject, detail;

	if (status != NULL)
		return status;
	/* "5.9.8", of a subject that nobody registered */
	if ((*value != '2' && *value != '4' && *value != '5') ||
	    value[1] != '.')
		return NULL;
	subject = status_count_digits(value + 2);
	if (subject == 0 || subject > 3 || value[2 + subject] != '.')
		return NULL;
	detail = status_count_digits(value + 3 + subject);
	if (detail == 0 || detail > 3 || value[3 + subject + detail] == '.')
		return NULL;
	return t_strndup(value, 3 + subject + detail);
}

bool bounce_status_is_valid(const char *text)
{
	unsigned int len = status_len(text);

	return len > 0 && text[len] == '\0';
}

static bool status_is_reply(const char *text)
{
	return (text[0] == '4' || text[0] == '5') &&
		text[1] >= '0' && text[1] <= '7' && i_isdigit(text[2]) &&
		!i_isalnum(text[3]);
}

bool bounce_status_reply_begins(const char *text)
{
	return status_is_reply(text) && (text[3] == ' ' || text[3] == '-' ||
					 text[3] == '\0');
}

/* "512 MB" */
static bool status_is_size(const char *text)
{
	static const char *const units[] = {
		"kb", "mb", "gb", "kib", "mib", "gib", "mo", "ko", "go",
		"kbyte", "mbyte", "gbyte", "byte", "bytes", NULL
	};
	size_t len = 0;

	if (text[3] != ' ' || strchr("kmgb", text[4] | 0x20) == NULL)
		return FALSE;
	while (i_isalpha(text[4 + len]) && len < 8)
		len++;
	return str_array_icase_find(units, t_strndup(text + 4, len));
}

/* The first digit that a reply may begin with, NULL if there is none: this is asked
   of each line. */
static const char *status_reply_first(const char *text)
{
	const char *four = strchr(text, '4'), *five = strchr(text, '5');

	return four == NULL || (five != NULL && five < four) ? five : four;
}

const char *bounce_status_reply_find(const char *text, const char **at_r)
{
	const char *p = status_reply_first(text);

	for (; p != NULL && *p != '\0'; p++) {
		if (!status_is_reply(p) ||
		    (p != text && status_joins_word(p[-1])))
			continue;
		if (p != text && (p[-1] == '-' || p[-1] == ','))
			continue;
		/* 550 hosts, 450 KB, 500 recipients: only where a reply is
		   likely */
		if (p != text && p[-1] == ' ' && p > text + 1 &&
		    i_isalnum(p[-2]) && p[3] == ' ' && i_islower(p[4]) &&
		    !i_isdigit(p[4])) {
			const char *word = p - 1;

			while (word > text && word[-1] != ' ')
				word--;
			if (strncasecmp(word, "error", 5) != 0 &&
			    strncasecmp(word, "code", 4) != 0 &&
			    strncasecmp(word, "said", 4) != 0 &&
			    strncasecmp(word, "smtp", 4) != 0 &&
			    strncasecmp(word, "status", 6) != 0 &&
			    strncasecmp(word, "response", 8) != 0 &&
			    strncasecmp(word, "with", 4) != 0 &&
			    strncasecmp(word, "returned", 8) != 0 &&
			    strncasecmp(word, "reply", 5) != 0)
				continue;
		}
		if ((p[3] == '.' && i_isdigit(p[4])) || status_is_size(p))
			continue;
		if (at_r != NULL)
			*at_r = p;
		return t_strndup(p, 3);
	}
	return NULL;
}
