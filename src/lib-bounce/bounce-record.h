#ifndef BOUNCE_RECORD_H
#define BOUNCE_RECORD_H

/* The dictionary's layout (all keys private to the user):

   priv/bounce/address/<address>   one record, a JSON object in one line
   priv/bounce/index/<shard>       only where the driver cannot iterate: the
				   addresses of the shard, one JSON array
   priv/bounce/sent/..., priv/bounce/rate/...   the sent side (bounce-rate.h)

   <address> is the normal form of bounce_address_normalize(), dict-escaped;
   the address stands in the record too.

   Everything here is a pure function: the clock is a parameter. */

#include "bounce-types.h"

#define BOUNCE_DICT_PREFIX "priv/bounce/"
#define BOUNCE_DICT_ADDRESS_PREFIX BOUNCE_DICT_PREFIX"address/"
#define BOUNCE_DICT_INDEX_PREFIX BOUNCE_DICT_PREFIX"index/"

enum bounce_state {
	BOUNCE_STATE_WATCHED = 0,	/* below the threshold */
	BOUNCE_STATE_SUPPRESSED,
	BOUNCE_STATE_RELEASED,		/* allowed again by a person */
	BOUNCE_STATE_CORRECTED,		/* corrected holds the new address */
	BOUNCE_STATE_COUNT
};

enum bounce_by {
	BOUNCE_BY_BOUNCE = 0,
	BOUNCE_BY_COMPLAINT,
	BOUNCE_BY_USER,
	BOUNCE_BY_IMPORT,
	BOUNCE_BY_COUNT
};

struct bounce_record {
	const char *address;		/* normal form */
	/* ORCPT of the last bounce in normal form, where it differs */
	const char *original_address;
	enum bounce_state state;
	enum bounce_class class;
	enum bounce_side side;
	const char *reason;		/* name; a reason of a later version is
					   kept as it is */
	const char *status, *reply, *diagnostic, *remote_mta;
	double score;			/* as of "last"; decays */
	unsigned int count;
	time_t first, last;
	time_t until;			/* lapses then; 0 = never */
	enum bounce_evidence evidence;
	const char *original_message_id;
	enum bounce_by by;
	const char *corrected;
	/* ids already counted, oldest first, at most BOUNCE_MAX_RECENT */
	ARRAY_TYPE(const_string) recent;
	/* members that we do not know, as a JSON object, or NULL */
	const char *unknown;
};

/* The site's and user's policy. Times in seconds. */
struct bounce_policy {
	double threshold;		/* bounce_threshold, default 3 */
	unsigned int half_life;		/* bounce_half_life, 0 = no decay */
	unsigned int forget;		/* bounce_forget, 0 = never */
	unsigned int keep_hard;		/* bounce_keep_hard, 0 = for ever */
	enum bounce_evidence evidence;	/* least that may change a score */
};

/* The defaults of the contract. */
void bounce_policy_init(struct bounce_policy *policy_r);

const char *bounce_state_name(enum bounce_state state);
int bounce_state_parse(const char *name, enum bounce_state *state_r);
const char *bounce_by_name(enum bounce_by by);
int bounce_by_parse(const char *name, enum bounce_by *by_r);

#endif
