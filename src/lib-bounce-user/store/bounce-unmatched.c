/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "sha1.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-store-private.h"
#include "bounce-unmatched.h"

#include <jansson.h>
#include <stdlib.h>

#define UNMATCHED_KEY BOUNCE_DICT_META_PREFIX"unmatched"
#define UNMATCHED_MAX 200
#define UNMATCHED_SECS (24 * 60 * 60)
#define UNMATCHED_HASH_SIZE 9

struct unmatched_change {
	const char *hash;
	/* NULL = take out */
	const struct bounce_unmatched *report;
	bool own;
	time_t now;
	pool_t pool;
	ARRAY_TYPE(bounce_unmatched) *reports;
};

static const char *t_unmatched_hash(const char *id)
{
	unsigned char digest[SHA1_RESULTLEN];
	string_t *str = t_str_new(16);

	sha1_get_digest(id, strlen(id), digest);
	base64_encode(digest, UNMATCHED_HASH_SIZE, str);
	return str_c(str);
}

static json_t *unmatched_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_array(json)) {
		json_decref(json);
		json = json_array();
	}
	return json;
}

static const char *unmatched_text(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text == NULL ? "" : text;
}

static bool unmatched_is(const json_t *entry, const char *hash)
{
	return strcmp(unmatched_text(entry, "mail"), hash) == 0;
}

static bool unmatched_has(const json_t *json, const char *hash)
{
	for (size_t i = 0; i < json_array_size(json); i++) {
		if (unmatched_is(json_array_get(json, i), hash))
			return TRUE;
	}
	return FALSE;
}

/* The oldest; of our own MTA and relay only if there are no others. */
static void unmatched_make_room(json_t *json, time_t now)
{
	size_t i = 0;

	while (i < json_array_size(json)) {
		if (json_integer_value(json_object_get(
				json_array_get(json, i), "when")) <
		    now - UNMATCHED_SECS)
			(void)json_array_remove(json, i);
		else
			i++;
	}
	if (json_array_size(json) < UNMATCHED_MAX)
		return;
	for (i = 0; i < json_array_size(json); i++) {
		if (!json_is_true(json_object_get(json_array_get(json, i),
						  "own")))
			break;
	}
	(void)json_array_remove(json, i == json_array_size(json) ? 0 : i);
}

static void
unmatched_put(json_t *json, const struct unmatched_change *change)
{
	json_t *entry = json_object();

	unmatched_make_room(json, change->now);
	json_object_set_new(entry, "mail", json_string(change->hash));
	json_object_set_new(entry, "report",
			    json_string(change->report->report_id));
	json_object_set_new(entry, "mailbox",
			    json_string(change->report->mailbox));
	json_object_set_new(entry, "own", json_boolean(change->own));
	json_object_set_new(entry, "when", json_integer(change->now));
	json_array_append_new(json, entry);
}

static void
unmatched_take(json_t *json, const struct unmatched_change *change)
{
	struct bounce_unmatched report;
	size_t i = 0;

	array_clear(change->reports);
	while (i < json_array_size(json)) {
		const json_t *entry = json_array_get(json, i);

		if (!unmatched_is(entry, change->hash)) {
			i++;
			continue;
		}
		report.report_id = p_strdup(change->pool,
					    unmatched_text(entry, "report"));
		report.mailbox = p_strdup(change->pool,
					  unmatched_text(entry, "mailbox"));
		array_push_back(change->reports, &report);
		(void)json_array_remove(json, i);
	}
}

static int
unmatched_transact(struct bounce_transaction *trans, void *context,
		   const char **error_r)
{
	const struct unmatched_change *change = context;
	const char *value = NULL;
	json_t *json;
	char *text;
	int ret = 1;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       UNMATCHED_KEY, &value, error_r) < 0)
		return -1;
	json = unmatched_parse(value);
	if (change->report != NULL) {
		unmatched_put(json, change);
	} else {
		unmatched_take(json, change);
		ret = array_is_empty(change->reports) ? 0 : 1;
	}
	if (ret > 0) {
		text = json_dumps(json, JSON_COMPACT);
		bounce_transaction_set_key(trans, UNMATCHED_KEY,
			json_array_size(json) == 0 ? NULL : text);
		free(text);
	}
	json_decref(json);
	return ret;
}

int bounce_unmatched_add(struct bounce_store *store, const char *original_id,
			 const struct bounce_unmatched *report, bool own,
			 time_t now, const char **error_r)
{
	struct unmatched_change change = {
		.hash = t_unmatched_hash(original_id), .report = report,
		.own = own, .now = now,
	};

	if (strlen(report->report_id) > BOUNCE_MAX_RECORD_TEXT)
		return 0;
	return bounce_commit_transact(store, unmatched_transact, &change,
			       error_r) < 0 ? -1 : 0;
}

int bounce_unmatched_take(struct bounce_store *store, const char *original_id,
			  time_t now, pool_t pool,
			  ARRAY_TYPE(bounce_unmatched) *reports,
			  const char **error_r)
{
	struct unmatched_change change = {
		.hash = t_unmatched_hash(original_id), .now = now,
		.pool = pool, .reports = reports,
	};
	const char *value = NULL;
	json_t *json;
	bool found;

	/* mostly there is none: no lock */
	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(),
			    UNMATCHED_KEY, &value, error_r) < 0)
		return -1;
	json = unmatched_parse(value);
	found = unmatched_has(json, change.hash);
	json_decref(json);
	if (!found)
		return 0;
	return bounce_commit_transact(store, unmatched_transact, &change,
			       error_r) < 0 ? -1 : 0;
}
