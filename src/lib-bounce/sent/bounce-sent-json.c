/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"
#include "bounce-sent.h"

#include <jansson.h>
#include <stdlib.h>

#define BOUNCE_SENT_VERSION 1
#define MAX_ID 40

static const char *const bounce_rate_level_names[BOUNCE_RATE_COUNT + 1] = {
	"none", "notice", "warning", "critical", "our-side"
};
static const char *const bounce_cause_kind_names[BOUNCE_CAUSE_COUNT + 1] = {
	"sender", "words", "domain", "host"
};

BOUNCE_NAMES(rate_level, BOUNCE_RATE_COUNT)
BOUNCE_NAMES(cause_kind, BOUNCE_CAUSE_COUNT)

/*
 * Encode. What is 0 is left out: a day holds many small ones.
 */

static void sent_set_count(json_t *json, const char *name, unsigned int count)
{
	if (count > 0)
		json_object_set_new(json, name, json_integer(count));
}

static void
sent_set_text(json_t *json, const char *name, const char *text, size_t max)
{
	if (text != NULL)
		json_object_set_new(json, name, json_string(
			bounce_record_clean(text, max)));
}

static void
sent_set_hashes(json_t *json, const char *name, const string_t *hashes,
		unsigned int max)
{
	if (hashes != NULL)
		sent_set_text(json, name, str_c((string_t *)hashes),
			      max * BOUNCE_SENT_HASH);
}

static void sent_set_causes(json_t *json, const struct bounce_sent *sent)
{
	const struct bounce_cause *cause;
	json_t *array;

	if (array_is_empty(&sent->causes))
		return;
	array = json_array();
	array_foreach(&sent->causes, cause) {
		json_t *elem = json_object();

		sent_set_text(elem, "kind", bounce_cause_kind_name(cause->kind),
			      MAX_ID);
		sent_set_text(elem, "text", cause->text, BOUNCE_MAX_CAUSE);
		sent_set_count(elem, "count", cause->count);
		json_array_append_new(array, elem);
	}
	json_object_set_new(json, "causes", array);
}

static json_t *sent_encode(const struct bounce_sent *sent, bool whole);

static void sent_set_mails(json_t *json, const struct bounce_sent *day)
{
	const struct bounce_sent_envelope *envelope;
	const struct bounce_sent *mail;
	const char *id;
	json_t *array;

	if (!array_is_empty(&day->mails)) {
		array = json_array();
		array_foreach(&day->mails, mail)
			json_array_append_new(array, sent_encode(mail, FALSE));
		json_object_set_new(json, "mails", array);
	}
	if (!array_is_empty(&day->broadcasts)) {
		array = json_array();
		array_foreach_elem(&day->broadcasts, id)
			json_array_append_new(array, json_string(id));
		json_object_set_new(json, "broadcasts", array);
	}
	if (!array_is_empty(&day->recent)) {
		array = json_array();
		array_foreach(&day->recent, envelope)
			json_array_append_new(array,
				bounce_sent_envelope_encode(envelope));
		json_object_set_new(json, "recent", array);
	}
}

/* Within a day the subject is left out: the next mail brings it again, and a
   list of what was written about is none of the day's business. */
static json_t *sent_encode(const struct bounce_sent *sent, bool whole)
{
	json_t *json = json_object();

	sent_set_text(json, "id", sent->id, MAX_ID);
	if (whole)
		sent_set_text(json, "subject", sent->subject,
			      BOUNCE_MAX_SUBJECT);
	sent_set_count(json, "messages", sent->messages);
	sent_set_count(json, "saved", sent->saved);
	sent_set_count(json, "sent", sent->sent);
	sent_set_count(json, "failed", sent->failed);
	for (unsigned int i = 0; i < BOUNCE_CLASS_COUNT; i++)
		sent_set_count(json, bounce_class_name(i), sent->class[i]);
	for (unsigned int i = 0; i < BOUNCE_SIDE_COUNT; i++)
		sent_set_count(json, bounce_side_name(i), sent->side[i]);
	sent_set_count(json, "complaints", sent->complaints);
	sent_set_count(json, "suppressed", sent->suppressed);
	sent_set_count(json, "held", sent->held);
	if (sent->verifiable)
		json_object_set_new(json, "verifiable", json_true());
	if (sent->open)
		json_object_set_new(json, "open", json_true());
	sent_set_hashes(json, "bounced", sent->bounced,
			BOUNCE_MAX_SENT_BOUNCED);
	if (sent->level != BOUNCE_RATE_NONE)
		sent_set_text(json, "level",
			      bounce_rate_level_name(sent->level),
			      MAX_ID);
	sent_set_causes(json, sent);
	sent_set_mails(json, sent);
	sent_set_hashes(json, "failures", sent->failures,
			BOUNCE_MAX_SENT_FAILED);
	sent_set_hashes(json, "seen", sent->seen, BOUNCE_MAX_SENT_FAILED);
	return json;
}

const char *bounce_sent_encode(const struct bounce_sent *sent)
{
	json_t *json = sent_encode(sent, TRUE);
	char *text;
	const char *ret;

	json_object_set_new(json, "v", json_integer(BOUNCE_SENT_VERSION));
	text = json_dumps(json, JSON_COMPACT);
	i_assert(text != NULL);
	ret = t_strdup(text);
	free(text);
	json_decref(json);
	return ret;
}

/*
 * Decode
 */

static unsigned int sent_get_count(const json_t *json, const char *name)
{
	json_int_t number = json_integer_value(json_object_get(json, name));

	return number < 0 ? 0 :
		(number > INT_MAX ? INT_MAX : (unsigned int)number);
}

static const char *
sent_get_text(pool_t pool, const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL || *text == '\0' ? NULL : p_strdup(pool, text);
}

static string_t *
sent_get_hashes(pool_t pool, const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));
	string_t *hashes;

	if (text == NULL || *text == '\0')
		return NULL;
	hashes = str_new(pool, strlen(text) + 64);
	str_append(hashes, text);
	return hashes;
}

static void
sent_get_causes(pool_t pool, const json_t *json, struct bounce_sent *sent)
{
	const json_t *elem;
	size_t idx;

	json_array_foreach(json_object_get(json, "causes"), idx, elem) {
		struct bounce_cause cause;
		const char *kind = sent_get_text(pool, elem, "kind");

		cause.text = sent_get_text(pool, elem, "text");
		cause.count = sent_get_count(elem, "count");
		if (kind == NULL || cause.text == NULL || cause.count == 0 ||
		    bounce_cause_kind_parse(kind, &cause.kind) < 0)
			continue;
		array_push_back(&sent->causes, &cause);
		if (array_count(&sent->causes) >=
		    BOUNCE_MAX_CAUSES * BOUNCE_CAUSE_COUNT)
			break;
	}
}

static bool
sent_decode(pool_t pool, const json_t *json, struct bounce_sent *sent_r);

static void
sent_get_mails(pool_t pool, const json_t *json, struct bounce_sent *day)
{
	const json_t *elem;
	size_t idx;

	json_array_foreach(json_object_get(json, "mails"), idx, elem) {
		struct bounce_sent mail;

		if (idx >= BOUNCE_MAX_SENT_MAILS)
			break;
		if (json_object_get(elem, "mails") == NULL &&
		    sent_decode(pool, elem, &mail))
			array_push_back(&day->mails, &mail);
	}
	json_array_foreach(json_object_get(json, "broadcasts"), idx, elem) {
		const char *id = json_string_value(elem);

		if (idx >= BOUNCE_MAX_BROADCASTS)
			break;
		if (id != NULL) {
			id = p_strdup(pool, id);
			array_push_back(&day->broadcasts, &id);
		}
	}
	json_array_foreach(json_object_get(json, "recent"), idx, elem) {
		struct bounce_sent_envelope envelope;

		if (idx >= BOUNCE_MAX_SENT_RECENT)
			break;
		if (bounce_sent_envelope_decode(pool, elem, &envelope))
			array_push_back(&day->recent, &envelope);
	}
}

static bool
sent_decode(pool_t pool, const json_t *json, struct bounce_sent *sent_r)
{
	const char *id = sent_get_text(pool, json, "id");
	const char *level;

	if (id == NULL || bounce_sent_day_time(id) == (time_t)-1)
		return FALSE;
	bounce_sent_init(sent_r, pool, id);
	sent_r->subject = sent_get_text(pool, json, "subject");
	sent_r->messages = sent_get_count(json, "messages");
	sent_r->saved = sent_get_count(json, "saved");
	sent_r->sent = sent_get_count(json, "sent");
	sent_r->failed = sent_get_count(json, "failed");
	for (unsigned int i = 0; i < BOUNCE_CLASS_COUNT; i++)
		sent_r->class[i] = sent_get_count(json, bounce_class_name(i));
	for (unsigned int i = 0; i < BOUNCE_SIDE_COUNT; i++)
		sent_r->side[i] = sent_get_count(json, bounce_side_name(i));
	sent_r->complaints = sent_get_count(json, "complaints");
	sent_r->suppressed = sent_get_count(json, "suppressed");
	sent_r->held = sent_get_count(json, "held");
	sent_r->verifiable = json_is_true(json_object_get(json, "verifiable"));
	sent_r->open = json_is_true(json_object_get(json, "open"));
	sent_r->bounced = sent_get_hashes(pool, json, "bounced");
	sent_r->failures = sent_get_hashes(pool, json, "failures");
	level = sent_get_text(pool, json, "level");
	if (level != NULL)
		(void)bounce_rate_level_parse(level, &sent_r->level);
	sent_get_causes(pool, json, sent_r);
	sent_get_mails(pool, json, sent_r);
	sent_r->seen = sent_get_hashes(pool, json, "seen");
	return TRUE;
}

int bounce_sent_decode(pool_t pool, const char *json_text,
		       struct bounce_sent *sent_r, const char **error_r)
{
	json_error_t error;
	json_t *json = json_loads(json_text, 0, &error);
	int ret = 0;

	if (json == NULL) {
		*error_r = t_strdup_printf("Sent record is not valid JSON: %s",
					   error.text);
		return -1;
	}
	if (!sent_decode(pool, json, sent_r)) {
		*error_r = "Sent record has no valid id";
		ret = -1;
	}
	json_decref(json);
	return ret;
}
