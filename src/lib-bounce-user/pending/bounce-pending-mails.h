#ifndef BOUNCE_PENDING_MAILS_H
#define BOUNCE_PENDING_MAILS_H

/* The mails of INBOX, bounce_mailbox and some more folders among which the pending
   reports are, by their dates. */

#include "array.h"

struct bounce_pending_mails;
struct bounce_user;
struct mail;

struct bounce_pending_mail {
	/* 0 = INBOX; then bounce_mailbox, unless it is that, and those that were
	   added */
	unsigned int box;
	uint32_t uid;
	time_t when;
	/* see bounce_pending_mails_fail() */
	bool failed;
};
ARRAY_DEFINE_TYPE(bounce_pending_mail, struct bounce_pending_mail);

/* All that came since then, or, with 0, those that say that they are pending. */
struct bounce_pending_mails *
bounce_pending_mails_init(struct bounce_user *bu, time_t since);
void bounce_pending_mails_deinit(struct bounce_pending_mails **mails);
/* While closed: one more folder, of any name. */
void bounce_pending_mails_add(struct bounce_pending_mails *mails,
			      const char *name);

/* Nothing is done if the mailboxes are open. Returns 0, or -1 with error_r. */
int bounce_pending_mails_open(struct bounce_pending_mails *mails,
			      const char **error_r);
void bounce_pending_mails_close(struct bounce_pending_mails *mails);

/* While open: look on for what is wanted, all of what came since the last look, and
   then from the newest down for msecs (0 = no limit). Returns FALSE if there was no
   time to look at all: the list is not complete, and so in no order. */
bool bounce_pending_mails_look(struct bounce_pending_mails *mails,
			       unsigned int msecs);
/* Of what was looked at, the oldest first. */
const struct bounce_pending_mail *
bounce_pending_mails_list(struct bounce_pending_mails *mails,
			  unsigned int *count_r);
int bounce_pending_mail_cmp(const struct bounce_pending_mail *a,
			    const struct bounce_pending_mail *b);
/* NULL if it is gone. */
struct mail *bounce_pending_mails_get(struct bounce_pending_mails *mails,
				      const struct bounce_pending_mail *mail);
const char *bounce_pending_mails_name(struct bounce_pending_mails *mails,
				      const struct bounce_pending_mail *mail);
/* It cannot be read now: bounce_pending_mails_settle() leaves it alone. */
void bounce_pending_mails_fail(struct bounce_pending_mails *mails,
			       const struct bounce_pending_mail *mail);
/* Those from first to before end bear none of our keywords any more. */
void bounce_pending_mails_settle(struct bounce_pending_mails *mails,
				 const struct bounce_pending_mail *first,
				 const struct bounce_pending_mail *end);

#endif
