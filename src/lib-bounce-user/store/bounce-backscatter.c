/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Reports about mail that was not this user's: counted, no more. */

#include "lib.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define BACKSCATTER_KEY BOUNCE_DICT_META_PREFIX"backscatter"
/* A flood is not worth a write for each of its mails. */
#define BACKSCATTER_MAX_PER_HOUR 50
#define HOUR 3600

/* What is damaged begins anew. */
static json_t *backscatter_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static json_int_t backscatter_get_number(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

static void
backscatter_set_number(json_t *json, const char *name, json_int_t number)
{
	json_object_set_new(json, name, json_integer(number));
}

/* Returns FALSE when this hour has had enough. */
static bool backscatter_count(json_t *json, time_t now)
{
	json_int_t in_hour = backscatter_get_number(json, "in_hour");

	if (backscatter_get_number(json, "hour") != now / HOUR)
		in_hour = 0;
	if (in_hour >= BACKSCATTER_MAX_PER_HOUR)
		return FALSE;
	backscatter_set_number(json, "v", 1);
	backscatter_set_number(json, "count",
			       backscatter_get_number(json, "count") + 1);
	if (backscatter_get_number(json, "first") == 0)
		backscatter_set_number(json, "first", now);
	backscatter_set_number(json, "last", now);
	backscatter_set_number(json, "hour", now / HOUR);
	backscatter_set_number(json, "in_hour", in_hour + 1);
	return TRUE;
}

/* A user with no record has backscatter all the same: bounce_store_is_empty() must
   see that there is something. Nobody's mail waits for a true count. */
static int
backscatter_keep_count(struct bounce_transaction *trans, const char **error_r)
{
	const char *value;
	int ret = bounce_dict_iterates(trans->dict, error_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = bounce_transaction_get_key(trans, pool_datastack_create(),
					 BOUNCE_DICT_COUNT, &value, error_r);
	if (ret == 0)
		bounce_transaction_set_key(trans, BOUNCE_DICT_COUNT, "0");
	return ret < 0 ? -1 : 0;
}

static int
backscatter_transact(struct bounce_transaction *trans, void *context,
		     const char **error_r)
{
	const time_t *now = context;
	const char *value = NULL;
	json_t *json;
	char *text;
	int ret = 0;

	if (backscatter_keep_count(trans, error_r) < 0 ||
	    bounce_transaction_get_key(trans, pool_datastack_create(),
				       BACKSCATTER_KEY, &value, error_r) < 0)
		return -1;
	json = backscatter_parse(value);
	if (backscatter_count(json, *now)) {
		text = json_dumps(json, JSON_COMPACT);
		bounce_transaction_set_key(trans, BACKSCATTER_KEY, text);
		free(text);
		ret = 1;
	}
	json_decref(json);
	return ret;
}

/* Has this hour had enough? Then there is nothing to lock for. Returns 1/0/-1. */
static int backscatter_is_full(struct bounce_store *store, time_t now,
			       const char **error_r)
{
	const char *value = NULL;
	json_t *json;
	bool full;

	if (bounce_dict_get(store->dict, pool_datastack_create(),
			    BACKSCATTER_KEY, &value, error_r) < 0)
		return -1;
	json = backscatter_parse(value);
	full = !backscatter_count(json, now);
	json_decref(json);
	return full ? 1 : 0;
}

int bounce_backscatter_add(struct bounce_store *store, time_t now,
			   const char **error_r)
{
	int ret = backscatter_is_full(store, now, error_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	return bounce_commit_transact(store, backscatter_transact, &now,
			       error_r) < 0 ? -1 : 0;
}

int bounce_store_backscatter(struct bounce_store *store, unsigned int *count_r,
			     time_t *last_r, const char **error_r)
{
	const char *value = NULL;
	json_t *json;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BACKSCATTER_KEY, &value, error_r) < 0)
		return -1;
	json = backscatter_parse(value);
	*count_r = backscatter_get_number(json, "count");
	*last_r = backscatter_get_number(json, "last");
	json_decref(json);
	return 0;
}

int bounce_store_is_flooded(struct bounce_store *store, time_t now,
			    bool *began_r, const char **error_r)
{
	const char *value = NULL;
	json_int_t in_hour = 0;
	json_t *json;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BACKSCATTER_KEY, &value, error_r) < 0)
		return -1;
	json = backscatter_parse(value);
	if (backscatter_get_number(json, "hour") == now / HOUR)
		in_hour = backscatter_get_number(json, "in_hour");
	json_decref(json);
	/* of two that come at once neither may see the first; whoever tells it
	   remembers that */
	*began_r = in_hour >= BOUNCE_STORE_FLOOD &&
		in_hour < BACKSCATTER_MAX_PER_HOUR;
	return in_hour >= BOUNCE_STORE_FLOOD ? 1 : 0;
}
