/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* One change of the dictionary: what it will write, and what it reads. */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "bounce-store-private.h"

int bounce_transaction_begin(struct bounce_store *store,
			     struct bounce_transaction **trans_r,
			     const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce transaction", 8192);
	struct bounce_transaction *trans =
		p_new(pool, struct bounce_transaction, 1);

	trans->pool = pool;
	trans->store = store;
	trans->dict = store->dict;
	p_array_init(&trans->changes, pool, 4);
	p_array_init(&trans->keys, pool, 4);
	p_array_init(&trans->kept, pool, 4);
	if (bounce_lock_take(store->dict, &trans->lock, error_r) < 0) {
		bounce_transaction_end(&trans);
		return -1;
	}
	*trans_r = trans;
	return 0;
}

void bounce_transaction_clear(struct bounce_transaction *trans)
{
	array_clear(&trans->changes);
	array_clear(&trans->keys);
	trans->was = NULL;
	array_clear(&trans->kept);
}

void bounce_transaction_end(struct bounce_transaction **_trans)
{
	struct bounce_transaction *trans = *_trans;

	*_trans = NULL;
	bounce_lock_release(&trans->lock);
	pool_unref(&trans->pool);
}

/*
 * Records
 */

static struct bounce_change *
transaction_find(struct bounce_transaction *trans, const char *address)
{
	struct bounce_change *change;

	/* a report has at most BOUNCE_MAX_RECIPIENTS; longer lists (import,
	   scan, expire) name each address once and are not searched */
	if (array_count(&trans->changes) > BOUNCE_STORE_ADD_MAX)
		return NULL;
	array_foreach_modifiable(&trans->changes, change) {
		if (strcmp(change->address, address) == 0)
			return change;
	}
	return NULL;
}

void bounce_transaction_note(struct bounce_transaction *trans,
			     const struct bounce_record *rec)
{
	struct bounce_was *was = p_new(trans->pool, struct bounce_was, 1);

	was->address = p_strdup(trans->pool, rec->address);
	was->state = rec->state;
	was->evidence = rec->evidence;
	was->corrected = p_strdup(trans->pool, rec->corrected);
	trans->was = was;
}

static struct bounce_change *
transaction_add(struct bounce_transaction *trans, const char *address,
		bool exists)
{
	struct bounce_change *change = array_append_space(&trans->changes);

	change->address = p_strdup(trans->pool, address);
	change->exists = exists;
	if (trans->was != NULL && strcmp(trans->was->address, address) == 0)
		change->was = trans->was;
	return change;
}

void bounce_transaction_put(struct bounce_transaction *trans,
			    const struct bounce_record *rec, bool exists)
{
	struct bounce_change *change = transaction_find(trans, rec->address);

	if (change == NULL)
		change = transaction_add(trans, rec->address, exists);
	T_BEGIN {
		change->value = p_strdup(trans->pool,
					 bounce_record_encode(rec));
	} T_END;
	/* its texts need not live that long */
	change->rec = *rec;
	change->rec.address = change->address;
	change->rec.final_address = p_strdup(trans->pool, rec->final_address);
	/* by which room is made */
	change->rec.original_message_id =
		p_strdup(trans->pool, rec->original_message_id);
}

void bounce_transaction_drop(struct bounce_transaction *trans,
			     const char *address)
{
	struct bounce_change *change = transaction_find(trans, address);

	if (change == NULL)
		change = transaction_add(trans, address, TRUE);
	change->value = NULL;
}

void bounce_transaction_keep(struct bounce_transaction *trans,
			     const char *address)
{
	address = p_strdup(trans->pool, address);
	array_push_back(&trans->kept, &address);
}

/* What a person or a complaint said holds, whatever else is lost. */
static void
transaction_begin_anew(struct bounce_transaction *trans, const char *address,
		       struct bounce_record *rec, const char *error)
{
	const char *value = NULL, *read_error;

	bounce_record_init(rec, trans->pool, address);
	e_error(trans->dict->user->event, "bounce: A record is begun anew: %s",
		error);
	if (bounce_dict_get(trans->dict, pool_datastack_create(),
			    t_bounce_dict_key(trans->dict, address), &value,
			    &read_error) <= 0 ||
	    strstr(value, "\"state\":\"suppressed\"") == NULL)
		return;
	if (strstr(value, "\"by\":\"user\"") != NULL)
		rec->by = BOUNCE_BY_USER;
	else if (strstr(value, "\"by\":\"complaint\"") != NULL)
		rec->by = BOUNCE_BY_COMPLAINT;
	else
		return;
	rec->state = BOUNCE_STATE_SUPPRESSED;
}

int bounce_transaction_read(struct bounce_transaction *trans,
			    const char *address, struct bounce_record *rec_r,
			    const char **error_r)
{
	const struct bounce_change *change = transaction_find(trans, address);
	int ret;

	if (change == NULL) {
		ret = bounce_dict_read(trans->dict, trans->pool, address, rec_r,
				       error_r);
		if (ret > 0)
			bounce_transaction_note(trans, rec_r);
	} else {
		/* as it was put here */
		ret = change->value == NULL ? 0 :
			bounce_record_decode(trans->pool, change->value, rec_r,
					     error_r) < 0 ?
			BOUNCE_DICT_DAMAGED : 1;
	}
	if (ret == 0)
		bounce_record_init(rec_r, trans->pool, address);
	else if (ret == BOUNCE_DICT_DAMAGED)
		transaction_begin_anew(trans, address, rec_r, *error_r);
	return ret;
}

/*
 * Other keys
 */

static struct bounce_key_change *
transaction_find_key(struct bounce_transaction *trans, const char *key)
{
	struct bounce_key_change *change;

	array_foreach_modifiable(&trans->keys, change) {
		if (strcmp(change->key, key) == 0)
			return change;
	}
	return NULL;
}

void bounce_transaction_set_key(struct bounce_transaction *trans,
				const char *key, const char *value)
{
	struct bounce_key_change *change = transaction_find_key(trans, key);

	if (change == NULL) {
		change = array_append_space(&trans->keys);
		change->key = p_strdup(trans->pool, key);
	}
	change->value = p_strdup(trans->pool, value);
}

int bounce_transaction_get_key(struct bounce_transaction *trans, pool_t pool,
			       const char *key, const char **value_r,
			       const char **error_r)
{
	const struct bounce_key_change *change =
		transaction_find_key(trans, key);

	if (change == NULL) {
		/* once in a transaction */
		bounce_dict_ask(trans->dict, key);
		return bounce_dict_get(trans->dict, pool, key, value_r,
				       error_r);
	}
	*value_r = p_strdup(pool, change->value);
	return *value_r == NULL ? 0 : 1;
}
