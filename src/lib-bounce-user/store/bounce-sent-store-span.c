/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Which days are kept, and how the older ones go. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-sent-store-private.h"

/* Days removed at once, should nobody have written for years. */
#define MAX_EXPIRE_DAYS 800
/* Where nothing is sent: not every user's dictionary is written every day. */
#define EXPIRE_LATE_DAYS 7

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

static int
sent_read_span(struct bounce_store *store, struct span *span_r,
	       const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BOUNCE_DICT_SENT_SPAN, &value, error_r) < 0)
		return -1;
	sent_span_parse(value, span_r);
	return 0;
}

int bounce_sent_store_since(struct bounce_store *store, time_t *since_r,
			const char **error_r)
{
	struct span span;

	if (sent_read_span(store, &span, error_r) < 0)
		return -1;
	if (span.since == NULL)
		return 0;
	*since_r = bounce_sent_day_time(span.since);
	return 1;
}

/* sent_read_span() within a transaction. */
static int sent_get_span(struct bounce_transaction *trans, struct span *span_r,
			 const char **error_r)
{
	const char *value = NULL;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       BOUNCE_DICT_SENT_SPAN, &value,
				       error_r) < 0)
		return -1;
	sent_span_parse(value, span_r);
	return 0;
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

/*
 * A day begins, and what is too old goes
 */

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

int bounce_sent_store_begin_day(struct bounce_transaction *trans,
				const char *day, bool verifiable, time_t now,
				const char **error_r)
{
	struct span span;

	if (sent_get_span(trans, &span, error_r) < 0)
		return -1;
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
	bounce_sent_store_ask_days(trans->dict, when, end);
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
	const char *today = bounce_sent_day(*now);
	struct span span;
	int ret;

	if (sent_get_span(trans, &span, error_r) < 0)
		return -1;
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
	struct span span;

	/* mostly there is nothing to do, which needs no lock */
	if (sent_read_span(store, &span, error_r) < 0)
		return -1;
	if (!sent_is_overdue(&span, now))
		return 0;
	return bounce_commit_transact(store, sent_expire, &now, error_r);
}
