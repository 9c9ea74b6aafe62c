/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What went out. */

#include "lib.h"
#include "array.h"
#include "bounce-commit-later.h"
#include "bounce-sent-store-private.h"

/* So long after midnight a copy may be saved of a mail that was sent before. */
#define MIDNIGHT_SECS (10 * 60)

/* A broadcast's counters, from its own key or within the day. */
static int
sent_count_mail(struct bounce_transaction *trans, struct bounce_sent *day,
		const struct bounce_sent_mail *mail, const char **error_r)
{
	pool_t pool = trans->pool;
	const char *id = bounce_sent_id(day->id, mail->subject,
					mail->message_id);
	struct bounce_sent sent;

	if (bounce_sent_is_broadcast(day, id)) {
		if (bounce_sent_store_get(trans, id, &sent, error_r) < 0)
			return -1;
		bounce_sent_count(&sent, pool, mail);
		bounce_sent_store_put(trans, &sent);
		return 0;
	}
	bounce_sent_count(bounce_sent_get(day, pool, id), pool, mail);
	if (bounce_sent_promote(day, pool, id, &sent))
		bounce_sent_store_put(trans, &sent);
	return 0;
}

static int
sent_seen_yesterday(struct bounce_transaction *trans,
		    const struct bounce_sent_mail *mail,
		    const char **error_r)
{
	struct bounce_sent day;
	int ret;

	if (mail->when % DAY_SECS >= MIDNIGHT_SECS || mail->message_id == NULL)
		return 0;
	ret = bounce_sent_store_get(trans, bounce_sent_day(mail->when - DAY_SECS),
				&day, error_r);
	return ret > 0 ? (bounce_sent_saw(&day, mail->message_id) ? 1 : 0) :
		ret;
}

/* Mails are mostly of one day: it is read and written once for all of them. */
struct open_day {
	struct bounce_sent day;
	/* it has begun; it is to be written */
	bool exists, changed;
};

static void
sent_close_day(struct bounce_transaction *trans, struct open_day *open)
{
	if (open->changed)
		bounce_sent_store_put(trans, &open->day);
	open->changed = FALSE;
}

static int
sent_open_day(struct bounce_transaction *trans, struct open_day *open,
	      time_t when,
	      const char **error_r)
{
	const char *id = bounce_sent_day(when);
	int ret;

	if (open->day.id != NULL && strcmp(open->day.id, id) == 0)
		return 0;
	sent_close_day(trans, open);
	ret = bounce_sent_store_get(trans, id, &open->day, error_r);
	open->exists = ret > 0;
	return ret < 0 ? -1 : 0;
}

/* 1 = counted, 0 = nothing to count */
static int
add_mail(struct bounce_transaction *trans, struct open_day *open,
	  const struct bounce_sent_mail *mail, bool *bounced_r,
	  const char **error_r)
{
	pool_t pool = trans->pool;
	struct bounce_sent *day = &open->day;
	int ret;

	if (sent_open_day(trans, open, mail->when, error_r) < 0)
		return -1;
	*bounced_r = bounce_sent_bounced(day, mail->message_id);
	if (mail->recipients == 0 || bounce_sent_saw(day, mail->message_id))
		return 0;
	ret = sent_seen_yesterday(trans, mail, error_r);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if ((!open->exists || (mail->verifiable && !day->verifiable)) &&
	    bounce_sent_store_begin_day(trans, day->id, mail->verifiable,
				    mail->when, error_r) < 0)
		return -1;
	(void)bounce_sent_see(day, pool, mail->message_id);
	bounce_sent_count(day, pool, mail);
	open->exists = open->changed = TRUE;
	return sent_count_mail(trans, day, mail, error_r) < 0 ? -1 : 1;
}

struct add_mails {
	const struct bounce_sent_mail *mails;
	unsigned int count;
	bool *bounced;
};

static int
add_mails(struct bounce_transaction *trans, void *context,
	  const char **error_r)
{
	const struct add_mails *add = context;
	struct open_day open;
	int ret = 0, counted = 0;

	i_zero(&open);
	for (unsigned int i = 0; i < add->count && ret >= 0; i++) {
		const char *error;

		T_BEGIN {
			ret = add_mail(trans, &open, &add->mails[i],
				       &add->bounced[i], &error);
			if (ret < 0)
				error = p_strdup(trans->pool, error);
		} T_END;
		if (ret > 0)
			counted++;
		else if (ret < 0)
			*error_r = t_strdup(error);
	}
	if (ret < 0)
		return -1;
	sent_close_day(trans, &open);
	return counted;
}

int bounce_sent_store_add(struct bounce_store *store,
			  const struct bounce_sent_mail *mails,
			  unsigned int count, bool *bounced_r,
			  const char **error_r)
{
	struct add_mails add = {
		.mails = mails, .count = count, .bounced = bounced_r
	};

	memset(bounced_r, 0, count * sizeof(*bounced_r));
	return bounce_commit_transact(store, add_mails, &add, error_r);
}

void bounce_sent_store_add_later(struct bounce_store *store, pool_t pool,
				 const struct bounce_sent_mail *mails,
				 unsigned int count, bool *bounced_r,
				 void (*done)(int ret, const char *error,
					      void *context),
				 void *context,
				 struct bounce_commit_later **later_r)
{
	struct add_mails *add = p_new(pool, struct add_mails, 1);

	add->mails = mails;
	add->count = count;
	add->bounced = bounced_r;
	memset(bounced_r, 0, count * sizeof(*bounced_r));
	bounce_commit_later(store, add_mails, add, done, context, later_r);
}

void bounce_sent_store_add_cancel(struct bounce_commit_later *later)
{
	bounce_commit_later_cancel(later);
}
