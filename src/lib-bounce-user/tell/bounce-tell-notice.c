/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-notice-store.h"
#include "bounce-rate.h"
#include "bounce-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-group.h"
#include "bounce-tell-language.h"
#include "bounce-tell-notice-private.h"
#include "bounce-tell-write.h"
#include "bounce-user.h"

static bool tell_is_enabled(struct bounce_user *bu, enum bounce_tell_kind kind)
{
	return (bu->set.notice_kinds & (1U << kind)) != 0;
}

/* Of those about reports. */
bool bounce_tell_notice_is_enabled(struct bounce_user *bu)
{
	return tell_is_enabled(bu, BOUNCE_TELL_FAILURE) ||
		tell_is_enabled(bu, BOUNCE_TELL_BROADCAST);
}

/* And they did not say that they want no more of it. */
static bool tell_is_wanted(struct bounce_user *bu,
			   const struct bounce_tell_counts *counts,
			   enum bounce_tell_kind kind)
{
	return tell_is_enabled(bu, kind) && (counts->off & (1U << kind)) == 0;
}

/*
 * Write
 */

static void
tell_init(struct bounce_tell_notice *notice, struct bounce_tell_counts *counts,
	  enum bounce_tell_kind kind, struct bounce_tell *tell_r)
{
	const struct bounce_tell_about *about = notice->about;

	if (notice->language != NULL)
		counts->language = notice->language;
	/* a stranger may write to any address of a domain that takes all */
	if (!about->strange && strchr(about->address, '@') != NULL)
		counts->address = about->address;
	bounce_tell_write_init(notice->bu, kind, about->address, counts,
			       about->now, tell_r);
	tell_r->folder = about->folder;
}

static int
tell_save(struct bounce_tell_notice *notice, const struct bounce_tell *tell,
	  const char **error_r)
{
	if (bounce_tell_write(notice->box, tell, notice->pool, &notice->place,
			      error_r) < 0)
		return -1;
	notice->written = TRUE;
	notice->limit = tell->kind == BOUNCE_TELL_LIMIT;
	return 0;
}

static void
tell_place_set(struct bounce_tell_notice *notice, pool_t pool,
	       struct bounce_tell_memory *memory, const char *mail,
	       unsigned int told)
{
	struct bounce_tell_place *place =
		bounce_tell_memory_place(memory, mail);

	if (place == NULL) {
		if (array_count(&memory->places) >= BOUNCE_MAX_TELL_PLACES)
			array_delete(&memory->places, 0, 1);
		place = array_append_space(&memory->places);
	}
	*place = notice->place;
	place->mail = p_strdup(pool, mail);
	place->told = told;
}

/* The summary stands for them. */
static void
tell_drop_singles(struct bounce_tell_notice *notice, struct bounce_tell_memory *memory)
{
	const struct bounce_tell_place *places;
	unsigned int i, count;

	places = array_get(&memory->places, &count);
	for (i = count; i > 0; i--) {
		if (*places[i - 1].mail == '\0')
			continue;
		bounce_tell_box_expunge(notice->box, &places[i - 1]);
		array_delete(&memory->places, i - 1, 1);
		places = array_get(&memory->places, &count);
	}
}

static int
tell_limit(struct bounce_tell_notice *notice, struct bounce_tell_counts *counts,
	   const char **error_r)
{
	struct bounce_tell tell;

	if (counts->in_hour < BOUNCE_TELL_MAX_HOUR || counts->limit_told)
		return 1;
	counts->limit_told = TRUE;
	if (notice->limit)
		return 1;
	tell_init(notice, counts, BOUNCE_TELL_LIMIT, &tell);
	tell.count = counts->in_hour;
	return tell_save(notice, &tell, error_r) < 0 ? -1 : 1;
}

/* While few failed a summary names them all. Once it was read that takes another
   notice, but for mail to many, of which only the steps are news. */
static bool
tell_names_all(const struct bounce_tell_notice *notice,
	       const struct bounce_tell_memory *memory, bool replace)
{
	return memory->count <= BOUNCE_RATE_MINIMUM &&
		(replace || !bounce_tell_group_is_broadcast(&notice->group));
}

static int
tell_write(struct bounce_tell_notice *notice, pool_t pool,
	   struct bounce_tell_memory *memory, struct bounce_tell_counts *counts,
	   bool summary, unsigned int before, const char **error_r)
{
	const char *mail = summary ? "" : notice->group.mail;
	struct bounce_tell_place *place =
		bounce_tell_memory_place(memory, mail), old;
	struct bounce_tell tell;
	/* what a full list has dropped is named in the old one only */
	bool replace = place != NULL &&
		(summary || array_count(&memory->failures) <
			BOUNCE_MAX_TELL_FAILURES) &&
		bounce_tell_box_is_unread(notice->box, place);

	if (!replace && !notice->about->planned &&
	    !bounce_tell_counts_allow(counts, notice->about->strange))
		return tell_limit(notice, counts, error_r);
	if (summary && place != NULL && !tell_names_all(notice, memory, replace) &&
	    !bounce_tell_memory_is_due(memory, place->told,
				       notice->rate.level))
		return 1;
	if (place != NULL)
		old = *place;
	tell_init(notice, counts, summary ? BOUNCE_TELL_BROADCAST :
		  BOUNCE_TELL_FAILURE, &tell);
	if (summary)
		bounce_tell_notice_fill_summary(notice, memory, &tell);
	else {
		/* one that was read: what is new only */
		bounce_tell_notice_fill_failure(notice, memory, replace || place == NULL ?
				  0 : before, &tell);
	}
	if (tell_save(notice, &tell, error_r) < 0)
		return -1;
	tell_place_set(notice, pool, memory, mail, memory->count);
	if (summary)
		memory->level = notice->rate.level;
	if (replace)
		bounce_tell_box_expunge(notice->box, &old);
	else
		bounce_tell_counts_add(counts, notice->about->strange);
	if (summary)
		tell_drop_singles(notice, memory);
	return 1;
}

/* So many failed of that mail. */
static unsigned int
tell_count(const struct bounce_tell_memory *memory, const char *mail)
{
	const struct bounce_tell_failure *failure;
	unsigned int count = 0;

	array_foreach(&memory->failures, failure) {
		if (strcmp(failure->mail, mail) == 0)
			count++;
	}
	return count;
}

/* The same of a report that is to come. */
static unsigned int tell_report_count(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	unsigned int count = 0;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->action == BOUNCE_ACTION_FAILED && !rcpt->stranger)
			count++;
	}
	return count;
}

/* wanted: see tell_is_wanted() */
static bool
tell_is_summary(struct bounce_user *bu, const struct bounce_tell_group *group,
		bool wanted, unsigned int failed)
{
	/* what failed for so many went to so many, known or not */
	return (tell_is_enabled(bu, BOUNCE_TELL_BROADCAST) &&
		bounce_tell_group_is_broadcast(group)) ||
		(wanted && failed >= BOUNCE_RATE_MINIMUM);
}

int bounce_tell_notice_change(pool_t pool, struct bounce_tell_memory *memory,
			      struct bounce_tell_counts *counts, void *context,
			      const char **error_r)
{
	struct bounce_tell_notice *notice = context;
	unsigned int before, news;
	bool summary;

	news = bounce_tell_notice_take_in(notice, pool, memory);
	if (news == 0)
		return 0;
	before = array_count(&memory->failures) - news;
	bounce_tell_notice_judge(notice, memory);
	summary = tell_is_summary(notice->bu, &notice->group,
				  tell_is_wanted(notice->bu, counts,
						 BOUNCE_TELL_BROADCAST),
				  tell_count(memory, notice->group.mail)) ||
		(tell_is_wanted(notice->bu, counts, BOUNCE_TELL_BROADCAST) &&
		 bounce_tell_memory_mails(memory) >= BOUNCE_TELL_SUMMARY);
	if (!tell_is_wanted(notice->bu, counts, summary ?
			    BOUNCE_TELL_BROADCAST : BOUNCE_TELL_FAILURE))
		return 1;
	if (notice->written && !notice->limit) {
		/* the dictionary was restarted meanwhile, and asks again */
		tell_place_set(notice, pool, memory,
			       summary ? "" : notice->group.mail, memory->count);
		bounce_tell_counts_add(counts, notice->about->strange);
		return 1;
	}
	return tell_write(notice, pool, memory, counts, summary, before,
			  error_r);
}

/*
 * The front door
 */

/* Is the kind wanted that it will be? Which it is matters only to who wants one of
   them. Returns 1, 0, or -1. */
static int
tell_plan_kind(struct bounce_user *bu, const struct bounce_tell_about *about,
	       const struct bounce_tell_counts *counts,
	       struct bounce_store *store, const char **error_r)
{
	bool single = tell_is_wanted(bu, counts, BOUNCE_TELL_FAILURE);
	bool summary = tell_is_wanted(bu, counts, BOUNCE_TELL_BROADCAST);
	struct bounce_tell_group group;
	pool_t pool;
	int ret;

	if (single == summary)
		return single ? 1 : 0;
	pool = pool_alloconly_create("bounce tell plan", 2048);
	ret = bounce_tell_group_find(store, about, pool, &group, error_r);
	if (ret == 0)
		ret = (tell_is_summary(bu, &group, summary,
				       tell_report_count(about->report)) ?
		       summary : single) ? 1 : 0;
	pool_unref(&pool);
	return ret;
}

int bounce_tell_notice_plan(struct bounce_user *bu,
			    const struct bounce_tell_about *about,
			    const char **error_r)
{
	struct bounce_tell_counts counts;
	struct bounce_store *store;
	int ret;

	if (!bounce_tell_notice_is_enabled(bu))
		return 0;
	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    bounce_notice_store_counts(store, pool_datastack_create(),
				       about->now, &counts, error_r) < 0)
		return -1;
	ret = tell_plan_kind(bu, about, &counts, store, error_r);
	if (ret <= 0)
		return ret;
	/* the one that says that there are no more is one more */
	return bounce_tell_counts_allow(&counts, about->strange) ? 1 : 0;
}

int bounce_tell_notice_preview(struct bounce_user *bu,
			       const struct bounce_tell_about *about,
			       pool_t pool, struct bounce_rate *rate_r,
			       struct bounce_tell *tell_r,
			       const char **error_r)
{
	struct bounce_tell_notice notice = { .bu = bu, .about = about, .pool = pool };
	struct bounce_tell_memory memory;
	struct bounce_tell_counts counts;
	struct bounce_store *store;
	bool summary;

	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    bounce_tell_group_find(store, about, pool, &notice.group,
				   error_r) < 0)
		return -1;
	i_zero(&counts);
	if (bounce_notice_store_language(store, pool, &counts.language,
					 error_r) < 0)
		return -1;
	if (!about->strange) {
		notice.language = bounce_tell_language(pool,
			about->report->original_headers, bu->set.texts_dirs);
	}
	bounce_tell_memory_decode(pool, NULL, &memory);
	(void)bounce_tell_notice_take_in(&notice, pool, &memory);
	bounce_tell_notice_judge(&notice, &memory);
	summary = tell_is_summary(bu, &notice.group,
				  tell_is_enabled(bu, BOUNCE_TELL_BROADCAST),
				  tell_count(&memory, notice.group.mail));
	if (!summary && !tell_is_enabled(bu, BOUNCE_TELL_FAILURE))
		return 0;
	tell_init(&notice, &counts, summary ? BOUNCE_TELL_BROADCAST :
		  BOUNCE_TELL_FAILURE, tell_r);
	if (summary)
		bounce_tell_notice_fill_summary(&notice, &memory, tell_r);
	else
		bounce_tell_notice_fill_failure(&notice, &memory, 0, tell_r);
	*rate_r = notice.rate;
	if (tell_r->rate != NULL)
		tell_r->rate = rate_r;
	return 1;
}

static int
tell_notice_run(struct bounce_tell_notice *notice, const char **error_r)
{
	struct bounce_store *store;

	if (bounce_user_store(notice->bu, &store, error_r) < 0 ||
	    bounce_tell_group_find(store, notice->about, notice->pool,
				   &notice->group, error_r) < 0 ||
	    bounce_tell_box_open(notice->bu, &notice->box, error_r) < 0)
		return -1;
	return bounce_notice_store_change(store,
					  bounce_tell_id(notice->group.id),
					  notice->about->now,
					  bounce_tell_notice_change, notice,
					  error_r);
}

/* The report lies in a folder already, and the dictionary fails: the person
   is told of this report alone, and nothing is remembered. The plan found the
   dictionary well, so these are few. */
static int tell_notice_bare(struct bounce_tell_notice *notice, const char **error_r)
{
	struct bounce_tell_memory memory;
	struct bounce_tell_counts counts;
	struct bounce_tell tell;

	if (!tell_is_enabled(notice->bu, BOUNCE_TELL_FAILURE))
		return 0;
	if (notice->box == NULL &&
	    bounce_tell_box_open(notice->bu, &notice->box, error_r) < 0)
		return -1;
	if (notice->group.mail == NULL)
		notice->group.mail = "";
	i_zero(&counts);
	notice->group.sent = NULL;
	bounce_tell_memory_decode(notice->pool, NULL, &memory);
	if (bounce_tell_notice_take_in(notice, notice->pool, &memory) == 0)
		return 0;
	tell_init(notice, &counts, BOUNCE_TELL_FAILURE, &tell);
	bounce_tell_notice_fill_failure(notice, &memory, 0, &tell);
	return tell_save(notice, &tell, error_r);
}

void bounce_tell_notice_init(struct bounce_tell_notice *notice,
			     struct bounce_user *bu,
			     const struct bounce_tell_about *about)
{
	i_zero(notice);
	notice->bu = bu;
	notice->about = about;
	notice->pool = pool_alloconly_create("bounce notice", 4096);
	if (!about->strange) {
		notice->language = bounce_tell_language(notice->pool,
			about->report->original_headers, bu->set.texts_dirs);
	}
}

int bounce_tell_notice(struct bounce_user *bu,
		       const struct bounce_tell_about *about, bool *written_r,
		       const char **error_r)
{
	const char *error;
	struct bounce_tell_notice notice;
	int ret;

	*written_r = FALSE;
	if (!bounce_tell_notice_is_enabled(bu))
		return 0;
	bounce_tell_notice_init(&notice, bu, about);
	ret = tell_notice_run(&notice, error_r);
	if (ret < 0 && !notice.written && !about->can_wait &&
	    tell_notice_bare(&notice, &error) < 0)
		*error_r = t_strdup_printf("%s; %s", *error_r, error);
	*written_r = notice.written;
	bounce_tell_box_close(&notice.box);
	pool_unref(&notice.pool);
	return ret < 0 ? -1 : notice.written ? 1 : 0;
}
