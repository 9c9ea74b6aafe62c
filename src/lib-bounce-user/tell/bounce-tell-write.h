#ifndef BOUNCE_TELL_WRITE_H
#define BOUNCE_TELL_WRITE_H

/* What all our mails to one person share, and their way into the mailbox. */

#include "bounce-tell-memory.h"

struct bounce_tell_box;
struct bounce_user;

/* Who it goes to, the texts in bounce_language, else in that of their own mail
   (counts->language), Message-ID (which says the kind, and whether it can be
   answered) and date; no recipients yet. An address without a domain (a login)
   stands for the first of bounce_addresses, else for where the last notice went
   (counts->address), else it is of our host. On the data stack. */
void bounce_tell_write_init(struct bounce_user *bu, enum bounce_tell_kind kind,
			    const char *address,
			    const struct bounce_tell_counts *counts,
			    time_t now, struct bounce_tell *tell_r);
/* Make the mail and save it: bounce_tell_box_save(). */
int bounce_tell_write(struct bounce_tell_box *box,
		      const struct bounce_tell *tell, pool_t pool,
		      struct bounce_tell_place *place_r, const char **error_r);

#endif
