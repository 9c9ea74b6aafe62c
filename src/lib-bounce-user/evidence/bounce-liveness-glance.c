/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Nearly all ordinary mail is from people of whom nothing is recorded. */

#include "lib.h"
#include "bounce-address.h"
#include "bounce-dict-line.h"
#include "bounce-liveness.h"
#include "compat-dict-file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int bounce_liveness_glance(struct mail_user *user, const char *sender)
{
	const char *address = t_str_lcase(sender), *path, *value;
	struct stat st;
	int fd, ret;

	path = t_compat_dict_file(user);
	if (path == NULL)
		return -1;
	if (!bounce_address_is_plain(address))
		return 1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : 1;
	ret = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? -1 :
		bounce_dict_line_find(fd, pool_datastack_create(),
				      t_bounce_dict_line_key(address), &value);
	i_close_fd(&fd);
	return ret == 0 ? 0 : 1;
}
