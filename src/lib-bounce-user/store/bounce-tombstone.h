#ifndef BOUNCE_TOMBSTONE_H
#define BOUNCE_TOMBSTONE_H

/* priv/bounce/meta/removed: when a person removed a record, or a proof of life
   cleared it (then negative), by a hash of the address. A mailbox that is read again
   does not bring back what came before. 500; a person's stay the longest. */

#include "lib.h"

struct bounce_dict;
struct bounce_tombstone;
struct bounce_transaction;

/* Note it in the transaction. Returns 0, or -1. */
int bounce_tombstone_add(struct bounce_transaction *trans, const char *address,
			 bool person, time_t now, const char **error_r);
/* All of them; one that is yet to come is of now. Returns 0, or -1. Free with
   bounce_tombstone_free(). */
int bounce_tombstone_read(struct bounce_dict *dict,
			struct bounce_tombstone **removed_r,
			const char **error_r);
/* Write them where that was so. */
void bounce_tombstone_mend(struct bounce_transaction *trans,
			   const struct bounce_tombstone *removed);
/* When that address was removed, 0 = never. */
time_t bounce_tombstone_when(const struct bounce_tombstone *removed,
			   const char *address);
void bounce_tombstone_free(struct bounce_tombstone **removed);

#endif
