#ifndef BOUNCE_UNMATCHED_H
#define BOUNCE_UNMATCHED_H

/* priv/bounce/meta/unmatched: reports that came before the copy of their mail was
   saved to Sent, and where they lie. The last 200 of a day. */

#include "lib.h"
#include "array.h"

struct bounce_store;

struct bounce_unmatched {
	/* Message-ID of the report */
	const char *report_id;
	const char *mailbox;
};
ARRAY_DEFINE_TYPE(bounce_unmatched, struct bounce_unmatched);

/* own: by our own MTA or our relay: these make room last. Returns 0, or -1. */
int bounce_unmatched_add(struct bounce_store *store, const char *original_id,
			 const struct bounce_unmatched *report, bool own,
			 time_t now, const char **error_r);
/* Take out those about the mail with this Message-ID, appended to reports from
   pool. Returns 0, or -1. */
int bounce_unmatched_take(struct bounce_store *store, const char *original_id,
			  time_t now, pool_t pool,
			  ARRAY_TYPE(bounce_unmatched) *reports,
			  const char **error_r);

#endif
