/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* Parts that need no decoder, as nearly all of a report's are. Dovecot's costs more
   than all else that is done with them. */

#define PLAIN_SPACE " \t\r\n"

static size_t plain_token_len(const char *text)
{
	size_t len = 0;

	while (i_isalnum(text[len]) ||
	       (text[len] != '\0' && strchr("-+._", text[len]) != NULL))
		len++;
	return len;
}

/* Bytes of "type/subtype" at text, with nothing but parameters behind it; else
   0. */
static size_t plain_type_len(const char *text)
{
	size_t len = plain_token_len(text), more;

	if (len == 0 || text[len] != '/')
		return 0;
	more = plain_token_len(text + len + 1);
	if (more == 0)
		return 0;
	len += 1 + more;
	more = strspn(text + len, PLAIN_SPACE);
	return text[len + more] == '\0' || text[len + more] == ';' ? len : 0;
}

/* A charset whose ASCII is ASCII, and of which nothing is kept from one block for
   the next, as iconv() does with what composes (windows-1258). */
static bool plain_charset_is_known(const char *name, size_t len)
{
	static const char *const names[] = {
		"us-ascii", "utf-8", "windows-1250", "windows-1251",
		"windows-1252", "windows-1253", "windows-1254",
		"windows-1256", "windows-1257"
	};
	static const char iso[] = "iso-8859-";

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		if (strlen(names[i]) == len &&
		    strncasecmp(name, names[i], len) == 0)
			return TRUE;
	}
	return bounce_string_ibegins(name, iso) && len > strlen(iso) &&
		strspn(name + strlen(iso), "0123456789") == len - strlen(iso);
}

/* Do the parameters name one such charset, or none? */
static bool plain_charset(const char *params)
{
	static const char attribute[] = "charset";
	const char *name = strcasestr(params, attribute);
	size_t len;
	bool quoted;

	if (name == NULL)
		return TRUE;
	name += strlen(attribute);
	/* a value that looks like it: whichever is meant */
	if (*name++ != '=' || strcasestr(name, attribute) != NULL)
		return FALSE;
	quoted = *name == '"';
	if (quoted)
		name++;
	len = plain_token_len(name);
	if (!plain_charset_is_known(name, len) ||
	    (quoted && name[len++] != '"'))
		return FALSE;
	return strchr(PLAIN_SPACE ";", name[len]) != NULL;
}

static bool plain_encoding(const char *encoding)
{
	static const char *const names[] = { "7bit", "8bit", "binary" };

	encoding += strspn(encoding, PLAIN_SPACE);
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		if (bounce_string_ibegins(encoding, names[i])) {
			encoding += strlen(names[i]);
			return encoding[strspn(encoding, PLAIN_SPACE)] == '\0';
		}
	}
	return FALSE;
}

const char *bounce_message_plain_type(const char *value)
{
	size_t len;

	value += strspn(value, PLAIN_SPACE);
	len = plain_type_len(value);
	return len == 0 || strcasestr(value + len, "report-type") != NULL ?
		NULL : t_strndup(value, len);
}

bool bounce_message_is_plain(const char *type, const char *encoding,
			     const char **type_r)
{
	size_t len;

	*type_r = NULL;
	if (encoding != NULL && !plain_encoding(encoding))
		return FALSE;
	if (type == NULL)
		return TRUE;
	type += strspn(type, PLAIN_SPACE);
	len = plain_type_len(type);
	if (len == 0 || !plain_charset(type + len))
		return FALSE;
	*type_r = t_strndup(type, len);
	return TRUE;
}
