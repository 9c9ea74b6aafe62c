#ifndef BOUNCE_RECHECK_H
#define BOUNCE_RECHECK_H

/* A report that was faster than the copy in Sent: judged again once that is
   saved. */

struct bounce_user;

/* A copy with this Message-ID was saved. Failures are logged. */
void bounce_recheck_copy(struct bounce_user *bu, const char *message_id);

#endif
