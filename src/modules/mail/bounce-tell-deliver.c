/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-deliver.h"
#include "mail-storage-service.h"
#include "module-dir.h"
#include "smtp-address.h"
#include "bounce-handover.h"
#include "bounce-pending-keyword.h"
#include "bounce-plugin.h"
#include "bounce-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-deliver.h"
#include "bounce-tell-notice.h"
#include "bounce-tell-single.h"
#include "bounce-verify.h"

const char *t_bounce_tell_deliver_address(struct mail_deliver_context *mdctx)
{
	if (mdctx->rcpt_to != NULL && mdctx->rcpt_to->domain != NULL)
		return smtp_address_encode(mdctx->rcpt_to);
	return mdctx->rcpt_user->username;
}

static void
tell_about_init(struct mail_deliver_context *mdctx,
		const struct bounce_handover *delivery,
		struct bounce_tell_about *about_r)
{
	i_zero(about_r);
	about_r->report = delivery->report;
	about_r->unproven = delivery->evidence < BOUNCE_EVIDENCE_VERIFIED;
	about_r->strange = delivery->strange;
	about_r->address = t_bounce_tell_deliver_address(mdctx);
	about_r->when = about_r->now = ioloop_time;
}

/* Without it there is room where there was room for the report. */
static bool tell_has_quota(void)
{
	return module_dir_find(mail_storage_service_modules, "quota") != NULL;
}

bool bounce_tell_deliver_plan(struct mail_deliver_context *mdctx,
			      struct bounce_user *bu,
			      struct bounce_handover *delivery)
{
	struct bounce_tell_about about;
	const char *error;
	int ret;

	/* nothing is remembered, so nothing can be told: marked only */
	if (!bu->set.record)
		return FALSE;
	if (delivery->report->kind != BOUNCE_KIND_FAILURE)
		return TRUE;
	/* a flood: one notice with a number */
	if (delivery->evidence < bounce_policy_least(&bu->set.policy))
		return bounce_tell_notice_is_enabled(bu);
	tell_about_init(mdctx, delivery, &about);
	ret = bounce_tell_notice_plan(bu, &about, &error);
	if (ret < 0) {
		/* the recording says who makes up for it */
		bounce_user_failed(bu, t_strconcat(
			"Delivered but not recorded: ", error, NULL));
		delivery->dict_down = TRUE;
	}
	if (ret > 0 && tell_has_quota() &&
	    bounce_tell_box_try(bu, &error) < 0) {
		e_warning(bu->event, "Not filed, as no notice can be saved: %s",
			  error);
		ret = 0;
	}
	delivery->will_tell = ret > 0;
	return ret > 0;
}

bool bounce_tell_deliver(struct mail_deliver_context *mdctx,
			 struct bounce_user *bu,
			 const struct bounce_handover *delivery, time_t when)
{
	const struct bounce_plugin_user *pu =
		BOUNCE_PLUGIN_USER(mdctx->rcpt_user);
	struct bounce_tell_about about;
	const char *error;
	bool written;
	int ret;

	/* a script that discards it does not want to know */
	if (delivery->report->kind != BOUNCE_KIND_FAILURE || pu->discarded ||
	    delivery->evidence < bounce_policy_least(&bu->set.policy) ||
	    when < ioloop_time - BOUNCE_TELL_MAX_AGE_SECS)
		return FALSE;
	tell_about_init(mdctx, delivery, &about);
	about.folder = pu->stored_in;
	about.planned = delivery->will_tell;
	ret = bounce_tell_notice(bu, &about, &written, &error);
	if (ret < 0) {
		bounce_user_failed(bu, t_strdup_printf("Notice is not %s: %s",
			written ? "remembered" : "written", error));
	} else if (ret > 0)
		e_debug(bu->event, "Notice written");
	return written;
}

/* Is it known already that it will not be recorded, or not told before it is judged
   again? */
static bool
tell_is_pending(struct bounce_user *bu, const struct bounce_handover *delivery)
{
	return delivery->dict_down ||
		(bu->store != NULL && bounce_store_is_down(bu->store)) ||
		(delivery->judgement->unsearched &&
		 delivery->evidence < bounce_policy_least(&bu->set.policy));
}

const char *const *
bounce_tell_deliver_keywords(pool_t pool, struct bounce_user *bu,
			     const struct bounce_handover *delivery,
			     const char *const *names)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	ARRAY_TYPE(const_string) all;
	const char *untold = BOUNCE_PENDING_KEYWORD_UNTOLD;

	pu->untold = names != NULL && bu->set.record && !delivery->will_tell &&
		delivery->report->kind == BOUNCE_KIND_FAILURE &&
		bounce_tell_notice_is_enabled(bu) && tell_is_pending(bu, delivery);
	if (!pu->untold)
		return names;
	p_array_init(&all, pool, 4);
	array_append(&all, names, str_array_length(names));
	array_push_back(&all, &untold);
	array_append_zero(&all);
	return array_front(&all);
}

void bounce_tell_deliver_later(struct bounce_user *bu,
			       const struct bounce_report *report)
{
	static const char *const keywords[] = {
		BOUNCE_PENDING_KEYWORD_UNTOLD, NULL
	};
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);

	if (report->kind == BOUNCE_KIND_FAILURE &&
	    bounce_tell_notice_is_enabled(bu) &&
	    pu->stored_in != NULL && !pu->untold &&
	    !bounce_pending_keyword_add(bu->user, pu->stored_in,
					report->message_id, keywords))
		e_debug(bu->event, "Report will not be told later");
}

static void
tell_single(struct bounce_user *bu, const struct bounce_tell_single *single)
{
	const char *error;

	if (bounce_tell_single(bu, single, &error) < 0) {
		e_error(bu->event, "Notice (%s) is not written: %s",
			bounce_tell_kind_name(single->kind), error);
	}
}

void bounce_tell_deliver_flood(struct mail_deliver_context *mdctx,
			       struct bounce_user *bu)
{
	const struct bounce_plugin_user *pu =
		BOUNCE_PLUGIN_USER(mdctx->rcpt_user);
	struct bounce_tell_single single = {
		.kind = BOUNCE_TELL_FLOOD, .id = "",
		.address = t_bounce_tell_deliver_address(mdctx),
		.count = BOUNCE_STORE_FLOOD, .folder = pu->stored_in,
		.now = ioloop_time
	};

	if (bounce_tell_notice_is_enabled(bu) && !pu->discarded)
		tell_single(bu, &single);
}

void bounce_tell_deliver_recovered(struct bounce_user *bu,
				   const ARRAY_TYPE(bounce_record) *recs)
{
	const struct bounce_record *rec;
	struct bounce_tell_single single = {
		.kind = BOUNCE_TELL_RECOVERED,
		.address = bu->user->username, .now = ioloop_time
	};

	if ((bu->set.notice_kinds & (1U << BOUNCE_TELL_RECOVERED)) == 0)
		return;
	array_foreach(recs, rec) {
		/* what was never blocked was never missed */
		if (rec->state != BOUNCE_STATE_SUPPRESSED)
			continue;
		single.id = rec->address;
		single.record = rec;
		tell_single(bu, &single);
	}
}
