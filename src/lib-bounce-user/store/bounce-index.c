/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Where the driver cannot iterate (redis), the addresses are in shards:
   priv/bounce/index/00 ... 3f, each a JSON array of addresses. The shard of an
   address is the first byte of its SHA-1, modulo 64. */

#include "lib.h"
#include "array.h"
#include "sha1.h"
#include "bounce-limits.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define INDEX_SHARDS 64

static unsigned int index_shard_of(const char *address)
{
	unsigned char digest[SHA1_RESULTLEN];

	sha1_get_digest(address, strlen(address), digest);
	return digest[0] % INDEX_SHARDS;
}

static const char *t_index_shard_key(unsigned int shard)
{
	return t_strdup_printf(BOUNCE_DICT_INDEX_PREFIX"%02x", shard);
}

/* A shard that is damaged is as good as empty: it fills again. */
static json_t *index_shard_parse(const char *value)
{
	json_t *array = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_array(array)) {
		json_decref(array);
		array = json_array();
	}
	return array;
}

/* Is the address in a shard as we write it? FALSE, too, for whatever looks
   otherwise: an escape, another alphabet, damage. Jansson takes far longer. */
static bool index_shard_has(const char *text, const char *address)
{
	size_t size, len = strlen(address);
	bool found = FALSE;

	if (*text != '[')
		return FALSE;
	do {
		if (*++text != '"')
			return FALSE;
		text++;
		for (size = 0; text[size] != '"'; size++) {
			unsigned char c = (unsigned char)text[size];

			if (c < 0x20 || c > 0x7e || c == '\\')
				return FALSE;
		}
		if (size == len && memcmp(text, address, len) == 0)
			found = TRUE;
		text += size + 1;
	} while (*text == ',');
	return found && strcmp(text, "]") == 0;
}

static bool index_shard_find(json_t *array, const char *address, size_t *idx_r)
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

/* Returns TRUE if it was not so before. */
static bool index_shard_apply(json_t *array, const char *address, bool exists)
{
	size_t idx = 0;
	bool found = index_shard_find(array, address, &idx);

	if (found == exists)
		return FALSE;
	if (found)
		json_array_remove(array, idx);
	else
		json_array_append_new(array, json_string(address));
	return TRUE;
}

static void
index_shard_write(struct bounce_transaction *trans, unsigned int shard,
		  const json_t *array)
{
	char *text = json_dumps(array, JSON_COMPACT);

	i_assert(text != NULL);
	bounce_transaction_set_key(trans, t_index_shard_key(shard),
				   json_array_size(array) == 0 ? NULL : text);
	free(text);
}

/* What a shard must hold, or no longer. */
struct shard_entry {
	unsigned int shard;
	const char *address;
	bool exists;
};
ARRAY_DEFINE_TYPE(shard_entry, struct shard_entry);

static void
index_shard_entry_add(ARRAY_TYPE(shard_entry) *entries, const char *address,
		      bool exists)
{
	struct shard_entry *entry = array_append_space(entries);

	entry->shard = index_shard_of(address);
	entry->address = address;
	entry->exists = exists;
}

static int
index_shard_update(struct bounce_transaction *trans, unsigned int shard,
		   const ARRAY_TYPE(shard_entry) *entries, const char **error_r)
{
	const struct shard_entry *entry;
	const char *value = NULL;
	json_t *array = NULL;
	bool changed = FALSE, read = FALSE;

	array_foreach(entries, entry) {
		if (entry->shard != shard)
			continue;
		if (!read && bounce_transaction_get_key(trans,
				pool_datastack_create(),
				t_index_shard_key(shard), &value, error_r) < 0)
			return -1;
		read = TRUE;
		/* most are where they were */
		if (array == NULL && entry->exists && value != NULL &&
		    index_shard_has(value, entry->address))
			continue;
		if (array == NULL)
			array = index_shard_parse(value);
		if (index_shard_apply(array, entry->address, entry->exists))
			changed = TRUE;
	}
	if (changed)
		index_shard_write(trans, shard, array);
	json_decref(array);
	return 0;
}

int bounce_index_update(struct bounce_transaction *trans, const char **error_r)
{
	ARRAY_TYPE(shard_entry) entries;
	const struct bounce_change *change;
	const char *address;

	p_array_init(&entries, trans->pool, array_count(&trans->changes) +
		     array_count(&trans->kept) + 1);
	array_foreach_elem(&trans->kept, address)
		index_shard_entry_add(&entries, address, TRUE);
	array_foreach(&trans->changes, change)
		index_shard_entry_add(&entries, change->address,
				      change->value != NULL);
	for (unsigned int i = 0; i < INDEX_SHARDS; i++) {
		if (index_shard_update(trans, i, &entries, error_r) < 0)
			return -1;
	}
	return 0;
}

void bounce_index_ask(struct bounce_dict *dict)
{
	for (unsigned int i = 0; i < INDEX_SHARDS; i++) T_BEGIN {
		bounce_dict_ask(dict, t_index_shard_key(i));
	} T_END;
}

int bounce_index_read(struct bounce_dict *dict, pool_t pool,
		      ARRAY_TYPE(const_string) *addresses,
		      const char **error_r)
{
	json_t *array;

	for (unsigned int i = 0; i < INDEX_SHARDS; i++) {
		const char *value = NULL;
		const json_t *elem;
		size_t idx;

		if (bounce_dict_get(dict, pool_datastack_create(),
				    t_index_shard_key(i), &value, error_r) < 0)
			return -1;
		array = index_shard_parse(value);
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
