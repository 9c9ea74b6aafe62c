#ifndef BOUNCE_ANSWER_DELIVER_H
#define BOUNCE_ANSWER_DELIVER_H

/* The answer to a notice at its delivery, and once its copy was saved to Sent. */

#include "bounce-answer-take.h"

struct bounce_report;
struct mail;
struct mail_deliver_context;

/* Returns FALSE if it is a mail like any other; else what will be done. */
bool bounce_answer_deliver_plan(struct mail_deliver_context *mdctx,
				struct bounce_user *bu,
				const struct bounce_report *report,
				pool_t pool, struct bounce_answer_plan *plan_r);
/* It was saved, to pu->stored_in. Carry it out, and tell. Returns TRUE if a copy that it waits for has
   come meanwhile: bounce_recheck_copy(). */
bool bounce_answer_deliver(struct mail_deliver_context *mdctx,
			   struct bounce_user *bu,
			   const struct bounce_report *report,
			   struct bounce_answer_plan *plan);
/* The copy of an answer that waited for it was saved: mail is the answer where it
   was delivered to. */
void bounce_answer_deliver_recheck(struct bounce_user *bu,
				   const struct bounce_report *report,
				   struct mail *mail, pool_t pool);

#endif
