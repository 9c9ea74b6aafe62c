/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-json.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

#include <jansson.h>
#include <stdlib.h>

#define BOUNCE_RECORD_VERSION 1
/* What another program wrote is to stay what it is. */
#define EXACT_PRECISION 17

/*
 * Encode
 */

static void
json_append_texts(string_t *json, const ARRAY_TYPE(const_string) *list)
{
	unsigned int i, count;
	const char *const *ids = array_get(list, &count);

	i = count > BOUNCE_MAX_RECENT ? count - BOUNCE_MAX_RECENT : 0;
	str_append_c(json, '[');
	for (; i < count; i++) {
		bounce_json_append_comma(json);
		bounce_json_append_text(json, bounce_record_clean(ids[i],
						BOUNCE_MAX_RECORD_TEXT));
	}
	str_append_c(json, ']');
}

static bool member_is_number(const struct bounce_record_member *member)
{
	return member->type == BOUNCE_MEMBER_COUNT ||
		member->type == BOUNCE_MEMBER_SCORE ||
		member->type == BOUNCE_MEMBER_TIME ||
		member->type == BOUNCE_MEMBER_UNTIL;
}

static void
json_append_member(string_t *json, const struct bounce_record_member *member,
		   const struct bounce_record *rec)
{
	const char *text;

	bounce_json_append_name(json, member->name);
	if (member->type == BOUNCE_MEMBER_LIST) {
		json_append_texts(json, CONST_PTR_OFFSET(rec, member->offset));
		return;
	}
	text = bounce_record_member_text(member, rec);
	if (text == NULL)
		str_append(json, "null");
	else if (member_is_number(member))
		str_append(json, text);
	else
		bounce_json_append_text(json, text);
}

const char *bounce_record_encode(const struct bounce_record *rec)
{
	const struct bounce_record_member *member;
	string_t *json = t_str_new(2048);

	str_printfa(json, "{\"v\":%d", BOUNCE_RECORD_VERSION);
	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_ALWAYS) != 0 ||
		    !bounce_record_member_is_empty(member, rec))
			json_append_member(json, member, rec);
	}
	/* two objects in one */
	if (rec->unknown != NULL) {
		str_append_c(json, ',');
		str_append(json, rec->unknown + 1);
	} else {
		str_append_c(json, '}');
	}
	return str_c(json);
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
		char *text = json_dumps(unknown, JSON_COMPACT |
				JSON_REAL_PRECISION(EXACT_PRECISION));

		i_assert(text != NULL);
		rec->unknown = p_strdup(pool, text);
		free(text);
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
