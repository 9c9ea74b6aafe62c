#ifndef BOUNCE_HOLD_ASK_H
#define BOUNCE_HOLD_ASK_H

/* Is a mail to these addresses tried? Asked of a user's dictionary. Mail first:
   whatever fails, it is. */

#include "bounce-hold.h"

struct bounce_user;
struct event;

/* Ask for count addresses (any form), all look-ups at once, within what bu->wait
   leaves. message_id: see bounce_hold_decide(). holds_r has count places; its
   strings and records are in pool, but for the addresses. Returns 0, or -1 with
   error_r if the dictionary failed: then all pass, as they do with bounce_suppress
   = no or bounce_record = no, without a look-up. */
int bounce_hold_ask(struct bounce_user *bu, pool_t pool,
		    const char *const *addresses, unsigned int count,
		    const char *message_id, time_t now,
		    struct bounce_hold *holds_r, const char **error_r);

/* Send bounce_known_recipient for each that is known and would not be tried, or
   is again (fields: doc/bounce-sent.7), below parent. */
void bounce_hold_send_known(struct event *parent,
			    const struct bounce_hold *holds,
			    unsigned int count);
/* Send bounce_mail_refused: nobody was left, all of these were held. */
void bounce_hold_send_refused(struct event *parent,
			      const struct bounce_hold *holds,
			      unsigned int count);

#endif
