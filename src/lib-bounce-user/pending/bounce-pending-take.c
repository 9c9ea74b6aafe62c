/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-pending-take.h"
#include "bounce-pending-tell.h"
#include "bounce-pending-work.h"
#include "bounce-user.h"
#include "bounce-wait.h"

/* Requests that a report costs, and that a transaction costs beside its records. */
#define REQUESTS 8
#define OWN_REQUESTS 8

/* As many recipients at once as there seems to be time for: the report that came now
   shows what a request costs. */
static unsigned int take_chunk(const struct bounce_wait *wait)
{
	unsigned int left = bounce_wait_left(wait);
	unsigned int msecs = wait->used_usecs / 1000 / REQUESTS + 1;

	if (wait->each)
		return BOUNCE_STORE_ADD_MAX;
	/* each is judged, and its record read */
	return left == 0 ? 0 :
		I_MAX(1, I_MIN(BOUNCE_STORE_ADD_MAX,
			       ((int)(left / msecs) - OWN_REQUESTS) / 2));
}

static int
take_record(struct bounce_store *store,
	    const struct bounce_store_report *reports, unsigned int count,
	    pool_t pool, const char **error_r)
{
	return count == 0 ? 0 :
		bounce_store_add_many(store, reports, count, pool, error_r);
}

/* Returns 1 if there may be more, 0 if not, or -1. */
static int
take_some(struct bounce_user *bu, struct bounce_store *store,
	  struct bounce_pending_work *work, pool_t pool, unsigned int *changed,
	  const char **error_r)
{
	struct bounce_pending_limit limit = {
		.recipients = take_chunk(bu->wait),
		.look_msecs = bu->wait->each ? 0 : bounce_wait_left(bu->wait),
	};
	const struct bounce_store_report *reports;
	const struct bounce_pending_news *news;
	unsigned int count, news_count;
	int ret;

	if (limit.recipients == 0) {
		*error_r = "Out of time";
		return -1;
	}
	ret = bounce_pending_work_read(work, &limit, pool, &reports, &count,
				       error_r);
	if (ret == BOUNCE_PENDING_WORK_LATER)
		return -1;
	if (ret <= 0)
		return ret;
	ret = take_record(store, reports, count, pool, error_r);
	if (ret < 0 && bounce_store_is_down(store))
		return -1;
	if (ret < 0) {
		/* what fails for what the dictionary holds fails for ever */
		e_error(bu->event, "Reports stay unrecorded: %s", *error_r);
		count = 0;
	} else {
		*changed += ret;
	}
	news = bounce_pending_work_news(work, &news_count);
	if (bounce_pending_tell(bu, news, news_count, error_r) < 0)
		return -1;
	bounce_pending_work_done(work, reports, count);
	return 1;
}

int bounce_pending_take(struct bounce_user *bu, const char **error_r)
{
	struct bounce_pending_work *work;
	struct bounce_store *store;
	unsigned int changed = 0;
	char *error = NULL;
	int ret;

	if (bounce_user_store(bu, &store, error_r) < 0)
		return -1;
	ret = bounce_pending_work_begin(bu, &work, error_r);
	if (ret <= 0)
		return ret;
	while (ret > 0) T_BEGIN {
		pool_t pool = pool_alloconly_create("bounce pending", 16384);
		const char *failed;

		ret = take_some(bu, store, work, pool, &changed, &failed);
		if (ret < 0)
			error = i_strdup(failed);
		pool_unref(&pool);
	} T_END;
	bounce_pending_work_end(&work, ret == 0);
	if (ret < 0)
		*error_r = t_strdup(error);
	i_free(error);
	return ret < 0 ? -1 : (int)changed;
}
