/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "mail-namespace.h"
#include "mail-storage-service.h"
#include "mail-user.h"
#include "bounce-charset.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-queue.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "compat-service.h"
#include "compat-user.h"
#include "policy-user.h"

#define IDLE_MSECS (60 * 1000)
/* What the userdb and the settings say may have changed. */
#define MAX_AGE_SECS (10 * 60)
/* Postfix waits for two seconds. */
#define WAIT_MSECS 1000

static struct mail_storage_service_ctx *users_ctx;
/* of each request */
static struct bounce_wait users_wait;
static struct policy_user user_now;
static char *user_login;
static time_t user_opened;
static struct timeout *user_to;

static void user_close(struct policy_user *pu)
{
	timeout_remove(&user_to);
	i_free(user_login);
	if (pu->user == NULL)
		return;
	mail_storage_service_io_activate_user(pu->service_user);
	bounce_sent_queue_deinit(&pu->queue);
	bounce_user_deinit(&pu->bu);
	mail_storage_service_io_deactivate_user(pu->service_user);
	compat_service_close(&pu->service_user, &pu->user);
	i_zero(pu);
}

void policy_users_init(void)
{
	const char *base_dir;

	users_ctx = compat_service_start();
	bounce_wait_init(&users_wait, WAIT_MSECS, FALSE);
	base_dir = compat_user_base_dir();
	if (base_dir != NULL)
		bounce_wait_create_pause(&users_wait, base_dir);
}

void policy_users_deinit(void)
{
	user_close(&user_now);
	bounce_charset_deinit();
	bounce_rules_cache_deinit();
	bounce_texts_cache_deinit();
	bounce_wait_deinit(&users_wait);
	mail_storage_service_deinit(&users_ctx);
}

static int user_open(const char *login, const char **error_r)
{
	struct policy_user *pu = &user_now;
	int ret = compat_service_open(users_ctx, login, &pu->service_user,
				      &pu->user, error_r);

	if (ret <= 0) {
		i_zero(pu);
		return ret < 0 ? -1 : 0;
	}
	pu->bu = bounce_user_init(pu->user);
	pu->bu->wait = &users_wait;
	user_login = i_strdup(login);
	user_opened = ioloop_time;
	/* the timer is the process's */
	policy_user_leave();
	user_to = timeout_add_to(io_loop_get_root(), IDLE_MSECS, user_close,
				 pu);
	return 1;
}

void policy_user_leave(void)
{
	if (user_now.service_user != NULL)
		mail_storage_service_io_deactivate_user(user_now.service_user);
}

int policy_user_open_mailboxes(struct policy_user *pu, const char **error_r)
{
	return pu->user->namespaces != NULL ? 0 :
		mail_namespaces_init(pu->user, error_r);
}

int policy_user_open(const char *login, struct policy_user **user_r,
		     const char **error_r)
{
	int ret;

	bounce_wait_renew(&users_wait);
	if (user_login == NULL || strcmp(user_login, login) != 0 ||
	    ioloop_time - user_opened > MAX_AGE_SECS) {
		user_close(&user_now);
		if ((ret = user_open(login, error_r)) <= 0)
			return ret;
	}
	mail_storage_service_io_activate_user(user_now.service_user);
	timeout_reset(user_to);
	*user_r = &user_now;
	return 1;
}
