/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "str.h"
#include "bounce-sent-store-private.h"

/* Days removed at once, should nobody have written for years. */
#define MAX_EXPIRE_DAYS 800
/* Where nothing is sent: not every user's dictionary is written every day. */
#define EXPIRE_LATE_DAYS 7

/*
 * Read
 */

/* 1, or 0 and an empty one. */
static int
sent_decode(pool_t pool, const char *id, const char *value,
	    struct bounce_sent *sent_r)
{
	const char *error;

	if (value != NULL &&
	    bounce_sent_decode(pool, value, sent_r, &error) == 0 &&
	    strcmp(sent_r->id, id) == 0)
		return 1;
	bounce_sent_init(sent_r, pool, id);
	return 0;
}

static int
sent_read(struct bounce_store *store, pool_t pool, const char *id,
	  struct bounce_sent *sent_r, const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_get(store->dict, pool_datastack_create(),
			    bounce_sent_key(id), &value, error_r) < 0)
		return -1;
	return sent_decode(pool, id, value, sent_r);
}

/* "<oldest day that is kept> <day of the first mail whose bounces can be
   verified> <day that was begun last> [<day on which it was found to be long ago>]";
   the second is "-" until there is one. */
struct span {
	const char *oldest, *since, *last, *idle;
};

static bool sent_is_day(const char *text)
{
	return text != NULL && bounce_sent_day_time(text) != (time_t)-1;
}

static void sent_span_parse(const char *value, struct span *span_r)
{
	const char *const *words;

	i_zero(span_r);
	if (value == NULL)
		return;
	words = t_strsplit_spaces(value, " ");
	if (!sent_is_day(words[0]))
		return;
	span_r->oldest = words[0];
	if (words[1] == NULL)
		return;
	if (sent_is_day(words[1]))
		span_r->since = words[1];
	if (!sent_is_day(words[2]))
		return;
	span_r->last = words[2];
	if (sent_is_day(words[3]))
		span_r->idle = words[3];
}

int bounce_sent_store_since(struct bounce_store *store, time_t *since_r,
			const char **error_r)
{
	const char *value = NULL;
	struct span span;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BOUNCE_DICT_SENT_SPAN, &value, error_r) < 0)
		return -1;
	sent_span_parse(value, &span);
	if (span.since == NULL)
		return 0;
	*since_r = bounce_sent_day_time(span.since);
	return 1;
}

static int
sent_read_broadcasts(struct bounce_store *store, pool_t pool,
		     const struct bounce_sent *day,
		     ARRAY_TYPE(bounce_sent) *broadcasts, const char **error_r)
{
	struct bounce_sent sent;
	const char *id;
	int ret;

	array_foreach_elem(&day->broadcasts, id) {
		ret = sent_read(store, pool, id, &sent, error_r);
		if (ret < 0)
			return -1;
		if (ret > 0)
			array_push_back(broadcasts, &sent);
	}
	return 0;
}

static void
sent_ask_days(struct bounce_store *store, time_t since, time_t now)
{
	for (; since <= now; since += DAY_SECS) T_BEGIN {
		bounce_dict_ask(store->dict,
				bounce_sent_key(bounce_sent_day(since)));
	} T_END;
}

static int
sent_read_days(struct bounce_store *store, pool_t pool, time_t since,
	       time_t now, ARRAY_TYPE(bounce_sent) *days,
	       ARRAY_TYPE(bounce_sent) *broadcasts, const char **error_r)
{
	struct bounce_sent day;
	int ret;

	for (; since <= now; since += DAY_SECS) {
		ret = sent_read(store, pool, bounce_sent_day(since), &day,
				error_r);
		if (ret < 0)
			return -1;
		if (ret == 0)
			continue;
		array_push_back(days, &day);
		if (sent_read_broadcasts(store, pool, &day, broadcasts,
					 error_r) < 0)
			return -1;
	}
	return 0;
}

int bounce_sent_store_read(struct bounce_store *store, pool_t pool, time_t since,
		       time_t now, ARRAY_TYPE(bounce_sent) *days,
		       ARRAY_TYPE(bounce_sent) *broadcasts,
		       const char **error_r)
{
	/* as in bounce_store_lookup_many() */
	bool ahead = store->dict->on_answer == NULL;
	time_t oldest = now - BOUNCE_SENT_STORE_KEEP_DAYS * DAY_SECS;
	const char *span;
	int ret;

	if (bounce_dict_ready(store->dict, error_r) < 0)
		return -1;
	/* who never sent anything costs one look-up, not one a day */
	ret = bounce_dict_get(store->dict, pool_datastack_create(),
			      BOUNCE_DICT_SENT_SPAN, &span, error_r);
	if (ret <= 0)
		return ret;
	if (since < oldest)
		since = oldest;
	/* by day, not by second: each day once */
	since -= since % DAY_SECS;
	if (ahead)
		sent_ask_days(store, since, now);
	ret = sent_read_days(store, pool, since, now, days, broadcasts,
			     error_r);
	if (ahead)
		bounce_dict_forget(store->dict);
	return ret;
}

int bounce_sent_store_envelope(struct bounce_store *store, pool_t pool,
			       const char *queue_id, time_t now,
			       struct bounce_sent_envelope *env_r,
			       const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    bounce_sent_envelope_key(queue_id), &value,
			    error_r) < 0)
		return -1;
	return bounce_sent_envelope_find(pool, value, queue_id, now, env_r) ?
		1 : 0;
}

/*
 * Write
 */

int bounce_sent_store_get(struct bounce_transaction *trans, const char *id,
			  struct bounce_sent *sent_r, const char **error_r)
{
	const char *value = NULL;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       bounce_sent_key(id), &value,
				       error_r) < 0)
		return -1;
	return sent_decode(trans->pool, id, value, sent_r);
}

void bounce_sent_store_put(struct bounce_transaction *trans,
			   const struct bounce_sent *sent)
{
	T_BEGIN {
		bounce_transaction_set_key(trans, bounce_sent_key(sent->id),
					   bounce_sent_encode(sent));
	} T_END;
}

static int
sent_drop_day(struct bounce_transaction *trans, const char *id,
	      const char **error_r)
{
	struct bounce_sent day;
	const char *broadcast;
	int ret = bounce_sent_store_get(trans, id, &day, error_r);

	if (ret <= 0)
		return ret;
	array_foreach_elem(&day.broadcasts, broadcast)
		bounce_transaction_set_key(trans, bounce_sent_key(broadcast), NULL);
	bounce_transaction_set_key(trans, bounce_sent_key(id), NULL);
	return 0;
}

/* Nothing was sent for so long, or a clock jumped: what is old goes with the next day,
   should that come. */
static bool sent_has_jumped(const struct span *span, const char *day)
{
	time_t gap;

	if (span->last == NULL)
		return FALSE;
	gap = bounce_sent_day_time(day) - bounce_sent_day_time(span->last);
	return gap < 0 || gap > BOUNCE_SENT_STORE_KEEP_DAYS * DAY_SECS;
}

/* Days before that one go. Returns 1, 0 if some are left for the next time, or -1. */
static int
sent_drop_days(struct bounce_transaction *trans, struct span *span, time_t end,
	       const char **error_r)
{
	time_t when = bounce_sent_day_time(span->oldest);

	for (unsigned int i = 0; when < end && i < MAX_EXPIRE_DAYS; i++) {
		if (sent_drop_day(trans, bounce_sent_day(when), error_r) < 0)
			return -1;
		when += DAY_SECS;
	}
	span->oldest = bounce_sent_day(when);
	return when >= end ? 1 : 0;
}

/* The first second that is kept for sure. */
static time_t sent_keep_from(time_t now)
{
	return now - (BOUNCE_SENT_STORE_KEEP_DAYS + 1) * DAY_SECS;
}

static void
sent_put_span(struct bounce_transaction *trans, const struct span *span)
{
	string_t *value = t_str_new(64);

	str_printfa(value, "%s %s %s", span->oldest,
		    span->since == NULL ? "-" : span->since,
		    span->last == NULL ? span->oldest : span->last);
	if (span->idle != NULL)
		str_printfa(value, " %s", span->idle);
	bounce_transaction_set_key(trans, BOUNCE_DICT_SENT_SPAN, str_c(value));
}

int bounce_sent_store_begin_day(struct bounce_transaction *trans,
				const char *day, bool verifiable, time_t now,
				const char **error_r)
{
	const char *old = NULL;
	struct span span;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       BOUNCE_DICT_SENT_SPAN, &old,
				       error_r) < 0)
		return -1;
	sent_span_parse(old, &span);
	if (span.oldest == NULL || strcmp(day, span.oldest) < 0)
		span.oldest = day;
	if (verifiable && (span.since == NULL || strcmp(day, span.since) < 0))
		span.since = day;
	/* what has become too old goes when a day is new */
	if (!sent_has_jumped(&span, day) &&
	    sent_drop_days(trans, &span, sent_keep_from(now), error_r) < 0)
		return -1;
	span.last = day;
	span.idle = NULL;
	sent_put_span(trans, &span);
	return 0;
}

/*
 * Nothing is sent any more
 */

static bool sent_is_overdue(const struct span *span, time_t now)
{
	return span->oldest != NULL && bounce_sent_day_time(span->oldest) <
		sent_keep_from(now) - EXPIRE_LATE_DAYS * DAY_SECS;
}

/* Was it so on a day before, too, so that it is no clock that jumped? */
static bool sent_stays_idle(const struct span *span, const char *today)
{
	time_t idle = span->idle == NULL ? 0 :
		bounce_sent_day_time(span->idle);
	time_t gap = bounce_sent_day_time(today) - idle;

	return gap > 0 && gap <= BOUNCE_SENT_STORE_KEEP_DAYS * DAY_SECS;
}

static void sent_ask_days_from(struct bounce_transaction *trans, time_t when,
			       time_t end)
{
	for (; when < end; when += DAY_SECS) T_BEGIN {
		bounce_dict_ask(trans->dict,
				bounce_sent_key(bounce_sent_day(when)));
	} T_END;
}

/* Is nothing known of the days that are kept? "last" is not the newest where older
   ones were filled in after it. */
static int
sent_is_over(struct bounce_transaction *trans, const struct span *span,
	     time_t now, const char **error_r)
{
	time_t when = sent_keep_from(now), end = now + 2 * DAY_SECS;
	struct bounce_sent day;
	int ret = 0;

	if (span->last != NULL && bounce_sent_day_time(span->last) >= when)
		return 0;
	sent_ask_days_from(trans, when, end);
	for (; when < end && ret == 0; when += DAY_SECS) {
		ret = bounce_sent_store_get(trans, bounce_sent_day(when), &day,
					    error_r);
	}
	return ret < 0 ? -1 : ret == 0 ? 1 : 0;
}

/* They are those of days that are gone. */
static int
sent_drop_envelopes(struct bounce_transaction *trans, const char **error_r)
{
	const char *key, *value;
	unsigned int i;
	int ret;

	for (i = 0; (key = bounce_sent_envelope_shard_key(i)) != NULL; i++)
		bounce_dict_ask(trans->dict, key);
	for (i = 0; (key = bounce_sent_envelope_shard_key(i)) != NULL; i++) {
		ret = bounce_transaction_get_key(trans, pool_datastack_create(),
						 key, &value, error_r);
		if (ret < 0)
			return -1;
		if (ret > 0)
			bounce_transaction_set_key(trans, key, NULL);
	}
	return 0;
}

static int
sent_expire(struct bounce_transaction *trans, void *context,
	    const char **error_r)
{
	const time_t *now = context;
	const char *value = NULL, *today = bounce_sent_day(*now);
	struct span span;
	int ret;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       BOUNCE_DICT_SENT_SPAN, &value,
				       error_r) < 0)
		return -1;
	sent_span_parse(value, &span);
	if (!sent_is_overdue(&span, *now))
		return 0;
	if (sent_has_jumped(&span, today) && !sent_stays_idle(&span, today)) {
		if (span.idle != NULL && strcmp(span.idle, today) == 0)
			return 0;
		span.idle = today;
		sent_put_span(trans, &span);
		return 1;
	}
	ret = sent_drop_days(trans, &span, sent_keep_from(*now), error_r);
	if (ret > 0)
		ret = sent_is_over(trans, &span, *now, error_r);
	if (ret > 0 && sent_drop_envelopes(trans, error_r) < 0)
		ret = -1;
	if (ret > 0) {
		bounce_transaction_set_key(trans, BOUNCE_DICT_SENT_SPAN, NULL);
	} else if (ret == 0) {
		span.idle = NULL;
		sent_put_span(trans, &span);
	}
	return ret < 0 ? -1 : 1;
}

int bounce_sent_store_expire(struct bounce_store *store, time_t now,
			     const char **error_r)
{
	const char *value = NULL;
	struct span span;

	/* mostly there is nothing to do, which needs no lock */
	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BOUNCE_DICT_SENT_SPAN, &value, error_r) < 0)
		return -1;
	sent_span_parse(value, &span);
	if (!sent_is_overdue(&span, now))
		return 0;
	return bounce_commit_transact(store, sent_expire, &now, error_r);
}
