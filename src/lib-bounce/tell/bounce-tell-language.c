/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-tell-language.h"
#include "bounce-texts.h"

/* Languages of a field that are looked at. */
#define MAX_LANGUAGES 8

static const char *t_language_field(const char *headers, const char *name)
{
	size_t len = strlen(name);

	while (headers != NULL && *headers != '\0') {
		if (strncasecmp(headers, name, len) == 0 &&
		    headers[len] == ':') {
			return t_strdup_until(headers + len + 1, headers +
					      strcspn(headers, "\n"));
		}
		headers = strchr(headers, '\n');
		if (headers != NULL)
			headers++;
	}
	return NULL;
}

const char *bounce_tell_language(pool_t pool, const char *headers,
				 const char *const *dirs)
{
	static const char *const fields[] = {
		"Content-Language", "Accept-Language"
	};

	for (unsigned int i = 0; i < N_ELEMENTS(fields); i++) {
		const char *value = t_language_field(headers, fields[i]);
		const char *const *names = value == NULL ? NULL :
			t_strsplit_spaces(value, ", \t\r");

		for (unsigned int j = 0; names != NULL && names[j] != NULL &&
		     j < MAX_LANGUAGES; j++) {
			const char *name = t_strcut(names[j], ';');

			if (bounce_texts_is_language(name) &&
			    strlen(name) <= 35 &&
			    bounce_texts_is_whole(dirs, name))
				return p_strdup(pool, name);
		}
	}
	return NULL;
}
