#ifndef BOUNCE_NOTICE_STORE_H
#define BOUNCE_NOTICE_STORE_H

/* The notices' memory in one user's dictionary. Layout: bounce-tell-memory.h. As
   bounce-store.h in all else. */

#include "bounce-store.h"
#include "bounce-tell-memory.h"

/* Returns 0, or -1. */
int bounce_notice_store_counts(struct bounce_store *store, pool_t pool,
			       time_t now, struct bounce_tell_counts *counts_r,
			       const char **error_r);

/* A notice more was written, which is remembered by nothing else. Returns 0, or
   -1. */
int bounce_notice_store_count(struct bounce_store *store, time_t now,
			      const char **error_r);

/* The language of the user's own mail. Returns 1, 0 if it is not known, or -1. */
int bounce_notice_store_language(struct bounce_store *store, pool_t pool,
				 const char **language_r, const char **error_r);

/* Called under the lock, once more where the dictionary was restarted meanwhile.
   Changes both; returns 1 to write them, 0 to leave them, -1 with error_r. */
typedef int bounce_notice_store_change_t(pool_t pool,
					 struct bounce_tell_memory *memory,
					 struct bounce_tell_counts *counts,
					 void *context, const char **error_r);
/* Change the memory of that hash. Returns as the callback. */
int bounce_notice_store_change(struct bounce_store *store, const char *hash,
			       time_t now,
			       bounce_notice_store_change_t *callback,
			       void *context, const char **error_r);
/* The same, but nobody waits (bounce-commit-later.h). prepare looks up what the change
   needs, sets hash, and returns 1 to go on, 0 if there is nothing to change, or -1;
   it is called anew where the dictionary had no answer for it yet. change lives until
   done is called. */
struct bounce_notice_change {
	const char *hash;
	time_t now;
	int (*prepare)(void *context, const char **error_r);
	bounce_notice_store_change_t *callback;
	void *context;
};
void bounce_notice_store_change_later(struct bounce_store *store,
				      struct bounce_notice_change *change,
				      bounce_store_added_t *done,
				      struct bounce_commit_later **later_r);
/* Forget an address (normal form) in all notices. Returns how many named it, or
   -1. */
int bounce_notice_store_erase(struct bounce_store *store, const char *address,
			      time_t now, const char **error_r);

/* The user wants no more notices of these kinds (bits 1 << enum
   bounce_tell_kind), or wants them again. Returns 1 if that is new, 0, or -1. */
int bounce_notice_store_switch(struct bounce_store *store, unsigned int kinds,
			       bool off, time_t now, const char **error_r);

#endif
