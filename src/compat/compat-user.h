#ifndef COMPAT_USER_H
#define COMPAT_USER_H

struct mail_user;

/* Dovecot's own settings "hostname" and "recipient_delimiter" as they are for
   this user; never NULL. Copied to pool. */
void compat_user_names(struct mail_user *user, pool_t pool,
		       const char **hostname_r, const char **delimiters_r);

/* base_dir as it is before there is any user; NULL = not known. */
const char *compat_user_base_dir(void);
/* The same of state_dir. */
const char *compat_user_state_dir(void);

#endif
