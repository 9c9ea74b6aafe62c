/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The words on the wire. They are English: SMTP is ASCII, and before the mail is
   read nobody's language is known. */

#include "lib.h"
#include "str.h"
#include "bounce-hold.h"
#include "bounce-reason.h"
#include "bounce-texts.h"

#include <ctype.h>
#include <time.h>

/* Of one address; what is longer is cut. */
#define MAX_ONE 200
#define MAX_TWO 130
/* What follows the list of several, at most. */
#define MAX_TAIL 100

static bool hold_is_held(const struct bounce_hold *hold)
{
	return hold->decision == BOUNCE_HOLD_HOLD;
}

static const char *t_hold_ascii(const char *text, size_t max)
{
	string_t *str = t_str_new(64);

	for (; *text != '\0'; text++) {
		if (str_len(str) >= max) {
			str_append(str, "...");
			break;
		}
		/* one for each character of UTF-8 */
		if (((unsigned char)*text & 0xc0) != 0x80)
			str_append_c(str, (unsigned char)*text < 0x20 ||
				     (unsigned char)*text >= 0x7f ? '?' :
				     *text);
	}
	return str_c(str);
}

/* " (since 2026-11-20)" */
static const char *t_hold_day(const char *word, time_t when)
{
	struct tm tm;

	if (when <= 0 || gmtime_r(&when, &tm) == NULL || tm.tm_year > 8099)
		return "";
	return t_strdup_printf(" (%s %04d-%02d-%02d)", word, tm.tm_year + 1900,
			       tm.tm_mon + 1, tm.tm_mday);
}

/* ": the mailbox is full" */
static const char *t_hold_meaning(const struct bounce_record *rec)
{
	const struct bounce_reason *reason = rec->reason == NULL ? NULL :
		bounce_reason_find(rec->reason);
	const char *text;
	string_t *str;
	size_t len;

	if (reason == NULL || strcmp(reason->name, "undetermined") == 0)
		return "";
	/* the usual case in the words that mail programs know (RFC 3463, X.1.1) */
	if (strcmp(reason->name, "mailbox-unknown") == 0)
		return ": no such mailbox";
	text = t_hold_ascii(bounce_texts_meaning(NULL, reason), MAX_TAIL);
	str = t_str_new(MAX_TAIL);
	/* "We kept trying", but not "I" or "IP" */
	str_printfa(str, ": %c%s", tolower((unsigned char)text[0]), text + 1);
	len = str_len(str);
	if (str_c(str)[len - 1] == '.')
		str_truncate(str, len - 1);
	return str_c(str);
}

static const char *t_hold_while(unsigned int secs)
{
	unsigned int count = secs % 3600 == 0 ? secs / 3600 :
		secs >= 60 ? secs / 60 : secs;

	return t_strdup_printf("%u %s%s", count, secs % 3600 == 0 ? "hour" :
			       secs >= 60 ? "minute" : "second",
			       count == 1 ? "" : "s");
}

time_t bounce_hold_since(const struct bounce_record *rec)
{
	if (rec->state == BOUNCE_STATE_SUPPRESSED &&
	    rec->by == BOUNCE_BY_BOUNCE)
		return rec->since > 0 ? rec->since : rec->first;
	return rec->by == BOUNCE_BY_IMPORT ? rec->first : rec->last;
}

static const char *
t_hold_text_one(const struct bounce_hold_settings *set,
		const struct bounce_hold *hold)
{
	const struct bounce_record *rec = hold->rec;
	const char *address = t_hold_ascii(hold->address, MAX_ONE);
	time_t since = bounce_hold_since(rec);

	if (rec->state == BOUNCE_STATE_CORRECTED) {
		return t_strdup_printf("Not sent. %s is noted as %s. "
			"Send to that address.",
			t_hold_ascii(hold->address, MAX_TWO),
			t_hold_ascii(rec->corrected == NULL ? "another" :
				     rec->corrected, MAX_TWO));
	}
	if (rec->by == BOUNCE_BY_COMPLAINT) {
		return t_strdup_printf("Not sent. %s objected to your mail%s. "
			"Do not write there again.", address,
			t_hold_day("on", since));
	}
	if (rec->by == BOUNCE_BY_USER) {
		return t_strdup_printf("Not sent. You took %s off%s. "
			"Allow it again before you write there.", address,
			t_hold_day("on", since));
	}
	return t_strdup_printf("Not sent. %s does not work%s%s. Correct it%s.",
		address, t_hold_meaning(rec), t_hold_day("since", since),
		!bounce_hold_may_go_again(set, rec) ? "" : t_strdup_printf(
			", or send again within %s to try all the same",
			t_hold_while(set->again)));
}

/* Of several: "bob@example.net does not work" */
static const char *t_hold_item(const struct bounce_hold *hold)
{
	const struct bounce_record *rec = hold->rec;
	const char *address = t_hold_ascii(hold->address, MAX_ONE);

	if (rec->state == BOUNCE_STATE_CORRECTED) {
		return t_strdup_printf("%s is noted as %s",
			t_hold_ascii(hold->address, MAX_TWO),
			t_hold_ascii(rec->corrected == NULL ? "another" :
				     rec->corrected, MAX_TWO));
	}
	if (rec->by == BOUNCE_BY_COMPLAINT)
		return t_strconcat(address, " objected to your mail", NULL);
	if (rec->by == BOUNCE_BY_USER)
		return t_strdup_printf("you took %s off", address);
	return t_strconcat(address, " does not work", NULL);
}

static const char *
t_hold_text_many(const struct bounce_hold_settings *set,
		 const struct bounce_hold *holds, unsigned int count,
		 unsigned int held)
{
	string_t *str = t_str_new(BOUNCE_HOLD_MAX_TEXT);
	unsigned int i, shown = 0;
	bool again = FALSE;

	str_append(str, "Not sent, to nobody: ");
	for (i = 0; i < count; i++) {
		const char *item;

		if (!hold_is_held(&holds[i]))
			continue;
		again = again || bounce_hold_may_go_again(set, holds[i].rec);
		item = t_hold_item(&holds[i]);
		if (shown > 0 && str_len(str) + strlen(item) + 2 >
		    BOUNCE_HOLD_MAX_TEXT - MAX_TAIL)
			continue;
		if (shown++ > 0)
			str_append(str, "; ");
		str_append(str, item);
	}
	if (shown < held)
		str_printfa(str, "; and %u more", held - shown);
	str_append(str, ". Correct them");
	if (again) {
		str_printfa(str, ", or send again within %s to try those that "
			    "do not work", t_hold_while(set->again));
	}
	str_append_c(str, '.');
	return str_c(str);
}

const char *bounce_hold_text(const struct bounce_hold_settings *set,
			     const struct bounce_hold *holds,
			     unsigned int count)
{
	const struct bounce_hold *one = NULL;
	unsigned int held = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (hold_is_held(&holds[i])) {
			one = &holds[i];
			held++;
		}
	}
	if (one == NULL)
		return "";
	return held == 1 ? t_hold_text_one(set, one) :
		t_hold_text_many(set, holds, count, held);
}

const char *bounce_hold_status(const struct bounce_hold *holds,
			       unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		/* 5.1.1: no such mailbox; 5.7.1: refused, not authorised */
		if (hold_is_held(&holds[i]) &&
		    (holds[i].rec->by != BOUNCE_BY_COMPLAINT ||
		     holds[i].rec->state == BOUNCE_STATE_CORRECTED))
			return "5.1.1";
	}
	return "5.7.1";
}
