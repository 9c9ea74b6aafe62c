#ifndef COMPAT_DICT_H
#define COMPAT_DICT_H

/* Dovecot's dict, the same on 2.3 and 2.4, and around its drivers' bugs. */

struct dict;
struct dict_transaction_context;
struct mail_user;

#define COMPAT_DICT_FILE_NAME "dovecot-bounce.dict"

/* Open the user's dictionary. 2.3: uri, or the default file when it is NULL or
   empty; 2.4: bounce { dict ... }, or the default file when there is none.
   file_r: the path where the driver is a file, allocated from the user's pool,
   else NULL. Returns 0, or -1 with error_r. */
int compat_dict_init(struct mail_user *user, const char *uri,
		     struct dict **dict_r, const char **file_r,
		     const char **error_r);

/* Can the driver list its keys? A proxy hides its backend: it is asked.
   Returns 1 yes, 0 no, -1 if the dictionary failed. */
int compat_dict_can_iterate(struct dict *dict, struct mail_user *user,
			    const char *key, const char **error_r);
/* Longest key that the driver stores, in bytes. */
unsigned int compat_dict_max_key(struct dict *dict);

/* A text of Dovecot's that may name keys, as it may be logged: without the
   addresses in them. text itself or on the data stack. The errors of the functions
   below, and what the drivers log, are such already. */
const char *compat_dict_hide_keys(const char *text);

/* As dict_lookup(). */
int compat_dict_lookup(struct dict *dict, struct mail_user *user, pool_t pool,
		       const char *key, const char **value_r,
		       const char **error_r);
/* Commit and wait (2.3's redis crashes in a synchronous commit). Returns 0, or
   -1: then it may or may not have been written. */
int compat_dict_commit(struct dict *dict, struct dict_transaction_context **ctx,
		       const char **error_r);

#endif
