/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A mailbox read again: what its reports say becomes the dictionary's truth. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "ioloop.h"
#include "bounce-tombstone.h"
#include "bounce-store-private.h"

struct batch_address {
	const char *address;
	ARRAY(const struct bounce_incident *) incidents;
	/* the caller was told that it changes */
	bool shown;
};

HASH_TABLE_DEFINE_TYPE(batch_address, const char *, struct batch_address *);

struct bounce_rebuild {
	pool_t pool;
	struct bounce_store *store;
	HASH_TABLE_TYPE(batch_address) table;
	ARRAY(struct batch_address *) addresses;
	/* during the commit */
	struct bounce_tombstone *removed;
	/* why a report could not be added */
	const char *error;
	bounce_rebuild_changed_t *changed;
	void *context;
};

struct bounce_rebuild *bounce_rebuild_init(struct bounce_store *store)
{
	pool_t pool = pool_alloconly_create("bounce batch", 64 * 1024);
	struct bounce_rebuild *batch =
		p_new(pool, struct bounce_rebuild, 1);

	batch->pool = pool;
	batch->store = store;
	hash_table_create(&batch->table, pool, 0, str_hash, strcmp);
	p_array_init(&batch->addresses, pool, 64);
	return batch;
}

void bounce_rebuild_cancel(struct bounce_rebuild **_batch)
{
	struct bounce_rebuild *batch = *_batch;

	*_batch = NULL;
	hash_table_destroy(&batch->table);
	pool_unref(&batch->pool);
}

void bounce_rebuild_set_changed(struct bounce_rebuild *batch,
				    bounce_rebuild_changed_t *callback,
				    void *context)
{
	batch->changed = callback;
	batch->context = context;
}

static struct batch_address *
rebuild_batch_get(struct bounce_rebuild *batch, const char *address)
{
	struct batch_address *entry = hash_table_lookup(batch->table, address);

	if (entry == NULL) {
		entry = p_new(batch->pool, struct batch_address, 1);
		entry->address = address;
		p_array_init(&entry->incidents, batch->pool, 1);
		hash_table_insert(batch->table, entry->address, entry);
		array_push_back(&batch->addresses, &entry);
	}
	return entry;
}

void bounce_rebuild_add(struct bounce_rebuild *batch,
			    const struct bounce_report *report,
			    enum bounce_evidence evidence, time_t when)
{
	ARRAY_TYPE(bounce_incident) incidents;
	const struct bounce_incident *incident;
	enum bounce_evidence least =
		bounce_policy_least(&batch->store->set.policy);

	if (evidence < least)
		return;
	p_array_init(&incidents, batch->pool, 1);
	bounce_incidents_read(batch->pool, report, evidence, when, &incidents);
	array_foreach(&incidents, incident) {
		struct batch_address *entry;

		if (incident->evidence < least)
			continue;
		entry = rebuild_batch_get(batch, incident->address);
		array_push_back(&entry->incidents, &incident);
	}
}

static int
rebuild_incident_cmp(const struct bounce_incident *const *a,
		     const struct bounce_incident *const *b)
{
	if ((*a)->when != (*b)->when)
		return (*a)->when < (*b)->when ? -1 : 1;
	return strcmp((*a)->report_id, (*b)->report_id);
}

static void
rebuild(struct bounce_rebuild *batch, struct batch_address *entry,
	pool_t pool, struct bounce_record *rec_r)
{
	const struct bounce_incident *incident;

	array_sort(&entry->incidents, rebuild_incident_cmp);
	bounce_record_init(rec_r, pool, entry->address);
	array_foreach_elem(&entry->incidents, incident) {
		(void)bounce_policy_count(&batch->store->set.policy, pool,
					  rec_r, incident);
	}
}

/* Returns 1 if the record is to be written, 0 if it is right, -1 on error. */
static int
rebuild_batch_merge(struct bounce_rebuild *batch, struct batch_address *entry,
		    pool_t pool, struct bounce_record *rec_r, bool *exists_r,
		    const char **error_r)
{
	const struct bounce_incident *const *incidents;
	struct bounce_record rebuilt;
	unsigned int count;
	int ret;

	rebuild(batch, entry, pool, &rebuilt);
	ret = bounce_dict_read(batch->store->dict, pool, entry->address, rec_r,
			       error_r);
	if (ret == -1)
		return -1;
	*exists_r = ret != 0;
	if (ret <= 0) {
		*rec_r = rebuilt;
		return ret == BOUNCE_DICT_DAMAGED ||
			!bounce_record_lapsed(&rebuilt, ioloop_time) ? 1 : 0;
	}
	incidents = array_get(&entry->incidents, &count);
	return bounce_policy_merge(&batch->store->set.policy, pool, rec_r,
				   &rebuilt, incidents, count) ? 1 : 0;
}

/* What came before a person removed the record is settled. Returns FALSE if that
   is all of it. */
static bool
rebuild_batch_drop_removed(struct bounce_rebuild *batch,
			   struct batch_address *entry)
{
	time_t removed = bounce_tombstone_when(batch->removed, entry->address);
	unsigned int i = array_count(&entry->incidents);

	while (i-- > 0) {
		const struct bounce_incident *incident =
			array_idx_elem(&entry->incidents, i);

		if (incident->when <= removed)
			array_delete(&entry->incidents, i, 1);
	}
	return !array_is_empty(&entry->incidents);
}

/* Returns how many change, or -1. */
static int
rebuild_batch_write(struct bounce_rebuild *batch,
		    struct bounce_transaction *trans,
		    const char **error_r)
{
	struct batch_address *entry;
	int changed = 0;

	array_foreach_elem(&batch->addresses, entry) {
		pool_t pool = pool_alloconly_create("bounce rebuild", 4096);
		struct bounce_record rec;
		const char *error;
		bool exists = FALSE;
		int ret;

		if (!rebuild_batch_drop_removed(batch, entry)) {
			pool_unref(&pool);
			continue;
		}
		T_BEGIN {
			ret = rebuild_batch_merge(batch, entry, pool, &rec,
						  &exists,
						  &error);
			if (ret < 0)
				error = p_strdup(batch->pool, error);
		} T_END;
		if (ret > 0) {
			if (!entry->shown && batch->changed != NULL)
				batch->changed(&rec, batch->context);
			entry->shown = TRUE;
			bounce_transaction_put(trans, &rec, exists);
			changed++;
		} else if (ret == 0 && exists) {
			bounce_transaction_keep(trans, entry->address);
		}
		pool_unref(&pool);
		if (ret < 0) {
			*error_r = t_strdup(error);
			return -1;
		}
	}
	return changed;
}

struct batch_commit {
	struct bounce_rebuild *batch;
	bool dry_run;
	int changed;
};

static int
rebuild_batch_transact(struct bounce_transaction *trans, void *context,
		       const char **error_r)
{
	struct batch_commit *commit = context;

	if (bounce_tombstone_read(trans->dict, &commit->batch->removed,
				  error_r) < 0)
		return -1;
	commit->changed = rebuild_batch_write(commit->batch, trans, error_r);
	bounce_tombstone_free(&commit->batch->removed);
	/* none changed: the index may have lost one all the same */
	return commit->changed < 0 ? -1 : (commit->dry_run ? 0 : 1);
}

int bounce_rebuild_commit(struct bounce_rebuild **_batch, bool dry_run,
			      const char **error_r)
{
	struct bounce_rebuild *batch = *_batch;
	struct batch_commit commit = { .batch = batch, .dry_run = dry_run };
	int ret = -1;

	if (batch->error != NULL)
		*error_r = t_strdup(batch->error);
	else if (bounce_commit_transact(batch->store, rebuild_batch_transact,
					&commit,
				 error_r) >= 0)
		ret = commit.changed;
	bounce_rebuild_cancel(_batch);
	return ret;
}
