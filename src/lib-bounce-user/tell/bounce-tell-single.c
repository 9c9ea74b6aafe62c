/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-store.h"
#include "bounce-reason.h"
#include "bounce-sent.h"
#include "bounce-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-single.h"
#include "bounce-tell-write.h"
#include "bounce-user.h"

struct tell_single {
	struct bounce_user *bu;
	const struct bounce_tell_single *single;
	bool written;
};

static void
single_fill(const struct bounce_tell_single *single, struct bounce_tell *tell)
{
	const struct bounce_record *rec = single->record;
	struct bounce_tell_recipient *rcpt;

	tell->folder = single->folder;
	tell->count = single->count;
	if (rec == NULL)
		return;
	rcpt = array_append_space(&tell->recipients);
	rcpt->address = rec->address;
	rcpt->reason = rec->reason == NULL ? NULL :
		bounce_reason_find(rec->reason);
	rcpt->class = rec->class;
	rcpt->side = rec->side;
}

static int
single_save(struct tell_single *context, pool_t pool,
	    const struct bounce_tell_counts *counts,
	    struct bounce_tell_place *place_r, const char **error_r)
{
	const struct bounce_tell_single *single = context->single;
	struct bounce_tell_box *box;
	struct bounce_tell tell;
	int ret;

	bounce_tell_write_init(context->bu, single->kind, single->address,
			       counts, single->now, &tell);
	single_fill(single, &tell);
	if (bounce_tell_box_open(context->bu, &box, error_r) < 0)
		return -1;
	ret = bounce_tell_write(box, &tell, pool, place_r, error_r);
	bounce_tell_box_close(&box);
	return ret;
}

static int
single_change(pool_t pool, struct bounce_tell_memory *memory,
	      struct bounce_tell_counts *counts, void *_context,
	      const char **error_r)
{
	struct tell_single *context = _context;
	struct bounce_tell_place place;

	i_zero(&place);
	/* the dictionary may be restarted meanwhile, and ask again */
	if (!context->written) {
		if (array_count(&memory->places) > 0 ||
		    (counts->off & (1U << context->single->kind)) != 0 ||
		    !bounce_tell_counts_allow(counts, FALSE))
			return 0;
		if (single_save(context, pool, counts, &place, error_r) < 0)
			return -1;
		context->written = TRUE;
	}
	place.mail = "";
	array_push_back(&memory->places, &place);
	memory->when = context->single->now;
	bounce_tell_counts_add(counts, FALSE);
	return 1;
}

int bounce_tell_single(struct bounce_user *bu,
		       const struct bounce_tell_single *single,
		       const char **error_r)
{
	struct tell_single context = { .bu = bu, .single = single };
	struct bounce_store *store;
	const char *hash;

	hash = bounce_tell_id(t_strdup_printf("%s %s %s",
		bounce_tell_kind_name(single->kind),
		bounce_sent_day(single->now), single->id));
	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    bounce_notice_store_change(store, hash, single->now, single_change,
				       &context, error_r) < 0)
		return -1;
	return context.written ? 1 : 0;
}
