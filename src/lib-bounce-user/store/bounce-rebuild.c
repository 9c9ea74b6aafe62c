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

/* What the sent side must know of. */
struct batch_failed {
	struct bounce_sent_store_failed failed;
	ARRAY_TYPE(bounce_incident) incidents;
};

struct bounce_rebuild {
	pool_t pool;
	struct bounce_store *store;
	HASH_TABLE_TYPE(batch_address) table;
	ARRAY(struct batch_address *) addresses;
	ARRAY(struct batch_failed *) failed;
	/* the caller's, or NULL */
	ARRAY_TYPE(const_string) *failed_ids;
	pool_t failed_ids_pool;
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
	p_array_init(&batch->failed, pool, 64);
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

void bounce_rebuild_set_failed_ids(struct bounce_rebuild *batch, pool_t pool,
				   ARRAY_TYPE(const_string) *ids)
{
	batch->failed_ids_pool = pool;
	batch->failed_ids = ids;
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

static void
rebuild_batch_add_failed(struct bounce_rebuild *batch,
			 const struct bounce_report *report,
			 const ARRAY_TYPE(bounce_incident) *incidents,
			 time_t when)
{
	const struct bounce_incident *incident;
	struct batch_failed *failed =
		p_new(batch->pool, struct batch_failed, 1);

	p_array_init(&failed->incidents, batch->pool, 1);
	array_foreach(incidents, incident) {
		if (incident->evidence >= BOUNCE_EVIDENCE_VERIFIED)
			array_push_back(&failed->incidents, incident);
	}
	if (array_is_empty(&failed->incidents))
		return;
	bounce_sent_store_failed_init(report, &failed->incidents, when,
				      &failed->failed);
	failed->failed.message_id =
		p_strdup(batch->pool, failed->failed.message_id);
	failed->failed.subject = p_strdup(batch->pool, failed->failed.subject);
	array_push_back(&batch->failed, &failed);
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
	rebuild_batch_add_failed(batch, report, &incidents, when);
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
rebuild_batch_merge(struct bounce_rebuild *batch,
		    struct bounce_transaction *trans,
		    struct batch_address *entry, pool_t pool,
		    struct bounce_record *rec_r, bool *exists_r,
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
	bounce_transaction_note(trans, rec_r);
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

/* The mails whose failure this record stands for. */
static void
rebuild_batch_take_ids(struct bounce_rebuild *batch,
		       const struct batch_address *entry,
		       const struct bounce_record *rec)
{
	const struct bounce_incident *incident;
	const char *id;

	if (batch->failed_ids == NULL ||
	    rec->state == BOUNCE_STATE_RELEASED ||
	    rec->state == BOUNCE_STATE_CORRECTED ||
	    bounce_record_lapsed(rec, ioloop_time))
		return;
	array_foreach_elem(&entry->incidents, incident) {
		if (incident->complaint ||
		    incident->evidence < BOUNCE_EVIDENCE_VERIFIED ||
		    incident->original_message_id == NULL)
			continue;
		id = p_strdup(batch->failed_ids_pool,
			      incident->original_message_id);
		array_push_back(batch->failed_ids, &id);
	}
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
			ret = rebuild_batch_merge(batch, trans, entry, pool,
						  &rec, &exists, &error);
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
		if (ret > 0 || (ret == 0 && exists))
			rebuild_batch_take_ids(batch, entry, &rec);
		pool_unref(&pool);
		if (ret < 0) {
			*error_r = t_strdup(error);
			return -1;
		}
	}
	return changed;
}

/* What a person removed is settled on this side, too. */
static void
rebuild_failed_drop_removed(const struct bounce_rebuild *batch,
			    ARRAY_TYPE(bounce_incident) *incidents)
{
	unsigned int i = array_count(incidents);

	while (i-- > 0) {
		const struct bounce_incident *incident =
			array_idx(incidents, i);

		if (incident->when <= bounce_tombstone_when(batch->removed,
							    incident->address))
			array_delete(incidents, i, 1);
	}
}

static int
rebuild_batch_mend_sent(struct bounce_rebuild *batch,
			struct bounce_transaction *trans, const char **error_r)
{
	struct bounce_sent_store_fails *fails =
		bounce_sent_store_fails_begin(trans, ioloop_time);
	struct batch_failed *failed;
	const char *error;
	int ret = 0;

	array_foreach_elem(&batch->failed, failed) {
		rebuild_failed_drop_removed(batch, &failed->incidents);
		if (array_is_empty(&failed->incidents))
			continue;
		T_BEGIN {
			ret = bounce_sent_store_fails_mend(fails,
							   &failed->failed,
							   &error);
			if (ret < 0)
				error = p_strdup(batch->pool, error);
		} T_END;
		if (ret < 0) {
			*error_r = t_strdup(error);
			return -1;
		}
	}
	(void)bounce_sent_store_fails_end(fails);
	return 0;
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
	if (commit->batch->failed_ids != NULL)
		array_clear(commit->batch->failed_ids);
	commit->changed = rebuild_batch_write(commit->batch, trans, error_r);
	if (commit->changed >= 0 &&
	    rebuild_batch_mend_sent(commit->batch, trans, error_r) < 0)
		commit->changed = -1;
	bounce_tombstone_mend(trans, commit->batch->removed);
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
