/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A report while it is worked on. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-storage.h"
#include "bounce-classify.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-work-private.h"
#include "bounce-rules-cache.h"
#include "bounce-user.h"
#include "bounce-verify.h"

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

struct bounce_pending_report *
bounce_pending_report_read(struct bounce_pending_work *work,
			   const struct bounce_pending_mail *pmail)
{
	struct mail *mail = bounce_pending_mails_get(work->mails, pmail);
	struct bounce_report *report;
	struct bounce_pending_report *wreport;
	struct istream *input;
	const char *error;
	pool_t pool;

	if (mail == NULL || mail_get_stream(mail, NULL, NULL, &input) < 0)
		return NULL;
	i_stream_seek(input, 0);
	pool = pool_alloconly_create("bounce pending report", 4096);
	if (bounce_classify_read(input, NULL, pool, &report, &error) <= 0 ||
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

	if (wreport->judged)
		return TRUE;
	wreport->evidence = BOUNCE_EVIDENCE_UNVERIFIED;
	mail = bounce_pending_mails_get(work->mails, &wreport->mail);
	if (mail == NULL ||
	    mail_get_stream(mail, NULL, NULL, &arrival.input) < 0)
		return TRUE;
	i_stream_seek(arrival.input, 0);
	bounce_verify_report(work->bu, wreport->report, &arrival,
			     wreport->pool, &judgement);
	wreport->evidence = judgement.evidence;
	wreport->strange = judgement.strange;
	return !judgement.unsearched;
}
