/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "hmac.h"
#include "str.h"
#include "bounce-sent.h"
#include "bounce-token.h"

#define TOKEN_VERSION "1"
#define MAC_SIZE 16
#define MARK_SIZE 3
/* 3 bytes in base64 */
#define MARK_CHARS 4
/* A line of a header has 78 characters (RFC 5322 section 2.1.1). */
#define LINE_MARKS 18

/*
 * Keys
 */

static bool token_key_is_zero(const struct bounce_token_key *key)
{
	for (unsigned int i = 0; i < sizeof(key->data); i++) {
		if (key->data[i] != 0)
			return FALSE;
	}
	return TRUE;
}

int bounce_token_keys_parse(const char *text, ARRAY_TYPE(bounce_token_key) *keys,
			    const char **error_r)
{
	const char *const *lines = t_strsplit_spaces(text, "\r\n");

	for (unsigned int i = 0; lines[i] != NULL; i++) {
		const char *line = t_str_trim(lines[i], " \t");
		struct bounce_token_key key;
		buffer_t *buf = t_buffer_create(BOUNCE_TOKEN_KEY_SIZE);

		if (*line == '\0' || *line == '#')
			continue;
		if (strlen(line) != 2 * BOUNCE_TOKEN_KEY_SIZE ||
		    hex_to_binary(line, buf) < 0) {
			*error_r = t_strdup_printf("line %u is not %u hex "
				"digits", i + 1, 2 * BOUNCE_TOKEN_KEY_SIZE);
			return -1;
		}
		memcpy(key.data, buf->data, BOUNCE_TOKEN_KEY_SIZE);
		if (token_key_is_zero(&key)) {
			*error_r = t_strdup_printf("line %u is all zeros: "
				"anybody could guess it", i + 1);
			return -1;
		}
		array_push_back(keys, &key);
		if (array_count(keys) == BOUNCE_TOKEN_MAX_KEYS)
			break;
	}
	if (array_is_empty(keys)) {
		*error_r = "there is no key in it";
		return -1;
	}
	return 0;
}

const char *bounce_token_key_line(const struct bounce_token_key *key)
{
	return t_strconcat(binary_to_hex(key->data, sizeof(key->data)), "\n",
			   NULL);
}

/*
 * Make
 */

/* The NULs keep "ab" "c" and "a" "bc" apart. */
void bounce_token_sign(const struct bounce_token_key *key,
		       const char *const *texts,
		       unsigned char digest_r[SHA256_RESULTLEN])
{
	struct hmac_context hmac;

	hmac_init(&hmac, key->data, sizeof(key->data), &hash_method_sha256);
	for (; *texts != NULL; texts++)
		hmac_update(&hmac, *texts, strlen(*texts) + 1);
	hmac_final(&hmac, digest_r);
}

static void
token_append_base64(string_t *dest, const unsigned char *data, size_t size)
{
	string_t *str = t_str_new(64);

	base64_encode(data, size, str);
	str_append_data(dest, str_data(str), strcspn(str_c(str), "="));
}

static const char *
t_token_mark(const struct bounce_token_key *key, const char *what,
	     const char *message_id, const char *address)
{
	const char *const texts[] = { what, message_id, address, NULL };
	unsigned char digest[SHA256_RESULTLEN];
	string_t *str = t_str_new(16);

	bounce_token_sign(key, texts, digest);
	token_append_base64(str, digest, MARK_SIZE);
	return str_c(str);
}

static const char *
t_token_address_mark(const struct bounce_token_key *key, const char *message_id,
		     const char *address)
{
	return t_token_mark(key, "rcpt", message_id, address);
}

static int token_mark_cmp(const char *const *a, const char *const *b)
{
	return strcmp(*a, *b);
}

static const char *
t_token_marks(const struct bounce_token_key *key, const char *message_id,
	      const char *const *recipients, unsigned int count)
{
	ARRAY_TYPE(const_string) marks;
	string_t *str;
	const char *mark;
	unsigned int i;

	if (count > BOUNCE_TOKEN_MAX_RECIPIENTS)
		count = 0;
	t_array_init(&marks, BOUNCE_TOKEN_MAX_RECIPIENTS);
	for (i = 0; i < BOUNCE_TOKEN_MAX_RECIPIENTS; i++) {
		mark = i < count ?
			t_token_address_mark(key, message_id, recipients[i]) :
			t_token_mark(key, "fill", message_id, dec2str(i));
		array_push_back(&marks, &mark);
	}
	array_sort(&marks, token_mark_cmp);
	str = t_str_new(BOUNCE_TOKEN_MAX_RECIPIENTS * MARK_CHARS + 1);
	array_foreach_elem(&marks, mark)
		str_append(str, mark);
	return str_c(str);
}

static const char *
t_token_mac(const struct bounce_token_key *key, const char *user,
	    const char *message_id, const char *day, const char *marks,
	    bool open)
{
	const char *const texts[] = {
		TOKEN_VERSION, user, message_id, day, marks,
		open ? "open" : NULL, NULL
	};
	unsigned char digest[SHA256_RESULTLEN];
	string_t *str = t_str_new(32);

	bounce_token_sign(key, texts, digest);
	token_append_base64(str, digest, MAC_SIZE);
	return str_c(str);
}

const char *
bounce_token_make(const struct bounce_token_key *key, const char *user,
		  const char *message_id, const char *day,
		  const char *const *recipients, unsigned int count)
{
	const char *marks = t_token_marks(key, message_id, recipients, count);
	bool open = count == 0 || count > BOUNCE_TOKEN_MAX_RECIPIENTS;
	const char *mac = t_token_mac(key, user, message_id, day, marks, open);
	string_t *str = t_str_new(512);

	str_printfa(str, TOKEN_VERSION" %s %s", day, mac);
	while (*marks != '\0') {
		size_t len = I_MIN(strlen(marks), LINE_MARKS * MARK_CHARS);

		str_append(str, "\r\n ");
		str_append_data(str, marks, len);
		marks += len;
	}
	return str_c(str);
}

/*
 * Verify
 */

static bool token_is_recent(const char *day, time_t now)
{
	time_t when = strlen(day) == 8 ? bounce_sent_day_time(day) :
		(time_t)-1;

	return when != (time_t)-1 && when <= now + 24 * 60 * 60 &&
		when >= now - BOUNCE_TOKEN_MAX_DAYS * 24 * 60 * 60;
}

bool bounce_token_verify(const ARRAY_TYPE(bounce_token_key) *keys,
			 const char *value, const char *user,
			 const char *message_id, time_t now, pool_t pool,
			 struct bounce_token *token_r)
{
	const char *const *words = t_strsplit_spaces(value, " \t\r\n");
	const struct bounce_token_key *key;
	const char *marks;

	if (str_array_length(words) < 3 ||
	    strcmp(words[0], TOKEN_VERSION) != 0 ||
	    !token_is_recent(words[1], now))
		return FALSE;
	/* folded or not */
	marks = t_strarray_join(words + 3, "");
	array_foreach(keys, key) {
		const char *closed = t_token_mac(key, user, message_id,
						 words[1], marks, FALSE);
		const char *open = t_token_mac(key, user, message_id, words[1],
					       marks, TRUE);

		token_r->open = str_equals_timing_almost_safe(open, words[2]);
		if (!token_r->open &&
		    !str_equals_timing_almost_safe(closed, words[2]))
			continue;
		token_r->day = p_strdup(pool, words[1]);
		token_r->key = *key;
		token_r->message_id = p_strdup(pool, message_id);
		token_r->recipients = p_strdup(pool, marks);
		return TRUE;
	}
	return FALSE;
}

bool bounce_token_is_open(const struct bounce_token *token)
{
	return token->open;
}

bool bounce_token_has(const struct bounce_token *token, const char *address)
{
	const char *mark = t_token_address_mark(&token->key, token->message_id,
						address);
	const char *p = token->open ? "" : token->recipients;

	for (; strlen(p) >= MARK_CHARS; p += MARK_CHARS) {
		if (strncmp(p, mark, MARK_CHARS) == 0)
			return TRUE;
	}
	return FALSE;
}
