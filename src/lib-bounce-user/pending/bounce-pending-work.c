/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-lock.h"
#include "bounce-pending.h"
#include "bounce-pending-work-private.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-mark.h"
#include "bounce-user.h"

/* Clocks differ, and a report is dated before it is saved. */
#define MARGIN_SECS 10
#define DAY_SECS (24 * 60 * 60)
/* Reports that are read at once. */
#define MAX_REPORTS 16
/* What cannot be read is tried again after. */
#define RETRY_SECS (10 * 60)
/* When, mailbox and UID of the next mail, its recipient; those of a mail that could not
   be read; not to begin before. */
#define POSITION_WORDS 8

ARRAY_DEFINE_TYPE(store_report, struct bounce_store_report);

/*
 * How far it got
 */

/* Returns FALSE if it is not such words. */
static bool
work_parse_mail(const char *const *words, struct bounce_pending_mail *mail_r)
{
	i_zero(mail_r);
	return str_to_time(words[0], &mail_r->when) == 0 &&
		str_to_uint(words[1], &mail_r->box) == 0 &&
		str_to_uint32(words[2], &mail_r->uid) == 0;
}

static void work_read_position(struct bounce_pending_work *work)
{
	const char *const *words =
		t_strsplit(t_bounce_pending_position(work->file), " ");

	if (str_array_length(words) == POSITION_WORDS &&
	    work_parse_mail(words, &work->done.mail) &&
	    str_to_uint(words[3], &work->done.recipient) == 0 &&
	    work_parse_mail(words + 4, &work->failed) &&
	    str_to_time(words[7], &work->not_before) == 0)
		return;
	i_zero(&work->done);
	i_zero(&work->failed);
	work->not_before = 0;
}

static const char *t_work_mail(const struct bounce_pending_mail *mail)
{
	return t_strdup_printf("%s %u %u", dec2str(mail->when), mail->box,
			       mail->uid);
}

static void work_write_position(struct bounce_pending_work *work)
{
	bounce_pending_progress(work->file, t_strdup_printf("%s %u %s %s",
			t_work_mail(&work->done.mail), work->done.recipient,
			t_work_mail(&work->failed),
			dec2str(work->not_before)));
}

/* What could not be read is all that is left. What comes after it is read again, and
   counts once. */
static void work_write_failed(struct bounce_pending_work *work)
{
	i_zero(&work->done);
	work->done.mail = work->failed;
	i_zero(&work->failed);
	work->not_before = ioloop_time + RETRY_SECS;
	work_write_position(work);
}

/* Is there only what could not be read a moment ago? */
static bool work_has_to_wait(const struct bounce_pending_work *work)
{
	return !work->bu->wait->each && work->not_before > ioloop_time &&
		work->not_before <= ioloop_time + RETRY_SECS;
}

static unsigned int
work_first(struct bounce_pending_work *work,
	   const struct bounce_pending_work_position *pos)
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

static void
work_add_news(struct bounce_pending_work *work,
	      const struct bounce_pending_report *wreport)
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
work_add_part(struct work_reading *reading,
	      const struct bounce_pending_report *wreport, unsigned int first)
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
	struct bounce_pending_report *wreport =
		bounce_pending_report_find(work, mail);

	if (wreport == NULL)
		wreport = bounce_pending_report_read(work, mail);
	if (wreport == NULL)
		return TRUE;
	if (!bounce_pending_report_judge(work, reading->limit, wreport)) {
		reading->unsearched = TRUE;
		return FALSE;
	}
	if (wreport->unread)
		return TRUE;
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
	struct bounce_pending_work_position *pos = &work->read;
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
	/* an older one may be among the rest */
	if (!bounce_pending_mails_look(work->mails, limit->look_msecs)) {
		*error_r = "Too many mails to look at in time";
		return BOUNCE_PENDING_WORK_LATER;
	}
	work->read = work->done;
	(void)bounce_pending_mails_list(work->mails, &count);
	if (work_first(work, &work->read) == count)
		return 0;
	p_array_init(&reading.reports, pool, MAX_REPORTS);
	work_read_some(&reading);
	*reports_r = array_get(&reading.reports, count_r);
	*error_r = "Sent was searched often enough in this minute";
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
	struct bounce_pending_report *wreport;

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
	struct bounce_pending_report *wreport;

	work_mark(work->bu, reports, count);
	work_settle(work);
	work->done = work->read;
	array_clear(&work->news);
	bounce_pending_report_drop(work, &work->done.mail);
	wreport = bounce_pending_report_find(work, &work->done.mail);
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

static void work_add_folders(struct bounce_pending_work *work)
{
	const char *const *names = t_bounce_pending_folders(work->file);

	for (; *names != NULL; names++)
		bounce_pending_mails_add(work->mails, *names);
}

static void work_free(struct bounce_pending_work *work)
{
	if (work->mails != NULL)
		bounce_pending_mails_deinit(&work->mails);
	bounce_sent_copy_index_deinit(&work->originals);
	bounce_pending_report_drop(work, NULL);
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
		work_add_folders(work);
		work_read_position(work);
		if (work_has_to_wait(work)) {
			bounce_pending_work_end(&work, FALSE);
			return 0;
		}
		work->not_before = 0;
	} else {
		work = work_alloc(bu);
		work->mails = bounce_pending_mails_init(bu, 0);
		ret = bounce_pending_mails_open(work->mails, error_r);
		if (ret == 0)
			(void)bounce_pending_mails_look(work->mails, 0);
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
	if (work->file != NULL) {
		if (all && work->failed.uid != 0) {
			work_write_failed(work);
			all = FALSE;
		}
		bounce_pending_end(&work->file, all);
	}
	work_free(work);
}
