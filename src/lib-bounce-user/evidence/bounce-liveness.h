#ifndef BOUNCE_LIVENESS_H
#define BOUNCE_LIVENESS_H

/* Proof of life: what came from or about an address that is in the dictionary
   shows that it works, and its record goes. */

#include "bounce-record.h"

struct bounce_user;
struct mail;
struct mail_user;

/* A delivered mail that is no report; sender is struct bounce_report's. It is
   alive if a server of ours says that the mail is from its domain
   (Authentication-Results), or if it answers a mail of this user's that went to
   it alone. session_id: of the delivery. One look-up where it has no record.
   Returns how many records went, or -1; they are appended to cleared, from
   pool. */
int bounce_liveness_mail(struct bounce_user *bu, const char *sender,
			 struct mail *mail, const char *session_id, time_t now,
			 pool_t pool, ARRAY_TYPE(bounce_record) *cleared,
			 const char **error_r);
/* Look for sender's record in a dictionary that is a file, without opening it or asking
   for the user's settings. Returns 0 if there is none; 1 if only bounce_liveness_mail() can
   say; -1 if so, as it is no file that is known. */
int bounce_liveness_glance(struct mail_user *user, const char *sender);
/* A report of success, or a receipt. */
int bounce_liveness_report(struct bounce_user *bu,
			const struct bounce_report *report,
			enum bounce_evidence evidence, time_t now, pool_t pool,
			ARRAY_TYPE(bounce_record) *cleared,
			const char **error_r);

#endif
