/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Events for other programs (a list manager by Dovecot's http-post exporter) that
   follow the dictionary. */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "bounce-store-private.h"

static struct event_category event_category_bounce = {
	.name = "bounce",
};

static const char *
announce_state(const char *state)
{
	return state == NULL ? "none" : state;
}

static bool
announce_differs(const struct bounce_was *was, const struct bounce_record *rec)
{
	if (was == NULL || rec == NULL)
		return was != NULL || rec != NULL;
	return was->state != rec->state ||
		null_strcmp(was->corrected, rec->corrected) != 0;
}

static void
announce_add_str(struct event *event, const char *key, const char *value)
{
	if (value != NULL)
		event_add_str(event, key, value);
}

/* rec NULL = it was removed, or it lapsed. */
static void
announce_change(struct event *parent, const struct bounce_change *change,
		const struct bounce_record *rec)
{
	struct event *event = event_create(parent);
	const char *old_state = announce_state(change->was == NULL ? NULL :
		bounce_state_name(change->was->state));
	const char *new_state = announce_state(rec == NULL ? NULL :
		bounce_state_name(rec->state));

	event_add_category(event, &event_category_bounce);
	event_set_append_log_prefix(event, "bounce: ");
	event_set_name(event, "bounce_address_changed");
	event_add_str(event, "bounce_address", change->address);
	event_add_str(event, "bounce_state_old", old_state);
	event_add_str(event, "bounce_state_new", new_state);
	/* of one that went: what was proven of it */
	event_add_str(event, "bounce_evidence",
		      bounce_evidence_name(rec != NULL ? rec->evidence :
					   change->was->evidence));
	event_add_str(event, "bounce_counted", "yes");
	if (rec != NULL) {
		event_add_str(event, "bounce_class",
			      bounce_class_name(rec->class));
		event_add_str(event, "bounce_side",
			      bounce_side_name(rec->side));
		announce_add_str(event, "bounce_reason", rec->reason);
		announce_add_str(event, "bounce_status", rec->status);
		announce_add_str(event, "bounce_corrected", rec->corrected);
		event_add_str(event, "bounce_by", bounce_by_name(rec->by));
	}
	e_debug(event, "%s is %s, was %s", change->address, new_state,
		old_state);
	event_unref(&event);
}

void bounce_announce(struct bounce_transaction *trans)
{
	struct event *parent = trans->dict->user->event;
	const struct bounce_change *change;
	struct bounce_record rec;
	const char *error;

	array_foreach(&trans->changes, change) T_BEGIN {
		/* its texts lie in the value that was written */
		bool stands = change->value != NULL &&
			bounce_record_decode(pool_datastack_create(),
					     change->value, &rec, &error) == 0;

		if (announce_differs(change->was, stands ? &rec : NULL))
			announce_change(parent, change, stands ? &rec : NULL);
	} T_END;
}
