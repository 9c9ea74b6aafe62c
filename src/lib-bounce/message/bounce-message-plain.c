/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* Parts that need no decoder, as nearly all of a report's are, and those that are
   easily decoded. Dovecot's costs more than all else that is done with them. */

#define PLAIN_SPACE " \t\r\n"

static size_t plain_token_len(const char *text)
{
	size_t len = 0;

	while (i_isalnum(text[len]) ||
	       (text[len] != '\0' && strchr("-+._", text[len]) != NULL))
		len++;
	return len;
}

/* What follows the word in lower or upper case, or NULL. (strcasestr() is slow.) */
static const char *plain_find(const char *text, const char *word)
{
	const char first[] = { *word, i_toupper(*word), '\0' };

	for (; *(text += strcspn(text, first)) != '\0'; text++) {
		if (bounce_string_ibegins(text, word))
			return text + strlen(word);
	}
	return NULL;
}

size_t bounce_message_type_len(const char *text)
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
		"windows-1256", "windows-1257", "koi8-r", "koi8-u",
		"big5", "euc-jp", "euc-kr", "gb2312", "gbk", "gb18030"
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

/* Do the parameters name one such charset, or none? utf8_r: they name UTF-8. */
static bool plain_charset(const char *params, bool *utf8_r)
{
	static const char attribute[] = "charset";
	const char *name = plain_find(params, attribute);
	size_t len;
	bool quoted;

	*utf8_r = FALSE;
	if (name == NULL)
		return TRUE;
	/* a value that looks like it: whichever is meant */
	if (*name++ != '=' || plain_find(name, attribute) != NULL)
		return FALSE;
	quoted = *name == '"';
	if (quoted)
		name++;
	len = plain_token_len(name);
	*utf8_r = len == 5 && strncasecmp(name, "utf-8", 5) == 0;
	if (!plain_charset_is_known(name, len) ||
	    (quoted && name[len++] != '"'))
		return FALSE;
	return strchr(PLAIN_SPACE ";", name[len]) != NULL;
}

/* Is encoding this word and nothing else? */
static bool plain_encoding_is(const char *encoding, const char *word)
{
	encoding += strspn(encoding, PLAIN_SPACE);
	if (!bounce_string_ibegins(encoding, word))
		return FALSE;
	encoding += strlen(word);
	return encoding[strspn(encoding, PLAIN_SPACE)] == '\0';
}

/* Bytes of the value of a parameter, its quotes among them; 0 if it is written in
   another way. */
static size_t plain_value_len(const char *value)
{
	size_t len = plain_token_len(value);

	if (*value != '"')
		return strchr(PLAIN_SPACE ";", value[len]) != NULL ? len : 0;
	len = 1 + strcspn(value + 1, "\"\\\r\n");
	return value[len] == '"' ? len + 1 : 0;
}

const char *bounce_message_plain_param(const char *params, const char *name)
{
	const char *found = NULL, *value;
	size_t len;
	bool named;

	for (;;) {
		params += strspn(params, PLAIN_SPACE);
		if (*params == '\0')
			return found;
		if (*params != ';')
			return NULL;
		params++;
		params += strspn(params, PLAIN_SPACE);
		len = plain_token_len(params);
		if (len == 0 || params[len] != '=')
			return NULL;
		value = params + len + 1;
		named = found == NULL && strlen(name) == len &&
			strncasecmp(params, name, len) == 0;
		len = plain_value_len(value);
		if (len == 0)
			return NULL;
		if (named) {
			found = *value == '"' ? t_strndup(value + 1, len - 2) :
				t_strndup(value, len);
		}
		params = value + len;
	}
}

bool bounce_message_plain_type(const char *value, const char **type_r,
			       const char **report_type_r)
{
	static const char name[] = "report-type";
	const char *found, *param;
	size_t len;

	value += strspn(value, PLAIN_SPACE);
	len = bounce_message_type_len(value);
	if (len == 0)
		return FALSE;
	*type_r = t_str_lcase(t_strndup(value, len));
	*report_type_r = NULL;
	value += len;
	found = plain_find(value, name);
	if (found == NULL)
		return TRUE;
	/* the last one counts */
	param = plain_find(found, name) != NULL ? NULL :
		bounce_message_plain_param(value, name);
	if (param == NULL)
		return FALSE;
	*report_type_r = t_str_lcase(param);
	return TRUE;
}

bool bounce_message_coding_read(const char *type, const char *encoding,
				struct bounce_part_coding *coding_r)
{
	size_t len;

	i_zero(coding_r);
	coding_r->plain = encoding == NULL ||
		plain_encoding_is(encoding, "7bit") ||
		plain_encoding_is(encoding, "8bit") ||
		plain_encoding_is(encoding, "binary");
	coding_r->qp = !coding_r->plain &&
		plain_encoding_is(encoding, "quoted-printable");
	if (type == NULL)
		return TRUE;
	type += strspn(type, PLAIN_SPACE);
	len = bounce_message_type_len(type);
	if (len == 0)
		return FALSE;
	coding_r->type = t_strndup(type, len);
	if (!plain_charset(type + len, &coding_r->utf8))
		coding_r->plain = coding_r->qp = FALSE;
	return TRUE;
}

static int plain_hex(unsigned char chr)
{
	if (chr >= '0' && chr <= '9')
		return chr - '0';
	chr |= 0x20;
	return chr >= 'a' && chr <= 'f' ? chr - 'a' + 10 : -1;
}

/* Decode a line of quoted-printable without its line end and the blanks before it.
   Returns FALSE if it is none. */
static bool plain_qp_line(const unsigned char *line, const unsigned char *end,
			  unsigned char **dest, bool *soft_r)
{
	const unsigned char *equals;
	int high, low;

	*soft_r = FALSE;
	while (line < end) {
		equals = memchr(line, '=', end - line);
		if (equals == NULL)
			equals = end;
		memcpy(*dest, line, equals - line);
		*dest += equals - line;
		if (equals == end)
			return TRUE;
		if (equals + 1 == end) {
			*soft_r = TRUE;
			return TRUE;
		}
		if (end - equals < 3)
			return FALSE;
		high = plain_hex(equals[1]);
		low = plain_hex(equals[2]);
		if (high < 0 || low < 0)
			return FALSE;
		*(*dest)++ = high << 4 | low;
		line = equals + 3;
	}
	return TRUE;
}

/* RFC 2045 section 6.7, lines of at most 76 bytes. dest has room for twice the
   bytes. Returns FALSE if data is written otherwise. */
static bool plain_qp_decode(const unsigned char *data, size_t size,
			    unsigned char *dest, size_t *size_r)
{
	const unsigned char *end = data + size, *lf;
	unsigned char *begin = dest;
	size_t len;
	bool soft;

	for (; data < end; data = lf + 1) {
		lf = memchr(data, '\n', end - data);
		len = (lf == NULL ? end : lf) - data;
		if (lf != NULL && len > 0 && data[len - 1] == '\r')
			len--;
		if (len > 76 || memchr(data, '\r', len) != NULL)
			return FALSE;
		while (len > 0 && (data[len - 1] == ' ' ||
				   data[len - 1] == '\t'))
			len--;
		if (!plain_qp_line(data, data + len, &dest, &soft))
			return FALSE;
		if (lf == NULL)
			break;
		if (!soft) {
			*dest++ = '\r';
			*dest++ = '\n';
		}
	}
	*size_r = dest - begin;
	return TRUE;
}

bool bounce_message_decode(const struct bounce_part_coding *coding,
			   const unsigned char **data, size_t *size)
{
	unsigned char *dest;

	if (coding->qp) {
		dest = t_malloc_no0(*size * 2);
		if (!plain_qp_decode(*data, *size, dest, size))
			return FALSE;
		*data = dest;
	} else if (!coding->plain) {
		return FALSE;
	}
	return bounce_string_bytes_are_ascii(*data, *size) ||
		(coding->utf8 && uni_utf8_data_is_valid(*data, *size));
}
