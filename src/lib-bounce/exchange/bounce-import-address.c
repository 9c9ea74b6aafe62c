/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str-sanitize.h"
#include "bounce-address.h"
#include "bounce-string.h"
#include "bounce-import-private.h"

/* characters of the input that an error quotes */
#define IMPORT_MAX_SHOWN 80

const char *
bounce_import_address_shown(const struct bounce_import *import, const char *input)
{
	return import->hide_input ? "what was given" :
		str_sanitize_utf8(bounce_string_printable(input),
				  IMPORT_MAX_SHOWN);
}

bool bounce_import_address_is_alone(const char *input)
{
	const char *at = strrchr(input, '@');

	while (*input == ' ')
		input++;
	if (*input == '<')
		input++;
	if (*input == '"' || at == NULL)
		return TRUE;
	for (; input < at; input++) {
		if (strchr(" \t,;:<>()[]@", *input) != NULL)
			return FALSE;
	}
	return TRUE;
}

int
bounce_import_address(struct bounce_import *import, const char *input,
		   const char **address_r, const char **error_r)
{
	const char *error;

	if (bounce_address_normalize(import->pool, input, address_r,
				     &error) < 0) {
		*error_r = t_strdup_printf("%s is no address: %s",
					   bounce_import_address_shown(import, input),
					   error);
		return -1;
	}
	return 0;
}
