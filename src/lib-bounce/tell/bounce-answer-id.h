#ifndef BOUNCE_ANSWER_ID_H
#define BOUNCE_ANSWER_ID_H

/* How an answer to one of our notices is known again: the notice's Message-ID
   bears a MAC, which the client repeats in In-Reply-To (RFC 5322 section 3.6.4).

   <n.DAY.NONCE.MAC@host>	MAC: 80 bits of HMAC-SHA256 under the token key
				over "notice", user, DAY and NONCE, in hex; the
				NONCE begins with the kind's first two letters

   And how a mail that passed our submission shows that its user sent it, with
   just this text:

   X-Bounce-Answer: 1 TIME MAC	over "answer", user, Message-ID,
				bounce_answer_digest() and TIME */

#include "bounce-tell.h"
#include "bounce-token.h"

#define BOUNCE_ANSWER_HEADER "X-Bounce-Answer"
/* Nobody answers a notice that is older. */
#define BOUNCE_ANSWER_MAX_DAYS 60
/* So long a proof of who sent an answer is good. */
#define BOUNCE_ANSWER_PROOF_SECS (24 * 60 * 60)

/* The Message-ID of a notice, with < >, on the data stack. random: at least 8
   bytes of the caller's. key NULL: none that could be answered. */
const char *
bounce_answer_id_make(const struct bounce_token_key *key, const char *user,
		      const char *day, enum bounce_tell_kind kind,
		      const unsigned char *random, size_t random_size,
		      const char *host);
/* The id of the notice that a mail answers, by the values of its In-Reply-To and
   References (either may be NULL): has it the form of ours? From pool, or
   NULL. Nothing is proven yet. */
const char *bounce_answer_id_find(pool_t pool, const char *in_reply_to,
				  const char *references);
/* Did we give this id to a notice for this user, within
   BOUNCE_ANSWER_MAX_DAYS? Returns TRUE and of which kind. */
bool bounce_answer_id_verify(const ARRAY_TYPE(bounce_token_key) *keys,
			     const char *id, const char *user, time_t now,
			     enum bounce_tell_kind *kind_r);

/* The header's value, on the data stack. message_id has < >. */
const char *
bounce_answer_id_prove(const struct bounce_token_key *key, const char *user,
		       const char *message_id, const char *digest, time_t now);
/* Did this user send the mail with that Message-ID and this text? */
bool bounce_answer_id_is_proven(const ARRAY_TYPE(bounce_token_key) *keys,
				const char *value, const char *user,
				const char *message_id, const char *digest,
				time_t now);

#endif
