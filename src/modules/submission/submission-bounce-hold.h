#ifndef SUBMISSION_BOUNCE_HOLD_H
#define SUBMISSION_BOUNCE_HOLD_H

/* No further attempt: recipients whom a mail is not tried for, from RCPT to the
   relay's answer. */

#include "bounce-hold.h"

struct bounce_sent_header;
struct bounce_sent_queue;
struct bounce_user;
struct smtp_server_cmd_ctx;
struct smtp_server_recipient;
struct smtp_server_transaction;
struct submission_hold;

/* Of one session, from bu's pool; both outlive it. */
struct submission_hold *
submission_hold_init(struct bounce_user *bu, struct bounce_sent_queue *queue);
/* The session ends: before the queue does. hold may point to NULL. */
void submission_hold_deinit(struct submission_hold **hold);
/* A transaction ends. hold may be NULL. */
void submission_hold_reset(struct submission_hold *hold);

/* RCPT. Returns 0: it goes on to the relay; 1: it is left out, the client is told
   that it is well; -1: it was refused. */
int submission_hold_rcpt(struct submission_hold *hold,
			 struct smtp_server_recipient *rcpt);
/* The mail has come, out is its header. Returns 1: it goes on to the relay; 0: it
   is refused, and the answer comes by itself. What is to be noted and told is, once the client has its answer. */
int submission_hold_data(struct submission_hold *hold,
			 struct smtp_server_cmd_ctx *cmd,
			 struct smtp_server_transaction *trans,
			 const struct bounce_sent_header *out);
/* Does the relay not know of this recipient? */
bool submission_hold_is_left_out(const struct submission_hold *hold,
				 const struct smtp_server_recipient *rcpt);

#endif
