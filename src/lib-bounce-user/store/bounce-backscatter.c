/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Reports about mail that was not this user's: counted, no more. */

#include "lib.h"
#include "mail-user.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define BACKSCATTER_KEY BOUNCE_DICT_META_PREFIX"backscatter"
/* A flood is not worth a write for each of its mails. */
#define BACKSCATTER_MAX_PER_HOUR 50
#define HOUR 3600

static json_t *
backscatter_read(struct bounce_store *store, const char **error_r)
{
	const char *value, *error;
	json_t *json = NULL;
	int ret;

	ret = bounce_store_get(store, pool_datastack_create(), BACKSCATTER_KEY,
			       &value, &error);
	if (ret < 0) {
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   error);
		return NULL;
	}
	if (ret > 0)
		json = json_loads(value, 0, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static json_int_t get_number(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

static void set_number(json_t *json, const char *name, json_int_t number)
{
	json_object_set_new(json, name, json_integer(number));
}

/* Returns FALSE when this hour has had enough. */
static bool backscatter_count(json_t *json, time_t now)
{
	json_int_t in_hour = get_number(json, "in_hour");

	if (get_number(json, "hour") != now / HOUR)
		in_hour = 0;
	if (in_hour >= BACKSCATTER_MAX_PER_HOUR)
		return FALSE;
	set_number(json, "v", 1);
	set_number(json, "count", get_number(json, "count") + 1);
	if (get_number(json, "first") == 0)
		set_number(json, "first", now);
	set_number(json, "last", now);
	set_number(json, "hour", now / HOUR);
	set_number(json, "in_hour", in_hour + 1);
	return TRUE;
}

int bounce_backscatter_add(struct bounce_store *store, time_t now,
			   const char **error_r)
{
	struct bounce_transaction *edit;
	json_t *json;
	char *text;
	int ret = 0;

	if (bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	json = backscatter_read(store, error_r);
	if (json == NULL) {
		ret = -1;
	} else if (backscatter_count(json, now)) {
		text = json_dumps(json, JSON_COMPACT);
		bounce_transaction_set_key(edit, BACKSCATTER_KEY, text);
		free(text);
	}
	json_decref(json);
	if (ret < 0)
		bounce_transaction_cancel(&edit);
	else
		ret = bounce_transaction_commit(&edit, error_r) < 0 ? -1 : 0;
	return ret;
}

int bounce_store_backscatter(struct bounce_store *store, unsigned int *count_r,
			     time_t *last_r, const char **error_r)
{
	json_t *json;

	if (bounce_store_ready(store, error_r) < 0 ||
	    (json = backscatter_read(store, error_r)) == NULL)
		return -1;
	*count_r = get_number(json, "count");
	*last_r = get_number(json, "last");
	json_decref(json);
	return 0;
}
