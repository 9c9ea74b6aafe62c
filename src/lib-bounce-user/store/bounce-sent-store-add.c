/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What went out. */

#include "lib.h"
#include "array.h"
#include "bounce-sent-store-private.h"

/* How often a delivery begins anew when another Dovecot comes between. */
#define MAX_TRIES 10
/* So long after midnight a copy may be saved of a mail that was sent before. */
#define MIDNIGHT_SECS (10 * 60)

/* A broadcast's counters, from its own key or within the day. */
static int
count_mail(struct bounce_transaction *edit, struct bounce_sent *day,
	   const struct bounce_sent_mail *mail, const char **error_r)
{
	pool_t pool = bounce_transaction_pool(edit);
	const char *id = bounce_sent_id(day->id, mail->subject,
					mail->message_id);
	struct bounce_sent sent;

	if (bounce_sent_is_broadcast(day, id)) {
		if (bounce_sent_store_get(edit, id, &sent, error_r) < 0)
			return -1;
		bounce_sent_count(&sent, pool, mail);
		bounce_sent_store_put(edit, &sent);
		return 0;
	}
	bounce_sent_count(bounce_sent_get(day, pool, id), pool, mail);
	if (bounce_sent_promote(day, pool, id, &sent))
		bounce_sent_store_put(edit, &sent);
	return 0;
}

static int
seen_yesterday(struct bounce_transaction *edit, const struct bounce_sent_mail *mail,
	       const char **error_r)
{
	struct bounce_sent day;
	int ret;

	if (mail->when % DAY_SECS >= MIDNIGHT_SECS || mail->message_id == NULL)
		return 0;
	ret = bounce_sent_store_get(edit, bounce_sent_day(mail->when - DAY_SECS),
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

static void close_day(struct bounce_transaction *edit, struct open_day *open)
{
	if (open->changed)
		bounce_sent_store_put(edit, &open->day);
	open->changed = FALSE;
}

static int
open_day(struct bounce_transaction *edit, struct open_day *open, time_t when,
	 const char **error_r)
{
	const char *id = bounce_sent_day(when);
	int ret;

	if (open->day.id != NULL && strcmp(open->day.id, id) == 0)
		return 0;
	close_day(edit, open);
	ret = bounce_sent_store_get(edit, id, &open->day, error_r);
	open->exists = ret > 0;
	return ret < 0 ? -1 : 0;
}

/* 1 = counted, 0 = nothing to count */
static int
edit_mail(struct bounce_transaction *edit, struct open_day *open,
	  const struct bounce_sent_mail *mail, bool *bounced_r,
	  const char **error_r)
{
	pool_t pool = bounce_transaction_pool(edit);
	struct bounce_sent *day = &open->day;
	int ret;

	if (open_day(edit, open, mail->when, error_r) < 0)
		return -1;
	*bounced_r = bounce_sent_bounced(day, mail->message_id);
	if (mail->recipients == 0 || bounce_sent_saw(day, mail->message_id))
		return 0;
	ret = seen_yesterday(edit, mail, error_r);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if ((!open->exists || (mail->verifiable && !day->verifiable)) &&
	    bounce_sent_store_begin_day(edit, day->id, mail->verifiable,
				    mail->when, error_r) < 0)
		return -1;
	(void)bounce_sent_see(day, pool, mail->message_id);
	bounce_sent_count(day, pool, mail);
	open->exists = open->changed = TRUE;
	return count_mail(edit, day, mail, error_r) < 0 ? -1 : 1;
}

static int
try_add(struct bounce_store *store, const struct bounce_sent_mail *mails,
	unsigned int count, bool *bounced_r, const char **error_r)
{
	struct bounce_transaction *edit;
	struct open_day open;
	int ret = 0, counted = 0;

	if (bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	i_zero(&open);
	for (unsigned int i = 0; i < count && ret >= 0; i++) {
		const char *error;

		T_BEGIN {
			ret = edit_mail(edit, &open, &mails[i], &bounced_r[i],
					&error);
			if (ret < 0)
				error = p_strdup(bounce_transaction_pool(edit), error);
		} T_END;
		if (ret > 0)
			counted++;
		else if (ret < 0)
			*error_r = t_strdup(error);
	}
	if (ret < 0 || counted == 0) {
		bounce_transaction_cancel(&edit);
		return ret < 0 ? -1 : 0;
	}
	close_day(edit, &open);
	ret = bounce_transaction_commit(&edit, error_r);
	return ret < 0 ? ret : counted;
}

int bounce_sent_store_add(struct bounce_store *store,
		      const struct bounce_sent_mail *mails, unsigned int count,
		      bool *bounced_r, const char **error_r)
{
	int ret = BOUNCE_TRANSACTION_AGAIN;

	memset(bounced_r, 0, count * sizeof(*bounced_r));
	if (bounce_store_ready(store, error_r) < 0)
		return -1;
	for (unsigned int i = 0; i < MAX_TRIES && ret == BOUNCE_TRANSACTION_AGAIN; i++)
		ret = try_add(store, mails, count, bounced_r, error_r);
	return ret < 0 ? -1 : ret;
}
