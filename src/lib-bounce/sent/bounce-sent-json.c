/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-json.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"
#include "bounce-sent-private.h"

#include <jansson.h>

#define BOUNCE_SENT_VERSION 1
/* Of a name. */
#define MAX_NAME 40

/*
 * Encode. What is 0 is left out: a day holds many small ones.
 */

static void
sent_append_count(string_t *json, const char *name, unsigned int count)
{
	if (count > 0) {
		bounce_json_append_name(json, name);
		str_append(json, dec2str(count));
	}
}

static void
sent_append_text(string_t *json, const char *name, const char *text, size_t max)
{
	if (text != NULL) {
		bounce_json_append_name(json, name);
		bounce_json_append_text(json, bounce_record_clean(text, max));
	}
}

static void sent_append_cause(string_t *json, const struct bounce_cause *cause)
{
	bounce_json_append_comma(json);
	str_append_c(json, '{');
	sent_append_text(json, "kind", bounce_cause_kind_name(cause->kind),
			 MAX_NAME);
	sent_append_text(json, "text", cause->text, BOUNCE_MAX_CAUSE);
	sent_append_count(json, "count", cause->count);
	str_append_c(json, '}');
}

static void
sent_append(string_t *json, const struct bounce_sent *sent, bool whole);

static void
sent_append_array(string_t *json, const struct bounce_sent_member *member,
		  const struct bounce_sent *sent)
{
	const struct bounce_cause *cause;
	const struct bounce_sent_envelope *envelope;
	const struct bounce_sent *mail;
	const char *id;

	/* the type of its elements does not matter */
	if (array_is_empty((const ARRAY_TYPE(bounce_cause) *)
			   CONST_PTR_OFFSET(sent, member->offset)))
		return;
	bounce_json_append_name(json, member->name);
	str_append_c(json, '[');
	if (member->type == BOUNCE_SENT_CAUSES) {
		array_foreach(&sent->causes, cause)
			sent_append_cause(json, cause);
	} else if (member->type == BOUNCE_SENT_MAILS) {
		array_foreach(&sent->mails, mail) {
			bounce_json_append_comma(json);
			sent_append(json, mail, FALSE);
		}
	} else if (member->type == BOUNCE_SENT_IDS) {
		array_foreach_elem(&sent->broadcasts, id) {
			bounce_json_append_comma(json);
			bounce_json_append_text(json, id);
		}
	} else {
		array_foreach(&sent->recent, envelope) {
			bounce_json_append_comma(json);
			bounce_sent_envelope_append(json, envelope);
		}
	}
	str_append_c(json, ']');
}

static void
sent_append_member(string_t *json, const struct bounce_sent_member *member,
		   const struct bounce_sent *sent)
{
	const void *field = CONST_PTR_OFFSET(sent, member->offset);
	const unsigned int *counts = field;
	const string_t *hashes;

	switch (member->type) {
	case BOUNCE_SENT_TEXT:
		sent_append_text(json, member->name, *(const char *const *)field,
				 member->max);
		break;
	case BOUNCE_SENT_COUNT:
		sent_append_count(json, member->name, *counts);
		break;
	case BOUNCE_SENT_COUNTS:
		for (unsigned int i = 0; member->names[i] != NULL; i++)
			sent_append_count(json, member->names[i], counts[i]);
		break;
	case BOUNCE_SENT_FLAG:
		if (*(const bool *)field) {
			bounce_json_append_name(json, member->name);
			str_append(json, "true");
		}
		break;
	case BOUNCE_SENT_HASHES:
		hashes = *(const string_t *const *)field;
		if (hashes != NULL) {
			sent_append_text(json, member->name,
					 str_c((string_t *)hashes),
					 member->max * BOUNCE_SENT_HASH);
		}
		break;
	case BOUNCE_SENT_LEVEL:
		if (sent->level != BOUNCE_RATE_NONE) {
			sent_append_text(json, member->name,
				bounce_rate_level_name(sent->level), MAX_NAME);
		}
		break;
	default:
		sent_append_array(json, member, sent);
	}
}

/* Within a day the subject is left out: the next mail brings it again, and a
   list of what was written about is none of the day's business. */
static void
sent_append(string_t *json, const struct bounce_sent *sent, bool whole)
{
	const struct bounce_sent_member *member;

	str_append_c(json, '{');
	bounce_sent_member_foreach(member) {
		if (whole ||
		    member->offset != offsetof(struct bounce_sent, subject))
			sent_append_member(json, member, sent);
	}
	if (whole)
		sent_append_count(json, "v", BOUNCE_SENT_VERSION);
	str_append_c(json, '}');
}

const char *bounce_sent_encode(const struct bounce_sent *sent)
{
	string_t *json = t_str_new(4096);

	sent_append(json, sent, TRUE);
	return str_c(json);
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

static bool
sent_get_cause(pool_t pool, const json_t *json, struct bounce_cause *cause_r)
{
	const char *kind = sent_get_text(pool, json, "kind");

	cause_r->text = sent_get_text(pool, json, "text");
	cause_r->count = sent_get_count(json, "count");
	return kind != NULL && cause_r->text != NULL && cause_r->count > 0 &&
		bounce_cause_kind_parse(kind, &cause_r->kind) == 0;
}

static bool
sent_decode(pool_t pool, const json_t *json, struct bounce_sent *sent_r);

static void
sent_get_elem(pool_t pool, const json_t *elem,
	      const struct bounce_sent_member *member, struct bounce_sent *sent)
{
	struct bounce_cause cause;
	struct bounce_sent mail;
	struct bounce_sent_envelope envelope;
	const char *id;

	if (member->type == BOUNCE_SENT_CAUSES) {
		if (sent_get_cause(pool, elem, &cause))
			array_push_back(&sent->causes, &cause);
	} else if (member->type == BOUNCE_SENT_MAILS) {
		if (json_object_get(elem, member->name) == NULL &&
		    sent_decode(pool, elem, &mail))
			array_push_back(&sent->mails, &mail);
	} else if (member->type == BOUNCE_SENT_IDS) {
		id = p_strdup(pool, json_string_value(elem));
		if (id != NULL)
			array_push_back(&sent->broadcasts, &id);
	} else {
		if (bounce_sent_envelope_decode(pool, elem, &envelope))
			array_push_back(&sent->recent, &envelope);
	}
}

static void
sent_get_member(pool_t pool, const json_t *json,
		const struct bounce_sent_member *member, struct bounce_sent *sent)
{
	void *field = PTR_OFFSET(sent, member->offset);
	const json_t *value = json_object_get(json, member->name), *elem;
	const char *level;
	size_t idx;

	switch (member->type) {
	case BOUNCE_SENT_TEXT:
		*(const char **)field = sent_get_text(pool, json, member->name);
		break;
	case BOUNCE_SENT_COUNT:
		*(unsigned int *)field = sent_get_count(json, member->name);
		break;
	case BOUNCE_SENT_COUNTS:
		for (idx = 0; member->names[idx] != NULL; idx++) {
			((unsigned int *)field)[idx] =
				sent_get_count(json, member->names[idx]);
		}
		break;
	case BOUNCE_SENT_FLAG:
		*(bool *)field = json_is_true(value);
		break;
	case BOUNCE_SENT_HASHES:
		*(string_t **)field = sent_get_hashes(pool, json, member->name);
		break;
	case BOUNCE_SENT_LEVEL:
		level = json_string_value(value);
		if (level != NULL)
			(void)bounce_rate_level_parse(level, &sent->level);
		break;
	default:
		json_array_foreach(value, idx, elem) {
			if (idx >= member->max)
				break;
			sent_get_elem(pool, elem, member, sent);
		}
	}
}

static bool
sent_decode(pool_t pool, const json_t *json, struct bounce_sent *sent_r)
{
	const struct bounce_sent_member *member;

	bounce_sent_init(sent_r, pool, NULL);
	bounce_sent_member_foreach(member)
		sent_get_member(pool, json, member, sent_r);
	return bounce_sent_id_is_valid(sent_r->id);
}

int bounce_sent_decode(pool_t pool, const char *json_text,
		       struct bounce_sent *sent_r, const char **error_r)
{
	json_error_t error;
	json_t *json;
	int ret = 0;

	if (bounce_sent_quick_decode(pool, json_text, sent_r))
		return 0;
	json = json_loads(json_text, 0, &error);
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
