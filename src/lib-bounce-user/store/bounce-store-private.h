#ifndef BOUNCE_STORE_PRIVATE_H
#define BOUNCE_STORE_PRIVATE_H

#include "bounce-sent.h"
#include "bounce-store.h"

struct dict;
struct bounce_transaction;
struct file_lock;

struct bounce_store {
	pool_t pool;
	struct mail_user *user;
	struct dict *dict;
	/* of the file driver, else NULL */
	const char *file;
	struct bounce_store_settings set;
	/* the change that is being made: what it puts is read at once */
	struct bounce_transaction *edit;
	/* 1 the driver iterates, 0 it cannot, -1 not asked yet */
	int iterates;
	/* a commit failed: what the driver has in memory is not to be trusted */
	bool reopen;
	/* see bounce_store_is_down() */
	bool down;
	/* see bounce_sent_store_crossed() */
	pool_t crossed_pool;
	struct bounce_sent *crossed;
};

/* Every public function begins here: opens the dictionary again where need
   be. */
int bounce_store_ready(struct bounce_store *store, const char **error_r);
/* The record's key, on the data stack. */
const char *bounce_store_key(struct bounce_store *store, const char *address);
/* Does the driver iterate? 1/0/-1. */
int bounce_store_iterates(struct bounce_store *store, const char **error_r);
/* One value, from pool, as it is or as bounce_transaction_set_key() left it. 1/0/-1;
   notes whether the dictionary is down. */
int bounce_store_get(struct bounce_store *store, pool_t pool, const char *key,
		     const char **value_r, const char **error_r);
/* As it stands there, lapsed or not. address in normal form. 1/0/-1, or
   BOUNCE_STORE_DAMAGED with error_r for a value that is no record. */
#define BOUNCE_STORE_DAMAGED -2
int bounce_store_read(struct bounce_store *store, pool_t pool,
		      const char *address, struct bounce_record *rec_r,
		      const char **error_r);

/* bounce-lock.c: the lock in a file. The kernel drops it with its process. */
int bounce_lock_take(struct bounce_store *store, struct file_lock **lock_r,
		     const char **error_r);
void bounce_lock_release(struct file_lock **lock);

/* bounce-claim.c: the lock in the dictionary, between Dovecots. */
int bounce_claim_take(struct bounce_store *store, const char **token_r,
		      const char **error_r);
int bounce_claim_release(struct bounce_store *store, const char *token,
			 const char **error_r);
/* Do we still have it? 1/0/-1. */
int bounce_claim_check(struct bounce_store *store, const char *token,
		       const char **error_r);

/* bounce-transaction.c: one change of the dictionary: lock, look up, put and drop,
   commit in one transaction. */
int bounce_transaction_begin(struct bounce_store *store, struct bounce_transaction **edit_r,
		      const char **error_r);
pool_t bounce_transaction_pool(struct bounce_transaction *edit);
/* rec is encoded at once. exists: a record of that address stands there. */
void bounce_transaction_put(struct bounce_transaction *edit, const struct bounce_record *rec,
		     bool exists);
/* A record that exists; address in normal form. */
void bounce_transaction_drop(struct bounce_transaction *edit, const char *address);
/* Another key of ours; value NULL = unset. */
void bounce_transaction_set_key(struct bounce_transaction *edit, const char *key,
			 const char *value);
/* Was it set here? value_r is valid until it is set again. */
bool bounce_transaction_find_key(struct bounce_transaction *edit, const char *key,
			  const char **value_r);
/* Writes, if there is something to write; unlocks and frees in any case. Returns
   0, -1 on error, or BOUNCE_TRANSACTION_AGAIN with error_r if another Dovecot came
   between: nothing is written, look up and put again. */
#define BOUNCE_TRANSACTION_AGAIN -2
int bounce_transaction_commit(struct bounce_transaction **edit, const char **error_r);
void bounce_transaction_cancel(struct bounce_transaction **edit);

struct bounce_change {
	const char *address;
	/* NULL = drop */
	const char *value;
	bool exists;
	/* of a new record: who makes room */
	struct bounce_record rec;
};
ARRAY_DEFINE_TYPE(bounce_change, struct bounce_change);

/* bounce-index.c: where the driver cannot iterate. Adds the shards that the
   changes touch to the edit. */
int bounce_index_update(struct bounce_transaction *edit,
			const ARRAY_TYPE(bounce_change) *changes,
			const char **error_r);
/* All addresses of the index. */
int bounce_index_read(struct bounce_store *store, pool_t pool,
		      ARRAY_TYPE(const_string) *addresses,
		      const char **error_r);

/* bounce-evict.c: keep to max_addresses. Adds the new count, and drops, to the
   edit. */
int bounce_evict_update(struct bounce_store *store, struct bounce_transaction *edit,
		       ARRAY_TYPE(bounce_change) *changes,
		       const char **error_r);

/* bounce-backscatter.c: count a report that was not ours. */
int bounce_backscatter_add(struct bounce_store *store, time_t now,
			   const char **error_r);

/* bounce-sent-store.c: when the returned mail was sent, as it says; now where it
   says nothing that can be. */
time_t bounce_sent_store_date(const struct bounce_report *report, time_t now);
/* Count these failures of mails that were sent. */
int bounce_sent_store_fail(struct bounce_transaction *edit,
		       const struct bounce_report *report,
		       const ARRAY_TYPE(bounce_incident) *incidents,
		       time_t now, const char **error_r);

struct bounce_store *bounce_transaction_store(struct bounce_transaction *edit);

#endif
