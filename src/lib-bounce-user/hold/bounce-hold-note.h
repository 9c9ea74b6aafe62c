#ifndef BOUNCE_HOLD_NOTE_H
#define BOUNCE_HOLD_NOTE_H

/* What the dictionary remembers of mails that were not tried. */

#include "bounce-hold.h"

struct bounce_user;

/* Note in the records that these were held (BOUNCE_HOLD_HOLD) or went all the same
   (BOUNCE_HOLD_AGAIN); others are passed over. message_id: of the mail, or NULL.
   held_r: how many were held by a mail that was not held before, which is what
   "rate" counts (struct bounce_sent_mail). Waits for the dictionary: after the
   client has its answer. Returns 0, or -1 with error_r. */
int bounce_hold_note(struct bounce_user *bu, const struct bounce_hold *holds,
		     unsigned int count, const char *message_id, time_t now,
		     unsigned int *held_r, const char **error_r);

#endif
