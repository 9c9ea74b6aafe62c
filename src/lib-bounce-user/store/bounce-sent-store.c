/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-sent-store-private.h"

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

void bounce_sent_store_ask_days(struct bounce_dict *dict, time_t since,
				time_t end)
{
	for (; since < end; since += DAY_SECS) T_BEGIN {
		bounce_dict_ask(dict, bounce_sent_key(bounce_sent_day(since)));
	} T_END;
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
		bounce_sent_store_ask_days(store->dict, since, now + 1);
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
