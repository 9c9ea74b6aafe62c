/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-string.h"
#include "bounce-texts.h"

int bounce_texts_dirs_parse(pool_t pool, const char *value,
			    const char *const **dirs_r, const char **error_r)
{
	const char **dirs = bounce_string_words(pool, value);

	*dirs_r = dirs;
	for (; *dirs != NULL; dirs++) {
		if (strcmp(*dirs, "shipped") == 0)
			*dirs = BOUNCE_TEXTS_DIR;
		if (**dirs != '/') {
			*error_r = t_strdup_printf("%s is neither shipped nor "
						   "an absolute path", *dirs);
			return -1;
		}
	}
	return 0;
}
