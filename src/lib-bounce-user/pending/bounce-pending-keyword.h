#ifndef BOUNCE_PENDING_KEYWORD_H
#define BOUNCE_PENDING_KEYWORD_H

/* Where there is no home to note it in (bounce-pending.h), the report itself says
   that it could not be recorded. */

#define BOUNCE_PENDING_KEYWORD "$BouncePending"

struct mail;
struct mailbox;
struct mail_user;

/* The report with that Message-ID (NULL = without one), which was saved to that
   mailbox a moment ago. Returns FALSE if that cannot be noted. */
bool bounce_pending_keyword_add(struct mail_user *user, const char *mailbox,
				const char *message_id);
void bounce_pending_keyword_remove(struct mail *mail);

/* Does any mail of the opened mailbox bear it, or did one ever? */
bool bounce_pending_keyword_is_used(struct mailbox *box);
/* Does this one? */
bool bounce_pending_keyword_has(struct mail *mail);

#endif
