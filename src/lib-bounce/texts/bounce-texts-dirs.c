/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-texts.h"

int bounce_texts_dirs_parse(pool_t pool, const char *value,
			    const char *const **dirs_r, const char **error_r)
{
	char **dirs = p_strsplit_spaces(pool, value, ", ");

	for (unsigned int i = 0; dirs[i] != NULL; i++) {
		if (strcmp(dirs[i], "shipped") == 0)
			dirs[i] = p_strdup(pool, BOUNCE_TEXTS_DIR);
		if (dirs[i][0] != '/') {
			*error_r = t_strdup_printf("%s is neither shipped nor "
						   "an absolute path", dirs[i]);
			return -1;
		}
	}
	*dirs_r = (const char *const *)dirs;
	return 0;
}
