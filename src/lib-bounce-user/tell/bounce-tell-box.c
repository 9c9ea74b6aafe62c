/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage-private.h"
#include "mail-user.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-tell-box.h"
#include "bounce-user.h"

/* Where a notice of a moment ago is looked for. */
#define EARLIER_MAX_MAILS 50
/* Few notices are larger. Where so much can be saved, a notice can be, too, unless
   somebody else takes the room meanwhile; then the next trial fails. */
#define TRIAL_SIZE (16 * 1024)

struct bounce_tell_box {
	struct bounce_user *bu;
	struct mailbox *box;
	uint32_t uid_validity;
	/* why it is INBOX instead: said when a notice is committed */
	char *why_inbox;
	/* a notice was saved and not committed */
	struct mailbox_transaction_context *saving;
};

static const char *const notice_keywords[] = {
	BOUNCE_TELL_KEYWORD, NULL
};

/* Another delivery may create it at the same time. */
static int box_open(struct mailbox *box)
{
	if (mailbox_open(box) == 0)
		return 0;
	if (mailbox_get_last_mail_error(box) != MAIL_ERROR_NOTFOUND)
		return -1;
	if (mailbox_create(box, NULL, FALSE) == 0)
		(void)mailbox_set_subscribed(box, TRUE);
	else if (mailbox_get_last_mail_error(box) != MAIL_ERROR_EXISTS)
		return -1;
	return mailbox_open(box);
}

static struct mailbox *box_alloc_inbox(struct bounce_user *bu)
{
	struct mail_namespace *ns =
		mail_namespace_find_inbox(bu->user->namespaces);

	return mailbox_alloc(ns->list, "INBOX", 0);
}

/* A name that none can have is a wrong value of the setting: INBOX then. */
static struct mailbox *box_alloc(struct bounce_user *bu)
{
	const char *name = *bu->set.notice_mailbox == '\0' ? "INBOX" :
		bounce_user_vname(bu->user, bu->set.notice_mailbox);
	struct mail_namespace *ns =
		mail_namespace_find(bu->user->namespaces, name);
	struct mailbox *box = mailbox_alloc(ns->list, name, 0);

	if (mailbox_verify_name(box) == 0)
		return box;
	e_error(bu->event, "Setting bounce_notice_mailbox = %s is wrong (%s), "
		"using its default INBOX", bu->set.notice_mailbox,
		mailbox_get_last_error(box, NULL));
	mailbox_free(&box);
	return box_alloc_inbox(bu);
}

/* Takes mailbox, which was opened. */
static void box_take(struct bounce_tell_box *box, struct mailbox *mailbox)
{
	struct mailbox_status status;

	mailbox_get_open_status(mailbox, STATUS_UIDVALIDITY, &status);
	if (box->box != NULL)
		mailbox_free(&box->box);
	box->box = mailbox;
	box->uid_validity = status.uidvalidity;
}

/* Takes mailbox, which is freed if that fails. */
static int box_use(struct bounce_tell_box *box, struct mailbox *mailbox,
		   const char **error_r)
{
	if (box_open(mailbox) < 0 || mailbox_sync(mailbox, 0) < 0) {
		*error_r = t_strdup(mailbox_get_last_internal_error(mailbox,
								    NULL));
		mailbox_free(&mailbox);
		return -1;
	}
	box_take(box, mailbox);
	return 0;
}

/* What cannot be written elsewhere goes there. */
static int box_fall_back(struct bounce_tell_box *box, const char *why)
{
	const char *error;

	if (box->box->inbox_user ||
	    box_use(box, box_alloc_inbox(box->bu), &error) < 0)
		return -1;
	i_free(box->why_inbox);
	box->why_inbox = i_strdup(why);
	return 0;
}

int bounce_tell_box_open(struct bounce_user *bu, struct bounce_tell_box **box_r,
			 const char **error_r)
{
	struct bounce_tell_box *box = i_new(struct bounce_tell_box, 1);
	struct mailbox *mailbox = box_alloc(bu);
	bool inbox = mailbox->inbox_user;
	const char *error;

	box->bu = bu;
	if (box_use(box, mailbox, error_r) < 0) {
		if (inbox || box_use(box, box_alloc_inbox(bu), &error) < 0) {
			i_free(box);
			return -1;
		}
		box->why_inbox = i_strdup(*error_r);
	}
	*box_r = box;
	return 0;
}

void bounce_tell_box_close(struct bounce_tell_box **_box)
{
	struct bounce_tell_box *box = *_box;

	if (box == NULL)
		return;
	*_box = NULL;
	if (box->saving != NULL)
		mailbox_transaction_rollback(&box->saving);
	mailbox_free(&box->box);
	i_free(box->why_inbox);
	i_free(box);
}

/* The mail at that place, if it is the one. */
static bool box_is_place(struct bounce_tell_box *box, struct mail *mail,
			 const struct bounce_tell_place *place)
{
	const char *guid;

	return place->uid > 0 && place->uid_validity == box->uid_validity &&
		null_strcmp(place->mailbox,
			    mailbox_get_vname(box->box)) == 0 &&
		mail_set_uid(mail, place->uid) && !mail->expunged &&
		mail_get_special(mail, MAIL_FETCH_GUID, &guid) == 0 &&
		null_strcmp(guid, place->guid) == 0;
}

static bool box_is_untouched(struct mail *mail)
{
	return (mail_get_flags(mail) &
		(MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DELETED)) == 0;
}

/* A notice may be elsewhere: it was put into INBOX as box failed, or the setting was
   another one. Returns box, or that mailbox, to be closed. */
static struct bounce_tell_box *
box_enter(struct bounce_tell_box *box, const struct bounce_tell_place *place)
{
	struct bounce_tell_box *other;
	struct mail_namespace *ns;
	struct mailbox *mailbox;

	if (place->mailbox == NULL ||
	    strcmp(place->mailbox, mailbox_get_vname(box->box)) == 0)
		return box;
	ns = mail_namespace_find(box->bu->user->namespaces, place->mailbox);
	mailbox = mailbox_alloc(ns->list, place->mailbox, 0);
	if (mailbox_open(mailbox) < 0) {
		mailbox_free(&mailbox);
		return box;
	}
	other = i_new(struct bounce_tell_box, 1);
	other->bu = box->bu;
	box_take(other, mailbox);
	return other;
}

static void box_leave(struct bounce_tell_box *box, struct bounce_tell_box *entered)
{
	if (entered != box)
		bounce_tell_box_close(&entered);
}

static bool box_is_unread(struct bounce_tell_box *box,
			  const struct bounce_tell_place *place)
{
	struct mailbox_transaction_context *t;
	struct mail *mail;
	bool ret;

	/* another delivery may have saved it since this one opened the mailbox */
	if (mailbox_sync(box->box, 0) < 0)
		return FALSE;
	t = mailbox_transaction_begin(box->box, 0, __func__);
	mail = mail_alloc(t, MAIL_FETCH_GUID, NULL);
	ret = box_is_place(box, mail, place) && box_is_untouched(mail);
	mail_free(&mail);
	mailbox_transaction_rollback(&t);
	return ret;
}

bool bounce_tell_box_is_unread(struct bounce_tell_box *box,
			       const struct bounce_tell_place *place)
{
	struct bounce_tell_box *entered = box_enter(box, place);
	bool ret = box_is_unread(entered, place);

	box_leave(box, entered);
	return ret;
}

static void box_expunge(struct bounce_tell_box *box,
			const struct bounce_tell_place *place)
{
	struct mailbox_transaction_context *t;
	struct mail *mail;

	t = mailbox_transaction_begin(box->box, 0, __func__);
	mail = mail_alloc(t, MAIL_FETCH_GUID, NULL);
	if (box_is_place(box, mail, place) && box_is_untouched(mail))
		mail_expunge(mail);
	mail_free(&mail);
	if (mailbox_transaction_commit(&t) == 0)
		(void)mailbox_sync(box->box, 0);
}

void bounce_tell_box_expunge(struct bounce_tell_box *box,
			     const struct bounce_tell_place *place)
{
	struct bounce_tell_box *entered = box_enter(box, place);

	/* opened now, it has not seen yet what is there */
	if (entered == box || mailbox_sync(entered->box, 0) == 0)
		box_expunge(entered, place);
	box_leave(box, entered);
}

/* What we said of that answer? Its Message-ID is the sender's choice: it may be that of
   a mail which another notice is about. */
static bool box_is_about(struct mail *mail, const char *message_id)
{
	const char *value;

	return mail_get_first_header(mail, "In-Reply-To", &value) > 0 &&
		strcmp(value, message_id) == 0 &&
		mail_get_first_header(mail, BOUNCE_TELL_HEADER, &value) > 0 &&
		strcmp(value, t_strconcat("v=1; kind=",
			bounce_tell_kind_name(BOUNCE_TELL_ANSWER), NULL)) == 0;
}

void bounce_tell_box_expunge_earlier(struct bounce_tell_box *box,
				     const char *message_id, uint32_t uid)
{
	struct mailbox_transaction_context *t;
	struct mailbox_status status;
	struct mail *mail;
	uint32_t seq;

	if (uid == 0)
		return;
	mailbox_get_open_status(box->box, STATUS_MESSAGES, &status);
	t = mailbox_transaction_begin(box->box, 0, __func__);
	mail = mail_alloc(t, 0, NULL);
	for (seq = status.messages; seq > 0 &&
	     seq + EARLIER_MAX_MAILS > status.messages; seq--) T_BEGIN {
		mail_set_seq(mail, seq);
		if (mail->uid < uid && box_is_untouched(mail) &&
		    box_is_about(mail, message_id))
			mail_expunge(mail);
	} T_END;
	mail_free(&mail);
	if (mailbox_transaction_commit(&t) == 0)
		(void)mailbox_sync(box->box, 0);
}

static int box_save_input(struct mail_save_context *ctx, struct istream *input)
{
	ssize_t ret;

	if (mailbox_save_begin(&ctx, input) < 0)
		return -1;
	do {
		if (mailbox_save_continue(ctx) < 0) {
			mailbox_save_cancel(&ctx);
			return -1;
		}
		ret = i_stream_read(input);
	} while (ret > 0);
	return mailbox_save_finish(&ctx);
}

static int box_save(struct bounce_tell_box *box, struct istream *input)
{
	struct mail_save_context *ctx;
	struct mail_keywords *keywords;

	i_assert(box->saving == NULL);
	box->saving = mailbox_transaction_begin(box->box,
				MAILBOX_TRANSACTION_FLAG_EXTERNAL |
				MAILBOX_TRANSACTION_FLAG_ASSIGN_UIDS,
				__func__);
	ctx = mailbox_save_alloc(box->saving);
	keywords = mailbox_keywords_create_valid(box->box, notice_keywords);
	mailbox_save_set_flags(ctx, 0, keywords);
	mailbox_keywords_unref(&keywords);
	if (box_save_input(ctx, input) < 0) {
		mailbox_transaction_rollback(&box->saving);
		return -1;
	}
	return 0;
}

/* Whether there is room is asked before anything is written, as the size is known. And
   nothing is: mdbox would be rolled back, and is damaged by that (2.3.19). */
static int box_try_save(struct bounce_tell_box *box, const char **error_r)
{
	static const unsigned char trial[TRIAL_SIZE];
	struct mailbox_transaction_context *t =
		mailbox_transaction_begin(box->box,
					  MAILBOX_TRANSACTION_FLAG_EXTERNAL,
					  __func__);
	struct mail_save_context *ctx = mailbox_save_alloc(t);
	struct istream *input = i_stream_create_from_data(trial, sizeof(trial));
	int ret = mailbox_save_begin(&ctx, input);

	if (ret < 0)
		*error_r = t_strdup(mailbox_get_last_internal_error(box->box,
								    NULL));
	else
		mailbox_save_cancel(&ctx);
	i_stream_unref(&input);
	mailbox_transaction_rollback(&t);
	return ret;
}

static int box_commit(struct bounce_tell_box *box, uint32_t *uid_r)
{
	struct mail_transaction_commit_changes changes;
	const struct seq_range *range;

	if (mailbox_transaction_commit_get_changes(&box->saving, &changes) < 0)
		return -1;
	range = array_is_empty(&changes.saved_uids) ? NULL :
		array_front(&changes.saved_uids);
	*uid_r = range == NULL ? 0 : range->seq1;
	pool_unref(&changes.pool);
	return 0;
}

/* Without it the notice is there, but is not replaced. */
static const char *
box_guid(struct bounce_tell_box *box, pool_t pool, uint32_t uid)
{
	struct mailbox_transaction_context *t;
	struct mail *mail;
	const char *guid = NULL;

	if (uid == 0 || mailbox_sync(box->box, 0) < 0)
		return NULL;
	t = mailbox_transaction_begin(box->box, 0, __func__);
	mail = mail_alloc(t, MAIL_FETCH_GUID, NULL);
	if (!mail_set_uid(mail, uid) ||
	    mail_get_special(mail, MAIL_FETCH_GUID, &guid) < 0)
		guid = NULL;
	guid = p_strdup(pool, guid);
	mail_free(&mail);
	mailbox_transaction_rollback(&t);
	return guid;
}

static int box_failed(struct bounce_tell_box *box, const char **error_r)
{
	*error_r = t_strdup(mailbox_get_last_internal_error(box->box, NULL));
	return -1;
}

static int box_save_text(struct bounce_tell_box *box, const string_t *mail,
			 const char **error_r)
{
	struct istream *input =
		i_stream_create_from_data(str_data(mail), str_len(mail));
	int ret = box_save(box, input);

	i_stream_unref(&input);
	return ret < 0 ? box_failed(box, error_r) : 0;
}

int bounce_tell_box_save_begin(struct bounce_tell_box *box,
			       const string_t *mail, const char **error_r)
{
	const char *error;

	if (box_save_text(box, mail, error_r) == 0)
		return 0;
	return box_fall_back(box, *error_r) < 0 ||
		box_save_text(box, mail, &error) < 0 ? -1 : 0;
}

int bounce_tell_box_try(struct bounce_user *bu, const char **error_r)
{
	struct bounce_tell_box *box;
	const char *error;
	int ret;

	if (bounce_tell_box_open(bu, &box, error_r) < 0)
		return -1;
	ret = box_try_save(box, error_r);
	if (ret < 0 && box_fall_back(box, *error_r) == 0)
		ret = box_try_save(box, &error);
	bounce_tell_box_close(&box);
	return ret;
}

bool bounce_tell_box_is_locked(struct bounce_tell_box *box)
{
	return box->saving != NULL &&
		strcmp(mailbox_get_storage(box->box)->name, "mbox") == 0;
}

int bounce_tell_box_save_commit(struct bounce_tell_box *box, pool_t pool,
				struct bounce_tell_place *place_r,
				const char **error_r)
{
	uint32_t uid = 0;

	if (box_commit(box, &uid) < 0)
		return box_failed(box, error_r);
	if (box->why_inbox != NULL) {
		e_error(box->bu->event, "Notice is in INBOX, as %s fails: %s",
			box->bu->set.notice_mailbox, box->why_inbox);
	}
	i_zero(place_r);
	place_r->mailbox = p_strdup(pool, mailbox_get_vname(box->box));
	place_r->uid_validity = box->uid_validity;
	place_r->uid = uid;
	place_r->guid = box_guid(box, pool, uid);
	return 0;
}

int bounce_tell_box_save(struct bounce_tell_box *box, const string_t *mail,
			 pool_t pool, struct bounce_tell_place *place_r,
			 const char **error_r)
{
	const char *error;

	if (bounce_tell_box_save_begin(box, mail, error_r) < 0)
		return -1;
	if (bounce_tell_box_save_commit(box, pool, place_r, error_r) == 0)
		return 0;
	return box_fall_back(box, *error_r) < 0 ||
		box_save_text(box, mail, &error) < 0 ||
		bounce_tell_box_save_commit(box, pool, place_r, &error) < 0 ?
		-1 : 0;
}
