#ifndef BOUNCE_EVENTS_H
#define BOUNCE_EVENTS_H

#include "bounce-types.h"

struct event;

/* Send bounce_report_received, and bounce_recipient_failed for each failed
   recipient, below parent. The fields are those of doc/dovecot-bounce.7. */
void bounce_events_send(struct event *parent,
			const struct bounce_report *report,
			enum bounce_evidence evidence);

#endif
