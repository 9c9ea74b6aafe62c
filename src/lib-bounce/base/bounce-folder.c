/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-folder.h"

#include <dirent.h>

int bounce_folder_list(const char *dir, const char *ext,
		       ARRAY_TYPE(const_string) *names)
{
	struct dirent *d;
	DIR *dirp = opendir(dir);

	if (dirp == NULL)
		return -1;
	while ((d = readdir(dirp)) != NULL) {
		const char *name, *end = strrchr(d->d_name, '.');

		if (d->d_name[0] == '.' || end == NULL || strcmp(end, ext) != 0)
			continue;
		name = t_strdup(d->d_name);
		array_push_back(names, &name);
	}
	(void)closedir(dirp);
	array_sort(names, i_strcmp_p);
	return 0;
}
