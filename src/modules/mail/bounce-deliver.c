/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-deliver.h"
#include "mail-storage.h"
#include "smtp-address.h"
#include "str.h"
#include "bounce-answer-deliver.h"
#include "bounce-classify.h"
#include "bounce-deliver.h"
#include "bounce-handover.h"
#include "bounce-events.h"
#include "bounce-filing.h"
#include "bounce-hosts.h"
#include "bounce-lock.h"
#include "bounce-sent-mark.h"
#include "bounce-pending.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-take.h"
#include "bounce-plugin.h"
#include "bounce-deliver-liveness.h"
#include "bounce-reason.h"
#include "bounce-recheck.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-tell-deliver.h"
#include "bounce-unmatched.h"
#include "bounce-verify.h"

/* Only lmtp and dovecot-lda have them; without this the others would not
   start. */
#pragma weak mail_deliver_hook_set
#pragma weak mail_deliver_save

static deliver_mail_func_t *next_deliver_mail;

/*
 * Read and classify
 */

static const char *
t_deliver_mail_from(const struct mail_deliver_context *mdctx)
{
	/* dovecot-lda without -f: not known */
	if (mdctx->mail_from == NULL)
		return NULL;
	return smtp_address_isnull(mdctx->mail_from) ? "" :
		smtp_address_encode(mdctx->mail_from);
}

/* Ordinary mail leaves with its top headers read and nothing else: no settings,
   no rules. Returns as bounce_classify_read(). */
static int
deliver_classify_read(struct mail_deliver_context *mdctx, pool_t pool,
		      struct bounce_report **report_r)
{
	struct bounce_envelope envelope = { .mail_from = t_deliver_mail_from(mdctx) };
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
 * Record
 */

/* "hard mailbox-unknown, soft mailbox-full (2)" of the failed ones. */
static void
deliver_append_reasons(string_t *str, const struct bounce_report *report)
{
	const struct bounce_recipient *rcpts;
	unsigned int i, j, n, count;

	rcpts = array_get(&report->recipients, &count);
	for (i = 0; i < count; i++) {
		const struct bounce_reason *reason = rcpts[i].verdict.reason;

		if (rcpts[i].action != BOUNCE_ACTION_FAILED || reason == NULL)
			continue;
		for (j = 0, n = 0; j < count; j++) {
			if (rcpts[j].action != BOUNCE_ACTION_FAILED ||
			    rcpts[j].verdict.reason != reason)
				continue;
			if (j < i)
				break;
			n++;
		}
		if (j < count)
			continue;
		str_printfa(str, "%s%s %s", str_len(str) > 0 ? ", " : "",
			    bounce_class_name(rcpts[i].verdict.class),
			    reason->name);
		if (n > 1)
			str_printfa(str, " (%u)", n);
	}
}

static bool deliver_is_recorded(const struct bounce_report *report)
{
	return report->kind == BOUNCE_KIND_FAILURE ||
		report->kind == BOUNCE_KIND_COMPLAINT;
}

static bool deliver_is_ignored(const struct bounce_handover *delivery)
{
	return delivery->ignore && !delivery->learn;
}

/* The date that the saved mail has, but for one ahead of the clock. */
static time_t deliver_received(const struct bounce_plugin_user *pu)
{
	return pu->stored_when == 0 ? ioloop_time :
		I_MIN(pu->stored_when, time(NULL));
}

/* Best effort: it can be seen in the dictionary, too. */
static void
deliver_mark_original(struct bounce_user *bu,
		      const struct bounce_handover *delivery)
{
	const char *error;

	if (delivery->evidence >= BOUNCE_EVIDENCE_VERIFIED &&
	    bounce_sent_mark_failed(bu, delivery->report, ioloop_time, &error) < 0)
		e_error(bu->event, "Sent mail is not marked: %s", error);
}

/* For those who read it later: without this session, or once the copy in Sent
   is there. */
static void
deliver_remember(struct bounce_user *bu, struct bounce_store *store,
		 const struct bounce_handover *delivery)
{
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	const struct bounce_judgement *judgement = delivery->judgement;
	const struct bounce_report *report = delivery->report;
	struct bounce_unmatched unmatched = {
		.report_id = report->message_id, .mailbox = pu->stored_in
	};
	const char *error;

	if (judgement->reporter > BOUNCE_REPORTER_STRANGER &&
	    bounce_hosts_learn(store, &judgement->hosts, ioloop_time,
			       &error) < 0)
		e_error(bu->event, "Hosts are not remembered: %s", error);
	if (judgement->awaits_copy && unmatched.report_id != NULL &&
	    unmatched.mailbox != NULL &&
	    bounce_unmatched_add(store, report->original_message_id,
		&unmatched, judgement->reporter >= BOUNCE_REPORTER_RELAY,
		ioloop_time, &error) < 0)
		e_error(bu->event, "Report will not wait for its mail: %s",
			error);
}

/* Without a home the report itself says it. */
static bool deliver_pend_keyword(struct bounce_user *bu,
				 const struct bounce_report *report)
{
	static const char *const keywords[] = { BOUNCE_PENDING_KEYWORD, NULL };
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);

	return bounce_lock_user_home(bu->user) == NULL &&
		pu->stored_in != NULL &&
		bounce_pending_keyword_add(bu->user, pu->stored_in,
					   report->message_id, keywords);
}

/* Who takes it in may be at it at once: the keyword comes first. Returns FALSE if that
   cannot be noted. */
static bool
deliver_pend_mark(struct bounce_user *bu, const struct bounce_report *report,
		  time_t when, bool untold)
{
	if (untold)
		bounce_tell_deliver_later(bu, report);
	return bounce_pending_mark(bu->user, when) ||
		deliver_pend_keyword(bu, report);
}

/* It could not be recorded. Returns who makes up for it. What fails for what the
   dictionary holds would fail again. */
static const char *
deliver_pend(struct bounce_user *bu, const struct bounce_handover *delivery,
	     time_t when, bool *pending_r)
{
	*pending_r = (delivery->dict_down || bu->store == NULL ||
		      bounce_store_is_down(bu->store)) &&
		deliver_pend_mark(bu, delivery->report, when,
				  !delivery->will_tell);
	return *pending_r ? "the next report makes up for it" :
		"doveadm bounce scan makes up for it";
}

/* In what is left of the time. */
static void deliver_take_pending(struct bounce_user *bu)
{
	const char *error;
	int ret;

	/* it would only find out, and that for each report of a flood */
	if (!bounce_wait_may_search(bu->wait, bu->user->username, ioloop_time))
		return;
	ret = bounce_pending_take(bu, &error);
	if (ret > 0)
		e_info(bu->event, "Pending reports: %d records changed", ret);
	else if (ret < 0)
		e_warning(bu->event, "Reports stay pending: %s", error);
}

/* What became of it, for the log. */
static const char *
t_deliver_record(struct bounce_user *bu, const struct bounce_handover *delivery,
		 time_t when, pool_t pool, struct event *event,
		 struct bounce_store_added *added_r, bool *changed_r,
		 bool *pending_r)
{
	struct bounce_store *store;
	const char *error;
	int ret;

	i_zero(added_r);
	*changed_r = *pending_r = FALSE;
	if (deliver_is_ignored(delivery))
		return "not recorded, as the Sieve script says";
	if (!bu->set.record)
		return "not recorded, as bounce_record says";
	if (delivery->dict_down)
		return t_strdup_printf("not recorded, as the dictionary does "
			"not answer (%s)", deliver_pend(bu, delivery, when,
							pending_r));
	if (bounce_user_store(bu, &store, &error) < 0 ||
	    (ret = bounce_store_add(store, delivery->report,
				    delivery->evidence, when, pool, added_r,
				    &error)) < 0) {
		error = t_strdup_printf("Delivered but not recorded (%s): %s",
			deliver_pend(bu, delivery, when, pending_r), error);
		bounce_user_failed(bu, error);
		return NULL;
	}
	*changed_r = ret > 0;
	if (ret > 0)
		deliver_mark_original(bu, delivery);
	if (added_r->crossed != NULL)
		bounce_events_send_rate(event, added_r->crossed);
	deliver_remember(bu, store, delivery);
	deliver_take_pending(bu);
	/* after that, which would stop at it */
	if (delivery->judgement->unsearched)
		(void)deliver_pend_mark(bu, delivery->report, when, ret <= 0);
	if (delivery->evidence < bounce_policy_least(&bu->set.policy))
		return "not recorded, as the evidence is too weak";
	return t_strdup_printf("%d records changed", ret);
}

static void
delivered(struct mail_deliver_context *mdctx, struct bounce_user *bu,
	  pool_t pool, const struct bounce_handover *delivery)
{
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	const struct bounce_report *report = delivery->report;
	struct bounce_store_added added;
	const char *result;
	bool changed, pending;

	if (!deliver_is_recorded(report)) {
		bounce_events_send(mdctx->event, report, delivery->evidence,
				   NULL);
		if (!deliver_is_ignored(delivery) && !delivery->dict_down)
			bounce_deliver_liveness_report(bu, report, delivery->evidence);
		e_debug(bu->event, "%s report (%s)",
			bounce_kind_name(report->kind),
			report->format == NULL ? "" : report->format);
		return;
	}
	result = t_deliver_record(bu, delivery, deliver_received(pu), pool,
				  mdctx->event,
				  &added, &changed, &pending);
	bounce_events_send(mdctx->event, report, delivery->evidence, &added);
	/* what lies in a folder is told, even where it could not be recorded */
	if (changed || (delivery->will_tell && !deliver_is_ignored(delivery))) {
		if (!bounce_tell_deliver(mdctx, bu, delivery,
					 deliver_received(pu)) && pending)
			bounce_tell_deliver_later(bu, report);
	} else if (pu->flood_began) {
		bounce_tell_deliver_flood(mdctx, bu);
	}
	/* after that, as what it says of the report is what was found then */
	if (delivery->judgement->awaits_copy && bu->set.record && !pending &&
	    result != NULL && !deliver_is_ignored(delivery))
		bounce_recheck_waiting(bu, report,
				       delivery->judgement->reporter >=
				       BOUNCE_REPORTER_RELAY);
	if (result != NULL) {
		string_t *reasons = t_str_new(64);

		deliver_append_reasons(reasons, report);
		e_info(bu->event, "%s report (%s, %s), recipients: %u%s%s; %s",
		       bounce_kind_name(report->kind),
		       report->format == NULL ? "" : report->format,
		       bounce_evidence_name(delivery->evidence),
		       array_count(&report->recipients),
		       str_len(reasons) > 0 ? ": " : "", str_c(reasons),
		       result);
	}
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

/* Without a script nobody has saved it yet; Dovecot would do it after us, but
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
		.mail_from = t_deliver_mail_from(mdctx),
	};
	struct bounce_judgement *judgement =
		p_new(pool, struct bounce_judgement, 1);

	p_array_init(&judgement->hosts, pool, 1);
	if (mail_get_stream(mdctx->src_mail, NULL, NULL, &arrival.input) == 0) {
		bounce_verify_report(bu, report, &arrival, pool, judgement);
		delivery->evidence = judgement->evidence;
		delivery->strange =
			judgement->evidence < BOUNCE_EVIDENCE_VERIFIED &&
			judgement->reporter != BOUNCE_REPORTER_OWN;
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
		delivered(mdctx, bu, pool, delivery);
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

static int bounce_deliver_mail(struct mail_deliver_context *mdctx,
			       struct mail_storage **storage_r)
{
	struct bounce_handover delivery;
	struct bounce_report *report;
	pool_t pool;
	bool is_report, paused;
	int ret;

	if (BOUNCE_PLUGIN_USER(mdctx->rcpt_user) == NULL)
		return deliver_call_next(mdctx, storage_r);

	pool = pool_alloconly_create("bounce delivery", 4096);
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
					  mdctx->src_mail, mdctx->session_id);
		}
	}
	if (delivery.dict_down && !paused)
		bounce_deliver_liveness_pause();
	event_set_ptr(mdctx->event, BOUNCE_HANDOVER_EVENT_KEY, NULL);
	pool_unref(&pool);
	return ret;
}

bool bounce_deliver_init(void)
{
	if (mail_deliver_hook_set == NULL)
		return FALSE;
	next_deliver_mail = mail_deliver_hook_set(bounce_deliver_mail);
	return TRUE;
}

void bounce_deliver_deinit(void)
{
	if (mail_deliver_hook_set != NULL)
		(void)mail_deliver_hook_set(next_deliver_mail);
	bounce_rules_cache_deinit();
}
