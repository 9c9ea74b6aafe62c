#ifndef BOUNCE_PENDING_WORK_PRIVATE_H
#define BOUNCE_PENDING_WORK_PRIVATE_H

/* Between bounce-pending-report.c and bounce-pending-work.c, which builds on it. */

#include "bounce-pending-mails.h"
#include "bounce-pending-work.h"

/* The next mail to read, and its first recipient that is not done. */
struct bounce_pending_work_position {
	struct bounce_pending_mail mail;
	unsigned int recipient;
};

/* A report that was read and is not done: a thousand recipients take long to read, and
   are recorded part by part. */
struct bounce_pending_report {
	pool_t pool;
	struct bounce_pending_mail mail;
	struct bounce_report *report;
	enum bounce_evidence evidence;
	/* the reporter is neither our MTA, nor proven */
	bool strange;
	/* evidence stands: some of it was recorded */
	bool judged;
	/* it cannot be read any more, for now */
	bool unread;
	/* where it lies; whether the person is to be told */
	const char *folder;
	bool untold;
};

struct bounce_pending_work {
	struct bounce_user *bu;
	/* NULL: the keyword says which */
	struct bounce_pending *file;
	struct bounce_pending_mails *mails;
	struct bounce_pending_work_position done, read;
	/* the first that could not be read, which the next work begins with, but not
	   before that time; uid 0 = none */
	struct bounce_pending_mail failed;
	time_t not_before;
	ARRAY(struct bounce_pending_report *) reports;
	/* of what was read last */
	ARRAY_TYPE(bounce_pending_news) news;
	/* where nobody's mail waits: the Message-IDs of Sent, read once */
	struct bounce_sent_copy_index *originals;
};

struct bounce_pending_report *
bounce_pending_report_find(struct bounce_pending_work *work,
			   const struct bounce_pending_mail *mail);
/* Those before pos are done with; NULL = all. */
void bounce_pending_report_drop(struct bounce_pending_work *work,
				const struct bounce_pending_mail *pos);
/* Returns NULL if it is none, or gone, as if it were not there; or if it cannot be
   read now: it is left for later. */
struct bounce_pending_report *
bounce_pending_report_read(struct bounce_pending_work *work,
			   const struct bounce_pending_mail *pmail);
/* Returns FALSE if there was no time for it. */
bool bounce_pending_report_judge(struct bounce_pending_work *work,
				 const struct bounce_pending_limit *limit,
				 struct bounce_pending_report *wreport);

#endif
