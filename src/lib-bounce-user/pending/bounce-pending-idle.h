#ifndef BOUNCE_PENDING_IDLE_H
#define BOUNCE_PENDING_IDLE_H

/* Reports that could not be recorded (bounce-pending-work.h) are recorded while a
   client's session has nothing else to do: some milliseconds of reading at a time, in
   the process's own loop, and nobody waits for the dictionary (but for a driver that
   waits by itself). */

struct bounce_pending_idle;
struct mail_user;

/* Looks a moment after the session began, and now and then. user outlives it. */
struct bounce_pending_idle *bounce_pending_idle_init(struct mail_user *user);
/* The session ends: what is left stays pending. idle may point to NULL. */
void bounce_pending_idle_deinit(struct bounce_pending_idle **idle);

#endif
