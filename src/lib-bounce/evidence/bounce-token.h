#ifndef BOUNCE_TOKEN_H
#define BOUNCE_TOKEN_H

/* A mark in the header of a mail that we sent, by which we know it again in a
   bounce:

   X-Bounce-Token: 1 20261124 <mac> [<recipient>]...

   mac is 16 bytes of HMAC-SHA256 over user, Message-ID, day and what follows,
   in base64; each recipient 3 bytes of one over the Message-ID and the address,
   in ascending order and filled up with others to BOUNCE_TOKEN_MAX_RECIPIENTS, so
   that it does not say how many Bcc there were. If there were more, all of them are
   others, and mac is over the word "open", too.

   Keys: a text file of lines with 64 hex digits each. The first one signs, all
   of them verify. */

#include "bounce-types.h"
#include "sha2.h"

#define BOUNCE_TOKEN_HEADER "X-Bounce-Token"
#define BOUNCE_TOKEN_KEY_SIZE 32
#define BOUNCE_TOKEN_MAX_KEYS 8
/* Dovecot promises its clients that a mail grows by 1024 bytes at most. */
#define BOUNCE_TOKEN_MAX_RECIPIENTS 128
/* Nobody bounces a mail that is older. */
#define BOUNCE_TOKEN_MAX_DAYS 30

struct bounce_token_key {
	unsigned char data[BOUNCE_TOKEN_KEY_SIZE];
};
ARRAY_DEFINE_TYPE(bounce_token_key, struct bounce_token_key);

struct bounce_token {
	const char *day;
	/* of the key that verified it */
	struct bounce_token_key key;
	const char *message_id;
	/* the recipients' marks, 4 characters each */
	const char *recipients;
	/* there were too many: none of them is one */
	bool open;
};

/* Read a key file; empty lines and those that begin with # are passed over.
   keys must be initialised. Returns 0, or -1 with error_r (never the key). */
int bounce_token_keys_parse(const char *text, ARRAY_TYPE(bounce_token_key) *keys,
			    const char **error_r);
/* A line for such a file, on the data stack. */
const char *bounce_token_key_line(const struct bounce_token_key *key);

/* HMAC-SHA256 over the texts (NULL-terminated). */
void bounce_token_sign(const struct bounce_token_key *key,
		       const char *const *texts,
		       unsigned char digest_r[SHA256_RESULTLEN]);

/* The header's value, on the data stack. message_id has < >; day is a
   bounce_sent_day(); recipients are in normal form. */
const char *
bounce_token_make(const struct bounce_token_key *key, const char *user,
		  const char *message_id, const char *day,
		  const char *const *recipients, unsigned int count);
/* Did we give this mail this value? now: today. Returns TRUE and fills token_r
   (from pool). */
bool bounce_token_verify(const ARRAY_TYPE(bounce_token_key) *keys,
			 const char *value, const char *user,
			 const char *message_id, time_t now, pool_t pool,
			 struct bounce_token *token_r);
/* There were too many recipients: it does not say who they were. */
bool bounce_token_is_open(const struct bounce_token *token);
/* Was it sent to that address (normal form)? An open one has none. */
bool bounce_token_has(const struct bounce_token *token, const char *address);

#endif
