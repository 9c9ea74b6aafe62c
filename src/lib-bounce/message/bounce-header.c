/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "strescape.h"
#include "message-address.h"
#include "message-header-decode.h"
#include "bounce-charset.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-string.h"

#include <ctype.h>

/* RFC 5322 field names: printable, no colon, no space; white space before the
   colon as section 4.5 has it. size_r: up to the colon and with it. */
static size_t header_field_name_len(const char *line, size_t *size_r)
{
	size_t len = 0, colon;

	while (line[len] > 32 && line[len] < 127 && line[len] != ':')
		len++;
	colon = line[len] == ':' ? len : len + strspn(line + len, " \t");
	*size_r = colon + 1;
	return line[colon] == ':' ? len : 0;
}

/* Length of the "=?charset?B?" at text, 0 if there is none. encoding_r is 'B'
   or 'Q'. */
static size_t header_word_prefix(const char *text, char *encoding_r)
{
	size_t len;

	if (text[0] != '=' || text[1] != '?')
		return 0;
	len = 2 + strcspn(text + 2, "? ");
	if (len == 2 || text[len] != '?' || text[len + 1] == '\0' ||
	    text[len + 2] != '?')
		return 0;
	*encoding_r = i_toupper(text[len + 1]);
	return len + 3;
}

/* Without the language that RFC 2231 section 5 lets follow the charset: Dovecot
   knows no charset of that name. */
static void header_append_prefix(string_t *dest, const char *prefix, size_t len)
{
	const char *language = memchr(prefix, '*', len - 3);

	if (language == NULL) {
		str_append_data(dest, prefix, len);
		return;
	}
	str_append_data(dest, prefix, language - prefix);
	/* "?B?" */
	str_append_data(dest, prefix + len - 3, 3);
}

/* Encoded words that were cut within a character (against RFC 2047 section 5)
   can only be read together: join neighbours of the same charset and
   encoding. raw is unfolded. */
static const char *header_join_words(const char *raw)
{
	string_t *dest;
	const char *prefix, *text, *next;
	size_t prefix_len, text_len;
	char encoding;

	if (strstr(raw, "?=") == NULL)
		return raw;
	dest = t_str_new(strlen(raw) + 1);
	while (*raw != '\0') {
		prefix_len = header_word_prefix(raw, &encoding);
		if (prefix_len == 0) {
			str_append_c(dest, *raw++);
			continue;
		}
		prefix = raw;
		header_append_prefix(dest, prefix, prefix_len);
		raw += prefix_len;
		for (;;) {
			text = raw;
			text_len = strcspn(text, "? ");
			str_append_data(dest, text, text_len);
			raw += text_len;
			if (raw[0] != '?' || raw[1] != '=')
				break;
			next = raw + 2;
			next += strspn(next, " \t\r\n");
			if (next == raw + 2 ||
			    strncasecmp(next, prefix, prefix_len) != 0 ||
			    (encoding == 'B' && (text_len % 4 != 0 ||
				text_len == 0 || raw[-1] == '='))) {
				str_append(dest, "?=");
				raw += 2;
				break;
			}
			raw = next + prefix_len;
		}
	}
	return str_c(dest);
}

/* Most values are printable ASCII and encode nothing. */
static bool header_is_plain(const char *raw, size_t size)
{
	const char *p = raw, *end = raw + size;

	if (!bounce_string_bytes_are_plain((const unsigned char *)raw, size))
		return FALSE;
	while ((p = memchr(p, '=', end - p)) != NULL) {
		if (++p < end && *p == '?')
			return FALSE;
	}
	return TRUE;
}

static bool header_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* In its place. */
static const char *header_squeeze(char *raw, size_t size)
{
	/* what is between them is read at one go, in most values */
	while (size > 0 && header_is_blank(*raw)) {
		raw++;
		size--;
	}
	while (size > 0 && header_is_blank(raw[size - 1]))
		size--;
	(void)bounce_string_squeeze(raw, raw, size, BOUNCE_MAX_LINE);
	return raw;
}

/* That of the first encoded word; others rarely have another. */
static void header_keep_charset(const char *raw)
{
	const char *prefix = strstr(raw, "=?");
	char encoding;
	size_t len = prefix == NULL ? 0 :
		header_word_prefix(prefix, &encoding);

	if (len > 0)
		bounce_charset_keep(t_strndup(prefix + 2, len - 5));
}

/* Data stack. */
static const char *header_decode(const char *raw, size_t size)
{
	string_t *decoded = t_str_new(128);
	const char *value;

	raw = header_join_words(t_strndup(raw, size));
	header_keep_charset(raw);
	/* a local part that looks encoded is the address */
	if (strstr(raw, "?=@") != NULL)
		str_append(decoded, raw);
	else
		message_header_decode_utf8((const unsigned char *)raw,
					   strlen(raw), decoded, NULL);
	value = bounce_string_clean(str_data(decoded), str_len(decoded), FALSE);
	value = bounce_string_oneline(value, BOUNCE_MAX_LINE);
	return value == NULL ? "" : value;
}

static const char *
header_decode_to(pool_t pool, const char *raw, size_t size)
{
	const char *value;

	if (pool->datastack_pool)
		return header_decode(raw, size);
	T_BEGIN {
		value = p_strdup(pool, header_decode(raw, size));
	} T_END;
	return value;
}

/* A field of name_len bytes, with white space and colon prefix_len. */
static void
header_field_read(pool_t pool, const char *begin, const char *end,
		  size_t name_len, size_t prefix_len,
		  struct bounce_header *header_r)
{
	size_t size = end - begin - prefix_len;
	char *field;

	if (!header_is_plain(begin + prefix_len, size)) {
		header_r->name = p_strndup(pool, begin, name_len);
		header_r->value = header_decode_to(pool, begin + prefix_len,
						   size);
		return;
	}
	field = p_malloc(pool, prefix_len + size + 1);
	memcpy(field, begin, prefix_len + size);
	field[name_len] = '\0';
	header_r->name = field;
	header_r->value = header_squeeze(field + prefix_len, size);
}

static bool
header_is_named(const char *line, size_t len, const char *const *names)
{
	for (; *names != NULL; names++) {
		if ((*line | 0x20) == (**names | 0x20) &&
		    strncasecmp(line, *names, len) == 0 &&
		    (*names)[len] == '\0')
			return TRUE;
	}
	return FALSE;
}

void bounce_header_split(pool_t pool, const char *block,
			 const char *const *names,
			 ARRAY_TYPE(bounce_header) *headers_r)
{
	const char *line = block, *next, *end;
	size_t len, size;

	p_array_init(headers_r, pool, 16);
	while (*line != '\0') {
		next = line;
		do {
			end = strchr(next, '\n');
			next = end == NULL ? next + strlen(next) : end + 1;
		} while (*next == ' ' || *next == '\t');
		len = header_field_name_len(line, &size);
		if (len > 0 &&
		    (names == NULL || header_is_named(line, len, names))) {
			header_field_read(pool, line, next, len, size,
					  array_append_space(headers_r));
		}
		line = next;
	}
}

const char *bounce_header_find(const ARRAY_TYPE(bounce_header) *headers,
			       const char *name)
{
	const struct bounce_header *header;

	array_foreach(headers, header) {
		if ((header->name[0] | 0x20) == (name[0] | 0x20) &&
		    (header->name[1] | 0x20) == (name[1] | 0x20) &&
		    strcasecmp(header->name, name) == 0)
			return header->value;
	}
	return NULL;
}

/* Dovecot's parser takes the quotes off. Data stack. */
static const char *header_quote_local(const char *local)
{
	if (local[strcspn(local, " \"(),:;<>@[]\\")] == '\0')
		return local;
	return t_strconcat("\"", str_escape(local), "\"", NULL);
}

/* Letters, digits, "-" and what else is in signs, with single dots between them:
   their length. */
static size_t header_atoms_len(const char *text, const char *signs)
{
	size_t len = 0;

	for (;;) {
		size_t begin = len;

		while (i_isalnum(text[len]) || text[len] == '-' ||
		       (text[len] != '\0' && strchr(signs, text[len]) != NULL))
			len++;
		if (len == begin)
			return 0;
		if (text[len] != '.')
			return len;
		len++;
	}
}

/* The address of value, "bob@example.com" or "Bob Doe <bob@example.com>", NULL if
   there is more to read in it. Most are so. */
static const char *header_plain_address(pool_t pool, const char *value)
{
	const char *open = strchr(value, '<'), *begin = value, *end;
	size_t len;

	if (open != NULL) {
		while (i_isalnum(*begin) || *begin == ' ')
			begin++;
		if (begin++ != open)
			return NULL;
	}
	len = header_atoms_len(begin, "_+=");
	if (len == 0 || begin[len] != '@')
		return NULL;
	end = begin + len + 1;
	len = header_atoms_len(end, "");
	end += len;
	if (len == 0 || strcmp(end, open == NULL ? "" : ">") != 0)
		return NULL;
	/* Dovecot lowers a domain, or not, by its release */
	for (const char *p = end - len; p < end; p++) {
		if (i_isupper(*p))
			return NULL;
	}
	return p_strdup_until(pool, begin, end);
}

/* NULL if it is none, or too long. */
static const char *
header_address(pool_t pool, const struct message_address *addr)
{
	const char *address;

	if (addr->mailbox == NULL || *addr->mailbox == '\0' ||
	    addr->domain == NULL || *addr->domain == '\0')
		return NULL;
	address = p_strconcat(pool, header_quote_local(addr->mailbox), "@",
			      addr->domain, NULL);
	return strlen(address) <= BOUNCE_MAX_ADDRESS ? address : NULL;
}

void bounce_header_addresses(pool_t pool, const char *value,
			     ARRAY_TYPE(const_string) *list)
{
	const struct message_address *addr;
	const char *address;

	if (value == NULL || *value == '\0')
		return;
	address = header_plain_address(pool, value);
	if (address != NULL) {
		if (strlen(address) <= BOUNCE_MAX_ADDRESS)
			array_push_back(list, &address);
		return;
	}
	addr = message_address_parse(pool_datastack_create(),
		(const unsigned char *)value, strlen(value),
		BOUNCE_MAX_RECIPIENTS, 0);
	for (; addr != NULL; addr = addr->next) {
		address = header_address(pool, addr);
		if (address != NULL)
			array_push_back(list, &address);
	}
}

const char *bounce_header_only_address(pool_t pool, const char *value)
{
	const struct message_address *addr;
	const char *address = header_plain_address(pool, value);

	if (address != NULL)
		return strlen(address) <= BOUNCE_MAX_ADDRESS ? address : NULL;
	addr = message_address_parse(pool_datastack_create(),
				     (const unsigned char *)value,
				     strlen(value), 2, 0);
	return addr == NULL || addr->next != NULL ? NULL :
		header_address(pool, addr);
}

const char *bounce_header_address(pool_t pool, const char *value)
{
	ARRAY_TYPE(const_string) list;

	t_array_init(&list, 4);
	bounce_header_addresses(pool, value, &list);
	return array_count(&list) == 0 ? NULL : array_idx_elem(&list, 0);
}

const char *bounce_header_message_id(pool_t pool, const char *value)
{
	const char *begin = strchr(value, '<'), *end;

	end = begin == NULL ? NULL : strchr(begin, '>');
	return end == NULL ? NULL : p_strdup_until(pool, begin, end + 1);
}
