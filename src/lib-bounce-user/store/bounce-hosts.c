/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-hosts.h"
#include "bounce-store-private.h"

#include <jansson.h>
#include <stdlib.h>

#define HOSTS_KEY BOUNCE_DICT_META_PREFIX"hosts"
#define HOSTS_MAX 8
#define HOSTS_KEEP_SECS (90 * 24 * 60 * 60)
#define HOSTS_RENEW_SECS (24 * 60 * 60)
/* Others may learn one meanwhile. */
#define HOSTS_CACHE_SECS 60
/* What is further ahead was seen by a clock that jumped. */
#define HOSTS_AHEAD_SECS (24 * 60 * 60)

static json_t *hosts_parse(const char *value)
{
	json_t *json = value == NULL ? NULL : json_loads(value, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		json = json_object();
	}
	return json;
}

static json_t *hosts_lookup(struct bounce_store *store, const char **error_r)
{
	const char *value = NULL;

	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_dict_get(store->dict, pool_datastack_create(), HOSTS_KEY,
			    &value, error_r) < 0)
		return NULL;
	return hosts_parse(value);
}

/* For reading: many mails are judged in a row. */
static json_t *
hosts_lookup_cached(struct bounce_store *store, time_t now, const char **error_r)
{
	json_t *json;
	char *text;

	if (store->hosts != NULL && now >= store->hosts_read &&
	    now - store->hosts_read < HOSTS_CACHE_SECS)
		return hosts_parse(store->hosts);
	json = hosts_lookup(store, error_r);
	if (json == NULL)
		return NULL;
	text = json_dumps(json, JSON_COMPACT);
	i_free(store->hosts);
	store->hosts = i_strdup(text);
	store->hosts_read = now;
	free(text);
	return json;
}

static time_t hosts_seen(const json_t *json, const char *host)
{
	return json_integer_value(json_object_get(json, host));
}

int bounce_hosts_read(struct bounce_store *store, pool_t pool, time_t now,
		      const char *const **hosts_r, const char **error_r)
{
	ARRAY_TYPE(const_string) hosts;
	const char *host, *copy;
	json_t *json, *value;

	json = hosts_lookup_cached(store, now, error_r);
	if (json == NULL)
		return -1;
	p_array_init(&hosts, pool, HOSTS_MAX + 1);
	json_object_foreach(json, host, value) {
		if (json_integer_value(value) < now - HOSTS_KEEP_SECS ||
		    json_integer_value(value) > now + HOSTS_AHEAD_SECS ||
		    array_count(&hosts) >= HOSTS_MAX)
			continue;
		/* host itself leads to the next */
		copy = p_strdup(pool, host);
		array_push_back(&hosts, &copy);
	}
	json_decref(json);
	array_append_zero(&hosts);
	*hosts_r = array_front(&hosts);
	return 0;
}

/* The one that was not seen for longest makes room. */
static void hosts_make_room(json_t *json)
{
	const char *host, *oldest = NULL;
	json_t *value;

	if (json_object_size(json) < HOSTS_MAX)
		return;
	json_object_foreach(json, host, value) {
		if (oldest == NULL ||
		    hosts_seen(json, host) < hosts_seen(json, oldest))
			oldest = host;
	}
	(void)json_object_del(json, oldest);
}

static bool
hosts_add(json_t *json, const ARRAY_TYPE(const_string) *hosts, time_t now)
{
	const char *host;
	bool changed = FALSE;

	array_foreach_elem(hosts, host) {
		host = t_str_lcase(host);
		if (hosts_seen(json, host) > now - HOSTS_RENEW_SECS &&
		    hosts_seen(json, host) <= now + HOSTS_AHEAD_SECS)
			continue;
		if (json_object_get(json, host) == NULL)
			hosts_make_room(json);
		json_object_set_new(json, host, json_integer(now));
		changed = TRUE;
	}
	return changed;
}

struct hosts_learn {
	const ARRAY_TYPE(const_string) *hosts;
	time_t now;
};

static int
hosts_transact(struct bounce_transaction *trans, void *context,
	       const char **error_r)
{
	const struct hosts_learn *learn = context;
	const char *value = NULL;
	json_t *json;
	char *text;
	int ret = 0;

	if (bounce_transaction_get_key(trans, pool_datastack_create(),
				       HOSTS_KEY, &value, error_r) < 0)
		return -1;
	json = hosts_parse(value);
	if (hosts_add(json, learn->hosts, learn->now)) {
		text = json_dumps(json, JSON_COMPACT);
		bounce_transaction_set_key(trans, HOSTS_KEY, text);
		free(text);
		ret = 1;
	}
	json_decref(json);
	return ret;
}

int bounce_hosts_learn(struct bounce_store *store,
		       const ARRAY_TYPE(const_string) *hosts, time_t now,
		       const char **error_r)
{
	struct hosts_learn learn = { .hosts = hosts, .now = now };
	bool changed;
	json_t *json;

	if (array_is_empty(hosts))
		return 0;
	/* mostly they are known: no lock */
	json = hosts_lookup(store, error_r);
	if (json == NULL)
		return -1;
	changed = hosts_add(json, hosts, now);
	json_decref(json);
	if (!changed)
		return 0;
	i_free(store->hosts);
	return bounce_commit_transact(store, hosts_transact, &learn,
				      error_r) < 0 ?
		-1 : 0;
}
