/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-deliver.h"
#include "mail-storage.h"
#include "bounce-answer-deliver.h"
#include "bounce-charset.h"
#include "bounce-classify.h"
#include "bounce-deliver.h"
#include "bounce-deliver-record.h"
#include "bounce-handover.h"
#include "bounce-filing.h"
#include "bounce-mail-module.h"
#include "bounce-plugin.h"
#include "bounce-deliver-liveness.h"
#include "bounce-recheck.h"
#include "bounce-rules-cache.h"
#include "bounce-tell-deliver.h"
#include "bounce-texts-cache.h"
#include "bounce-verify.h"

/* Only lmtp and dovecot-lda have it; without this the others could not load us. */
#pragma weak mail_deliver_save

static deliver_mail_func_t *next_deliver_mail;

/*
 * Read and classify
 */

/* Ordinary mail leaves with its top headers read and nothing else: no settings,
   no rules. Returns as bounce_classify_read(). */
static int
deliver_classify_read(struct mail_deliver_context *mdctx, pool_t pool,
		      struct bounce_report **report_r)
{
	struct bounce_envelope envelope = { .mail_from = t_bounce_mail_from(mdctx) };
	struct istream *input;
	const char *error;
	int ret;

	*report_r = NULL;
	if (mail_get_stream(mdctx->src_mail, NULL, NULL, &input) < 0) {
		error = mailbox_get_last_internal_error(mdctx->src_mail->box,
							NULL);
		ret = -1;
	} else {
		i_stream_seek(input, 0);
		ret = bounce_classify_read(input, &envelope, pool, report_r,
					   &error);
		i_stream_seek(input, 0);
	}
	if (ret < 0) {
		e_error(bounce_plugin_user_get(mdctx->rcpt_user)->event,
			"Mail cannot be read: %s", error);
	}
	return ret;
}

/* A report is judged by the rules of its user. Returns TRUE if it is one. */
static bool deliver_classify(struct mail_deliver_context *mdctx, pool_t pool,
			     struct bounce_report **report_r)
{
	struct bounce_user *bu;

	if (deliver_classify_read(mdctx, pool, report_r) <= 0)
		return FALSE;
	bu = bounce_plugin_user_get(mdctx->rcpt_user);
	bounce_classify_judge(bounce_rules_cache_get(bu), pool, *report_r);
	return TRUE;
}

/*
 * The hook
 */

static int deliver_call_next(struct mail_deliver_context *mdctx,
			     struct mail_storage **storage_r)
{
	return next_deliver_mail == NULL ? 0 :
		next_deliver_mail(mdctx, storage_r);
}

/* As Dovecot judges it: the sender is asked to try again. */
static bool deliver_is_tempfailed(const struct mail_deliver_context *mdctx,
				  struct mail_storage *storage)
{
	enum mail_error error;

	if (mdctx->tempfail_error != NULL)
		return TRUE;
	if (storage == NULL)
		return FALSE;
	(void)mail_storage_get_last_error(storage, &error);
	return error == MAIL_ERROR_TEMP;
}

/* Without a script it is not saved yet; Dovecot would do it after us, but
   recording comes after the save. And what could be opened but not written to
   (a damaged folder) must not make the sender try again, where INBOX would
   do; what a script could not do for the moment (redirect, with the relay down)
   must. */
static int deliver_save(struct mail_deliver_context *mdctx, const char *folder,
			const char *before, struct mail_storage **storage_r)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(mdctx->rcpt_user);
	enum mail_error error;
	int ret = deliver_call_next(mdctx, storage_r);

	if (ret > 0 || mdctx->saved_mail)
		return ret;
	if (!mdctx->tried_default_save) {
		if (ret < 0 && deliver_is_tempfailed(mdctx, *storage_r))
			return ret;
		if (mail_deliver_save(mdctx, mdctx->rcpt_default_mailbox, 0,
				      NULL, storage_r) == 0)
			return 1;
		ret = -1;
	}
	if (ret < 0 && deliver_is_tempfailed(mdctx, *storage_r) &&
	    !pu->folder_failed)
		return ret;
	if (folder == NULL)
		return ret;
	/* an ACL keeps it from getting as far as our mailbox */
	bounce_filing_failed(pu, folder, *storage_r == NULL ? "unknown error" :
		mail_storage_get_last_internal_error(*storage_r, &error));
	if (mail_deliver_save(mdctx, before, 0, NULL, storage_r) < 0)
		return ret;
	mdctx->tempfail_error = NULL;
	return 1;
}

static void
deliver_verify(struct mail_deliver_context *mdctx, struct bounce_user *bu,
	       struct bounce_report *report, pool_t pool,
	       struct bounce_handover *delivery)
{
	struct bounce_arrival arrival = {
		.session_id = mdctx->session_id,
		.mail_from = t_bounce_mail_from(mdctx),
	};
	struct bounce_judgement *judgement =
		p_new(pool, struct bounce_judgement, 1);

	p_array_init(&judgement->hosts, pool, 1);
	if (mail_get_stream(mdctx->src_mail, NULL, NULL, &arrival.input) == 0) {
		bounce_verify_report(bu, report, &arrival, pool, judgement);
		delivery->evidence = judgement->evidence;
		delivery->strange = judgement->strange;
	}
	delivery->judgement = judgement;
}

/* Nobody named another folder on purpose: -m, +detail. */
static bool deliver_is_to_inbox(const struct mail_deliver_context *mdctx)
{
	return strcasecmp(mdctx->rcpt_default_mailbox, "INBOX") == 0;
}

/* Save it with these keywords; to folder, if it is not NULL. */
static int
deliver_file(struct mail_deliver_context *mdctx, struct bounce_user *bu,
	     const char *folder, const char *const *keywords, bool seen,
	     struct mail_storage **storage_r)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	const char *before = mdctx->rcpt_default_mailbox;
	int ret;

	if (folder != NULL) {
		folder = p_strdup(mdctx->pool, folder);
		mdctx->rcpt_default_mailbox = folder;
	}
	pu->folder = folder;
	pu->folder_failed = FALSE;
	pu->stored_in = NULL;
	pu->stored_when = 0;
	pu->keywords = keywords;
	pu->seen = seen;
	ret = deliver_save(mdctx, folder, before, storage_r);
	pu->discarded = pu->keywords != NULL && pu->stored_in == NULL;
	pu->keywords = NULL;
	pu->folder = NULL;
	/* not set back to INBOX: tried_default_save would keep Dovecot from
	   trying that */
	return ret;
}

static int
deliver_report(struct mail_deliver_context *mdctx, pool_t pool,
	       struct bounce_report *report, struct bounce_handover *delivery,
	       struct mail_storage **storage_r)
{
	struct bounce_user *bu = bounce_plugin_user_get(mdctx->rcpt_user);
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	const char *folder = NULL, *const *keywords;
	int ret;

	pu->flood_began = FALSE;
	deliver_verify(mdctx, bu, report, pool, delivery);

	if (deliver_is_to_inbox(mdctx))
		folder = bounce_filing_folder(bu, delivery->report,
					      delivery->evidence);
	if (folder != NULL && !bounce_tell_deliver_plan(mdctx, bu, delivery))
		folder = NULL;
	keywords = bounce_filing_keywords(pool, bu, delivery->report,
					  delivery->evidence);
	keywords = bounce_tell_deliver_keywords(pool, bu, delivery, keywords);
	ret = deliver_file(mdctx, bu, folder, keywords, FALSE, storage_r);
	if (ret > 0 || mdctx->saved_mail)
		bounce_deliver_record(mdctx, bu, pool, delivery);
	return ret;
}

/* Returns FALSE if it answers no notice. */
static bool
deliver_answer(struct mail_deliver_context *mdctx, pool_t pool,
	       const struct bounce_report *report,
	       struct mail_storage **storage_r, int *ret_r)
{
	static const char *const keywords[] = { NULL };
	struct bounce_answer_plan plan;
	struct bounce_user *bu;
	const char *folder = NULL;

	if (report == NULL || report->answers == NULL)
		return FALSE;
	bu = bounce_plugin_user_get(mdctx->rcpt_user);
	if (!bounce_answer_deliver_plan(mdctx, bu, report, pool, &plan))
		return FALSE;
	if (plan.whole && deliver_is_to_inbox(mdctx))
		folder = bounce_filing_mailbox(bu);
	*ret_r = deliver_file(mdctx, bu, folder, keywords, plan.whole,
			      storage_r);
	if ((*ret_r > 0 || mdctx->saved_mail) &&
	    bounce_answer_deliver(mdctx, bu, report, &plan))
		bounce_recheck_copy(bu, plan.message_id);
	return TRUE;
}

int bounce_deliver_mail(struct mail_deliver_context *mdctx,
			struct mail_storage **storage_r)
{
	struct bounce_handover delivery;
	struct bounce_report *report;
	pool_t pool;
	bool is_report, paused;
	int ret;

	if (BOUNCE_PLUGIN_USER(mdctx->rcpt_user) == NULL)
		return deliver_call_next(mdctx, storage_r);

	pool = pool_alloconly_create("bounce delivery", BOUNCE_SMALL_POOL);
	T_BEGIN {
		is_report = deliver_classify(mdctx, pool, &report);
	} T_END;
	i_zero(&delivery);
	delivery.layout = BOUNCE_HANDOVER_LAYOUT;
	delivery.report = report;
	delivery.wait = bounce_plugin_wait();
	paused = !is_report && bounce_deliver_liveness_paused();
	delivery.dict_down = paused;
	if (report != NULL)
		event_set_ptr(mdctx->event, BOUNCE_HANDOVER_EVENT_KEY,
			      &delivery);
	if (is_report)
		ret = deliver_report(mdctx, pool, report, &delivery,
				     storage_r);
	else if (!deliver_answer(mdctx, pool, report, storage_r, &ret)) {
		ret = deliver_call_next(mdctx, storage_r);
		if (report != NULL && !delivery.dict_down) {
			bounce_deliver_liveness_mail(mdctx->rcpt_user, report,
					  mdctx->src_mail, mdctx->session_id,
					  pool);
		}
	}
	if (delivery.dict_down && !paused)
		bounce_deliver_liveness_pause();
	event_set_ptr(mdctx->event, BOUNCE_HANDOVER_EVENT_KEY, NULL);
	pool_unref(&pool);
	return ret;
}

void bounce_deliver_init(deliver_mail_func_t *next)
{
	next_deliver_mail = next;
}

void bounce_deliver_deinit(void)
{
	bounce_charset_deinit();
	bounce_rules_cache_deinit();
	bounce_texts_cache_deinit();
}
