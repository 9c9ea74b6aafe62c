#ifndef BOUNCE_DELIVER_RECORD_H
#define BOUNCE_DELIVER_RECORD_H

struct bounce_handover;
struct bounce_user;
struct mail_deliver_context;

/* The report was saved: record it, or note that it is pending, tell the person, and
   say in the log what became of it. Nothing of that fails the delivery. pool lives
   until it returns. */
void bounce_deliver_record(struct mail_deliver_context *mdctx,
			   struct bounce_user *bu, pool_t pool,
			   const struct bounce_handover *delivery);

#endif
