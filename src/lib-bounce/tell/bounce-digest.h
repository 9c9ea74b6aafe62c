#ifndef BOUNCE_DIGEST_H
#define BOUNCE_DIGEST_H

/* When a digest is due, and what the dictionary remembers of the last one: pure,
   the clock is a parameter.

   priv/bounce/meta/digest   until when the last digest reached, its figures, and
			     which addresses recovered since, JSON */

#include "bounce-record.h"

#define BOUNCE_DICT_DIGEST BOUNCE_DICT_META_PREFIX"digest"

enum bounce_digest_every {
	BOUNCE_DIGEST_NO = 0,
	BOUNCE_DIGEST_WEEKLY,
	BOUNCE_DIGEST_MONTHLY
};
/* "no", "weekly", "monthly", NULL */
extern const char *const bounce_digest_every_names[];

/* Times are the first seconds of days, UTC. */
struct bounce_digest_period {
	/* of the period before, of this one, and of the one after it */
	time_t before, since, until;
};

/* The last whole week (from Monday on) or month before now. */
void bounce_digest_period(enum bounce_digest_every every, time_t now,
			  struct bounce_digest_period *period_r);

struct bounce_digest_recovered {
	const char *address;
	time_t when;
};
ARRAY_DEFINE_TYPE(bounce_digest_recovered, struct bounce_digest_recovered);

struct bounce_digest_memory {
	/* the last digest's end, 0 = there was none; what was sent and failed
	   in its time, sent 0 = not known */
	time_t until;
	unsigned int sent, failed;
	/* reports about other people's mail that were counted until then */
	unsigned int backscatter;
	/* the oldest first, at most BOUNCE_MAX_DIGEST_RECOVERED */
	ARRAY_TYPE(bounce_digest_recovered) recovered;
};

/* As JSON in one line, on the data stack. */
const char *
bounce_digest_memory_encode(const struct bounce_digest_memory *memory);
/* json may be NULL; what is missing or damaged is as in an empty one. */
void bounce_digest_memory_decode(pool_t pool, const char *json,
				 struct bounce_digest_memory *memory_r);
/* An address recovered, each once; the oldest makes room. */
void bounce_digest_memory_add(struct bounce_digest_memory *memory,
			      pool_t pool, const char *address, time_t when);
/* Returns TRUE if it was there. */
bool bounce_digest_memory_forget(struct bounce_digest_memory *memory,
				 const char *address);

#endif
