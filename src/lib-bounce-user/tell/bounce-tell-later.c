/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A notice that nobody waits for. */

#include "lib.h"
#include "bounce-notice-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-notice-private.h"
#include "bounce-user.h"

struct tell_later {
	struct bounce_tell_notice notice;
	struct bounce_notice_change change;
	struct bounce_store *store;
	bounce_tell_told_t *done;
	void *context;
};

static int later_prepare(void *context, const char **error_r)
{
	struct tell_later *later = context;
	struct bounce_tell_notice *notice = &later->notice;

	if (bounce_tell_group_find(later->store, notice->about, notice->pool,
				   &notice->group, error_r) < 0)
		return -1;
	later->change.hash = p_strdup(notice->pool,
				      bounce_tell_id(notice->group.id));
	return 1;
}

static int
later_change(pool_t pool, struct bounce_tell_memory *memory,
	     struct bounce_tell_counts *counts, void *context,
	     const char **error_r)
{
	struct tell_later *later = context;
	struct bounce_tell_notice *notice = &later->notice;
	int ret;

	/* nobody is to find the mailbox in use between two answers */
	if (bounce_tell_box_open(notice->bu, &notice->box, error_r) < 0)
		return -1;
	ret = bounce_tell_notice_change(pool, memory, counts, notice, error_r);
	bounce_tell_box_close(&notice->box);
	return ret;
}

static void later_done(int ret, const char *error, void *context)
{
	struct tell_later *later = context;
	bool written = later->notice.written;

	later->done(ret < 0 ? -1 : written ? 1 : 0, written, error,
		    later->context);
	pool_unref(&later->notice.pool);
	i_free(later);
}

void bounce_tell_notice_later(struct bounce_user *bu,
			      const struct bounce_tell_about *about,
			      bounce_tell_told_t *done, void *context,
			      struct bounce_commit_later **later_r)
{
	struct tell_later *later;
	const char *error;

	if (!bounce_tell_notice_is_enabled(bu)) {
		done(0, FALSE, NULL, context);
		return;
	}
	later = i_new(struct tell_later, 1);
	bounce_tell_notice_init(&later->notice, bu, about);
	later->done = done;
	later->context = context;
	later->change.now = about->now;
	later->change.prepare = later_prepare;
	later->change.callback = later_change;
	later->change.context = later;
	if (bounce_user_store(bu, &later->store, &error) < 0)
		later_done(-1, error, later);
	else
		bounce_notice_store_change_later(later->store, &later->change,
						 later_done, later_r);
}
