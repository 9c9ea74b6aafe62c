/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "sleep.h"
#include "time-util.h"
#include "bounce-dict-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Other programs (doveadm dict) that write to the file. */
#define LOCK_MSECS 1000
#define LOCK_POLL_MSECS 10

void bounce_dict_file_identify(const struct stat *st,
			       struct bounce_dict_file *file_r)
{
	i_zero(file_r);
	file_r->ino = st->st_ino;
	file_r->dev = st->st_dev;
	file_r->size = st->st_size;
	file_r->mtime = st->st_mtime;
	file_r->nsecs = ST_MTIME_NSEC(*st);
}

bool bounce_dict_file_equals(const struct bounce_dict_file *a,
			     const struct bounce_dict_file *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
		a->mtime == b->mtime && a->nsecs == b->nsecs;
}

void bounce_dict_file_loaded(struct bounce_dict *dict)
{
	struct stat st;

	if (dict->file != NULL && stat(dict->file, &st) == 0)
		bounce_dict_file_identify(&st, &dict->loaded);
}

/* The driver gives a new file the folder's permissions; ours is only for its owner.
   The folder is there: the lock is in it. */
void bounce_dict_file_create(struct bounce_dict *dict)
{
	int fd = open(dict->file, O_CREAT | O_EXCL | O_WRONLY, 0600);

	/* what is wrong the driver will say */
	i_close_fd(&fd);
}

/* The driver waits two minutes for its own lock, which is the kernel's and one of
   the process: once we have it, so has the driver. */
int bounce_dict_file_lock(struct bounce_dict *dict, const char **error_r)
{
	uint64_t deadline = i_microseconds() +
		I_MIN(bounce_wait_left(dict->wait), LOCK_MSECS) * 1000ULL;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(dict->file, O_RDWR | O_CLOEXEC);

	/* any other trouble the driver will tell */
	while (fd != -1 && fcntl(fd, F_SETLK, &lock) < 0 &&
	       (errno == EACCES || errno == EAGAIN)) {
		if (i_microseconds() >= deadline) {
			i_close_fd(&fd);
			*error_r = t_strdup_printf("%s is locked by another "
						   "program", dict->file);
			return -1;
		}
		i_sleep_msecs(LOCK_POLL_MSECS);
	}
	return fd == -1 ? BOUNCE_DICT_NOT_LOCKED : fd;
}
