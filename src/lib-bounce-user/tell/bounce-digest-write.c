/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "str.h"
#include "bounce-digest-store.h"
#include "bounce-digest-write.h"
#include "bounce-notice-store.h"
#include "bounce-reason.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-tell-box.h"
#include "bounce-tell-write.h"
#include "bounce-user.h"

#include <ctype.h>

#define DAY (24 * 60 * 60)
/* Providers that refuse us, and that are named. */
#define MAX_PROVIDERS 10

/*
 * What was sent
 */

static int digest_cause_cmp(const struct bounce_cause *a,
			    const struct bounce_cause *b)
{
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->text, b->text);
}

static void
digest_add_providers(struct bounce_digest_write *write, pool_t pool,
		     const struct bounce_sent *sum)
{
	const struct bounce_cause *cause;
	unsigned int count;

	p_array_init(&write->providers, pool, 8);
	array_foreach(&sum->causes, cause) {
		if (cause->kind == BOUNCE_CAUSE_DOMAIN)
			array_push_back(&write->providers, cause);
	}
	array_sort(&write->providers, digest_cause_cmp);
	count = array_count(&write->providers);
	if (count > MAX_PROVIDERS) {
		array_delete(&write->providers, MAX_PROVIDERS,
			     count - MAX_PROVIDERS);
	}
	write->digest.providers = &write->providers;
}

/* Returns the sum of the days from since on, without those from until on. */
static struct bounce_sent *
digest_sum(pool_t pool, const ARRAY_TYPE(bounce_sent) *days, time_t since,
	   time_t until)
{
	struct bounce_sent *sum = p_new(pool, struct bounce_sent, 1);
	const struct bounce_sent *day;

	bounce_sent_init(sum, pool, "");
	array_foreach(days, day) {
		time_t when = bounce_sent_day_time(day->id);

		if (when >= since && when < until)
			bounce_rate_sum(sum, pool, day);
	}
	return sum;
}

/* Of the time before: what the last digest said; days that old are not kept for
   as long as two months. */
static void
digest_judge_before(struct bounce_digest_write *write, pool_t pool, time_t now,
		    const struct bounce_digest_memory *memory,
		    const ARRAY_TYPE(bounce_sent) *days)
{
	const struct bounce_digest_period *period = &write->period;
	struct bounce_sent *sum;

	if (memory->until == period->since) {
		sum = p_new(pool, struct bounce_sent, 1);
		bounce_sent_init(sum, pool, "");
		sum->sent = memory->sent;
		sum->failed = memory->failed;
	} else if (period->before >
		   now - (BOUNCE_SENT_STORE_KEEP_DAYS - 1) * DAY) {
		sum = digest_sum(pool, days, period->before, period->since);
	} else {
		return;
	}
	bounce_rate_judge(sum, 0, &write->before);
	write->digest.before = &write->before;
}

static int
digest_read_sent(struct bounce_digest_write *write, struct bounce_store *store,
		 time_t now, pool_t pool,
		 const struct bounce_digest_memory *memory,
		 const char **error_r)
{
	const struct bounce_digest_period *period = &write->period;
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *sum;

	p_array_init(&days, pool, 64);
	p_array_init(&broadcasts, pool, 8);
	if (bounce_sent_store_read(store, pool, period->before,
				   period->until - 1, &days, &broadcasts,
				   error_r) < 0)
		return -1;
	sum = digest_sum(pool, &days, period->since, period->until);
	bounce_rate_judge(sum, 0, &write->rate);
	write->digest.rate = &write->rate;
	digest_add_providers(write, pool, sum);
	digest_judge_before(write, pool, now, memory, &days);
	write->news = write->news || sum->failed > 0;
	return 0;
}

/*
 * What changed
 */

static bool digest_is_in(const struct bounce_digest_write *write, time_t when)
{
	return when >= write->period.since && when < write->period.until;
}

static void
digest_add_record(struct bounce_digest_write *write, pool_t pool,
		  const struct bounce_record *rec)
{
	struct bounce_tell_recipient *rcpt;

	if (rec->unproven > 0 && digest_is_in(write, rec->last))
		write->digest.unproven++;
	if (rec->state == BOUNCE_STATE_CORRECTED &&
	    digest_is_in(write, rec->last)) {
		rcpt = array_append_space(&write->digest.corrected);
		rcpt->corrected = p_strdup(pool, rec->corrected);
	} else if (rec->state == BOUNCE_STATE_SUPPRESSED &&
		   rec->by != BOUNCE_BY_IMPORT &&
		   digest_is_in(write, rec->scored > 0 ? rec->scored :
				rec->first)) {
		rcpt = array_append_space(&write->tell.recipients);
		rcpt->reason = rec->reason == NULL ? NULL :
			bounce_reason_find(rec->reason);
		rcpt->class = rec->class;
		rcpt->side = rec->side;
	} else {
		return;
	}
	rcpt->address = p_strdup(pool, rec->address);
}

static int digest_recipient_cmp(const struct bounce_tell_recipient *a,
				const struct bounce_tell_recipient *b)
{
	return strcmp(a->address, b->address);
}

static int
digest_read_records(struct bounce_digest_write *write, struct bounce_user *bu,
		    struct bounce_store *store, time_t now, pool_t pool,
		    const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;

	/* not on the data stack, where it cannot grow within the frames below */
	p_array_init(&write->tell.recipients, pool, 16);
	p_array_init(&write->digest.corrected, pool, 8);
	while (bounce_store_iter_next(iter, &rec)) T_BEGIN {
		digest_add_record(write, pool, rec);
	} T_END;
	bounce_user_log_damaged(bu, "Digest", iter);
	if (bounce_store_iter_deinit(&iter, error_r) < 0)
		return -1;
	array_sort(&write->tell.recipients, digest_recipient_cmp);
	array_sort(&write->digest.corrected, digest_recipient_cmp);
	write->news = write->news || write->digest.unproven > 0 ||
		!array_is_empty(&write->tell.recipients) ||
		!array_is_empty(&write->digest.corrected);
	return 0;
}

static void
digest_add_memory(struct bounce_digest_write *write, pool_t pool,
		  const struct bounce_digest_memory *memory)
{
	const struct bounce_digest_recovered *recovered;

	p_array_init(&write->digest.recovered, pool, 8);
	array_foreach(&memory->recovered, recovered) {
		if (digest_is_in(write, recovered->when))
			array_push_back(&write->digest.recovered,
					&recovered->address);
	}
	if (write->backscatter > memory->backscatter) {
		write->digest.backscatter =
			write->backscatter - memory->backscatter;
	}
	write->written = memory->until >= write->period.until;
	write->news = write->news || write->digest.backscatter > 0 ||
		!array_is_empty(&write->digest.recovered);
}

/*
 * The mail
 */

/* Stops them: an answer to this mail, or a mail that says which one it
   means (RFC 2369 section 3.2, RFC 6068). */
static const char *digest_unsubscribe(const struct bounce_tell *tell)
{
	string_t *id = t_str_new(64), *address = t_str_new(64);
	const char *p;

	for (p = tell->message_id; *p != '\0'; p++) {
		if (i_isalnum(*p) || strchr(".-@", *p) != NULL)
			str_append_c(id, *p);
		else
			str_printfa(id, "%%%02X", (unsigned char)*p);
	}
	for (p = tell->address; *p != '\0'; p++) {
		if (i_isalnum(*p) || strchr(".-_@+", *p) != NULL)
			str_append_c(address, *p);
		else
			str_printfa(address, "%%%02X", (unsigned char)*p);
	}
	return t_strdup_printf("mailto:%s?subject=stop%%20%s&in-reply-to=%s&"
			       "body=stop", str_c(address), str_c(id),
			       str_c(id));
}

int bounce_digest_write_read(struct bounce_user *bu,
			     enum bounce_digest_every every, time_t now,
			     pool_t pool, struct bounce_digest_write *write_r,
			     const char **error_r)
{
	struct bounce_digest_memory memory;
	struct bounce_tell_counts counts;
	struct bounce_store *store;
	time_t last;

	i_zero(write_r);
	bounce_digest_period(every, now, &write_r->period);
	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    bounce_digest_store_read(store, pool, &memory, error_r) < 0 ||
	    bounce_notice_store_counts(store, pool, now, &counts,
				       error_r) < 0 ||
	    bounce_notice_store_language(store, pool, &counts.language,
					 error_r) < 0 ||
	    bounce_store_backscatter(store, &write_r->backscatter, &last,
				     error_r) < 0)
		return -1;
	bounce_tell_write_init(bu, BOUNCE_TELL_DIGEST, bu->user->username,
			       &counts, now, &write_r->tell);
	write_r->off = (counts.off & (1U << BOUNCE_TELL_DIGEST)) != 0;
	write_r->digest.since = write_r->period.since;
	write_r->digest.until = write_r->period.until;
	write_r->tell.digest = &write_r->digest;
	if (write_r->tell.answers) {
		write_r->tell.unsubscribe =
			digest_unsubscribe(&write_r->tell);
	}
	digest_add_memory(write_r, pool, &memory);
	if (digest_read_records(write_r, bu, store, now, pool, error_r) < 0)
		return -1;
	return digest_read_sent(write_r, store, now, pool, &memory, error_r);
}

struct digest_save {
	struct bounce_user *bu;
	struct bounce_digest_write *write;
	pool_t pool;
	bool saved;
};

static int digest_save_mail(struct digest_save *save, const char **error_r)
{
	struct bounce_tell_box *box;
	struct bounce_tell_place place;
	int ret;

	/* the dictionary was restarted meanwhile, and asks again */
	if (save->saved)
		return 0;
	if (bounce_tell_box_open(save->bu, &box, error_r) < 0)
		return -1;
	ret = bounce_tell_write(box, &save->write->tell, save->pool, &place,
				error_r);
	bounce_tell_box_close(&box);
	save->saved = ret == 0;
	return ret;
}

/* Those of the time since stay for the next one. */
static void digest_forget_recovered(struct bounce_digest_memory *memory)
{
	const struct bounce_digest_recovered *recovered;
	unsigned int i, count;

	recovered = array_get(&memory->recovered, &count);
	for (i = 0; i < count && recovered[i].when < memory->until; i++) ;
	array_delete(&memory->recovered, 0, i);
}

static int
digest_save_change(pool_t pool ATTR_UNUSED,
		   struct bounce_digest_memory *memory, void *context,
		   const char **error_r)
{
	struct digest_save *save = context;
	const struct bounce_digest_write *write = save->write;

	/* somebody else did it meanwhile */
	if (memory->until >= write->period.until && !save->saved)
		return 0;
	if (digest_save_mail(save, error_r) < 0)
		return -1;
	memory->until = write->period.until;
	memory->sent = write->rate.sent;
	memory->failed = write->rate.failed;
	memory->backscatter = write->backscatter;
	digest_forget_recovered(memory);
	return 1;
}

int bounce_digest_write(struct bounce_user *bu,
			struct bounce_digest_write *write, const char **error_r)
{
	struct digest_save save = {
		.bu = bu, .write = write,
		.pool = pool_alloconly_create("bounce digest", 512)
	};
	struct bounce_store *store;
	int ret;

	if (bounce_user_store(bu, &store, error_r) < 0)
		ret = -1;
	else
		ret = bounce_digest_store_change(store, digest_save_change,
						 &save, error_r);
	pool_unref(&save.pool);
	return ret;
}
