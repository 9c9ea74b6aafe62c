/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-private.h"
#include "bounce-pending-idle.h"
#include "bounce-plugin.h"
#include "bounce-sent-queue.h"
#include "compat-user.h"

struct bounce_plugin_user_module bounce_plugin_user_module =
	MODULE_CONTEXT_INIT(&mail_user_module_register);

/* One for all users of a transaction. */
static struct bounce_wait plugin_wait;

struct bounce_wait *bounce_plugin_wait(void)
{
	return &plugin_wait;
}

struct bounce_user *bounce_plugin_user_get(struct mail_user *user)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(user);

	if (pu->bu == NULL)
		pu->bu = bounce_user_init(user);
	pu->bu->wait = bounce_plugin_wait();
	return pu->bu;
}

void bounce_plugin_user_setup(bool delivers)
{
	const char *base_dir;

	bounce_wait_init(&plugin_wait, BOUNCE_WAIT_MSECS, FALSE);
	plugin_wait.renews = TRUE;
	/* lmtp is still root when its modules are loaded */
	if (delivers &&
	    (base_dir = compat_user_base_dir()) != NULL)
		bounce_wait_create_pause(&plugin_wait, base_dir);
}

void bounce_plugin_user_free(void)
{
	bounce_wait_deinit(&plugin_wait);
}

static void bounce_plugin_user_deinit(struct mail_user *user)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(user);

	i_assert(pu != NULL);
	bounce_pending_idle_deinit(&pu->idle);
	bounce_sent_queue_deinit(&pu->sent_queue);
	bounce_user_deinit(&pu->bu);
	pu->module_ctx.super.deinit(user);
}

/* Somebody is logged in. */
static bool bounce_plugin_user_is_session(const struct mail_user *user)
{
	return strcmp(user->service, "imap") == 0 ||
		strcmp(user->service, "submission") == 0;
}

void bounce_plugin_user_created(struct mail_user *user)
{
	/* the hooks have been called when we are loaded late */
	bool late = user->vlast == NULL;
	struct mail_user_vfuncs *v = late ? &user->v : user->vlast;
	struct bounce_plugin_user *pu;

	/* lmtp's raw user and those of shared folders have no dictionary */
	if (user->autocreated)
		return;
	pu = p_new(user->pool, struct bounce_plugin_user, 1);
	pu->module_ctx.super = *v;
	if (!late)
		user->vlast = &pu->module_ctx.super;
	v->deinit = bounce_plugin_user_deinit;
	MODULE_CONTEXT_SET(user, bounce_plugin_user_module, pu);
	if (bounce_plugin_user_is_session(user))
		pu->idle = bounce_pending_idle_init(user);
}
