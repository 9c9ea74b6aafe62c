#ifndef BOUNCE_LOCK_H
#define BOUNCE_LOCK_H

/* The lock of a user's dictionary, in a file. The kernel drops it with its
   process. */

struct bounce_dict;
struct file_lock;
struct mail_user;

/* Returns 0, or -1 with error_r, after a second or what is left to wait. */
int bounce_lock_take(struct bounce_dict *dict, struct file_lock **lock_r,
		     const char **error_r);
void bounce_lock_release(struct file_lock **lock);

/* The user's home, if there is such a folder, else NULL. */
const char *bounce_lock_user_home(struct mail_user *user);
/* A file of the user's: in their home; where there is none, with the user in its
   name in mail_temp_dir. On the data stack. */
const char *t_bounce_lock_user_path(struct mail_user *user, const char *name);

#endif
