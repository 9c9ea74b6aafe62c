/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-hold.h"

const char *const bounce_hold_mode_names[BOUNCE_HOLD_MODE_COUNT + 1] = {
	"no", "report", "enforce", NULL
};
const char *const bounce_hold_reply_names[BOUNCE_HOLD_REPLY_COUNT + 1] = {
	"auto", "rcpt", NULL
};
const char *const bounce_hold_decision_names[BOUNCE_HOLD_DECISION_COUNT + 1] = {
	"pass", "report", "again", "hold", NULL
};

const char *bounce_hold_decision_name(enum bounce_hold_decision decision)
{
	return bounce_hold_decision_names[decision];
}

/* RFC 2142: whoever asks there why nothing arrives must get through. */
static bool hold_is_role(const char *address)
{
	const char *at = strrchr(address, '@');
	const char *local = at == NULL ? address : t_strdup_until(address, at);

	return strcmp(local, "postmaster") == 0 || strcmp(local, "abuse") == 0;
}

static bool hold_is_unwanted(const struct bounce_record *rec)
{
	return rec->state == BOUNCE_STATE_SUPPRESSED ||
		rec->state == BOUNCE_STATE_CORRECTED;
}

bool bounce_hold_may_go_again(const struct bounce_hold_settings *set,
			      const struct bounce_record *rec)
{
	return set->again > BOUNCE_HOLD_AGAIN_MIN_SECS &&
		rec->state == BOUNCE_STATE_SUPPRESSED &&
		(rec->by == BOUNCE_BY_BOUNCE || rec->by == BOUNCE_BY_IMPORT);
}

void bounce_hold_copy(pool_t pool, const struct bounce_hold *src,
		      struct bounce_hold *dest_r)
{
	struct bounce_record *rec = p_new(pool, struct bounce_record, 1);

	bounce_record_copy(pool, src->rec, rec);
	dest_r->address = p_strdup(pool, src->address);
	dest_r->decision = src->decision;
	dest_r->rec = rec;
}

static bool
hold_is_same_try(const struct bounce_record *rec, const char *message_id)
{
	const char *id, *held;

	if (message_id == NULL)
		return FALSE;
	id = bounce_incident_id(pool_datastack_create(), message_id);
	array_foreach_elem(&rec->held_ids, held) {
		if (strcmp(held, id) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool
hold_is_second_try(const struct bounce_hold_settings *set,
		   const struct bounce_record *rec, const char *message_id,
		   time_t now)
{
	time_t age = now - rec->held;

	return bounce_hold_may_go_again(set, rec) &&
		rec->held > rec->retried && rec->held > rec->released &&
		age >= BOUNCE_HOLD_AGAIN_MIN_SECS &&
		age <= (time_t)set->again &&
		!hold_is_same_try(rec, message_id);
}

enum bounce_hold_decision
bounce_hold_decide(const struct bounce_hold_settings *set,
		   const struct bounce_record *rec, const char *message_id,
		   time_t now)
{
	bool role, again;

	if (set->mode == BOUNCE_HOLD_MODE_NO || rec == NULL ||
	    bounce_record_lapsed(rec, now) || !hold_is_unwanted(rec))
		return BOUNCE_HOLD_PASS;
	T_BEGIN {
		role = hold_is_role(rec->address);
		again = hold_is_second_try(set, rec, message_id, now);
	} T_END;
	if (role)
		return BOUNCE_HOLD_PASS;
	if (set->mode == BOUNCE_HOLD_MODE_REPORT)
		return BOUNCE_HOLD_REPORT;
	return again ? BOUNCE_HOLD_AGAIN : BOUNCE_HOLD_HOLD;
}

bool bounce_hold_note_held(pool_t pool, struct bounce_record *rec,
			   const char *message_id, time_t now)
{
	const char *id;
	bool same;

	/* a person changed it meanwhile */
	if (!hold_is_unwanted(rec))
		return FALSE;
	T_BEGIN {
		same = hold_is_same_try(rec, message_id);
	} T_END;
	rec->held = now;
	if (same)
		return TRUE;
	rec->holds++;
	if (message_id != NULL) {
		if (array_count(&rec->held_ids) >= BOUNCE_MAX_HELD)
			array_pop_front(&rec->held_ids);
		id = bounce_incident_id(pool, message_id);
		array_push_back(&rec->held_ids, &id);
	}
	return TRUE;
}

bool bounce_hold_note_again(struct bounce_record *rec, time_t now)
{
	if (!hold_is_unwanted(rec))
		return FALSE;
	rec->retried = now;
	return TRUE;
}
