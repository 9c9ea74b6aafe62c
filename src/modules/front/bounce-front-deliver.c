/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "mail-storage.h"
#include "bounce-classify.h"
#include "bounce-front.h"
#include "bounce-handover.h"
#include "bounce-liveness.h"
#include "bounce-mail-module.h"
#include "bounce-wait.h"

/* For the Sieve extension. */
static struct bounce_wait front_wait;

/* Returns FALSE for what may be a report, and what cannot be read. */
static bool
front_read(struct mail_deliver_context *mdctx, pool_t pool,
	   struct bounce_report **report_r)
{
	struct bounce_envelope envelope = {
		.mail_from = t_bounce_mail_from(mdctx)
	};
	struct istream *input;
	bool ret;

	if (mail_get_stream(mdctx->src_mail, NULL, NULL, &input) < 0)
		return FALSE;
	i_stream_seek(input, 0);
	ret = bounce_classify_read_ordinary(input, &envelope, pool, report_r);
	i_stream_seek(input, 0);
	return ret;
}

/* Nothing to clear, nothing to answer to. */
static bool
front_is_ordinary(struct mail_deliver_context *mdctx, pool_t pool,
		  struct bounce_report **report_r)
{
	bool ret;

	T_BEGIN {
		ret = front_read(mdctx, pool, report_r) &&
			(*report_r)->answers == NULL &&
			((*report_r)->sender == NULL ||
			 bounce_liveness_glance(mdctx->rcpt_user,
						(*report_r)->sender) == 0);
	} T_END;
	return ret;
}

bool bounce_front_deliver(struct mail_deliver_context *mdctx,
			  struct mail_storage **storage_r,
			  deliver_mail_func_t *next, int *ret_r)
{
	pool_t pool = pool_alloconly_create("bounce delivery", BOUNCE_SMALL_POOL);
	struct bounce_report *report;
	struct bounce_handover delivery;
	bool ordinary = front_is_ordinary(mdctx, pool, &report);

	if (ordinary) {
		bounce_wait_init(&front_wait, BOUNCE_WAIT_MSECS, FALSE);
		i_zero(&delivery);
		delivery.layout = BOUNCE_HANDOVER_LAYOUT;
		delivery.report = report;
		delivery.wait = &front_wait;
		event_set_ptr(mdctx->event, BOUNCE_HANDOVER_EVENT_KEY, &delivery);
		*ret_r = next == NULL ? 0 : next(mdctx, storage_r);
		event_set_ptr(mdctx->event, BOUNCE_HANDOVER_EVENT_KEY, NULL);
		bounce_wait_deinit(&front_wait);
	}
	pool_unref(&pool);
	return ordinary;
}
