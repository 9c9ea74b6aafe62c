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
	struct bounce_sent sent, *entry;

	if (bounce_sent_is_broadcast(day, id)) {
		if (bounce_sent_store_get(trans, id, &sent, error_r) < 0)
			return -1;
		bounce_sent_count(&sent, pool, mail);
		bounce_sent_store_put(trans, &sent);
		return 0;
	}
	entry = bounce_sent_get(day, pool, id);
	bounce_sent_count(entry, pool, mail);
	/* it may have failed before this copy came */
	if (entry->failed > entry->sent)
		day->open = TRUE;
	if (bounce_sent_promote(day, pool, id, &sent))
		bounce_sent_store_put(trans, &sent);
	return 0;
}

/* What is seen of an envelope: no Message-ID has a blank. */
static const char *t_sent_seen_key(const struct bounce_sent_mail *mail)
{
	return mail->queue_id == NULL ? mail->message_id :
		t_strconcat("queue ", mail->queue_id, NULL);
}

static int
sent_seen_yesterday(struct bounce_transaction *trans,
		    const struct bounce_sent_mail *mail,
		    const char **error_r)
{
	const char *key = t_sent_seen_key(mail);
	struct bounce_sent day;
	int ret;

	if (mail->when % DAY_SECS >= MIDNIGHT_SECS || key == NULL)
		return 0;
	ret = bounce_sent_store_get(trans, bounce_sent_day(mail->when - DAY_SECS),
				&day, error_r);
	return ret > 0 ? (bounce_sent_saw(&day, key) ? 1 : 0) : ret;
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

/*
 * The two halves of one mail: the envelope that an SMTP server names, and the copy
 */

static bool sent_has_halves(const struct bounce_sent_mail *mail)
{
	return mail->queue_id != NULL || (mail->saved && mail->addresses != NULL);
}

static void
sent_init_half(struct bounce_sent_envelope *half, pool_t pool,
	       const struct bounce_sent_mail *mail)
{
	bounce_sent_envelope_init(half, pool, mail->queue_id, mail->addresses,
				  mail->addresses == NULL ? 0 :
				  str_array_length(mail->addresses));
	/* not all of them are known */
	if (mail->addresses == NULL)
		half->to = NULL;
	half->recipients = mail->recipients;
	half->open = mail->open;
	half->when = mail->when;
}

/* The copy was counted before, in its day and broadcast: now it is known how many
   there are. */
static int
sent_complete_copy(struct bounce_transaction *trans, struct bounce_sent *day,
		   const struct bounce_sent_envelope *copy,
		   const struct bounce_sent_mail *mail, const char **error_r)
{
	struct bounce_sent sent, *entry;

	bounce_sent_complete(day, copy->recipients, mail->recipients);
	if (copy->id == NULL)
		return 0;
	if (bounce_sent_is_broadcast(day, copy->id)) {
		if (bounce_sent_store_get(trans, copy->id, &sent, error_r) < 0)
			return -1;
		bounce_sent_complete(&sent, copy->recipients, mail->recipients);
		bounce_sent_store_put(trans, &sent);
		return 0;
	}
	entry = bounce_sent_find(day, copy->id);
	if (entry == NULL)
		return 0;
	bounce_sent_complete(entry, copy->recipients, mail->recipients);
	if (bounce_sent_promote(day, trans->pool, copy->id, &sent))
		bounce_sent_store_put(trans, &sent);
	return 0;
}

/* The other half of mail is in that day: what is missing is counted. */
static int
sent_count_half(struct bounce_transaction *trans, struct bounce_sent *day,
		const struct bounce_sent_mail *mail,
		const struct bounce_sent_envelope *other, const char **error_r)
{
	struct bounce_sent_mail whole = *mail;

	(void)bounce_sent_see(day, trans->pool, t_sent_seen_key(mail));
	if (mail->queue_id != NULL)
		return sent_complete_copy(trans, day, other, mail, error_r);
	/* the day has it; what it was about is known now */
	whole.recipients = other->recipients;
	whole.saved = FALSE;
	return sent_count_mail(trans, day, &whole, error_r);
}

/* 1 = it was in that day or the one before, where midnight was a moment ago */
static int
sent_find_half(struct bounce_transaction *trans, struct open_day *open,
	       const struct bounce_sent_mail *mail,
	       const struct bounce_sent_envelope *half, const char **error_r)
{
	struct bounce_sent_envelope other;
	struct bounce_sent before;
	int ret;

	if (bounce_sent_recent_take(&open->day, half, &other)) {
		open->exists = open->changed = TRUE;
		return sent_count_half(trans, &open->day, mail, &other,
				       error_r) < 0 ? -1 : 1;
	}
	if (mail->when % DAY_SECS >= BOUNCE_SENT_RECENT_SECS)
		return 0;
	ret = bounce_sent_store_get(trans, bounce_sent_day(mail->when - DAY_SECS),
				    &before, error_r);
	if (ret <= 0 || !bounce_sent_recent_take(&before, half, &other))
		return ret < 0 ? -1 : 0;
	if (sent_count_half(trans, &before, mail, &other, error_r) < 0)
		return -1;
	bounce_sent_store_put(trans, &before);
	return 1;
}

static int
sent_remember_envelope(struct bounce_transaction *trans,
		       const struct bounce_sent_mail *mail,
		       const struct bounce_sent_envelope *half,
		       const char **error_r)
{
	const char *key, *value = NULL;

	if (mail->queue_id == NULL)
		return 0;
	key = bounce_sent_envelope_key(mail->queue_id);
	if (bounce_transaction_get_key(trans, pool_datastack_create(), key,
				       &value, error_r) < 0)
		return -1;
	bounce_transaction_set_key(trans, key,
				   bounce_sent_envelope_put(value, half));
	return 0;
}

/*
 * One mail
 */

/* It is new, and so is its day perhaps. */
static int
add_new_mail(struct bounce_transaction *trans, struct open_day *open,
	     const struct bounce_sent_mail *mail, const char **error_r)
{
	struct bounce_sent *day = &open->day;

	if ((!open->exists || (mail->verifiable && !day->verifiable)) &&
	    bounce_sent_store_begin_day(trans, day->id, mail->verifiable,
				    mail->when, error_r) < 0)
		return -1;
	(void)bounce_sent_see(day, trans->pool, t_sent_seen_key(mail));
	bounce_sent_count(day, trans->pool, mail);
	open->exists = open->changed = TRUE;
	/* what an envelope was about the copy will say */
	return mail->queue_id != NULL ? 0 :
		sent_count_mail(trans, day, mail, error_r);
}

/* 1 = counted, 0 = nothing to count. half: NULL = it has no other. */
static int
add_unseen_mail(struct bounce_transaction *trans, struct open_day *open,
		const struct bounce_sent_mail *mail,
		struct bounce_sent_envelope *half, const char **error_r)
{
	int ret = 0;

	if (half != NULL) {
		if (sent_remember_envelope(trans, mail, half, error_r) < 0)
			return -1;
		ret = sent_find_half(trans, open, mail, half, error_r);
		if (ret != 0)
			return ret;
		half->id = p_strdup(trans->pool, mail->queue_id != NULL ? NULL :
			bounce_sent_id(open->day.id, mail->subject,
				       mail->message_id));
	}
	if (mail->recipients > 0)
		ret = add_new_mail(trans, open, mail, error_r) < 0 ? -1 : 1;
	if (ret > 0 && half != NULL)
		bounce_sent_recent_add(&open->day, half);
	return ret;
}

/* What was not tried: the mail was not seen by that, and may yet come. */
static int
add_held(struct bounce_transaction *trans, struct open_day *open,
	 const struct bounce_sent_mail *mail, const char **error_r)
{
	struct bounce_sent *day = &open->day;

	if (!open->exists &&
	    bounce_sent_store_begin_day(trans, day->id, FALSE, mail->when,
					error_r) < 0)
		return -1;
	bounce_sent_count(day, trans->pool, mail);
	open->exists = open->changed = TRUE;
	/* an SMTP server does not say what the mail was about */
	if (mail->subject == NULL && mail->message_id == NULL)
		return 1;
	return sent_count_mail(trans, day, mail, error_r) < 0 ? -1 : 1;
}

/* 1 = counted, 0 = nothing to count */
static int
add_mail(struct bounce_transaction *trans, struct open_day *open,
	  const struct bounce_sent_mail *mail, bool *bounced_r,
	  const char **error_r)
{
	struct bounce_sent_envelope half;
	int ret;

	if (sent_open_day(trans, open, mail->when, error_r) < 0)
		return -1;
	*bounced_r = bounce_sent_bounced(&open->day, mail->message_id);
	if (mail->held > 0)
		return add_held(trans, open, mail, error_r);
	if (bounce_sent_saw(&open->day, t_sent_seen_key(mail)))
		return 0;
	ret = sent_seen_yesterday(trans, mail, error_r);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (!sent_has_halves(mail))
		return add_unseen_mail(trans, open, mail, NULL, error_r);
	sent_init_half(&half, trans->pool, mail);
	return add_unseen_mail(trans, open, mail, &half, error_r);
}

struct add_mails {
	const struct bounce_sent_mail *mails;
	unsigned int count;
	bool *bounced;
	/* only if their day has none yet */
	bool fill;
};

static int
add_mails(struct bounce_transaction *trans, void *context,
	  const char **error_r)
{
	const struct add_mails *add = context;
	struct open_day open;
	int ret = 0, counted = 0;

	i_zero(&open);
	if (add->fill && add->count > 0) {
		ret = sent_open_day(trans, &open, add->mails[0].when, error_r);
		if (ret < 0 || open.day.messages > 0)
			return ret;
	}
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

int bounce_sent_store_fill(struct bounce_store *store,
			   const struct bounce_sent_mail *mails,
			   unsigned int count, const char **error_r)
{
	struct add_mails add = {
		.mails = mails, .count = count, .fill = TRUE
	};
	int ret;

	add.bounced = i_new(bool, I_MAX(count, 1));
	ret = bounce_commit_transact(store, add_mails, &add, error_r);
	i_free(add.bounced);
	return ret;
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
	bounce_commit_later(store, NULL, add_mails, add, done, context,
			    later_r);
}

void bounce_sent_store_add_cancel(struct bounce_commit_later *later)
{
	bounce_commit_later_cancel(later);
}
