#ifndef BOUNCE_SENT_MARK_H
#define BOUNCE_SENT_MARK_H

/* $Bounced on the user's own copy of a mail, while one of its recipients has
   failed and nobody cleared that. */

#include "bounce-record.h"

struct bounce_user;

/* report was recorded. Returns 1, 0 if there is no such copy, or -1. */
int bounce_sent_mark_failed(struct bounce_user *bu,
		       const struct bounce_report *report, time_t now,
		       const char **error_r);
/* The address of this record, which is as it was before, was removed, released
   or corrected: marks that no other record keeps up go. Reads the whole
   dictionary where there was a mark to keep. Returns how many went, or -1. */
int bounce_sent_mark_cleared(struct bounce_user *bu,
			const struct bounce_record *before, time_t now,
			const char **error_r);

#endif
