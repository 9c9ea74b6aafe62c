/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-namespace.h"
#include "mail-storage-private.h"
#include "sleep.h"
#include "bounce-filing.h"
#include "bounce-plugin.h"
#include "bounce-store.h"

#define BOUNCE_FILING_MAILBOX(box) \
	MODULE_CONTEXT_REQUIRE(box, bounce_filing_mailbox_module)

struct bounce_filing_mailbox {
	union mailbox_module_context module_ctx;
};

static MODULE_CONTEXT_DEFINE_INIT(bounce_filing_mailbox_module,
				  &mail_storage_module_register);

/*
 * Where, and with which keywords
 */

static bool
filing_is_filed(struct bounce_user *bu, const struct bounce_report *report)
{
	return (bu->set.file_kinds & (1U << report->kind)) != 0;
}

static bool
filing_is_believed(struct bounce_user *bu, enum bounce_evidence evidence)
{
	return evidence >= bounce_policy_least(&bu->set.policy);
}

/* Somebody sends in the user's name: their INBOX is not to be full of it. */
static bool filing_is_flooded(struct bounce_user *bu)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(bu->user);
	struct bounce_store *store;
	const char *error;
	bool began = FALSE;

	/* a dictionary that fails will say so when the report is counted */
	if (!bu->set.record || bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_store_is_flooded(store, ioloop_time, &began, &error) <= 0)
		return FALSE;
	pu->flood_began = began;
	return TRUE;
}

/* A report that nobody need believe stays where it would be without us, unless
   there are too many. */
static bool filing_is_wanted(struct bounce_user *bu,
			     enum bounce_evidence evidence)
{
	return filing_is_believed(bu, evidence) || filing_is_flooded(bu);
}

static bool filing_is_valid(struct mail_user *user, const char *vname,
			    const char **error_r)
{
	struct mailbox *box;
	bool valid;

	box = mailbox_alloc(mail_namespace_find(user->namespaces, vname)->list,
			    vname, MAILBOX_FLAG_SAVEONLY);
	valid = mailbox_verify_name(box) == 0;
	if (!valid)
		*error_r = t_strdup(mailbox_get_last_error(box, NULL));
	mailbox_free(&box);
	return valid;
}

const char *bounce_filing_folder(struct bounce_user *bu,
				 const struct bounce_report *report,
				 enum bounce_evidence evidence)
{
	return filing_is_filed(bu, report) && filing_is_wanted(bu, evidence) ?
		bounce_filing_mailbox(bu) : NULL;
}

const char *bounce_filing_mailbox(struct bounce_user *bu)
{
	const char *name, *error;

	if (*bu->set.mailbox == '\0')
		return NULL;
	name = bounce_user_vname(bu->user, bu->set.mailbox);
	if (!filing_is_valid(bu->user, name, &error)) {
		e_error(bu->event, "Setting bounce_mailbox = %s is wrong (%s), "
			"leaving the report in INBOX", bu->set.mailbox, error);
		return NULL;
	}
	return name;
}

const char *const *
bounce_filing_keywords(pool_t pool, struct bounce_user *bu,
		       const struct bounce_report *report,
		       enum bounce_evidence evidence)
{
	const struct bounce_recipient *rcpt;
	const char **keywords;
	bool hard = FALSE, soft = FALSE;

	if (!filing_is_filed(bu, report))
		return NULL;
	keywords = p_new(pool, const char *, 3);
	if (!filing_is_believed(bu, evidence)) {
		keywords[0] = "$BounceUnverified";
		return keywords;
	}
	array_foreach(&report->recipients, rcpt) {
		if (report->kind != BOUNCE_KIND_FAILURE || rcpt->stranger ||
		    rcpt->action != BOUNCE_ACTION_FAILED)
			continue;
		if (rcpt->verdict.class == BOUNCE_CLASS_HARD)
			hard = TRUE;
		else if (rcpt->verdict.class == BOUNCE_CLASS_SOFT)
			soft = TRUE;
	}
	keywords[0] = "$Bounce";
	keywords[1] = hard ? "$BounceHard" : soft ? "$BounceSoft" : NULL;
	return keywords;
}

void bounce_filing_failed(struct bounce_plugin_user *pu, const char *folder,
			  const char *error)
{
	if (!pu->folder_failed) {
		e_error(pu->bu->event, "Folder %s does not take the report, "
			"leaving it in INBOX: %s", folder, error);
	}
	pu->folder_failed = TRUE;
}

/*
 * The user's mailboxes during the delivery
 */

static struct bounce_plugin_user *filing_delivering_to(struct mailbox *box)
{
	struct bounce_plugin_user *pu = BOUNCE_PLUGIN_USER(box->storage->user);

	return pu == NULL || pu->keywords == NULL ? NULL : pu;
}

/* Is box the folder that is ours? */
static bool
filing_is_folder(const struct bounce_plugin_user *pu, struct mailbox *box)
{
	return pu != NULL && pu->folder != NULL &&
		strcmp(box->vname, pu->folder) == 0;
}

static void filing_add_keywords(struct mail_save_context *ctx,
				const char *const *names)
{
	struct mailbox *box = ctx->transaction->box;
	struct mail_keywords *kw, *merged;

	kw = mailbox_keywords_create_valid(box, names);
	if (ctx->data.keywords != NULL) {
		merged = mailbox_keywords_merge(ctx->data.keywords, kw);
		mailbox_keywords_unref(&kw);
		mailbox_keywords_unref(&ctx->data.keywords);
		kw = merged;
	}
	ctx->data.keywords = kw;
}

static void
filing_folder_failed(struct mailbox *box, struct bounce_plugin_user *pu)
{
	bounce_filing_failed(pu, box->vname,
			     mailbox_get_last_internal_error(box, NULL));
}

/* The date that the saved mail gets, so that a later scan of it says the same. LMTP
   gives none: the file's own would be a second ahead now and then. */
static void
filing_date(struct mail_save_context *ctx, struct mail *mail,
	    struct bounce_plugin_user *pu)
{
	time_t when = ctx->data.received_date;

	if (when == (time_t)-1) {
		if (mail_get_received_date(mail, &when) < 0 || when <= 0)
			when = ioloop_time;
		mailbox_save_set_received_date(ctx, when, 0);
	}
	if (pu->stored_when == 0)
		pu->stored_when = when;
}

/* Every way of storing the delivered mail is a copy of it (saves are not: an
   automatic answer that a script keeps in Sent is no bounce). */
static int bounce_filing_copy(struct mail_save_context *ctx, struct mail *mail)
{
	struct mailbox *box = ctx->transaction->box;
	struct bounce_filing_mailbox *fbox = BOUNCE_FILING_MAILBOX(box);
	struct bounce_plugin_user *pu = filing_delivering_to(box);

	if (pu != NULL) {
		filing_date(ctx, mail, pu);
		filing_add_keywords(ctx, pu->keywords);
	}
	if (pu != NULL && pu->seen)
		ctx->data.flags |= MAIL_SEEN;
	if (fbox->module_ctx.super.copy(ctx, mail) == 0) {
		if (pu != NULL)
			pu->stored_in = p_strdup(box->storage->user->pool,
						 box->vname);
		return 0;
	}
	if (filing_is_folder(pu, box))
		filing_folder_failed(box, pu);
	return -1;
}

static int
bounce_filing_commit(struct mailbox_transaction_context *t,
		     struct mail_transaction_commit_changes *changes_r)
{
	struct mailbox *box = t->box;
	struct bounce_filing_mailbox *fbox = BOUNCE_FILING_MAILBOX(box);
	struct bounce_plugin_user *pu = filing_delivering_to(box);

	if (fbox->module_ctx.super.transaction_commit(t, changes_r) == 0)
		return 0;
	if (filing_is_folder(pu, box))
		filing_folder_failed(box, pu);
	return -1;
}

/* By a mailbox of its own: who looks at a new folder while it is created, as
   push_notification does, must find it closed. */
static int
filing_create_folder(struct mailbox *box, struct bounce_plugin_user *pu)
{
	const char *folder = pu->folder;
	struct mailbox *created;
	enum mail_error error;
	int ret = 0;

	/* it is none of those that store the report */
	pu->folder = NULL;
	created = mailbox_alloc(box->list, box->vname, 0);
	pu->folder = folder;
	if (mailbox_create(created, NULL, FALSE) < 0) {
		/* another delivery was faster */
		error = mailbox_get_last_mail_error(created);
		if (error != MAIL_ERROR_EXISTS)
			ret = -1;
	} else if (mailbox_set_subscribed(created, TRUE) < 0) {
		e_error(pu->bu->event, "Folder %s cannot be subscribed: %s",
			box->vname,
			mailbox_get_last_internal_error(created, NULL));
	}
	mailbox_free(&created);
	return ret;
}

/* Between the folder's creation by another delivery and its first index it can
   neither be opened nor created. */
#define CREATE_TRIES 10
#define CREATE_PAUSE_MSECS 20

static int
filing_open_folder(struct mailbox *box, struct bounce_plugin_user *pu)
{
	struct bounce_filing_mailbox *fbox = BOUNCE_FILING_MAILBOX(box);

	for (unsigned int i = 0; i < CREATE_TRIES; i++) {
		if (i > 1)
			i_sleep_msecs(CREATE_PAUSE_MSECS);
		if (fbox->module_ctx.super.open(box) == 0)
			return 0;
		if (mailbox_get_last_mail_error(box) != MAIL_ERROR_NOTFOUND ||
		    filing_create_folder(box, pu) < 0)
			return -1;
		mailbox_close(box);
	}
	return fbox->module_ctx.super.open(box);
}

/* With LAYOUT=index what does not exist has no path, and without one Dovecot does
   not even try to open it. */
static void filing_create_without_path(struct mailbox *box,
				       struct bounce_plugin_user *pu)
{
	const char *path;

	if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_MAILBOX,
				&path) < 0 &&
	    mailbox_get_last_mail_error(box) == MAIL_ERROR_NOTFOUND &&
	    filing_create_folder(box, pu) < 0)
		filing_folder_failed(box, pu);
}

static int bounce_filing_open(struct mailbox *box)
{
	struct bounce_filing_mailbox *fbox = BOUNCE_FILING_MAILBOX(box);
	struct bounce_plugin_user *pu = filing_delivering_to(box);

	if (!filing_is_folder(pu, box))
		return fbox->module_ctx.super.open(box);
	if (filing_open_folder(box, pu) == 0)
		return 0;
	filing_folder_failed(box, pu);
	/* neither "try again" nor "create it first" */
	mail_storage_set_error(box->storage, MAIL_ERROR_PERM,
			       "Folder for bounces cannot be opened");
	return -1;
}

void bounce_filing_mailbox_allocated(struct mailbox *box)
{
	struct bounce_plugin_user *pu = filing_delivering_to(box);
	struct mailbox_vfuncs *v = box->vlast;
	struct bounce_filing_mailbox *fbox;

	/* all that store the report are allocated while it is delivered */
	if (pu == NULL)
		return;
	fbox = p_new(box->pool, struct bounce_filing_mailbox, 1);
	fbox->module_ctx.super = *v;
	box->vlast = &fbox->module_ctx.super;
	v->open = bounce_filing_open;
	v->copy = bounce_filing_copy;
	v->transaction_commit = bounce_filing_commit;
	MODULE_CONTEXT_SET(box, bounce_filing_mailbox_module, fbox);
	if (filing_is_folder(pu, box))
		filing_create_without_path(box, pu);
}
