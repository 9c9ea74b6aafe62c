#ifndef COMPAT_DICT_FILE_H
#define COMPAT_DICT_FILE_H

/* A user's dictionary that is a file. */

struct mail_user;

#define COMPAT_DICT_FILE_NAME "dovecot-bounce.dict"

/* Our own lock keeps writers apart. The file driver's own default, a dotlock,
   stays behind after a kill -9 and holds up the next writer for a minute; a
   lock of the kernel does not. */
#define COMPAT_DICT_FILE_LOCK "fcntl"

/* Where it is if none is configured. path_r is on the data stack. Returns 0, or -1 with
   error_r if the user has no home. */
int t_compat_dict_default_file(struct mail_user *user, const char **path_r,
			       const char **error_r);
/* 2.3: of "file:PATH[:lock=METHOD]" the path, from the user's pool, and the URI with our
   method where it names none, on the data stack; NULL where PATH is none. */
const char *t_compat_dict_file_uri(struct mail_user *user, const char *uri,
				   const char **file_r);
/* The path of the user's dictionary if it is known to be a file without opening it, else
   NULL (2.4: any that is configured). On the data stack. */
const char *t_compat_dict_file(struct mail_user *user);

#endif
