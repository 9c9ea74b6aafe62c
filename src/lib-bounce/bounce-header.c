/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "message-address.h"
#include "message-header-decode.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-text.h"

/* RFC 5322 field names: printable, no colon, no space. */
static size_t field_name_len(const char *line)
{
	size_t len = 0;

	while (line[len] > 32 && line[len] < 127 && line[len] != ':')
		len++;
	return line[len] == ':' ? len : 0;
}

static const char *field_value(pool_t pool, const char *raw, size_t size)
{
	const char *value;

	T_BEGIN {
		string_t *decoded = t_str_new(128);
		string_t *clean = t_str_new(128);

		message_header_decode_utf8((const unsigned char *)raw, size,
					   decoded, NULL);
		bounce_text_append(clean, str_data(decoded), str_len(decoded),
				   FALSE);
		value = bounce_text_oneline(str_c(clean), BOUNCE_MAX_LINE);
		value = value == NULL ? "" : p_strdup(pool, value);
	} T_END;
	return value;
}

void bounce_header_split(pool_t pool, const char *block,
			 ARRAY_TYPE(bounce_header) *headers_r)
{
	struct bounce_header *header;
	const char *line = block, *next, *end;
	size_t len;

	p_array_init(headers_r, pool, 16);
	while (*line != '\0') {
		next = line;
		do {
			end = strchr(next, '\n');
			next = end == NULL ? next + strlen(next) : end + 1;
		} while (*next == ' ' || *next == '\t');
		len = field_name_len(line);
		if (len > 0) {
			header = array_append_space(headers_r);
			header->name = p_strndup(pool, line, len);
			header->value = field_value(pool, line + len + 1,
						    next - line - len - 1);
		}
		line = next;
	}
}

const char *bounce_header_find(const ARRAY_TYPE(bounce_header) *headers,
			       const char *name)
{
	const struct bounce_header *header;

	array_foreach(headers, header) {
		if (strcasecmp(header->name, name) == 0)
			return header->value;
	}
	return NULL;
}

void bounce_header_addresses(pool_t pool, const char *value,
			     ARRAY_TYPE(const_string) *list)
{
	const struct message_address *addr;
	const char *address;

	if (value == NULL || *value == '\0')
		return;
	addr = message_address_parse(pool_datastack_create(),
		(const unsigned char *)value, strlen(value),
		BOUNCE_MAX_RECIPIENTS, 0);
	for (; addr != NULL; addr = addr->next) {
		if (addr->mailbox == NULL || *addr->mailbox == '\0' ||
		    addr->domain == NULL || *addr->domain == '\0')
			continue;
		address = p_strconcat(pool, addr->mailbox, "@", addr->domain,
				      NULL);
		if (strlen(address) <= BOUNCE_MAX_ADDRESS)
			array_push_back(list, &address);
	}
}

const char *bounce_header_address(pool_t pool, const char *value)
{
	ARRAY_TYPE(const_string) list;

	t_array_init(&list, 4);
	bounce_header_addresses(pool, value, &list);
	return array_count(&list) == 0 ? NULL : array_idx_elem(&list, 0);
}
