/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "mail-user.h"
#include "bounce-access-mail.h"
#include "bounce-address.h"
#include "bounce-store.h"
#include "bounce-user.h"
#include "policy-answer.h"
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
	i_error("bounce: Recipient passes unasked: %s", error);
}

static bool answer_held(struct policy_user *pu, const char *address)
{
	struct bounce_store *store;
	struct bounce_record rec;
	const char *error;

	if (bounce_user_store(pu->bu, &store, &error) < 0 ||
	    bounce_store_lookup(store, pool_datastack_create(), address,
				ioloop_time, &rec, &error) < 0)
		answer_log(error);
	return FALSE;
}

static const char *
answer_rcpt(struct policy_user *pu, const struct bounce_access *access,
	    struct bounce_access_mail *mail)
{
	const char *address, *error;

	if (access->recipient == NULL ||
	    bounce_address_normalize(pool_datastack_create(),
				     access->recipient, &address, &error) < 0)
		address = NULL;
	bounce_access_mail_add(mail, address,
			       address != NULL && answer_held(pu, address));
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
		if (ret < 0)
			answer_log(error);
		return ANSWER_PASS;
	}
	if (access->state == BOUNCE_ACCESS_RCPT)
		return answer_rcpt(pu, access, mail);
	return ANSWER_PASS;
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

void policy_answered(const struct bounce_access *access ATTR_UNUSED,
		     struct bounce_access_mail *mail ATTR_UNUSED)
{
}
