/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mailbox-list-iter.h"
#include "bounce-sent-copy.h"
#include "bounce-record.h"

struct keyword_change {
	/* sorted */
	ARRAY_TYPE(const_string) ids;
	bool add;
	/* add: \Flagged as well */
	bool flag;
	unsigned int count;
	/* mails that could not be read */
	unsigned int unreadable;
};

static int keyword_id_cmp(const char *const *a, const char *const *b)
{
	return strcmp(*a, *b);
}

static bool keyword_is_in(const struct mailbox_status *status)
{
	const char *keyword;

	array_foreach_elem(status->keywords, keyword) {
		if (strcasecmp(keyword, BOUNCE_SENT_COPY_KEYWORD) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Flags cost nothing, headers may cost a look at the file. */
static bool
keyword_is_wanted(struct keyword_change *change, struct mail *mail)
{
	const char *id;

	if (str_array_icase_find(mail_get_keywords(mail),
				 BOUNCE_SENT_COPY_KEYWORD) == change->add)
		return FALSE;
	if (bounce_sent_header_find_id(mail, &id) < 0)
		change->unreadable++;
	id = bounce_incident_id(pool_datastack_create(), id);
	return id != NULL &&
		array_bsearch(&change->ids, &id, keyword_id_cmp) != NULL &&
		(!change->add || bounce_sent_header_is_copy(mail));
}

/* What was read goes to the cache. Returns 0, or -1. */
static int
keyword_find_mails(struct keyword_change *change, struct mailbox *box,
		   unsigned int messages, ARRAY_TYPE(uint32_t) *seqs)
{
	struct mailbox_transaction_context *trans =
		mailbox_transaction_begin(box, 0, "bounce");
	struct mail *mail = mail_alloc(trans, 0, NULL);

	for (uint32_t seq = 1; seq <= messages &&
	     change->unreadable < BOUNCE_SENT_MAX_UNREADABLE; seq++) {
		bool wanted;

		T_BEGIN {
			mail_set_seq(mail, seq);
			wanted = keyword_is_wanted(change, mail);
		} T_END;
		if (wanted)
			array_push_back(seqs, &seq);
	}
	mail_free(&mail);
	if (change->unreadable > 0) {
		mailbox_transaction_rollback(&trans);
		return 0;
	}
	return mailbox_transaction_commit(&trans);
}

static int
keyword_change_mails(struct keyword_change *change, struct mailbox *box,
		     unsigned int messages)
{
	static const char *const names[] = { BOUNCE_SENT_COPY_KEYWORD, NULL };
	struct mailbox_transaction_context *trans;
	struct mail_keywords *keywords;
	ARRAY_TYPE(uint32_t) seqs;
	struct mail *mail;
	uint32_t seq;

	t_array_init(&seqs, 16);
	if (keyword_find_mails(change, box, messages, &seqs) < 0)
		return -1;
	keywords = mailbox_keywords_create_valid(box, names);
	trans = mailbox_transaction_begin(box, 0, "bounce");
	mail = mail_alloc(trans, 0, NULL);
	array_foreach_elem(&seqs, seq) {
		mail_set_seq(mail, seq);
		mail_update_keywords(mail, change->add ? MODIFY_ADD :
				     MODIFY_REMOVE, keywords);
		if (change->add && change->flag)
			mail_update_flags(mail, MODIFY_ADD, MAIL_FLAGGED);
		change->count++;
	}
	mail_free(&mail);
	mailbox_keywords_unref(&keywords);
	return mailbox_transaction_commit(&trans) < 0 ||
		mailbox_sync(box, 0) < 0 ? -1 : 0;
}

static int
keyword_change_box(const struct mailbox_info *info, void *context,
		   const char **error_r)
{
	struct keyword_change *change = context;
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
		if (change->add || keyword_is_in(&status))
			ret = keyword_change_mails(change, box,
						   status.messages);
	}
	if (ret < 0) {
		*error_r = t_strdup_printf("Mailbox %s: %s", info->vname,
			mailbox_get_last_internal_error(box, NULL));
	}
	mailbox_free(&box);
	return ret;
}

static int
keyword_change(struct mail_user *user, struct keyword_change *change,
	       const ARRAY_TYPE(const_string) *ids, const char **error_r)
{
	if (array_is_empty(ids))
		return 0;
	t_array_init(&change->ids, array_count(ids));
	array_append_array(&change->ids, ids);
	array_sort(&change->ids, keyword_id_cmp);
	if (bounce_sent_copy_each_box(user, keyword_change_box, change,
				      error_r) < 0)
		return -1;
	return (int)change->count;
}

int bounce_sent_copy_keyword_add(struct mail_user *user,
				 const ARRAY_TYPE(const_string) *ids,
				 bool flag, const char **error_r)
{
	struct keyword_change change = { .add = TRUE, .flag = flag };

	return keyword_change(user, &change, ids, error_r);
}

int bounce_sent_copy_keyword_remove(struct mail_user *user,
				    const ARRAY_TYPE(const_string) *ids,
				    const char **error_r)
{
	struct keyword_change change = { .add = FALSE };

	return keyword_change(user, &change, ids, error_r);
}
