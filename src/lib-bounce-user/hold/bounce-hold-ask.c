/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-hold-ask.h"
#include "bounce-store.h"
#include "bounce-user.h"

static struct event_category event_category_bounce = {
	.name = "bounce",
};

static int
hold_look_up(struct bounce_user *bu, pool_t pool, const char *const *addresses,
	     unsigned int count, time_t now, const struct bounce_record **recs_r,
	     const char **error_r)
{
	struct bounce_store *store;

	if (bounce_user_store(bu, &store, error_r) < 0)
		return -1;
	return bounce_store_lookup_many(store, pool, addresses, count, now,
					recs_r, error_r);
}

int bounce_hold_ask(struct bounce_user *bu, pool_t pool,
		    const char *const *addresses, unsigned int count,
		    const char *message_id, time_t now,
		    struct bounce_hold *holds_r, const char **error_r)
{
	const struct bounce_record **recs;
	int ret = 0;

	recs = p_new(pool, const struct bounce_record *, count + 1);
	if (bu->set.hold.mode != BOUNCE_HOLD_MODE_NO && bu->set.record &&
	    count > 0) {
		ret = hold_look_up(bu, pool, addresses, count, now, recs,
				   error_r);
	}
	for (unsigned int i = 0; i < count; i++) {
		holds_r[i].address = addresses[i];
		holds_r[i].rec = ret < 0 ? NULL : recs[i];
		holds_r[i].decision = bounce_hold_decide(&bu->set.hold,
			holds_r[i].rec, message_id, now);
	}
	return ret;
}

/*
 * Events
 */

static struct event *hold_event(struct event *parent)
{
	struct event *event = event_create(parent);

	event_add_category(event, &event_category_bounce);
	event_set_append_log_prefix(event, "bounce: ");
	return event;
}

static void
hold_send_known(struct event *parent, const struct bounce_hold *hold)
{
	const char *reason = hold->rec->reason == NULL ? "undetermined" :
		hold->rec->reason;
	struct event *event = hold_event(parent);

	event_set_name(event, "bounce_known_recipient");
	event_add_str(event, "bounce_decision",
		      bounce_hold_decision_name(hold->decision));
	/* it goes by a record, always */
	event_add_str(event, "bounce_evidence",
		      bounce_evidence_name(hold->rec->evidence));
	event_add_str(event, "bounce_counted", "yes");
	event_add_str(event, "bounce_reason", reason);
	event_add_str(event, "bounce_by", bounce_by_name(hold->rec->by));
	e_debug(event, "%s is known: %s (%s)", hold->address,
		bounce_hold_decision_name(hold->decision), reason);
	event_unref(&event);
}

void bounce_hold_send_known(struct event *parent,
			    const struct bounce_hold *holds,
			    unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (holds[i].decision != BOUNCE_HOLD_PASS)
			hold_send_known(parent, &holds[i]);
	}
}

void bounce_hold_send_refused(struct event *parent,
			      const struct bounce_hold *holds,
			      unsigned int count)
{
	struct event *event = hold_event(parent);
	enum bounce_evidence least = BOUNCE_EVIDENCE_VERIFIED;

	for (unsigned int i = 0; i < count; i++)
		least = I_MIN(least, holds[i].rec->evidence);
	event_set_name(event, "bounce_mail_refused");
	event_add_str(event, "bounce_evidence", bounce_evidence_name(least));
	event_add_str(event, "bounce_counted", "yes");
	event_add_int(event, "bounce_recipients", count);
	e_info(event, "Mail refused: all of its %u recipients are suppressed",
	       count);
	event_unref(&event);
}
