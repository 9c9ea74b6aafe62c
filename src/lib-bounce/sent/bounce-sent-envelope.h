#ifndef BOUNCE_SENT_ENVELOPE_H
#define BOUNCE_SENT_ENVELOPE_H

/* To whom a mail went, as its envelope or the header of its copy says: hashes of
   addresses. An SMTP server names the envelope (bounce-policy), before there is a
   Message-ID; a client saves the copy, where Bcc may be missing, a moment before or
   after. Both are one mail.

   priv/bounce/envelope/<shard>    the envelopes of BOUNCE_SENT_ENVELOPE_SECS by their
				   queue ids, a JSON object in one line: a report of
				   our own MTA names the queue id
   "recent" of a day (bounce-sent.h)  those that wait for their other half

   Everything here is a pure function. */

#include "lib.h"

struct bounce_sent;

#define BOUNCE_DICT_ENVELOPE_PREFIX "priv/bounce/envelope/"

/* A copy is saved within so many seconds of the sending. */
#define BOUNCE_SENT_RECENT_SECS (15 * 60)
/* An MTA tries for five days. */
#define BOUNCE_SENT_ENVELOPE_SECS (10 * 24 * 60 * 60)

struct bounce_sent_envelope {
	/* hash of the queue id; NULL = it is a copy */
	const char *queue;
	/* what a copy was counted in, see bounce_sent_id() */
	const char *id;
	time_t when;
	/* different ones */
	unsigned int recipients;
	/* hashes of them, sorted, BOUNCE_SENT_HASH characters each; NULL = too many
	   to be kept */
	const char *to;
	/* it went to not all of them: the server refused some */
	bool open;
};
ARRAY_DEFINE_TYPE(bounce_sent_envelope, struct bounce_sent_envelope);

/* queue_id: NULL = a copy. addresses: count different ones in normal form. Everything
   is from pool, but for what is set afterwards (id, when, open). */
void bounce_sent_envelope_init(struct bounce_sent_envelope *env_r, pool_t pool,
			       const char *queue_id,
			       const char *const *addresses, unsigned int count);
/* Did it go to that address (normal form)? Of an open one, or where there were too
   many, nobody can say: FALSE. */
bool bounce_sent_envelope_has(const struct bounce_sent_envelope *env,
			      const char *address);
/* Can it be said whom it went to? */
bool bounce_sent_envelope_is_exact(const struct bounce_sent_envelope *env);

/* The dictionary's key of a queue id's shard, on the data stack. */
const char *bounce_sent_envelope_key(const char *queue_id);
/* That of the shard with this number, NULL after the last one. */
const char *bounce_sent_envelope_shard_key(unsigned int shard);
/* The shard's new value: value (NULL = none) with env, which is an envelope's, and
   without what is too old at env's time. On the data stack. */
const char *bounce_sent_envelope_put(const char *value,
				     const struct bounce_sent_envelope *env);
/* Find that queue id in its shard's value; env_r is from pool. */
bool bounce_sent_envelope_find(pool_t pool, const char *value,
			       const char *queue_id, time_t now,
			       struct bounce_sent_envelope *env_r);

/* The other half of mail that waits in that day: taken out and copied to other_r. Of
   several envelopes the one with the fewest recipients beyond the copy's, the oldest
   of these. */
bool bounce_sent_recent_take(struct bounce_sent *day,
			     const struct bounce_sent_envelope *mail,
			     struct bounce_sent_envelope *other_r);
/* Let it wait; strings must be from the day's pool. */
void bounce_sent_recent_add(struct bounce_sent *day,
			    const struct bounce_sent_envelope *mail);

#endif
