#ifndef BOUNCE_VERB_H
#define BOUNCE_VERB_H

/* What people say of an address: doveadm bounce's verbs, and the answers to our
   notices. addresses are in normal form. Each returns 1 if the dictionary
   changed, 0 if there is no record that it could change, or -1 with error_r.
   Where the address's failures are done with by it, the user's own copies of the
   mails that failed lose their mark, and where it is allowed again or forgotten,
   its reports are marked (bounce-forgotten.h), best effort. */

#include "lib.h"

struct bounce_reason;
struct bounce_user;

/* Suppress it. reason NULL = as it is. */
int bounce_verb_add(struct bounce_user *bu, const char *address,
		    const struct bounce_reason *reason, time_t now,
		    const char **error_r);
/* Allow it again. */
int bounce_verb_release(struct bounce_user *bu, const char *address,
			time_t now, const char **error_r);
/* corrected is the right one; there need be no record yet. */
int bounce_verb_correct(struct bounce_user *bu, const char *address,
			const char *corrected, time_t now,
			const char **error_r);
/* Forget it, also when a mailbox is read again. */
int bounce_verb_remove(struct bounce_user *bu, const char *address,
		       time_t now, const char **error_r);

#endif
