/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

#include <jansson.h>
#include <stdlib.h>

#define BOUNCE_RECORD_VERSION 1
/* 0.1 is to be 0.1 */
#define SCORE_PRECISION 12
/* What another program wrote is to stay what it is. */
#define EXACT_PRECISION 17

/*
 * Encode
 */

static json_t *json_texts(const ARRAY_TYPE(const_string) *list)
{
	unsigned int i, count, skip;
	const char *const *ids = array_get(list, &count);
	json_t *array = json_array();

	skip = count > BOUNCE_MAX_RECENT ? count - BOUNCE_MAX_RECENT : 0;
	for (i = skip; i < count; i++) {
		json_array_append_new(array, json_string(
			bounce_record_clean(ids[i], BOUNCE_MAX_RECORD_TEXT)));
	}
	return array;
}

/* Scores are written as people write them: 3, 1.5 */
static json_t *json_score(const struct bounce_record *rec)
{
	double score = bounce_record_score(rec);

	return score == (long long)score ? json_integer((long long)score) :
		json_real(score);
}

static json_t *
json_member(const struct bounce_record_member *member,
	    const struct bounce_record *rec)
{
	const void *field = CONST_PTR_OFFSET(rec, member->offset);
	const char *text;

	switch (member->type) {
	case BOUNCE_MEMBER_TEXT:
	case BOUNCE_MEMBER_ADDRESS:
	case BOUNCE_MEMBER_REASON:
	case BOUNCE_MEMBER_NAME:
		text = bounce_record_member_text(member, rec);
		return text == NULL ? json_null() : json_string(text);
	case BOUNCE_MEMBER_COUNT:
		return json_integer(*(const unsigned int *)field);
	case BOUNCE_MEMBER_SCORE:
		return json_score(rec);
	case BOUNCE_MEMBER_TIME:
	case BOUNCE_MEMBER_UNTIL:
		return json_integer(*(const time_t *)field);
	case BOUNCE_MEMBER_LIST:
		return json_texts(field);
	}
	i_unreached();
}

/* precision: digits of a number that is no integer. */
static const char *json_text(const json_t *json, int precision)
{
	char *text = json_dumps(json, JSON_COMPACT |
				JSON_REAL_PRECISION(precision));
	const char *ret = t_strdup(text);

	i_assert(ret != NULL);
	free(text);
	return ret;
}

const char *bounce_record_encode(const struct bounce_record *rec)
{
	const struct bounce_record_member *member;
	json_t *json = json_object();
	const char *ret;

	json_object_set_new(json, "v", json_integer(BOUNCE_RECORD_VERSION));
	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_ALWAYS) != 0 ||
		    !bounce_record_member_is_empty(member, rec)) {
			json_object_set_new(json, member->name,
					    json_member(member, rec));
		}
	}
	ret = json_text(json, SCORE_PRECISION);
	json_decref(json);
	/* two objects in one */
	return rec->unknown == NULL ? ret :
		t_strconcat(t_strndup(ret, strlen(ret) - 1), ",",
			    rec->unknown + 1, NULL);
}

/*
 * Decode
 */

static void
json_get_list(pool_t pool, const json_t *array, ARRAY_TYPE(const_string) *list)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *id = json_string_value(json_array_get(array, i));

		if (id != NULL) {
			id = p_strdup(pool, id);
			array_push_back(list, &id);
		}
	}
}

/* A value of the wrong type is as if absent. Any JSON number will do, as other
   programs may write 3.0. */
static void
json_get_member(pool_t pool, const struct bounce_record_member *member,
		const json_t *value, struct bounce_record *rec)
{
	const char *text = json_string_value(value);

	if (text != NULL) {
		(void)bounce_record_member_set_text(member, rec,
						    p_strdup(pool, text));
	} else if (json_is_number(value)) {
		(void)bounce_record_member_set_number(member, rec,
						json_number_value(value));
	} else if (member->type == BOUNCE_MEMBER_LIST) {
		json_get_list(pool, value, PTR_OFFSET(rec, member->offset));
	}
}

static void
json_get_members(pool_t pool, json_t *json, struct bounce_record *rec)
{
	const struct bounce_record_member *member;
	json_t *value, *unknown = NULL;
	const char *name;

	json_object_foreach(json, name, value) {
		member = bounce_record_member_find(name);
		if (member != NULL) {
			json_get_member(pool, member, value, rec);
		} else if (strcmp(name, "v") != 0) {
			if (unknown == NULL)
				unknown = json_object();
			json_object_set(unknown, name, value);
		}
	}
	if (unknown != NULL) {
		rec->unknown = p_strdup(pool, json_text(unknown,
							EXACT_PRECISION));
		json_decref(unknown);
	}
}

static int
json_get_record(pool_t pool, json_t *json, struct bounce_record *rec_r,
		const char **error_r)
{
	const char *state = json_string_value(json_object_get(json, "state"));
	enum bounce_state valid;

	bounce_record_init(rec_r, pool, NULL);
	json_get_members(pool, json, rec_r);
	if (rec_r->address == NULL) {
		*error_r = "Record has no address";
		return -1;
	}
	if (state == NULL || bounce_state_parse(state, &valid) < 0) {
		*error_r = "Record has no valid state";
		return -1;
	}
	return 0;
}

int bounce_record_decode(pool_t pool, const char *text,
			 struct bounce_record *rec_r, const char **error_r)
{
	json_error_t error;
	json_t *json;
	int ret = -1;

	if (bounce_record_quick_decode(pool, text, rec_r))
		return 0;
	i_zero(rec_r);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		*error_r = t_strdup_printf("Record is not valid JSON: %s",
					   error.text);
		return -1;
	}
	if (!json_is_object(json))
		*error_r = "Record is not a JSON object";
	else
		ret = json_get_record(pool, json, rec_r, error_r);
	json_decref(json);
	return ret;
}
