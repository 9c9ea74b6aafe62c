/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-final.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define FINAL_KEY BOUNCE_DICT_META_PREFIX"final"

static json_t *final_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static const char *final_get(const json_t *json, const char *address)
{
	return json_string_value(json_object_get(json, address));
}

/* Jansson keeps the order in which they came. */
static void final_make_room(json_t *json)
{
	void *oldest = json_object_iter(json);

	if (json_object_size(json) >= BOUNCE_FINAL_MAX)
		(void)json_object_del(json, json_object_iter_key(oldest));
}

/* One for each record, which names the latest: whoever forwards one address to
   ever new ones does not push out the others. */
static void final_drop(json_t *json, const char *address)
{
	const char *final;
	json_t *value;
	void *next;

	json_object_foreach_safe(json, next, final, value) {
		if (null_strcmp(json_string_value(value), address) == 0)
			(void)json_object_del(json, final);
	}
}

static bool final_add(json_t *json, const struct bounce_change *change)
{
	const char *final = change->rec.final_address;

	if (change->value == NULL || final == NULL ||
	    null_strcmp(final_get(json, final), change->address) == 0)
		return FALSE;
	/* nobody's word takes it from another */
	if (change->rec.evidence < BOUNCE_EVIDENCE_VERIFIED &&
	    final_get(json, final) != NULL)
		return FALSE;
	/* it is the latest now */
	(void)json_object_del(json, final);
	final_drop(json, change->address);
	final_make_room(json);
	json_object_set_new(json, final, json_string(change->address));
	return TRUE;
}

static bool final_is_named(const struct bounce_transaction *trans)
{
	const struct bounce_change *change;

	array_foreach(&trans->changes, change) {
		if (change->value != NULL && change->rec.final_address != NULL)
			return TRUE;
	}
	return FALSE;
}

int bounce_final_update(struct bounce_transaction *trans, const char **error_r)
{
	const struct bounce_change *change;
	const char *value = NULL;
	bool changed = FALSE;
	json_t *json;
	char *text;

	if (!final_is_named(trans))
		return 0;
	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       FINAL_KEY, &value, error_r) < 0)
		return -1;
	json = final_parse(value);
	array_foreach(&trans->changes, change) {
		if (final_add(json, change))
			changed = TRUE;
	}
	if (changed) {
		text = json_dumps(json, JSON_COMPACT);
		bounce_transaction_set_key(trans, FINAL_KEY, text);
		free(text);
	}
	json_decref(json);
	return 0;
}

static int
final_read(struct bounce_store *store, pool_t pool, const char *address,
	   time_t now, struct bounce_record *rec_r, const char **error_r)
{
	int ret = bounce_dict_read(store->dict, pool, address, rec_r, error_r);

	if (ret < 0)
		return -1;
	return ret > 0 && bounce_record_lapsed(rec_r, now) ? 0 : ret;
}

int bounce_final_lookup(struct bounce_store *store, pool_t pool,
			const char *address, time_t now,
			struct bounce_record *rec_r, const char **error_r)
{
	const char *value = NULL, *normal;
	json_t *json;
	int ret;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	ret = final_read(store, pool, normal, now, rec_r, error_r);
	if (ret != 0)
		return ret;
	if (bounce_dict_get(store->dict, pool_datastack_create(), FINAL_KEY,
			    &value, error_r) < 0)
		return -1;
	json = final_parse(value);
	address = p_strdup(pool, final_get(json, normal));
	json_decref(json);
	if (address == NULL)
		return 0;
	ret = final_read(store, pool, address, now, rec_r, error_r);
	return ret <= 0 || null_strcmp(rec_r->final_address, normal) == 0 ?
		ret : 0;
}
