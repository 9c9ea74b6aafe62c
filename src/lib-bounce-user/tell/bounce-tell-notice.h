#ifndef BOUNCE_TELL_NOTICE_H
#define BOUNCE_TELL_NOTICE_H

/* When the person is told of a report, and by which notice. */

#include "bounce-tell.h"

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
	time_t now;
};

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
   all the same, of this report alone (*written_r). */
int bounce_tell_notice(struct bounce_user *bu,
		       const struct bounce_tell_about *about, bool *written_r,
		       const char **error_r);

#endif
