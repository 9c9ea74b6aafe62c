/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "hex-binary.h"
#include "message-date.h"
#include "sha1.h"
#include "str.h"
#include "utc-mktime.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-record.h"
#include "bounce-sent.h"
#include "bounce-string.h"

#include <ctype.h>
#include <time.h>

/* "YYYYMMDD" */
#define DAY_LEN 8
/* Hex digits of a broadcast's id: a user has few in a day. */
#define ID_BYTES 4

/*
 * Days and ids
 */

const char *bounce_sent_day(time_t when)
{
	const struct tm *tm = gmtime(&when);

	return t_strdup_printf("%04d%02d%02d", tm->tm_year + 1900,
			       tm->tm_mon + 1, tm->tm_mday);
}

time_t bounce_sent_day_time(const char *day)
{
	struct tm tm;
	unsigned int number = 0;

	for (unsigned int i = 0; i < DAY_LEN; i++) {
		if (!i_isdigit(day[i]))
			return -1;
		number = number * 10 + (day[i] - '0');
	}
	i_zero(&tm);
	tm.tm_year = (int)(number / 10000) - 1900;
	tm.tm_mon = (int)(number / 100 % 100) - 1;
	tm.tm_mday = (int)(number % 100);
	return utc_mktime(&tm);
}

bool bounce_sent_date(const char *headers, time_t *date_r)
{
	int zone;

	while (headers != NULL && strncasecmp(headers, "Date:", 5) != 0) {
		headers = strchr(headers, '\n');
		if (headers != NULL)
			headers++;
	}
	if (headers == NULL)
		return FALSE;
	headers += 5;
	return message_date_parse((const unsigned char *)headers,
				  strcspn(headers, "\n"), date_r, &zone);
}

/* Mailers fold and unfold subjects: runs of white space are one. */
static const char *t_sent_subject(const char *subject)
{
	string_t *str = t_str_new(64);

	for (; subject != NULL && *subject != '\0'; subject++) {
		if (!i_isspace(*subject))
			str_append_c(str, *subject);
		else if (str_len(str) > 0 && !i_isspace(subject[1]) &&
			 subject[1] != '\0')
			str_append_c(str, ' ');
	}
	return str_c(str);
}

const char *bounce_sent_id(const char *day, const char *subject,
			   const char *message_id)
{
	unsigned char digest[SHA1_RESULTLEN];
	const char *what = t_sent_subject(subject);

	/* A Message-ID has < >, so that no subject is one. */
	if (*what == '\0' && message_id != NULL)
		what = message_id;
	sha1_get_digest(what, strlen(what), digest);
	return t_strdup_printf("%.*s-%s", DAY_LEN, day,
			       binary_to_hex(digest, ID_BYTES));
}

const char *bounce_sent_key(const char *id)
{
	return t_strconcat(BOUNCE_DICT_SENT_PREFIX, id, NULL);
}

/* What is no day has a "-". */
static bool sent_is_day(const struct bounce_sent *sent)
{
	return sent->id[DAY_LEN] == '\0';
}

void bounce_sent_init(struct bounce_sent *sent_r, pool_t pool, const char *id)
{
	i_zero(sent_r);
	sent_r->id = p_strdup(pool, id);
	p_array_init(&sent_r->causes, pool, 4);
	p_array_init(&sent_r->mails, pool, 1);
	p_array_init(&sent_r->broadcasts, pool, 1);
	p_array_init(&sent_r->recent, pool, 1);
}

/*
 * Hashes that were seen
 */

static const char *t_sent_hash(const char *text)
{
	unsigned char digest[SHA1_RESULTLEN];
	string_t *str = t_str_new(32);

	sha1_get_digest(text, strlen(text), digest);
	base64_encode(digest, sizeof(digest), str);
	str_truncate(str, BOUNCE_SENT_HASH);
	return str_c(str);
}

static bool sent_seen_has(const string_t *seen, const char *hash)
{
	size_t len = str_len(seen);

	/* the latest are asked for most */
	while (len >= BOUNCE_SENT_HASH) {
		len -= BOUNCE_SENT_HASH;
		if (memcmp(str_data(seen) + len, hash, BOUNCE_SENT_HASH) == 0)
			return TRUE;
	}
	return FALSE;
}

/* TRUE if text was new; then it is remembered, and the oldest forgotten. */
static bool
sent_remember(string_t **hashes, pool_t pool, const char *text,
	      unsigned int max)
{
	const char *hash = t_sent_hash(text);

	if (*hashes == NULL)
		*hashes = str_new(pool, 64);
	if (sent_seen_has(*hashes, hash))
		return FALSE;
	if (str_len(*hashes) >= max * BOUNCE_SENT_HASH) {
		str_delete(*hashes, 0, str_len(*hashes) -
			   (max - 1) * BOUNCE_SENT_HASH);
	}
	str_append(*hashes, hash);
	return TRUE;
}

static bool sent_remembers(const string_t *hashes, const char *text)
{
	return text != NULL && hashes != NULL &&
		sent_seen_has(hashes, t_sent_hash(text));
}

bool bounce_sent_see(struct bounce_sent *day, pool_t pool,
		     const char *message_id)
{
	/* what has none cannot be told apart: it counts */
	return message_id != NULL &&
		!sent_remember(&day->seen, pool, message_id,
			       BOUNCE_MAX_SENT_SEEN);
}

bool bounce_sent_saw(const struct bounce_sent *day, const char *message_id)
{
	return sent_remembers(day->seen, message_id);
}

void bounce_sent_bounce(struct bounce_sent *day, pool_t pool,
			const char *message_id)
{
	if (message_id != NULL)
		(void)sent_remember(&day->bounced, pool, message_id,
				    BOUNCE_MAX_SENT_BOUNCED);
}

bool bounce_sent_bounced(const struct bounce_sent *day,
			 const char *message_id)
{
	return sent_remembers(day->bounced, message_id);
}

/*
 * What was sent
 */

void bounce_sent_count(struct bounce_sent *sent, pool_t pool,
		       const struct bounce_sent_mail *mail)
{
	const char *subject = t_sent_subject(mail->subject);

	sent->held += mail->held;
	if (mail->recipients > 0)
		sent->messages++;
	sent->sent += mail->recipients;
	if (mail->saved)
		sent->saved++;
	if (mail->verifiable && sent_is_day(sent))
		sent->verifiable = TRUE;
	if (sent->subject == NULL && !sent_is_day(sent) && *subject != '\0')
		sent->subject = p_strdup(pool, subject);
}

void bounce_sent_complete(struct bounce_sent *sent, unsigned int copied,
			  unsigned int recipients)
{
	if (recipients > copied)
		sent->sent += recipients - copied;
	if (sent->saved > 0)
		sent->saved--;
}

static int sent_find_mail(struct bounce_sent *day, const char *id)
{
	unsigned int i, count;
	const struct bounce_sent *mails = array_get(&day->mails, &count);

	for (i = count; i > 0; i--) {
		if (strcmp(mails[i - 1].id, id) == 0)
			return (int)i - 1;
	}
	return -1;
}

struct bounce_sent *
bounce_sent_find(struct bounce_sent *day, const char *id)
{
	int idx = sent_find_mail(day, id);

	return idx < 0 ? NULL : array_idx_modifiable(&day->mails, idx);
}

/* The oldest whose copy has not come, else the oldest. */
static void sent_make_room(struct bounce_sent *day)
{
	unsigned int i, count;
	const struct bounce_sent *mails = array_get(&day->mails, &count);

	if (count < BOUNCE_MAX_SENT_MAILS)
		return;
	for (i = 0; i < count && mails[i].messages > 0; i++) ;
	array_delete(&day->mails, i == count ? 0 : i, 1);
}

struct bounce_sent *
bounce_sent_get(struct bounce_sent *day, pool_t pool, const char *id)
{
	struct bounce_sent mail;
	int idx = sent_find_mail(day, id);

	if (idx >= 0) {
		mail = *array_idx(&day->mails, idx);
		array_delete(&day->mails, idx, 1);
	} else {
		bounce_sent_init(&mail, pool, id);
		sent_make_room(day);
	}
	array_push_back(&day->mails, &mail);
	return array_idx_modifiable(&day->mails, array_count(&day->mails) - 1);
}

bool bounce_sent_is_broadcast(const struct bounce_sent *day, const char *id)
{
	const char *broadcast;

	array_foreach_elem(&day->broadcasts, broadcast) {
		if (strcmp(broadcast, id) == 0)
			return TRUE;
	}
	return FALSE;
}

bool bounce_sent_promote(struct bounce_sent *day, pool_t pool, const char *id,
			 struct bounce_sent *sent_r)
{
	int idx = sent_find_mail(day, id);
	const struct bounce_sent *mail;

	if (idx < 0)
		return FALSE;
	mail = array_idx(&day->mails, idx);
	if (mail->sent < BOUNCE_RATE_MINIMUM ||
	    array_count(&day->broadcasts) >= BOUNCE_MAX_BROADCASTS)
		return FALSE;
	*sent_r = *mail;
	array_delete(&day->mails, idx, 1);
	id = p_strdup(pool, id);
	array_push_back(&day->broadcasts, &id);
	return TRUE;
}

/*
 * What failed
 */

/* Numbers, hex strings, and addresses differ from mail to mail: only the words
   are compared. */
static const char *t_sent_words(const char *diagnostic, const char *address)
{
	string_t *str = t_str_new(128);
	size_t alen = strlen(address);

	while (*diagnostic != '\0' && str_len(str) < BOUNCE_MAX_CAUSE) {
		size_t len = strcspn(diagnostic, " \t");
		bool digits = FALSE;

		for (size_t i = 0; i < len; i++) {
			if (i_isdigit(diagnostic[i]) || diagnostic[i] == '@')
				digits = TRUE;
		}
		if (len > 0 && !digits &&
		    (len < alen || strncasecmp(diagnostic, address, alen) != 0)) {
			if (str_len(str) > 0)
				str_append_c(str, ' ');
			str_append_data(str, diagnostic, len);
		}
		diagnostic += len;
		diagnostic += strspn(diagnostic, " \t");
	}
	str_truncate(str, bounce_string_cut(str_c(str), str_len(str),
					    BOUNCE_MAX_CAUSE));
	return str_c(str);
}

/* The rarest makes room: what most failures share stays (Misra and Gries). */
static void
sent_add_cause(struct bounce_sent *sent, pool_t pool,
	       enum bounce_cause_kind kind, const char *text)
{
	struct bounce_cause *cause, *rarest = NULL;
	unsigned int count = 0;

	if (text == NULL || *text == '\0')
		return;
	array_foreach_modifiable(&sent->causes, cause) {
		if (cause->kind != kind)
			continue;
		if (strcasecmp(cause->text, text) == 0) {
			cause->count++;
			return;
		}
		if (rarest == NULL || cause->count <= rarest->count)
			rarest = cause;
		count++;
	}
	if (count < BOUNCE_MAX_CAUSES) {
		cause = array_append_space(&sent->causes);
	} else {
		cause = rarest;
		if (--cause->count > 0)
			return;
	}
	cause->kind = kind;
	cause->text = p_strdup(pool, text);
	cause->count = 1;
}

/* A dead address and a full mailbox are nobody else's fault, however many say
   it in the same words. */
static bool sent_is_shared(const struct bounce_incident *incident)
{
	return incident->class != BOUNCE_CLASS_HARD &&
		incident->side != BOUNCE_SIDE_RECIPIENT;
}

static void
sent_add_causes(struct bounce_sent *sent, pool_t pool,
		const struct bounce_incident *incident)
{
	const char *at = strrchr(incident->address, '@');

	if (!sent_is_shared(incident))
		return;
	if (incident->side == BOUNCE_SIDE_SENDER && incident->reason != NULL)
		sent_add_cause(sent, pool, BOUNCE_CAUSE_SENDER,
			       incident->reason->name);
	if (incident->diagnostic != NULL)
		sent_add_cause(sent, pool, BOUNCE_CAUSE_WORDS,
			       t_sent_words(incident->diagnostic,
					    incident->address));
	if (at != NULL)
		sent_add_cause(sent, pool, BOUNCE_CAUSE_DOMAIN, at + 1);
	sent_add_cause(sent, pool, BOUNCE_CAUSE_HOST, incident->remote_mta);
}

static bool sent_is_untried(const struct bounce_incident *incident)
{
	return incident->reason != NULL &&
		strcmp(incident->reason->name, "suppressed") == 0;
}

/* No address has a blank. */
static const char *t_sent_what(const struct bounce_incident *incident)
{
	return incident->complaint ?
		t_strconcat(incident->address, " complains", NULL) :
		incident->address;
}

static bool sent_is_new(struct bounce_sent *sent, pool_t pool,
			const struct bounce_incident *incident)
{
	const char *what = t_sent_what(incident);

	return sent_is_day(sent) ?
		sent_remember(&sent->failures, pool,
			      t_strconcat(incident->report_id, " ", what, NULL),
			      BOUNCE_MAX_SENT_FAILED) :
		sent_remember(&sent->seen, pool, what, BOUNCE_MAX_SENT_FAILED);
}

bool bounce_sent_knows_failures(const struct bounce_sent *day)
{
	size_t known = day->failures == NULL ? 0 : str_len(day->failures);

	return known / BOUNCE_SENT_HASH ==
		(size_t)day->failed + day->complaints + day->suppressed;
}

bool bounce_sent_is_open(const struct bounce_sent *sent)
{
	return sent->open || sent->sent == 0 || sent->failed > sent->sent;
}

bool bounce_sent_fail(struct bounce_sent *sent, pool_t pool,
		      const struct bounce_incident *incident)
{
	bool is_new;

	T_BEGIN {
		is_new = sent_is_new(sent, pool, incident);
	} T_END;
	if (!is_new)
		return FALSE;
	if (incident->complaint) {
		sent->complaints++;
		return TRUE;
	}
	if (sent_is_untried(incident)) {
		sent->suppressed++;
		return TRUE;
	}
	sent->failed++;
	sent->class[incident->class]++;
	sent->side[incident->side]++;
	sent_add_causes(sent, pool, incident);
	return TRUE;
}
