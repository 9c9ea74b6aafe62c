/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-private.h"
#include "bounce-plugin.h"
#include "bounce-sent-queue.h"

struct bounce_plugin_user_module bounce_plugin_user_module =
	MODULE_CONTEXT_INIT(&mail_user_module_register);

struct bounce_user *bounce_plugin_user_get(struct mail_user *user)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(user);

	if (pu->bu == NULL)
		pu->bu = bounce_user_init(user);
	return pu->bu;
}

static void bounce_plugin_user_deinit(struct mail_user *user)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(user);

	i_assert(pu != NULL);
	bounce_sent_queue_deinit(&pu->sent_queue);
	bounce_user_deinit(&pu->bu);
	pu->module_ctx.super.deinit(user);
}

void bounce_plugin_user_created(struct mail_user *user)
{
	struct mail_user_vfuncs *v = user->vlast;
	struct bounce_plugin_user *pu;

	/* lmtp's raw user and those of shared folders have no dictionary */
	if (user->autocreated)
		return;
	pu = p_new(user->pool, struct bounce_plugin_user, 1);
	pu->module_ctx.super = *v;
	user->vlast = &pu->module_ctx.super;
	v->deinit = bounce_plugin_user_deinit;
	MODULE_CONTEXT_SET(user, bounce_plugin_user_module, pu);
}
