#ifndef BOUNCE_STORE_H
#define BOUNCE_STORE_H

/* One user's dictionary. Every change is read-change-write under one lock per
   user, written in one transaction; errors are texts without prefix, logged by
   the caller only. No function panics or waits for ever when the dictionary is
   down. */

#include "bounce-record.h"

struct mail_user;
struct bounce_commit_later;
struct bounce_store;
struct bounce_store_iter;
struct bounce_wait;
struct bounce_rebuild;
struct bounce_sent;

struct bounce_store_settings {
	/* 2.3: the dict's URI, %-expanded; NULL or "" = the default file in
	   the user's home. 2.4 reads bounce { dict ... } itself */
	const char *dict;
	struct bounce_policy policy;
	unsigned int max_addresses;	/* 0 = no limit */
	/* how long the dictionary may be waited for; it outlives the store */
	struct bounce_wait *wait;
};

/* Open the user's dictionary; set is copied. Returns 0, or -1 with error_r if
   it cannot be opened. A server that is down shows at the first use only. */
int bounce_store_init(struct mail_user *user,
		      const struct bounce_store_settings *set,
		      struct bounce_store **store_r, const char **error_r);
void bounce_store_deinit(struct bounce_store **store);

/* Look up the record of an address (any form; normalised here) as of now:
   a lapsed record is no record. Returns 1 and sets rec_r (from pool), 0 if there is none, -1 if the dictionary failed or
   address is none. */
int bounce_store_lookup(struct bounce_store *store, pool_t pool,
			const char *address, time_t now,
			struct bounce_record *rec_r, const char **error_r);
/* The same of many at once: they are sent ahead together. recs_r has count
   places, NULL where there is no record, where the address is none and where its
   value is damaged. Returns 0, or -1 if the dictionary failed: then all of recs_r
   are NULL. */
int bounce_store_lookup_many(struct bounce_store *store, pool_t pool,
			     const char *const *addresses, unsigned int count,
			     time_t now, const struct bounce_record **recs_r,
			     const char **error_r);
/* The same, and if there is none, the record whose original_address or
   final_address it is:
   costs an iteration then. For people only. */
int bounce_store_find(struct bounce_store *store, pool_t pool,
		      const char *address, time_t now,
		      struct bounce_record *rec_r, const char **error_r);

/* Did what failed last fail because the dictionary did not answer or was not
   written (and not for what it holds)? Then another try would only wait again. */
bool bounce_store_is_down(const struct bounce_store *store);
/* When the dictionary answered a look-up last, in microseconds since the epoch; 0 =
   never. */
uint64_t bounce_store_answered_at(const struct bounce_store *store);
/* Record the failed recipients of report (complaints: as such); of other kinds
   nothing. Idempotent: a report that was counted is not counted again. Evidence
   below the policy's changes no record: it is counted as backscatter. added_r
   (from pool) may be NULL. Returns the number of records changed, or -1 (nothing
   was written, or it is not known). */
struct bounce_store_added {
	/* the broadcast that this brought to a level that it had not reached
	   before, else NULL */
	const struct bounce_sent *crossed;
	/* the addresses whose records changed */
	ARRAY_TYPE(const_string) counted;
};
int bounce_store_add(struct bounce_store *store,
		     const struct bounce_report *report,
		     enum bounce_evidence evidence, time_t now, pool_t pool,
		     struct bounce_store_added *added_r,
		     const char **error_r);
/* The same for many reports (failures and complaints, at most
   BOUNCE_STORE_ADD_MAX recipients together) in one transaction; of weak evidence
   nothing is counted. */
#define BOUNCE_STORE_ADD_MAX 200
struct bounce_store_report {
	const struct bounce_report *report;
	enum bounce_evidence evidence;
	time_t when;
	/* NULL = nobody wants to know */
	struct bounce_store_added *added_r;
};
int bounce_store_add_many(struct bounce_store *store,
			  const struct bounce_store_report *reports,
			  unsigned int count, pool_t pool,
			  const char **error_r);
/* The same, but nobody waits (bounce-commit-later.h). read yields the reports, which
   live in pool until it is done; it is called anew where the dictionary had no answer
   for it yet. Returns 1, 0 if there is nothing to add, or -1. done is called once,
   maybe before this returns; later_r is NULL from then on. */
typedef int bounce_store_read_t(void *context,
				const struct bounce_store_report **reports_r,
				unsigned int *count_r, const char **error_r);
typedef void
bounce_store_added_t(int ret, const char *error, void *context);
void bounce_store_add_later(struct bounce_store *store, pool_t pool,
			    bounce_store_read_t *read,
			    bounce_store_added_t *done, void *context,
			    struct bounce_commit_later **later_r);
/* Give it up: done is called. */
void bounce_store_add_cancel(struct bounce_commit_later *later);
/* Whose record did it change for this recipient of its report? The address in
   normal form, NULL = nobody's. */
const char *
bounce_store_added_address(const struct bounce_store_added *added,
			   const struct bounce_recipient *rcpt);

/* Many reports at once, for reading a mailbox: kept in memory, written in one
   transaction. The mailbox is the journal: at commit each address's record
   becomes what these reports, replayed in the order of their times, say, unless
   the dictionary knows of reports that are not in the batch; then those that it
   does not know are added. A record that is damaged is made anew. What a person or a complaint decided stays. Doing it
   twice changes nothing. */
struct bounce_rebuild *bounce_rebuild_init(struct bounce_store *store);
/* when: the time the report came. Nothing is written yet. */
void bounce_rebuild_add(struct bounce_rebuild *batch,
			    const struct bounce_report *report,
			    enum bounce_evidence evidence, time_t when);
/* Called at commit once for each record that changes, before it is written. rec is
   valid until the callback returns. */
typedef void bounce_rebuild_changed_t(const struct bounce_record *rec,
					  void *context);
void bounce_rebuild_set_changed(struct bounce_rebuild *batch,
				    bounce_rebuild_changed_t *callback,
				    void *context);
/* At commit ids (in pool, initialised) gets the mails that failed and for which a
   record remains, as bounce_incident_id() has them; some more than once. */
void bounce_rebuild_set_failed_ids(struct bounce_rebuild *batch, pool_t pool,
				   ARRAY_TYPE(const_string) *ids);
/* The failures that the sent side does not know of are counted there, too.
   Returns the number of records changed (with dry_run: that would change), or
   -1. Frees the batch in any case. */
int bounce_rebuild_commit(struct bounce_rebuild **batch, bool dry_run,
			      const char **error_r);
void bounce_rebuild_cancel(struct bounce_rebuild **batch);

/* Change one record under the lock. callback gets the record as it is, or
   an empty one with address and count 0 where there is none, and its pool for
   new strings; it returns TRUE to write, FALSE to leave all as it is. This is
   how doveadm's add, release and correct keep a delivery's update at the same
   time. Returns 1 if written, 0 if left, -1 on error. */
typedef bool bounce_store_change_t(pool_t pool, struct bounce_record *rec,
				   bool exists, void *context);
int bounce_store_change(struct bounce_store *store, const char *address,
			time_t now, bounce_store_change_t *callback,
			void *context, const char **error_r);
/* The same for many addresses (NULL-terminated, each once) in one transaction;
   callback is called for each, and for all again should the dictionary have to
   be asked once more. Returns the number of records written, -1 on error. */
int bounce_store_change_many(struct bounce_store *store,
			     const char *const *addresses, time_t now,
			     bounce_store_change_t *callback, void *context,
			     const char **error_r);

/* Write records as they are, in one transaction (import). */
int bounce_store_set(struct bounce_store *store,
		     const struct bounce_record *rec, const char **error_r);
int bounce_store_set_many(struct bounce_store *store,
			  const struct bounce_record *recs, unsigned int count,
			  const char **error_r);

/* Remove the record. Returns 1 if there was one, 0 if not, -1 on error. */
int bounce_store_remove(struct bounce_store *store, const char *address,
			const char **error_r);
/* Remove every record that names the address: its own, those of addresses that
   forward to it or were corrected to it. Returns how many, or -1. */
int bounce_store_erase(struct bounce_store *store, const char *address,
		       const char **error_r);
/* Somebody at that address is alive: remove its record, unless a person or a
   complaint said what is in it. Returns 1 and the record that was there (from
   pool), 0 if nothing changed, or -1. */
int bounce_store_clear(struct bounce_store *store, const char *address,
		       pool_t pool, struct bounce_record *rec_r,
		       const char **error_r);
/* Remove all that have lapsed at now. Returns how many, or -1. */
int bounce_store_expire(struct bounce_store *store, time_t now,
			const char **error_r);

/* How many reports were not about mail of this user (evidence too low), and when
   the last came. Returns 0, or -1. */
int bounce_store_backscatter(struct bounce_store *store, unsigned int *count_r,
			     time_t *last_r, const char **error_r);

/* Have there been so many (BOUNCE_STORE_FLOOD) within this hour that they are in
   the way? 1/0/-1. began_r: it is to be told, which may be asked for more than
   once. */
#define BOUNCE_STORE_FLOOD 20
int bounce_store_is_flooded(struct bounce_store *store, time_t now,
			    bool *began_r, const char **error_r);

/* Was nothing ever recorded of this user, neither an address nor backscatter? One
   look-up, where listing takes 64 (redis); elsewhere none, and the answer is no.
   1/0/-1. */
int bounce_store_is_empty(struct bounce_store *store, const char **error_r);
/* All records that have not lapsed at now, in no order. Usage:
   iter = init(); while (next(iter, &rec)) ...; deinit(&iter, &error). rec is
   valid until the next call. deinit returns 0, or -1 if the iteration failed.
   now = 0: the lapsed ones too. What is no record is passed over. */
struct bounce_store_iter *
bounce_store_iter_init(struct bounce_store *store, time_t now);
bool bounce_store_iter_next(struct bounce_store_iter *iter,
			    const struct bounce_record **rec_r);
/* How many were passed over so far, and the address of the first, or NULL. */
unsigned int
bounce_store_iter_get_damaged(const struct bounce_store_iter *iter,
			      const char **address_r);
int bounce_store_iter_deinit(struct bounce_store_iter **iter,
			     const char **error_r);

#endif
