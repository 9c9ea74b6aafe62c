/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-hooks.h"
#include "mail-storage-private.h"
#include "bounce-deliver.h"
#include "bounce-filing.h"
#include "bounce-metadata.h"
#include "bounce-plugin.h"
#include "bounce-sent-box.h"

extern const char *bounce_plugin_version;
const char *bounce_plugin_version = DOVECOT_ABI_VERSION;

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
	bounce_plugin_user_setup(bounce_deliver_init());
}

void bounce_plugin_deinit(void)
{
	bounce_deliver_deinit();
	bounce_metadata_deinit();
	mail_storage_hooks_remove(&bounce_plugin_hooks);
	bounce_plugin_user_free();
}
