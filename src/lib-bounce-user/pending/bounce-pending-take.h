#ifndef BOUNCE_PENDING_TAKE_H
#define BOUNCE_PENDING_TAKE_H

/* Reports that could not be recorded (bounce-pending-work.h) are recorded now, and told. */

struct bounce_user;

/* To be called by who has the dictionary open. Stops when nothing may be waited for
   any more; the next one goes on from there. Returns how many records changed, 0 also
   if nothing is pending, or -1 (what is left stays pending). */
int bounce_pending_take(struct bounce_user *bu, const char **error_r);

#endif
