#ifndef BOUNCE_SENT_STORE_H
#define BOUNCE_SENT_STORE_H

/* The sent side of one user's dictionary: count what goes out, find what was
   counted. Layout: bounce-sent.h. As bounce-store.h in all else. */

#include "bounce-sent.h"

struct bounce_commit_later;
struct bounce_report;
struct bounce_store;

/* Days that are kept. A bounce comes within a week. */
#define BOUNCE_SENT_STORE_KEEP_DAYS 40

/* Count mails, all in one commit. Returns how many were counted: not those that
   have no recipients, or whose Message-ID was counted that day. -1 = none was.
   bounced_r[i]: a bounce of mails[i] came before. */
int bounce_sent_store_add(struct bounce_store *store,
		      const struct bounce_sent_mail *mails, unsigned int count,
		      bool *bounced_r, const char **error_r);
/* The mails of one day, if nothing that was sent on that day was counted yet:
   returns as bounce_sent_store_add(), 0 if something was. */
int bounce_sent_store_fill(struct bounce_store *store,
			   const struct bounce_sent_mail *mails,
			   unsigned int count, const char **error_r);
/* As bounce_sent_store_add(), but nobody waits: done is called once, maybe before this returns. mails
   and bounced_r must live so long; later_r is NULL from then on. */
void bounce_sent_store_add_later(struct bounce_store *store, pool_t pool,
				 const struct bounce_sent_mail *mails,
				 unsigned int count, bool *bounced_r,
				 void (*done)(int ret, const char *error,
					      void *context),
				 void *context,
				 struct bounce_commit_later **later_r);
/* Give it up: done is called. */
void bounce_sent_store_add_cancel(struct bounce_commit_later *later);
/* Do the days remember the mail that report returns, or a broadcast of its subject?
   One look-up, mostly. Returns 1, 0 (it was not sent, or not counted), or -1. */
int bounce_sent_store_knows(struct bounce_store *store,
			    const struct bounce_report *report, time_t now,
			    const char **error_r);
/* Since when can bounces of what this user sends be verified? Returns 1 and the
   first second of that day, 0 if nothing such is known, or -1. */
int bounce_sent_store_since(struct bounce_store *store, time_t *since_r,
			const char **error_r);
/* The envelope with that queue id that was counted (mails with queue_id). Returns 1
   and env_r (from pool), 0 if there is none, or -1. */
int bounce_sent_store_envelope(struct bounce_store *store, pool_t pool,
			       const char *queue_id, time_t now,
			       struct bounce_sent_envelope *env_r,
			       const char **error_r);
/* The days from since's to now's of which something is known, and their
   broadcasts, oldest first; both arrays must be initialised in pool. */
int bounce_sent_store_read(struct bounce_store *store, pool_t pool, time_t since,
		       time_t now, ARRAY_TYPE(bounce_sent) *days,
		       ARRAY_TYPE(bounce_sent) *broadcasts,
		       const char **error_r);
/* Of a user who sends nothing any more: what is too old goes, some days late, which
   else goes with the next mail. Returns 1 if something was written, 0, or -1. */
int bounce_sent_store_expire(struct bounce_store *store, time_t now,
			     const char **error_r);
#endif
