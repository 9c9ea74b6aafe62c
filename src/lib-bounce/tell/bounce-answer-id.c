/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "sha2.h"
#include "bounce-answer-id.h"
#include "bounce-sent.h"

#define DAY_SECS (24 * 60 * 60)
#define MAC_BYTES 10
#define PREFIX "<n."
#define PROOF_VERSION "1"
/* By these the kinds differ. */
#define KIND_LETTERS 2

/* On the data stack. */
static const char *
t_answer_id_mac(const struct bounce_token_key *key, const char *const *texts)
{
	unsigned char digest[SHA256_RESULTLEN];

	bounce_token_sign(key, texts, digest);
	return binary_to_hex(digest, MAC_BYTES);
}

static const char *
t_answer_id_notice_mac(const struct bounce_token_key *key, const char *user,
		       const char *day, const char *nonce)
{
	const char *const texts[] = { "notice", user, day, nonce, NULL };

	return t_answer_id_mac(key, texts);
}

const char *
bounce_answer_id_make(const struct bounce_token_key *key, const char *user,
		      const char *day, enum bounce_tell_kind kind,
		      const unsigned char *random, size_t random_size,
		      const char *host)
{
	const char *nonce = t_strdup_printf("%.*s%s", KIND_LETTERS,
		bounce_tell_kind_name(kind),
		binary_to_hex(random, random_size));

	if (key == NULL)
		return t_strdup_printf(PREFIX"%s.%s@%s>", day, nonce, host);
	return t_strdup_printf(PREFIX"%s.%s.%s@%s>", day, nonce,
			       t_answer_id_notice_mac(key, user, day, nonce),
			       host);
}

/* DAY, NONCE, MAC */
static const char *const *t_answer_id_split(const char *id)
{
	const char *at = strchr(id, '@'), *const *parts;

	if (strncmp(id, PREFIX, strlen(PREFIX)) != 0 || at == NULL)
		return NULL;
	parts = t_strsplit(t_strdup_until(id + strlen(PREFIX), at), ".");
	return str_array_length(parts) == 3 && strlen(parts[0]) == 8 &&
		strlen(parts[2]) == MAC_BYTES * 2 ? parts : NULL;
}

const char *bounce_answer_id_find(pool_t pool, const char *in_reply_to,
				  const char *references)
{
	const char *begin, *end, *id = NULL;

	/* the last one is the mail that it answers */
	if (in_reply_to != NULL && (begin = strrchr(in_reply_to, '<')) != NULL)
		;
	else if (references == NULL ||
		 (begin = strrchr(references, '<')) == NULL)
		return NULL;
	if (strncmp(begin, PREFIX, strlen(PREFIX)) != 0 ||
	    (end = strchr(begin, '>')) == NULL)
		return NULL;
	T_BEGIN {
		const char *found = t_strdup_until(begin, end + 1);

		if (t_answer_id_split(found) != NULL)
			id = p_strdup(pool, found);
	} T_END;
	return id;
}

static bool answer_id_is_recent(const char *day, time_t now)
{
	time_t when = bounce_sent_day_time(day);

	return when != (time_t)-1 && when <= now + DAY_SECS &&
		when >= now - BOUNCE_ANSWER_MAX_DAYS * DAY_SECS;
}

static bool answer_id_kind(const char *nonce, enum bounce_tell_kind *kind_r)
{
	for (unsigned int i = 0; i < BOUNCE_TELL_KIND_COUNT; i++) {
		if (strncmp(nonce, bounce_tell_kind_name(i),
			    KIND_LETTERS) == 0) {
			*kind_r = i;
			return TRUE;
		}
	}
	return FALSE;
}

bool bounce_answer_id_verify(const ARRAY_TYPE(bounce_token_key) *keys,
			     const char *id, const char *user, time_t now,
			     enum bounce_tell_kind *kind_r)
{
	const char *const *parts = t_answer_id_split(id);
	const struct bounce_token_key *key;

	if (parts == NULL || !answer_id_is_recent(parts[0], now) ||
	    !answer_id_kind(parts[1], kind_r))
		return FALSE;
	array_foreach(keys, key) {
		const char *mac = t_answer_id_notice_mac(key, user, parts[0],
							 parts[1]);

		if (str_equals_timing_almost_safe(mac, parts[2]))
			return TRUE;
	}
	return FALSE;
}

/*
 * Who sent it
 */

static const char *
t_answer_id_proof(const struct bounce_token_key *key, const char *user,
		  const char *message_id, const char *digest,
		  const char *when)
{
	const char *const texts[] = {
		"answer", user, message_id, digest, when, NULL
	};

	return t_answer_id_mac(key, texts);
}

const char *
bounce_answer_id_prove(const struct bounce_token_key *key, const char *user,
		       const char *message_id, const char *digest, time_t now)
{
	const char *when = dec2str(now);

	return t_strdup_printf(PROOF_VERSION" %s %s", when,
			       t_answer_id_proof(key, user, message_id,
						 digest, when));
}

bool bounce_answer_id_is_proven(const ARRAY_TYPE(bounce_token_key) *keys,
				const char *value, const char *user,
				const char *message_id, const char *digest,
				time_t now)
{
	const char *const *words = t_strsplit_spaces(value, " \t\r\n");
	const struct bounce_token_key *key;
	time_t when;

	if (str_array_length(words) != 3 ||
	    strcmp(words[0], PROOF_VERSION) != 0 ||
	    str_to_time(words[1], &when) < 0 ||
	    when > now + BOUNCE_ANSWER_PROOF_SECS ||
	    when < now - BOUNCE_ANSWER_PROOF_SECS)
		return FALSE;
	array_foreach(keys, key) {
		const char *mac = t_answer_id_proof(key, user, message_id,
						    digest, words[1]);

		if (str_equals_timing_almost_safe(mac, words[2]))
			return TRUE;
	}
	return FALSE;
}
