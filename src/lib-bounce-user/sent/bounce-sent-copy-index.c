/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "mail-storage.h"
#include "mailbox-list-iter.h"
#include "mail-user.h"
#include "bounce-sent-copy.h"

/* A mailbox that stays open, as many of its mails may be asked for. */
struct index_box {
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	/* mails that could not be read */
	unsigned int unreadable;
};

struct index_mail {
	struct index_box *box;
	uint32_t uid;
};
HASH_TABLE_DEFINE_TYPE(index_mail, const char *, struct index_mail *);

struct bounce_sent_copy_index {
	pool_t pool;
	struct mail_user *user;
	HASH_TABLE_TYPE(index_mail) mails;
	ARRAY(struct index_box *) boxes;
	bool built;
};

struct bounce_sent_copy_index *
bounce_sent_copy_index_init(struct mail_user *user)
{
	pool_t pool = pool_alloconly_create("bounce originals", 16 * 1024);
	struct bounce_sent_copy_index *index =
		p_new(pool, struct bounce_sent_copy_index, 1);

	index->pool = pool;
	index->user = user;
	hash_table_create(&index->mails, pool, 0, str_hash, strcmp);
	p_array_init(&index->boxes, pool, 2);
	return index;
}

static void
index_mail(struct bounce_sent_copy_index *index, struct index_box *box)
{
	struct index_mail *mail;
	const char *id;
	int ret = bounce_sent_header_find_id(box->mail, &id);

	if (ret < 0)
		box->unreadable++;
	/* the newest is asked first */
	if (ret <= 0 || hash_table_lookup(index->mails, id) != NULL ||
	    !bounce_sent_header_is_copy(box->mail))
		return;
	id = p_strdup(index->pool, id);
	mail = p_new(index->pool, struct index_mail, 1);
	mail->box = box;
	mail->uid = box->mail->uid;
	hash_table_insert(index->mails, id, mail);
}

/* FALSE if its mails cannot be read. */
static bool
index_opened(struct bounce_sent_copy_index *index, struct mailbox *box)
{
	static const char *const headers[] = {
		"Message-ID", "Received", "Return-Path", NULL
	};
	struct index_box *ibox = p_new(index->pool, struct index_box, 1);
	struct mailbox_header_lookup_ctx *wanted;
	struct mailbox_status status;
	uint32_t seq, last;

	ibox->box = box;
	wanted = mailbox_header_lookup_init(box, headers);
	ibox->trans = mailbox_transaction_begin(box, 0, "bounce");
	ibox->mail = mail_alloc(ibox->trans, 0, wanted);
	mailbox_header_lookup_unref(&wanted);
	array_push_back(&index->boxes, &ibox);

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	last = status.messages <= BOUNCE_SENT_COPY_MAX_INDEXED ? 0 :
		status.messages - BOUNCE_SENT_COPY_MAX_INDEXED;
	for (seq = status.messages; seq > last &&
	     ibox->unreadable < BOUNCE_SENT_MAX_UNREADABLE; seq--) T_BEGIN {
		mail_set_seq(ibox->mail, seq);
		index_mail(index, ibox);
	} T_END;
	return ibox->unreadable < BOUNCE_SENT_MAX_UNREADABLE;
}

static int
index_box(const struct mailbox_info *info, void *context,
	  const char **error_r)
{
	struct bounce_sent_copy_index *index = context;
	struct mailbox *box = mailbox_alloc(info->ns->list, info->vname,
					    MAILBOX_FLAG_READONLY);
	int ret = 0;

	if (mailbox_open(box) == 0 && mailbox_sync(box, 0) == 0) {
		if (index_opened(index, box))
			return 0;
		*error_r = t_strdup_printf("Mailbox %s: %s", info->vname,
					   BOUNCE_SENT_UNREADABLE);
		return -1;
	}
	/* not used yet */
	if (mailbox_get_last_mail_error(box) != MAIL_ERROR_NOTFOUND) {
		*error_r = t_strdup_printf("Mailbox %s: %s", info->vname,
			mailbox_get_last_internal_error(box, NULL));
		ret = -1;
	}
	mailbox_free(&box);
	return ret;
}

int bounce_sent_copy_index_read(struct bounce_sent_copy_index *index,
			       const char *message_id, pool_t pool,
			       struct bounce_sent_header *out_r,
			       const char **error_r)
{
	struct index_mail *mail;

	/* what failed is said once; what could be read is of use */
	if (!index->built) {
		index->built = TRUE;
		if (bounce_sent_copy_each_box(index->user, index_box, index,
					     error_r) < 0)
			return -1;
	}
	mail = hash_table_lookup(index->mails, message_id);
	if (mail == NULL || !mail_set_uid(mail->box->mail, mail->uid))
		return 0;
	if (bounce_sent_header_read(mail->box->mail, pool, out_r) < 0) {
		*error_r = t_strdup_printf("Mailbox %s: %s",
			mailbox_get_vname(mail->box->box),
			mailbox_get_last_internal_error(mail->box->box, NULL));
		return -1;
	}
	return 1;
}

void bounce_sent_copy_index_deinit(struct bounce_sent_copy_index **_index)
{
	struct bounce_sent_copy_index *index = *_index;
	struct index_box *box;

	if (index == NULL)
		return;
	*_index = NULL;
	array_foreach_elem(&index->boxes, box) {
		mail_free(&box->mail);
		/* what was read goes to the cache; of no other use */
		if (box->unreadable > 0)
			mailbox_transaction_rollback(&box->trans);
		else
			(void)mailbox_transaction_commit(&box->trans);
		mailbox_free(&box->box);
	}
	hash_table_destroy(&index->mails);
	pool_unref(&index->pool);
}
