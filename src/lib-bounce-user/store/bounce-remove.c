/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What goes: one record, the lapsed ones, all that name an address. */

#include "lib.h"
#include "mail-user.h"
#include "bounce-address.h"
#include "bounce-store-private.h"

/* Not decoded: a damaged one must go, too. Returns 1/0/-1. */
static int
drop_one(struct bounce_store *store, struct bounce_transaction *edit,
	 const char *address, const char **error_r)
{
	const char *value, *error;
	int ret;

	ret = bounce_store_get(store, pool_datastack_create(),
			       bounce_store_key(store, address), &value,
			       &error);
	if (ret < 0)
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   error);
	else if (ret > 0)
		bounce_transaction_drop(edit, address);
	return ret;
}

typedef bool drop_if_t(const struct bounce_record *rec, const void *context);

/* Returns how many, or -1. */
static int
drop_if(struct bounce_store *store, struct bounce_transaction *edit,
	drop_if_t *callback, const void *context, const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, 0);
	const struct bounce_record *rec;
	int count = 0;

	while (bounce_store_iter_next(iter, &rec)) {
		if (callback(rec, context)) {
			bounce_transaction_drop(edit, rec->address);
			count++;
		}
	}
	return bounce_store_iter_deinit(&iter, error_r) < 0 ? -1 : count;
}

static int
finish(struct bounce_transaction **edit, int count, const char **error_r)
{
	if (count <= 0)
		bounce_transaction_cancel(edit);
	else if (bounce_transaction_commit(edit, error_r) < 0)
		return -1;
	return count;
}

int bounce_store_remove(struct bounce_store *store, const char *address,
			const char **error_r)
{
	struct bounce_transaction *edit;
	const char *normal;

	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_address_normalize(pool_datastack_create(), address, &normal,
				     error_r) < 0 ||
	    bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	return finish(&edit, drop_one(store, edit, normal, error_r), error_r);
}

int bounce_store_clear(struct bounce_store *store, const char *address,
		       pool_t pool, struct bounce_record *rec_r,
		       const char **error_r)
{
	struct bounce_transaction *edit;
	int ret;

	/* mostly there is none, which needs no lock */
	ret = bounce_store_lookup(store, pool, address, 0, rec_r, error_r);
	if (ret <= 0 || !bounce_record_clears(rec_r))
		return ret < 0 ? -1 : 0;
	address = rec_r->address;
	if (bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	ret = bounce_store_read(store, pool, address, rec_r, error_r);
	if (ret == BOUNCE_STORE_DAMAGED)
		ret = -1;
	if (ret > 0 && !bounce_record_clears(rec_r))
		ret = 0;
	if (ret > 0)
		bounce_transaction_drop(edit, address);
	return finish(&edit, ret, error_r);
}

static bool names_address(const struct bounce_record *rec, const void *context)
{
	const char *address = context;

	/* its own record is looked up, whatever stands in it */
	return strcmp(rec->address, address) != 0 &&
		(null_strcmp(rec->original_address, address) == 0 ||
		 null_strcmp(rec->corrected, address) == 0);
}

int bounce_store_erase(struct bounce_store *store, const char *address,
		       const char **error_r)
{
	struct bounce_transaction *edit;
	const char *normal;
	int own, others = 0;

	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_address_normalize(pool_datastack_create(), address, &normal,
				     error_r) < 0 ||
	    bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	own = drop_one(store, edit, normal, error_r);
	if (own >= 0)
		others = drop_if(store, edit, names_address, normal, error_r);
	return finish(&edit, own < 0 || others < 0 ? -1 : own + others,
		      error_r);
}

static bool has_lapsed(const struct bounce_record *rec, const void *context)
{
	const time_t *now = context;

	return bounce_record_lapsed(rec, *now);
}

int bounce_store_expire(struct bounce_store *store, time_t now,
			const char **error_r)
{
	struct bounce_transaction *edit;

	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	return finish(&edit, drop_if(store, edit, has_lapsed, &now, error_r),
		      error_r);
}
