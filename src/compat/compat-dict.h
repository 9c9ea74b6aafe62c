#ifndef COMPAT_DICT_H
#define COMPAT_DICT_H

/* Dovecot's dict, the same on 2.3 and 2.4, and around its drivers' bugs. */

struct dict;
struct mail_user;

/* Open the user's dictionary. 2.3: uri, or the default file when it is NULL or
   empty; 2.4: bounce { dict ... }, or the default file when there is none. msecs:
   how long a driver that waits by itself (redis) may do so for each request, if the
   admin does not say it; 0 = as it likes. file_r: the path where the driver is a file,
   allocated from the user's pool, else NULL. settings_r: to be freed after the
   dictionary, whose driver may ask for its settings as late as at a commit (fs over
   compress), or NULL. Returns 0, or -1 with error_r. */
struct settings_instance;
int compat_dict_init(struct mail_user *user, const char *uri,
		     unsigned int msecs, struct dict **dict_r,
		     struct settings_instance **settings_r, const char **file_r,
		     const char **error_r);
/* NULL is nothing. */
void compat_dict_settings_free(struct settings_instance **settings);

/* What tells it from other dictionaries of its driver: the server it is at. 2.3: uri
   does. On the data stack. */
const char *t_compat_dict_place(struct mail_user *user, const char *uri,
				struct dict *dict);
/* Does the driver answer later, so that one can do something else meanwhile? */
bool compat_dict_is_async(struct dict *dict);
/* Can the driver list its keys? 1 yes, 0 no, -1 to be asked: a proxy hides its
   backend. */
int compat_dict_iterates(struct dict *dict);
/* Longest key that the driver stores, in bytes. */
unsigned int compat_dict_max_key(struct dict *dict);

/* A text of Dovecot's that may name keys, as it may be logged: without the
   addresses in them, and in one line. text itself or on the data stack. What the
   drivers log is such already. */
const char *compat_dict_hide_keys(const char *text);

#endif
