/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "file-create-locked.h"
#include "hex-binary.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "mailbox-list.h"
#include "sha1.h"
#include "sleep.h"
#include "time-util.h"
#include "bounce-dict.h"
#include "bounce-lock.h"

#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE_NAME "dovecot-bounce.lock"
/* A delivery waits so long for the user's other deliveries. Each holds the
   lock for some milliseconds. */
#define LOCK_MSECS 1000
#define LOCK_POLL_MSECS 10

const char *bounce_lock_user_home(struct mail_user *user)
{
	const char *home;
	struct stat st;

	return mail_user_get_home(user, &home) > 0 &&
		stat(home, &st) == 0 && S_ISDIR(st.st_mode) ? home : NULL;
}

const char *t_bounce_lock_user_path(struct mail_user *user, const char *name)
{
	unsigned char digest[SHA1_RESULTLEN];
	const char *home = bounce_lock_user_home(user);

	if (home != NULL)
		return t_strconcat(home, "/", name, NULL);
	sha1_get_digest(user->username, strlen(user->username), digest);
	return t_strdup_printf("%s/%s.%s", t_bounce_dict_temp_dir(user), name,
			       binary_to_hex(digest, sizeof(digest)));
}

/* Where the mail lies, which all of a user's processes share; NULL if there is none
   yet. */
static const char *lock_mail_dir(struct mail_user *user)
{
	const char *dir, *error;
	struct stat st;

	/* bounce-policy has none yet, and its lock is to be that of the others */
	if (user->namespaces == NULL && mail_namespaces_init(user, &error) < 0)
		return NULL;
	return mailbox_list_get_root_path(
			mail_namespace_find_inbox(user->namespaces)->list,
			MAILBOX_LIST_PATH_TYPE_CONTROL, &dir) &&
		stat(dir, &st) == 0 && S_ISDIR(st.st_mode) ? dir : NULL;
}

/* Some sites let nobody write into a home. */
static bool lock_fits_home(struct mail_user *user)
{
	const char *home = bounce_lock_user_home(user);

	return home != NULL &&
		(eaccess(home, W_OK) == 0 ||
		 eaccess(t_strconcat(home, "/"LOCK_FILE_NAME, NULL), W_OK) == 0);
}

/* Beside the dictionary where it is a file; else in the user's home; where there is
   none that takes it, beside their mail: with systemd's PrivateTmp mail_temp_dir is one
   thing to lmtp and another to doveadm. The file is empty and stays: no two can hold
   locks of two files of that name. */
static const char *t_lock_path(struct bounce_dict *dict)
{
	const char *dir;

	if (dict->file != NULL)
		return t_strconcat(dict->file, "-lock", NULL);
	if (!lock_fits_home(dict->user) &&
	    (dir = lock_mail_dir(dict->user)) != NULL)
		return t_strconcat(dir, "/"LOCK_FILE_NAME, NULL);
	return t_bounce_lock_user_path(dict->user, LOCK_FILE_NAME);
}

/* Returns 1, 0 if somebody else has it, or -1. */
static int
lock_try(const char *path, const struct file_create_settings *set,
	 struct file_lock **lock_r, const char **error_r)
{
	bool created;

	errno = 0;
	if (file_create_locked(path, set, lock_r, &created, error_r) != -1)
		return 1;
	/* EACCES is the file's, whatever POSIX lets fcntl() say: no waiting
	   mends that */
	return errno == EAGAIN ? 0 : -1;
}

int bounce_lock_take(struct bounce_dict *dict, struct file_lock **lock_r,
		     const char **error_r)
{
	uint64_t now, started = i_microseconds();
	uint64_t deadline = started + 1000ULL *
		(dict->nowait ? 0 : dict->wait->each ? bounce_wait_left(dict->wait) :
		 I_MIN(bounce_wait_left(dict->wait), LOCK_MSECS));
	const char *path = t_lock_path(dict), *error;
	char *failed = NULL;
	struct file_create_settings set;
	int ret;

	i_zero(&set);
	/* fcntl's is the process's: two that go on in it at the same time would
	   both have it */
	set.lock_settings.lock_method = FILE_LOCK_METHOD_FLOCK;
	set.lock_settings.close_on_free = TRUE;
	/* as the driver would */
	if (dict->file != NULL)
		set.mkdir_mode = 0700;
	/* not opened once for all: the home may come into being later. Not by
	   the kernel's waiting, which counts whole seconds. */
	for (;;) {
		T_BEGIN {
			ret = lock_try(path, &set, lock_r, &error);
			if (ret < 0)
				failed = i_strdup(error);
		} T_END;
		now = i_microseconds();
		if (ret != 0 || now >= deadline)
			break;
		i_sleep_msecs(LOCK_POLL_MSECS);
	}
	bounce_wait_add(dict->wait, now - started);
	if (ret > 0)
		return 0;
	if (ret < 0) {
		*error_r = t_strdup_printf("Dictionary is not locked: %s", failed);
		i_free(failed);
	} else {
		*error_r = "Dictionary is not locked: "
			"another process holds it for too long";
	}
	return -1;
}

void bounce_lock_release(struct file_lock **lock)
{
	if (*lock != NULL)
		file_lock_free(lock);
}
