#ifndef BOUNCE_FINAL_H
#define BOUNCE_FINAL_H

/* priv/bounce/meta/final: which record names an address as the one that refused:
   {"final@example.net":"alias@example.org"}, the last BOUNCE_FINAL_MAX of them. So
   that a program that asks for that address need not read the whole dictionary. */

#include "bounce-record.h"

#define BOUNCE_FINAL_MAX 200

struct bounce_store;

/* As bounce_store_lookup(); where there is no record of that address, the one that
   names it as its final_address. */
int bounce_final_lookup(struct bounce_store *store, pool_t pool,
			const char *address, time_t now,
			struct bounce_record *rec_r, const char **error_r);

#endif
