/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-deliver.h"
#include "str.h"
#include "str-sanitize.h"
#include "time-util.h"
#include "bounce-deliver-liveness.h"
#include "bounce-deliver-record.h"
#include "bounce-events.h"
#include "bounce-handover.h"
#include "bounce-hosts.h"
#include "bounce-lock.h"
#include "bounce-pending.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-take.h"
#include "bounce-plugin.h"
#include "bounce-reason.h"
#include "bounce-recheck.h"
#include "bounce-sent-mark.h"
#include "bounce-store.h"
#include "bounce-tell-deliver.h"
#include "bounce-unmatched.h"
#include "bounce-user.h"
#include "bounce-verify.h"

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

/* The date that the saved mail has, but for one ahead of the clock: that of ioloop_time,
   behind which time() is for some milliseconds of each second. */
static time_t deliver_received(const struct bounce_plugin_user *pu)
{
	return pu->stored_when == 0 ? ioloop_time :
		I_MIN(pu->stored_when, (time_t)(i_microseconds() / 1000000));
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

/* The folder that nobody looks at by itself, or NULL. */
static const char *deliver_elsewhere(struct bounce_user *bu)
{
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	const char *name = pu->stored_in;

	return name == NULL || strcasecmp(name, "INBOX") == 0 ||
		(*bu->set.mailbox != '\0' &&
		 strcmp(name, bounce_user_vname(bu->user,
						bu->set.mailbox)) == 0) ?
		NULL : name;
}

/* Without a home the report itself says it, where that is seen. */
static bool deliver_pend_keyword(struct bounce_user *bu,
				 const struct bounce_report *report)
{
	static const char *const keywords[] = { BOUNCE_PENDING_KEYWORD, NULL };
	const struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);

	return bounce_lock_user_home(bu->user) == NULL &&
		pu->stored_in != NULL && deliver_elsewhere(bu) == NULL &&
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
	return bounce_pending_mark(bu->user, when, deliver_elsewhere(bu)) ||
		deliver_pend_keyword(bu, report);
}

/* It could not be recorded. Returns who makes up for it. What fails for what the
   dictionary holds would fail again. */
static const char *
t_deliver_pend(struct bounce_user *bu, const struct bounce_handover *delivery,
	       time_t when, bool *pending_r)
{
	const char *folder;

	*pending_r = (delivery->dict_down || bu->store == NULL ||
		      bounce_store_is_down(bu->store)) &&
		deliver_pend_mark(bu, delivery->report, when,
				  !delivery->will_tell);
	if (*pending_r)
		return "the next report makes up for it";
	folder = deliver_elsewhere(bu);
	return folder == NULL ? "doveadm bounce scan makes up for it" :
		t_strdup_printf("doveadm bounce scan '%s' makes up for it",
				str_sanitize(folder, 200));
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
			"not answer (%s)", t_deliver_pend(bu, delivery, when,
							  pending_r));
	if (bounce_user_store(bu, &store, &error) < 0 ||
	    (ret = bounce_store_add(store, delivery->report,
				    delivery->evidence, when, pool, added_r,
				    &error)) < 0) {
		error = t_strdup_printf("Delivered but not recorded (%s): %s",
			t_deliver_pend(bu, delivery, when, pending_r), error);
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

void bounce_deliver_record(struct mail_deliver_context *mdctx,
			   struct bounce_user *bu, pool_t pool,
			   const struct bounce_handover *delivery)
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
