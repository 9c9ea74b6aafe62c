#ifndef SUBMISSION_BOUNCE_HOLD_PRIVATE_H
#define SUBMISSION_BOUNCE_HOLD_PRIVATE_H

/* Between submission-bounce-hold.c, and -mail.c and -answer.c, on which it builds. */

#include "submission-bounce-hold.h"

struct bounce_hold_tell;
struct hold_owner;
struct hold_rcpt;

struct submission_hold {
	struct bounce_user *bu;
	struct bounce_sent_queue *queue;
	struct hold_rcpt *rcpts;
	struct hold_owner *owners;
	/* those that were refused at RCPT and are not noted yet; NULL = none */
	struct submission_hold_mail *refused;
	/* of this transaction: the person can be told: 1 yes, 0 no, -1 was not tried yet */
	int can_tell;
	/* a notice could not be saved: nobody is held any more */
	bool untold;
	time_t logged;
};

/* What is done once the client has its answer. */
struct submission_hold_mail {
	struct submission_hold *hold;
	pool_t pool;
	ARRAY_TYPE(bounce_hold) holds;
	const char *message_id, *subject;
	/* of those that were left out; NULL = there are none */
	struct bounce_hold_tell *tell;
	unsigned int left_out;
	bool refused;
	/* bounce_suppress = report: nobody was asked for yet */
	const char *const *addresses;
	unsigned int count;
};

/* out: of the mail; NULL = not known. What it names is copied. */
struct submission_hold_mail *
submission_hold_mail_init(struct submission_hold *hold,
			  const struct bounce_sent_header *out);
/* Nothing of it is done. */
void submission_hold_mail_free(struct submission_hold_mail *mail);
void submission_hold_mail_add(struct submission_hold_mail *mail,
			      const struct bounce_hold *src,
			      enum bounce_hold_decision decision);
/* Note, count and tell, and free it: after the client has its answer. */
void submission_hold_mail_do(struct submission_hold_mail *mail);
/* Do so with the answer to this command; not if the relay did not take the mail, or
   nobody answers. */
void submission_hold_mail_own(struct smtp_server_cmd_ctx *cmd,
			      struct submission_hold_mail *mail);
/* The session ends: of all that are not answered. */
void submission_hold_mails_free(struct submission_hold *hold);

/* An answer to DATA that is not the relay's. It comes as late as that would, from
   the loop: given at once it never goes out where the client has sent its next
   command already. */
void submission_hold_answer(struct smtp_server_cmd_ctx *cmd, unsigned int code,
			    const char *status, const char *text);

#endif
