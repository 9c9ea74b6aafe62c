/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "mail-user.h"
#include "randgen.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-notice-store.h"
#include "bounce-rate.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-language.h"
#include "bounce-tell-notice.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "compat-user.h"

#define DAY (24 * 60 * 60)
/* So long before a report its mail may have been sent. */
#define MAX_SENT_DAYS 3
#define NONCE_BYTES 9

struct tell_notice {
	struct bounce_user *bu;
	const struct bounce_tell_about *about;
	pool_t pool;
	struct bounce_tell_box *box;
	/* of which mail the report is, and the id of the mails that share its
	   subject */
	const char *mail, *group;
	/* what was sent under that id, failures included; NULL = not known */
	const struct bounce_sent *sent;
	struct bounce_rate rate;
	/* the language that the original is in, or NULL */
	const char *language;

	/* of the notice that was written */
	bool written;
	struct bounce_tell_place place;
};

static bool tell_is_enabled(struct bounce_user *bu, enum bounce_tell_kind kind)
{
	return (bu->set.notice_kinds & (1U << kind)) != 0;
}

/*
 * Which mail, which broadcast
 */

static const char *
t_tell_mail(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	const char *address = "";

	if (report->original_message_id != NULL)
		return bounce_tell_id(report->original_message_id);
	array_foreach(&report->recipients, rcpt) {
		if (rcpt->address != NULL) {
			address = rcpt->address;
			break;
		}
	}
	return bounce_tell_id(t_strdup_printf("%s\n%s",
		report->original_subject == NULL ? "" :
		report->original_subject, address));
}

/* The broadcast of that subject, or what may become one; the latest. */
static void
tell_find_sent(struct tell_notice *notice, const char *suffix,
	       ARRAY_TYPE(bounce_sent) *days,
	       const ARRAY_TYPE(bounce_sent) *broadcasts)
{
	const struct bounce_sent *sent;
	struct bounce_sent *day;

	array_foreach_modifiable(days, day) {
		sent = bounce_sent_find(day, t_strconcat(day->id, suffix,
							 NULL));
		if (sent != NULL)
			notice->sent = sent;
	}
	array_foreach(broadcasts, sent) {
		const char *dash = strchr(sent->id, '-');

		if (dash != NULL && strcmp(dash, suffix) == 0)
			notice->sent = sent;
	}
}

static int tell_find_group(struct tell_notice *notice,
			   struct bounce_store *store, const char **error_r)
{
	const struct bounce_tell_about *about = notice->about;
	const struct bounce_report *report = about->report;
	const char *day = bounce_sent_day(about->now);
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const char *id;

	notice->mail = p_strdup(notice->pool, t_tell_mail(report));
	if (about->unproven) {
		notice->group = p_strconcat(notice->pool, day, "-unproven",
					    NULL);
		return 0;
	}
	id = bounce_sent_id(day, report->original_subject,
			    report->original_message_id == NULL ?
			    notice->mail : report->original_message_id);
	p_array_init(&days, notice->pool, 4);
	p_array_init(&broadcasts, notice->pool, 4);
	if (bounce_sent_store_read(store, notice->pool,
				   about->now - MAX_SENT_DAYS * DAY,
				   about->now, &days, &broadcasts,
				   error_r) < 0)
		return -1;
	tell_find_sent(notice, strchr(id, '-'), &days, &broadcasts);
	notice->group = p_strdup(notice->pool, notice->sent != NULL ?
				 notice->sent->id : id);
	return 0;
}

static bool tell_is_broadcast(const struct tell_notice *notice)
{
	return notice->sent != NULL && notice->sent->sent >= BOUNCE_RATE_MINIMUM;
}

/*
 * Who failed
 */

static bool
tell_knows(const struct bounce_tell_memory *memory, const char *mail,
	   const char *address)
{
	const struct bounce_tell_failure *failure;

	array_foreach(&memory->failures, failure) {
		if (strcmp(failure->mail, mail) == 0 &&
		    strcasecmp(failure->rcpt.address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
tell_remember(const struct tell_notice *notice, pool_t pool,
	      struct bounce_tell_memory *memory,
	      const struct bounce_recipient *rcpt)
{
	bool strange = notice->about->strange;
	struct bounce_tell_failure *failure;
	const char *address = rcpt->written_to != NULL ? rcpt->written_to :
		rcpt->original_address != NULL ? rcpt->original_address :
		rcpt->address;

	if (address == NULL || tell_knows(memory, notice->mail, address))
		return;
	memory->count++;
	if (array_count(&memory->failures) >= BOUNCE_MAX_TELL_FAILURES)
		return;
	failure = array_append_space(&memory->failures);
	failure->mail = notice->mail;
	failure->rcpt.address = p_strdup(pool, address);
	if (address != rcpt->address && rcpt->address != NULL &&
	    strcasecmp(address, rcpt->address) != 0 && !strange)
		failure->rcpt.final_address = p_strdup(pool, rcpt->address);
	failure->rcpt.reason = rcpt->verdict.reason;
	failure->rcpt.class = rcpt->verdict.class;
	failure->rcpt.side = rcpt->verdict.side;
	failure->rcpt.status = p_strdup(pool, rcpt->status);
	if (strange)
		return;
	failure->rcpt.words = p_strdup(pool, rcpt->diagnostic != NULL ?
				       rcpt->diagnostic : rcpt->explanation);
	if (rcpt->diagnostic != NULL)
		failure->rcpt.server = p_strdup(pool, rcpt->remote_mta);
}

/* Returns how many are new. */
static unsigned int
tell_take_in(const struct tell_notice *notice, pool_t pool,
	     struct bounce_tell_memory *memory)
{
	const struct bounce_report *report = notice->about->report;
	const struct bounce_recipient *rcpt;
	unsigned int before = memory->count;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->action == BOUNCE_ACTION_FAILED && !rcpt->stranger)
			tell_remember(notice, pool, memory, rcpt);
	}
	if (memory->subject == NULL)
		memory->subject = p_strdup(pool, report->original_subject);
	memory->when = notice->about->now;
	return memory->count - before;
}

/*
 * Write
 */

static const char *t_tell_message_id(const char *host, time_t now)
{
	unsigned char nonce[NONCE_BYTES];

	random_fill(nonce, sizeof(nonce));
	return t_strdup_printf("<n.%s.%s@%s>", bounce_sent_day(now),
			       binary_to_hex(nonce, sizeof(nonce)), host);
}

static void
tell_init(struct tell_notice *notice, struct bounce_tell_counts *counts,
	  struct bounce_tell *tell_r)
{
	struct bounce_user *bu = notice->bu;
	const char *delimiters;

	if (notice->language != NULL)
		counts->language = notice->language;
	i_zero(tell_r);
	tell_r->texts = bounce_texts_cache_get_language(bu, counts->language);
	compat_user_names(bu->user, pool_datastack_create(), &tell_r->host,
			  &delimiters);
	tell_r->address = notice->about->address;
	if (strchr(tell_r->address, '@') == NULL) {
		tell_r->address = t_strconcat(tell_r->address, "@",
					      tell_r->host, NULL);
	}
	tell_r->message_id = t_tell_message_id(tell_r->host,
					       notice->about->now);
	tell_r->date = notice->about->now;
	tell_r->folder = notice->about->folder;
	t_array_init(&tell_r->recipients, 16);
}

static int
tell_save(struct tell_notice *notice, const struct bounce_tell *tell,
	  const char **error_r)
{
	string_t *mail = str_new(default_pool, 16 * 1024);
	int ret;

	bounce_tell_mail(tell, mail);
	ret = bounce_tell_box_save(notice->box, mail, notice->pool,
				   &notice->place, error_r);
	str_free(&mail);
	if (ret == 0)
		notice->written = TRUE;
	return ret;
}

/* Failures from first on, of all mails or of this one. */
static void
tell_list(const struct bounce_tell_memory *memory, const char *mail,
	  unsigned int first, struct bounce_tell *tell)
{
	const struct bounce_tell_failure *failures;
	unsigned int i, count;

	failures = array_get(&memory->failures, &count);
	for (i = first; i < count; i++) {
		if (mail == NULL || strcmp(failures[i].mail, mail) == 0)
			array_push_back(&tell->recipients, &failures[i].rcpt);
	}
}

static void
tell_fill_failure(struct tell_notice *notice,
		  const struct bounce_tell_memory *memory, unsigned int first,
		  struct bounce_tell *tell)
{
	const struct bounce_report *report = notice->about->report;
	const struct bounce_sent *sent = notice->sent;

	tell->kind = BOUNCE_TELL_FAILURE;
	tell->unproven = notice->about->unproven;
	tell->subject = report->original_subject;
	tell->original_message_id = report->original_message_id;
	tell_list(memory, notice->mail, first, tell);
	/* of one mail it is known who else got it */
	if (sent != NULL && sent->messages == 1 && sent->sent > sent->failed)
		tell->delivered = sent->sent - sent->failed;
}

static void
tell_fill_summary(struct tell_notice *notice,
		  const struct bounce_tell_memory *memory,
		  struct bounce_tell *tell)
{
	tell->kind = BOUNCE_TELL_BROADCAST;
	tell->unproven = notice->about->unproven;
	/* mails that are only perhaps ours share no subject */
	if (!notice->about->unproven)
		tell->subject = memory->subject;
	if (bounce_tell_memory_mails(memory) == 1) {
		tell->original_message_id =
			notice->about->report->original_message_id;
	}
	tell_list(memory, NULL, 0, tell);
	tell->more = memory->count - array_count(&tell->recipients);
	tell->rate = &notice->rate;
}

/* What was sent and what failed, as the summary says it: at least what was
   told. */
static void
tell_judge(struct tell_notice *notice, const struct bounce_tell_memory *memory)
{
	const struct bounce_tell_failure *failure;
	struct bounce_sent sent;

	if (notice->sent != NULL && notice->sent->failed >= memory->count) {
		bounce_rate_judge(notice->sent, 0, &notice->rate);
		return;
	}
	bounce_sent_init(&sent, notice->pool, notice->group);
	if (notice->sent != NULL)
		bounce_rate_sum(&sent, notice->pool, notice->sent);
	sent.failed = memory->count;
	sent.class[BOUNCE_CLASS_HARD] = 0;
	array_foreach(&memory->failures, failure) {
		if (failure->rcpt.class == BOUNCE_CLASS_HARD)
			sent.class[BOUNCE_CLASS_HARD]++;
	}
	bounce_rate_judge(&sent, 0, &notice->rate);
}

static void
tell_place_set(struct tell_notice *notice, pool_t pool,
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
tell_drop_singles(struct tell_notice *notice, struct bounce_tell_memory *memory)
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
tell_limit(struct tell_notice *notice, struct bounce_tell_counts *counts,
	   const char **error_r)
{
	struct bounce_tell tell;

	if (counts->in_hour < BOUNCE_TELL_MAX_HOUR || counts->limit_told)
		return 1;
	counts->limit_told = TRUE;
	tell_init(notice, counts, &tell);
	tell.kind = BOUNCE_TELL_LIMIT;
	tell.count = counts->in_hour;
	return tell_save(notice, &tell, error_r) < 0 ? -1 : 1;
}

static int
tell_write(struct tell_notice *notice, pool_t pool,
	   struct bounce_tell_memory *memory, struct bounce_tell_counts *counts,
	   bool summary, unsigned int before, const char **error_r)
{
	const char *mail = summary ? "" : notice->mail;
	struct bounce_tell_place *place =
		bounce_tell_memory_place(memory, mail), old;
	struct bounce_tell tell;
	bool replace = place != NULL &&
		bounce_tell_box_is_unread(notice->box, place);

	if (summary && place != NULL &&
	    !bounce_tell_memory_is_due(memory, place->told,
				       notice->rate.level))
		return 1;
	if (!replace && !bounce_tell_counts_allow(counts,
						  notice->about->strange))
		return tell_limit(notice, counts, error_r);
	if (place != NULL)
		old = *place;
	tell_init(notice, counts, &tell);
	if (summary)
		tell_fill_summary(notice, memory, &tell);
	else {
		/* one that was read: what is new only */
		tell_fill_failure(notice, memory, replace || place == NULL ?
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

static int
tell_change(pool_t pool, struct bounce_tell_memory *memory,
	    struct bounce_tell_counts *counts, void *context,
	    const char **error_r)
{
	struct tell_notice *notice = context;
	unsigned int before = array_count(&memory->failures);
	bool summary;

	if (tell_take_in(notice, pool, memory) == 0)
		return 0;
	tell_judge(notice, memory);
	summary = tell_is_enabled(notice->bu, BOUNCE_TELL_BROADCAST) &&
		(tell_is_broadcast(notice) ||
		 bounce_tell_memory_mails(memory) >= BOUNCE_TELL_SUMMARY);
	if (!summary && !tell_is_enabled(notice->bu, BOUNCE_TELL_FAILURE))
		return 1;
	if (notice->written) {
		/* the dictionary was restarted meanwhile, and asks again */
		tell_place_set(notice, pool, memory,
			       summary ? "" : notice->mail, memory->count);
		bounce_tell_counts_add(counts, notice->about->strange);
		return 1;
	}
	return tell_write(notice, pool, memory, counts, summary, before,
			  error_r);
}

/*
 * The front door
 */

int bounce_tell_notice_plan(struct bounce_user *bu,
			    const struct bounce_tell_about *about,
			    const char **error_r)
{
	struct bounce_tell_counts counts;
	struct bounce_store *store;

	if (bu->set.notice_kinds == 0)
		return 0;
	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    bounce_notice_store_counts(store, pool_datastack_create(),
				       about->now, &counts, error_r) < 0)
		return -1;
	/* the one that says that there are no more is one more */
	return bounce_tell_counts_allow(&counts, about->strange) ? 1 : 0;
}

static int
tell_notice_run(struct tell_notice *notice, const char **error_r)
{
	struct bounce_store *store;

	if (bounce_user_store(notice->bu, &store, error_r) < 0 ||
	    tell_find_group(notice, store, error_r) < 0 ||
	    bounce_tell_box_open(notice->bu, &notice->box, error_r) < 0)
		return -1;
	return bounce_notice_store_change(store, bounce_tell_id(notice->group),
					  notice->about->now, tell_change,
					  notice, error_r);
}

int bounce_tell_notice(struct bounce_user *bu,
		       const struct bounce_tell_about *about,
		       const char **error_r)
{
	struct tell_notice notice = { .bu = bu, .about = about };
	int ret;

	if (bu->set.notice_kinds == 0)
		return 0;
	notice.pool = pool_alloconly_create("bounce notice", 4096);
	if (!about->strange) {
		notice.language = bounce_tell_language(notice.pool,
			about->report->original_headers, bu->set.texts_dirs);
	}
	ret = tell_notice_run(&notice, error_r);
	bounce_tell_box_close(&notice.box);
	pool_unref(&notice.pool);
	return ret < 0 ? -1 : notice.written ? 1 : 0;
}
