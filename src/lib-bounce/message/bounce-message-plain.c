/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "charset-utf8.h"
#include "unichar.h"
#include "bounce-charset.h"
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

/* The charset that the parameters name, if any. Returns FALSE if they are not written
   as nearly all are. */
static bool plain_charset(const char *params, struct bounce_part_coding *coding)
{
	static const char attribute[] = "charset";
	const char *name;
	size_t len;

	if (plain_find(params, attribute) == NULL)
		return TRUE;
	name = bounce_message_plain_param(params, attribute);
	len = name == NULL ? 0 : strlen(name);
	if (len == 0 || len >= sizeof(coding->charset))
		return FALSE;
	memcpy(coding->charset, name, len);
	coding->whole = !plain_charset_is_known(name, len);
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
	if (!plain_charset(type + len, coding_r))
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

/* Decode a line of quoted-printable without its line end and the blanks before it;
   a "=" that says nothing is one. Returns TRUE if the next line goes on with it. */
static bool plain_qp_line(const unsigned char *line, const unsigned char *end,
			  unsigned char **dest)
{
	const unsigned char *equals;
	int high, low;

	while (line < end) {
		equals = memchr(line, '=', end - line);
		if (equals == NULL)
			equals = end;
		memcpy(*dest, line, equals - line);
		*dest += equals - line;
		if (equals == end)
			return FALSE;
		if (equals + 1 == end)
			return TRUE;
		high = plain_hex(equals[1]);
		low = equals + 2 == end ? -1 : plain_hex(equals[2]);
		if (high < 0 || low < 0) {
			*(*dest)++ = '=';
			line = equals + 1;
		} else {
			*(*dest)++ = high << 4 | low;
			line = equals + 3;
		}
	}
	return FALSE;
}

/* Does the line hold more blanks together than RFC 2045 section 6.7 lets it have
   bytes? */
static bool plain_qp_is_blank(const unsigned char *line, size_t len)
{
	size_t blanks = 0;

	for (size_t i = 0; len > 76 && i < len && blanks <= 76; i++)
		blanks = line[i] == ' ' || line[i] == '\t' ? blanks + 1 : 0;
	return blanks > 76;
}

/* RFC 2045 section 6.7. dest has room for twice the bytes. Returns FALSE if Dovecot's
   decoder has to. */
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
		if (memchr(data, '\r', len) != NULL ||
		    plain_qp_is_blank(data, len))
			return FALSE;
		while (len > 0 && (data[len - 1] == ' ' ||
				   data[len - 1] == '\t'))
			len--;
		soft = plain_qp_line(data, data + len, &dest);
		if (lf == NULL) {
			/* what an unfinished code at the end is, is up to it */
			if (len > 1 && data[len - 2] == '=')
				return FALSE;
			break;
		}
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
	return (!coding->whole &&
		(bounce_string_bytes_are_ascii(*data, *size) ||
		 (charset_is_utf8(coding->charset) &&
		  uni_utf8_data_is_valid(*data, *size)))) ||
		(*coding->charset != '\0' &&
		 bounce_charset_translate(coding->charset, data, size));
}
