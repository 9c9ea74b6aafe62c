#ifndef BOUNCE_PENDING_H
#define BOUNCE_PENDING_H

/* Reports that were delivered, but could not be recorded: an empty file beside the
   lock in the user's home, whose date is that of the oldest of them. None = there is
   nothing to do, which costs one access(). Another file has the names of the folders
   that are looked at beside INBOX and bounce_mailbox. Without a home there is no such
   file: see bounce-pending-keyword.h. */

struct bounce_pending;
struct mail_user;

/* A report of that date was not recorded; folder: which of the others it lies in, or
   NULL. Returns FALSE if that cannot be noted, as there is no home or it cannot be
   written to, or as there are too many folders. */
#define BOUNCE_PENDING_MAX_FOLDERS 8
bool bounce_pending_mark(struct mail_user *user, time_t when,
			 const char *folder);
bool bounce_pending_exists(struct mail_user *user);

/* Begin to make up for it. Returns FALSE if there is nothing, or another process is
   at it. Reports from since_r on may be missing. */
bool bounce_pending_begin(struct mail_user *user,
			  struct bounce_pending **pending_r, time_t *since_r);
/* Any text, as the user can write to the file. On the data stack. */
const char *const *t_bounce_pending_folders(struct bounce_pending *pending);
/* What the last one who began got to, in the words of the caller; "" = nothing. On
   the data stack. */
const char *t_bounce_pending_position(struct bounce_pending *pending);
void bounce_pending_progress(struct bounce_pending *pending,
			     const char *position);
/* all: nothing is left. */
void bounce_pending_end(struct bounce_pending **pending, bool all);

#endif
