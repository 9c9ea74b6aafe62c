/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What is noted and told of a mail once the client has its answer. */

#include "submission-common.h"
#include "array.h"
#include "llist.h"
#include "mail-user.h"
#include "bounce-hold-ask.h"
#include "bounce-hold-note.h"
#include "bounce-hold-tell.h"
#include "bounce-sent-mail.h"
#include "bounce-sent-queue.h"
#include "bounce-user.h"
#include "submission-bounce-hold-private.h"

/* Whose it is until the relay has answered. */
struct hold_owner {
	struct hold_owner *prev, *next;
	/* NULL = it is done with */
	struct submission_hold_mail *mail;
};

struct submission_hold_mail *
submission_hold_mail_init(struct submission_hold *hold,
			  const struct bounce_sent_header *out)
{
	pool_t pool = pool_alloconly_create("bounce hold mail", 1024);
	struct submission_hold_mail *mail =
		p_new(pool, struct submission_hold_mail, 1);

	mail->pool = pool;
	mail->hold = hold;
	p_array_init(&mail->holds, pool, 4);
	if (out != NULL) {
		mail->message_id = p_strdup(pool, out->message_id);
		mail->subject = p_strdup(pool, out->subject);
	}
	return mail;
}

void submission_hold_mail_free(struct submission_hold_mail *mail)
{
	pool_t pool = mail->pool;

	bounce_hold_tell_rollback(&mail->tell);
	pool_unref(&pool);
}

void submission_hold_mail_add(struct submission_hold_mail *mail,
			      const struct bounce_hold *src,
			      enum bounce_hold_decision decision)
{
	struct bounce_hold *hold = array_append_space(&mail->holds);

	bounce_hold_copy(mail->pool, src, hold);
	hold->decision = decision;
}

static void hold_mail_ask(struct submission_hold_mail *mail)
{
	struct bounce_hold *holds;
	const char *error;

	if (mail->count == 0)
		return;
	holds = p_new(mail->pool, struct bounce_hold, mail->count);
	if (bounce_hold_ask(mail->hold->bu, mail->pool, mail->addresses,
			    mail->count, NULL, ioloop_time, holds,
			    &error) == 0)
		array_append(&mail->holds, holds, mail->count);
}

static void hold_mail_note(struct submission_hold_mail *mail)
{
	struct bounce_user *bu = mail->hold->bu;
	struct bounce_sent_mail sent;
	const struct bounce_hold *holds;
	const char *error;
	unsigned int count, held;

	holds = array_get(&mail->holds, &count);
	if (mail->tell != NULL &&
	    bounce_hold_tell_commit(&mail->tell, &error) < 0) {
		e_error(bu->event, "Held recipients are not told: %s", error);
		mail->hold->untold = TRUE;
	}
	if (bounce_hold_note(bu, holds, count, mail->message_id, ioloop_time,
			     &held, &error) < 0)
		e_error(bu->event, "Held recipients are not noted: %s", error);
	if (held == 0)
		return;
	i_zero(&sent);
	sent.message_id = mail->message_id;
	sent.subject = mail->subject;
	sent.held = held;
	sent.when = ioloop_time;
	bounce_sent_queue_add(mail->hold->queue, &sent);
}

static void hold_mail_done(void *context)
{
	struct submission_hold_mail *mail = context;
	struct bounce_user *bu = mail->hold->bu;
	const struct bounce_hold *holds;
	unsigned int count;

	hold_mail_ask(mail);
	hold_mail_note(mail);
	holds = array_get(&mail->holds, &count);
	bounce_hold_send_known(bu->user->event, holds, count);
	if (mail->refused)
		bounce_hold_send_refused(bu->user->event, holds, count);
	else if (mail->left_out > 0) {
		e_info(bu->event, "Mail sent without %u suppressed recipients",
		       mail->left_out);
	}
	submission_hold_mail_free(mail);
}

void submission_hold_mail_do(struct submission_hold_mail *mail)
{
	bounce_sent_queue_run(mail->hold->queue, hold_mail_done, mail);
}

static struct submission_hold_mail *hold_owner_take(struct hold_owner *owner)
{
	struct submission_hold_mail *mail = owner->mail;

	if (mail != NULL)
		DLLIST_REMOVE(&mail->hold->owners, owner);
	owner->mail = NULL;
	return mail;
}

static void
hold_mail_completed(struct smtp_server_cmd_ctx *cmd, struct hold_owner *owner)
{
	struct submission_hold_mail *mail = hold_owner_take(owner);

	if (mail == NULL)
		return;
	if (mail->refused || smtp_server_command_replied_success(cmd->cmd))
		submission_hold_mail_do(mail);
	else
		submission_hold_mail_free(mail);
}

/* The client is gone, or the relay: nothing was answered. */
static void
hold_mail_destroyed(struct smtp_server_cmd_ctx *cmd ATTR_UNUSED,
		    struct hold_owner *owner)
{
	struct submission_hold_mail *mail = hold_owner_take(owner);

	if (mail != NULL)
		submission_hold_mail_free(mail);
}

void submission_hold_mail_own(struct smtp_server_cmd_ctx *cmd,
			      struct submission_hold_mail *mail)
{
	struct hold_owner *owner = p_new(cmd->pool, struct hold_owner, 1);

	owner->mail = mail;
	DLLIST_PREPEND(&mail->hold->owners, owner);
	smtp_server_command_add_hook(cmd->cmd,
				     SMTP_SERVER_COMMAND_HOOK_COMPLETED,
				     hold_mail_completed, owner);
	smtp_server_command_add_hook(cmd->cmd, SMTP_SERVER_COMMAND_HOOK_DESTROY,
				     hold_mail_destroyed, owner);
}

void submission_hold_mails_free(struct submission_hold *hold)
{
	while (hold->owners != NULL)
		submission_hold_mail_free(hold_owner_take(hold->owners));
}
