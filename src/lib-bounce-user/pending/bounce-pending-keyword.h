#ifndef BOUNCE_PENDING_KEYWORD_H
#define BOUNCE_PENDING_KEYWORD_H

/* Where there is no home to note it in (bounce-pending.h), the report itself says
   that it could not be recorded. And that the person was not told of it. */

#define BOUNCE_PENDING_KEYWORD "$BouncePending"
#define BOUNCE_PENDING_KEYWORD_UNTOLD "$BounceUntold"

struct mail;
struct mailbox;
struct mail_user;

/* The report with that Message-ID (NULL = without one), which was saved to that
   mailbox a moment ago, gets these keywords. Returns FALSE if that cannot be noted. */
bool bounce_pending_keyword_add(struct mail_user *user, const char *mailbox,
				const char *message_id,
				const char *const *keywords);
/* It loses both. Returns FALSE if it had none. */
bool bounce_pending_keyword_remove(struct mail *mail);

/* Is any mail of the opened mailbox pending by its keyword, or was one ever? */
bool bounce_pending_keyword_is_used(struct mailbox *box);
bool bounce_pending_keyword_has(struct mail *mail, const char *keyword);

#endif
