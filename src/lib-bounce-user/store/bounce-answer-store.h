#ifndef BOUNCE_ANSWER_STORE_H
#define BOUNCE_ANSWER_STORE_H

/* priv/bounce/meta/answers: which answers to our notices were carried out lately,
   by a hash of their Message-ID, and how many came today. */

#include "lib.h"

struct bounce_store;

/* Answers of one day that are looked at: so many that are proven to be the user's,
   and so many of which nobody knows, which must not use up the user's. */
#define BOUNCE_ANSWER_STORE_MAX_DAY 20

struct bounce_answer_day {
	/* how many came today, proven or not as it was asked */
	unsigned int count;
	/* this one was carried out: it is delivered twice, or sent again by
	   somebody else */
	bool done;
};

/* Returns 0, or -1 with error_r. */
int bounce_answer_store_get(struct bounce_store *store, const char *message_id,
			    bool proven, time_t now,
			    struct bounce_answer_day *day_r,
			    const char **error_r);
/* Count it; done: it was carried out. Returns 0, or -1. */
int bounce_answer_store_add(struct bounce_store *store, const char *message_id,
			    bool proven, bool done, time_t now,
			    const char **error_r);

#endif
