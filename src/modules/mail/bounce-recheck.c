/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-answer-deliver.h"
#include "bounce-classify.h"
#include "bounce-filing.h"
#include "bounce-recheck.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-mail.h"
#include "bounce-sent-mark.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-unmatched.h"
#include "bounce-user.h"
#include "bounce-verify.h"
#include "bounce-wait.h"

/* It came within the last minutes. */
#define RECHECK_MAX_MAILS 500
/* Its copy is the newest mail, or nearly. */
#define RECHECK_SEARCH_MSECS 500

/* It has become what it would have been. */
static void
recheck_keywords(struct bounce_user *bu, struct mail *mail,
		 const struct bounce_report *report,
		 enum bounce_evidence evidence, pool_t pool)
{
	static const char *const old[] = { "$BounceUnverified", NULL };
	const char *const *names =
		bounce_filing_keywords(pool, bu, report, evidence);
	struct mail_keywords *keywords;

	keywords = mailbox_keywords_create_valid(mail->box, old);
	mail_update_keywords(mail, MODIFY_REMOVE, keywords);
	mailbox_keywords_unref(&keywords);
	if (names == NULL)
		return;
	keywords = mailbox_keywords_create_valid(mail->box, names);
	mail_update_keywords(mail, MODIFY_ADD, keywords);
	mailbox_keywords_unref(&keywords);
}

static void
recheck_record(struct bounce_user *bu, struct mail *mail,
	       const struct bounce_report *report,
	       enum bounce_evidence evidence, pool_t pool)
{
	struct bounce_store_report add = {
		.report = report, .evidence = evidence
	};
	struct bounce_store *store;
	const char *error;
	int ret;

	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return;
	if (mail_get_received_date(mail, &add.when) < 0 || add.when <= 0)
		add.when = ioloop_time;
	/* what a person removed since is settled */
	if (bounce_user_store(bu, &store, &error) < 0 ||
	    (ret = bounce_store_add_many(store, &add, 1, pool, &error)) < 0 ||
	    (ret > 0 &&
	     bounce_sent_mark_failed(bu, report, ioloop_time, &error) < 0)) {
		e_error(bu->event, "Report that was waiting for its mail is "
			"not recorded: %s", error);
		return;
	}
	e_info(bu->event, "%s report is verified, as its mail was saved; %d "
	       "records changed", bounce_kind_name(report->kind), ret);
}

static void recheck_mail(struct bounce_user *bu, struct mail *mail, pool_t pool)
{
	struct bounce_arrival arrival = { .stored = TRUE };
	struct bounce_judgement judgement;
	struct bounce_report *report;
	const char *error;
	int ret;

	if (mail_get_received_date(mail, &arrival.when) < 0)
		arrival.when = 0;
	if (mail_get_stream(mail, NULL, NULL, &arrival.input) < 0)
		return;
	ret = bounce_classify_read(arrival.input, NULL, pool, &report, &error);
	if (ret == 0 && report->answers != NULL)
		bounce_answer_deliver_recheck(bu, report, mail, pool);
	if (ret <= 0)
		return;
	bounce_classify_judge(bounce_rules_cache_get(bu), pool, report);
	bounce_verify_report(bu, report, &arrival, pool, &judgement);
	if (judgement.evidence < BOUNCE_EVIDENCE_VERIFIED)
		return;
	recheck_record(bu, mail, report, judgement.evidence, pool);
	recheck_keywords(bu, mail, report, judgement.evidence, pool);
}

static void
recheck_opened(struct bounce_user *bu, struct mailbox *box,
	       const char *report_id, pool_t pool)
{
	struct mailbox_transaction_context *trans;
	struct mailbox_status status;
	struct mail *mail;
	const char *id;
	bool found = FALSE;

	trans = mailbox_transaction_begin(box, 0, "bounce");
	mail = mail_alloc(trans, 0, NULL);
	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	for (uint32_t seq = status.messages; seq > 0 && !found &&
	     seq + RECHECK_MAX_MAILS > status.messages; seq--) T_BEGIN {
		mail_set_seq(mail, seq);
		id = bounce_sent_header_message_id(mail);
		found = id != NULL && strcmp(id, report_id) == 0;
		if (found)
			recheck_mail(bu, mail, pool);
	} T_END;
	mail_free(&mail);
	if (mailbox_transaction_commit(&trans) < 0)
		e_error(bu->event, "Report keeps its keywords: %s",
			mailbox_get_last_internal_error(box, NULL));
}

static void
recheck_report(struct bounce_user *bu, const struct bounce_unmatched *report,
	       pool_t pool)
{
	struct mail_namespace *ns =
		mail_namespace_find(bu->user->namespaces, report->mailbox);
	struct mailbox *box = mailbox_alloc(ns->list, report->mailbox, 0);

	if (mailbox_open(box) == 0 && mailbox_sync(box, 0) == 0) {
		recheck_opened(bu, box, report->report_id, pool);
		/* mbox keeps a flag only then */
		(void)mailbox_sync(box, 0);
	}
	mailbox_free(&box);
}

void bounce_recheck_copy(struct bounce_user *bu, const char *message_id)
{
	pool_t pool = pool_alloconly_create("bounce recheck", 4096);
	ARRAY_TYPE(bounce_unmatched) reports;
	const struct bounce_unmatched *report;
	struct bounce_store *store;
	const char *error;

	p_array_init(&reports, pool, 1);
	if (bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_unmatched_take(store, message_id, ioloop_time, pool,
				  &reports, &error) < 0) {
		e_error(bu->event, "Reports that wait for a mail are not "
			"looked for: %s", error);
	} else {
		array_foreach(&reports, report) T_BEGIN {
			recheck_report(bu, report, pool);
		} T_END;
	}
	pool_unref(&pool);
}

/* Who saves a copy counts it before they look for what waits: the day knows of each
   that was too early for us. */
static int
recheck_has_copy(struct bounce_user *bu, const struct bounce_report *report,
		 bool own, pool_t pool, const char **error_r)
{
	struct bounce_sent_header out;
	struct bounce_store *store;
	int ret;

	if (bounce_user_store(bu, &store, error_r) < 0)
		return -1;
	ret = bounce_sent_store_knows(store, report, ioloop_time, error_r);
	/* what strangers use up is not what our own need */
	if (ret <= 0 || (!own && !bounce_wait_take_search(bu->wait,
						bu->user->username, ioloop_time)))
		return I_MIN(ret, 0);
	return bounce_sent_copy_read(bu->user, report->original_message_id,
				     ioloop_time, RECHECK_SEARCH_MSECS, pool,
				     &out, error_r);
}

void bounce_recheck_waiting(struct bounce_user *bu,
			    const struct bounce_report *report, bool own)
{
	pool_t pool = pool_alloconly_create("bounce recheck", 2048);
	const char *error;
	int ret = recheck_has_copy(bu, report, own, pool, &error);

	if (ret > 0)
		bounce_recheck_copy(bu, report->original_message_id);
	else if (ret < 0)
		e_error(bu->event, "Report may wait for a mail that is there: "
			"%s", error);
	pool_unref(&pool);
}
