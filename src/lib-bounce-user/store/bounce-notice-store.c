/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-commit-later.h"
#include "bounce-notice-store.h"
#include "bounce-store-private.h"

static const char *t_notice_key(const char *hash)
{
	return t_strconcat(BOUNCE_DICT_NOTICE_PREFIX, hash, NULL);
}

int bounce_notice_store_counts(struct bounce_store *store, pool_t pool,
			       time_t now, struct bounce_tell_counts *counts_r,
			       const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    BOUNCE_DICT_NOTICES, &value, error_r) < 0)
		return -1;
	bounce_tell_counts_decode(pool, value, now, counts_r);
	return 0;
}

int bounce_notice_store_language(struct bounce_store *store, pool_t pool,
				 const char **language_r, const char **error_r)
{
	*language_r = NULL;
	if (bounce_dict_ready(store->dict, error_r) < 0)
		return -1;
	return bounce_dict_get(store->dict, pool, BOUNCE_DICT_LANGUAGE,
			       language_r, error_r);
}

static int
notice_read_counts(struct bounce_transaction *trans, time_t now,
		   struct bounce_tell_counts *counts_r, const char **error_r)
{
	const char *value = NULL;

	if (bounce_transaction_get_key(trans, trans->pool, BOUNCE_DICT_NOTICES,
				       &value, error_r) < 0)
		return -1;
	bounce_tell_counts_decode(trans->pool, value, now, counts_r);
	return 0;
}

static int
notice_count(struct bounce_transaction *trans, void *context,
	     const char **error_r)
{
	const time_t *now = context;
	struct bounce_tell_counts counts;

	if (notice_read_counts(trans, *now, &counts, error_r) < 0)
		return -1;
	bounce_tell_counts_add(&counts, FALSE);
	bounce_transaction_set_key(trans, BOUNCE_DICT_NOTICES,
				   bounce_tell_counts_encode(&counts));
	return 1;
}

int bounce_notice_store_count(struct bounce_store *store, time_t now,
			      const char **error_r)
{
	return bounce_commit_transact(store, notice_count, &now, error_r) < 0 ?
		-1 : 0;
}

static int
notice_read(struct bounce_transaction *trans, const char *hash,
	    struct bounce_tell_memory *memory_r, const char **error_r)
{
	const char *value = NULL;

	if (bounce_transaction_get_key(trans, trans->pool, t_notice_key(hash),
				       &value, error_r) < 0)
		return -1;
	bounce_tell_memory_decode(trans->pool, value, memory_r);
	return 0;
}

static int
notice_transact(struct bounce_transaction *trans, void *context,
		const char **error_r)
{
	struct bounce_notice_change *change = context;
	struct bounce_tell_memory memory;
	struct bounce_tell_counts counts;
	const char *gone, *language = NULL;
	int ret;

	/* at once */
	bounce_dict_ask(trans->dict, BOUNCE_DICT_NOTICES);
	bounce_dict_ask(trans->dict, t_notice_key(change->hash));
	bounce_dict_ask(trans->dict, BOUNCE_DICT_LANGUAGE);
	if (notice_read_counts(trans, change->now, &counts, error_r) < 0 ||
	    notice_read(trans, change->hash, &memory, error_r) < 0)
		return -1;
	if (bounce_transaction_get_key(trans, trans->pool,
				       BOUNCE_DICT_LANGUAGE, &language,
				       error_r) < 0)
		return -1;
	counts.language = language;
	ret = change->callback(trans->pool, &memory, &counts, change->context,
			       error_r);
	if (ret <= 0)
		return ret;
	gone = bounce_tell_counts_use(&counts, trans->pool, change->hash);
	if (gone != NULL)
		bounce_transaction_set_key(trans, t_notice_key(gone), NULL);
	bounce_transaction_set_key(trans, t_notice_key(change->hash),
				   bounce_tell_memory_encode(&memory));
	bounce_transaction_set_key(trans, BOUNCE_DICT_NOTICES,
				   bounce_tell_counts_encode(&counts));
	if (null_strcmp(counts.language, language) != 0) {
		bounce_transaction_set_key(trans, BOUNCE_DICT_LANGUAGE,
					   counts.language);
	}
	return ret;
}

int bounce_notice_store_change(struct bounce_store *store, const char *hash,
			       time_t now,
			       bounce_notice_store_change_t *callback,
			       void *context, const char **error_r)
{
	struct bounce_notice_change change = {
		.hash = hash, .now = now,
		.callback = callback, .context = context
	};

	return bounce_commit_transact(store, notice_transact, &change, error_r);
}

static int notice_prepare(void *context, const char **error_r)
{
	struct bounce_notice_change *change = context;

	return change->prepare(change->context, error_r);
}

void bounce_notice_store_change_later(struct bounce_store *store,
				      struct bounce_notice_change *change,
				      bounce_store_added_t *done,
				      struct bounce_commit_later **later_r)
{
	bounce_commit_later(store, notice_prepare, notice_transact, change,
			    done, change->context, later_r);
}

/*
 * Which kinds
 */

struct notice_switch {
	unsigned int kinds;
	bool off;
	time_t now;
};

static int
notice_switch_transact(struct bounce_transaction *trans, void *context,
		       const char **error_r)
{
	const struct notice_switch *change = context;
	struct bounce_tell_counts counts;
	unsigned int off;

	if (notice_read_counts(trans, change->now, &counts, error_r) < 0)
		return -1;
	off = change->off ? counts.off | change->kinds :
		counts.off & ~change->kinds;
	if (off == counts.off)
		return 0;
	counts.off = off;
	bounce_transaction_set_key(trans, BOUNCE_DICT_NOTICES,
				   bounce_tell_counts_encode(&counts));
	return 1;
}

int bounce_notice_store_switch(struct bounce_store *store, unsigned int kinds,
			       bool off, time_t now, const char **error_r)
{
	struct notice_switch change = {
		.kinds = kinds, .off = off, .now = now
	};

	return bounce_commit_transact(store, notice_switch_transact, &change,
				      error_r);
}

/*
 * Erase
 */

struct notice_erase {
	const char *address;
	time_t now;
};

static bool notice_is(const char *text, const char *address)
{
	const char *normal, *error;

	return text != NULL &&
		bounce_address_normalize(pool_datastack_create(), text,
					 &normal, &error) == 0 &&
		strcmp(normal, address) == 0;
}

static bool notice_forget(struct bounce_tell_memory *memory,
			  const char *address)
{
	const struct bounce_tell_failure *failures;
	unsigned int i, count;
	bool found = FALSE;

	failures = array_get(&memory->failures, &count);
	for (i = count; i > 0; i--) {
		if (notice_is(failures[i - 1].rcpt.address, address) ||
		    notice_is(failures[i - 1].rcpt.final_address, address)) {
			array_delete(&memory->failures, i - 1, 1);
			found = TRUE;
		}
	}
	return found;
}

static int
notice_erase_transact(struct bounce_transaction *trans, void *context,
		      const char **error_r)
{
	const struct notice_erase *erase = context;
	struct bounce_tell_counts counts;
	struct bounce_tell_memory memory;
	const char *hash;
	int found = 0;

	if (notice_read_counts(trans, erase->now, &counts, error_r) < 0)
		return -1;
	if (notice_is(counts.address, erase->address)) {
		counts.address = NULL;
		bounce_transaction_set_key(trans, BOUNCE_DICT_NOTICES,
					   bounce_tell_counts_encode(&counts));
		found++;
	}
	array_foreach_elem(&counts.hashes, hash) {
		if (notice_read(trans, hash, &memory, error_r) < 0)
			return -1;
		if (!notice_forget(&memory, erase->address))
			continue;
		found++;
		bounce_transaction_set_key(trans, t_notice_key(hash),
					   bounce_tell_memory_encode(&memory));
	}
	return found;
}

int bounce_notice_store_erase(struct bounce_store *store, const char *address,
			      time_t now, const char **error_r)
{
	struct notice_erase erase = { .address = address, .now = now };

	return bounce_commit_transact(store, notice_erase_transact, &erase,
				      error_r);
}
