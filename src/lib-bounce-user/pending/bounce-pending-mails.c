/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "time-util.h"
#include "unichar.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-mails.h"
#include "bounce-user.h"

/* Mails of one mailbox that are looked at, the last ones. */
#define MAX_MAILS 20000
/* Between two looks at the clock. */
#define LOOK_MAILS 64

struct mails_box {
	char *name;
	/* NULL = not open, or there is none */
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	/* the UIDs that were looked at; last: 0 = none yet */
	uint32_t uid_validity, first, last;
	/* of these, but for what came since */
	unsigned int looked;
};

struct bounce_pending_mails {
	struct bounce_user *bu;
	time_t since;
	ARRAY(struct mails_box) boxes;
	ARRAY_TYPE(bounce_pending_mail) list;
	bool open;
	/* since they were opened */
	bool changed;
};

void bounce_pending_mails_add(struct bounce_pending_mails *mails,
			      const char *name)
{
	struct mails_box *box;

	/* mailbox_alloc() takes any other text */
	if (*name == '\0' || !uni_utf8_str_is_valid(name))
		return;
	if (strcasecmp(name, "INBOX") == 0)
		name = "INBOX";
	array_foreach_modifiable(&mails->boxes, box) {
		if (strcmp(box->name, name) == 0)
			return;
	}
	box = array_append_space(&mails->boxes);
	box->name = i_strdup(name);
}

struct bounce_pending_mails *
bounce_pending_mails_init(struct bounce_user *bu, time_t since)
{
	struct bounce_pending_mails *mails =
		i_new(struct bounce_pending_mails, 1);
	const char *name = bu->set.mailbox;

	mails->bu = bu;
	mails->since = since;
	i_array_init(&mails->boxes, 2);
	i_array_init(&mails->list, 32);
	bounce_pending_mails_add(mails, "INBOX");
	if (*name != '\0')
		bounce_pending_mails_add(mails,
					 bounce_user_vname(bu->user, name));
	return mails;
}

void bounce_pending_mails_deinit(struct bounce_pending_mails **_mails)
{
	struct bounce_pending_mails *mails = *_mails;
	struct mails_box *box;

	*_mails = NULL;
	bounce_pending_mails_close(mails);
	array_foreach_modifiable(&mails->boxes, box)
		i_free(box->name);
	array_free(&mails->boxes);
	array_free(&mails->list);
	i_free(mails);
}

/*
 * What may be one of them
 */

static bool
mails_is_wanted(struct bounce_pending_mails *mails, struct mail *mail,
		time_t *when_r)
{
	if (mails->since == 0 &&
	    !bounce_pending_keyword_has(mail, BOUNCE_PENDING_KEYWORD))
		return FALSE;
	return mail_get_received_date(mail, when_r) == 0 &&
		(mails->since == 0 || *when_r >= mails->since);
}

static void
mails_look_at(struct bounce_pending_mails *mails, unsigned int idx,
	      struct mail *mail)
{
	struct bounce_pending_mail *pmail;
	time_t when;

	if (!mails_is_wanted(mails, mail, &when))
		return;
	pmail = array_append_space(&mails->list);
	pmail->box = idx;
	pmail->uid = mail->uid;
	pmail->when = when;
}

/* Those from first_uid on, from before the UID *end down, to which *end goes along.
   Returns FALSE if there was no time for all. */
static bool
mails_look_range(struct bounce_pending_mails *mails, unsigned int idx,
		 uint32_t first_uid, uint32_t *end, unsigned int *looked,
		 uint64_t deadline)
{
	struct mails_box *box = array_idx_modifiable(&mails->boxes, idx);
	uint32_t first = 0, seq = 0;

	if (*end > first_uid)
		mailbox_get_seq_range(box->box, first_uid, *end - 1, &first,
				      &seq);
	for (; seq > 0 && seq >= first && *looked < MAX_MAILS; seq--) {
		T_BEGIN {
			mail_set_seq(box->mail, seq);
			mails_look_at(mails, idx, box->mail);
		} T_END;
		*end = box->mail->uid;
		if (++*looked % LOOK_MAILS == 0 && deadline > 0 &&
		    i_microseconds() >= deadline)
			return FALSE;
	}
	return TRUE;
}

/* It was made anew. */
static void
mails_forget_box(struct bounce_pending_mails *mails, unsigned int idx)
{
	struct mails_box *box = array_idx_modifiable(&mails->boxes, idx);
	unsigned int i = array_count(&mails->list);
	const struct bounce_pending_mail *pmail;

	box->last = box->looked = 0;
	while (i-- > 0) {
		pmail = array_idx(&mails->list, i);
		if (pmail->box == idx)
			array_delete(&mails->list, i, 1);
	}
}

static bool
mails_look_box(struct bounce_pending_mails *mails, unsigned int idx,
	       uint64_t deadline)
{
	struct mails_box *box = array_idx_modifiable(&mails->boxes, idx);
	struct mailbox_status status;
	unsigned int looked = 0;
	uint32_t end;

	if (box->box == NULL ||
	    (mails->since == 0 && !bounce_pending_keyword_is_used(box->box)))
		return TRUE;
	mailbox_get_open_status(box->box, STATUS_UIDNEXT | STATUS_UIDVALIDITY,
				&status);
	if (box->uid_validity != status.uidvalidity)
		mails_forget_box(mails, idx);
	box->uid_validity = status.uidvalidity;
	end = status.uidnext;
	if (box->last == 0)
		box->first = end;
	else
		(void)mails_look_range(mails, idx, box->last + 1, &end, &looked,
				       0);
	box->last = status.uidnext - 1;
	return mails_look_range(mails, idx, 1, &box->first, &box->looked,
				deadline);
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

bool bounce_pending_mails_look(struct bounce_pending_mails *mails,
			       unsigned int msecs)
{
	uint64_t deadline = msecs == 0 ? 0 : i_microseconds() + msecs * 1000ULL;
	unsigned int before = array_count(&mails->list);
	bool all = TRUE;

	for (unsigned int i = 0; i < array_count(&mails->boxes) && all; i++)
		all = mails_look_box(mails, i, deadline);
	if (array_count(&mails->list) != before)
		array_sort(&mails->list, bounce_pending_mail_cmp);
	return all;
}

/*
 * The mailboxes
 */

/* No report was ever filed there, or nobody can read it any more; the name may be any
   text. */
static bool mails_is_gone(enum mail_error error)
{
	return error == MAIL_ERROR_NOTFOUND || error == MAIL_ERROR_PARAMS ||
		error == MAIL_ERROR_PERM || error == MAIL_ERROR_NOTPOSSIBLE;
}

static int
mails_open_box(struct bounce_pending_mails *mails, struct mails_box *box,
	       const char **error_r)
{
	struct mail_namespace *ns =
		mail_namespace_find(mails->bu->user->namespaces, box->name);

	box->box = mailbox_alloc(ns->list, box->name, 0);
	if (mailbox_open(box->box) < 0 || mailbox_sync(box->box, 0) < 0) {
		int ret = mails_is_gone(mailbox_get_last_mail_error(box->box)) ?
			0 : -1;

		if (ret < 0) {
			*error_r = t_strdup_printf("Mailbox %s: %s", box->name,
				mailbox_get_last_internal_error(box->box, NULL));
		}
		mailbox_free(&box->box);
		return ret;
	}
	box->trans = mailbox_transaction_begin(box->box, 0, "bounce");
	box->mail = mail_alloc(box->trans, MAIL_FETCH_RECEIVED_DATE, NULL);
	return 0;
}

int bounce_pending_mails_open(struct bounce_pending_mails *mails,
			      const char **error_r)
{
	struct mails_box *box;

	if (mails->open)
		return 0;
	mails->open = TRUE;
	array_foreach_modifiable(&mails->boxes, box) {
		if (mails_open_box(mails, box, error_r) < 0) {
			bounce_pending_mails_close(mails);
			return -1;
		}
	}
	return 0;
}

void bounce_pending_mails_close(struct bounce_pending_mails *mails)
{
	struct mails_box *box;

	array_foreach_modifiable(&mails->boxes, box) {
		if (box->box == NULL)
			continue;
		mail_free(&box->mail);
		/* what was read goes to the cache */
		(void)mailbox_transaction_commit(&box->trans);
		/* mbox loses a keyword only then */
		if (mails->changed)
			(void)mailbox_sync(box->box, 0);
		mailbox_free(&box->box);
	}
	mails->open = mails->changed = FALSE;
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
	struct mails_box *box = array_idx_modifiable(&mails->boxes, mail->box);

	/* the folder went meanwhile */
	if (box->box == NULL)
		return NULL;
	return mail_set_uid(box->mail, mail->uid) ? box->mail : NULL;
}

const char *bounce_pending_mails_name(struct bounce_pending_mails *mails,
				      const struct bounce_pending_mail *mail)
{
	const struct mails_box *box = array_idx(&mails->boxes, mail->box);

	return box->name;
}

void bounce_pending_mails_fail(struct bounce_pending_mails *mails,
			       const struct bounce_pending_mail *mail)
{
	struct bounce_pending_mail *pmail;

	array_foreach_modifiable(&mails->list, pmail) {
		if (bounce_pending_mail_cmp(pmail, mail) == 0)
			pmail->failed = TRUE;
	}
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
		mail = pmail->failed ? NULL :
			bounce_pending_mails_get(mails, pmail);
		if (mail != NULL && bounce_pending_keyword_remove(mail))
			mails->changed = TRUE;
	}
}
