/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* One record of a dictionary that is a file. Dovecot's driver reads all of it into
   memory first, which takes longer than twenty of these passes over it. */

#include "lib.h"
#include "bounce-dict-line.h"
#include "bounce-dict-private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* More often than this it pays to read it all. */
#define MAX_GLANCES 16

static bool glance_pays(struct bounce_dict *dict, int fd)
{
	struct bounce_dict_file now;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return FALSE;
	bounce_dict_file_identify(&st, &now);
	if (bounce_dict_file_equals(&now, &dict->loaded))
		return FALSE;
	if (!bounce_dict_file_equals(&now, &dict->glanced)) {
		dict->glanced = now;
		dict->glances = 0;
	}
	return dict->glances++ < MAX_GLANCES;
}

int bounce_dict_glance(struct bounce_dict *dict, pool_t pool,
		       const char *address, struct bounce_record *rec_r)
{
	const char *value, *error;
	int fd, ret;

	if (dict->file == NULL)
		return -1;
	fd = open(dict->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -1;
	ret = !glance_pays(dict, fd) ? -1 :
		bounce_dict_line_find(fd, pool_datastack_create(),
				      t_bounce_dict_key(dict, address), &value);
	i_close_fd(&fd);
	/* what is wrong the driver will say */
	if (ret > 0 && bounce_dict_decode(pool, address, value, rec_r,
					  &error) < 0)
		ret = -1;
	if (ret >= 0)
		dict->down = FALSE;
	return ret;
}
