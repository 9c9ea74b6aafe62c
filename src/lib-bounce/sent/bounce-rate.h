#ifndef BOUNCE_RATE_H
#define BOUNCE_RATE_H

/* Is it them or is it us? Of what was sent, how much failed, and what do the
   failures have in common. */

#include "bounce-sent.h"

struct bounce_texts;

/* Percent of the recipients that failed. */
#define BOUNCE_RATE_PERCENT_NOTICE 2
#define BOUNCE_RATE_PERCENT_WARNING 5
#define BOUNCE_RATE_PERCENT_CRITICAL 10
/* of one broadcast */
#define BOUNCE_RATE_PERCENT_OUR_SIDE 20
/* So many failures, and such a part of them in percent, make a shared cause. */
#define BOUNCE_RATE_SHARED_MINIMUM 5
#define BOUNCE_RATE_PERCENT_SHARED 60
/* Percent of the recipients that complained. */
#define BOUNCE_RATE_COMPLAINTS_WARNING 0.1
#define BOUNCE_RATE_COMPLAINTS_CRITICAL 0.5
/* One may have pressed the wrong button. */
#define BOUNCE_RATE_COMPLAINTS_MINIMUM 2

struct bounce_rate {
	/* recipients that were tried; 0 = not known */
	unsigned int sent;
	/* those that did not fail as far as is known */
	unsigned int delivered;
	unsigned int failed, hard, complaints;
	/* nothing is known of what was sent, or more came back than we know to
	   have gone out: no percent and no level */
	bool unknown;
	double percent, hard_percent, complaint_percent;
	/* none below BOUNCE_RATE_MINIMUM recipients */
	enum bounce_rate_level level;
	bool by_complaints;		/* it is the complaints' level */
	/* what most failures share, whatever the level; NULL = nothing. Lives
	   as long as the counters. */
	const struct bounce_cause *cause;
	unsigned int shared;		/* how many failures share it */
};

/* Counters of several days in one; sum must have been initialised, with any id.
   Strings are copied to pool. */
void bounce_rate_sum(struct bounce_sent *sum, pool_t pool,
		     const struct bounce_sent *sent);
/* known: how many there were, by who knows better, 0 = what was counted.
   A shared cause counts failures only that are neither hard nor of the
   recipient's side, as dead addresses at one big provider are refused in the
   same words whatever we do. */
void bounce_rate_judge(const struct bounce_sent *sent, unsigned int known,
		       struct bounce_rate *rate_r);
/* Is it them or is it us, in a sentence, and what to do; on the data stack or
   as long as texts, or NULL where there is nothing to say. */
const char *bounce_rate_advice(const struct bounce_rate *rate,
			       const struct bounce_texts *texts);

#endif
