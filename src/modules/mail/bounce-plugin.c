/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-hooks.h"
#include "mail-storage-private.h"
#include "bounce-deliver.h"
#include "bounce-filing.h"
#include "bounce-metadata.h"
#include "bounce-plugin.h"
#include "bounce-sent-box.h"
#include "bounce-sent-queue.h"

extern const char *bounce_plugin_version;
const char *bounce_plugin_version = DOVECOT_ABI_VERSION;

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

static void bounce_plugin_user_created(struct mail_user *user)
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

static void bounce_plugin_mailbox_allocated(struct mailbox *box)
{
	bounce_filing_mailbox_allocated(box);
	bounce_sent_box_mailbox_allocated(box);
}

static struct mail_storage_hooks bounce_plugin_hooks = {
	.mail_user_created = bounce_plugin_user_created,
	.mailbox_allocated = bounce_plugin_mailbox_allocated,
};

void bounce_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &bounce_plugin_hooks);
	bounce_metadata_init();
	bounce_deliver_init();
}

void bounce_plugin_deinit(void)
{
	bounce_deliver_deinit();
	bounce_metadata_deinit();
	mail_storage_hooks_remove(&bounce_plugin_hooks);
}
