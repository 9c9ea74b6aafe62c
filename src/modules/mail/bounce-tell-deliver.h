#ifndef BOUNCE_TELL_DELIVER_H
#define BOUNCE_TELL_DELIVER_H

/* Telling the person at the delivery of a report. Failures are logged. */

#include "bounce-record.h"

struct bounce_handover;
struct bounce_report;
struct bounce_user;
struct mail_deliver_context;

/* The person's own address that the mail came to; without a domain it is ours. On
   the data stack. */
const char *t_bounce_tell_deliver_address(struct mail_deliver_context *mdctx);
/* Before the report is saved: will the person be told of it? If not, it is not
   to be filed away. Sets delivery->dict_down and will_tell. */
bool bounce_tell_deliver_plan(struct mail_deliver_context *mdctx,
			      struct bounce_user *bu,
			      struct bounce_handover *delivery);
/* Before it is saved: if it will not be recorded, it gets a keyword more, by which who
   takes it in knows that it is to be told. names as bounce_filing_keywords() returns
   them. */
const char *const *
bounce_tell_deliver_keywords(pool_t pool, struct bounce_user *bu,
			     const struct bounce_handover *delivery,
			     const char *const *names);
/* It was saved, and recorded unless the dictionary failed. Returns TRUE if a notice was
   written. */
bool bounce_tell_deliver(struct mail_deliver_context *mdctx,
			 struct bounce_user *bu,
			 const struct bounce_handover *delivery, time_t when);
/* It was saved, is pending, and no notice was written: the same, unless it has that
   keyword. */
void bounce_tell_deliver_later(struct bounce_user *bu,
			       const struct bounce_report *report);
/* It was saved, and is the first that a flood files away. */
void bounce_tell_deliver_flood(struct mail_deliver_context *mdctx,
			       struct bounce_user *bu);
/* The records of these addresses went, as they work again. */
void bounce_tell_deliver_recovered(struct bounce_user *bu,
				   const ARRAY_TYPE(bounce_record) *recs);

#endif
