/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-lock.h"
#include "bounce-pending.h"
#include "bounce-pending-idle.h"
#include "bounce-pending-tell.h"
#include "bounce-pending-work.h"
#include "bounce-store.h"
#include "bounce-user.h"

/* Short sessions are left alone. */
#define FIRST_MSECS 1000
#define AGAIN_MSECS (5 * 60 * 1000)
/* After a failure: the dictionary is left alone for a minute. */
#define RETRY_MSECS (61 * 1000)
/* Between two slices, for others to get the lock; and what one may take for the client
   not to notice. */
#define PAUSE_MSECS 50
#define READ_MSECS 20
#define SEARCH_MSECS 50
#define SEARCH_PAUSE_MSECS 1000
/* Recipients in one slice: as many as the dictionary takes in time. */
#define START_CHUNK 16
#define MAX_CHUNK BOUNCE_STORE_ADD_MAX
#define GROW_AFTER 8

struct bounce_pending_idle {
	struct mail_user *user;
	struct timeout *to;

	/* while there is something to do; with a connection of its own, as what the
	   session does meanwhile must not end it */
	struct bounce_user *bu;
	struct bounce_pending_work *work;
	unsigned int chunk, max_chunk, changed;
	/* slices in a row that were as large as may be */
	unsigned int full;
	/* the slice that goes on */
	pool_t pool;
	struct bounce_commit_later *later;
	struct bounce_pending_tell *telling;
	const struct bounce_store_report *reports;
	unsigned int count;
	uint64_t started;
	/* what reading said last */
	int read_ret;
	/* nothing is left */
	bool all;
	bool ending;
};

static void idle_check(struct bounce_pending_idle *idle);
static void idle_slice(struct bounce_pending_idle *idle);

static void idle_check_after(struct bounce_pending_idle *idle, unsigned int msecs)
{
	timeout_remove(&idle->to);
	idle->to = timeout_add_short_to(io_loop_get_root(), msecs, idle_check,
					idle);
}

static void idle_slice_after(struct bounce_pending_idle *idle, unsigned int msecs)
{
	timeout_remove(&idle->to);
	idle->to = timeout_add_short_to(io_loop_get_root(), msecs, idle_slice,
					idle);
}

static void idle_end(struct bounce_pending_idle *idle)
{
	if (idle->changed > 0) {
		e_info(idle->bu->event, "Pending reports: %u records changed",
		       idle->changed);
	}
	bounce_pending_work_end(&idle->work, idle->all);
	bounce_user_deinit(&idle->bu);
	if (!idle->ending)
		idle_check_after(idle, idle->all ? AGAIN_MSECS : RETRY_MSECS);
}

/* Not within the dictionary's callback, which would find it gone. */
static void idle_end_later(struct bounce_pending_idle *idle, bool all)
{
	idle->all = all;
	timeout_remove(&idle->to);
	idle->to = timeout_add_short_to(io_loop_get_root(), 0, idle_end, idle);
}

/* Of one slice. Returns as bounce_store_read_t. */
static int
idle_read(void *context, const struct bounce_store_report **reports_r,
	  unsigned int *count_r, const char **error_r)
{
	struct bounce_pending_idle *idle = context;
	const struct bounce_pending_limit limit = {
		.recipients = idle->chunk, .look_msecs = READ_MSECS,
		.read_msecs = READ_MSECS, .search_msecs = SEARCH_MSECS,
	};

	idle->read_ret = bounce_pending_work_read(idle->work, &limit, idle->pool,
						  reports_r, count_r, error_r);
	idle->reports = *reports_r;
	idle->count = *count_r;
	/* nobody is to find a mailbox in use */
	bounce_pending_work_close(idle->work);
	return idle->read_ret < 0 ? -1 : *count_r > 0 ? 1 : 0;
}

/* Was it the number of recipients that took too long? Then fewer will do. */
static bool idle_shrink(struct bounce_pending_idle *idle)
{
	if (idle->count == 0 || idle->chunk == 1)
		return FALSE;
	idle->full = 0;
	idle->max_chunk = I_MAX(1, idle->chunk / 2);
	idle->chunk = I_MAX(1, idle->chunk / 4);
	return TRUE;
}

/* More at once next time; and once it went well for long, what had been too much is
   tried again. */
static void idle_grow(struct bounce_pending_idle *idle)
{
	if (idle->chunk < idle->max_chunk) {
		idle->chunk = I_MIN(idle->chunk * 2, idle->max_chunk);
	} else if (++idle->full >= GROW_AFTER) {
		idle->full = 0;
		idle->max_chunk = I_MIN(idle->max_chunk * 2, MAX_CHUNK);
	}
}

static void idle_failed(struct bounce_pending_idle *idle, const char *error)
{
	const struct bounce_store *store = idle->bu->store;

	if (store != NULL && bounce_store_answered_at(store) > idle->started &&
	    idle_shrink(idle)) {
		idle_slice_after(idle, PAUSE_MSECS);
		return;
	}
	e_debug(idle->bu->event, "Reports stay pending: %s", error);
	idle_end_later(idle, FALSE);
}

/* It was recorded, and told. */
static void idle_told(int ret, const char *error, void *context)
{
	struct bounce_pending_idle *idle = context;

	if (idle->ending)
		return;
	if (ret < 0) {
		e_debug(idle->bu->event, "Reports stay pending: %s", error);
		idle_end_later(idle, FALSE);
		return;
	}
	bounce_pending_work_done(idle->work, idle->reports, idle->count);
	bounce_pending_work_close(idle->work);
	if (idle->count > 0)
		idle_grow(idle);
	idle_slice_after(idle, PAUSE_MSECS);
}

/* Not within the dictionary's callback: it is asked again. */
static void idle_tell(struct bounce_pending_idle *idle)
{
	const struct bounce_pending_news *news;
	unsigned int count;

	timeout_remove(&idle->to);
	news = bounce_pending_work_news(idle->work, &count);
	bounce_pending_tell_later(idle->bu, news, count, idle_told, idle,
				  &idle->telling);
}

static void idle_added(int ret, const char *error, void *context)
{
	struct bounce_pending_idle *idle = context;

	if (idle->ending)
		return;
	if (ret < 0) {
		idle_failed(idle, error);
	} else if (idle->read_ret == 0) {
		idle_end_later(idle, TRUE);
	} else if (idle->read_ret == BOUNCE_PENDING_WORK_LATER) {
		idle_slice_after(idle, SEARCH_PAUSE_MSECS);
	} else {
		idle->changed += ret;
		timeout_remove(&idle->to);
		idle->to = timeout_add_short_to(io_loop_get_root(), 0,
						idle_tell, idle);
	}
}

static void idle_slice(struct bounce_pending_idle *idle)
{
	struct bounce_store *store;
	const char *error;

	timeout_remove(&idle->to);
	if (bounce_user_store(idle->bu, &store, &error) < 0) {
		idle_failed(idle, error);
		return;
	}
	bounce_wait_renew(idle->bu->wait);
	p_clear(idle->pool);
	idle->reports = NULL;
	idle->count = 0;
	idle->read_ret = -1;
	idle->started = i_microseconds();
	T_BEGIN {
		bounce_store_add_later(store, idle->pool, idle_read, idle_added,
				       idle, &idle->later);
	} T_END;
}

static void idle_check(struct bounce_pending_idle *idle)
{
	const char *error;
	int ret = 0;

	idle_check_after(idle, AGAIN_MSECS);
	/* without a home the mailboxes have to be opened to know it */
	if (!bounce_pending_exists(idle->user) &&
	    bounce_lock_user_home(idle->user) != NULL)
		return;
	idle->bu = bounce_user_init(idle->user);
	if (idle->bu->set.record) T_BEGIN {
		ret = bounce_pending_work_begin(idle->bu, &idle->work, &error);
		if (ret < 0)
			e_debug(idle->bu->event, "Reports stay pending: %s",
				error);
	} T_END;
	if (ret <= 0) {
		bounce_user_deinit(&idle->bu);
		return;
	}
	bounce_pending_work_close(idle->work);
	if (idle->pool == NULL)
		idle->pool = pool_alloconly_create("bounce idle", 16384);
	idle->chunk = START_CHUNK;
	idle->max_chunk = MAX_CHUNK;
	idle->changed = 0;
	idle_slice_after(idle, PAUSE_MSECS);
}

struct bounce_pending_idle *bounce_pending_idle_init(struct mail_user *user)
{
	struct bounce_pending_idle *idle = i_new(struct bounce_pending_idle, 1);

	idle->user = user;
	idle_check_after(idle, FIRST_MSECS);
	return idle;
}

void bounce_pending_idle_deinit(struct bounce_pending_idle **_idle)
{
	struct bounce_pending_idle *idle = *_idle;

	if (idle == NULL)
		return;
	*_idle = NULL;
	idle->ending = TRUE;
	timeout_remove(&idle->to);
	if (idle->later != NULL)
		bounce_store_add_cancel(idle->later);
	if (idle->telling != NULL)
		bounce_pending_tell_cancel(idle->telling);
	if (idle->work != NULL)
		idle_end(idle);
	pool_unref(&idle->pool);
	i_free(idle);
}
