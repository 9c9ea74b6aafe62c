/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "sha1.h"
#include "str.h"
#include "bounce-allowance.h"
#include "bounce-organisation.h"
#include "bounce-sent-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define ALLOWANCE_KEY BOUNCE_DICT_META_PREFIX"allowance"
#define ALLOWANCE_HASH 8
/* Dovecot's dict server takes no line of more than 64 kB. */
#define ALLOWANCE_MAX_SIZE (60 * 1000)

struct allowance {
	/* day: with the organisation */
	const char *today, *day, *hash, *oldest;
};

static json_t *allowance_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static const char *t_allowance_side(const char *address)
{
	const char *domain = strrchr(address, '@'), *side;

	domain = t_str_lcase(domain == NULL ? address : domain + 1);
	side = bounce_organisation(domain);
	return side == NULL ? domain : side;
}

/* Whoever writes a report chooses its id, too: one for many addresses. */
static const char *t_allowance_hash(const char *id, const char *address)
{
	unsigned char digest[SHA1_RESULTLEN];
	string_t *str = t_str_new(32);

	id = t_strconcat(id, " ", t_str_lcase(address), NULL);
	sha1_get_digest(id, strlen(id), digest);
	base64_encode(digest, sizeof(digest), str);
	str_truncate(str, ALLOWANCE_HASH);
	return str_c(str);
}

static const char *
allowance_used(const json_t *json, const struct allowance *allowance)
{
	const char *used = json_string_value(json_object_get(json,
							     allowance->day));

	return used == NULL ? "" : used;
}

static bool
allowance_has(const json_t *json, const struct allowance *allowance)
{
	const char *used = allowance_used(json, allowance);

	for (; strlen(used) >= ALLOWANCE_HASH; used += ALLOWANCE_HASH) {
		if (strncmp(used, allowance->hash, ALLOWANCE_HASH) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool
allowance_is_left(json_t *json, const struct allowance *allowance)
{
	const char *used = allowance_used(json, allowance), *day;
	unsigned int sides = 0;
	json_t *value;

	if (*used != '\0')
		return strlen(used) < BOUNCE_ALLOWANCE_MAX * ALLOWANCE_HASH;
	json_object_foreach(json, day, value) {
		if (strncmp(day, allowance->today,
			    strlen(allowance->today)) == 0)
			sides++;
	}
	return sides < BOUNCE_ALLOWANCE_MAX_SIDES;
}

/* The earliest go: a report of those days may be believed once more. */
static void allowance_make_room(json_t *json)
{
	const char *day, *first;
	json_t *value;
	size_t size;

	for (;;) {
		size = 0;
		first = NULL;
		json_object_foreach(json, day, value) {
			size += strlen(day) + json_string_length(value) + 6;
			if (first == NULL || strcmp(day, first) < 0)
				first = day;
		}
		if (size <= ALLOWANCE_MAX_SIZE)
			break;
		(void)json_object_del(json, first);
	}
}

static void
allowance_add(json_t *json, const struct allowance *allowance)
{
	const char *day, *used = allowance_used(json, allowance);
	json_t *value;
	void *next;

	json_object_set_new(json, allowance->day, json_string(
		t_strconcat(used, allowance->hash, NULL)));
	json_object_foreach_safe(json, next, day, value) {
		if (strcmp(day, allowance->oldest) < 0)
			(void)json_object_del(json, day);
	}
	allowance_make_room(json);
}

static int
allowance_transact(struct bounce_transaction *trans, void *context,
		   const char **error_r)
{
	const struct allowance *allowance = context;
	const char *value = NULL;
	json_t *json;
	char *text;
	int ret = 1;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       ALLOWANCE_KEY, &value, error_r) < 0)
		return -1;
	json = allowance_parse(value);
	if (!allowance_has(json, allowance)) {
		ret = allowance_is_left(json, allowance) ? 1 : 0;
		if (ret > 0)
			allowance_add(json, allowance);
	}
	text = json_dumps(json, JSON_COMPACT);
	bounce_transaction_set_key(trans, ALLOWANCE_KEY, text);
	free(text);
	json_decref(json);
	return ret;
}

int bounce_allowance_take(struct bounce_store *store, const char *report_id,
			  const char *address, time_t when, time_t now,
			  bool look_only, const char **error_r)
{
	const char *today = bounce_sent_day(when);
	struct allowance allowance = {
		.today = today,
		.day = t_strconcat(today, " ", t_allowance_side(address), NULL),
		.hash = t_allowance_hash(report_id, address),
		.oldest = bounce_sent_day(now - BOUNCE_SENT_STORE_KEEP_DAYS *
					  DAY_SECS)
	};
	const char *value = NULL;
	bool has, left;
	json_t *json;

	if (strcmp(today, allowance.oldest) < 0)
		return 0;
	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    ALLOWANCE_KEY, &value, error_r) < 0)
		return -1;
	json = allowance_parse(value);
	has = allowance_has(json, &allowance);
	left = allowance_is_left(json, &allowance);
	json_decref(json);
	if (has || !left || look_only)
		return has || left ? 1 : 0;
	return bounce_commit_transact(store, allowance_transact, &allowance,
				      error_r);
}
