/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-lock.h"
#include "bounce-pending.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is new, and what somebody is making up for. */
#define NEW_NAME "dovecot-bounce.pending"
#define OLD_NAME "dovecot-bounce.pending.old"
/* The folders that reports were filed to by a script: a name a line. It stays, empty,
   as a lock of an unlinked file would be none. */
#define FOLDERS_NAME "dovecot-bounce.folders"
#define MAX_FOLDER_NAME 1000
#define MAX_POSITION 128
/* Who holds the lock of that file is done at once, but if it is stopped. */
#define LOCK_TRIES 20
#define LOCK_USECS 5000

struct bounce_pending {
	char *path, *new_path, *folders_path;
	int fd;
	time_t since;
};

static void pending_set_date(int fd, time_t when)
{
	const struct timespec times[2] = {
		{ .tv_sec = when }, { .tv_sec = when }
	};

	/* should it fail, more is read again than need be, or the date is now:
	   a margin is kept */
	if (futimens(fd, times) < 0)
		return;
}

/* A mark that is there stands for all that came after it: its date may be that of a
   clock which was ahead. */
static void pending_lower_date(const char *path, time_t when)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd != -1 && fstat(fd, &st) == 0 && st.st_mtime > when)
		pending_set_date(fd, when);
	i_close_fd(&fd);
}

static bool pending_mark(struct mail_user *user, time_t when)
{
	const char *path;
	int fd;

	path = t_bounce_lock_user_path(user, NEW_NAME);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST) {
		pending_lower_date(path, when);
		return TRUE;
	}
	if (fd == -1)
		return FALSE;
	pending_set_date(fd, when);
	i_close_fd(&fd);
	return TRUE;
}

/*
 * Folders
 */

/* Returns an fd, which has it locked, or -1. */
static int folders_lock(const char *path, int flags)
{
	int fd = open(path, flags | O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
		      0600);

	for (unsigned int i = 1; fd != -1 && flock(fd, LOCK_EX | LOCK_NB) < 0;
	     i++) {
		if (i == LOCK_TRIES || errno != EWOULDBLOCK)
			i_close_fd(&fd);
		else
			usleep(LOCK_USECS);
	}
	return fd;
}

/* What was not written to its end is none. On the data stack. */
static const char *const *t_folders_read(int fd, off_t *size_r)
{
	char *buf = t_malloc0(BOUNCE_PENDING_MAX_FOLDERS *
			      (MAX_FOLDER_NAME + 1) + 1);
	ssize_t ret = pread(fd, buf, BOUNCE_PENDING_MAX_FOLDERS *
			    (MAX_FOLDER_NAME + 1), 0);
	char *end = ret <= 0 ? NULL : strrchr(buf, '\n');

	*size_r = end == NULL ? 0 : end + 1 - buf;
	if (end == NULL)
		return t_strsplit("", "\n");
	*end = '\0';
	return t_strsplit(buf, "\n");
}

static bool folders_add(int fd, const char *folder)
{
	off_t size;
	const char *const *names = t_folders_read(fd, &size);
	size_t len = strlen(folder);

	if (str_array_find(names, folder))
		return TRUE;
	if (len == 0 || len > MAX_FOLDER_NAME || strchr(folder, '\n') != NULL ||
	    str_array_length(names) >= BOUNCE_PENDING_MAX_FOLDERS)
		return FALSE;
	return ftruncate(fd, size) == 0 &&
		pwrite(fd, t_strconcat(folder, "\n", NULL), len + 1, size) ==
		(ssize_t)len + 1;
}

const char *const *t_bounce_pending_folders(struct bounce_pending *pending)
{
	const char *const *names;
	off_t size;
	int fd = open(pending->folders_path,
		      O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	names = t_folders_read(fd, &size);
	i_close_fd(&fd);
	return names;
}

bool bounce_pending_mark(struct mail_user *user, time_t when,
			 const char *folder)
{
	bool ret;
	int fd;

	if (bounce_lock_user_home(user) == NULL)
		return FALSE;
	if (folder == NULL)
		return pending_mark(user, when);
	fd = folders_lock(t_bounce_lock_user_path(user, FOLDERS_NAME), O_CREAT);
	/* both within the lock: pending_forget_folders() */
	ret = fd != -1 && folders_add(fd, folder) && pending_mark(user, when);
	i_close_fd(&fd);
	return ret;
}

/* All of them were looked at, unless somebody marked meanwhile. */
static void pending_forget_folders(struct bounce_pending *pending)
{
	int fd = folders_lock(pending->folders_path, 0);

	/* should it fail, they are looked at the next time, too */
	if (fd == -1)
		return;
	if (access(pending->new_path, F_OK) == 0 || ftruncate(fd, 0) < 0) {
		i_close_fd(&fd);
		return;
	}
	i_close_fd(&fd);
}

/*
 * Who takes it in
 */

bool bounce_pending_exists(struct mail_user *user)
{
	return bounce_lock_user_home(user) != NULL &&
		(access(t_bounce_lock_user_path(user, NEW_NAME), F_OK) == 0 ||
		 access(t_bounce_lock_user_path(user, OLD_NAME), F_OK) == 0);
}

/* Returns an fd that nobody else has locked, or -1. */
static int pending_open(const char *path, struct stat *st_r)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	/* unlinked meanwhile: it is done */
	if (fd != -1 &&
	    (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, st_r) < 0 ||
	     stat(path, &st) < 0 || st.st_ino != st_r->st_ino))
		i_close_fd(&fd);
	return fd;
}

bool bounce_pending_begin(struct mail_user *user,
			  struct bounce_pending **pending_r, time_t *since_r)
{
	const char *new_path = t_bounce_lock_user_path(user, NEW_NAME);
	const char *path = t_bounce_lock_user_path(user, OLD_NAME);
	struct bounce_pending *pending;
	struct stat st, new_st;
	int fd;

	if (access(path, F_OK) < 0 && rename(new_path, path) < 0)
		return FALSE;
	fd = pending_open(path, &st);
	if (fd == -1)
		return FALSE;
	*since_r = st.st_mtime;
	if (stat(new_path, &new_st) == 0) {
		*since_r = I_MIN(*since_r, new_st.st_mtime);
		/* from the beginning */
		if (ftruncate(fd, 0) < 0)
			*since_r = I_MIN(*since_r, st.st_mtime);
		pending_set_date(fd, *since_r);
		i_unlink_if_exists(new_path);
	}
	pending = i_new(struct bounce_pending, 1);
	pending->path = i_strdup(path);
	pending->new_path = i_strdup(new_path);
	pending->folders_path =
		i_strdup(t_bounce_lock_user_path(user, FOLDERS_NAME));
	pending->fd = fd;
	pending->since = *since_r;
	*pending_r = pending;
	return TRUE;
}

const char *t_bounce_pending_position(struct bounce_pending *pending)
{
	char buf[MAX_POSITION];
	ssize_t ret = pread(pending->fd, buf, sizeof(buf), 0);

	return ret <= 0 ? "" : t_strndup(buf, ret);
}

static bool pending_write(int fd, const char *position, size_t len)
{
	return ftruncate(fd, 0) == 0 &&
		pwrite(fd, position, len, 0) == (ssize_t)len;
}

void bounce_pending_progress(struct bounce_pending *pending,
			     const char *position)
{
	size_t len = strlen(position);

	i_assert(len <= MAX_POSITION);
	/* without it the next one begins anew, and counts nothing twice; without
	   the date it would begin now */
	if (!pending_write(pending->fd, position, len))
		(void)pending_write(pending->fd, "", 0);
	pending_set_date(pending->fd, pending->since);
}

void bounce_pending_end(struct bounce_pending **_pending, bool all)
{
	struct bounce_pending *pending = *_pending;

	*_pending = NULL;
	if (all) {
		i_unlink_if_exists(pending->path);
		pending_forget_folders(pending);
	}
	i_close_fd(&pending->fd);
	i_free(pending->folders_path);
	i_free(pending->new_path);
	i_free(pending->path);
	i_free(pending);
}
