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

/* A dictionary that fails or is slow is left alone for a minute, and for ten
   times as long as it was waited for: the next mail of a client waits, too. */
#define SLOW_USECS (500 * 1000)
#define PAUSE_SECS 60
#define PAUSE_FACTOR 10
/* A mail is counted at once. From the 50th on that comes without a second's pause
   (a program sends), those that come within GATHER_MSECS share a commit. */
#define ROW_START 50
#define ROW_PAUSE_USECS (1000 * 1000)
#define GATHER_MSECS 50
/* More than that at once (an archive is copied) are counted as they come. */
#define MAX_WAITING 100

struct bounce_sent_queue {
	struct bounce_user *bu;
	/* of the waiting mails; NULL = there are none */
	pool_t pool;
	ARRAY(struct bounce_sent_mail) mails;
	struct timeout *to;
	/* mails without a pause, and when the last came, in microseconds */
	unsigned int row;
	uint64_t row_last;
	/* the dictionary is left alone until then */
	time_t pause;
};

/* The bounce was here before the copy in Sent. */
static void
queue_mark(struct bounce_sent_queue *queue, const struct bounce_sent_mail *mail)
{
	struct bounce_user *bu = queue->bu;
	const char *error;

	if (bounce_sent_copy_mark(bu->user, mail->message_id, mail->when,
				 &error) < 0)
		e_error(bu->event, "Sent mail is not marked: %s", error);
}

static int
queue_count(struct bounce_sent_queue *queue, const struct bounce_sent_mail *mails,
	    unsigned int count)
{
	struct bounce_user *bu = queue->bu;
	bool *bounced = t_new(bool, count);
	struct bounce_store *store;
	const char *error;

	if (bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_sent_store_add(store, mails, count, bounced, &error) < 0) {
		e_error(bu->event, "Sent mail is not counted: %s%s", error,
			count == 1 ? "" :
			t_strdup_printf(" (%u mails)", count));
		return -1;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (bounced[i] && mails[i].saved)
			queue_mark(queue, &mails[i]);
	}
	return 0;
}

static void queue_flush(struct bounce_sent_queue *queue)
{
	uint64_t usecs, started = i_microseconds();
	const struct bounce_sent_mail *mails;
	unsigned int count;
	int ret;

	timeout_remove(&queue->to);
	if (queue->pool == NULL)
		return;
	mails = array_get(&queue->mails, &count);
	T_BEGIN {
		ret = queue_count(queue, mails, count);
	} T_END;
	pool_unref(&queue->pool);
	usecs = i_microseconds() - started;
	if (ret < 0 || usecs > SLOW_USECS) {
		io_loop_time_refresh();
		queue->pause = ioloop_time +
			I_MAX(PAUSE_SECS, usecs / 1000000 * PAUSE_FACTOR);
	}
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

struct bounce_sent_queue *bounce_sent_queue_init(struct bounce_user *bu)
{
	struct bounce_sent_queue *queue =
		p_new(bu->pool, struct bounce_sent_queue, 1);

	queue->bu = bu;
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
	if (array_count(&queue->mails) >= MAX_WAITING)
		queue_flush(queue);
	else if (queue->to == NULL) {
		/* the process's own loop: a passing one would take it along */
		queue->to = timeout_add_short_to(io_loop_get_root(),
						 msecs, queue_flush, queue);
	}
}

void bounce_sent_queue_deinit(struct bounce_sent_queue **_queue)
{
	struct bounce_sent_queue *queue = *_queue;

	if (queue == NULL)
		return;
	*_queue = NULL;
	queue_flush(queue);
}
