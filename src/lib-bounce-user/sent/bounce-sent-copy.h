#ifndef BOUNCE_SENT_COPY_H
#define BOUNCE_SENT_COPY_H

/* The mail that a report returns, in the user's mailboxes with special use
   \Sent. Looked for by its Message-ID (with < >, exact), the newest first,
   among the last BOUNCE_SENT_COPY_MAX_MAILS that are not older than
   BOUNCE_SENT_COPY_MAX_DAYS, for BOUNCE_SENT_COPY_MAX_SECS at most: a delivery
   waits for it. What was read stays in the mailbox's cache, so that the next
   search gets further. */

#include "bounce-sent-mail.h"

struct mail_user;

#define BOUNCE_SENT_COPY_MAX_MAILS 10000
#define BOUNCE_SENT_COPY_MAX_DAYS 40
#define BOUNCE_SENT_COPY_MAX_SECS 5
/* Set while a recipient has failed and nobody cleared it. */
#define BOUNCE_SENT_COPY_KEYWORD "$Bounced"

/* Read it: returns 1 and out_r (from pool), 0 if there is none, or -1. msecs: how
   long it may be looked for; 0 = BOUNCE_SENT_COPY_MAX_SECS. */
int bounce_sent_copy_read(struct mail_user *user, const char *message_id,
			 time_t now, unsigned int msecs, pool_t pool,
			 struct bounce_sent_header *out_r, const char **error_r);
/* What a person wrote in it (bounce_message_first_text()), if it was saved within
   max_secs; from pool. As bounce_sent_copy_read(). */
int bounce_sent_copy_text(struct mail_user *user, const char *message_id,
			 time_t now, time_t max_secs, pool_t pool,
			 const char **text_r, const char **error_r);
/* A copy by what else is said of it: its subject, a Date: not more than a day
   from that, and one of these recipients (normal form). Returns as
   bounce_sent_copy_read(). */
struct bounce_sent_copy_like {
	const char *subject;
	time_t date;
	ARRAY_TYPE(const_string) recipients;
};
int bounce_sent_copy_match(struct mail_user *user,
			   const struct bounce_sent_copy_like *like,
			   unsigned int msecs, pool_t pool,
			   struct bounce_sent_header *out_r,
			   const char **error_r);
/* Put the keyword on it, with flag \Flagged, too. Returns 1, 0 if there is none,
   or -1. */
int bounce_sent_copy_mark(struct mail_user *user, const char *message_id,
			 time_t now, bool flag, const char **error_r);
/* Put the keyword on the mails with these ids (bounce_incident_id()), or take it
   off, however old they are: only what lacks or has it is looked at. Returns how
   many, or -1. */
int bounce_sent_copy_keyword_add(struct mail_user *user,
				 const ARRAY_TYPE(const_string) *ids,
				 bool flag, const char **error_r);
int bounce_sent_copy_keyword_remove(struct mail_user *user,
				    const ARRAY_TYPE(const_string) *ids,
				    const char **error_r);

/* Many reports at once (scan): the Message-IDs of the user's sent mail, the
   newest BOUNCE_SENT_COPY_MAX_INDEXED of each mailbox and of any age, are read
   once, at the first look-up. */
#define BOUNCE_SENT_COPY_MAX_INDEXED 100000
struct bounce_sent_copy_index;
struct bounce_sent_copy_index *
bounce_sent_copy_index_init(struct mail_user *user);
/* As bounce_sent_copy_read(). */
int bounce_sent_copy_index_read(struct bounce_sent_copy_index *index,
			       const char *message_id, pool_t pool,
			       struct bounce_sent_header *out_r,
			       const char **error_r);
void bounce_sent_copy_index_deinit(struct bounce_sent_copy_index **index);

/* Has it the special use \Sent, whether it is there already or not? info: with
   MAILBOX_LIST_ITER_RETURN_SPECIALUSE. */
struct mailbox_info;
bool bounce_sent_copy_is_box(const struct mailbox_info *info);
/* Call back for each such mailbox that is there until it returns other than 0.
   Returns what it returned last, or -1. */
typedef int bounce_sent_copy_box_t(const struct mailbox_info *info,
				  void *context, const char **error_r);
int bounce_sent_copy_each_box(struct mail_user *user,
			     bounce_sent_copy_box_t *callback, void *context,
			     const char **error_r);

#endif
