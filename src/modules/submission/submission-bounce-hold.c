/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "submission-common.h"
#include "array.h"
#include "llist.h"
#include "smtp-address.h"
#include "bounce-hold-ask.h"
#include "bounce-hold-tell.h"
#include "bounce-sent-mail.h"
#include "bounce-user.h"
#include "submission-bounce-hold-private.h"

/* A dictionary that fails is told of so often. */
#define LOG_SECS 60

/* A recipient who is left out, or is tried again. It lives as long as Dovecot's
   own: a client may send MAIL, RCPT and DATA at once, and transactions begin when
   the relay says so. */
struct hold_rcpt {
	struct hold_rcpt *prev, *next;
	/* NULL once the session has ended */
	struct submission_hold *owner;
	const struct smtp_server_recipient *rcpt;
	struct bounce_hold hold;
	/* the relay does not know of them */
	bool left_out;
};

struct submission_hold *
submission_hold_init(struct bounce_user *bu, struct bounce_sent_queue *queue)
{
	struct submission_hold *hold = p_new(bu->pool, struct submission_hold,
					     1);

	hold->bu = bu;
	hold->queue = queue;
	hold->can_tell = -1;
	return hold;
}

static struct hold_rcpt *
hold_find(const struct submission_hold *hold,
	  const struct smtp_server_recipient *rcpt)
{
	struct hold_rcpt *one = hold->rcpts;

	while (one != NULL && one->rcpt != rcpt)
		one = one->next;
	return one;
}

bool submission_hold_is_left_out(const struct submission_hold *hold,
				 const struct smtp_server_recipient *rcpt)
{
	const struct hold_rcpt *one = hold_find(hold, rcpt);

	return one != NULL && one->left_out;
}

void submission_hold_reset(struct submission_hold *hold)
{
	struct submission_hold_mail *refused;

	if (hold == NULL)
		return;
	bounce_wait_renew(hold->bu->wait);
	hold->can_tell = -1;
	/* refused at RCPT, and the mail never came: nobody knows its
	   Message-ID */
	refused = hold->refused;
	hold->refused = NULL;
	if (refused != NULL)
		submission_hold_mail_do(refused);
}

void submission_hold_deinit(struct submission_hold **_hold)
{
	struct submission_hold *hold = *_hold;
	struct hold_rcpt *one;

	if (hold == NULL)
		return;
	*_hold = NULL;
	submission_hold_reset(hold);
	submission_hold_mails_free(hold);
	while ((one = hold->rcpts) != NULL) {
		DLLIST_REMOVE(&hold->rcpts, one);
		one->owner = NULL;
	}
}

/*
 * RCPT
 */

static void hold_rcpt_destroyed(struct smtp_server_recipient *rcpt ATTR_UNUSED,
				struct hold_rcpt *one)
{
	if (one->owner != NULL)
		DLLIST_REMOVE(&one->owner->rcpts, one);
}

static void
hold_remember(struct submission_hold *hold, struct smtp_server_recipient *rcpt,
	      const struct bounce_hold *src, bool left_out)
{
	struct hold_rcpt *one = p_new(rcpt->pool, struct hold_rcpt, 1);

	one->owner = hold;
	one->rcpt = rcpt;
	one->left_out = left_out;
	bounce_hold_copy(rcpt->pool, src, &one->hold);
	DLLIST_PREPEND(&hold->rcpts, one);
	smtp_server_recipient_add_hook(rcpt, SMTP_SERVER_RECIPIENT_HOOK_DESTROY,
				       hold_rcpt_destroyed, one);
}

static bool hold_can_tell(struct submission_hold *hold)
{
	const char *why;

	if (hold->can_tell < 0) {
		hold->can_tell = !hold->untold &&
			bounce_hold_tell_can(hold->bu, ioloop_time, &why);
		if (hold->can_tell == 0) {
			e_info(hold->bu->event, "Suppressed recipients are "
			       "tried, as the user cannot be told: %s",
			       hold->untold ? "a notice was not saved" : why);
		}
	}
	return hold->can_tell > 0;
}

static void
hold_ask(struct submission_hold *hold, const char *address,
	 struct bounce_hold *hold_r)
{
	const char *error;

	if (bounce_hold_ask(hold->bu, pool_datastack_create(), &address, 1,
			    NULL, ioloop_time, hold_r, &error) == 0 ||
	    ioloop_time < hold->logged + LOG_SECS)
		return;
	e_error(hold->bu->event, "All recipients are tried: %s", error);
	hold->logged = ioloop_time;
}

static int
hold_rcpt(struct submission_hold *hold, struct smtp_server_recipient *rcpt)
{
	const struct bounce_hold_settings *set = &hold->bu->set.hold;
	struct bounce_hold one;

	hold_ask(hold, smtp_address_encode(rcpt->path), &one);
	if (one.decision == BOUNCE_HOLD_AGAIN) {
		/* which mail this is shows at DATA */
		hold_remember(hold, rcpt, &one, FALSE);
		return 0;
	}
	if (one.decision != BOUNCE_HOLD_HOLD)
		return 0;
	if (set->reply == BOUNCE_HOLD_REPLY_RCPT) {
		smtp_server_recipient_reply(rcpt, 550,
			bounce_hold_status(&one, 1), "%s",
			bounce_hold_text(set, &one, 1));
		if (hold->refused == NULL)
			hold->refused = submission_hold_mail_init(hold, NULL);
		submission_hold_mail_add(hold->refused, &one, BOUNCE_HOLD_HOLD);
		return -1;
	}
	if (!hold_can_tell(hold))
		return 0;
	hold_remember(hold, rcpt, &one, TRUE);
	return 1;
}

int submission_hold_rcpt(struct submission_hold *hold,
			 struct smtp_server_recipient *rcpt)
{
	int ret;

	if (hold->bu->set.hold.mode != BOUNCE_HOLD_MODE_ENFORCE)
		return 0;
	T_BEGIN {
		ret = hold_rcpt(hold, rcpt);
	} T_END;
	return ret;
}

/*
 * DATA
 */

/* A client's own retry of a mail that was held. */
static bool
hold_is_same_try(const struct submission_hold *hold,
		 const struct hold_rcpt *one, const char *message_id)
{
	return one->hold.decision == BOUNCE_HOLD_AGAIN &&
		bounce_hold_decide(&hold->bu->set.hold, one->hold.rec,
				   message_id, ioloop_time) ==
		BOUNCE_HOLD_HOLD;
}

/* Is nobody left? */
static bool
hold_is_void(const struct submission_hold *hold,
	     const struct smtp_server_transaction *trans,
	     const char *message_id)
{
	struct smtp_server_recipient *rcpt;
	const struct hold_rcpt *one;

	array_foreach_elem(&trans->rcpt_to, rcpt) {
		one = hold_find(hold, rcpt);
		if (one == NULL || (!one->left_out &&
				    !hold_is_same_try(hold, one, message_id)))
			return FALSE;
	}
	return TRUE;
}

/* Returns how many the relay does not know. */
static unsigned int
hold_collect(struct submission_hold *hold,
	     const struct smtp_server_transaction *trans,
	     struct submission_hold_mail *mail)
{
	struct smtp_server_recipient *rcpt;
	const struct hold_rcpt *one;
	unsigned int left_out = 0;

	array_foreach_elem(&trans->rcpt_to, rcpt) {
		one = hold_find(hold, rcpt);
		if (one == NULL)
			continue;
		if (one->left_out)
			left_out++;
		submission_hold_mail_add(mail, &one->hold, mail->refused ?
			      BOUNCE_HOLD_HOLD : one->hold.decision);
	}
	return left_out;
}

static int
hold_refuse(struct submission_hold *hold, struct smtp_server_cmd_ctx *cmd,
	    struct submission_hold_mail *mail)
{
	const struct bounce_hold *holds;
	unsigned int count;

	holds = array_get(&mail->holds, &count);
	submission_hold_answer(cmd, 550, bounce_hold_status(holds, count),
		    bounce_hold_text(&hold->bu->set.hold, holds, count));
	/* noted once the client has its answer */
	submission_hold_mail_own(cmd, mail);
	return 0;
}

static int
hold_tell(struct submission_hold *hold, struct smtp_server_cmd_ctx *cmd,
	  struct submission_hold_mail *mail, unsigned int sent)
{
	struct bounce_hold_about about = {
		.message_id = mail->message_id, .subject = mail->subject,
		.sent = sent, .now = ioloop_time
	};
	const struct bounce_hold *holds;
	const char *error;
	unsigned int count;

	holds = array_get(&mail->holds, &count);
	if (bounce_hold_tell_save(hold->bu, &about, holds, count, &mail->tell,
				  &error) == 0)
		return 0;
	e_error(hold->bu->event, "Mail is deferred, as the user cannot be told "
		"of %u suppressed recipients: %s", mail->left_out, error);
	/* whoever cannot be told is not held */
	hold->untold = TRUE;
	submission_hold_answer(cmd, 451, "4.3.0", "Temporary failure, send it again");
	return -1;
}

static void
hold_set_addresses(struct submission_hold_mail *mail,
		   const struct smtp_server_transaction *trans)
{
	struct smtp_server_recipient *const *rcpts;
	const char **addresses;

	rcpts = array_get(&trans->rcpt_to, &mail->count);
	addresses = p_new(mail->pool, const char *, mail->count + 1);
	for (unsigned int i = 0; i < mail->count; i++) {
		addresses[i] = p_strdup(mail->pool,
					smtp_address_encode(rcpts[i]->path));
	}
	mail->addresses = addresses;
}

static int
hold_data(struct submission_hold *hold, struct smtp_server_cmd_ctx *cmd,
	  const struct smtp_server_transaction *trans,
	  const struct bounce_sent_header *out)
{
	struct submission_hold_mail *mail = submission_hold_mail_init(hold, out);

	if (hold->bu->set.hold.mode == BOUNCE_HOLD_MODE_REPORT)
		hold_set_addresses(mail, trans);
	else {
		mail->refused = hold_is_void(hold, trans, out->message_id);
		mail->left_out = hold_collect(hold, trans, mail);
		if (mail->refused)
			return hold_refuse(hold, cmd, mail);
		if (mail->left_out > 0 &&
		    hold_tell(hold, cmd, mail, array_count(&trans->rcpt_to) -
			      mail->left_out) < 0) {
			submission_hold_mail_free(mail);
			return 0;
		}
	}
	submission_hold_mail_own(cmd, mail);
	return 1;
}

int submission_hold_data(struct submission_hold *hold,
			 struct smtp_server_cmd_ctx *cmd,
			 struct smtp_server_transaction *trans,
			 const struct bounce_sent_header *out)
{
	int ret;

	if (hold->refused != NULL) {
		/* whatever the relay says of the others */
		hold->refused->message_id = p_strdup(hold->refused->pool,
						     out->message_id);
		hold->refused->subject = p_strdup(hold->refused->pool,
						  out->subject);
	}
	if (hold->bu->set.hold.mode == BOUNCE_HOLD_MODE_NO ||
	    (hold->bu->set.hold.mode == BOUNCE_HOLD_MODE_ENFORCE &&
	     hold->rcpts == NULL))
		return 1;
	T_BEGIN {
		ret = hold_data(hold, cmd, trans, out);
	} T_END;
	return ret;
}
