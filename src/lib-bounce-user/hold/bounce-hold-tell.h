#ifndef BOUNCE_HOLD_TELL_H
#define BOUNCE_HOLD_TELL_H

/* The person learns of every recipient that a mail was not sent to: whoever
   cannot be told is not held. */

#include "bounce-hold.h"

struct bounce_user;
struct bounce_hold_tell;

/* Could they be told? A notice's size is saved to bounce_notice_mailbox and
   dropped. FALSE with why_r where "held" is not in bounce_notice, where they had
   too many notices within the hour, where there is no room or no mailbox. */
bool bounce_hold_tell_can(struct bounce_user *bu, time_t now,
			  const char **why_r);

struct bounce_hold_about {
	/* of the mail; each may be NULL */
	const char *message_id, *subject;
	/* whom it is sent to besides; 0 = not known */
	unsigned int sent;
	/* and it was sent to these, too: an MTA that asks can leave nobody out */
	bool tried;
	time_t now;
};
/* Save the notice about those that are held; it is not seen before
   bounce_hold_tell_commit(). Returns 0, or -1 with error_r. */
int bounce_hold_tell_save(struct bounce_user *bu,
			  const struct bounce_hold_about *about,
			  const struct bounce_hold *holds, unsigned int count,
			  struct bounce_hold_tell **tell_r,
			  const char **error_r);
/* The mail went already: save and commit. Whoever does not want such a notice, or had
   too many, gets none. Returns 1 if there is one, 0, or -1 with error_r. */
int bounce_hold_tell_now(struct bounce_user *bu,
			 const struct bounce_hold_about *about,
			 const struct bounce_hold *holds, unsigned int count,
			 const char **error_r);
/* The mail went. Frees it in any case. Returns 0, or -1 with error_r. */
int bounce_hold_tell_commit(struct bounce_hold_tell **tell,
			    const char **error_r);
/* It did not. tell may point to NULL. */
void bounce_hold_tell_rollback(struct bounce_hold_tell **tell);

#endif
