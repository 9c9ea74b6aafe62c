/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "sha1.h"
#include "str.h"
#include "bounce-json.h"
#include "bounce-limits.h"
#include "bounce-sent-private.h"

#include <jansson.h>

#define ENVELOPE_VERSION 1
/* Shards of a user: 10,000 mails in ten days are about 150 each. */
#define ENVELOPE_SHARDS 64
/* A queue id is one of many users' and kept for days. */
#define ENVELOPE_QUEUE_HASH 10

/*
 * Hashes
 */

static const char *
envelope_hash(const char *text, unsigned int size, unsigned char *shard_r)
{
	unsigned char digest[SHA1_RESULTLEN];
	string_t *str = t_str_new(32);

	sha1_get_digest(text, strlen(text), digest);
	base64_encode(digest, sizeof(digest), str);
	str_truncate(str, size);
	/* none of the bits that tell those of a shard apart */
	*shard_r = digest[SHA1_RESULTLEN - 1] % ENVELOPE_SHARDS;
	return str_c(str);
}

static const char *envelope_address_hash(const char *address)
{
	unsigned char shard;

	return envelope_hash(address, BOUNCE_SENT_HASH, &shard);
}

static const char *envelope_queue_hash(const char *queue_id)
{
	unsigned char shard;

	return envelope_hash(queue_id, ENVELOPE_QUEUE_HASH, &shard);
}

const char *bounce_sent_envelope_shard_key(unsigned int shard)
{
	return shard >= ENVELOPE_SHARDS ? NULL :
		t_strdup_printf(BOUNCE_DICT_ENVELOPE_PREFIX"%02x", shard);
}

const char *bounce_sent_envelope_key(const char *queue_id)
{
	unsigned char shard;

	(void)envelope_hash(queue_id, ENVELOPE_QUEUE_HASH, &shard);
	return bounce_sent_envelope_shard_key(shard);
}

static int envelope_hash_cmp(const void *a, const void *b)
{
	return memcmp(a, b, BOUNCE_SENT_HASH);
}

void bounce_sent_envelope_init(struct bounce_sent_envelope *env_r, pool_t pool,
			       const char *queue_id,
			       const char *const *addresses, unsigned int count)
{
	char *to;

	i_zero(env_r);
	env_r->recipients = count;
	if (queue_id != NULL)
		env_r->queue = p_strdup(pool, envelope_queue_hash(queue_id));
	if (count > BOUNCE_MAX_SENT_ENVELOPE)
		return;
	to = p_malloc(pool, count * BOUNCE_SENT_HASH + 1);
	for (unsigned int i = 0; i < count; i++) T_BEGIN {
		memcpy(to + i * BOUNCE_SENT_HASH,
		       envelope_address_hash(addresses[i]), BOUNCE_SENT_HASH);
	} T_END;
	qsort(to, count, BOUNCE_SENT_HASH, envelope_hash_cmp);
	env_r->to = to;
}

static bool
envelope_has_hash(const struct bounce_sent_envelope *env, const char *hash)
{
	return bsearch(hash, env->to, strlen(env->to) / BOUNCE_SENT_HASH,
		       BOUNCE_SENT_HASH, envelope_hash_cmp) != NULL;
}

bool bounce_sent_envelope_is_exact(const struct bounce_sent_envelope *env)
{
	return env->to != NULL && !env->open;
}

bool bounce_sent_envelope_has(const struct bounce_sent_envelope *env,
			      const char *address)
{
	bool ret;

	if (!bounce_sent_envelope_is_exact(env))
		return FALSE;
	T_BEGIN {
		ret = envelope_has_hash(env, envelope_address_hash(address));
	} T_END;
	return ret;
}

/* Is that copy one of it? */
static bool
envelope_covers(const struct bounce_sent_envelope *env,
		const struct bounce_sent_envelope *copy)
{
	const char *hash;

	if (env->to == NULL)
		return copy->recipients <= env->recipients;
	if (copy->to == NULL)
		return FALSE;
	for (hash = copy->to; *hash != '\0'; hash += BOUNCE_SENT_HASH) {
		if (!envelope_has_hash(env, hash))
			return FALSE;
	}
	return TRUE;
}

/*
 * JSON
 */

static void
envelope_append_text(string_t *json, const char *name, const char *text)
{
	if (text != NULL) {
		bounce_json_append_name(json, name);
		bounce_json_append_text(json, text);
	}
}

void bounce_sent_envelope_append(string_t *json,
				 const struct bounce_sent_envelope *env)
{
	str_append_c(json, '{');
	envelope_append_text(json, "q", env->queue);
	envelope_append_text(json, "id", env->id);
	bounce_json_append_name(json, "t");
	str_append(json, dec2str(env->when));
	bounce_json_append_name(json, "n");
	str_append(json, dec2str(env->recipients));
	envelope_append_text(json, "to", env->to);
	if (env->open) {
		bounce_json_append_name(json, "open");
		str_append(json, "true");
	}
	str_append_c(json, '}');
}

static const char *
envelope_text(pool_t pool, const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL ? NULL : p_strdup(pool, text);
}

bool bounce_sent_envelope_is_valid(const struct bounce_sent_envelope *env)
{
	return env->recipients <= INT_MAX && env->when > 0 &&
		(env->to == NULL ||
		 (strlen(env->to) % BOUNCE_SENT_HASH == 0 &&
		  strlen(env->to) <=
			BOUNCE_MAX_SENT_ENVELOPE * BOUNCE_SENT_HASH));
}

bool bounce_sent_envelope_decode(pool_t pool, const json_t *json,
				 struct bounce_sent_envelope *env_r)
{
	json_int_t count = json_integer_value(json_object_get(json, "n"));

	i_zero(env_r);
	env_r->queue = envelope_text(pool, json, "q");
	env_r->id = envelope_text(pool, json, "id");
	env_r->when = json_integer_value(json_object_get(json, "t"));
	env_r->to = envelope_text(pool, json, "to");
	env_r->open = json_is_true(json_object_get(json, "open"));
	if (count < 0 || count > INT_MAX)
		return FALSE;
	env_r->recipients = count;
	return bounce_sent_envelope_is_valid(env_r);
}

/* The envelopes in a shard, oldest first; what is damaged or older than that is left
   out. */
static void
envelope_shard_decode(pool_t pool, const char *value, time_t oldest,
		      ARRAY_TYPE(bounce_sent_envelope) *envs)
{
	json_error_t error;
	json_t *json = value == NULL ? NULL : json_loads(value, 0, &error);
	const json_t *elem;
	size_t i;

	json_array_foreach(json_object_get(json, "envelopes"), i, elem) {
		struct bounce_sent_envelope env;

		if (bounce_sent_envelope_decode(pool, elem, &env) &&
		    env.queue != NULL && env.when >= oldest)
			array_push_back(envs, &env);
	}
	json_decref(json);
}

static size_t envelope_kept(const struct bounce_sent_envelope *env)
{
	return env->to == NULL ? 0 : strlen(env->to) / BOUNCE_SENT_HASH;
}

/* The oldest make room, but not the last. */
static void
envelopes_limit(ARRAY_TYPE(bounce_sent_envelope) *envs, unsigned int max,
		size_t max_recipients)
{
	const struct bounce_sent_envelope *env;
	size_t recipients = 0;

	array_foreach(envs, env)
		recipients += envelope_kept(env);
	while (array_count(envs) > max ||
	       (recipients > max_recipients && array_count(envs) > 1)) {
		recipients -= envelope_kept(array_front(envs));
		array_pop_front(envs);
	}
}

const char *bounce_sent_envelope_put(const char *value,
				     const struct bounce_sent_envelope *env)
{
	ARRAY_TYPE(bounce_sent_envelope) envs;
	const struct bounce_sent_envelope *one;
	string_t *json = t_str_new(4096);

	t_array_init(&envs, 32);
	envelope_shard_decode(pool_datastack_create(), value,
			      env->when - BOUNCE_SENT_ENVELOPE_SECS, &envs);
	array_push_back(&envs, env);
	envelopes_limit(&envs, BOUNCE_MAX_SENT_SHARD,
			BOUNCE_MAX_SENT_SHARD_RECIPIENTS);
	str_printfa(json, "{\"v\":%d,\"envelopes\":[", ENVELOPE_VERSION);
	array_foreach(&envs, one) {
		bounce_json_append_comma(json);
		bounce_sent_envelope_append(json, one);
	}
	str_append(json, "]}");
	return str_c(json);
}

bool bounce_sent_envelope_find(pool_t pool, const char *value,
			       const char *queue_id, time_t now,
			       struct bounce_sent_envelope *env_r)
{
	ARRAY_TYPE(bounce_sent_envelope) envs;
	const struct bounce_sent_envelope *env;
	const char *hash = envelope_queue_hash(queue_id);
	bool found = FALSE;

	t_array_init(&envs, 32);
	envelope_shard_decode(pool, value, now - BOUNCE_SENT_ENVELOPE_SECS,
			      &envs);
	/* the newest, should the MTA use an id again */
	array_foreach(&envs, env) {
		if (strcmp(env->queue, hash) == 0) {
			*env_r = *env;
			found = TRUE;
		}
	}
	return found;
}

/*
 * Those that wait for their other half
 */

static bool
envelope_is_half(const struct bounce_sent_envelope *mail,
		 const struct bounce_sent_envelope *other)
{
	if ((mail->queue == NULL) == (other->queue == NULL) ||
	    other->when < mail->when - BOUNCE_SENT_RECENT_SECS)
		return FALSE;
	return mail->queue != NULL ? envelope_covers(mail, other) :
		envelope_covers(other, mail);
}

/* How much one says that the other does not. */
static unsigned int
envelope_distance(const struct bounce_sent_envelope *mail,
		  const struct bounce_sent_envelope *other)
{
	return mail->recipients > other->recipients ?
		mail->recipients - other->recipients :
		other->recipients - mail->recipients;
}

bool bounce_sent_recent_take(struct bounce_sent *day,
			     const struct bounce_sent_envelope *mail,
			     struct bounce_sent_envelope *other_r)
{
	const struct bounce_sent_envelope *other;
	unsigned int i, count, best = UINT_MAX;

	other = array_get(&day->recent, &count);
	for (i = 0; i < count; i++) {
		if (envelope_is_half(mail, &other[i]) &&
		    (best == UINT_MAX ||
		     envelope_distance(mail, &other[i]) <
		     envelope_distance(mail, &other[best])))
			best = i;
	}
	if (best == UINT_MAX)
		return FALSE;
	*other_r = other[best];
	array_delete(&day->recent, best, 1);
	return TRUE;
}

void bounce_sent_recent_add(struct bounce_sent *day,
			    const struct bounce_sent_envelope *mail)
{
	const struct bounce_sent_envelope *first;

	while (!array_is_empty(&day->recent)) {
		first = array_front(&day->recent);
		if (first->when >= mail->when - BOUNCE_SENT_RECENT_SECS)
			break;
		array_pop_front(&day->recent);
	}
	array_push_back(&day->recent, mail);
	envelopes_limit(&day->recent, BOUNCE_MAX_SENT_RECENT,
			BOUNCE_MAX_SENT_RECENT_RECIPIENTS);
}
