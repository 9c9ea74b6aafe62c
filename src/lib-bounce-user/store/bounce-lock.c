/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "file-create-locked.h"
#include "hex-binary.h"
#include "mail-user.h"
#include "sha1.h"
#include "bounce-store-private.h"

#include <sys/stat.h>

#define LOCK_FILE_NAME "dovecot-bounce.lock"
/* A delivery waits so long for the user's other deliveries. Each holds the
   lock for some milliseconds. */
#define LOCK_TIMEOUT_SECS 20

static const char *t_lock_temp_dir(struct mail_user *user)
{
	string_t *prefix = t_str_new(64);
	const char *slash;

	mail_user_set_get_temp_prefix(prefix, user->set);
	slash = strrchr(str_c(prefix), '/');
	return slash == NULL ? "/tmp" : t_strdup_until(str_c(prefix), slash);
}

static const char *t_lock_user_path(struct bounce_dict *dict)
{
	unsigned char digest[SHA1_RESULTLEN];
	const char *home, *name = dict->user->username;
	struct stat st;

	if (mail_user_get_home(dict->user, &home) > 0 &&
	    stat(home, &st) == 0 && S_ISDIR(st.st_mode))
		return t_strconcat(home, "/"LOCK_FILE_NAME, NULL);
	sha1_get_digest(name, strlen(name), digest);
	return t_strdup_printf("%s/"LOCK_FILE_NAME".%s",
			       t_lock_temp_dir(dict->user),
			       binary_to_hex(digest, sizeof(digest)));
}

/* Beside the dictionary where it is a file; else in the user's home; where
   there is none, a file for this user in mail_temp_dir. The file is empty and
   stays: no two can hold locks of two files of that name. */
static const char *t_lock_path(struct bounce_dict *dict)
{
	return dict->file == NULL ? t_lock_user_path(dict) :
		t_strconcat(dict->file, "-lock", NULL);
}

int bounce_lock_take(struct bounce_dict *dict, struct file_lock **lock_r,
		     const char **error_r)
{
	struct file_create_settings set;
	const char *error;
	bool created;

	i_zero(&set);
	set.lock_timeout_secs = LOCK_TIMEOUT_SECS;
	set.lock_settings.lock_method = FILE_LOCK_METHOD_FCNTL;
	set.lock_settings.close_on_free = TRUE;
	/* as the driver would */
	if (dict->file != NULL)
		set.mkdir_mode = 0700;
	/* not opened once for all: the home may come into being later */
	if (file_create_locked(t_lock_path(dict), &set, lock_r, &created,
			       &error) == -1) {
		*error_r = t_strdup_printf("Dictionary is not locked: %s",
					   error);
		return -1;
	}
	return 0;
}

void bounce_lock_release(struct file_lock **lock)
{
	if (*lock != NULL)
		file_lock_free(lock);
}
