/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-access-mail.h"
#include "bounce-limits.h"

void bounce_access_mail_init(struct bounce_access_mail *mail)
{
	i_zero(mail);
	mail->pool = pool_alloconly_create("bounce access mail", 1024);
	p_array_init(&mail->recipients, mail->pool, 4);
	p_array_init(&mail->holds, mail->pool, 1);
}

void bounce_access_mail_deinit(struct bounce_access_mail *mail)
{
	pool_unref(&mail->pool);
}

static void access_mail_reset(struct bounce_access_mail *mail)
{
	bounce_access_mail_deinit(mail);
	bounce_access_mail_init(mail);
}

bool bounce_access_mail_begin(struct bounce_access_mail *mail,
			      const struct bounce_access *access)
{
	if (access->instance != NULL &&
	    null_strcmp(mail->instance, access->instance) == 0 &&
	    null_strcmp(mail->login, access->login) == 0)
		return TRUE;
	access_mail_reset(mail);
	mail->instance = p_strdup(mail->pool, access->instance);
	mail->login = p_strdup(mail->pool, access->login);
	return access->instance != NULL;
}

/* Who is given twice is named once. */
static bool
access_mail_has_hold(const struct bounce_access_mail *mail, const char *address)
{
	const struct bounce_hold *hold;

	array_foreach(&mail->holds, hold) {
		if (strcmp(hold->address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

void bounce_access_mail_add(struct bounce_access_mail *mail,
			    const char *address,
			    const struct bounce_hold *hold)
{
	mail->passed++;
	if (address == NULL)
		return;
	if (array_count(&mail->recipients) >= BOUNCE_MAX_ACCESS_RECIPIENTS) {
		mail->full = TRUE;
		return;
	}
	address = p_strdup(mail->pool, address);
	array_push_back(&mail->recipients, &address);
	if (hold == NULL)
		return;
	if (hold->decision == BOUNCE_HOLD_HOLD)
		mail->held++;
	if ((hold->decision == BOUNCE_HOLD_HOLD ||
	     hold->decision == BOUNCE_HOLD_AGAIN) &&
	    !access_mail_has_hold(mail, hold->address))
		bounce_hold_copy(mail->pool, hold,
				 array_append_space(&mail->holds));
}

bool bounce_access_mail_is_exact(const struct bounce_access_mail *mail,
				 const struct bounce_access *data)
{
	return !mail->full && mail->passed == array_count(&mail->recipients) &&
		mail->passed == data->recipient_count;
}

bool bounce_access_mail_is_dead(const struct bounce_access_mail *mail,
				const struct bounce_access *data)
{
	return mail->held > 0 && mail->held == mail->passed &&
		bounce_access_mail_is_exact(mail, data);
}
