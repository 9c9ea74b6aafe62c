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

/* Reports in one transaction; requests that a report costs, and that a transaction
   costs beside its records. */
#define MAX_CHUNK 16
#define REQUESTS 8
#define OWN_REQUESTS 8

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

ARRAY_DEFINE_TYPE(take_report, struct bounce_store_report);

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
	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	if (a->box != b->box)
		return a->box < b->box ? -1 : 1;
	return a->uid < b->uid ? -1 : (a->uid > b->uid ? 1 : 0);
}

/* The first that the one before us did not get to. */
static unsigned int
take_first(struct pending_take *take, struct bounce_pending *pending)
{
	const char *const *words =
		t_strsplit(t_bounce_pending_position(pending), " ");
	const struct take_mail *mail;
	struct take_mail last;
	unsigned int idx = 0;

	if (str_array_length(words) != 3 ||
	    str_to_time(words[0], &last.when) < 0 ||
	    str_to_uint(words[1], &last.box) < 0 ||
	    str_to_uint32(words[2], &last.uid) < 0)
		return 0;
	array_foreach(&take->mails, mail) {
		if (take_mail_cmp(mail, &last) <= 0)
			idx++;
	}
	return idx;
}

static void
take_progress(struct pending_take *take, struct bounce_pending *pending,
	      unsigned int idx)
{
	const struct take_mail *mail = array_idx(&take->mails, idx - 1);

	bounce_pending_progress(pending, t_strdup_printf("%s %u %u",
				dec2str(mail->when), mail->box, mail->uid));
}

/*
 * Record them
 */

/* As many at once as there seems to be time for: the report that came now shows
   what a request costs. */
static unsigned int take_chunk(struct pending_take *take)
{
	const struct bounce_wait *wait = take->bu->wait;
	unsigned int left = bounce_wait_left(wait);
	unsigned int msecs = wait->used_usecs / 1000 / REQUESTS + 1;

	if (wait->each)
		return MAX_CHUNK;
	/* each is judged, and its record read */
	return left == 0 ? 0 :
		I_MAX(1, I_MIN(MAX_CHUNK,
			       ((int)(left / msecs) - OWN_REQUESTS) / 2));
}

/* One of those that are recorded together. */
static void
take_report(struct pending_take *take, struct istream *input,
	    struct bounce_report *report, time_t when, pool_t pool,
	    ARRAY_TYPE(take_report) *reports)
{
	struct bounce_arrival arrival = { .input = input, .stored = TRUE };
	struct bounce_judgement judgement;
	struct bounce_store_report *store_report;

	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return;
	bounce_classify_judge(bounce_rules_cache_get(take->bu), pool, report);
	bounce_verify_report(take->bu, report, &arrival, pool, &judgement);
	/* backscatter is counted once */
	if (judgement.evidence < bounce_policy_least(&take->bu->set.policy))
		return;
	store_report = array_append_space(reports);
	store_report->report = report;
	store_report->evidence = judgement.evidence;
	store_report->when = when;
}

static void
take_mail(struct pending_take *take, const struct take_mail *tmail,
	  pool_t pool, ARRAY_TYPE(take_report) *reports)
{
	struct take_box *box = array_idx_modifiable(&take->boxes, tmail->box);
	struct bounce_report *report;
	struct istream *input;
	const char *error;

	/* expunged, or not readable: as if it were not there */
	if (!mail_set_uid(box->mail, tmail->uid) ||
	    mail_get_stream(box->mail, NULL, NULL, &input) < 0)
		return;
	i_stream_seek(input, 0);
	if (bounce_classify_read(input, NULL, pool, &report, &error) > 0)
		take_report(take, input, report, tmail->when, pool, reports);
}

static void
take_mark(struct pending_take *take, const ARRAY_TYPE(take_report) *reports)
{
	const struct bounce_store_report *report;
	const char *error;

	array_foreach(reports, report) {
		if (report->evidence >= BOUNCE_EVIDENCE_VERIFIED &&
		    bounce_sent_mark_failed(take->bu, report->report,
					    ioloop_time, &error) < 0)
			e_error(take->bu->event, "Sent mail is not marked: %s",
				error);
	}
}

static int
take_record(struct pending_take *take, const ARRAY_TYPE(take_report) *reports,
	    pool_t pool, const char **error_r)
{
	const struct bounce_store_report *all;
	unsigned int count;
	int ret;

	all = array_get(reports, &count);
	if (count == 0)
		return 0;
	ret = count == 1 ?
		bounce_store_add(take->store, all->report, all->evidence,
				 all->when, pool, NULL, error_r) :
		bounce_store_add_many(take->store, all, count, pool, error_r);
	if (ret < 0)
		return -1;
	if (ret > 0)
		take_mark(take, reports);
	take->changed += ret;
	return 0;
}

/* From the mail of that index on; sets it to the next. */
static int
take_some(struct pending_take *take, unsigned int *idx, pool_t pool,
	  const char **error_r)
{
	ARRAY_TYPE(take_report) reports;
	unsigned int recipients = 0, chunk = take_chunk(take);

	if (chunk == 0) {
		*error_r = "Out of time";
		return -1;
	}
	p_array_init(&reports, pool, chunk);
	while (*idx < array_count(&take->mails) &&
	       array_count(&reports) < chunk) {
		unsigned int before = array_count(&reports);

		T_BEGIN {
			take_mail(take, array_idx(&take->mails, *idx), pool,
				  &reports);
		} T_END;
		if (array_count(&reports) > before) {
			const struct bounce_store_report *last =
				array_idx(&reports, before);

			recipients += array_count(&last->report->recipients);
		}
		if (recipients > BOUNCE_STORE_ADD_MAX && before > 0) {
			array_pop_back(&reports);
			break;
		}
		++*idx;
	}
	return take_record(take, &reports, pool, error_r);
}

static int
take_mails(struct pending_take *take, struct bounce_pending *pending,
	   const char **error_r)
{
	unsigned int idx, begun;

	array_sort(&take->mails, take_mail_cmp);
	idx = take_first(take, pending);
	while (idx < array_count(&take->mails)) {
		pool_t pool = pool_alloconly_create("bounce pending", 16384);
		const char *error;
		int ret;

		begun = idx;
		ret = take_some(take, &idx, pool, &error);
		*error_r = ret < 0 ? t_strdup(error) : NULL;
		pool_unref(&pool);
		/* what fails for what the dictionary holds fails for ever */
		if (ret < 0 && idx > begun &&
		    !bounce_store_is_down(take->store)) {
			e_error(take->bu->event,
				"Reports stay unrecorded: %s", *error_r);
		} else if (ret < 0) {
			return -1;
		}
		take_progress(take, pending, idx);
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
