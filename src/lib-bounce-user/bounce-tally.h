#ifndef BOUNCE_TALLY_H
#define BOUNCE_TALLY_H

/* Mails that went out, on their way to the dictionary. */

#include "bounce-sent.h"

struct bounce_user;
struct bounce_tally;

/* Count a mail that went out. Nobody waits for it: it is done once the process
   has answered its client, or with bounce_user_deinit(), and where many come in
   a row, for several in one change of the dictionary. Failures are logged, and a
   dictionary that fails or is slow is left alone for a while. */
void bounce_tally_add(struct bounce_user *bu,
		      const struct bounce_sent_mail *mail);
/* Count what is left. */
void bounce_tally_deinit(struct bounce_tally **tally);

#endif
