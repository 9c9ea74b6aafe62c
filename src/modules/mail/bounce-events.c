/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-address.h"
#include "bounce-events.h"
#include "bounce-rate.h"
#include "bounce-reason.h"
#include "bounce-store.h"

static struct event_category event_category_bounce = {
	.name = "bounce",
};

static const char *events_reason_name(const struct bounce_verdict *verdict)
{
	return verdict->reason == NULL ? "undetermined" : verdict->reason->name;
}

static void
events_add_str(struct event *event, const char *key, const char *value)
{
	/* an absent field and an empty one are the same series otherwise */
	if (value != NULL)
		event_add_str(event, key, value);
}

static const char *events_yes_no(bool value)
{
	return value ? "yes" : "no";
}

static bool events_is_counted(const struct bounce_store_added *added)
{
	return added != NULL && array_is_created(&added->counted) &&
		!array_is_empty(&added->counted);
}

/* The domain only of an address that was recorded: whoever counts by domain
   must not have as many series as a stranger invents. */
static void events_send_recipient(struct event *parent,
				  const struct bounce_recipient *rcpt,
				  enum bounce_evidence evidence,
				  const struct bounce_store_added *added)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;
	const char *address = added == NULL ? NULL :
		bounce_store_added_address(added, rcpt);
	struct event *event = event_create(parent);

	if (rcpt->stranger)
		evidence = BOUNCE_EVIDENCE_UNVERIFIED;
	event_set_name(event, "bounce_recipient_failed");
	events_add_str(event, "bounce_evidence",
		       bounce_evidence_name(evidence));
	events_add_str(event, "bounce_counted", events_yes_no(address != NULL));
	events_add_str(event, "bounce_class",
		       bounce_class_name(verdict->class));
	events_add_str(event, "bounce_side", bounce_side_name(verdict->side));
	events_add_str(event, "bounce_reason", events_reason_name(verdict));
	events_add_str(event, "bounce_status", rcpt->status);
	events_add_str(event, "bounce_domain", bounce_address_domain(address));
	e_debug(event, "%s failed: %s (%s), decided by %s",
		rcpt->address == NULL ? "<unknown>" : rcpt->address,
		events_reason_name(verdict),
		rcpt->status == NULL ? "no status" : rcpt->status,
		verdict->rule == NULL ? "nothing" : verdict->rule);
	event_unref(&event);
}

void bounce_events_send(struct event *parent,
			const struct bounce_report *report,
			enum bounce_evidence evidence,
			const struct bounce_store_added *added)
{
	const struct bounce_recipient *rcpt;
	struct event *event = event_create(parent);

	event_add_category(event, &event_category_bounce);
	event_set_append_log_prefix(event, "bounce: ");

	struct event *received = event_create(event);

	event_set_name(received, "bounce_report_received");
	events_add_str(received, "bounce_kind", bounce_kind_name(report->kind));
	events_add_str(received, "bounce_format", report->format);
	events_add_str(received, "bounce_evidence",
		       bounce_evidence_name(evidence));
	events_add_str(received, "bounce_counted",
		       events_yes_no(events_is_counted(added)));
	event_add_int(received, "bounce_recipients",
		      array_count(&report->recipients));
	e_debug(received, "Received a report of kind %s",
		bounce_kind_name(report->kind));
	event_unref(&received);

	if (report->kind == BOUNCE_KIND_FAILURE) {
		array_foreach(&report->recipients, rcpt) T_BEGIN {
			if (rcpt->action == BOUNCE_ACTION_FAILED)
				events_send_recipient(event, rcpt, evidence,
						      added);
		} T_END;
	}
	event_unref(&event);
}

void bounce_events_send_rate(struct event *parent,
			     const struct bounce_sent *sent)
{
	struct event *event = event_create(parent);
	struct bounce_rate rate;

	bounce_rate_judge(sent, 0, &rate);
	event_add_category(event, &event_category_bounce);
	event_set_append_log_prefix(event, "bounce: ");
	event_set_name(event, "bounce_rate_crossed");
	events_add_str(event, "bounce_level",
		       bounce_rate_level_name(sent->level));
	events_add_str(event, "bounce_broadcast", sent->id);
	/* nothing else is in the rate */
	events_add_str(event, "bounce_evidence",
		       bounce_evidence_name(BOUNCE_EVIDENCE_VERIFIED));
	events_add_str(event, "bounce_counted", events_yes_no(TRUE));
	if (rate.cause != NULL)
		events_add_str(event, "bounce_cause",
			       bounce_cause_kind_name(rate.cause->kind));
	event_add_int(event, "bounce_sent", rate.sent);
	event_add_int(event, "bounce_failed", rate.failed);
	event_add_int(event, "bounce_percent", (intmax_t)rate.percent);
	e_info(event, "Broadcast %s: %u of %u recipients failed (%.1f %%), "
	       "level %s", sent->id, rate.failed, rate.sent, rate.percent,
	       bounce_rate_level_name(sent->level));
	event_unref(&event);
}
