/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-answer-store.h"
#include "bounce-store-private.h"
#include "bounce-tell-memory.h"

#include <jansson.h>
#include <stdlib.h>

#define ANSWERS_KEY BOUNCE_DICT_META_PREFIX"answers"
#define DAY_SECS (24 * 60 * 60)
/* A proof of who sent it is good for a day. */
#define DONE_SECS (2 * DAY_SECS)

struct answer_change {
	const char *hash;
	/* the member with its count */
	const char *count;
	bool done;
	time_t now;
};

static const char *answer_count_name(bool proven)
{
	return proven ? "count" : "unproven";
}

static json_t *answer_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static json_int_t
answer_count(const json_t *json, const char *name, time_t now)
{
	if (json_integer_value(json_object_get(json, "day")) != now / DAY_SECS)
		return 0;
	return json_integer_value(json_object_get(json, name));
}

int bounce_answer_store_get(struct bounce_store *store, const char *message_id,
			    bool proven, time_t now,
			    struct bounce_answer_day *day_r,
			    const char **error_r)
{
	const char *value = NULL;
	json_t *json, *done;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(), ANSWERS_KEY,
			    &value, error_r) < 0)
		return -1;
	json = answer_parse(value);
	done = json_object_get(json_object_get(json, "done"),
			       bounce_tell_id(message_id));
	day_r->done = json_integer_value(done) > now - DONE_SECS;
	day_r->count = answer_count(json, answer_count_name(proven), now);
	json_decref(json);
	return 0;
}

/* Never more than were carried out in that time. */
static json_t *answer_recent(const json_t *json, time_t now)
{
	json_t *recent = json_object(), *when;
	const char *hash;

	json_object_foreach(json_object_get(json, "done"), hash, when) {
		if (json_integer_value(when) > now - DONE_SECS)
			json_object_set(recent, hash, when);
	}
	return recent;
}

static int
answer_transact(struct bounce_transaction *trans, void *context,
		const char **error_r)
{
	const struct answer_change *change = context;
	const char *value = NULL;
	json_t *json, *done;
	json_int_t count;
	char *text;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       ANSWERS_KEY, &value, error_r) < 0)
		return -1;
	json = answer_parse(value);
	done = answer_recent(json, change->now);
	count = answer_count(json, change->count, change->now);
	if (json_integer_value(json_object_get(json, "day")) !=
	    change->now / DAY_SECS) {
		(void)json_object_del(json, "count");
		(void)json_object_del(json, "unproven");
	}
	if (change->done)
		json_object_set_new(done, change->hash,
				    json_integer(change->now));
	json_object_set_new(json, "done", done);
	json_object_set_new(json, "day",
			    json_integer(change->now / DAY_SECS));
	json_object_set_new(json, change->count, json_integer(count + 1));
	text = json_dumps(json, JSON_COMPACT);
	bounce_transaction_set_key(trans, ANSWERS_KEY, text);
	free(text);
	json_decref(json);
	return 1;
}

int bounce_answer_store_add(struct bounce_store *store, const char *message_id,
			    bool proven, bool done, time_t now,
			    const char **error_r)
{
	struct answer_change change = {
		.hash = bounce_tell_id(message_id),
		.count = answer_count_name(proven), .done = done, .now = now
	};

	return bounce_commit_transact(store, answer_transact, &change,
				      error_r) < 0 ? -1 : 0;
}
