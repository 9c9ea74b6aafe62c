/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Where the driver cannot iterate (redis), the addresses stand in shards:
   priv/bounce/index/00 ... 3f, each a JSON array of addresses. The shard of an
   address is the first byte of its SHA-1, modulo 64. */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "sha1.h"
#include "bounce-limits.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define INDEX_SHARDS 64

static unsigned int address_shard(const char *address)
{
	unsigned char digest[SHA1_RESULTLEN];

	sha1_get_digest(address, strlen(address), digest);
	return digest[0] % INDEX_SHARDS;
}

static const char *t_shard_key(unsigned int shard)
{
	return t_strdup_printf(BOUNCE_DICT_INDEX_PREFIX"%02x", shard);
}

/* A shard that is damaged is as good as empty: it fills again. */
static int
shard_read(struct bounce_store *store, unsigned int shard, json_t **array_r,
	   const char **error_r)
{
	const char *value, *error;
	int ret;

	ret = bounce_store_get(store, pool_datastack_create(),
			       t_shard_key(shard), &value, &error);
	if (ret < 0) {
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   error);
		return -1;
	}
	*array_r = ret == 0 ? NULL : json_loads(value, 0, NULL);
	if (!json_is_array(*array_r)) {
		json_decref(*array_r);
		*array_r = json_array();
	}
	return 0;
}

static bool shard_find(json_t *array, const char *address, size_t *idx_r)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *str = json_string_value(json_array_get(array, i));

		if (str != NULL && strcmp(str, address) == 0) {
			*idx_r = i;
			return TRUE;
		}
	}
	return FALSE;
}

static bool shard_apply(json_t *array, const struct bounce_change *change)
{
	size_t idx = 0;
	bool found = shard_find(array, change->address, &idx);

	if (found == (change->value != NULL))
		return FALSE;
	if (found)
		json_array_remove(array, idx);
	else
		json_array_append_new(array, json_string(change->address));
	return TRUE;
}

static void
shard_write(struct bounce_transaction *edit, unsigned int shard, const json_t *array)
{
	char *text = json_dumps(array, JSON_COMPACT);

	i_assert(text != NULL);
	bounce_transaction_set_key(edit, t_shard_key(shard),
			    json_array_size(array) == 0 ? NULL : text);
	free(text);
}

static int
shard_update(struct bounce_transaction *edit, unsigned int shard,
	     const ARRAY_TYPE(bounce_change) *changes,
	     const unsigned char *shards, const char **error_r)
{
	unsigned int i, count;
	const struct bounce_change *change = array_get(changes, &count);
	json_t *array = NULL;
	bool changed = FALSE;

	for (i = 0; i < count; i++) {
		if (shards[i] != shard)
			continue;
		if (array == NULL &&
		    shard_read(bounce_transaction_store(edit), shard, &array,
			       error_r) < 0)
			return -1;
		if (shard_apply(array, &change[i]))
			changed = TRUE;
	}
	if (changed)
		shard_write(edit, shard, array);
	json_decref(array);
	return 0;
}

int bounce_index_update(struct bounce_transaction *edit,
			const ARRAY_TYPE(bounce_change) *changes,
			const char **error_r)
{
	unsigned int i, count;
	const struct bounce_change *change = array_get(changes, &count);
	unsigned char *shards = p_malloc(bounce_transaction_pool(edit), count + 1);

	for (i = 0; i < count; i++)
		shards[i] = address_shard(change[i].address);
	for (i = 0; i < INDEX_SHARDS; i++) {
		if (shard_update(edit, i, changes, shards, error_r) < 0)
			return -1;
	}
	return 0;
}

int bounce_index_read(struct bounce_store *store, pool_t pool,
		      ARRAY_TYPE(const_string) *addresses,
		      const char **error_r)
{
	json_t *array;

	for (unsigned int i = 0; i < INDEX_SHARDS; i++) {
		const json_t *elem;
		size_t idx;

		if (shard_read(store, i, &array, error_r) < 0)
			return -1;
		json_array_foreach(array, idx, elem) {
			const char *str = json_string_value(elem);

			if (str == NULL)
				continue;
			str = p_strdup(pool, str);
			array_push_back(addresses, &str);
		}
		json_decref(array);
	}
	return 0;
}
