#ifndef BOUNCE_EVENTS_H
#define BOUNCE_EVENTS_H

#include "bounce-types.h"

struct bounce_sent;
struct bounce_store_added;
struct event;

/* Send bounce_report_received, and bounce_recipient_failed for each failed
   recipient, below parent. added: whose records changed, NULL = nobody's. The
   fields are those of doc/bounce-sent.7. */
void bounce_events_send(struct event *parent,
			const struct bounce_report *report,
			enum bounce_evidence evidence,
			const struct bounce_store_added *added);
/* Send bounce_rate_crossed: a broadcast has come to sent->level. */
void bounce_events_send_rate(struct event *parent,
			     const struct bounce_sent *sent);

#endif
