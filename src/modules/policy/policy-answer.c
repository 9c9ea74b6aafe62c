/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "bounce-access-mail.h"
#include "bounce-address.h"
#include "bounce-hold-ask.h"
#include "bounce-user.h"
#include "policy-answer.h"
#include "policy-count.h"
#include "policy-user.h"

#define ANSWER_PASS "DUNNO"
#define LOG_SECS 60

/* A dictionary that is down fails for every recipient of every mail. */
static void answer_log(const char *error)
{
	static time_t last = 0;

	if (ioloop_time - last < LOG_SECS && ioloop_time >= last)
		return;
	last = ioloop_time;
	i_error("bounce: Recipients pass unasked: %s", error);
}

static const char *
answer_refuse(const struct policy_user *pu, const struct bounce_hold *holds,
	      unsigned int count)
{
	return t_strdup_printf("550 %s %s", bounce_hold_status(holds, count),
			       bounce_hold_text(&pu->bu->set.hold, holds, count));
}

/* One that the server asked about at RCPT already, on another connection (Exim), and
   accepted. */
static bool
answer_is_settled(const struct policy_user *pu,
		  const struct bounce_access *access)
{
	return access->recipient_count > 0 &&
		pu->bu->set.hold.reply == BOUNCE_HOLD_REPLY_RCPT;
}

/* Nobody is refused. */
static const char *
answer_known(struct policy_user *pu, const struct bounce_access *access,
	     const char *address, struct bounce_access_mail *mail)
{
	bounce_access_mail_add(mail, address, NULL);
	if (pu->bu->set.hold.mode == BOUNCE_HOLD_MODE_REPORT &&
	    !answer_is_settled(pu, access))
		policy_count_known(pu, address);
	return ANSWER_PASS;
}

static const char *
answer_enforce(struct policy_user *pu, const struct bounce_access *access,
	       const char *address, struct bounce_access_mail *mail)
{
	bool each = pu->bu->set.hold.reply == BOUNCE_HOLD_REPLY_RCPT;
	struct bounce_hold hold;
	const char *error;

	if (bounce_hold_ask(pu->bu, access->pool, &address, 1, NULL,
			    ioloop_time, &hold, &error) < 0)
		answer_log(error);
	bounce_hold_send_known(pu->user->event, &hold, 1);
	/* who asks so may never ask at DATA (Exim) */
	if (each)
		policy_count_held(pu, &hold, 1);
	if (each && hold.decision == BOUNCE_HOLD_HOLD)
		return answer_refuse(pu, &hold, 1);
	bounce_access_mail_add(mail, address, &hold);
	return ANSWER_PASS;
}

static const char *
answer_rcpt(struct policy_user *pu, const struct bounce_access *access,
	    struct bounce_access_mail *mail)
{
	const char *address, *error;

	/* of this request */
	if (access->recipient == NULL ||
	    bounce_address_normalize(access->pool, access->recipient, &address,
				     &error) < 0) {
		bounce_access_mail_add(mail, NULL, NULL);
		return ANSWER_PASS;
	}
	if (pu->bu->set.hold.mode != BOUNCE_HOLD_MODE_ENFORCE ||
	    answer_is_settled(pu, access))
		return answer_known(pu, access, address, mail);
	return answer_enforce(pu, access, address, mail);
}

static const char *
answer_data(struct policy_user *pu, const struct bounce_access *access,
	    const struct bounce_access_mail *mail)
{
	const struct bounce_hold *holds;
	unsigned int count;

	holds = array_get(&mail->holds, &count);
	if (pu->bu->set.hold.reply == BOUNCE_HOLD_REPLY_AUTO &&
	    bounce_access_mail_is_dead(mail, access)) {
		bounce_hold_send_refused(pu->user->event, holds, count);
		policy_count_held(pu, holds, count);
		return answer_refuse(pu, holds, count);
	}
	policy_count_mail(pu, access, mail);
	return ANSWER_PASS;
}

static const char *
answer_find(const struct bounce_access *access, struct bounce_access_mail *mail)
{
	struct policy_user *pu;
	const char *error;
	int ret;

	(void)bounce_access_mail_begin(mail, access);
	ret = policy_user_open(access->login, &pu, &error);
	if (ret <= 0) {
		/* it passes, and so it is one that the mail has */
		if (access->state == BOUNCE_ACCESS_RCPT)
			bounce_access_mail_add(mail, NULL, NULL);
		if (ret < 0)
			answer_log(error);
		return ANSWER_PASS;
	}
	return access->state == BOUNCE_ACCESS_RCPT ?
		answer_rcpt(pu, access, mail) : answer_data(pu, access, mail);
}

const char *policy_answer(const struct bounce_access *access,
			  struct bounce_access_mail *mail)
{
	const char *action;

	if (!access->policy || access->login == NULL ||
	    access->state == BOUNCE_ACCESS_OTHER)
		return ANSWER_PASS;
	action = answer_find(access, mail);
	policy_user_leave();
	return action;
}
