#ifndef POLICY_USER_H
#define POLICY_USER_H

/* The user who sends: opened at the first request, as that costs ten times what
   a look-up does, and left open until another sends or nobody for a minute. */

struct bounce_sent_queue;
struct bounce_user;
struct mail_storage_service_user;
struct mail_user;

struct policy_user {
	struct mail_storage_service_user *service_user;
	struct mail_user *user;
	struct bounce_user *bu;
	/* what is counted; NULL = not yet anything */
	struct bounce_sent_queue *queue;
};

/* Before there is any user; errors are fatal. */
void policy_users_init(void);
void policy_users_deinit(void);
/* The one of that login. The process has one open at a time, as it has its rights:
   valid until the next call. What is logged bears the name, until
   policy_user_leave(). Returns 1, 0 if there is no such user, or -1 with
   error_r. */
int policy_user_open(const char *login, struct policy_user **user_r,
		     const char **error_r);
void policy_user_leave(void);
/* Only now are their mailboxes opened. Returns 0, or -1 with error_r. */
int policy_user_open_mailboxes(struct policy_user *user, const char **error_r);

#endif
