/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "bounce-store-private.h"

struct bounce_store_iter {
	struct bounce_dict *dict;
	time_t now;
	/* of the current record */
	pool_t rec_pool;
	struct bounce_record rec;
	struct bounce_dict_iter *dict_iter;
	/* without an iterating driver */
	pool_t pool;
	ARRAY_TYPE(const_string) addresses;
	unsigned int idx;
	/* that are no record, and the first of them */
	unsigned int damaged;
	char *damaged_address;
	char *error;
};

static void iter_fail(struct bounce_store_iter *iter, const char *error)
{
	if (iter->error == NULL)
		iter->error = i_strdup(error);
}

int bounce_store_is_empty(struct bounce_store *store, const char **error_r)
{
	const char *value;
	int ret;

	if (bounce_dict_ready(store->dict, error_r) < 0)
		return -1;
	ret = bounce_dict_iterates(store->dict, error_r);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = bounce_dict_get(store->dict, pool_datastack_create(),
			      BOUNCE_DICT_COUNT, &value, error_r);
	return ret < 0 ? -1 : ret == 0 ? 1 : 0;
}

struct bounce_store_iter *
bounce_store_iter_init(struct bounce_store *store, time_t now)
{
	struct bounce_store_iter *iter = i_new(struct bounce_store_iter, 1);
	const char *error;
	int ret;

	iter->dict = store->dict;
	iter->now = now;
	iter->rec_pool = pool_alloconly_create("bounce record", 4096);
	iter->pool = pool_alloconly_create("bounce iter", 1024);
	p_array_init(&iter->addresses, iter->pool, 16);
	if (bounce_dict_ready(iter->dict, &error) < 0 ||
	    (ret = bounce_dict_iterates(iter->dict, &error)) < 0) {
		iter_fail(iter, error);
	} else if (ret > 0) {
		iter->dict_iter = bounce_dict_iter_init(iter->dict,
			BOUNCE_DICT_ADDRESS_PREFIX, 0);
	} else if (bounce_index_read(iter->dict, iter->pool, &iter->addresses,
				     &error) < 0) {
		iter_fail(iter, error);
	}
	return iter;
}

/* It is passed over: the others are still to be had. */
static void iter_damaged(struct bounce_store_iter *iter, const char *address)
{
	if (iter->damaged++ == 0)
		iter->damaged_address = i_strdup(address);
}

/* The key of what is damaged has its address. */
static const char *t_iter_address(const char *key)
{
	return dict_unescape_string(key + strlen(BOUNCE_DICT_ADDRESS_PREFIX));
}

static bool iter_value(struct bounce_store_iter *iter)
{
	const char *key, *value, *error;
	bool ret = FALSE;

	while (!ret && bounce_dict_iter_next(iter->dict_iter, &key, &value)) {
		p_clear(iter->rec_pool);
		T_BEGIN {
			ret = bounce_record_decode(iter->rec_pool, value,
						   &iter->rec, &error) == 0;
			if (!ret)
				iter_damaged(iter, t_iter_address(key));
		} T_END;
	}
	return ret;
}

static bool iter_index(struct bounce_store_iter *iter)
{
	const char *error = NULL;
	bool ret = FALSE;
	int found;

	while (!ret && iter->idx < array_count(&iter->addresses)) {
		const char *address =
			array_idx_elem(&iter->addresses, iter->idx++);

		p_clear(iter->rec_pool);
		T_BEGIN {
			found = bounce_dict_read(iter->dict, iter->rec_pool,
						 address, &iter->rec, &error);
			ret = found > 0;
			if (found == -1)
				iter_fail(iter, error);
			else if (found == BOUNCE_DICT_DAMAGED)
				iter_damaged(iter, address);
		} T_END;
		if (found == -1)
			break;
	}
	return ret;
}

bool bounce_store_iter_next(struct bounce_store_iter *iter,
			    const struct bounce_record **rec_r)
{
	while (iter->error == NULL &&
	       (iter->dict_iter != NULL ? iter_value(iter) :
		iter_index(iter))) {
		if (iter->now == 0 ||
		    !bounce_record_lapsed(&iter->rec, iter->now)) {
			*rec_r = &iter->rec;
			return TRUE;
		}
	}
	return FALSE;
}

unsigned int
bounce_store_iter_get_damaged(const struct bounce_store_iter *iter,
			      const char **address_r)
{
	*address_r = t_strdup(iter->damaged_address);
	return iter->damaged;
}

int bounce_store_iter_deinit(struct bounce_store_iter **_iter,
			     const char **error_r)
{
	struct bounce_store_iter *iter = *_iter;
	const char *error;
	int ret = 0;

	*_iter = NULL;
	if (iter->dict_iter != NULL &&
	    bounce_dict_iter_deinit(&iter->dict_iter, &error) < 0)
		iter_fail(iter, error);
	if (iter->error != NULL) {
		*error_r = t_strdup_printf("Dictionary is not readable: %s",
					   iter->error);
		ret = -1;
	}
	i_free(iter->error);
	i_free(iter->damaged_address);
	pool_unref(&iter->pool);
	pool_unref(&iter->rec_pool);
	i_free(iter);
	return ret;
}
