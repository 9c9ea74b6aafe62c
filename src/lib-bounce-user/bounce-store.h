#ifndef BOUNCE_STORE_H
#define BOUNCE_STORE_H

/* One user's dictionary. Every change is read-change-write under one lock per
   user; errors are texts without prefix, logged by the caller only. */

#include "bounce-record.h"

struct bounce_user;
struct bounce_store;
struct bounce_store_iter;

/* Look up the record of an address (any form; normalised here) as of now:
   a lapsed record is no record. Returns 1 and sets rec_r (from pool), 0 if
   there is none, -1 if the dictionary failed or address is none. */
int bounce_store_lookup(struct bounce_store *store, pool_t pool,
			const char *address, time_t now,
			struct bounce_record *rec_r, const char **error_r);

/* Record the failed recipients of report (complaints: as such). Idempotent: a
   report that was counted is not counted again. Returns the number of records
   changed, or -1. */
int bounce_store_add(struct bounce_store *store,
		     const struct bounce_report *report,
		     enum bounce_evidence evidence, time_t now,
		     const char **error_r);

/* Write a record as it is (doveadm add, release, correct, import). */
int bounce_store_set(struct bounce_store *store,
		     const struct bounce_record *rec, const char **error_r);

/* Remove the record. Returns 1 if there was one, 0 if not, -1 on error. */
int bounce_store_remove(struct bounce_store *store, const char *address,
			const char **error_r);

/* All records that have not lapsed at now, in no order. Usage:
   iter = init(); while (next(iter, &rec)) ...; deinit(&iter, &error). rec is
   valid until the next call. deinit returns 0, or -1 if the iteration failed. */
struct bounce_store_iter *
bounce_store_iter_init(struct bounce_store *store, time_t now);
bool bounce_store_iter_next(struct bounce_store_iter *iter,
			    const struct bounce_record **rec_r);
int bounce_store_iter_deinit(struct bounce_store_iter **iter,
			     const char **error_r);

#endif
