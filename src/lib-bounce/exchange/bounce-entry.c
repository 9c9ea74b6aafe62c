/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "hex-binary.h"
#include "str.h"
#include "bounce-entry.h"

static bool entry_is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("!#$&'+-.?@^_`{|}~", c) != NULL);
}

const char *bounce_entry_name(const char *address)
{
	string_t *str = t_str_new(strlen(address) + 16);

	for (; *address != '\0'; address++) {
		if (entry_is_plain(*address))
			str_append_c(str, *address);
		else
			str_printfa(str, "=%02x", (unsigned char)*address);
	}
	return str_c(str);
}

const char *bounce_entry_address(const char *name)
{
	string_t *str = t_str_new(strlen(name));

	for (; *name != '\0'; name++) {
		/* what IMAP lets through may stand for itself */
		if (*name != '=') {
			str_append_c(str, *name);
			continue;
		}
		if (strlen(name) < 3 ||
		    hex_to_binary(t_strndup(name + 1, 2), str) < 0 ||
		    str_data(str)[str_len(str) - 1] == '\0')
			return NULL;
		name += 2;
	}
	return str_c(str);
}
