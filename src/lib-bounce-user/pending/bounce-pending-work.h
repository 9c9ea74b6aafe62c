#ifndef BOUNCE_PENDING_WORK_H
#define BOUNCE_PENDING_WORK_H

/* Reports that could not be recorded are looked for in INBOX, bounce_mailbox and
   the folders that are noted (bounce-pending.h), and read some at a time, to be recorded
   as the delivery would have: what was counted is not counted again. A report of many
   recipients is read once, and recorded in parts. Who records them is
   bounce-pending-take and -idle. */

#include "bounce-store.h"

struct bounce_user;
struct bounce_pending_work;

/* A report that the person is to be told of now: all of it was read. */
struct bounce_pending_news {
	const struct bounce_report *report;
	bool unproven, strange;
	const char *folder;
	time_t when;
};
ARRAY_DEFINE_TYPE(bounce_pending_news, struct bounce_pending_news);

struct bounce_pending_limit {
	/* that are read at once; a report with more is read in parts */
	unsigned int recipients;
	/* 0 = no limit: for looking for mails that may be pending, for reading them,
	   and for the search in Sent */
	unsigned int look_msecs, read_msecs, search_msecs;
};

/* Is anything left? */
bool bounce_pending_work_exists(struct bounce_user *bu);
/* Returns 1, 0 if there is nothing to do or another process is at it, or -1 with
   error_r. */
int bounce_pending_work_begin(struct bounce_user *bu,
			      struct bounce_pending_work **work_r,
			      const char **error_r);
/* all: nothing is left but what could not be read; else it stays pending. */
void bounce_pending_work_end(struct bounce_pending_work **work, bool all);

/* Read on from what is done. The reports (none: nothing in these mails is to be
   recorded) live in pool. Returns 1, 0 if there is nothing more, or -1 with error_r;
   or BOUNCE_PENDING_WORK_LATER with error_r if look_msecs or search_msecs were too few
   (the next call gets further) or this minute has had its searches. */
#define BOUNCE_PENDING_WORK_LATER 2
int bounce_pending_work_read(struct bounce_pending_work *work,
			     const struct bounce_pending_limit *limit,
			     pool_t pool,
			     const struct bounce_store_report **reports_r,
			     unsigned int *count_r, const char **error_r);
/* What of it the person is to be told, once it is recorded (bounce-pending-tell.h);
   valid until bounce_pending_work_done(). */
const struct bounce_pending_news *
bounce_pending_work_news(struct bounce_pending_work *work,
			 unsigned int *count_r);
/* What was read last has been recorded, and told. */
void bounce_pending_work_done(struct bounce_pending_work *work,
			      const struct bounce_store_report *reports,
			      unsigned int count);
/* Keep no mailbox open until the next call. */
void bounce_pending_work_close(struct bounce_pending_work *work);

#endif
