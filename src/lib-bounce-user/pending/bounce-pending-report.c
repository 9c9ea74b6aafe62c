/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A report while it is worked on. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-storage.h"
#include "bounce-classify.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-work-private.h"
#include "bounce-rules-cache.h"
#include "bounce-user.h"
#include "bounce-verify.h"

/* A mail that could not be read in so long is not going to be. */
#define MAX_AGE_SECS (7 * 24 * 60 * 60)

struct bounce_pending_report *
bounce_pending_report_find(struct bounce_pending_work *work,
			   const struct bounce_pending_mail *mail)
{
	struct bounce_pending_report *wreport;

	array_foreach_elem(&work->reports, wreport) {
		if (bounce_pending_mail_cmp(&wreport->mail, mail) == 0)
			return wreport;
	}
	return NULL;
}

void bounce_pending_report_drop(struct bounce_pending_work *work,
				const struct bounce_pending_mail *pos)
{
	struct bounce_pending_report *const *reports;
	unsigned int i = array_count(&work->reports);

	while (i-- > 0) {
		reports = array_idx(&work->reports, i);
		if (pos != NULL &&
		    bounce_pending_mail_cmp(&(*reports)->mail, pos) >= 0)
			continue;
		pool_unref(&(*reports)->pool);
		array_delete(&work->reports, i, 1);
	}
}

/* Returns 1, 0 if it is gone, or -1 with error_r if it cannot be read now. */
static int
report_open(struct bounce_pending_work *work,
	    const struct bounce_pending_mail *pmail, struct mail **mail_r,
	    struct istream **input_r, const char **error_r)
{
	struct mail *mail = bounce_pending_mails_get(work->mails, pmail);
	enum mail_error error;

	*mail_r = mail;
	if (mail == NULL)
		return 0;
	if (mail_get_stream(mail, NULL, NULL, input_r) == 0) {
		i_stream_seek(*input_r, 0);
		return 1;
	}
	*error_r = mailbox_get_last_internal_error(mail->box, &error);
	return mail->expunged || error == MAIL_ERROR_EXPUNGED ? 0 : -1;
}

/* It cannot be read: it is left for later, but not for ever. */
static void
report_failed(struct bounce_pending_work *work,
	      const struct bounce_pending_mail *pmail, const char *error)
{
	const char *where = t_strdup_printf("Mail %u of %s: %s", pmail->uid,
		bounce_pending_mails_name(work->mails, pmail), error);

	if (pmail->when < ioloop_time - MAX_AGE_SECS) {
		e_error(work->bu->event, "Mail is not looked at for a report "
			"any more: %s", where);
		return;
	}
	e_debug(work->bu->event, "Mail is looked at later: %s", where);
	bounce_pending_mails_fail(work->mails, pmail);
	if (work->failed.uid == 0)
		work->failed = *pmail;
}

struct bounce_pending_report *
bounce_pending_report_read(struct bounce_pending_work *work,
			   const struct bounce_pending_mail *pmail)
{
	struct bounce_report *report;
	struct bounce_pending_report *wreport;
	struct mail *mail;
	struct istream *input;
	const char *error;
	pool_t pool;
	int ret;

	ret = report_open(work, pmail, &mail, &input, &error);
	if (ret < 0)
		report_failed(work, pmail, error);
	if (ret <= 0)
		return NULL;
	pool = pool_alloconly_create("bounce pending report", 4096);
	ret = bounce_classify_read(input, NULL, pool, &report, &error);
	if (ret < 0)
		report_failed(work, pmail, error);
	if (ret <= 0 ||
	    (report->kind != BOUNCE_KIND_FAILURE &&
	     report->kind != BOUNCE_KIND_COMPLAINT)) {
		pool_unref(&pool);
		return NULL;
	}
	bounce_classify_judge(bounce_rules_cache_get(work->bu), pool, report);
	wreport = p_new(pool, struct bounce_pending_report, 1);
	wreport->pool = pool;
	wreport->mail = *pmail;
	wreport->report = report;
	wreport->folder = p_strdup(pool, mailbox_get_vname(mail->box));
	wreport->untold = bounce_pending_keyword_has(mail,
					BOUNCE_PENDING_KEYWORD_UNTOLD);
	array_push_back(&work->reports, &wreport);
	return wreport;
}

bool bounce_pending_report_judge(struct bounce_pending_work *work,
				 const struct bounce_pending_limit *limit,
				 struct bounce_pending_report *wreport)
{
	struct bounce_arrival arrival = {
		.stored = TRUE, .originals = work->originals,
		.search_msecs = limit->search_msecs,
		.when = wreport->mail.when,
	};
	struct bounce_judgement judgement;
	struct mail *mail;
	const char *error;
	int ret;

	if (wreport->judged)
		return TRUE;
	wreport->evidence = BOUNCE_EVIDENCE_UNVERIFIED;
	ret = report_open(work, &wreport->mail, &mail, &arrival.input, &error);
	wreport->unread = ret < 0;
	if (ret < 0)
		report_failed(work, &wreport->mail, error);
	if (ret <= 0)
		return TRUE;
	bounce_verify_report(work->bu, wreport->report, &arrival,
			     wreport->pool, &judgement);
	wreport->evidence = judgement.evidence;
	wreport->strange = judgement.strange;
	return !judgement.unsearched;
}
