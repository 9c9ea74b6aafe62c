/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-hold-note.h"
#include "bounce-store.h"
#include "bounce-user.h"

struct hold_one {
	/* normal form */
	const char *address;
	enum bounce_hold_decision decision;
	/* by a mail that was not held before */
	bool anew;
};

struct hold_note {
	ARRAY(struct hold_one) ones;
	const char *message_id;
	time_t now;
};

static struct hold_one *
hold_find(struct hold_note *note, const char *address)
{
	struct hold_one *one;

	array_foreach_modifiable(&note->ones, one) {
		if (strcmp(one->address, address) == 0)
			return one;
	}
	return NULL;
}

static bool
hold_change(pool_t pool, struct bounce_record *rec, bool exists, void *context)
{
	struct hold_note *note = context;
	struct hold_one *one = hold_find(note, rec->address);
	unsigned int before = rec->holds;
	bool changed;

	/* removed meanwhile */
	if (!exists || one == NULL)
		return FALSE;
	if (one->decision == BOUNCE_HOLD_AGAIN)
		return bounce_hold_note_again(rec, note->now);
	changed = bounce_hold_note_held(pool, rec, note->message_id, note->now);
	one->anew = rec->holds > before;
	return changed;
}

static void
hold_collect(struct hold_note *note, const struct bounce_hold *holds,
	     unsigned int count, ARRAY_TYPE(const_string) *addresses)
{
	struct hold_one *one;

	for (unsigned int i = 0; i < count; i++) {
		if ((holds[i].decision != BOUNCE_HOLD_HOLD &&
		     holds[i].decision != BOUNCE_HOLD_AGAIN) ||
		    hold_find(note, holds[i].rec->address) != NULL)
			continue;
		one = array_append_space(&note->ones);
		one->address = holds[i].rec->address;
		one->decision = holds[i].decision;
		array_push_back(addresses, &one->address);
	}
	array_append_zero(addresses);
	array_pop_back(addresses);
}

int bounce_hold_note(struct bounce_user *bu, const struct bounce_hold *holds,
		     unsigned int count, const char *message_id, time_t now,
		     unsigned int *held_r, const char **error_r)
{
	struct hold_note note = { .message_id = message_id, .now = now };
	ARRAY_TYPE(const_string) addresses;
	const struct hold_one *one;
	struct bounce_store *store;

	*held_r = 0;
	t_array_init(&note.ones, count + 1);
	t_array_init(&addresses, count + 1);
	hold_collect(&note, holds, count, &addresses);
	if (array_is_empty(&addresses))
		return 0;
	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    bounce_store_change_many(store, array_front(&addresses), now,
				     hold_change, &note, error_r) < 0)
		return -1;
	array_foreach(&note.ones, one) {
		if (one->anew)
			(*held_r)++;
	}
	return 0;
}
