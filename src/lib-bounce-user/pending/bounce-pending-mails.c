/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-mails.h"
#include "bounce-user.h"

/* Mails of one mailbox that are looked at. */
#define MAX_MAILS 20000
/* A mailbox is mostly in the order of arrival: so many older ones in a row, and the
   rest is older, too. */
#define MAX_OLDER 100

struct mails_box {
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
};

struct bounce_pending_mails {
	struct bounce_user *bu;
	time_t since;
	/* open or empty */
	ARRAY(struct mails_box) boxes;
	ARRAY_TYPE(bounce_pending_mail) list;
	/* since they were opened */
	bool changed;
};

struct bounce_pending_mails *
bounce_pending_mails_init(struct bounce_user *bu, time_t since)
{
	struct bounce_pending_mails *mails =
		i_new(struct bounce_pending_mails, 1);

	mails->bu = bu;
	mails->since = since;
	i_array_init(&mails->boxes, 2);
	i_array_init(&mails->list, 32);
	return mails;
}

void bounce_pending_mails_deinit(struct bounce_pending_mails **_mails)
{
	struct bounce_pending_mails *mails = *_mails;

	*_mails = NULL;
	bounce_pending_mails_close(mails);
	array_free(&mails->boxes);
	array_free(&mails->list);
	i_free(mails);
}

/*
 * What may be one of them
 */

/* Returns 1, 0 if it is not to be looked at, or -1 if it is older. */
static int
mails_is_wanted(struct bounce_pending_mails *mails, struct mail *mail,
		time_t *when_r)
{
	if (mails->since == 0 &&
	    !bounce_pending_keyword_has(mail, BOUNCE_PENDING_KEYWORD))
		return 0;
	if (mail_get_received_date(mail, when_r) < 0)
		return 0;
	return mails->since > 0 && *when_r < mails->since ? -1 : 1;
}

static void mails_list(struct bounce_pending_mails *mails, unsigned int idx)
{
	struct mails_box *box = array_idx_modifiable(&mails->boxes, idx);
	struct mailbox_status status;
	unsigned int older = 0, left = MAX_MAILS;
	time_t when;

	if (mails->since == 0 && !bounce_pending_keyword_is_used(box->box))
		return;
	mailbox_get_open_status(box->box, STATUS_MESSAGES, &status);
	for (uint32_t seq = status.messages; seq > 0 && left > 0 &&
	     older < MAX_OLDER; seq--, left--) {
		struct bounce_pending_mail *mail;
		int ret;

		mail_set_seq(box->mail, seq);
		ret = mails_is_wanted(mails, box->mail, &when);
		if (ret < 0)
			older++;
		if (ret <= 0)
			continue;
		older = 0;
		mail = array_append_space(&mails->list);
		mail->box = idx;
		mail->uid = box->mail->uid;
		mail->when = when;
	}
}

int bounce_pending_mail_cmp(const struct bounce_pending_mail *a,
			    const struct bounce_pending_mail *b)
{
	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	if (a->box != b->box)
		return a->box < b->box ? -1 : 1;
	return a->uid < b->uid ? -1 : (a->uid > b->uid ? 1 : 0);
}

/*
 * The mailboxes
 */

static int
mails_open_box(struct bounce_pending_mails *mails, const char *name,
	       const char **error_r)
{
	struct mail_namespace *ns =
		mail_namespace_find(mails->bu->user->namespaces, name);
	struct mails_box box;

	i_zero(&box);
	box.box = mailbox_alloc(ns->list, name, 0);
	if (mailbox_open(box.box) < 0 || mailbox_sync(box.box, 0) < 0) {
		/* no report was ever filed there */
		int ret = mailbox_get_last_mail_error(box.box) ==
			MAIL_ERROR_NOTFOUND ? 0 : -1;

		if (ret < 0) {
			*error_r = t_strdup_printf("Mailbox %s: %s", name,
				mailbox_get_last_internal_error(box.box, NULL));
		}
		mailbox_free(&box.box);
		return ret;
	}
	box.trans = mailbox_transaction_begin(box.box, 0, "bounce");
	box.mail = mail_alloc(box.trans, MAIL_FETCH_RECEIVED_DATE, NULL);
	array_push_back(&mails->boxes, &box);
	mails_list(mails, array_count(&mails->boxes) - 1);
	return 0;
}

int bounce_pending_mails_open(struct bounce_pending_mails *mails,
			      const char **error_r)
{
	struct bounce_user *bu = mails->bu;
	const char *name = bu->set.mailbox;

	if (!array_is_empty(&mails->boxes))
		return 0;
	array_clear(&mails->list);
	if (mails_open_box(mails, "INBOX", error_r) < 0)
		return -1;
	if (*name != '\0' && strcasecmp(name, "INBOX") != 0 &&
	    mails_open_box(mails, bounce_user_vname(bu->user, name),
			   error_r) < 0)
		return -1;
	array_sort(&mails->list, bounce_pending_mail_cmp);
	return 0;
}

void bounce_pending_mails_close(struct bounce_pending_mails *mails)
{
	struct mails_box *box;

	array_foreach_modifiable(&mails->boxes, box) {
		mail_free(&box->mail);
		/* what was read goes to the cache */
		(void)mailbox_transaction_commit(&box->trans);
		/* mbox loses a keyword only then */
		if (mails->changed)
			(void)mailbox_sync(box->box, 0);
		mailbox_free(&box->box);
	}
	mails->changed = FALSE;
	array_clear(&mails->boxes);
}

const struct bounce_pending_mail *
bounce_pending_mails_list(struct bounce_pending_mails *mails,
			  unsigned int *count_r)
{
	return array_get(&mails->list, count_r);
}

struct mail *bounce_pending_mails_get(struct bounce_pending_mails *mails,
				      const struct bounce_pending_mail *mail)
{
	struct mails_box *box;

	/* the folder went meanwhile */
	if (mail->box >= array_count(&mails->boxes))
		return NULL;
	box = array_idx_modifiable(&mails->boxes, mail->box);
	return mail_set_uid(box->mail, mail->uid) ? box->mail : NULL;
}

void bounce_pending_mails_settle(struct bounce_pending_mails *mails,
				 const struct bounce_pending_mail *first,
				 const struct bounce_pending_mail *end)
{
	const struct bounce_pending_mail *pmail;
	struct mail *mail;

	array_foreach(&mails->list, pmail) {
		if (bounce_pending_mail_cmp(pmail, first) < 0)
			continue;
		if (bounce_pending_mail_cmp(pmail, end) >= 0)
			break;
		mail = bounce_pending_mails_get(mails, pmail);
		if (mail != NULL && bounce_pending_keyword_remove(mail))
			mails->changed = TRUE;
	}
}
