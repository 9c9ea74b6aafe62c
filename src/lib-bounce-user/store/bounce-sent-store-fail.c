/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What came back of it. */

#include "lib.h"
#include "array.h"
#include "message-date.h"
#include "bounce-rate.h"
#include "bounce-sent-store-private.h"

time_t bounce_sent_store_date(const struct bounce_report *report, time_t now)
{
	const char *line = report->original_headers;
	time_t when;
	int zone;

	while (line != NULL && strncasecmp(line, "Date:", 5) != 0) {
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	if (line == NULL)
		return now;
	line += 5;
	if (!message_date_parse((const unsigned char *)line,
				strcspn(line, "\n"), &when, &zone) ||
	    when > now + DAY_SECS ||
	    when < now - BOUNCE_SENT_STORE_KEEP_DAYS * DAY_SECS)
		return now;
	return when;
}

static bool
sent_knows(struct bounce_sent *day, const char *id,
	   const struct bounce_report *report)
{
	return bounce_sent_is_broadcast(day, id) ||
		bounce_sent_find(day, id) != NULL ||
		bounce_sent_saw(day, report->original_message_id);
}

/* The day that knows the mail, or the one that its date says: clocks differ,
   and mail is sent at midnight. id_r is what it belongs to on that day. Returns
   1, 0 if that day is not there yet, or -1. */
static int
sent_find_day(struct bounce_transaction *trans,
	      const struct bounce_report *report,
	      time_t when, struct bounce_sent *day_r, const char **id_r,
	      const char **error_r)
{
	static const int offsets[] = { 0, -1, 1 };
	struct bounce_sent day;
	int ret, found = 0;

	for (unsigned int i = 0; i < N_ELEMENTS(offsets); i++) {
		const char *name =
			bounce_sent_day(when + offsets[i] * DAY_SECS);
		const char *id = bounce_sent_id(name, report->original_subject,
						report->original_message_id);
		bool known;

		ret = bounce_sent_store_get(trans, name, &day, error_r);
		if (ret < 0)
			return -1;
		known = sent_knows(&day, id, report);
		if (i == 0 || known) {
			*day_r = day;
			*id_r = id;
			found = ret;
		}
		if (known)
			break;
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

/* It is known to be this user's: a copy that comes later gets its mark, too. */
static void
sent_remember_bounced(struct bounce_sent *day, pool_t pool,
		      const struct bounce_report *report,
		      const ARRAY_TYPE(bounce_incident) *incidents)
{
	const struct bounce_incident *incident;

	array_foreach(incidents, incident) {
		if (!incident->complaint &&
		    incident->evidence >= BOUNCE_EVIDENCE_VERIFIED) {
			bounce_sent_bounce(day, pool,
					   report->original_message_id);
			return;
		}
	}
}

static bool
fail_all(struct bounce_sent *sent, pool_t pool,
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

int bounce_sent_store_fail(struct bounce_transaction *trans,
			   const struct bounce_report *report,
			   const ARRAY_TYPE(bounce_incident) *incidents,
			   time_t now, pool_t pool,
			   const struct bounce_sent **crossed_r,
			   const char **error_r)
{
	const struct bounce_sent *crossed;
	struct bounce_sent day, sent, *mail;
	const char *id;
	int ret;

	ret = sent_find_day(trans, report, bounce_sent_store_date(report, now),
			    &day,
			    &id, error_r);
	if (ret < 0 ||
	    (ret == 0 &&
	     bounce_sent_store_begin_day(trans, day.id, FALSE, now,
					 error_r) < 0))
		return -1;
	(void)fail_all(&day, trans->pool, incidents);
	sent_remember_bounced(&day, trans->pool, report, incidents);
	mail = bounce_sent_find(&day, id);
	if (mail != NULL) {
		(void)fail_all(mail, trans->pool, incidents);
	} else if (bounce_sent_is_broadcast(&day, id)) {
		if (bounce_sent_store_get(trans, id, &sent, error_r) < 0)
			return -1;
		if (fail_all(&sent, trans->pool, incidents)) {
			crossed = sent_check_level(pool, &sent);
			if (crossed != NULL)
				*crossed_r = crossed;
			bounce_sent_store_put(trans, &sent);
		}
	}
	bounce_sent_store_put(trans, &day);
	return 0;
}
