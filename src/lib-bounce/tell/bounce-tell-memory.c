/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "hex-binary.h"
#include "sha2.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-tell-memory.h"

#include <jansson.h>
#include <stdlib.h>

#define HOUR 3600
#define DAY (24 * HOUR)
#define ID_BYTES 8

const char *bounce_tell_id(const char *text)
{
	unsigned char digest[SHA256_RESULTLEN];

	sha256_get_digest(text, strlen(text), digest);
	return binary_to_hex(digest, ID_BYTES);
}

/*
 * JSON
 */

static void
memory_set_string(json_t *json, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(json, key, json_string(value));
}

static void memory_set_number(json_t *json, const char *key, json_int_t value)
{
	json_object_set_new(json, key, json_integer(value));
}

static const char *
memory_get_string(pool_t pool, const json_t *json, const char *key)
{
	return p_strdup(pool, json_string_value(json_object_get(json, key)));
}

static json_int_t memory_get_number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static const char *memory_dump(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	const char *ret = t_strdup(text);

	free(text);
	json_decref(json);
	return ret;
}

/* What is damaged begins anew. */
static json_t *memory_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static json_t *failure_encode(const struct bounce_tell_failure *failure)
{
	const struct bounce_tell_recipient *rcpt = &failure->rcpt;
	json_t *json = json_object();

	memory_set_string(json, "mail", failure->mail);
	memory_set_string(json, "address", rcpt->address);
	memory_set_string(json, "final", rcpt->final_address);
	memory_set_string(json, "reason", rcpt->reason == NULL ? NULL :
			  rcpt->reason->name);
	memory_set_string(json, "class", bounce_class_name(rcpt->class));
	memory_set_string(json, "side", bounce_side_name(rcpt->side));
	memory_set_string(json, "status", rcpt->status);
	memory_set_string(json, "words", rcpt->words);
	memory_set_string(json, "server", rcpt->server);
	if (rcpt->doubtful)
		memory_set_number(json, "doubtful", 1);
	return json;
}

static void failure_decode(pool_t pool, const json_t *json,
			   struct bounce_tell_memory *memory)
{
	const char *mail = memory_get_string(pool, json, "mail");
	const char *address = memory_get_string(pool, json, "address");
	const char *reason = memory_get_string(pool, json, "reason");
	const char *class = memory_get_string(pool, json, "class");
	const char *side = memory_get_string(pool, json, "side");
	struct bounce_tell_failure *failure;

	if (mail == NULL || address == NULL ||
	    array_count(&memory->failures) == BOUNCE_MAX_TELL_FAILURES)
		return;
	failure = array_append_space(&memory->failures);
	failure->mail = mail;
	failure->rcpt.address = address;
	failure->rcpt.final_address = memory_get_string(pool, json, "final");
	if (reason != NULL)
		failure->rcpt.reason = bounce_reason_find(reason);
	if (class != NULL)
		(void)bounce_class_parse(class, &failure->rcpt.class);
	if (side != NULL)
		(void)bounce_side_parse(side, &failure->rcpt.side);
	failure->rcpt.status = memory_get_string(pool, json, "status");
	failure->rcpt.words = memory_get_string(pool, json, "words");
	failure->rcpt.server = memory_get_string(pool, json, "server");
	failure->rcpt.doubtful = memory_get_number(json, "doubtful") != 0;
}

static json_t *place_encode(const struct bounce_tell_place *place)
{
	json_t *json = json_object();

	memory_set_string(json, "mail", place->mail);
	memory_set_string(json, "mailbox", place->mailbox);
	memory_set_string(json, "guid", place->guid);
	memory_set_number(json, "uidvalidity", place->uid_validity);
	memory_set_number(json, "uid", place->uid);
	memory_set_number(json, "told", place->told);
	return json;
}

static void place_decode(pool_t pool, const json_t *json,
			 struct bounce_tell_memory *memory)
{
	const char *mail = memory_get_string(pool, json, "mail");
	struct bounce_tell_place *place;

	if (mail == NULL ||
	    array_count(&memory->places) == BOUNCE_MAX_TELL_PLACES)
		return;
	place = array_append_space(&memory->places);
	place->mail = mail;
	place->mailbox = memory_get_string(pool, json, "mailbox");
	place->guid = memory_get_string(pool, json, "guid");
	place->uid_validity = memory_get_number(json, "uidvalidity");
	place->uid = memory_get_number(json, "uid");
	place->told = memory_get_number(json, "told");
}

const char *bounce_tell_memory_encode(const struct bounce_tell_memory *memory)
{
	const struct bounce_tell_failure *failure;
	const struct bounce_tell_place *place;
	json_t *json = json_object(), *list = json_array();

	memory_set_number(json, "v", 1);
	memory_set_string(json, "subject", memory->subject);
	memory_set_number(json, "count", memory->count);
	memory_set_number(json, "level", memory->level);
	memory_set_number(json, "when", memory->when);
	array_foreach(&memory->failures, failure)
		json_array_append_new(list, failure_encode(failure));
	json_object_set_new(json, "failed", list);
	list = json_array();
	array_foreach(&memory->places, place)
		json_array_append_new(list, place_encode(place));
	json_object_set_new(json, "notices", list);
	return memory_dump(json);
}

void bounce_tell_memory_decode(pool_t pool, const char *value,
			       struct bounce_tell_memory *memory_r)
{
	json_t *json = memory_parse(value), *item;
	size_t i;

	i_zero(memory_r);
	p_array_init(&memory_r->failures, pool, 8);
	p_array_init(&memory_r->places, pool, 4);
	memory_r->subject = memory_get_string(pool, json, "subject");
	memory_r->count = memory_get_number(json, "count");
	memory_r->level = memory_get_number(json, "level");
	memory_r->when = memory_get_number(json, "when");
	json_array_foreach(json_object_get(json, "failed"), i, item)
		failure_decode(pool, item, memory_r);
	json_array_foreach(json_object_get(json, "notices"), i, item)
		place_decode(pool, item, memory_r);
	json_decref(json);
}

static json_t *off_encode(unsigned int kinds)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < BOUNCE_TELL_KIND_COUNT; i++) {
		if ((kinds & (1U << i)) != 0) {
			json_array_append_new(list,
				json_string(bounce_tell_kind_name(i)));
		}
	}
	return list;
}

static unsigned int off_decode(const json_t *list)
{
	unsigned int kinds = 0;
	const json_t *name;
	size_t i;

	json_array_foreach(list, i, name) {
		for (unsigned int kind = 0; kind < BOUNCE_TELL_KIND_COUNT;
		     kind++) {
			if (null_strcmp(json_string_value(name),
					bounce_tell_kind_name(kind)) == 0)
				kinds |= 1U << kind;
		}
	}
	return kinds;
}

const char *bounce_tell_counts_encode(const struct bounce_tell_counts *counts)
{
	json_t *json = json_object(), *list = json_array();
	const char *hash;

	memory_set_number(json, "v", 1);
	memory_set_number(json, "hour", counts->hour);
	memory_set_number(json, "in_hour", counts->in_hour);
	memory_set_number(json, "day", counts->day);
	memory_set_number(json, "strange", counts->strange);
	if (counts->limit_told)
		json_object_set_new(json, "limit", json_true());
	array_foreach_elem(&counts->hashes, hash)
		json_array_append_new(list, json_string(hash));
	json_object_set_new(json, "notices", list);
	if (counts->off != 0)
		json_object_set_new(json, "off", off_encode(counts->off));
	if (counts->address != NULL)
		json_object_set_new(json, "to", json_string(counts->address));
	return memory_dump(json);
}

void bounce_tell_counts_decode(pool_t pool, const char *value, time_t now,
			       struct bounce_tell_counts *counts_r)
{
	json_t *json = memory_parse(value), *item;
	size_t i;

	i_zero(counts_r);
	p_array_init(&counts_r->hashes, pool, 16);
	counts_r->hour = now / HOUR;
	if (memory_get_number(json, "hour") == counts_r->hour) {
		counts_r->in_hour = memory_get_number(json, "in_hour");
		counts_r->limit_told =
			json_is_true(json_object_get(json, "limit"));
	}
	counts_r->off = off_decode(json_object_get(json, "off"));
	counts_r->address = p_strdup(pool,
		json_string_value(json_object_get(json, "to")));
	counts_r->day = now / DAY;
	if (memory_get_number(json, "day") == counts_r->day)
		counts_r->strange = memory_get_number(json, "strange");
	json_array_foreach(json_object_get(json, "notices"), i, item) {
		const char *hash = p_strdup(pool, json_string_value(item));

		if (hash != NULL &&
		    array_count(&counts_r->hashes) < BOUNCE_MAX_TELL_KEYS)
			array_push_back(&counts_r->hashes, &hash);
	}
	json_decref(json);
}

/*
 * Count
 */

bool bounce_tell_counts_allow(const struct bounce_tell_counts *counts,
			      bool strange)
{
	return counts->in_hour < BOUNCE_TELL_MAX_HOUR &&
		(!strange || counts->strange < BOUNCE_TELL_MAX_STRANGE);
}

void bounce_tell_counts_add(struct bounce_tell_counts *counts, bool strange)
{
	counts->in_hour++;
	if (strange)
		counts->strange++;
}

const char *bounce_tell_counts_use(struct bounce_tell_counts *counts,
				   pool_t pool, const char *hash)
{
	const char *const *hashes, *gone = NULL;
	unsigned int i, count;

	hashes = array_get(&counts->hashes, &count);
	for (i = 0; i < count && strcmp(hashes[i], hash) != 0; i++) ;
	if (i < count) {
		array_delete(&counts->hashes, i, 1);
	} else if (count == BOUNCE_MAX_TELL_KEYS) {
		gone = hashes[0];
		array_delete(&counts->hashes, 0, 1);
	}
	hash = p_strdup(pool, hash);
	array_push_back(&counts->hashes, &hash);
	return gone;
}

/*
 * Judge
 */

unsigned int bounce_tell_memory_mails(const struct bounce_tell_memory *memory)
{
	const struct bounce_tell_failure *failures;
	unsigned int i, j, count, mails = 0;

	failures = array_get(&memory->failures, &count);
	for (i = 0; i < count && mails < BOUNCE_TELL_SUMMARY; i++) {
		for (j = 0; j < i; j++) {
			if (strcmp(failures[i].mail, failures[j].mail) == 0)
				break;
		}
		if (j == i)
			mails++;
	}
	return mails;
}

struct bounce_tell_place *
bounce_tell_memory_place(struct bounce_tell_memory *memory, const char *mail)
{
	struct bounce_tell_place *place;

	array_foreach_modifiable(&memory->places, place) {
		if (strcmp(place->mail, mail) == 0)
			return place;
	}
	return NULL;
}

bool bounce_tell_memory_is_due(const struct bounce_tell_memory *memory,
			       unsigned int told, unsigned int level)
{
	static const unsigned int steps[] = { 1, 2, 5 };

	if (level > memory->level)
		return TRUE;
	for (unsigned int ten = 1; ten <= memory->count; ten *= 10) {
		for (unsigned int i = 0; i < N_ELEMENTS(steps); i++) {
			unsigned int step = steps[i] * ten;

			if (told < step && step <= memory->count)
				return TRUE;
		}
		if (ten > UINT_MAX / 10)
			break;
	}
	return FALSE;
}
