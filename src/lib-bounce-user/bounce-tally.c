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
/* More than that at once (an archive is copied) are counted as they come. */
#define MAX_WAITING 100

struct tally_mail {
	struct bounce_sent_mail mail;
	time_t when;
};

struct bounce_tally {
	struct bounce_user *bu;
	/* of the waiting mails; NULL = there are none */
	pool_t pool;
	ARRAY(struct tally_mail) mails;
	struct timeout *to;
	/* the dictionary is left alone until then */
	time_t pause;
};

/* The bounce was here before the copy in Sent. */
static void mark(struct bounce_tally *tally, const struct tally_mail *one)
{
	struct bounce_user *bu = tally->bu;
	const char *error;

	if (bounce_original_mark(bu->user, one->mail.message_id, one->when,
				 &error) < 0)
		e_error(bu->event, "Sent mail is not marked: %s", error);
}

static void count_one(struct bounce_tally *tally, const struct tally_mail *one)
{
	struct bounce_user *bu = tally->bu;
	uint64_t usecs, started = i_microseconds();
	struct bounce_store *store;
	const char *error;
	bool bounced = FALSE;
	int ret;

	if (one->when < tally->pause)
		return;
	ret = bounce_user_store(bu, &store, &error);
	if (ret == 0)
		ret = bounce_sender_add(store, &one->mail, one->when, &bounced,
					&error);
	if (ret < 0)
		e_error(bu->event, "Sent mail is not counted: %s", error);
	else if (bounced && one->mail.saved)
		mark(tally, one);
	usecs = i_microseconds() - started;
	if (ret < 0 || usecs > SLOW_USECS) {
		io_loop_time_refresh();
		tally->pause = ioloop_time +
			I_MAX(PAUSE_SECS, usecs / 1000000 * PAUSE_FACTOR);
	}
}

static void count_all(struct bounce_tally *tally)
{
	const struct tally_mail *one;

	timeout_remove(&tally->to);
	if (tally->pool == NULL)
		return;
	array_foreach(&tally->mails, one) T_BEGIN {
		count_one(tally, one);
	} T_END;
	pool_unref(&tally->pool);
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
		      const struct bounce_sent_mail *mail, time_t now)
{
	struct bounce_tally *tally = get_tally(bu);
	struct tally_mail *one;

	if (now < tally->pause)
		return;
	if (tally->pool == NULL) {
		tally->pool = pool_alloconly_create("bounce tally", 1024);
		p_array_init(&tally->mails, tally->pool, 4);
	}
	one = array_append_space(&tally->mails);
	one->mail = *mail;
	one->mail.message_id = p_strdup(tally->pool, mail->message_id);
	one->mail.subject = p_strdup(tally->pool, mail->subject);
	one->when = now;
	if (array_count(&tally->mails) >= MAX_WAITING)
		count_all(tally);
	else if (tally->to == NULL) {
		/* the process's own loop: a passing one would take it along */
		tally->to = timeout_add_short_to(io_loop_get_root(), 0,
						 count_all, tally);
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
