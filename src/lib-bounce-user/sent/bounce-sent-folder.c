/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "bounce-sent-folder.h"

/* The namespace that another is an alias for has the settings: "Sent" of one with
   the prefix "" is its "INBOX/Sent". */
bool bounce_sent_folder_is(struct mailbox *box)
{
	struct mail_namespace *ns = mailbox_get_namespace(box);
	const char *name = mailbox_get_vname(box);
	struct mailbox *real;
	bool ret;

	if (mailbox_has_special_use(box, "\\Sent"))
		return TRUE;
	if (ns->alias_for == NULL ||
	    strncmp(name, ns->prefix, ns->prefix_len) != 0)
		return FALSE;
	real = mailbox_alloc(ns->alias_for->list, t_strconcat(
		ns->alias_for->prefix, name + ns->prefix_len, NULL), 0);
	ret = mailbox_has_special_use(real, "\\Sent");
	mailbox_free(&real);
	return ret;
}
