#ifndef COMPAT_SERVICE_H
#define COMPAT_SERVICE_H

/* A service of Dovecot's own kind that opens users' mail as quota-status does: started
   by the master process, with root's privileges taken back between users or as the
   one user that owns all mail; the same on 2.3 and 2.4. */

struct mail_storage_service_ctx;
struct mail_storage_service_user;
struct mail_user;

/* Begin main(): makes the global master_service. options: for master_getopt(). */
void compat_service_init(const char *name, int *argc, char **argv[],
			 const char *options);
/* Options were read: settings, log and privileges. Errors are fatal. */
struct mail_storage_service_ctx *compat_service_start(void);
/* Open the user that is called so in the userdb: the process has that user's rights
   from then on. Returns 1, 0 if there is none, or -1 with error_r. */
int compat_service_open(struct mail_storage_service_ctx *ctx,
			const char *username,
			struct mail_storage_service_user **service_user_r,
			struct mail_user **user_r, const char **error_r);
void compat_service_close(struct mail_storage_service_user **service_user,
			  struct mail_user **user);

#endif
