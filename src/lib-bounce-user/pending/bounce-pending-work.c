/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-classify.h"
#include "bounce-lock.h"
#include "bounce-pending.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-work.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-mark.h"
#include "bounce-user.h"
#include "bounce-verify.h"

/* Clocks differ, and a report is dated before it is saved. */
#define MARGIN_SECS 10
/* Mails of one mailbox that are looked at. */
#define MAX_MAILS 20000
/* A mailbox is mostly in the order of arrival: so many older ones in a row, and the
   rest is older, too. */
#define MAX_OLDER 100
/* Reports that are read at once. */
#define MAX_REPORTS 16

struct work_mail {
	/* INBOX, bounce_mailbox */
	unsigned int box;
	uint32_t uid;
	time_t when;
};

struct work_box {
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
};

/* The next mail to read, and its first recipient that is not done. */
struct work_position {
	struct work_mail mail;
	unsigned int recipient;
};

struct bounce_pending_work {
	struct bounce_user *bu;
	/* NULL: the keyword says which */
	struct bounce_pending *file;
	time_t since;
	/* open or empty */
	ARRAY(struct work_box) boxes;
	ARRAY(struct work_mail) mails;
	struct work_position done, read;
	/* where nobody's mail waits: the Message-IDs of Sent, read once */
	struct bounce_sent_copy_index *originals;
};

ARRAY_DEFINE_TYPE(work_report, struct bounce_store_report);

/*
 * What may be one of them
 */

/* Returns 1, 0 if it is not to be looked at, or -1 if it is older. */
static int
work_is_wanted(struct bounce_pending_work *work, struct mail *mail, time_t *when_r)
{
	if (work->file == NULL && !bounce_pending_keyword_has(mail))
		return 0;
	if (mail_get_received_date(mail, when_r) < 0)
		return 0;
	return work->file != NULL && *when_r < work->since ? -1 : 1;
}

static void work_list(struct bounce_pending_work *work, unsigned int idx)
{
	struct work_box *box = array_idx_modifiable(&work->boxes, idx);
	struct mailbox_status status;
	unsigned int older = 0, left = MAX_MAILS;
	time_t when;

	if (work->file == NULL && !bounce_pending_keyword_is_used(box->box))
		return;
	mailbox_get_open_status(box->box, STATUS_MESSAGES, &status);
	for (uint32_t seq = status.messages; seq > 0 && left > 0 &&
	     older < MAX_OLDER; seq--, left--) {
		struct work_mail *mail;
		int ret;

		mail_set_seq(box->mail, seq);
		ret = work_is_wanted(work, box->mail, &when);
		if (ret < 0)
			older++;
		if (ret <= 0)
			continue;
		older = 0;
		mail = array_append_space(&work->mails);
		mail->box = idx;
		mail->uid = box->mail->uid;
		mail->when = when;
	}
}

static int
work_open_box(struct bounce_pending_work *work, const char *name,
	      const char **error_r)
{
	struct mail_namespace *ns =
		mail_namespace_find(work->bu->user->namespaces, name);
	struct work_box box;

	i_zero(&box);
	box.box = mailbox_alloc(ns->list, name, work->file == NULL ? 0 :
				MAILBOX_FLAG_READONLY);
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
	array_push_back(&work->boxes, &box);
	work_list(work, array_count(&work->boxes) - 1);
	return 0;
}

static int work_mail_cmp(const struct work_mail *a, const struct work_mail *b)
{
	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	if (a->box != b->box)
		return a->box < b->box ? -1 : 1;
	return a->uid < b->uid ? -1 : (a->uid > b->uid ? 1 : 0);
}

static int work_open(struct bounce_pending_work *work, const char **error_r)
{
	struct bounce_user *bu = work->bu;
	const char *name = bu->set.mailbox;

	if (!array_is_empty(&work->boxes))
		return 0;
	array_clear(&work->mails);
	if (work_open_box(work, "INBOX", error_r) < 0)
		return -1;
	if (*name != '\0' && strcasecmp(name, "INBOX") != 0 &&
	    work_open_box(work, bounce_user_vname(bu->user, name), error_r) < 0)
		return -1;
	array_sort(&work->mails, work_mail_cmp);
	return 0;
}

void bounce_pending_work_close(struct bounce_pending_work *work)
{
	struct work_box *box;

	array_foreach_modifiable(&work->boxes, box) {
		mail_free(&box->mail);
		/* what was read goes to the cache */
		(void)mailbox_transaction_commit(&box->trans);
		/* mbox loses a keyword only then */
		if (work->file == NULL)
			(void)mailbox_sync(box->box, 0);
		mailbox_free(&box->box);
	}
	array_clear(&work->boxes);
}

/*
 * How far it got
 */

static void work_read_position(struct bounce_pending_work *work)
{
	const char *const *words =
		t_strsplit(t_bounce_pending_position(work->file), " ");
	struct work_position *pos = &work->done;

	if (str_array_length(words) != 4 ||
	    str_to_time(words[0], &pos->mail.when) < 0 ||
	    str_to_uint(words[1], &pos->mail.box) < 0 ||
	    str_to_uint32(words[2], &pos->mail.uid) < 0 ||
	    str_to_uint(words[3], &pos->recipient) < 0)
		i_zero(pos);
}

static void work_write_position(struct bounce_pending_work *work)
{
	const struct work_position *pos = &work->done;

	bounce_pending_progress(work->file, t_strdup_printf("%s %u %u %u",
			dec2str(pos->mail.when), pos->mail.box, pos->mail.uid,
			pos->recipient));
}

static unsigned int
work_first(struct bounce_pending_work *work, const struct work_position *pos)
{
	const struct work_mail *mail;
	unsigned int idx = 0;

	array_foreach(&work->mails, mail) {
		if (work_mail_cmp(mail, &pos->mail) >= 0)
			break;
		idx++;
	}
	return idx;
}

/*
 * Read them
 */

struct work_reading {
	struct bounce_pending_work *work;
	const struct bounce_pending_limit *limit;
	pool_t pool;
	ARRAY_TYPE(work_report) reports;
	unsigned int recipients;
	/* there was no time to search in Sent to the end */
	bool unsearched;
};

/* Those from the first that is not done on, as many as there is room for. Returns
   TRUE if these are all. */
static bool
work_add_part(struct work_reading *reading, struct bounce_store_report *report,
	      unsigned int first)
{
	const struct bounce_report *whole = report->report;
	struct bounce_report *part;
	unsigned int count = array_count(&whole->recipients);
	unsigned int room = reading->limit->recipients - reading->recipients;
	unsigned int n = I_MIN(count - first, room);

	if (first > 0 || n < count) {
		part = p_new(reading->pool, struct bounce_report, 1);
		*part = *whole;
		p_array_init(&part->recipients, reading->pool, n);
		array_append(&part->recipients,
			     array_idx(&whole->recipients, first), n);
		report->report = part;
	}
	reading->recipients += n;
	array_push_back(&reading->reports, report);
	reading->work->read.recipient = first + n;
	return first + n == count;
}

/* Returns TRUE if it is done with. */
static bool
work_read_report(struct work_reading *reading, struct istream *input,
		 struct bounce_report *report, time_t when, unsigned int first)
{
	struct bounce_user *bu = reading->work->bu;
	struct bounce_arrival arrival = {
		.input = input, .stored = TRUE,
		.originals = reading->work->originals,
		.search_msecs = reading->limit->search_msecs,
		.when = when,
	};
	struct bounce_store_report store_report = {
		.when = I_MIN(when, ioloop_time)
	};
	struct bounce_judgement judgement;

	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return TRUE;
	bounce_classify_judge(bounce_rules_cache_get(bu), reading->pool, report);
	bounce_verify_report(bu, report, &arrival, reading->pool, &judgement);
	if (judgement.unsearched) {
		reading->unsearched = TRUE;
		return FALSE;
	}
	/* backscatter is counted once */
	if (judgement.evidence < bounce_policy_least(&bu->set.policy) ||
	    first >= array_count(&report->recipients))
		return TRUE;
	store_report.report = report;
	store_report.evidence = judgement.evidence;
	store_report.added_r = p_new(reading->pool, struct bounce_store_added, 1);
	return work_add_part(reading, &store_report, first);
}

static bool
work_read_mail(struct work_reading *reading, const struct work_mail *wmail,
	       unsigned int first)
{
	struct work_box *box =
		array_idx_modifiable(&reading->work->boxes, wmail->box);
	struct bounce_report *report;
	struct istream *input;
	const char *error;

	/* expunged, or not readable: as if it were not there */
	if (!mail_set_uid(box->mail, wmail->uid) ||
	    mail_get_stream(box->mail, NULL, NULL, &input) < 0)
		return TRUE;
	i_stream_seek(input, 0);
	return bounce_classify_read(input, NULL, reading->pool, &report,
				    &error) <= 0 ||
		work_read_report(reading, input, report, wmail->when, first);
}

static bool work_is_full(const struct work_reading *reading, uint64_t deadline)
{
	return reading->recipients >= reading->limit->recipients ||
		array_count(&reading->reports) >= MAX_REPORTS ||
		(deadline > 0 && i_microseconds() >= deadline);
}

static void work_read_some(struct work_reading *reading)
{
	struct bounce_pending_work *work = reading->work;
	struct work_position *pos = &work->read;
	unsigned int idx = work_first(work, pos);
	uint64_t deadline = reading->limit->read_msecs == 0 ? 0 :
		i_microseconds() + reading->limit->read_msecs * 1000ULL;
	bool over;

	do {
		const struct work_mail *mail = array_idx(&work->mails, idx);

		if (work_mail_cmp(mail, &pos->mail) != 0) {
			pos->mail = *mail;
			pos->recipient = 0;
		}
		T_BEGIN {
			over = work_read_mail(reading, mail, pos->recipient);
		} T_END;
		if (!over)
			break;
		/* whoever comes after it */
		pos->mail.uid++;
		pos->recipient = 0;
	} while (++idx < array_count(&work->mails) &&
		 !work_is_full(reading, deadline));
}

int bounce_pending_work_read(struct bounce_pending_work *work,
			     const struct bounce_pending_limit *limit,
			     pool_t pool,
			     const struct bounce_store_report **reports_r,
			     unsigned int *count_r, const char **error_r)
{
	struct work_reading reading = {
		.work = work, .limit = limit, .pool = pool
	};

	i_assert(limit->recipients > 0);
	*count_r = 0;
	if (work_open(work, error_r) < 0)
		return -1;
	work->read = work->done;
	if (work_first(work, &work->read) == array_count(&work->mails))
		return 0;
	p_array_init(&reading.reports, pool, MAX_REPORTS);
	work_read_some(&reading);
	*reports_r = array_get(&reading.reports, count_r);
	return reading.unsearched && *count_r == 0 &&
		work_mail_cmp(&work->read.mail, &work->done.mail) == 0 ?
		BOUNCE_PENDING_WORK_LATER : 1;
}

/*
 * Recorded
 */

static void
work_mark(struct bounce_user *bu, const struct bounce_store_report *reports,
	  unsigned int count)
{
	const char *error;

	for (unsigned int i = 0; i < count; i++) {
		/* also where another had recorded it and was killed then */
		if (reports[i].evidence >= BOUNCE_EVIDENCE_VERIFIED &&
		    bounce_sent_mark_failed(bu, reports[i].report, ioloop_time,
					    &error) < 0)
			e_error(bu->event, "Sent mail is not marked: %s",
				error);
	}
}

/* They are pending no longer. */
static void work_remove_keywords(struct bounce_pending_work *work)
{
	const struct work_mail *mail;
	const char *error;

	if (work_open(work, &error) < 0)
		return;
	array_foreach(&work->mails, mail) {
		struct work_box *box =
			array_idx_modifiable(&work->boxes, mail->box);

		if (work_mail_cmp(mail, &work->done.mail) >= 0)
			break;
		if (mail_set_uid(box->mail, mail->uid))
			bounce_pending_keyword_remove(box->mail);
	}
}

void bounce_pending_work_done(struct bounce_pending_work *work,
			      const struct bounce_store_report *reports,
			      unsigned int count)
{
	work_mark(work->bu, reports, count);
	work->done = work->read;
	if (work->file != NULL)
		work_write_position(work);
	else
		work_remove_keywords(work);
}

/*
 * Begin and end
 */

static struct bounce_pending_work *work_alloc(struct bounce_user *bu)
{
	struct bounce_pending_work *work =
		i_new(struct bounce_pending_work, 1);

	work->bu = bu;
	if (bu->wait->each)
		work->originals = bounce_sent_copy_index_init(bu->user);
	i_array_init(&work->boxes, 2);
	i_array_init(&work->mails, 32);
	return work;
}

static void work_free(struct bounce_pending_work *work)
{
	bounce_pending_work_close(work);
	bounce_sent_copy_index_deinit(&work->originals);
	array_free(&work->boxes);
	array_free(&work->mails);
	i_free(work);
}

int bounce_pending_work_begin(struct bounce_user *bu,
			      struct bounce_pending_work **work_r,
			      const char **error_r)
{
	struct bounce_pending_work *work;
	int ret = 1;

	if (bounce_lock_user_home(bu->user) != NULL) {
		if (!bounce_pending_exists(bu->user))
			return 0;
		work = work_alloc(bu);
		if (!bounce_pending_begin(bu->user, &work->file,
					  &work->since)) {
			work_free(work);
			return 0;
		}
		work->since -= MARGIN_SECS;
		work_read_position(work);
	} else {
		work = work_alloc(bu);
		ret = work_open(work, error_r);
		if (ret == 0)
			ret = array_is_empty(&work->mails) ? 0 : 1;
		if (ret <= 0) {
			work_free(work);
			return ret;
		}
	}
	*work_r = work;
	return ret;
}

bool bounce_pending_work_exists(struct bounce_user *bu)
{
	struct bounce_pending_work *work;
	const char *error;

	if (bounce_lock_user_home(bu->user) != NULL)
		return bounce_pending_exists(bu->user);
	if (bounce_pending_work_begin(bu, &work, &error) <= 0)
		return FALSE;
	bounce_pending_work_end(&work, FALSE);
	return TRUE;
}

void bounce_pending_work_end(struct bounce_pending_work **_work, bool all)
{
	struct bounce_pending_work *work = *_work;

	*_work = NULL;
	if (work->file != NULL)
		bounce_pending_end(&work->file, all);
	work_free(work);
}
