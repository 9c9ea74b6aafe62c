#ifndef DICT_USER_H
#define DICT_USER_H

/* A mail user with a dictionary, without a server: enough for the store. */

struct mail_user;
struct bounce_store;
struct bounce_store_settings;
struct bounce_report;

/* lib_init() for a program that will use dict. */
void dict_user_lib_init(const char *dict);

/* dict: "" = the default file in home, "file:PATH", "fs:FOLDER" (2.4),
   "redis:PORT", "proxy:SOCKET:NAME", or a driver that needs no more than its name
   (bounce-test-dict.h). home NULL = none. Exits with a message if
   that cannot be. Call after fork() for each process. */
struct mail_user *
dict_user_init(const char *name, const char *home, const char *dict);
void dict_user_deinit(struct mail_user **user);

/* The store of such a user; set may be NULL (defaults). */
struct bounce_store *
dict_user_store(struct mail_user *user, const struct bounce_store_settings *set);

/* A report of one failed address; on the data stack. Exits with a message if there
   is no such reason. */
struct bounce_report *
t_report(const char *id, const char *address, const char *reason);

/* An empty folder below the build folder; removed by dict_user_rmdir(). */
const char *dict_user_mkdir(void);
void dict_user_rmdir(const char *dir);

#endif
