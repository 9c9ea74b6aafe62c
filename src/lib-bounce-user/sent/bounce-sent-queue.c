/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "time-util.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-sent-queue.h"
#include "bounce-user.h"

/* A dictionary that fails is left alone for a minute. */
#define PAUSE_SECS 60
/* A mail is counted at once. From the 50th on that comes without a second's pause
   (a program sends), those that come within GATHER_MSECS share a commit. */
#define ROW_START 50
#define ROW_PAUSE_USECS (1000 * 1000)
#define GATHER_MSECS 50
/* More than that at once (an archive is copied) are counted as they come. */
#define MAX_WAITING 100

struct queue_job {
	bounce_sent_queue_job_t *job;
	void *context;
};

struct bounce_sent_queue {
	struct bounce_user *bu;
	/* called for the copies that were saved, once they are counted and
	   nothing of the dictionary's is going on */
	bounce_sent_queue_saved_t *saved;
	ARRAY_TYPE(const_string) saved_ids;
	struct timeout *saved_to;
	/* bounce_sent_queue_run() */
	ARRAY(struct queue_job) jobs;
	struct timeout *jobs_to;
	/* of the waiting mails; NULL = there are none */
	pool_t pool;
	ARRAY(struct bounce_sent_mail) mails;
	struct timeout *to;
	/* those that are being counted, while it goes on in the background */
	struct bounce_commit_later *later;
	pool_t flight_pool;
	const struct bounce_sent_mail *flight;
	unsigned int flight_count;
	bool *flight_bounced;
	/* the session ends; what goes on in the background is given up */
	bool ending, giving_up;
	/* mails without a pause, and when the last came, in microseconds */
	unsigned int row;
	uint64_t row_last;
	/* the dictionary is left alone until then */
	time_t pause;
};

static void queue_flush(struct bounce_sent_queue *queue);

/* The bounce was here before the copy in Sent. */
static void
queue_mark(struct bounce_sent_queue *queue, const struct bounce_sent_mail *mail)
{
	struct bounce_user *bu = queue->bu;
	const char *error;

	if (bounce_sent_copy_mark(bu->user, mail->message_id, mail->when,
				 bu->set.flag, &error) < 0)
		e_error(bu->event, "Sent mail is not marked: %s", error);
}

static void queue_tell_saved(struct bounce_sent_queue *queue)
{
	const char *id;
	char *copy;

	timeout_remove(&queue->saved_to);
	if (!array_is_created(&queue->saved_ids))
		return;
	while (!array_is_empty(&queue->saved_ids)) {
		id = array_idx_elem(&queue->saved_ids, 0);
		array_pop_front(&queue->saved_ids);
		T_BEGIN {
			queue->saved(queue->bu, id);
		} T_END;
		copy = (char *)id;
		i_free(copy);
	}
	array_free(&queue->saved_ids);
}

static void
queue_remember_saved(struct bounce_sent_queue *queue,
		     const struct bounce_sent_mail *mail)
{
	const char *id;

	if (queue->saved == NULL || !mail->saved || mail->message_id == NULL)
		return;
	if (!array_is_created(&queue->saved_ids))
		i_array_init(&queue->saved_ids, 4);
	id = i_strdup(mail->message_id);
	array_push_back(&queue->saved_ids, &id);
	if (!queue->ending && queue->saved_to == NULL) {
		queue->saved_to = timeout_add_short_to(io_loop_get_root(), 0,
						queue_tell_saved, queue);
	}
}

static void queue_run_jobs(struct bounce_sent_queue *queue)
{
	struct queue_job job;

	timeout_remove(&queue->jobs_to);
	if (!array_is_created(&queue->jobs))
		return;
	/* one budget for all; at the end somebody else may be waiting */
	if (!queue->ending)
		bounce_wait_renew(queue->bu->wait);
	/* a job may bring another, or a mail that is counted in the
	   background */
	while (queue->later == NULL && !array_is_empty(&queue->jobs)) {
		job = *array_front(&queue->jobs);
		array_pop_front(&queue->jobs);
		T_BEGIN {
			job.job(job.context);
		} T_END;
	}
	if (array_is_empty(&queue->jobs))
		array_free(&queue->jobs);
}

static void queue_run_jobs_later(struct bounce_sent_queue *queue)
{
	if (array_is_created(&queue->jobs) && !queue->ending &&
	    queue->later == NULL && queue->jobs_to == NULL) {
		queue->jobs_to = timeout_add_short_to(io_loop_get_root(), 0,
						      queue_run_jobs, queue);
	}
}

static void queue_counted(int ret, const char *error, void *context)
{
	struct bounce_sent_queue *queue = context;
	unsigned int count = queue->flight_count;

	/* to be waited for instead */
	if (queue->giving_up)
		return;
	if (ret < 0 && !bounce_user_is_quiet(queue->bu)) {
		e_error(queue->bu->event, "Sent mail is not counted: %s%s",
			error, count == 1 ? "" :
			t_strdup_printf(" (%u mails)", count));
	}
	for (unsigned int i = 0; i < count && ret >= 0; i++) {
		if (queue->flight_bounced[i] && queue->flight[i].saved)
			queue_mark(queue, &queue->flight[i]);
		queue_remember_saved(queue, &queue->flight[i]);
	}
	if (ret < 0) {
		io_loop_time_refresh();
		queue->pause = ioloop_time + PAUSE_SECS;
	}
	pool_unref(&queue->flight_pool);
	/* what came meanwhile */
	if (queue->pool != NULL && queue->to == NULL && !queue->ending) {
		queue->to = timeout_add_short_to(io_loop_get_root(), 0,
						 queue_flush, queue);
	}
	queue_run_jobs_later(queue);
}

static void queue_count_now(struct bounce_sent_queue *queue)
{
	struct bounce_store *store;
	const char *error;
	int ret = -1;

	if (bounce_user_store(queue->bu, &store, &error) == 0) {
		ret = bounce_sent_store_add(store, queue->flight,
					    queue->flight_count,
					    queue->flight_bounced, &error);
	}
	queue_counted(ret, error, queue);
}

/* Nobody waits, but at the end. */
static void queue_count(struct bounce_sent_queue *queue)
{
	struct bounce_store *store;
	const char *error;

	queue->flight_pool = queue->pool;
	queue->pool = NULL;
	queue->flight = array_get(&queue->mails, &queue->flight_count);
	queue->flight_bounced = p_new(queue->flight_pool, bool,
				      queue->flight_count);
	if (queue->ending)
		queue_count_now(queue);
	else if (bounce_user_store(queue->bu, &store, &error) < 0)
		queue_counted(-1, error, queue);
	else {
		bounce_sent_store_add_later(store, queue->flight_pool,
			queue->flight, queue->flight_count,
			queue->flight_bounced, queue_counted, queue,
			&queue->later);
	}
}

static void queue_flush(struct bounce_sent_queue *queue)
{
	timeout_remove(&queue->to);
	if (queue->pool == NULL || queue->later != NULL)
		return;
	T_BEGIN {
		queue_count(queue);
	} T_END;
}

/* Returns how long the mail that came now may wait for others. */
static unsigned int queue_wait_msecs(struct bounce_sent_queue *queue)
{
	uint64_t now = i_microseconds();

	if (now - queue->row_last >= ROW_PAUSE_USECS)
		queue->row = 0;
	queue->row_last = now;
	return ++queue->row < ROW_START ? 0 : GATHER_MSECS;
}

struct bounce_sent_queue *
bounce_sent_queue_init(struct bounce_user *bu,
		       bounce_sent_queue_saved_t *saved)
{
	struct bounce_sent_queue *queue =
		p_new(bu->pool, struct bounce_sent_queue, 1);

	queue->bu = bu;
	queue->saved = saved;
	return queue;
}

void bounce_sent_queue_add(struct bounce_sent_queue *queue,
			   const struct bounce_sent_mail *mail)
{
	struct bounce_sent_mail *one;
	unsigned int msecs = queue_wait_msecs(queue);

	if (mail->when < queue->pause)
		return;
	if (queue->pool == NULL) {
		queue->pool = pool_alloconly_create("bounce queue", 1024);
		p_array_init(&queue->mails, queue->pool, 4);
	}
	one = array_append_space(&queue->mails);
	*one = *mail;
	one->message_id = p_strdup(queue->pool, mail->message_id);
	one->subject = p_strdup(queue->pool, mail->subject);
	one->queue_id = p_strdup(queue->pool, mail->queue_id);
	if (mail->addresses != NULL)
		one->addresses = p_strarray_dup(queue->pool, mail->addresses);
	if (array_count(&queue->mails) >= MAX_WAITING &&
	    queue->later == NULL)
		queue_flush(queue);
	else if (queue->to == NULL && queue->later == NULL && !queue->ending) {
		/* the process's own loop: a passing one would take it along */
		queue->to = timeout_add_short_to(io_loop_get_root(),
						 msecs, queue_flush, queue);
	}
}

void bounce_sent_queue_run(struct bounce_sent_queue *queue,
			   bounce_sent_queue_job_t *job, void *context)
{
	struct queue_job *one;

	if (!array_is_created(&queue->jobs))
		i_array_init(&queue->jobs, 4);
	one = array_append_space(&queue->jobs);
	one->job = job;
	one->context = context;
	queue_run_jobs_later(queue);
}

void bounce_sent_queue_deinit(struct bounce_sent_queue **_queue)
{
	struct bounce_sent_queue *queue = *_queue;

	if (queue == NULL)
		return;
	*_queue = NULL;
	queue->ending = TRUE;
	timeout_remove(&queue->to);
	if (queue->later != NULL) {
		queue->giving_up = TRUE;
		bounce_sent_store_add_cancel(queue->later);
		queue->giving_up = FALSE;
		T_BEGIN {
			queue_count_now(queue);
		} T_END;
	}
	queue_run_jobs(queue);
	if (queue->pool != NULL) T_BEGIN {
		queue_count(queue);
	} T_END;
	queue_tell_saved(queue);
}
