/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* One change of the dictionary: lock, look up, put and drop, commit. */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "file-lock.h"
#include "mail-user.h"
#include "bounce-store-private.h"
#include "compat-dict.h"

#include <fcntl.h>
#include <unistd.h>

struct bounce_key_change {
	const char *key, *value;
};

struct bounce_transaction {
	pool_t pool;
	struct bounce_store *store;
	struct file_lock *lock;
	/* of the claim, where Dovecots share the dictionary */
	const char *token;
	ARRAY_TYPE(bounce_change) changes;
	ARRAY(struct bounce_key_change) keys;
};

int bounce_transaction_begin(struct bounce_store *store, struct bounce_transaction **edit_r,
		      const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce edit", 8192);
	struct bounce_transaction *edit = p_new(pool, struct bounce_transaction, 1);

	edit->pool = pool;
	edit->store = store;
	p_array_init(&edit->changes, pool, 4);
	p_array_init(&edit->keys, pool, 4);
	if (bounce_lock_take(store, &edit->lock, error_r) < 0 ||
	    (store->set.shared &&
	     bounce_claim_take(store, &edit->token, error_r) < 0)) {
		bounce_transaction_cancel(&edit);
		return -1;
	}
	edit->token = p_strdup(pool, edit->token);
	store->edit = edit;
	*edit_r = edit;
	return 0;
}

pool_t bounce_transaction_pool(struct bounce_transaction *edit)
{
	return edit->pool;
}

struct bounce_store *bounce_transaction_store(struct bounce_transaction *edit)
{
	return edit->store;
}

static struct bounce_change *
find_change(struct bounce_transaction *edit, const char *address)
{
	struct bounce_change *change;

	/* a report has at most BOUNCE_MAX_RECIPIENTS; longer lists (import,
	   scan, expire) name each address once and are not searched */
	if (array_count(&edit->changes) > 200)
		return NULL;
	array_foreach_modifiable(&edit->changes, change) {
		if (strcmp(change->address, address) == 0)
			return change;
	}
	return NULL;
}

void bounce_transaction_put(struct bounce_transaction *edit, const struct bounce_record *rec,
		     bool exists)
{
	struct bounce_change *change = find_change(edit, rec->address);

	if (change == NULL) {
		change = array_append_space(&edit->changes);
		change->address = p_strdup(edit->pool, rec->address);
		change->exists = exists;
	}
	T_BEGIN {
		change->value = p_strdup(edit->pool,
					 bounce_record_encode(rec));
	} T_END;
	/* its texts need not live that long */
	change->rec = *rec;
	change->rec.address = change->address;
}

void bounce_transaction_drop(struct bounce_transaction *edit, const char *address)
{
	struct bounce_change *change = find_change(edit, address);

	if (change == NULL) {
		change = array_append_space(&edit->changes);
		change->address = p_strdup(edit->pool, address);
		change->exists = TRUE;
	}
	change->value = NULL;
}

static struct bounce_key_change *
find_key(struct bounce_transaction *edit, const char *key)
{
	struct bounce_key_change *change;

	array_foreach_modifiable(&edit->keys, change) {
		if (strcmp(change->key, key) == 0)
			return change;
	}
	return NULL;
}

bool bounce_transaction_find_key(struct bounce_transaction *edit, const char *key,
			  const char **value_r)
{
	struct bounce_key_change *change = find_key(edit, key);

	if (change == NULL)
		return FALSE;
	*value_r = change->value;
	return TRUE;
}

void bounce_transaction_set_key(struct bounce_transaction *edit, const char *key,
			 const char *value)
{
	struct bounce_key_change *change = find_key(edit, key);

	if (change == NULL) {
		change = array_append_space(&edit->keys);
		change->key = p_strdup(edit->pool, key);
	}
	change->value = p_strdup(edit->pool, value);
}

static void
set_or_unset(struct dict_transaction_context *trans, const char *key,
	     const char *value)
{
	if (value != NULL)
		dict_set(trans, key, value);
	else
		dict_unset(trans, key);
}

/* The file driver gives a new file the folder's permissions; ours is only for
   its owner. The folder is there: the lock stands in it. */
static void create_file(struct bounce_store *store)
{
	int fd = open(store->file, O_CREAT | O_EXCL | O_WRONLY, 0600);

	/* what is wrong the driver will say */
	i_close_fd(&fd);
}

static int edit_write(struct bounce_transaction *edit, const char **error_r)
{
	struct bounce_store *store = edit->store;
	const struct bounce_change *change;
	const struct bounce_key_change *key;
	struct dict_transaction_context *trans;
	const char *error;

	if (store->file != NULL)
		create_file(store);
	trans = dict_transaction_begin(store->dict,
		mail_user_get_dict_op_settings(store->user));
	/* The index first: should a driver be killed between two writes, an
	   address without a record does no harm. */
	array_foreach(&edit->keys, key)
		set_or_unset(trans, key->key, key->value);
	array_foreach(&edit->changes, change) T_BEGIN {
		set_or_unset(trans, bounce_store_key(store, change->address),
			     change->value);
	} T_END;
	if (compat_dict_commit(store->dict, &trans, &error) < 0) {
		store->reopen = TRUE;
		*error_r = t_strdup_printf("Dictionary was not written: %s",
					   error);
		return -1;
	}
	return 0;
}

/* A change that came to nothing (made room for itself). */
static bool is_void(const struct bounce_change *change)
{
	return change->value == NULL && !change->exists;
}

static void drop_void(struct bounce_transaction *edit)
{
	unsigned int i = array_count(&edit->changes);

	while (i-- > 0) {
		if (is_void(array_idx(&edit->changes, i)))
			array_delete(&edit->changes, i, 1);
	}
}

static bool adds_or_drops(struct bounce_transaction *edit)
{
	const struct bounce_change *change;

	array_foreach(&edit->changes, change) {
		if (change->exists != (change->value != NULL))
			return TRUE;
	}
	return FALSE;
}

/* 0 = still ours */
static int edit_check_claim(struct bounce_transaction *edit, const char **error_r)
{
	int ret = bounce_claim_check(edit->store, edit->token, error_r);

	if (ret == 0)
		*error_r = "Another Dovecot changed the dictionary";
	return ret > 0 ? 0 : (ret == 0 ? BOUNCE_TRANSACTION_AGAIN : -1);
}

static int edit_finish(struct bounce_transaction *edit, const char **error_r)
{
	struct bounce_store *store = edit->store;
	int ret;

	drop_void(edit);
	if (array_is_empty(&edit->changes) && array_is_empty(&edit->keys))
		return 0;
	if (adds_or_drops(edit)) {
		if (bounce_evict_update(store, edit, &edit->changes,
				       error_r) < 0)
			return -1;
		drop_void(edit);
		ret = bounce_store_iterates(store, error_r);
		if (ret < 0 ||
		    (ret == 0 && bounce_index_update(edit, &edit->changes,
						     error_r) < 0))
			return -1;
	}
	if (edit->token != NULL &&
	    (ret = edit_check_claim(edit, error_r)) < 0)
		return ret;
	return edit_write(edit, error_r);
}

int bounce_transaction_commit(struct bounce_transaction **_edit, const char **error_r)
{
	struct bounce_transaction *edit = *_edit;
	int ret = edit_finish(edit, error_r);

	bounce_transaction_cancel(_edit);
	return ret;
}

void bounce_transaction_cancel(struct bounce_transaction **_edit)
{
	struct bounce_transaction *edit = *_edit;
	const char *error;

	*_edit = NULL;
	edit->store->edit = NULL;
	/* what cannot be released is taken over by the next after a while */
	if (edit->token != NULL)
		(void)bounce_claim_release(edit->store, edit->token, &error);
	bounce_lock_release(&edit->lock);
	pool_unref(&edit->pool);
}
