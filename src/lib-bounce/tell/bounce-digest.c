/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "utc-mktime.h"
#include "bounce-digest.h"
#include "bounce-limits.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#define DAY (24 * 60 * 60)
#define WEEK (7 * DAY)
/* 1 January 1970 was a Thursday. */
#define MONDAY (4 * DAY)

const char *const bounce_digest_every_names[] = {
	"no", "weekly", "monthly", NULL
};

/* The first second of the month that lies so many before the one of when. */
static time_t digest_month(time_t when, int before)
{
	struct tm tm = *gmtime(&when);

	tm.tm_mon -= before;
	if (tm.tm_mon < 0) {
		tm.tm_mon += 12;
		tm.tm_year--;
	}
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return utc_mktime(&tm);
}

void bounce_digest_period(enum bounce_digest_every every, time_t now,
			  struct bounce_digest_period *period_r)
{
	if (every == BOUNCE_DIGEST_WEEKLY) {
		period_r->until = now - (now - MONDAY) % WEEK;
		period_r->since = period_r->until - WEEK;
		period_r->before = period_r->since - WEEK;
	} else {
		period_r->until = digest_month(now, 0);
		period_r->since = digest_month(now, 1);
		period_r->before = digest_month(now, 2);
	}
}

/*
 * Memory
 */

static void digest_set_number(json_t *json, const char *key, json_int_t number)
{
	json_object_set_new(json, key, json_integer(number));
}

static json_int_t digest_get_number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static unsigned int digest_get_count(const json_t *json, const char *key)
{
	json_int_t number = digest_get_number(json, key);

	return number < 0 || number > INT_MAX ? 0 : (unsigned int)number;
}

const char *
bounce_digest_memory_encode(const struct bounce_digest_memory *memory)
{
	const struct bounce_digest_recovered *recovered;
	json_t *json = json_object(), *list = json_array();
	const char *ret;
	char *text;

	digest_set_number(json, "v", 1);
	digest_set_number(json, "until", memory->until);
	digest_set_number(json, "sent", memory->sent);
	digest_set_number(json, "failed", memory->failed);
	digest_set_number(json, "backscatter", memory->backscatter);
	array_foreach(&memory->recovered, recovered) {
		json_t *entry = json_object();

		json_object_set_new(entry, "address",
				    json_string(recovered->address));
		digest_set_number(entry, "when", recovered->when);
		json_array_append_new(list, entry);
	}
	json_object_set_new(json, "recovered", list);
	text = json_dumps(json, JSON_COMPACT);
	ret = t_strdup(text);
	free(text);
	json_decref(json);
	return ret;
}

void bounce_digest_memory_decode(pool_t pool, const char *value,
				 struct bounce_digest_memory *memory_r)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);
	const json_t *entry;
	size_t i;

	i_zero(memory_r);
	p_array_init(&memory_r->recovered, pool, 8);
	memory_r->until = digest_get_number(json, "until");
	memory_r->sent = digest_get_count(json, "sent");
	memory_r->failed = digest_get_count(json, "failed");
	memory_r->backscatter = digest_get_count(json, "backscatter");
	json_array_foreach(json_object_get(json, "recovered"), i, entry) {
		const char *address =
			json_string_value(json_object_get(entry, "address"));

		if (address != NULL) {
			bounce_digest_memory_add(memory_r, pool, address,
				digest_get_number(entry, "when"));
		}
	}
	json_decref(json);
}

void bounce_digest_memory_add(struct bounce_digest_memory *memory,
			      pool_t pool, const char *address, time_t when)
{
	struct bounce_digest_recovered *recovered;

	(void)bounce_digest_memory_forget(memory, address);
	if (array_count(&memory->recovered) >= BOUNCE_MAX_DIGEST_RECOVERED)
		array_pop_front(&memory->recovered);
	recovered = array_append_space(&memory->recovered);
	recovered->address = p_strdup(pool, address);
	recovered->when = when;
}

bool bounce_digest_memory_forget(struct bounce_digest_memory *memory,
				 const char *address)
{
	const struct bounce_digest_recovered *recovered;

	array_foreach(&memory->recovered, recovered) {
		if (strcmp(recovered->address, address) == 0) {
			array_delete(&memory->recovered, array_foreach_idx(
				&memory->recovered, recovered), 1);
			return TRUE;
		}
	}
	return FALSE;
}
