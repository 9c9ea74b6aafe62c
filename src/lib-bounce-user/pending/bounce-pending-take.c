/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-classify.h"
#include "bounce-pending.h"
#include "bounce-pending-take.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-mark.h"
#include "bounce-store.h"
#include "bounce-user.h"
#include "bounce-verify.h"

/* Clocks differ, and a report is dated before it is saved. */
#define MARGIN_SECS 10
/* Mails of one mailbox that are looked at. */
#define MAX_MAILS 20000
/* A mailbox is mostly in the order of arrival: so many older ones in a row, and the
   rest is older, too. */
#define MAX_OLDER 100

struct take_mail {
	unsigned int box;
	uint32_t uid;
	time_t when;
};

struct take_box {
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
};

struct pending_take {
	struct bounce_user *bu;
	struct bounce_store *store;
	time_t since;
	ARRAY(struct take_box) boxes;
	ARRAY(struct take_mail) mails;
	unsigned int changed;
};

/*
 * What may be one of them
 */

static void take_list(struct pending_take *take, unsigned int idx)
{
	struct take_box *box = array_idx_modifiable(&take->boxes, idx);
	struct mailbox_status status;
	unsigned int older = 0, left = MAX_MAILS;
	time_t when;

	mailbox_get_open_status(box->box, STATUS_MESSAGES, &status);
	for (uint32_t seq = status.messages; seq > 0 && left > 0 &&
	     older < MAX_OLDER; seq--, left--) {
		struct take_mail *mail;

		mail_set_seq(box->mail, seq);
		if (mail_get_received_date(box->mail, &when) < 0)
			continue;
		if (when < take->since) {
			older++;
			continue;
		}
		older = 0;
		mail = array_append_space(&take->mails);
		mail->box = idx;
		mail->uid = box->mail->uid;
		mail->when = when;
	}
}

static int
take_open(struct pending_take *take, const char *name, const char **error_r)
{
	struct mail_namespace *ns =
		mail_namespace_find(take->bu->user->namespaces, name);
	struct take_box box;

	i_zero(&box);
	box.box = mailbox_alloc(ns->list, name, MAILBOX_FLAG_READONLY);
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
	array_push_back(&take->boxes, &box);
	take_list(take, array_count(&take->boxes) - 1);
	return 0;
}

static void take_close(struct pending_take *take)
{
	struct take_box *box;

	array_foreach_modifiable(&take->boxes, box) {
		mail_free(&box->mail);
		(void)mailbox_transaction_commit(&box->trans);
		mailbox_free(&box->box);
	}
}

static int take_mail_cmp(const struct take_mail *a, const struct take_mail *b)
{
	return a->when < b->when ? -1 : (a->when > b->when ? 1 : 0);
}

/*
 * Record them
 */

static int
take_report(struct pending_take *take, struct istream *input,
	    struct bounce_report *report, time_t when, pool_t pool, const char **error_r)
{
	struct bounce_user *bu = take->bu;
	struct bounce_arrival arrival = { .input = input, .stored = TRUE };
	struct bounce_judgement judgement;
	const char *error;
	int ret;

	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return 0;
	bounce_verify_report(bu, report, &arrival, pool, &judgement);
	/* backscatter is counted once */
	if (judgement.evidence < bounce_policy_least(&bu->set.policy))
		return 0;
	ret = bounce_store_add(take->store, report, judgement.evidence, when,
			       pool, NULL, error_r);
	/* what fails for what the dictionary holds would fail for ever */
	if (ret < 0 && !bounce_store_is_down(take->store)) {
		e_error(bu->event, "A report stays unrecorded: %s", *error_r);
		return 0;
	}
	if (ret > 0 && judgement.evidence >= BOUNCE_EVIDENCE_VERIFIED &&
	    bounce_sent_mark_failed(bu, report, ioloop_time, &error) < 0)
		e_error(bu->event, "Sent mail is not marked: %s", error);
	return ret;
}

static int
take_mail(struct pending_take *take, const struct take_mail *tmail,
	  const char **error_r)
{
	struct take_box *box = array_idx_modifiable(&take->boxes, tmail->box);
	struct bounce_report *report;
	struct istream *input;
	const char *error;
	pool_t pool;
	int ret;

	/* expunged, or not readable: as if it were not there */
	if (!mail_set_uid(box->mail, tmail->uid) ||
	    mail_get_stream(box->mail, NULL, NULL, &input) < 0)
		return 0;
	pool = pool_alloconly_create("bounce pending", 4096);
	i_stream_seek(input, 0);
	ret = bounce_classify_read(input, NULL, pool, &report, &error);
	if (ret > 0) {
		bounce_classify_judge(bounce_rules_cache_get(take->bu), pool,
				      report);
		ret = take_report(take, input, report, tmail->when, pool,
				  error_r);
	} else {
		ret = 0;
	}
	pool_unref(&pool);
	return ret;
}

static int
take_mails(struct pending_take *take, struct bounce_pending *pending,
	   const char **error_r)
{
	const struct take_mail *mail;
	int ret = 0;

	array_sort(&take->mails, take_mail_cmp);
	array_foreach(&take->mails, mail) {
		const char *error;
		char *failed = NULL;

		if (bounce_wait_left(take->bu->wait) == 0)
			ret = -1;
		else T_BEGIN {
			ret = take_mail(take, mail, &error);
			if (ret < 0)
				failed = i_strdup(error);
		} T_END;
		if (ret < 0) {
			*error_r = failed == NULL ? "Out of time" :
				t_strdup(failed);
			i_free(failed);
			bounce_pending_progress(pending, mail->when);
			return -1;
		}
		take->changed += ret;
	}
	return 0;
}

int bounce_pending_take(struct bounce_user *bu, const char **error_r)
{
	struct pending_take take = { .bu = bu };
	struct bounce_pending *pending;
	const char *name = bu->set.mailbox;
	int ret = 0;

	if (!bounce_pending_exists(bu->user))
		return 0;
	if (bounce_user_store(bu, &take.store, error_r) < 0)
		return -1;
	if (!bounce_pending_begin(bu->user, &pending, &take.since))
		return 0;
	take.since -= MARGIN_SECS;
	i_array_init(&take.boxes, 2);
	i_array_init(&take.mails, 32);
	ret = take_open(&take, "INBOX", error_r);
	if (ret == 0 && *name != '\0' && strcasecmp(name, "INBOX") != 0)
		ret = take_open(&take, bounce_user_vname(bu->user, name),
				error_r);
	if (ret == 0)
		ret = take_mails(&take, pending, error_r);
	take_close(&take);
	array_free(&take.boxes);
	array_free(&take.mails);
	bounce_pending_end(&pending, ret == 0);
	return ret < 0 ? -1 : (int)take.changed;
}
