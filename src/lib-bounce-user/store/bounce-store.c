/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-store-private.h"

int bounce_store_init(struct mail_user *user,
		      const struct bounce_store_settings *set,
		      struct bounce_store **store_r, const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce store", 512);
	struct bounce_store *store = p_new(pool, struct bounce_store, 1);

	store->pool = pool;
	store->set = *set;
	store->set.dict = p_strdup(pool, set->dict);
	if (bounce_dict_init(user, set->dict, set->wait, &store->dict,
			     error_r) < 0) {
		pool_unref(&pool);
		return -1;
	}
	*store_r = store;
	return 0;
}

void bounce_store_deinit(struct bounce_store **_store)
{
	struct bounce_store *store = *_store;

	if (store == NULL)
		return;
	*_store = NULL;
	bounce_dict_deinit(&store->dict);
	i_free(store->hosts);
	pool_unref(&store->pool);
}

bool bounce_store_is_down(const struct bounce_store *store)
{
	return store->dict->down;
}

uint64_t bounce_store_answered_at(const struct bounce_store *store)
{
	return store->dict->answered_at;
}

static int
store_lookup_normal(struct bounce_store *store, pool_t pool,
		    const char *address,
		    time_t now, struct bounce_record *rec_r,
		    const char **error_r)
{
	int ret = bounce_dict_read(store->dict, pool, address, rec_r, error_r);

	if (ret < 0)
		return -1;
	return ret > 0 && bounce_record_lapsed(rec_r, now) ? 0 : ret;
}

int bounce_store_lookup(struct bounce_store *store, pool_t pool,
			const char *address, time_t now,
			struct bounce_record *rec_r, const char **error_r)
{
	const char *normal;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	return store_lookup_normal(store, pool, normal, now, rec_r, error_r);
}

int bounce_store_lookup_many(struct bounce_store *store, pool_t pool,
			     const char *const *addresses, unsigned int count,
			     time_t now, const struct bounce_record **recs_r,
			     const char **error_r)
{
	struct bounce_dict *dict = store->dict;
	/* else a change goes on in the background: what it reads under its lock
	   must not be what was read here */
	bool ahead = dict->on_answer == NULL;
	const char **normal, *error;
	int ret = 0;

	memset(recs_r, 0, sizeof(*recs_r) * count);
	if (bounce_dict_ready(dict, error_r) < 0)
		return -1;
	normal = p_new(pool, const char *, count + 1);
	/* pool may be the data stack */
	for (unsigned int i = 0; i < count; i++) {
		if (bounce_address_normalize(pool, addresses[i], &normal[i],
					     &error) < 0)
			normal[i] = NULL;
		else if (ahead) T_BEGIN {
			bounce_dict_ask(dict, t_bounce_dict_key(dict,
								normal[i]));
		} T_END;
	}
	for (unsigned int i = 0; i < count && ret != -1; i++) {
		struct bounce_record *rec;

		if (normal[i] == NULL)
			continue;
		rec = p_new(pool, struct bounce_record, 1);
		ret = bounce_dict_glance(dict, pool, normal[i], rec);
		if (ret < 0) {
			ret = bounce_dict_read(dict, pool, normal[i], rec,
					       error_r);
		}
		if (ret > 0 && !bounce_record_lapsed(rec, now))
			recs_r[i] = rec;
	}
	if (ahead)
		bounce_dict_forget(dict);
	if (ret == -1)
		memset(recs_r, 0, sizeof(*recs_r) * count);
	return ret == -1 ? -1 : 0;
}

static int
store_find_original(struct bounce_store *store, pool_t pool,
		    const char *address,
		    time_t now, struct bounce_record *rec_r,
		    const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;
	int ret = 0;

	while (ret == 0 && bounce_store_iter_next(iter, &rec)) {
		if (null_strcmp(rec->original_address, address) == 0 ||
		    null_strcmp(rec->final_address, address) == 0) {
			bounce_record_copy(pool, rec, rec_r);
			ret = 1;
		}
	}
	if (bounce_store_iter_deinit(&iter, error_r) < 0)
		ret = -1;
	return ret;
}

int bounce_store_find(struct bounce_store *store, pool_t pool,
		      const char *address, time_t now,
		      struct bounce_record *rec_r, const char **error_r)
{
	const char *normal;
	int ret;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	ret = store_lookup_normal(store, pool, normal, now, rec_r, error_r);
	return ret != 0 ? ret :
		store_find_original(store, pool, normal, now, rec_r, error_r);
}

/*
 * Changes
 */

/* Returns 1 if the record is to be written, 0 if it is left, -1 on error. */
static int
store_change_one(struct bounce_transaction *trans, const char *address,
		 time_t now, bounce_store_change_t *callback, void *context,
		 const char **error_r)
{
	pool_t pool = trans->pool;
	struct bounce_record rec;
	const char *normal;
	bool exists, alive;
	int ret;

	if (bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	ret = bounce_transaction_read(trans, normal, &rec, error_r);
	if (ret == -1)
		return -1;
	/* a damaged one gives way to what a person says */
	exists = ret != 0;
	alive = ret > 0 && !bounce_record_lapsed(&rec, now);
	if (!alive)
		bounce_record_init(&rec, pool, normal);
	if (!callback(pool, &rec, alive, context))
		return 0;
	bounce_transaction_put(trans, &rec, exists);
	return 1;
}

struct store_change {
	const char *const *addresses;
	time_t now;
	bounce_store_change_t *callback;
	void *context;
};

static int
store_change(struct bounce_transaction *trans, void *context,
	     const char **error_r)
{
	const struct store_change *change = context;
	const char *error;
	int ret = 0, changed = 0;

	for (unsigned int i = 0; change->addresses[i] != NULL && ret >= 0; i++) {
		T_BEGIN {
			ret = store_change_one(trans, change->addresses[i],
					       change->now, change->callback,
					       change->context, &error);
			if (ret < 0)
				error = p_strdup(trans->pool, error);
		} T_END;
		if (ret > 0)
			changed++;
		else if (ret < 0)
			*error_r = t_strdup(error);
	}
	return ret < 0 ? -1 : changed;
}

int bounce_store_change_many(struct bounce_store *store,
			     const char *const *addresses, time_t now,
			     bounce_store_change_t *callback, void *context,
			     const char **error_r)
{
	struct store_change change = {
		.addresses = addresses, .now = now,
		.callback = callback, .context = context
	};

	return bounce_commit_transact(store, store_change, &change, error_r);
}

int bounce_store_change(struct bounce_store *store, const char *address,
			time_t now, bounce_store_change_t *callback,
			void *context, const char **error_r)
{
	const char *const addresses[] = { address, NULL };

	return bounce_store_change_many(store, addresses, now, callback,
					context, error_r);
}

struct store_set {
	const struct bounce_record *recs;
	unsigned int count;
};

static int
store_set_one(struct bounce_transaction *trans, const struct bounce_record *rec,
	      const char **error_r)
{
	struct bounce_record old, new_rec = *rec;
	const char *normal;
	int ret;

	if (bounce_address_normalize(trans->pool, rec->address, &normal,
				     error_r) < 0)
		return -1;
	ret = bounce_transaction_read(trans, normal, &old, error_r);
	if (ret == -1)
		return -1;
	new_rec.address = normal;
	bounce_transaction_put(trans, &new_rec, ret != 0);
	return 0;
}

static int
store_set(struct bounce_transaction *trans, void *context,
	  const char **error_r)
{
	const struct store_set *set = context;
	int ret = 0;

	for (unsigned int i = 0; i < set->count && ret == 0; i++) {
		const char *error = NULL;

		T_BEGIN {
			ret = store_set_one(trans, &set->recs[i], &error);
			if (ret < 0)
				error = p_strdup(trans->pool, error);
		} T_END;
		if (ret < 0)
			*error_r = t_strdup(error);
	}
	return ret < 0 ? -1 : (int)set->count;
}

int bounce_store_set_many(struct bounce_store *store,
			  const struct bounce_record *recs, unsigned int count,
			  const char **error_r)
{
	struct store_set set = { .recs = recs, .count = count };

	return bounce_commit_transact(store, store_set, &set, error_r) < 0 ?
		-1 : 0;
}

int bounce_store_set(struct bounce_store *store,
		     const struct bounce_record *rec, const char **error_r)
{
	return bounce_store_set_many(store, rec, 1, error_r);
}
