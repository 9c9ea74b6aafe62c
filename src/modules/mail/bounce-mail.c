/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-deliver.h"
#include "bounce-filing.h"
#include "bounce-mail-module.h"
#include "bounce-metadata.h"
#include "bounce-plugin.h"
#include "bounce-sent-box.h"

static void bounce_mail_init(deliver_mail_func_t *next, bool delivers)
{
	bounce_deliver_init(next);
	bounce_plugin_user_setup(delivers);
}

static void bounce_mail_deinit(void)
{
	bounce_deliver_deinit();
	bounce_plugin_user_free();
}

static void bounce_mail_mailbox_allocated(struct mailbox *box)
{
	bounce_filing_mailbox_allocated(box);
	bounce_sent_box_mailbox_allocated(box);
}

const struct bounce_mail_module bounce_mail_module = {
	.layout = BOUNCE_MAIL_MODULE_LAYOUT,
	.abi = DOVECOT_ABI_VERSION,
	.init = bounce_mail_init,
	.deinit = bounce_mail_deinit,
	.user_created = bounce_plugin_user_created,
	.mailbox_allocated = bounce_mail_mailbox_allocated,
	.deliver = bounce_deliver_mail,
	.metadata = &bounce_metadata_address,
};
