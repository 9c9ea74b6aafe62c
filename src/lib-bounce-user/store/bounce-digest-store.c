/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-digest-store.h"
#include "bounce-store-private.h"

struct digest_change {
	bounce_digest_store_change_t *callback;
	void *context;
};

int bounce_digest_store_read(struct bounce_store *store, pool_t pool,
			     struct bounce_digest_memory *memory_r,
			     const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BOUNCE_DICT_DIGEST, &value, error_r) < 0)
		return -1;
	bounce_digest_memory_decode(pool, value, memory_r);
	return 0;
}

static int
digest_transact(struct bounce_transaction *trans, void *context,
		const char **error_r)
{
	struct digest_change *change = context;
	struct bounce_digest_memory memory;
	const char *value = NULL;
	int ret;

	if (bounce_transaction_get_key(trans, trans->pool, BOUNCE_DICT_DIGEST,
				       &value, error_r) < 0)
		return -1;
	bounce_digest_memory_decode(trans->pool, value, &memory);
	ret = change->callback(trans->pool, &memory, change->context, error_r);
	if (ret > 0) {
		bounce_transaction_set_key(trans, BOUNCE_DICT_DIGEST,
					   bounce_digest_memory_encode(&memory));
	}
	return ret;
}

int bounce_digest_store_change(struct bounce_store *store,
			       bounce_digest_store_change_t *callback,
			       void *context, const char **error_r)
{
	struct digest_change change = {
		.callback = callback, .context = context
	};

	return bounce_commit_transact(store, digest_transact, &change, error_r);
}

struct digest_recovered {
	const char *address;
	time_t now;
};

static int
digest_add_recovered(pool_t pool, struct bounce_digest_memory *memory,
		     void *context, const char **error_r ATTR_UNUSED)
{
	const struct digest_recovered *recovered = context;

	bounce_digest_memory_add(memory, pool, recovered->address,
				 recovered->now);
	return 1;
}

int bounce_digest_store_recovered(struct bounce_store *store,
				  const char *address, time_t now,
				  const char **error_r)
{
	struct digest_recovered recovered = { .address = address, .now = now };

	return bounce_digest_store_change(store, digest_add_recovered,
					  &recovered, error_r) < 0 ? -1 : 0;
}

static int
digest_erase(pool_t pool ATTR_UNUSED, struct bounce_digest_memory *memory,
	     void *context, const char **error_r ATTR_UNUSED)
{
	return bounce_digest_memory_forget(memory, context) ? 1 : 0;
}

int bounce_digest_store_erase(struct bounce_store *store, const char *address,
			      const char **error_r)
{
	return bounce_digest_store_change(store, digest_erase, (void *)address,
					  error_r);
}
