#ifndef BOUNCE_COMMIT_LATER_H
#define BOUNCE_COMMIT_LATER_H

/* A change of the dictionary that nobody waits for: it goes on in the process's own
   loop, between the client's commands, as the answers come. */

#include "bounce-store-private.h"

struct bounce_commit_later;

/* ret, error: as bounce_commit_transact() returns them. */
typedef void
bounce_commit_later_done_t(int ret, const char *error, void *context);

/* What is to be looked up before the lock is taken; called anew after each answer, as
   transact. Returns 1 to go on, 0 if there is nothing to do, or -1. */
typedef int bounce_commit_later_prepare_t(void *context, const char **error_r);

/* As bounce_commit_transact(); prepare may be NULL, transact is called anew after each
   answer. done is called once, maybe before this returns: at the latest
   BOUNCE_WAIT_MSECS after what prepare first reads, and as long again after its last
   answer. A driver that waits by itself (file, redis) does so here, too. later_r is set until it is
   done, then NULL. */
void bounce_commit_later(struct bounce_store *store,
			 bounce_commit_later_prepare_t *prepare,
			 bounce_transact_t *transact, void *context,
			 bounce_commit_later_done_t *done, void *done_context,
			 struct bounce_commit_later **later_r);
/* Give it up: done is called. */
void bounce_commit_later_cancel(struct bounce_commit_later *later);

#endif
