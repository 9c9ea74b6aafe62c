/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-pending-keyword.h"
#include "bounce-sent-mail.h"

/* It is among the newest. */
#define MAX_MAILS 50

static void
keyword_update(struct mail *mail, enum modify_type modify,
	       const char *const *names)
{
	struct mail_keywords *keywords =
		mailbox_keywords_create_valid(mail->box, names);

	mail_update_keywords(mail, modify, keywords);
	mailbox_keywords_unref(&keywords);
}

static bool
keyword_add_opened(struct mailbox *box, const char *message_id,
		   const char *const *names)
{
	struct mailbox_transaction_context *trans =
		mailbox_transaction_begin(box, 0, "bounce");
	struct mail *mail = mail_alloc(trans, 0, NULL);
	struct mailbox_status status;
	bool found = FALSE;

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	for (uint32_t seq = status.messages; seq > 0 && !found &&
	     seq + MAX_MAILS > status.messages; seq--) T_BEGIN {
		mail_set_seq(mail, seq);
		found = null_strcmp(bounce_sent_header_message_id(mail),
				    message_id) == 0;
		if (found)
			keyword_update(mail, MODIFY_ADD, names);
	} T_END;
	mail_free(&mail);
	return mailbox_transaction_commit(&trans) == 0 && found;
}

bool bounce_pending_keyword_add(struct mail_user *user, const char *mailbox,
				const char *message_id,
				const char *const *keywords)
{
	struct mail_namespace *ns =
		mail_namespace_find(user->namespaces, mailbox);
	struct mailbox *box = mailbox_alloc(ns->list, mailbox, 0);
	bool ret;

	ret = mailbox_open(box) == 0 && mailbox_sync(box, 0) == 0 &&
		keyword_add_opened(box, message_id, keywords) &&
		/* mbox keeps it only then */
		mailbox_sync(box, 0) == 0;
	mailbox_free(&box);
	return ret;
}

bool bounce_pending_keyword_remove(struct mail *mail)
{
	static const char *const names[] = {
		BOUNCE_PENDING_KEYWORD, BOUNCE_PENDING_KEYWORD_UNTOLD, NULL
	};

	/* or it would be written for each mail */
	if (!bounce_pending_keyword_has(mail, names[0]) &&
	    !bounce_pending_keyword_has(mail, names[1]))
		return FALSE;
	keyword_update(mail, MODIFY_REMOVE, names);
	return TRUE;
}

bool bounce_pending_keyword_is_used(struct mailbox *box)
{
	struct mailbox_status status;
	const char *name;

	mailbox_get_open_status(box, STATUS_KEYWORDS, &status);
	array_foreach_elem(status.keywords, name) {
		if (strcasecmp(name, BOUNCE_PENDING_KEYWORD) == 0)
			return TRUE;
	}
	return FALSE;
}

bool bounce_pending_keyword_has(struct mail *mail, const char *keyword)
{
	return str_array_icase_find(mail_get_keywords(mail), keyword);
}
