#ifndef BOUNCE_HOSTS_H
#define BOUNCE_HOSTS_H

/* priv/bounce/meta/hosts: the names by which our MTA and Dovecot know
   themselves, as their lines in deliveries said: {"mx.example.org":<seen>}. Where
   there is no session (scan, a copy saved later) they are believed. */

#include "lib.h"
#include "array.h"

struct bounce_store;

/* Those seen within the last 90 days, NULL-terminated, from pool. Returns 0, or
   -1. */
int bounce_hosts_read(struct bounce_store *store, pool_t pool, time_t now,
		      const char *const **hosts_r, const char **error_r);
/* Remember them; written where one is new, or was last seen a day ago. Returns
   0, or -1. */
int bounce_hosts_learn(struct bounce_store *store,
		       const ARRAY_TYPE(const_string) *hosts, time_t now,
		       const char **error_r);

#endif
