/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What goes: one record, the lapsed ones, all that name an address. */

#include "lib.h"
#include "ioloop.h"
#include "bounce-address.h"
#include "bounce-tombstone.h"
#include "bounce-store-private.h"

struct remove {
	/* normal form */
	const char *address;
	time_t now;
	/* of bounce_store_clear() */
	pool_t pool;
	struct bounce_record *rec;
};

/* Not decoded: a damaged one must go, too. Returns 1/0/-1. */
static int
remove_own(struct bounce_transaction *trans, void *context,
	   const char **error_r)
{
	const struct remove *remove = context;
	const char *value, *error;
	struct bounce_record rec;
	int ret;

	ret = bounce_dict_get(trans->dict, pool_datastack_create(),
			      t_bounce_dict_key(trans->dict, remove->address),
			      &value, error_r);
	if (ret <= 0)
		return ret;
	if (bounce_record_decode(trans->pool, value, &rec, &error) == 0)
		bounce_transaction_note(trans, &rec);
	bounce_transaction_drop(trans, remove->address);
	return bounce_tombstone_add(trans, remove->address, TRUE,
				    ioloop_time,
				    error_r) < 0 ? -1 : 1;
}

typedef bool
remove_if_t(const struct bounce_record *rec, const struct remove *remove);

/* Returns how many, or -1. */
static int
remove_if(struct bounce_transaction *trans, remove_if_t *callback,
	  const struct remove *remove, const char **error_r)
{
	struct bounce_store_iter *iter =
		bounce_store_iter_init(trans->store, 0);
	const struct bounce_record *rec;
	const char *error;
	bool failed = FALSE;
	int count = 0;

	while (bounce_store_iter_next(iter, &rec)) {
		if (!callback(rec, remove))
			continue;
		bounce_transaction_note(trans, rec);
		bounce_transaction_drop(trans, rec->address);
		count++;
		/* a person's word: not what time has done */
		if (remove->now == 0 &&
		    bounce_tombstone_add(trans, rec->address, TRUE, ioloop_time,
					 &error) < 0)
			failed = TRUE;
	}
	if (failed)
		*error_r = t_strdup(error);
	return bounce_store_iter_deinit(&iter, failed ? &error : error_r) < 0 ||
		failed ? -1 : count;
}

int bounce_store_remove(struct bounce_store *store, const char *address,
			const char **error_r)
{
	struct remove remove;

	i_zero(&remove);
	if (bounce_address_normalize(pool_datastack_create(), address,
				     &remove.address, error_r) < 0)
		return -1;
	return bounce_commit_transact(store, remove_own, &remove, error_r);
}

/* As remove_own(), only what may be cleared. */
static int
remove_cleared(struct bounce_transaction *trans, void *context,
	       const char **error_r)
{
	struct remove *remove = context;
	int ret = bounce_dict_read(trans->dict, remove->pool, remove->address,
				   remove->rec, error_r);

	if (ret <= 0)
		return ret < 0 ? -1 : 0;
	if (!bounce_record_clears(remove->rec))
		return 0;
	bounce_transaction_note(trans, remove->rec);
	bounce_transaction_drop(trans, remove->address);
	/* what came before is settled */
	return bounce_tombstone_add(trans, remove->address, FALSE,
				    ioloop_time,
				    error_r) < 0 ? -1 : 1;
}

int bounce_store_clear(struct bounce_store *store, const char *address,
		       pool_t pool, struct bounce_record *rec_r,
		       const char **error_r)
{
	struct remove remove = { .pool = pool, .rec = rec_r };
	int ret;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_address_normalize(pool, address, &remove.address,
				     error_r) < 0)
		return -1;
	/* mostly there is none, which needs no lock */
	ret = bounce_dict_read(store->dict, pool, remove.address, rec_r,
			       error_r);
	if (ret <= 0 || !bounce_record_clears(rec_r))
		return ret < 0 ? -1 : 0;
	return bounce_commit_transact(store, remove_cleared, &remove, error_r);
}

static bool
remove_names_address(const struct bounce_record *rec,
		     const struct remove *remove)
{
	/* its own record is looked up, whatever is in it */
	return strcmp(rec->address, remove->address) != 0 &&
		bounce_record_has_address(rec, remove->address);
}

static int
remove_named(struct bounce_transaction *trans, void *context,
	     const char **error_r)
{
	int own, others;

	own = remove_own(trans, context, error_r);
	if (own < 0)
		return -1;
	others = remove_if(trans, remove_names_address, context, error_r);
	return others < 0 ? -1 : own + others;
}

int bounce_store_erase(struct bounce_store *store, const char *address,
		       const char **error_r)
{
	struct remove remove;

	i_zero(&remove);
	if (bounce_address_normalize(pool_datastack_create(), address,
				     &remove.address, error_r) < 0)
		return -1;
	return bounce_commit_transact(store, remove_named, &remove, error_r);
}

static bool
remove_has_lapsed(const struct bounce_record *rec, const struct remove *remove)
{
	return bounce_record_lapsed(rec, remove->now);
}

static int
remove_lapsed(struct bounce_transaction *trans, void *context,
	      const char **error_r)
{
	return remove_if(trans, remove_has_lapsed, context, error_r);
}

int bounce_store_expire(struct bounce_store *store, time_t now,
			const char **error_r)
{
	struct remove remove = { .now = now };

	return bounce_commit_transact(store, remove_lapsed, &remove, error_r);
}
