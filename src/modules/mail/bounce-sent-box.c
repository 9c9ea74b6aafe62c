/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-namespace.h"
#include "mail-storage-private.h"
#include "bounce-sent-mail.h"
#include "bounce-plugin.h"
#include "bounce-recheck.h"
#include "bounce-sent-box.h"
#include "bounce-sent-folder.h"
#include "bounce-sent-queue.h"
#include "bounce-tell.h"

#define BOUNCE_SENT_BOX_MAILBOX(box) \
	MODULE_CONTEXT_REQUIRE(box, bounce_sent_box_mailbox_module)

/* What is saved with an older date was sent long ago: an archive is moved. */
#define MAX_AGE_SECS (2 * 24 * 60 * 60)

/* What is younger was sent just now, whatever the client's clock and zone say. */
#define MIN_AGE_SECS (14 * 60 * 60)

struct box_mail {
	struct bounce_sent_header header;
	time_t when;
};

struct bounce_sent_box_mailbox {
	union mailbox_module_context module_ctx;
	/* of the transaction, NULL until something was saved */
	pool_t pool;
	ARRAY(struct box_mail) mails;
};

static MODULE_CONTEXT_DEFINE_INIT(bounce_sent_box_mailbox_module,
				  &mail_storage_module_register);

/* When it was sent: now, unless its INTERNALDATE is older, as dsync gives it. */
static time_t box_when(struct mail_save_context *ctx, struct mail *src)
{
	time_t date = ctx->data.received_date;

	/* -1 for a mail that is delivered, and it stays if that fails */
	if (date == (time_t)-1 && src != NULL)
		(void)mail_get_received_date(src, &date);
	return date == (time_t)-1 || date > ioloop_time - MIN_AGE_SECS ?
		ioloop_time : date;
}

static bool box_is_old(time_t when)
{
	return when < ioloop_time - MAX_AGE_SECS;
}

/* A client may move it without its INTERNALDATE. */
static bool box_is_dated_old(struct mail *mail)
{
	time_t date;
	int zone;

	return mail_get_date(mail, &date, &zone) == 0 && date > 0 &&
		date < ioloop_time - MAX_AGE_SECS;
}

/* One of ours, which nobody sent. */
static bool box_is_notice(struct mail *mail)
{
	const char *value;

	return mail_get_first_header(mail, BOUNCE_TELL_HEADER, &value) > 0;
}

static void
box_remember(struct bounce_sent_box_mailbox *sbox, struct mail *mail,
	     time_t when)
{
	struct box_mail out = { .when = when };

	if (sbox->pool == NULL) {
		sbox->pool = pool_alloconly_create("bounce sent", 4096);
		p_array_init(&sbox->mails, sbox->pool, 4);
	}
	T_BEGIN {
		/* what cannot be read is not counted */
		if (!box_is_dated_old(mail) && !box_is_notice(mail) &&
		    bounce_sent_header_read(mail, sbox->pool, &out.header) == 0)
			array_push_back(&sbox->mails, &out);
	} T_END;
}

static void box_forget(struct bounce_sent_box_mailbox *sbox)
{
	if (sbox->pool != NULL)
		pool_unref(&sbox->pool);
}

static int bounce_sent_box_save_finish(struct mail_save_context *ctx)
{
	struct mailbox *box = ctx->transaction->box;
	struct bounce_sent_box_mailbox *sbox = BOUNCE_SENT_BOX_MAILBOX(box);
	/* a copy that is made by saving is looked at as a copy */
	struct mail *mail = ctx->copying_via_save ? NULL : ctx->dest_mail;
	time_t when = box_when(ctx, NULL);

	if (sbox->module_ctx.super.save_finish(ctx) < 0)
		return -1;
	if (mail != NULL && !box_is_old(when))
		box_remember(sbox, mail, when);
	return 0;
}

static int
bounce_sent_box_copy(struct mail_save_context *ctx, struct mail *mail)
{
	struct mailbox *box = ctx->transaction->box;
	struct bounce_sent_box_mailbox *sbox = BOUNCE_SENT_BOX_MAILBOX(box);
	time_t when = box_when(ctx, mail);
	/* from one \Sent to another: it was counted, or is older than us */
	bool skip = box_is_old(when) || bounce_sent_folder_is(mail->box);

	if (sbox->module_ctx.super.copy(ctx, mail) < 0)
		return -1;
	if (!skip)
		box_remember(sbox, mail, when);
	return 0;
}

static const char *const *
t_sent_box_addresses(const struct bounce_sent_header *out)
{
	ARRAY_TYPE(const_string) addresses;

	t_array_init(&addresses, array_count(&out->recipients) + 1);
	array_append_array(&addresses, &out->recipients);
	array_append_zero(&addresses);
	return array_front(&addresses);
}

static void
box_count_mail(struct bounce_sent_queue *queue,
	       const struct box_mail *saved)
{
	const struct bounce_sent_header *out = &saved->header;
	struct bounce_sent_mail mail;

	i_zero(&mail);
	mail.message_id = out->message_id;
	mail.subject = out->subject;
	mail.recipients = array_count(&out->recipients);
	mail.addresses = t_sent_box_addresses(out);
	mail.saved = TRUE;
	mail.verifiable = mail.message_id != NULL;
	mail.when = saved->when;
	bounce_sent_queue_add(queue, &mail);
}

static int
bounce_sent_box_commit(struct mailbox_transaction_context *t,
		      struct mail_transaction_commit_changes *changes_r)
{
	struct bounce_sent_box_mailbox *sbox = BOUNCE_SENT_BOX_MAILBOX(t->box);
	/* t is gone afterwards */
	struct mail_user *user = t->box->storage->user;
	struct bounce_plugin_user *pu;
	struct bounce_user *bu;
	const struct box_mail *saved;

	if (sbox->module_ctx.super.transaction_commit(t, changes_r) < 0) {
		box_forget(sbox);
		return -1;
	}
	if (sbox->pool == NULL)
		return 0;
	bu = bounce_plugin_user_get(user);
	if (bu->set.record) {
		pu = BOUNCE_PLUGIN_USER(user);
		if (pu->sent_queue == NULL)
			pu->sent_queue = bounce_sent_queue_init(bu,
						bounce_recheck_copy);
		array_foreach(&sbox->mails, saved) T_BEGIN {
			box_count_mail(pu->sent_queue, saved);
		} T_END;
	}
	box_forget(sbox);
	return 0;
}

static void bounce_sent_box_rollback(struct mailbox_transaction_context *t)
{
	struct bounce_sent_box_mailbox *sbox = BOUNCE_SENT_BOX_MAILBOX(t->box);

	box_forget(sbox);
	sbox->module_ctx.super.transaction_rollback(t);
}

static void bounce_sent_box_free(struct mailbox *box)
{
	struct bounce_sent_box_mailbox *sbox = BOUNCE_SENT_BOX_MAILBOX(box);

	box_forget(sbox);
	sbox->module_ctx.super.free(box);
}

void bounce_sent_box_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct bounce_sent_box_mailbox *sbox;

	/* only where a bounce's original is looked for, too */
	if (BOUNCE_PLUGIN_USER(box->storage->user) == NULL ||
	    mailbox_get_namespace(box)->type !=
	    MAIL_NAMESPACE_TYPE_PRIVATE ||
	    !bounce_sent_folder_is(box))
		return;
	sbox = p_new(box->pool, struct bounce_sent_box_mailbox, 1);
	sbox->module_ctx.super = *v;
	box->vlast = &sbox->module_ctx.super;
	v->save_finish = bounce_sent_box_save_finish;
	v->copy = bounce_sent_box_copy;
	v->transaction_commit = bounce_sent_box_commit;
	v->transaction_rollback = bounce_sent_box_rollback;
	v->free = bounce_sent_box_free;
	MODULE_CONTEXT_SET(box, bounce_sent_box_mailbox_module, sbox);
}
