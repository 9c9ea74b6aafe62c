#ifndef BOUNCE_STORE_PRIVATE_H
#define BOUNCE_STORE_PRIVATE_H

/* Within the store, from the ground up: dict < lock < transaction < index < iter
   < evict < commit < all that changes something. */

#include "bounce-dict.h"
#include "bounce-lock.h"
#include "bounce-sent.h"
#include "bounce-store.h"

struct bounce_transaction;

struct bounce_store {
	pool_t pool;
	struct bounce_dict *dict;
	struct bounce_store_settings set;
	/* bounce-hosts.c: as they were read last, and when; NULL = never */
	char *hosts;
	time_t hosts_read;
};

/* What of a record its change is told by. */
struct bounce_was {
	const char *address;
	enum bounce_state state;
	enum bounce_evidence evidence;
	const char *corrected;
};

/* bounce-transaction.c: what one change of the dictionary will write, under the
   lock. */
struct bounce_change {
	const char *address;
	/* NULL = drop */
	const char *value;
	bool exists;
	/* of a new record: who makes room */
	struct bounce_record rec;
	/* NULL = nothing stood there, or nobody read it */
	const struct bounce_was *was;
};
ARRAY_DEFINE_TYPE(bounce_change, struct bounce_change);

struct bounce_key_change {
	const char *key;
	/* NULL = unset */
	const char *value;
};
ARRAY_DEFINE_TYPE(bounce_key_change, struct bounce_key_change);

struct bounce_transaction {
	pool_t pool;
	struct bounce_store *store;
	struct bounce_dict *dict;
	struct file_lock *lock;
	ARRAY_TYPE(bounce_change) changes;
	ARRAY_TYPE(bounce_key_change) keys;
	/* what was read last: put and drop follow it */
	const struct bounce_was *was;
	/* records that are right as they are: they must be in the index */
	ARRAY_TYPE(const_string) kept;
};

/* Takes the lock. Returns 0, or -1. */
int bounce_transaction_begin(struct bounce_store *store,
			     struct bounce_transaction **trans_r,
			     const char **error_r);
/* Begin anew under the same lock. */
void bounce_transaction_clear(struct bounce_transaction *trans);
/* Unlocks and frees. */
void bounce_transaction_end(struct bounce_transaction **trans);
/* rec is as it is in the dictionary. bounce_transaction_read() notes it, too;
   whoever reads without it calls this before put or drop. */
void bounce_transaction_note(struct bounce_transaction *trans,
			     const struct bounce_record *rec);
/* rec is encoded at once. exists: a record of that address is there. */
void bounce_transaction_put(struct bounce_transaction *trans,
			    const struct bounce_record *rec, bool exists);
/* A record that exists; address in normal form. */
void bounce_transaction_drop(struct bounce_transaction *trans,
			     const char *address);
/* A record that exists and stays: its place in the index is looked after. */
void bounce_transaction_keep(struct bounce_transaction *trans,
			     const char *address);
/* A record as it is, or as it was put here, or an empty one. As
   bounce_dict_read(), from the transaction's pool. */
int bounce_transaction_read(struct bounce_transaction *trans,
			    const char *address, struct bounce_record *rec_r,
			    const char **error_r);
/* Another key of ours; value NULL = unset. */
void bounce_transaction_set_key(struct bounce_transaction *trans,
				const char *key, const char *value);
/* As it is, or as it was set here. As bounce_dict_get(). */
int bounce_transaction_get_key(struct bounce_transaction *trans, pool_t pool,
			       const char *key, const char **value_r,
			       const char **error_r);

/* bounce-index.c: where the driver cannot iterate. Adds the shards that the
   changes touch and those that lost a kept record. */
int bounce_index_update(struct bounce_transaction *trans, const char **error_r);
/* Within a transaction: its shards are asked for at once. */
void bounce_index_ask(struct bounce_dict *dict);
/* All addresses of the index. */
int bounce_index_read(struct bounce_dict *dict, pool_t pool,
		      ARRAY_TYPE(const_string) *addresses,
		      const char **error_r);

/* bounce-final.c: adds what finds the changed records by their final address. */
int bounce_final_update(struct bounce_transaction *trans, const char **error_r);

/* bounce-evict.c: keep to max_addresses. Adds the new count, and drops. */
int bounce_evict_update(struct bounce_transaction *trans, const char **error_r);
/* Adds the count where it is missing: by it bounce_store_is_empty() knows. */
int bounce_evict_keep_count(struct bounce_transaction *trans,
			    const char **error_r);

/* bounce-commit.c: the one way to change the dictionary. Lock, let the callback
   look up and put, write all of it in one transaction, unlock. Where the
   dictionary's server was restarted meanwhile, all of it is tried once more:
   the callback begins anew each time.

   The callback returns how many it changed (0: there is nothing to write) or
   -1; so does bounce_commit_transact(). */
typedef int bounce_transact_t(struct bounce_transaction *trans, void *context,
			      const char **error_r);
int bounce_commit_transact(struct bounce_store *store, bounce_transact_t *callback,
		    void *context, const char **error_r);
/* Its parts: what the changes bring with them, returns 1, 0 if there is nothing
   to write, or -1; and all of it in one transaction of the dictionary's. */
int bounce_commit_prepare(struct bounce_transaction *trans,
			  const char **error_r);
struct dict_transaction_context *
bounce_commit_fill(struct bounce_transaction *trans);

/* bounce-announce.c: send bounce_address_changed for each address whose state (or
   corrected address) is another after this transaction, which was written. */
void bounce_announce(struct bounce_transaction *trans);

/* bounce-backscatter.c: count a report that was not ours. Returns 0, or -1. */
int bounce_backscatter_add(struct bounce_store *store, time_t now,
			   const char **error_r);

/* bounce-sent-store-fail.c: failures of mails that were sent, counted on the days
   and in the broadcasts that they belong to; each of these is read and written
   once. */
struct bounce_sent_store_fails;
/* What came back of one mail. */
struct bounce_sent_store_failed {
	/* of the returned mail; NULL = not known */
	const char *message_id, *subject;
	/* when it was sent, as it says; when the report came where it says
	   nothing that can be */
	time_t sent;
	const ARRAY_TYPE(bounce_incident) *incidents;
};

/* failed_r points into report; when: the time the report came. */
void bounce_sent_store_failed_init(const struct bounce_report *report,
				   const ARRAY_TYPE(bounce_incident) *incidents,
				   time_t when,
				   struct bounce_sent_store_failed *failed_r);
/* Lives as long as trans. */
struct bounce_sent_store_fails *
bounce_sent_store_fails_begin(struct bounce_transaction *trans, time_t now);
/* Count what is not counted yet. pool, crossed_r: see bounce_store_add();
   crossed_r is unchanged if there is none, and may be NULL. Returns 0, or -1. */
int bounce_sent_store_fails_add(struct bounce_sent_store_fails *fails,
				const struct bounce_sent_store_failed *failed,
				pool_t pool,
				const struct bounce_sent **crossed_r,
				const char **error_r);
/* The same for a mailbox that is read again: older mail than is kept, and days
   that do not know what they have counted, are passed over. */
int bounce_sent_store_fails_mend(struct bounce_sent_store_fails *fails,
				 const struct bounce_sent_store_failed *failed,
				 const char **error_r);
/* Returns how many days and broadcasts are to be written. */
unsigned int
bounce_sent_store_fails_end(struct bounce_sent_store_fails *fails);

#endif
