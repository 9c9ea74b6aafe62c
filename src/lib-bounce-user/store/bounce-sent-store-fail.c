/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What came back of it. */

#include "lib.h"
#include "array.h"
#include "bounce-rate.h"
#include "bounce-sent-store-private.h"

/* A day or broadcast that was read. */
struct fails_sent {
	struct bounce_sent sent;
	bool exists, changed;
};

struct bounce_sent_store_fails {
	struct bounce_transaction *trans;
	time_t now;
	ARRAY(struct fails_sent *) read;
};

time_t bounce_sent_store_date(const struct bounce_report *report, time_t when)
{
	time_t date;

	if (!bounce_sent_date(report->original_headers, &date) ||
	    date > when + DAY_SECS ||
	    date < when - BOUNCE_SENT_STORE_KEEP_DAYS * DAY_SECS)
		return when;
	return date;
}

void bounce_sent_store_failed_init(const struct bounce_report *report,
				   const ARRAY_TYPE(bounce_incident) *incidents,
				   time_t when,
				   struct bounce_sent_store_failed *failed_r)
{
	i_zero(failed_r);
	failed_r->message_id = report->original_message_id;
	failed_r->subject = report->original_subject;
	failed_r->sent = bounce_sent_store_date(report, when);
	failed_r->incidents = incidents;
}

struct bounce_sent_store_fails *
bounce_sent_store_fails_begin(struct bounce_transaction *trans, time_t now)
{
	struct bounce_sent_store_fails *fails =
		p_new(trans->pool, struct bounce_sent_store_fails, 1);

	fails->trans = trans;
	fails->now = now;
	p_array_init(&fails->read, trans->pool, 4);
	return fails;
}

/* As it is, or as it has become here. NULL = error. */
static struct fails_sent *
fails_get(struct bounce_sent_store_fails *fails, const char *id,
	  const char **error_r)
{
	struct fails_sent *entry;
	int ret;

	array_foreach_elem(&fails->read, entry) {
		if (strcmp(entry->sent.id, id) == 0)
			return entry;
	}
	entry = p_new(fails->trans->pool, struct fails_sent, 1);
	ret = bounce_sent_store_get(fails->trans, id, &entry->sent, error_r);
	if (ret < 0)
		return NULL;
	entry->exists = ret > 0;
	array_push_back(&fails->read, &entry);
	return entry;
}

static bool
sent_knows(struct bounce_sent *day, const char *id,
	   const struct bounce_sent_store_failed *failed)
{
	return bounce_sent_is_broadcast(day, id) ||
		bounce_sent_find(day, id) != NULL ||
		bounce_sent_saw(day, failed->message_id);
}

/* A day's neighbours, at once. */
static void fails_ask_around(struct bounce_sent_store_fails *fails, time_t sent)
{
	for (int i = 1; i >= -1; i -= 2) T_BEGIN {
		bounce_dict_ask(fails->trans->dict, bounce_sent_key(
			bounce_sent_day(sent + i * DAY_SECS)));
	} T_END;
}

/* The day that knows the mail, or the one that its date says: clocks differ,
   and mail is sent at midnight. id_r is what it belongs to on that day. */
static struct fails_sent *
fails_find_day(struct bounce_sent_store_fails *fails,
	       const struct bounce_sent_store_failed *failed,
	       const char **id_r, const char **error_r)
{
	static const int offsets[] = { 0, -1, 1 };
	struct fails_sent *found = NULL;

	for (unsigned int i = 0; i < N_ELEMENTS(offsets); i++) {
		const char *name =
			bounce_sent_day(failed->sent + offsets[i] * DAY_SECS);
		const char *id = bounce_sent_id(name, failed->subject,
						failed->message_id);
		struct fails_sent *day = fails_get(fails, name, error_r);
		bool known;

		if (day == NULL)
			return NULL;
		known = sent_knows(&day->sent, id, failed);
		if (i == 0 || known) {
			found = day;
			*id_r = id;
		}
		if (known)
			break;
		if (i == 0)
			fails_ask_around(fails, failed->sent);
	}
	return found;
}

/* A level that this broadcast did not have before is told. */
static const struct bounce_sent *
sent_check_level(pool_t pool, struct bounce_sent *sent)
{
	struct bounce_sent *crossed;
	struct bounce_rate rate;

	bounce_rate_judge(sent, 0, &rate);
	if (rate.level <= sent->level)
		return NULL;
	sent->level = rate.level;
	crossed = p_new(pool, struct bounce_sent, 1);
	bounce_sent_init(crossed, pool, sent->id);
	bounce_rate_sum(crossed, pool, sent);
	crossed->subject = p_strdup(pool, sent->subject);
	crossed->level = sent->level;
	return crossed;
}

/* It is known to be this user's, whether its copy was saved or not. */
static bool fails_are_proven(const struct bounce_sent_store_failed *failed)
{
	const struct bounce_incident *incident;

	array_foreach(failed->incidents, incident) {
		if (!incident->complaint &&
		    incident->evidence >= BOUNCE_EVIDENCE_VERIFIED)
			return TRUE;
	}
	return FALSE;
}

static bool
fails_count(struct bounce_sent *sent, pool_t pool,
	    const ARRAY_TYPE(bounce_incident) *incidents)
{
	const struct bounce_incident *incident;
	bool changed = FALSE;

	array_foreach(incidents, incident) {
		if (bounce_sent_fail(sent, pool, incident))
			changed = TRUE;
	}
	return changed;
}

/* Within the day, or by a key of its own. */
static int
fails_count_mail(struct bounce_sent_store_fails *fails,
		 struct bounce_sent *day, const char *id,
		 const struct bounce_sent_store_failed *failed, pool_t pool,
		 const struct bounce_sent **crossed_r, const char **error_r)
{
	struct bounce_sent *mail = bounce_sent_find(day, id);
	const struct bounce_sent *crossed;
	struct fails_sent *entry;

	if (bounce_sent_is_broadcast(day, id)) {
		entry = fails_get(fails, id, error_r);
		if (entry == NULL)
			return -1;
		mail = &entry->sent;
		if (fails_count(mail, fails->trans->pool, failed->incidents)) {
			entry->changed = TRUE;
			crossed = sent_check_level(pool, mail);
			if (crossed != NULL && crossed_r != NULL)
				*crossed_r = crossed;
		}
	} else {
		/* its copy may yet come: it finds here what has failed */
		if (mail == NULL && fails_are_proven(failed))
			mail = bounce_sent_get(day, fails->trans->pool, id);
		if (mail != NULL)
			(void)fails_count(mail, fails->trans->pool,
					  failed->incidents);
	}
	if (mail != NULL && mail->messages > 0 && bounce_sent_is_open(mail))
		day->open = TRUE;
	return 0;
}

static int
fails_count_day(struct bounce_sent_store_fails *fails, struct fails_sent *day,
		const char *id, const struct bounce_sent_store_failed *failed,
		pool_t pool, const struct bounce_sent **crossed_r,
		const char **error_r)
{
	if (!fails_count(&day->sent, fails->trans->pool, failed->incidents))
		return 0;
	if (!day->exists &&
	    bounce_sent_store_begin_day(fails->trans, day->sent.id, FALSE,
					fails->now, error_r) < 0)
		return -1;
	day->exists = day->changed = TRUE;
	/* a copy that comes later gets its mark, too */
	if (fails_are_proven(failed))
		bounce_sent_bounce(&day->sent, fails->trans->pool,
				   failed->message_id);
	return fails_count_mail(fails, &day->sent, id, failed, pool, crossed_r,
				error_r);
}

int bounce_sent_store_fails_add(struct bounce_sent_store_fails *fails,
				const struct bounce_sent_store_failed *failed,
				pool_t pool,
				const struct bounce_sent **crossed_r,
				const char **error_r)
{
	const char *id;
	struct fails_sent *day = fails_find_day(fails, failed, &id, error_r);

	return day == NULL ? -1 :
		fails_count_day(fails, day, id, failed, pool, crossed_r,
				error_r);
}

int bounce_sent_store_fails_mend(struct bounce_sent_store_fails *fails,
				 const struct bounce_sent_store_failed *failed,
				 const char **error_r)
{
	struct fails_sent *day;
	const char *id;

	if (failed->sent < fails->now - BOUNCE_SENT_STORE_KEEP_DAYS * DAY_SECS)
		return 0;
	day = fails_find_day(fails, failed, &id, error_r);
	if (day == NULL)
		return -1;
	return !bounce_sent_knows_failures(&day->sent) ? 0 :
		fails_count_day(fails, day, id, failed, fails->trans->pool,
				NULL, error_r);
}

unsigned int
bounce_sent_store_fails_end(struct bounce_sent_store_fails *fails)
{
	struct fails_sent *entry;
	unsigned int count = 0;

	array_foreach_elem(&fails->read, entry) {
		if (entry->changed) {
			bounce_sent_store_put(fails->trans, &entry->sent);
			count++;
		}
	}
	return count;
}
