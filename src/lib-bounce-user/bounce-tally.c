/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "time-util.h"
#include "bounce-original.h"
#include "bounce-sender.h"
#include "bounce-store.h"
#include "bounce-tally.h"
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

struct bounce_tally {
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
mark(struct bounce_tally *tally, const struct bounce_sent_mail *mail)
{
	struct bounce_user *bu = tally->bu;
	const char *error;

	if (bounce_original_mark(bu->user, mail->message_id, mail->when,
				 &error) < 0)
		e_error(bu->event, "Sent mail is not marked: %s", error);
}

static int
count_mails(struct bounce_tally *tally, const struct bounce_sent_mail *mails,
	    unsigned int count)
{
	struct bounce_user *bu = tally->bu;
	bool *bounced = t_new(bool, count);
	struct bounce_store *store;
	const char *error;

	if (bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_sender_add(store, mails, count, bounced, &error) < 0) {
		e_error(bu->event, "Sent mail is not counted: %s%s", error,
			count == 1 ? "" :
			t_strdup_printf(" (%u mails)", count));
		return -1;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (bounced[i] && mails[i].saved)
			mark(tally, &mails[i]);
	}
	return 0;
}

static void count_all(struct bounce_tally *tally)
{
	uint64_t usecs, started = i_microseconds();
	const struct bounce_sent_mail *mails;
	unsigned int count;
	int ret;

	timeout_remove(&tally->to);
	if (tally->pool == NULL)
		return;
	mails = array_get(&tally->mails, &count);
	T_BEGIN {
		ret = count_mails(tally, mails, count);
	} T_END;
	pool_unref(&tally->pool);
	usecs = i_microseconds() - started;
	if (ret < 0 || usecs > SLOW_USECS) {
		io_loop_time_refresh();
		tally->pause = ioloop_time +
			I_MAX(PAUSE_SECS, usecs / 1000000 * PAUSE_FACTOR);
	}
}

/* Returns how long the mail that came now may wait for others. */
static unsigned int gather_msecs(struct bounce_tally *tally)
{
	uint64_t now = i_microseconds();

	if (now - tally->row_last >= ROW_PAUSE_USECS)
		tally->row = 0;
	tally->row_last = now;
	return ++tally->row < ROW_START ? 0 : GATHER_MSECS;
}

static struct bounce_tally *get_tally(struct bounce_user *bu)
{
	if (bu->tally == NULL) {
		bu->tally = p_new(bu->pool, struct bounce_tally, 1);
		bu->tally->bu = bu;
	}
	return bu->tally;
}

void bounce_tally_add(struct bounce_user *bu,
		      const struct bounce_sent_mail *mail)
{
	struct bounce_tally *tally = get_tally(bu);
	struct bounce_sent_mail *one;
	unsigned int msecs = gather_msecs(tally);

	if (mail->when < tally->pause)
		return;
	if (tally->pool == NULL) {
		tally->pool = pool_alloconly_create("bounce tally", 1024);
		p_array_init(&tally->mails, tally->pool, 4);
	}
	one = array_append_space(&tally->mails);
	*one = *mail;
	one->message_id = p_strdup(tally->pool, mail->message_id);
	one->subject = p_strdup(tally->pool, mail->subject);
	if (array_count(&tally->mails) >= MAX_WAITING)
		count_all(tally);
	else if (tally->to == NULL) {
		/* the process's own loop: a passing one would take it along */
		tally->to = timeout_add_short_to(io_loop_get_root(),
						 msecs, count_all, tally);
	}
}

void bounce_tally_deinit(struct bounce_tally **_tally)
{
	struct bounce_tally *tally = *_tally;

	if (tally == NULL)
		return;
	*_tally = NULL;
	count_all(tally);
}
