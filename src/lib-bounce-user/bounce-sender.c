/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "message-date.h"
#include "str.h"
#include "bounce-rate.h"
#include "bounce-sender.h"
#include "bounce-store-private.h"

#define DAY_SECS (24 * 60 * 60)
/* How often a delivery begins anew when another Dovecot comes between. */
#define MAX_TRIES 10
/* So long after midnight a copy may be saved of a mail that was sent before. */
#define MIDNIGHT_SECS (10 * 60)
/* Days removed at once, should nobody have written for years. */
#define MAX_EXPIRE_DAYS 800

/*
 * Read
 */

static int
lookup(struct bounce_store *store, pool_t pool, const char *key,
       const char **value_r, const char **error_r)
{
	const char *error;
	int ret = bounce_store_get(store, pool, key, value_r, &error);

	if (ret < 0)
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   error);
	return ret;
}

/* What is damaged is none: it is counters, not worth an error for ever. */
static int
read_sent(struct bounce_store *store, pool_t pool, const char *id,
	  struct bounce_sent *sent_r, const char **error_r)
{
	const char *value, *error;
	int ret;

	ret = lookup(store, pool_datastack_create(), bounce_sent_key(id),
		     &value, error_r);
	if (ret > 0 &&
	    (bounce_sent_decode(pool, value, sent_r, &error) < 0 ||
	     strcmp(sent_r->id, id) != 0))
		ret = 0;
	if (ret == 0)
		bounce_sent_init(sent_r, pool, id);
	return ret;
}

/* "<oldest day that is kept> <day of the first mail whose bounces can be
   verified>", the second only once there is one. */
struct span {
	const char *oldest, *since;
};

static bool is_day(const char *text)
{
	return text != NULL && bounce_sent_day_time(text) != (time_t)-1;
}

static int
read_span(struct bounce_store *store, struct span *span_r, const char **error_r)
{
	const char *value, *const *words;
	int ret = lookup(store, pool_datastack_create(), BOUNCE_DICT_SENT_SPAN,
			 &value, error_r);

	i_zero(span_r);
	if (ret <= 0)
		return ret;
	words = t_strsplit_spaces(value, " ");
	if (!is_day(words[0]))
		return 0;
	span_r->oldest = words[0];
	if (is_day(words[1]))
		span_r->since = words[1];
	return 1;
}

int bounce_sender_since(struct bounce_store *store, time_t *since_r,
			const char **error_r)
{
	struct span span;

	if (bounce_store_ready(store, error_r) < 0 ||
	    read_span(store, &span, error_r) < 0)
		return -1;
	if (span.since == NULL)
		return 0;
	*since_r = bounce_sent_day_time(span.since);
	return 1;
}

static int
read_broadcasts(struct bounce_store *store, pool_t pool,
		const struct bounce_sent *day,
		ARRAY_TYPE(bounce_sent) *broadcasts, const char **error_r)
{
	struct bounce_sent sent;
	const char *id;
	int ret;

	array_foreach_elem(&day->broadcasts, id) {
		ret = read_sent(store, pool, id, &sent, error_r);
		if (ret < 0)
			return -1;
		if (ret > 0)
			array_push_back(broadcasts, &sent);
	}
	return 0;
}

int bounce_sender_read(struct bounce_store *store, pool_t pool, time_t since,
		       time_t now, ARRAY_TYPE(bounce_sent) *days,
		       ARRAY_TYPE(bounce_sent) *broadcasts,
		       const char **error_r)
{
	struct bounce_sent day;
	time_t oldest = now - BOUNCE_SENDER_KEEP_DAYS * DAY_SECS;
	int ret;

	if (bounce_store_ready(store, error_r) < 0)
		return -1;
	if (since < oldest)
		since = oldest;
	/* by day, not by second: each day once */
	for (since -= since % DAY_SECS; since <= now; since += DAY_SECS) {
		ret = read_sent(store, pool, bounce_sent_day(since), &day,
				error_r);
		if (ret < 0)
			return -1;
		if (ret == 0)
			continue;
		array_push_back(days, &day);
		if (read_broadcasts(store, pool, &day, broadcasts,
				    error_r) < 0)
			return -1;
	}
	return 0;
}

/*
 * Write
 */

static void put_sent(struct bounce_edit *edit, const struct bounce_sent *sent)
{
	T_BEGIN {
		bounce_edit_set_key(edit, bounce_sent_key(sent->id),
				    bounce_sent_encode(sent));
	} T_END;
}

static int
drop_day(struct bounce_edit *edit, const char *id, const char **error_r)
{
	struct bounce_sent day;
	const char *broadcast;
	int ret = read_sent(bounce_edit_store(edit), bounce_edit_pool(edit),
			    id, &day, error_r);

	if (ret <= 0)
		return ret;
	array_foreach_elem(&day.broadcasts, broadcast)
		bounce_edit_set_key(edit, bounce_sent_key(broadcast), NULL);
	bounce_edit_set_key(edit, bounce_sent_key(id), NULL);
	return 0;
}

/* What has become too old goes when a day is new. */
static int
expire(struct bounce_edit *edit, struct span *span, time_t now,
       const char **error_r)
{
	time_t when = bounce_sent_day_time(span->oldest);
	time_t keep = now - BOUNCE_SENDER_KEEP_DAYS * DAY_SECS;

	for (unsigned int i = 0; when < keep - DAY_SECS &&
	     i < MAX_EXPIRE_DAYS; i++) {
		if (drop_day(edit, bounce_sent_day(when), error_r) < 0)
			return -1;
		when += DAY_SECS;
	}
	span->oldest = bounce_sent_day(when);
	return 0;
}

/* day is written for the first time, or its first verifiable mail is
   counted. */
static int
begin_day(struct bounce_edit *edit, const char *day, bool verifiable,
	  time_t now, const char **error_r)
{
	struct span span;
	string_t *value;

	if (read_span(bounce_edit_store(edit), &span, error_r) < 0)
		return -1;
	if (span.oldest == NULL || strcmp(day, span.oldest) < 0)
		span.oldest = day;
	if (span.since == NULL && verifiable)
		span.since = day;
	if (expire(edit, &span, now, error_r) < 0)
		return -1;
	value = t_str_new(32);
	str_append(value, span.oldest);
	if (span.since != NULL)
		str_printfa(value, " %s", span.since);
	bounce_edit_set_key(edit, BOUNCE_DICT_SENT_SPAN, str_c(value));
	return 0;
}

/* A broadcast's counters, from its own key or within the day. */
static int
count_mail(struct bounce_edit *edit, struct bounce_sent *day,
	   const struct bounce_sent_mail *mail, const char **error_r)
{
	pool_t pool = bounce_edit_pool(edit);
	const char *id = bounce_sent_id(day->id, mail->subject,
					mail->message_id);
	struct bounce_sent sent;

	if (bounce_sent_is_broadcast(day, id)) {
		if (read_sent(bounce_edit_store(edit), pool, id, &sent,
			      error_r) < 0)
			return -1;
		bounce_sent_count(&sent, pool, mail);
		put_sent(edit, &sent);
		return 0;
	}
	bounce_sent_count(bounce_sent_get(day, pool, id), pool, mail);
	if (bounce_sent_promote(day, pool, id, &sent))
		put_sent(edit, &sent);
	return 0;
}

static int
seen_yesterday(struct bounce_edit *edit, const struct bounce_sent_mail *mail,
	       const char **error_r)
{
	struct bounce_sent day;
	int ret;

	if (mail->when % DAY_SECS >= MIDNIGHT_SECS || mail->message_id == NULL)
		return 0;
	ret = read_sent(bounce_edit_store(edit), bounce_edit_pool(edit),
			bounce_sent_day(mail->when - DAY_SECS), &day, error_r);
	return ret > 0 ? (bounce_sent_saw(&day, mail->message_id) ? 1 : 0) :
		ret;
}

/* Mails are mostly of one day: it is read and written once for all of them. */
struct open_day {
	struct bounce_sent day;
	/* it has begun; it is to be written */
	bool exists, changed;
};

static void close_day(struct bounce_edit *edit, struct open_day *open)
{
	if (open->changed)
		put_sent(edit, &open->day);
	open->changed = FALSE;
}

static int
open_day(struct bounce_edit *edit, struct open_day *open, time_t when,
	 const char **error_r)
{
	const char *id = bounce_sent_day(when);
	int ret;

	if (open->day.id != NULL && strcmp(open->day.id, id) == 0)
		return 0;
	close_day(edit, open);
	ret = read_sent(bounce_edit_store(edit), bounce_edit_pool(edit), id,
			&open->day, error_r);
	open->exists = ret > 0;
	return ret < 0 ? -1 : 0;
}

/* 1 = counted, 0 = nothing to count */
static int
edit_mail(struct bounce_edit *edit, struct open_day *open,
	  const struct bounce_sent_mail *mail, bool *bounced_r,
	  const char **error_r)
{
	pool_t pool = bounce_edit_pool(edit);
	struct bounce_sent *day = &open->day;
	int ret;

	if (open_day(edit, open, mail->when, error_r) < 0)
		return -1;
	*bounced_r = bounce_sent_bounced(day, mail->message_id);
	if (mail->recipients == 0 || bounce_sent_saw(day, mail->message_id))
		return 0;
	ret = seen_yesterday(edit, mail, error_r);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if ((!open->exists || (mail->verifiable && !day->verifiable)) &&
	    begin_day(edit, day->id, mail->verifiable, mail->when, error_r) < 0)
		return -1;
	(void)bounce_sent_see(day, pool, mail->message_id);
	bounce_sent_count(day, pool, mail);
	open->exists = open->changed = TRUE;
	return count_mail(edit, day, mail, error_r) < 0 ? -1 : 1;
}

static int
try_add(struct bounce_store *store, const struct bounce_sent_mail *mails,
	unsigned int count, bool *bounced_r, const char **error_r)
{
	struct bounce_edit *edit;
	struct open_day open;
	int ret = 0, counted = 0;

	if (bounce_edit_begin(store, &edit, error_r) < 0)
		return -1;
	i_zero(&open);
	for (unsigned int i = 0; i < count && ret >= 0; i++) {
		const char *error;

		T_BEGIN {
			ret = edit_mail(edit, &open, &mails[i], &bounced_r[i],
					&error);
			if (ret < 0)
				error = p_strdup(bounce_edit_pool(edit), error);
		} T_END;
		if (ret > 0)
			counted++;
		else if (ret < 0)
			*error_r = t_strdup(error);
	}
	if (ret < 0 || counted == 0) {
		bounce_edit_cancel(&edit);
		return ret < 0 ? -1 : 0;
	}
	close_day(edit, &open);
	ret = bounce_edit_commit(&edit, error_r);
	return ret < 0 ? ret : counted;
}

int bounce_sender_add(struct bounce_store *store,
		      const struct bounce_sent_mail *mails, unsigned int count,
		      bool *bounced_r, const char **error_r)
{
	int ret = BOUNCE_EDIT_AGAIN;

	memset(bounced_r, 0, count * sizeof(*bounced_r));
	if (bounce_store_ready(store, error_r) < 0)
		return -1;
	for (unsigned int i = 0; i < MAX_TRIES && ret == BOUNCE_EDIT_AGAIN; i++)
		ret = try_add(store, mails, count, bounced_r, error_r);
	return ret < 0 ? -1 : ret;
}

/*
 * What came back
 */

time_t bounce_sender_date(const struct bounce_report *report, time_t now)
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
	    when < now - BOUNCE_SENDER_KEEP_DAYS * DAY_SECS)
		return now;
	return when;
}

static bool
knows(struct bounce_sent *day, const char *id,
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
find_day(struct bounce_edit *edit, const struct bounce_report *report,
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

		ret = read_sent(bounce_edit_store(edit), bounce_edit_pool(edit),
				name, &day, error_r);
		if (ret < 0)
			return -1;
		known = knows(&day, id, report);
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
static void check_level(struct bounce_store *store, struct bounce_sent *sent)
{
	struct bounce_rate rate;

	bounce_rate_judge(sent, 0, &rate);
	if (rate.level <= sent->level)
		return;
	sent->level = rate.level;
	p_clear(store->crossed_pool);
	store->crossed = p_new(store->crossed_pool, struct bounce_sent, 1);
	bounce_sent_init(store->crossed, store->crossed_pool, sent->id);
	bounce_rate_sum(store->crossed, store->crossed_pool, sent);
	store->crossed->subject = p_strdup(store->crossed_pool, sent->subject);
	store->crossed->level = sent->level;
}

/* It is known to be this user's: a copy that comes later gets its mark, too. */
static void
remember_bounced(struct bounce_sent *day, pool_t pool,
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

int bounce_sender_fail(struct bounce_edit *edit,
		       const struct bounce_report *report,
		       const ARRAY_TYPE(bounce_incident) *incidents,
		       time_t now, const char **error_r)
{
	struct bounce_store *store = bounce_edit_store(edit);
	pool_t pool = bounce_edit_pool(edit);
	struct bounce_sent day, sent, *mail;
	const char *id;
	int ret;

	ret = find_day(edit, report, bounce_sender_date(report, now), &day, &id,
		       error_r);
	if (ret < 0 ||
	    (ret == 0 && begin_day(edit, day.id, FALSE, now, error_r) < 0))
		return -1;
	(void)fail_all(&day, pool, incidents);
	remember_bounced(&day, pool, report, incidents);
	mail = bounce_sent_find(&day, id);
	if (mail != NULL) {
		(void)fail_all(mail, pool, incidents);
	} else if (bounce_sent_is_broadcast(&day, id)) {
		if (read_sent(store, pool, id, &sent, error_r) < 0)
			return -1;
		if (fail_all(&sent, pool, incidents)) {
			check_level(store, &sent);
			put_sent(edit, &sent);
		}
	}
	put_sent(edit, &day);
	return 0;
}

const struct bounce_sent *bounce_sender_crossed(struct bounce_store *store)
{
	return store->crossed;
}
