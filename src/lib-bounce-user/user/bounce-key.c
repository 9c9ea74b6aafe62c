/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hostpid.h"
#include "mail-user.h"
#include "randgen.h"
#include "safe-memset.h"
#include "write-full.h"
#include "bounce-key.h"
#include "bounce-user.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_NAME "dovecot-bounce.key"
/* A few keys and comments. */
#define MAX_KEY_FILE 4096

/* NULL = there is to be none */
static const char *t_key_path(struct bounce_user *bu)
{
	const char *home;

	if (bu->set.token_key == NULL)
		return NULL;
	if (*bu->set.token_key != '\0')
		return bu->set.token_key;
	if (mail_user_get_home(bu->user, &home) <= 0)
		return NULL;
	return t_strconcat(home, "/"KEY_FILE_NAME, NULL);
}

/* A key that everybody on this machine knows proves nothing. As ssh does it. */
static int check_mode(int fd, const char *path, const char **error_r)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		*error_r = t_strdup_printf("fstat(%s) failed: %m", path);
		return -1;
	}
	if ((st.st_mode & S_IRWXO) != 0) {
		*error_r = t_strdup_printf("%s is open to everybody (mode "
			"%04o), its key is not used: chmod o= it, and put a "
			"new key into it", path,
			(unsigned int)st.st_mode & 07777);
		return -1;
	}
	return 0;
}

/* 1, 0 = there is none, -1 */
static int
key_read_file(const char *path, ARRAY_TYPE(bounce_token_key) *keys,
	      const char **error_r)
{
	char *text;
	const char *error;
	ssize_t ret;
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1) {
		*error_r = t_strdup_printf("open(%s) failed: %m", path);
		return -1;
	}
	if (check_mode(fd, path, error_r) < 0) {
		i_close_fd(&fd);
		return -1;
	}
	text = t_malloc0(MAX_KEY_FILE + 1);
	ret = read(fd, text, MAX_KEY_FILE);
	i_close_fd(&fd);
	if (ret < 0) {
		*error_r = t_strdup_printf("read(%s) failed: %m", path);
		return -1;
	}
	ret = bounce_token_keys_parse(text, keys, &error);
	safe_memset(text, 0, MAX_KEY_FILE);
	if (ret < 0) {
		*error_r = t_strdup_printf("%s is no file of keys: %s", path,
					   error);
		return -1;
	}
	return 1;
}

static int key_write_file(const char *path, const char **error_r)
{
	struct bounce_token_key key;
	const char *line;
	int ret, fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd == -1) {
		*error_r = t_strdup_printf("open(%s) failed: %m", path);
		return -1;
	}
	random_fill(key.data, sizeof(key.data));
	line = bounce_token_key_line(&key);
	ret = write_full(fd, line, strlen(line));
	if (close(fd) < 0)
		ret = -1;
	if (ret < 0)
		*error_r = t_strdup_printf("write(%s) failed: %m", path);
	return ret;
}

/* Appears whole or not at all; of two who make it at once one wins. */
static int key_create_file(const char *path, const char **error_r)
{
	const char *temp = t_strdup_printf("%s.%s.%s", path, my_hostname,
					   my_pid);
	int ret;

	i_unlink_if_exists(temp);
	ret = key_write_file(temp, error_r);
	if (ret == 0 && link(temp, path) < 0 && errno != EEXIST) {
		*error_r = t_strdup_printf("link(%s, %s) failed: %m", temp,
					   path);
		ret = -1;
	}
	i_unlink_if_exists(temp);
	return ret;
}

int bounce_key_read(struct bounce_user *bu, bool create,
		    ARRAY_TYPE(bounce_token_key) *keys, const char **error_r)
{
	const char *path = t_key_path(bu);
	int ret;

	if (path == NULL)
		return 0;
	ret = key_read_file(path, keys, error_r);
	if (ret != 0 || !create)
		return ret;
	if (key_create_file(path, error_r) < 0)
		return -1;
	return key_read_file(path, keys, error_r);
}
