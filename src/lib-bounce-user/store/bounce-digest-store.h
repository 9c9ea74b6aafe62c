#ifndef BOUNCE_DIGEST_STORE_H
#define BOUNCE_DIGEST_STORE_H

/* The digest's memory in one user's dictionary. Layout: bounce-digest.h. As
   bounce-store.h in all else. */

#include "bounce-digest.h"

struct bounce_store;

/* Returns 0, or -1. */
int bounce_digest_store_read(struct bounce_store *store, pool_t pool,
			     struct bounce_digest_memory *memory_r,
			     const char **error_r);

/* Called under the lock, once more where the dictionary was restarted meanwhile.
   Returns 1 to write what it changed, 0 to leave it, -1 with error_r. */
typedef int bounce_digest_store_change_t(pool_t pool,
					 struct bounce_digest_memory *memory,
					 void *context, const char **error_r);
/* Returns as the callback. */
int bounce_digest_store_change(struct bounce_store *store,
			       bounce_digest_store_change_t *callback,
			       void *context, const char **error_r);
/* This address (normal form) works again. Returns 0, or -1. */
int bounce_digest_store_recovered(struct bounce_store *store,
				  const char *address, time_t now,
				  const char **error_r);
/* Forget an address. Returns 1 if it was there, 0, or -1. */
int bounce_digest_store_erase(struct bounce_store *store, const char *address,
			      const char **error_r);

#endif
