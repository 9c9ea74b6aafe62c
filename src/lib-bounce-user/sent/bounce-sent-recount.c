/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mailbox-list-iter.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-recount.h"
#include "bounce-sent-store.h"
#include "bounce-user.h"

#define DAY_SECS (24 * 60 * 60)
/* As bounce-sent-box.c: what is saved with an older Date: was sent long before. */
#define MAX_AGE_SECS (2 * DAY_SECS)

struct recount {
	pool_t pool;
	/* days back from now's, of which something was counted; or NULL */
	const struct bounce_sent *counted[BOUNCE_SENT_STORE_KEEP_DAYS];
	time_t now;
	ARRAY(struct bounce_sent_mail) mails;
	/* mails that could not be read */
	unsigned int unreadable;
};

static time_t recount_back(const struct recount *recount, time_t when)
{
	return recount->now / DAY_SECS - when / DAY_SECS;
}

/* Returns FALSE where nothing is to be counted. */
static bool recount_wants(const struct recount *recount, time_t when)
{
	time_t back = recount_back(recount, when);

	return when > 0 && when <= recount->now &&
		back < BOUNCE_SENT_STORE_KEEP_DAYS &&
		recount->counted[back] == NULL;
}

/* When it was saved here, after midnight, it was counted on that day. */
static bool
recount_was_saved_later(const struct recount *recount, time_t when,
			const char *message_id)
{
	time_t back = recount_back(recount, when);

	return back > 0 && recount->counted[back - 1] != NULL &&
		bounce_sent_saw(recount->counted[back - 1], message_id);
}

/* 1, 0 where nothing is to be counted, or -1 if it cannot be read. */
static int
recount_date(const struct recount *recount, struct mail *mail, time_t *when_r)
{
	const char *id;
	time_t date;
	int zone;

	if (mail_get_received_date(mail, when_r) < 0 ||
	    *when_r < recount->now -
		(BOUNCE_SENT_STORE_KEEP_DAYS + 2) * DAY_SECS)
		return 0;
	if (bounce_sent_header_find_id(mail, &id) < 0)
		return -1;
	/* a client may have moved it without its INTERNALDATE */
	if (mail_get_date(mail, &date, &zone) == 0 && date > 0 &&
	    date < *when_r - MAX_AGE_SECS)
		*when_r = date;
	return recount_wants(recount, *when_r) ? 1 : 0;
}

static void recount_mail(struct recount *recount, struct mail *mail)
{
	struct bounce_sent_header out;
	struct bounce_sent_mail *sent;
	time_t when;
	int ret = recount_date(recount, mail, &when);

	if (ret > 0)
		ret = bounce_sent_header_read(mail, recount->pool, &out) < 0 ?
			-1 : 1;
	/* what cannot be read is not counted */
	if (ret < 0)
		recount->unreadable++;
	if (ret <= 0 ||
	    recount_was_saved_later(recount, when, out.message_id))
		return;
	sent = array_append_space(&recount->mails);
	sent->message_id = out.message_id;
	sent->subject = out.subject;
	sent->recipients = array_count(&out.recipients);
	sent->saved = TRUE;
	sent->verifiable = out.message_id != NULL;
	sent->when = when;
}

static void recount_mails(struct recount *recount, struct mailbox *box)
{
	struct mailbox_transaction_context *trans =
		mailbox_transaction_begin(box, 0, "bounce");
	struct mail *mail = mail_alloc(trans, MAIL_FETCH_RECEIVED_DATE, NULL);
	struct mailbox_status status;
	uint32_t seq = 1;

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	if (status.messages > BOUNCE_SENT_COPY_MAX_INDEXED)
		seq = status.messages - BOUNCE_SENT_COPY_MAX_INDEXED + 1;
	for (; seq <= status.messages &&
	     recount->unreadable < BOUNCE_SENT_MAX_UNREADABLE; seq++) T_BEGIN {
		mail_set_seq(mail, seq);
		recount_mail(recount, mail);
	} T_END;
	mail_free(&mail);
	/* what was read goes to the cache; of no other use */
	if (recount->unreadable > 0)
		mailbox_transaction_rollback(&trans);
	else
		(void)mailbox_transaction_commit(&trans);
}

static int
recount_box(const struct mailbox_info *info, void *context,
	    const char **error_r)
{
	struct mailbox *box = mailbox_alloc(info->ns->list, info->vname,
					    MAILBOX_FLAG_READONLY);
	int ret = 0;

	if (mailbox_open(box) == 0 && mailbox_sync(box, 0) == 0) {
		recount_mails(context, box);
	} else if (mailbox_get_last_mail_error(box) != MAIL_ERROR_NOTFOUND) {
		*error_r = t_strdup_printf("Mailbox %s: %s", info->vname,
			mailbox_get_last_internal_error(box, NULL));
		ret = -1;
	}
	mailbox_free(&box);
	return ret;
}

/* The days that are known stay as they are. */
static int
recount_read_days(struct recount *recount, struct bounce_store *store,
		  const char **error_r)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *day;

	p_array_init(&days, recount->pool, BOUNCE_SENT_STORE_KEEP_DAYS);
	p_array_init(&broadcasts, recount->pool, 1);
	if (bounce_sent_store_read(store, recount->pool, 0, recount->now, &days,
				   &broadcasts, error_r) < 0)
		return -1;
	array_foreach(&days, day) {
		time_t back = recount_back(recount,
					   bounce_sent_day_time(day->id));

		if (day->messages > 0 && back >= 0 &&
		    back < BOUNCE_SENT_STORE_KEEP_DAYS)
			recount->counted[back] = day;
	}
	return 0;
}

static int
recount_mail_cmp(const struct bounce_sent_mail *a,
		 const struct bounce_sent_mail *b)
{
	return a->when < b->when ? -1 : (a->when > b->when ? 1 : 0);
}

/* One commit for each day. */
static int
recount_commit(struct recount *recount, struct bounce_store *store,
	       const char **error_r)
{
	const struct bounce_sent_mail *mails;
	unsigned int first, last, count;
	int ret, counted = 0;

	array_sort(&recount->mails, recount_mail_cmp);
	mails = array_get(&recount->mails, &count);
	for (first = 0; first < count; first = last) {
		for (last = first + 1; last < count &&
		     mails[last].when / DAY_SECS ==
		     mails[first].when / DAY_SECS; last++) ;
		ret = bounce_sent_store_fill(store, mails + first, last - first,
					     error_r);
		if (ret < 0)
			return -1;
		counted += ret;
	}
	return counted;
}

int bounce_sent_recount(struct bounce_user *bu, struct bounce_store *store,
			time_t now, const char **error_r)
{
	struct recount recount = { .now = now };
	const char *error;
	int ret;

	recount.pool = pool_alloconly_create("bounce recount", 16 * 1024);
	p_array_init(&recount.mails, recount.pool, 64);
	ret = recount_read_days(&recount, store, &error);
	if (ret == 0) {
		ret = bounce_sent_copy_each_box(bu->user, recount_box, &recount,
						&error);
	}
	if (ret == 0 && recount.unreadable >= BOUNCE_SENT_MAX_UNREADABLE) {
		/* a part of a day would be taken for the day */
		e_error(bu->event, "Sent mail is not counted: %s",
			BOUNCE_SENT_UNREADABLE);
	} else if (ret == 0)
		ret = recount_commit(&recount, store, &error);
	if (ret < 0)
		*error_r = t_strdup(error);
	pool_unref(&recount.pool);
	return ret;
}
