#ifndef BOUNCE_RECHECK_H
#define BOUNCE_RECHECK_H

/* A report that was faster than the copy in Sent: judged again once that is
   saved. */

struct bounce_report;
struct bounce_user;

/* A copy with this Message-ID was saved. Failures are logged. */
void bounce_recheck_copy(struct bounce_user *bu, const char *message_id);
/* The report waits for its copy since a moment ago: that may have come between the
   search for it and then, when nothing waited yet.
   own: by our own MTA or our relay. */
void bounce_recheck_waiting(struct bounce_user *bu,
			    const struct bounce_report *report, bool own);

#endif
