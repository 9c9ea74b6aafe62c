#ifndef BOUNCE_SENT_RECOUNT_H
#define BOUNCE_SENT_RECOUNT_H

/* What went out, counted again from the user's mailboxes with special use \Sent:
   the days of which the dictionary counted nothing, as after dsync brought the
   mail of weeks, or after the dictionary was lost. */

struct bounce_user;
struct bounce_store;

/* A day of which anything was counted stays as it is, so doing it twice changes
   nothing. At most the newest BOUNCE_SENT_COPY_MAX_INDEXED mails of each mailbox
   are looked at. Returns how many mails were counted, or -1. */
int bounce_sent_recount(struct bounce_user *bu, struct bounce_store *store,
			time_t now, const char **error_r);

#endif
