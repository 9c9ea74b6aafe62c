#ifndef BOUNCE_DELIVER_LIVENESS_H
#define BOUNCE_DELIVER_LIVENESS_H

/* Proof of life at delivery, after the mail was saved. Failures are logged. */

#include "bounce-types.h"

struct bounce_user;
struct mail;
struct mail_user;

/* For a minute after the dictionary failed or was slow, this process does not
   ask it on behalf of ordinary mail. */
bool bounce_deliver_liveness_paused(void);
void bounce_deliver_liveness_pause(void);

/* An ordinary mail, and what was made of it; pool: for what is read here. */
void bounce_deliver_liveness_mail(struct mail_user *user,
		       const struct bounce_report *report, struct mail *mail,
		       const char *session_id, pool_t pool);
/* A report of success, or a receipt. */
void bounce_deliver_liveness_report(struct bounce_user *bu,
			 const struct bounce_report *report,
			 enum bounce_evidence evidence);

#endif
