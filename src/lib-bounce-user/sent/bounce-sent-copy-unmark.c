/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mailbox-list-iter.h"
#include "bounce-sent-copy.h"
#include "bounce-record.h"

struct unmark {
	const ARRAY_TYPE(const_string) *ids;
	unsigned int count;
};

static bool
unmark_has_mark(const struct mailbox_status *status)
{
	const char *keyword;

	array_foreach_elem(status->keywords, keyword) {
		if (strcasecmp(keyword, BOUNCE_SENT_COPY_KEYWORD) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Flags cost nothing, headers may cost a look at the file. */
static bool unmark_is_wanted(struct unmark *unmark, struct mail *mail)
{
	const char *id, *wanted;

	if (!str_array_icase_find(mail_get_keywords(mail),
				  BOUNCE_SENT_COPY_KEYWORD))
		return FALSE;
	id = bounce_incident_id(pool_datastack_create(),
				bounce_sent_header_message_id(mail));
	if (id == NULL)
		return FALSE;
	array_foreach_elem(unmark->ids, wanted) {
		if (strcmp(wanted, id) == 0)
			return TRUE;
	}
	return FALSE;
}

static int
unmark_mails(struct unmark *unmark, struct mailbox *box, unsigned int messages)
{
	static const char *const names[] = { BOUNCE_SENT_COPY_KEYWORD, NULL };
	struct mail_keywords *keywords =
		mailbox_keywords_create_valid(box, names);
	struct mailbox_transaction_context *trans =
		mailbox_transaction_begin(box, 0, "bounce");
	struct mail *mail = mail_alloc(trans, 0, NULL);

	for (uint32_t seq = 1; seq <= messages; seq++) T_BEGIN {
		mail_set_seq(mail, seq);
		if (unmark_is_wanted(unmark, mail)) {
			mail_update_keywords(mail, MODIFY_REMOVE, keywords);
			unmark->count++;
		}
	} T_END;
	mail_free(&mail);
	mailbox_keywords_unref(&keywords);
	return mailbox_transaction_commit(&trans) < 0 ||
		mailbox_sync(box, 0) < 0 ? -1 : 0;
}

static int
unmark_box(const struct mailbox_info *info, void *context, const char **error_r)
{
	struct mailbox *box = mailbox_alloc(info->ns->list, info->vname, 0);
	struct mailbox_status status;
	int ret = 0;

	if (mailbox_open(box) < 0 || mailbox_sync(box, 0) < 0) {
		/* not used yet */
		ret = mailbox_get_last_mail_error(box) == MAIL_ERROR_NOTFOUND ?
			0 : -1;
	} else {
		mailbox_get_open_status(box, STATUS_MESSAGES | STATUS_KEYWORDS,
					&status);
		if (unmark_has_mark(&status))
			ret = unmark_mails(context, box, status.messages);
	}
	if (ret < 0) {
		*error_r = t_strdup_printf("Mailbox %s: %s", info->vname,
			mailbox_get_last_internal_error(box, NULL));
	}
	mailbox_free(&box);
	return ret;
}

int bounce_sent_copy_unmark(struct mail_user *user,
			   const ARRAY_TYPE(const_string) *ids,
			   const char **error_r)
{
	struct unmark unmark = { .ids = ids };

	if (bounce_sent_copy_each_box(user, unmark_box, &unmark, error_r) < 0)
		return -1;
	return (int)unmark.count;
}
