#ifndef BOUNCE_TELL_BOX_H
#define BOUNCE_TELL_BOX_H

/* The mailbox that notices are saved to. */

#include "bounce-tell-memory.h"

struct bounce_tell_box;
struct bounce_user;

/* bounce_notice_mailbox, or INBOX where that is no name of a mailbox; made and
   subscribed where it does not exist. Returns 0, or -1 with error_r. */
int bounce_tell_box_open(struct bounce_user *bu, struct bounce_tell_box **box_r,
			 const char **error_r);
void bounce_tell_box_close(struct bounce_tell_box **box);

/* Does the notice still lie there as it was saved, neither read nor answered nor
   flagged? */
bool bounce_tell_box_is_unread(struct bounce_tell_box *box,
			       const struct bounce_tell_place *place);
/* Save a notice with $BounceNotice. Fills place_r but for mail and told, from
   pool. Returns 0, or -1. */
int bounce_tell_box_save(struct bounce_tell_box *box, const string_t *mail,
			 pool_t pool, struct bounce_tell_place *place_r,
			 const char **error_r);
/* The same in two steps: saved, and not there before the commit.
   bounce_tell_box_close() drops what was not committed. */
int bounce_tell_box_save_begin(struct bounce_tell_box *box,
			       const string_t *mail, const char **error_r);
int bounce_tell_box_save_commit(struct bounce_tell_box *box, pool_t pool,
				struct bounce_tell_place *place_r,
				const char **error_r);
/* Is what was saved and not committed a lock on the mailbox for all others (mbox)? */
bool bounce_tell_box_is_locked(struct bounce_tell_box *box);
/* Is there room for a notice? One larger than most is begun, and nothing of it is
   written. Returns 0, or -1 with error_r. */
int bounce_tell_box_try(struct bounce_user *bu, const char **error_r);
/* Best effort: what was saved instead is there. */
void bounce_tell_box_expunge(struct bounce_tell_box *box,
			     const struct bounce_tell_place *place);

/* The same of all notices about the answer with this Message-ID that were saved
   before uid, a moment ago. */
void bounce_tell_box_expunge_earlier(struct bounce_tell_box *box,
				     const char *message_id, uint32_t uid);

#endif
