/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define BOUNCE_RECORD_VERSION 1
/* 0.1 is to be 0.1 */
#define SCORE_PRECISION 12
/* What another program wrote is to stay what it is. */
#define EXACT_PRECISION 17

/* Members that we write; all others are kept as they are. */
static const char *const known_members[] = {
	"v", "address", "original_address", "state", "class", "side", "reason",
	"status", "reply", "diagnostic", "remote_mta", "score", "count",
	"first", "last", "until", "evidence", "original_message_id", "by",
	"corrected", "recent", "originals", "unscored", "seen", "scored",
	"since", "days", "lease", "released", NULL
};

/*
 * Texts
 */

static size_t cut_at_character(const string_t *str, size_t max)
{
	const unsigned char *data = str_data(str);
	size_t len = str_len(str);

	if (len <= max)
		return len;
	while (max > 0 && (data[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Valid UTF-8, a space for every run of control characters, at most max
   bytes. */
const char *bounce_record_clean(const char *text, size_t max)
{
	string_t *valid = t_str_new(128), *clean = t_str_new(128);
	const unsigned char *p;

	if (uni_utf8_get_valid_data((const unsigned char *)text, strlen(text),
				    valid))
		str_append(valid, text);
	for (p = (const unsigned char *)str_c(valid); *p != '\0'; p++) {
		bool c1 = p[0] == 0xc2 && p[1] < 0xa0;

		if (*p >= 0x20 && *p != 0x7f && !c1) {
			str_append_c(clean, *p);
			continue;
		}
		if (c1)
			p++;
		if (str_len(clean) > 0 &&
		    str_data(clean)[str_len(clean) - 1] != ' ')
			str_append_c(clean, ' ');
	}
	str_truncate(clean, cut_at_character(clean, max));
	return str_c(clean);
}

/*
 * Encode
 */

static void set_text_max(json_t *json, const char *name, const char *text,
			 size_t max)
{
	if (text != NULL)
		json_object_set_new(json, name, json_string(bounce_record_clean(text, max)));
}

static void set_text(json_t *json, const char *name, const char *text)
{
	set_text_max(json, name, text, BOUNCE_MAX_RECORD_TEXT);
}

static void set_number(json_t *json, const char *name, long long number)
{
	json_object_set_new(json, name, json_integer(number));
}

/* Scores are written as people write them: 3, 1.5 */
static void set_score(json_t *json, double score)
{
	long long thousandths = (long long)(score * 1000 + 0.5);

	if (thousandths % 1000 == 0)
		set_number(json, "score", thousandths / 1000);
	else
		json_object_set_new(json, "score",
				    json_real(thousandths / 1000.0));
}

static void set_list(json_t *json, const char *name,
		     const ARRAY_TYPE(const_string) *list)
{
	unsigned int i, count, skip;
	const char *const *ids = array_get(list, &count);
	json_t *array = json_array();

	skip = count > BOUNCE_MAX_RECENT ? count - BOUNCE_MAX_RECENT : 0;
	for (i = skip; i < count; i++) {
		json_array_append_new(array, json_string(
			bounce_record_clean(ids[i], BOUNCE_MAX_RECORD_TEXT)));
	}
	json_object_set_new(json, name, array);
}

static void set_contract(json_t *json, const struct bounce_record *rec)
{
	set_number(json, "v", BOUNCE_RECORD_VERSION);
	set_text_max(json, "address", rec->address, BOUNCE_MAX_ADDRESS * 2);
	set_text_max(json, "original_address", rec->original_address,
		     BOUNCE_MAX_ADDRESS * 2);
	set_text(json, "state", bounce_state_name(rec->state));
	set_text(json, "class", bounce_class_name(rec->class));
	set_text(json, "side", bounce_side_name(rec->side));
	set_text(json, "reason", rec->reason);
	set_text(json, "status", rec->status);
	set_text(json, "reply", rec->reply);
	set_text_max(json, "diagnostic", rec->diagnostic,
		     BOUNCE_MAX_DIAGNOSTIC);
	set_text(json, "remote_mta", rec->remote_mta);
	set_score(json, rec->score);
	set_number(json, "count", rec->count);
	set_number(json, "first", rec->first);
	set_number(json, "last", rec->last);
	set_number(json, "until", rec->until);
	set_text(json, "evidence", bounce_evidence_name(rec->evidence));
	set_text(json, "original_message_id", rec->original_message_id);
	set_text(json, "by", bounce_by_name(rec->by));
	if (rec->corrected == NULL)
		json_object_set_new(json, "corrected", json_null());
	else
		set_text_max(json, "corrected", rec->corrected,
			     BOUNCE_MAX_ADDRESS * 2);
	set_list(json, "recent", &rec->recent);
}

static void set_ours(json_t *json, const struct bounce_record *rec)
{
	if (array_count(&rec->originals) > 0)
		set_list(json, "originals", &rec->originals);
	if (array_count(&rec->unscored) > 0)
		set_list(json, "unscored", &rec->unscored);
	set_text_max(json, "seen", rec->seen,
		     BOUNCE_MAX_SEEN * BOUNCE_SEEN_SIZE);
	if (rec->scored != 0)
		set_number(json, "scored", rec->scored);
	if (rec->since != 0)
		set_number(json, "since", rec->since);
	if (rec->days != 0)
		set_number(json, "days", rec->days);
	if (rec->lease != 0)
		set_number(json, "lease", rec->lease);
	if (rec->released != 0)
		set_number(json, "released", rec->released);
}

/* precision: digits of a number that is no integer. */
static const char *t_dump(const json_t *json, int precision)
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
	json_t *json = json_object();
	const char *ret;

	set_contract(json, rec);
	set_ours(json, rec);
	ret = t_dump(json, SCORE_PRECISION);
	json_decref(json);
	/* two objects in one */
	return rec->unknown == NULL ? ret :
		t_strconcat(t_strndup(ret, strlen(ret) - 1), ",",
			    rec->unknown + 1, NULL);
}

/*
 * Decode
 */

static const char *
get_text(pool_t pool, const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL || *text == '\0' ? NULL : p_strdup(pool, text);
}

/* Any JSON number, as other programs may write 3.0 */
static double get_number(const json_t *json, const char *name)
{
	double number = json_number_value(json_object_get(json, name));

	return isfinite(number) && number > 0 ? number : 0;
}

static unsigned int get_count(const json_t *json, const char *name)
{
	double number = get_number(json, name);

	return number < UINT_MAX ? (unsigned int)number : UINT_MAX;
}

static time_t get_time(const json_t *json, const char *name)
{
	double number = get_number(json, name);

	/* 9999-12-31: more would not be printed */
	return number < 253402300799.0 ? (time_t)number : 0;
}

static void get_list(pool_t pool, const json_t *json, const char *name,
		     ARRAY_TYPE(const_string) *list)
{
	const json_t *array = json_object_get(json, name);
	size_t count = json_array_size(array);
	size_t i = count > BOUNCE_MAX_RECENT ? count - BOUNCE_MAX_RECENT : 0;

	for (; i < count; i++) {
		const char *id = json_string_value(json_array_get(array, i));

		if (id != NULL) {
			id = p_strdup(pool, id);
			array_push_back(list, &id);
		}
	}
}

#define GET_NAME(noun) \
static void get_##noun(const json_t *json, enum bounce_##noun *noun##_r) \
{ \
	const char *name = json_string_value(json_object_get(json, #noun)); \
	if (name != NULL) \
		(void)bounce_##noun##_parse(name, noun##_r); \
}
GET_NAME(class)
GET_NAME(side)
GET_NAME(evidence)
GET_NAME(by)

static void get_texts(pool_t pool, const json_t *json,
		      struct bounce_record *rec)
{
	rec->original_address = get_text(pool, json, "original_address");
	rec->reason = get_text(pool, json, "reason");
	rec->status = get_text(pool, json, "status");
	rec->reply = get_text(pool, json, "reply");
	rec->diagnostic = get_text(pool, json, "diagnostic");
	rec->remote_mta = get_text(pool, json, "remote_mta");
	rec->original_message_id = get_text(pool, json, "original_message_id");
	rec->corrected = get_text(pool, json, "corrected");
	rec->seen = get_text(pool, json, "seen");
}

static void get_numbers(const json_t *json, struct bounce_record *rec)
{
	rec->score = get_number(json, "score");
	rec->count = get_count(json, "count");
	rec->first = get_time(json, "first");
	rec->last = get_time(json, "last");
	rec->until = get_time(json, "until");
	rec->scored = get_time(json, "scored");
	rec->days = get_count(json, "days");
	rec->lease = get_count(json, "lease");
	rec->since = get_time(json, "since");
	rec->released = get_time(json, "released");
}

static void get_unknown(pool_t pool, json_t *json, struct bounce_record *rec)
{
	for (unsigned int i = 0; known_members[i] != NULL; i++)
		(void)json_object_del(json, known_members[i]);
	if (json_object_size(json) > 0)
		rec->unknown = p_strdup(pool, t_dump(json, EXACT_PRECISION));
}

static int decode_object(pool_t pool, json_t *json,
			 struct bounce_record *rec, const char **error_r)
{
	const char *address = get_text(pool, json, "address");
	const char *state = json_string_value(json_object_get(json, "state"));

	if (address == NULL) {
		*error_r = "Record has no address";
		return -1;
	}
	bounce_record_init(rec, pool, address);
	if (state == NULL || bounce_state_parse(state, &rec->state) < 0) {
		*error_r = "Record has no valid state";
		return -1;
	}
	get_class(json, &rec->class);
	get_side(json, &rec->side);
	get_evidence(json, &rec->evidence);
	get_by(json, &rec->by);
	get_texts(pool, json, rec);
	get_numbers(json, rec);
	get_list(pool, json, "recent", &rec->recent);
	get_list(pool, json, "originals", &rec->originals);
	get_list(pool, json, "unscored", &rec->unscored);
	get_unknown(pool, json, rec);
	return 0;
}

int bounce_record_decode(pool_t pool, const char *json_text,
			 struct bounce_record *rec_r, const char **error_r)
{
	json_error_t error;
	json_t *json;
	int ret;

	if (bounce_record_scan(pool, json_text, rec_r))
		return 0;
	i_zero(rec_r);
	json = json_loads(json_text, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		*error_r = t_strdup_printf("Record is not valid JSON: %s",
					   error.text);
		return -1;
	}
	if (!json_is_object(json)) {
		*error_r = "Record is not a JSON object";
		ret = -1;
	} else {
		ret = decode_object(pool, json, rec_r, error_r);
	}
	json_decref(json);
	return ret;
}
