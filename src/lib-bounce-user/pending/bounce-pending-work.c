/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-classify.h"
#include "bounce-lock.h"
#include "bounce-pending.h"
#include "bounce-pending-keyword.h"
#include "bounce-pending-mails.h"
#include "bounce-pending-work.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-mark.h"
#include "bounce-user.h"
#include "bounce-verify.h"

/* Clocks differ, and a report is dated before it is saved. */
#define MARGIN_SECS 10
#define DAY_SECS (24 * 60 * 60)
/* Reports that are read at once. */
#define MAX_REPORTS 16

/* The next mail to read, and its first recipient that is not done. */
struct work_position {
	struct bounce_pending_mail mail;
	unsigned int recipient;
};

/* A report that was read and is not done: a thousand recipients take long to read, and
   are recorded part by part. */
struct work_report {
	pool_t pool;
	struct bounce_pending_mail mail;
	struct bounce_report *report;
	enum bounce_evidence evidence;
	/* the reporter is neither our MTA, nor proven */
	bool strange;
	/* evidence stands: some of it was recorded */
	bool judged;
	/* where it lies; whether the person is to be told */
	const char *folder;
	bool untold;
};

struct bounce_pending_work {
	struct bounce_user *bu;
	/* NULL: the keyword says which */
	struct bounce_pending *file;
	struct bounce_pending_mails *mails;
	struct work_position done, read;
	ARRAY(struct work_report *) reports;
	/* of what was read last */
	ARRAY_TYPE(bounce_pending_news) news;
	/* where nobody's mail waits: the Message-IDs of Sent, read once */
	struct bounce_sent_copy_index *originals;
};

ARRAY_DEFINE_TYPE(store_report, struct bounce_store_report);

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
	const struct bounce_pending_mail *mails;
	unsigned int idx = 0, count;

	mails = bounce_pending_mails_list(work->mails, &count);
	while (idx < count && bounce_pending_mail_cmp(&mails[idx], &pos->mail) < 0)
		idx++;
	return idx;
}

/*
 * Read them
 */

struct work_reading {
	struct bounce_pending_work *work;
	const struct bounce_pending_limit *limit;
	pool_t pool;
	ARRAY_TYPE(store_report) reports;
	unsigned int recipients;
	/* there was no time to search in Sent to the end */
	bool unsearched;
};

static struct work_report *
work_find_report(struct bounce_pending_work *work,
		 const struct bounce_pending_mail *mail)
{
	struct work_report *wreport;

	array_foreach_elem(&work->reports, wreport) {
		if (bounce_pending_mail_cmp(&wreport->mail, mail) == 0)
			return wreport;
	}
	return NULL;
}

/* Those before pos are done with. */
static void
work_drop_reports(struct bounce_pending_work *work,
		  const struct bounce_pending_mail *pos)
{
	struct work_report *const *reports;
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

/* Returns NULL if it is none, or gone, or not readable: as if it were not there. */
static struct work_report *
work_read_report(struct bounce_pending_work *work,
		 const struct bounce_pending_mail *pmail)
{
	struct mail *mail = bounce_pending_mails_get(work->mails, pmail);
	struct bounce_report *report;
	struct work_report *wreport;
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
	wreport = p_new(pool, struct work_report, 1);
	wreport->pool = pool;
	wreport->mail = *pmail;
	wreport->report = report;
	wreport->folder = p_strdup(pool, mailbox_get_vname(mail->box));
	wreport->untold = bounce_pending_keyword_has(mail,
					BOUNCE_PENDING_KEYWORD_UNTOLD);
	array_push_back(&work->reports, &wreport);
	return wreport;
}

/* Returns FALSE if there was no time for it. */
static bool
work_judge(struct work_reading *reading, struct work_report *wreport)
{
	struct bounce_pending_work *work = reading->work;
	struct bounce_arrival arrival = {
		.stored = TRUE, .originals = work->originals,
		.search_msecs = reading->limit->search_msecs,
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
	wreport->strange = judgement.evidence < BOUNCE_EVIDENCE_VERIFIED &&
		judgement.reporter != BOUNCE_REPORTER_OWN;
	return !judgement.unsearched;
}

static void
work_add_news(struct bounce_pending_work *work,
	      const struct work_report *wreport)
{
	struct bounce_pending_news *news;

	if (!wreport->untold || wreport->report->kind != BOUNCE_KIND_FAILURE)
		return;
	news = array_append_space(&work->news);
	news->report = wreport->report;
	news->unproven = wreport->evidence < BOUNCE_EVIDENCE_VERIFIED;
	news->strange = wreport->strange;
	news->folder = wreport->folder;
	news->when = wreport->mail.when;
}

/* Recipients from first on, as many as there is room for. Returns TRUE if these are
   all. */
static bool
work_add_part(struct work_reading *reading, const struct work_report *wreport,
	      unsigned int first)
{
	const struct bounce_report *whole = wreport->report;
	struct bounce_report *part;
	struct bounce_store_report *report;
	unsigned int count = array_count(&whole->recipients);
	unsigned int room = reading->limit->recipients - reading->recipients;
	unsigned int n = I_MIN(count - first, room);

	report = array_append_space(&reading->reports);
	report->report = whole;
	report->evidence = wreport->evidence;
	report->when = I_MIN(wreport->mail.when, ioloop_time);
	report->added_r = p_new(reading->pool, struct bounce_store_added, 1);
	if (first > 0 || n < count) {
		part = p_new(reading->pool, struct bounce_report, 1);
		*part = *whole;
		p_array_init(&part->recipients, reading->pool, n);
		array_append(&part->recipients,
			     array_idx(&whole->recipients, first), n);
		report->report = part;
	}
	reading->recipients += n;
	reading->work->read.recipient = first + n;
	return first + n == count;
}

/* Returns TRUE if it is done with. */
static bool
work_read_mail(struct work_reading *reading,
	       const struct bounce_pending_mail *mail, unsigned int first)
{
	struct bounce_pending_work *work = reading->work;
	struct work_report *wreport = work_find_report(work, mail);

	if (wreport == NULL)
		wreport = work_read_report(work, mail);
	if (wreport == NULL)
		return TRUE;
	if (!work_judge(reading, wreport)) {
		reading->unsearched = TRUE;
		return FALSE;
	}
	/* backscatter is counted once */
	if (wreport->evidence < bounce_policy_least(&work->bu->set.policy))
		return TRUE;
	if (first < array_count(&wreport->report->recipients) &&
	    !work_add_part(reading, wreport, first))
		return FALSE;
	work_add_news(work, wreport);
	return TRUE;
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
	unsigned int count, idx = work_first(work, pos);
	const struct bounce_pending_mail *mails =
		bounce_pending_mails_list(work->mails, &count);
	uint64_t deadline = reading->limit->read_msecs == 0 ? 0 :
		i_microseconds() + reading->limit->read_msecs * 1000ULL;
	bool over;

	do {
		if (bounce_pending_mail_cmp(&mails[idx], &pos->mail) != 0) {
			pos->mail = mails[idx];
			pos->recipient = 0;
		}
		T_BEGIN {
			over = work_read_mail(reading, &mails[idx],
					      pos->recipient);
		} T_END;
		if (!over)
			break;
		/* whoever comes after it */
		pos->mail.uid++;
		pos->recipient = 0;
	} while (++idx < count && !work_is_full(reading, deadline));
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
	unsigned int count;

	i_assert(limit->recipients > 0);
	*count_r = 0;
	array_clear(&work->news);
	if (bounce_pending_mails_open(work->mails, error_r) < 0)
		return -1;
	work->read = work->done;
	(void)bounce_pending_mails_list(work->mails, &count);
	if (work_first(work, &work->read) == count)
		return 0;
	p_array_init(&reading.reports, pool, MAX_REPORTS);
	work_read_some(&reading);
	*reports_r = array_get(&reading.reports, count_r);
	return reading.unsearched && *count_r == 0 &&
		bounce_pending_mail_cmp(&work->read.mail,
					&work->done.mail) == 0 ?
		BOUNCE_PENDING_WORK_LATER : 1;
}

const struct bounce_pending_news *
bounce_pending_work_news(struct bounce_pending_work *work,
			 unsigned int *count_r)
{
	return array_get(&work->news, count_r);
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

static bool work_has_untold(struct bounce_pending_work *work)
{
	struct work_report *wreport;

	array_foreach_elem(&work->reports, wreport) {
		if (wreport->untold &&
		    bounce_pending_mail_cmp(&wreport->mail,
					    &work->read.mail) < 0)
			return TRUE;
	}
	return FALSE;
}

/* They are pending no longer, and told. */
static void work_settle(struct bounce_pending_work *work)
{
	const char *error;

	if ((work->file == NULL || work_has_untold(work)) &&
	    bounce_pending_mails_open(work->mails, &error) == 0) {
		bounce_pending_mails_settle(work->mails, &work->done.mail,
					    &work->read.mail);
	}
}

void bounce_pending_work_done(struct bounce_pending_work *work,
			      const struct bounce_store_report *reports,
			      unsigned int count)
{
	struct work_report *wreport;

	work_mark(work->bu, reports, count);
	work_settle(work);
	work->done = work->read;
	array_clear(&work->news);
	work_drop_reports(work, &work->done.mail);
	wreport = work_find_report(work, &work->done.mail);
	if (wreport != NULL && work->done.recipient > 0)
		wreport->judged = TRUE;
	if (work->file != NULL)
		work_write_position(work);
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
	i_array_init(&work->reports, 4);
	i_array_init(&work->news, 4);
	return work;
}

static void work_free(struct bounce_pending_work *work)
{
	if (work->mails != NULL)
		bounce_pending_mails_deinit(&work->mails);
	bounce_sent_copy_index_deinit(&work->originals);
	work_drop_reports(work, NULL);
	array_free(&work->reports);
	array_free(&work->news);
	i_free(work);
}

int bounce_pending_work_begin(struct bounce_user *bu,
			      struct bounce_pending_work **work_r,
			      const char **error_r)
{
	struct bounce_pending_work *work;
	unsigned int count;
	time_t since;
	int ret = 1;

	if (bounce_lock_user_home(bu->user) != NULL) {
		if (!bounce_pending_exists(bu->user))
			return 0;
		work = work_alloc(bu);
		if (!bounce_pending_begin(bu->user, &work->file, &since)) {
			work_free(work);
			return 0;
		}
		/* a clock was ahead: not for long, it is hoped */
		since = since > ioloop_time ? ioloop_time - DAY_SECS :
			since - MARGIN_SECS;
		work->mails = bounce_pending_mails_init(bu, I_MAX(1, since));
		work_read_position(work);
	} else {
		work = work_alloc(bu);
		work->mails = bounce_pending_mails_init(bu, 0);
		ret = bounce_pending_mails_open(work->mails, error_r);
		(void)bounce_pending_mails_list(work->mails, &count);
		if (ret == 0)
			ret = count == 0 ? 0 : 1;
		if (ret <= 0) {
			work_free(work);
			return ret;
		}
	}
	*work_r = work;
	return ret;
}

void bounce_pending_work_close(struct bounce_pending_work *work)
{
	bounce_pending_mails_close(work->mails);
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
