/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "str.h"
#include "bounce-hold-tell.h"
#include "bounce-limits.h"
#include "bounce-notice-store.h"
#include "bounce-reason.h"
#include "bounce-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-write.h"
#include "bounce-user.h"

struct bounce_hold_tell {
	struct bounce_user *bu;
	/* what was saved there is not committed; NULL = nothing was, see
	   bounce_tell_box_is_locked() */
	struct bounce_tell_box *box;
	string_t *mail;
	time_t now;
};

static bool
hold_tell_may(struct bounce_user *bu, time_t now, const char **why_r)
{
	struct bounce_tell_counts counts;
	struct bounce_store *store;

	if ((bu->set.notice_kinds & (1U << BOUNCE_TELL_HELD)) == 0) {
		*why_r = "bounce_notice has no held";
		return FALSE;
	}
	if (bounce_user_store(bu, &store, why_r) < 0 ||
	    bounce_notice_store_counts(store, pool_datastack_create(), now,
				       &counts, why_r) < 0)
		return FALSE;
	if ((counts.off & (1U << BOUNCE_TELL_HELD)) != 0) {
		*why_r = "They answered that they want no such notices";
		return FALSE;
	}
	if (!bounce_tell_counts_allow(&counts, FALSE)) {
		*why_r = "Too many notices within this hour";
		return FALSE;
	}
	return TRUE;
}

bool bounce_hold_tell_can(struct bounce_user *bu, time_t now,
			  const char **why_r)
{
	return hold_tell_may(bu, now, why_r) &&
		bounce_tell_box_try(bu, why_r) == 0;
}

static void
hold_tell_fill(struct bounce_user *bu, const struct bounce_hold *hold,
	       struct bounce_tell *tell)
{
	const struct bounce_record *rec = hold->rec;
	struct bounce_tell_recipient *rcpt =
		array_append_space(&tell->recipients);

	rcpt->address = hold->address;
	rcpt->reason = rec->reason == NULL ? NULL :
		bounce_reason_find(rec->reason);
	rcpt->class = rec->class;
	rcpt->side = rec->side;
	rcpt->status = rec->status;
	rcpt->by = rec->by;
	rcpt->since = bounce_hold_since(rec);
	rcpt->again = bounce_hold_may_go_again(&bu->set.hold, rec);
	if (rec->state == BOUNCE_STATE_CORRECTED)
		rcpt->corrected = rec->corrected;
}

static void
hold_tell_write(struct bounce_user *bu, const struct bounce_hold_about *about,
		const struct bounce_hold *holds, unsigned int count,
		string_t *mail)
{
	struct bounce_tell_counts counts;
	struct bounce_store *store;
	const char *error;
	struct bounce_tell tell;

	i_zero(&counts);
	/* without them it is English, to our host */
	if (bounce_user_store(bu, &store, &error) == 0 &&
	    bounce_notice_store_counts(store, pool_datastack_create(),
				       about->now, &counts, &error) == 0) {
		(void)bounce_notice_store_language(store,
			pool_datastack_create(), &counts.language, &error);
	}
	bounce_tell_write_init(bu, BOUNCE_TELL_HELD, bu->user->username,
			       &counts, about->now, &tell);
	tell.original_message_id = about->message_id;
	tell.subject = about->subject;
	tell.delivered = about->sent;
	tell.again_secs = bu->set.hold.again;
	tell.tried = about->tried;
	for (unsigned int i = 0; i < count; i++) {
		if (holds[i].decision == BOUNCE_HOLD_HOLD)
			hold_tell_fill(bu, &holds[i], &tell);
	}
	bounce_tell_mail(&tell, mail);
}

static int
hold_tell_begin(struct bounce_hold_tell *tell, const char **error_r)
{
	if (bounce_tell_box_open(tell->bu, &tell->box, error_r) < 0) {
		tell->box = NULL;
		return -1;
	}
	return bounce_tell_box_save_begin(tell->box, tell->mail, error_r);
}

int bounce_hold_tell_save(struct bounce_user *bu,
			  const struct bounce_hold_about *about,
			  const struct bounce_hold *holds, unsigned int count,
			  struct bounce_hold_tell **tell_r,
			  const char **error_r)
{
	struct bounce_hold_tell *tell = i_new(struct bounce_hold_tell, 1);

	tell->bu = bu;
	tell->now = about->now;
	tell->mail = str_new(default_pool, 16 * 1024);
	hold_tell_write(bu, about, holds, count, tell->mail);
	if (hold_tell_begin(tell, error_r) < 0) {
		bounce_hold_tell_rollback(&tell);
		return -1;
	}
	/* nothing could be delivered while the relay thinks: it can be saved, and will
	   be after that */
	if (bounce_tell_box_is_locked(tell->box))
		bounce_tell_box_close(&tell->box);
	*tell_r = tell;
	return 0;
}

int bounce_hold_tell_commit(struct bounce_hold_tell **_tell,
			    const char **error_r)
{
	struct bounce_hold_tell *tell = *_tell;
	struct bounce_tell_place place;
	struct bounce_store *store;
	const char *error;
	int ret = 0;

	if (tell->box == NULL)
		ret = hold_tell_begin(tell, error_r);
	if (ret == 0) {
		ret = bounce_tell_box_save_commit(tell->box,
						  pool_datastack_create(),
						  &place, error_r);
	}
	/* within the cap of an hour */
	if (ret == 0 &&
	    (bounce_user_store(tell->bu, &store, &error) < 0 ||
	     bounce_notice_store_count(store, tell->now, &error) < 0))
		e_error(tell->bu->event, "Notice is not counted: %s", error);
	bounce_hold_tell_rollback(_tell);
	return ret;
}

void bounce_hold_tell_rollback(struct bounce_hold_tell **_tell)
{
	struct bounce_hold_tell *tell = *_tell;

	if (tell == NULL)
		return;
	*_tell = NULL;
	bounce_tell_box_close(&tell->box);
	str_free(&tell->mail);
	i_free(tell);
}

int bounce_hold_tell_now(struct bounce_user *bu,
			 const struct bounce_hold_about *about,
			 const struct bounce_hold *holds, unsigned int count,
			 const char **error_r)
{
	struct bounce_hold_tell *tell;
	const char *why;

	if (!hold_tell_may(bu, about->now, &why)) {
		e_debug(bu->event, "User is not told of recipients: %s", why);
		return 0;
	}
	if (bounce_hold_tell_save(bu, about, holds, count, &tell, error_r) < 0)
		return -1;
	return bounce_hold_tell_commit(&tell, error_r) < 0 ? -1 : 1;
}
