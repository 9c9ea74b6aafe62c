#ifndef BOUNCE_FILING_H
#define BOUNCE_FILING_H

/* Where a report is filed, and its keywords. The folder is only proposed, as
   the delivery's default mailbox: what names another one on purpose (a Sieve
   fileinto, lda -m, a +detail that is saved to its folder) wins. */

#include "bounce-types.h"

struct bounce_plugin_user;
struct bounce_user;
struct mailbox;

/* The folder for this report: bounce_mailbox, as the user's namespaces name it.
   NULL: leave it where it is (not a kind of bounce_file, no folder set, or
   nothing of it is to be believed). */
const char *bounce_filing_folder(struct bounce_user *bu,
				 const struct bounce_report *report,
				 enum bounce_evidence evidence);
/* bounce_mailbox as the user's namespaces name it, or NULL. */
const char *bounce_filing_mailbox(struct bounce_user *bu);
/* The keywords, NULL-terminated, from pool: $Bounce, with $BounceHard if a
   recipient failed for good, else $BounceSoft if one failed for a time; or
   $BounceUnverified alone. NULL if it is not a kind of bounce_file. */
const char *const *
bounce_filing_keywords(pool_t pool, struct bounce_user *bu,
		       const struct bounce_report *report,
		       enum bounce_evidence evidence);

/* While pu->keywords is set, what is stored in this user's mailboxes gets
   them; pu->folder is created and subscribed when it is opened and does not
   exist. One that cannot be opened is a lasting error, so that Dovecot saves to
   INBOX instead of asking the sender to try again. */
void bounce_filing_mailbox_allocated(struct mailbox *box);

/* Logs, once a delivery, that folder could not take the report, which then goes to
   INBOX. */
void bounce_filing_failed(struct bounce_plugin_user *pu, const char *folder,
			  const char *error);

#endif
