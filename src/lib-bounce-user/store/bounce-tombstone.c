/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "ioloop.h"
#include "sha1.h"
#include "str.h"
#include "bounce-tombstone.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define REMOVED_KEY BOUNCE_DICT_META_PREFIX"removed"
#define REMOVED_MAX 500
#define REMOVED_HASH_SIZE 9

struct bounce_tombstone {
	json_t *json;
	/* some were of a time that is yet to come */
	bool clamped;
};

static const char *t_removed_hash(const char *address)
{
	unsigned char digest[SHA1_RESULTLEN];
	string_t *str = t_str_new(16);

	sha1_get_digest(address, strlen(address), digest);
	base64_encode(digest, REMOVED_HASH_SIZE, str);
	return str_c(str);
}

static json_t *removed_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

/* What a proof of life cleared goes before what a person removed, which cannot be
   seen anew; the older before the later. */
static bool removed_goes_before(json_int_t a, json_int_t b)
{
	if ((a < 0) != (b < 0))
		return a < 0;
	return llabs(a) < llabs(b);
}

static void removed_make_room(json_t *json)
{
	const char *key, *first = NULL;
	json_int_t when = 0;
	json_t *value;

	if (json_object_size(json) < REMOVED_MAX)
		return;
	json_object_foreach(json, key, value) {
		if (first == NULL ||
		    removed_goes_before(json_integer_value(value), when)) {
			first = key;
			when = json_integer_value(value);
		}
	}
	(void)json_object_del(json, first);
}

static void
removed_write(struct bounce_transaction *trans, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	bounce_transaction_set_key(trans, REMOVED_KEY, text);
	free(text);
}

int bounce_tombstone_add(struct bounce_transaction *trans, const char *address,
			 bool person, time_t now, const char **error_r)
{
	const char *value = NULL;
	json_t *json;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       REMOVED_KEY, &value, error_r) < 0)
		return -1;
	json = removed_parse(value);
	removed_make_room(json);
	json_object_set_new(json, t_removed_hash(address),
			    json_integer(person ? now : -now));
	removed_write(trans, json);
	json_decref(json);
	return 0;
}

/* A clock was ahead: what comes from now on is not settled. */
static bool removed_clamp(json_t *json, time_t now)
{
	const char *key;
	json_t *value;
	bool found = FALSE;

	json_object_foreach(json, key, value) {
		json_int_t when = json_integer_value(value);

		if (llabs(when) > now) {
			json_integer_set(value, when < 0 ? -now : now);
			found = TRUE;
		}
	}
	return found;
}

int bounce_tombstone_read(struct bounce_dict *dict,
			struct bounce_tombstone **removed_r,
			const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_get(dict, pool_datastack_create(), REMOVED_KEY, &value,
			    error_r) < 0)
		return -1;
	*removed_r = i_new(struct bounce_tombstone, 1);
	(*removed_r)->json = removed_parse(value);
	(*removed_r)->clamped = removed_clamp((*removed_r)->json, ioloop_time);
	return 0;
}

void bounce_tombstone_mend(struct bounce_transaction *trans,
			   const struct bounce_tombstone *removed)
{
	if (removed->clamped)
		removed_write(trans, removed->json);
}

time_t bounce_tombstone_when(const struct bounce_tombstone *removed,
			   const char *address)
{
	json_int_t when;

	T_BEGIN {
		when = json_integer_value(json_object_get(removed->json,
						t_removed_hash(address)));
	} T_END;
	return llabs(when);
}

void bounce_tombstone_free(struct bounce_tombstone **_removed)
{
	struct bounce_tombstone *removed = *_removed;

	*_removed = NULL;
	json_decref(removed->json);
	i_free(removed);
}
