#ifndef BOUNCE_TELL_NOTICE_H
#define BOUNCE_TELL_NOTICE_H

/* When the person is told of a report, and by which notice. */

#include "bounce-tell.h"

struct bounce_commit_later;
struct bounce_rate;
struct bounce_user;

struct bounce_tell_about {
	const struct bounce_report *report;
	/* not verified */
	bool unproven;
	/* by somebody who is neither our MTA nor proven: none of their words */
	bool strange;
	/* the person's own, that the report came to; without a domain it is
	   ours */
	const char *address;
	/* where the report lies, as the person sees it; NULL = not said */
	const char *folder;
	/* it can be told at another time: where the dictionary fails nothing is
	   written */
	bool can_wait;
	/* bounce_tell_notice_plan() said that it will be told, so it was filed: the
	   caps are not asked again, as others may have come meanwhile */
	bool planned;
	/* when the report came */
	time_t when;
	time_t now;
};

/* What is older is no news: a mailbox is moved, a queue was stuck. */
#define BOUNCE_TELL_MAX_AGE_SECS (24 * 60 * 60)

/* Are there notices about reports at all? */
bool bounce_tell_notice_is_enabled(struct bounce_user *bu);
/* Will the person be told of it? Asked before the report is filed: what is not
   told stays where it would be without us. Returns 1, 0, or -1 with error_r if
   the dictionary failed. */
int bounce_tell_notice_plan(struct bounce_user *bu,
			    const struct bounce_tell_about *about,
			    const char **error_r);
/* What it would be told in, were it the first of its mail: nothing is written.
   tell_r is from pool and the data stack. Returns 1, 0 if that kind is not told,
   or -1 with error_r. */
int bounce_tell_notice_preview(struct bounce_user *bu,
			       const struct bounce_tell_about *about,
			       pool_t pool, struct bounce_rate *rate_r,
			       struct bounce_tell *tell_r,
			       const char **error_r);
/* The report was filed and recorded: tell them. Returns 1 if a notice was
   written, 0 if not, or -1 with error_r. Where the dictionary fails it is written
   all the same, of this report alone (*written_r), unless it can wait. */
int bounce_tell_notice(struct bounce_user *bu,
		       const struct bounce_tell_about *about, bool *written_r,
		       const char **error_r);
/* The same of one that can wait, and nobody waits for the dictionary
   (bounce-commit-later.h). about and its report live until done is called, with
   what bounce_tell_notice() returns; maybe before this returns. later_r is NULL
   from then on. */
typedef void bounce_tell_told_t(int ret, bool written, const char *error,
				void *context);
void bounce_tell_notice_later(struct bounce_user *bu,
			      const struct bounce_tell_about *about,
			      bounce_tell_told_t *done, void *context,
			      struct bounce_commit_later **later_r);

#endif
