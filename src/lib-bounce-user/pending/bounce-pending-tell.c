/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "mail-user.h"
#include "bounce-commit-later.h"
#include "bounce-pending-tell.h"
#include "bounce-pending-work.h"
#include "bounce-tell-notice.h"
#include "bounce-user.h"

struct bounce_pending_tell {
	struct bounce_user *bu;
	const struct bounce_pending_news *news;
	unsigned int idx, count;
	struct bounce_tell_about about;
	struct bounce_commit_later *later;
	struct timeout *to;
	bounce_pending_told_t *done;
	void *context;
	struct bounce_pending_tell **handle;
	bool cancelled;
};

static void
tell_about_init(struct bounce_user *bu, const struct bounce_pending_news *news,
		struct bounce_tell_about *about_r)
{
	i_zero(about_r);
	about_r->report = news->report;
	about_r->unproven = news->unproven;
	about_r->strange = news->strange;
	about_r->address = bu->user->username;
	about_r->folder = news->folder;
	about_r->can_wait = TRUE;
	about_r->when = I_MIN(news->when, ioloop_time);
	about_r->now = ioloop_time;
}

static bool tell_is_wanted(const struct bounce_pending_news *news)
{
	return news->when >= ioloop_time - BOUNCE_TELL_MAX_AGE_SECS;
}

/* Returns 0 if that is all that can be done, or -1. */
static int
tell_result(struct bounce_user *bu, int ret, bool written, const char *error)
{
	if (ret > 0)
		e_debug(bu->event, "Notice written");
	if (ret >= 0)
		return 0;
	/* what was written is not written again */
	if (!written && (bu->store == NULL || bounce_store_is_down(bu->store)))
		return -1;
	e_error(bu->event, "Notice is not %s: %s",
		written ? "remembered" : "written", error);
	return 0;
}

int bounce_pending_tell(struct bounce_user *bu,
			const struct bounce_pending_news *news,
			unsigned int count, const char **error_r)
{
	struct bounce_tell_about about;
	bool written;
	int ret;

	for (unsigned int i = 0; i < count; i++) {
		if (!tell_is_wanted(&news[i]))
			continue;
		tell_about_init(bu, &news[i], &about);
		ret = bounce_tell_notice(bu, &about, &written, error_r);
		if (tell_result(bu, ret, written, *error_r) < 0)
			return -1;
	}
	return 0;
}

static void
tell_finish(struct bounce_pending_tell *tell, int ret, const char *error)
{
	*tell->handle = NULL;
	timeout_remove(&tell->to);
	tell->done(ret, error, tell->context);
	i_free(tell);
}

static void tell_next(struct bounce_pending_tell *tell);

static void tell_told(int ret, bool written, const char *error, void *context)
{
	struct bounce_pending_tell *tell = context;

	if (tell->cancelled)
		return;
	if (tell_result(tell->bu, ret, written, error) < 0) {
		tell_finish(tell, -1, error);
		return;
	}
	tell->idx++;
	/* not within the driver's callback */
	tell->to = timeout_add_short_to(io_loop_get_root(), 0, tell_next, tell);
}

static void tell_next(struct bounce_pending_tell *tell)
{
	timeout_remove(&tell->to);
	while (tell->idx < tell->count &&
	       !tell_is_wanted(&tell->news[tell->idx]))
		tell->idx++;
	if (tell->idx == tell->count) {
		tell_finish(tell, 0, NULL);
		return;
	}
	tell_about_init(tell->bu, &tell->news[tell->idx], &tell->about);
	bounce_wait_renew(tell->bu->wait);
	T_BEGIN {
		bounce_tell_notice_later(tell->bu, &tell->about, tell_told,
					 tell, &tell->later);
	} T_END;
}

void bounce_pending_tell_later(struct bounce_user *bu,
			       const struct bounce_pending_news *news,
			       unsigned int count, bounce_pending_told_t *done,
			       void *context,
			       struct bounce_pending_tell **tell_r)
{
	struct bounce_pending_tell *tell = i_new(struct bounce_pending_tell, 1);

	tell->bu = bu;
	tell->news = news;
	tell->count = count;
	tell->done = done;
	tell->context = context;
	tell->handle = tell_r;
	*tell_r = tell;
	tell_next(tell);
}

void bounce_pending_tell_cancel(struct bounce_pending_tell *tell)
{
	tell->cancelled = TRUE;
	if (tell->later != NULL)
		bounce_commit_later_cancel(tell->later);
	tell_finish(tell, -1, "Given up");
}
