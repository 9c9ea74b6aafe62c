/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "mail-deliver.h"
#include "mail-storage.h"
#include "bounce-answer-deliver.h"
#include "bounce-mail-module.h"
#include "bounce-plugin.h"
#include "bounce-tell-deliver.h"

static bool
answer_deliver_init(struct mail_deliver_context *mdctx,
		    const struct bounce_report *report,
		    struct bounce_answer_mail *mail_r)
{
	i_zero(mail_r);
	mail_r->notice_id = report->answers;
	mail_r->address = t_bounce_tell_deliver_address(mdctx);
	mail_r->now = ioloop_time;
	mail_r->arrival.session_id = mdctx->session_id;
	mail_r->arrival.mail_from = t_bounce_mail_from(mdctx);
	return mail_get_stream(mdctx->src_mail, NULL, NULL,
			       &mail_r->arrival.input) == 0;
}

bool bounce_answer_deliver_plan(struct mail_deliver_context *mdctx,
				struct bounce_user *bu,
				const struct bounce_report *report,
				pool_t pool, struct bounce_answer_plan *plan_r)
{
	struct bounce_answer_mail mail;

	return answer_deliver_init(mdctx, report, &mail) &&
		bounce_answer_take_plan(bu, &mail, pool, plan_r);
}

bool bounce_answer_deliver(struct mail_deliver_context *mdctx,
			   struct bounce_user *bu,
			   const struct bounce_report *report,
			   struct bounce_answer_plan *plan)
{
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	const char *folder = plan->whole ? pu->stored_in : NULL;
	struct bounce_answer_mail mail;

	if (!answer_deliver_init(mdctx, report, &mail))
		return FALSE;
	bounce_answer_take_do(bu, &mail, plan);
	bounce_answer_take_tell(bu, &mail, plan, folder);
	return bounce_answer_take_later(bu, &mail, plan, pu->stored_in);
}

void bounce_answer_deliver_recheck(struct bounce_user *bu,
				   const struct bounce_report *report,
				   struct mail *mail, pool_t pool)
{
	struct bounce_answer_mail answer = {
		.notice_id = report->answers, .now = ioloop_time,
		.address = bu->user->username,
		.arrival = { .stored = TRUE }
	};
	struct bounce_answer_plan plan;

	if (mail_get_stream(mail, NULL, NULL, &answer.arrival.input) < 0 ||
	    !bounce_answer_take_plan(bu, &answer, pool, &plan) ||
	    plan.told.unproven || plan.told.down)
		return;
	bounce_answer_take_do(bu, &answer, &plan);
	bounce_answer_take_tell(bu, &answer, &plan, NULL);
	/* it stays where the person may be looking at it */
	if (plan.whole)
		mail_update_flags(mail, MODIFY_ADD, MAIL_SEEN);
}
