/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A transaction from its lock to what is written. */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "time-util.h"
#include "bounce-store-private.h"

/* A connection that the server closed since its last use shows at the next one
   only; then a new one serves. */
#define MAX_TRIES 2
/* Who waited for so long does not wait again. */
#define RETRY_USECS (500 * 1000)

static void
commit_set(struct dict_transaction_context *dict_trans, const char *key,
	   const char *value)
{
	if (value != NULL)
		dict_set(dict_trans, key, value);
	else
		dict_unset(dict_trans, key);
}

struct dict_transaction_context *
bounce_commit_fill(struct bounce_transaction *trans)
{
	struct dict_transaction_context *dict_trans;
	const struct bounce_change *change;
	const struct bounce_key_change *key;

	dict_trans = bounce_dict_begin(trans->dict);
	/* The index first: should a driver be killed between two writes, an
	   address without a record does no harm. */
	array_foreach(&trans->keys, key)
		commit_set(dict_trans, key->key, key->value);
	array_foreach(&trans->changes, change) T_BEGIN {
		commit_set(dict_trans,
			   t_bounce_dict_key(trans->dict, change->address),
			   change->value);
	} T_END;
	return dict_trans;
}

/* Changes that came to nothing (made room for themselves). */
static void commit_drop_void(struct bounce_transaction *trans)
{
	unsigned int i = array_count(&trans->changes);

	while (i-- > 0) {
		const struct bounce_change *change =
			array_idx(&trans->changes, i);

		if (change->value == NULL && !change->exists)
			array_delete(&trans->changes, i, 1);
	}
}

static bool commit_adds_or_drops(struct bounce_transaction *trans)
{
	const struct bounce_change *change;

	array_foreach(&trans->changes, change) {
		if (change->exists != (change->value != NULL))
			return TRUE;
	}
	return FALSE;
}

int bounce_commit_prepare(struct bounce_transaction *trans,
			  const char **error_r)
{
	int ret;

	commit_drop_void(trans);
	if (commit_adds_or_drops(trans)) {
		if (bounce_evict_update(trans, error_r) < 0)
			return -1;
		commit_drop_void(trans);
	}
	if (!array_is_empty(&trans->changes) || !array_is_empty(&trans->kept)) {
		ret = bounce_dict_iterates(trans->dict, error_r);
		/* those that stay, too: a shard may have been lost */
		if (ret < 0 ||
		    (ret == 0 &&
		     (bounce_index_update(trans, error_r) < 0 ||
		      bounce_evict_keep_count(trans, error_r) < 0)) ||
		    bounce_final_update(trans, error_r) < 0)
			return -1;
	}
	return array_is_empty(&trans->changes) &&
		array_is_empty(&trans->keys) ? 0 : 1;
}

static int
commit_finish(struct bounce_transaction *trans, const char **error_r)
{
	struct dict_transaction_context *dict_trans;
	int ret = bounce_commit_prepare(trans, error_r);

	if (ret <= 0)
		return ret;
	dict_trans = bounce_commit_fill(trans);
	if (bounce_dict_commit(trans->dict, &dict_trans, error_r) < 0)
		return -1;
	/* whoever listens holds up nobody */
	bounce_lock_release(&trans->lock);
	bounce_announce(trans);
	return 0;
}

static int
commit_try(struct bounce_store *store, bounce_transact_t *callback,
	   void *context, const char **error_r)
{
	struct bounce_transaction *trans;
	int ret;

	bounce_dict_forget(store->dict);
	if (bounce_dict_ready(store->dict, error_r) < 0)
		return -1;
	if (bounce_transaction_begin(store, &trans, error_r) < 0) {
		store->dict->down = TRUE;
		return -1;
	}
	ret = callback(trans, context, error_r);
	if (ret > 0 && commit_finish(trans, error_r) < 0) {
		store->dict->down = TRUE;
		ret = -1;
	}
	bounce_transaction_end(&trans);
	bounce_dict_forget(store->dict);
	return ret;
}

int bounce_commit_transact(struct bounce_store *store,
			   bounce_transact_t *callback,
		    void *context, const char **error_r)
{
	uint64_t started = i_microseconds();
	unsigned int tries = 0;
	int ret;

	do {
		ret = commit_try(store, callback, context, error_r);
	} while (ret < 0 && ++tries < MAX_TRIES &&
		 bounce_dict_is_broken(store->dict) &&
		 i_microseconds() - started < RETRY_USECS);
	return ret;
}
