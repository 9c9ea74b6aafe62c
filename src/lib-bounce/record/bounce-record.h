#ifndef BOUNCE_RECORD_H
#define BOUNCE_RECORD_H

/* The dictionary's layout (all keys private to the user):

   priv/bounce/address/<address>   one record, a JSON object in one line
   priv/bounce/index/<shard>       only where the driver cannot iterate: the
				   addresses of the shard, one JSON array
   priv/bounce/meta/count          about how many records there are: saves an
				   iteration at each new address
   priv/bounce/meta/lock           who is writing, where several Dovecots share
				   the dictionary (bounce-claim.h)
   priv/bounce/meta/backscatter    how many reports were not ours, JSON
   priv/bounce/meta/notices, language, priv/bounce/notice/...
				   what was told (bounce-tell-memory.h)
   priv/bounce/meta/digest         the last digest (bounce-digest.h)
   priv/bounce/sent/...            what was sent (bounce-sent.h)

   <address> is the normal form of bounce_address_normalize(), dict-escaped;
   the address is in the record too.

   Everything here is a pure function: the clock is a parameter. */

#include "bounce-types.h"

#define BOUNCE_DICT_PREFIX "priv/bounce/"
#define BOUNCE_DICT_ADDRESS_PREFIX BOUNCE_DICT_PREFIX"address/"
#define BOUNCE_DICT_INDEX_PREFIX BOUNCE_DICT_PREFIX"index/"
#define BOUNCE_DICT_META_PREFIX BOUNCE_DICT_PREFIX"meta/"
/* how many records there are */
#define BOUNCE_DICT_COUNT BOUNCE_DICT_META_PREFIX"count"

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

/* One address. Strings are NULL where nothing is known; a record lives in the
   pool it was read into. */
struct bounce_record {
	const char *address;		/* normal form */
	/* ORCPT of the last bounce in normal form, where it differs */
	const char *original_address;
	/* the address behind it that refused, where that is another */
	const char *final_address;
	enum bounce_state state;
	/* class to remote_mta and original_message_id are those of the bounce
	   that decided: one that blames nobody never replaces one that did */
	enum bounce_class class;
	enum bounce_side side;
	const char *reason;		/* name; a reason of a later version is
					   kept as it is */
	const char *status, *reply, *diagnostic, *remote_mta;
	double score;			/* as of "scored"; decays */
	/* distinct reports about the address, whether they scored or not */
	unsigned int count;
	time_t first, last;		/* of these reports */
	time_t until;			/* lapses then; 0 = never */
	enum bounce_evidence evidence;
	const char *original_message_id;
	enum bounce_by by;
	const char *corrected;
	/* ids already counted, oldest first, at most BOUNCE_MAX_RECENT */
	ARRAY_TYPE(const_string) recent;

	/* Beyond the contract's list, needed by the policies: */

	/* Message-IDs of the mails that scored already, as recent */
	ARRAY_TYPE(const_string) originals;
	/* and of those that failed without a score: their copies in Sent bear a
	   mark, too */
	ARRAY_TYPE(const_string) unscored;
	/* what fell out of recent: hashes of BOUNCE_SEEN_SIZE characters each,
	   oldest first, at most BOUNCE_MAX_SEEN of them; NULL = none */
	const char *seen;
	/* reports that were only plausible: how many, and the ids of the last
	   as in recent. They add nothing to score or count */
	unsigned int unproven;
	ARRAY_TYPE(const_string) doubts;
	/* what the last of its days weighs, in hundredths */
	unsigned int weight;
	time_t scored;			/* when the score last rose, 0 = never */
	time_t since;			/* when it first rose */
	unsigned int days;		/* different days on which it rose */
	unsigned int lease;		/* which soft suppression this is */
	time_t released;		/* by a person; 0 = never */
	/* The address was not tried (bounce-hold.h): when last, for how many
	   mails, the Message-IDs of the last BOUNCE_MAX_HELD as recent; and
	   when it was tried all the same, as somebody sent again */
	time_t held;
	unsigned int holds;
	ARRAY_TYPE(const_string) held_ids;
	time_t retried;
	/* members that we do not know, as a JSON object in one line, or NULL */
	const char *unknown;
};
ARRAY_DEFINE_TYPE(bounce_record, struct bounce_record);

/* The site's and user's policy. Times in seconds. */
struct bounce_policy {
	double threshold;		/* bounce_threshold, default 3 */
	unsigned int half_life;		/* bounce_half_life, 0 = no decay */
	unsigned int forget;		/* bounce_forget, 0 = never */
	unsigned int keep_hard;		/* bounce_keep_hard, 0 = for ever */
	enum bounce_evidence evidence;	/* least that may change a score */
};

/* One failure (or complaint) of one address, as a record takes it in. */
struct bounce_incident {
	const char *address;		/* normal form; that was written to */
	const char *original_address;	/* normal form, or NULL */
	const char *final_address;	/* that failed, where it is another */
	const char *report_id;		/* never NULL */
	const char *original_message_id;
	enum bounce_class class;
	enum bounce_side side;
	const struct bounce_reason *reason;
	const char *status, *reply, *diagnostic, *remote_mta;
	enum bounce_evidence evidence;
	bool complaint;
	time_t when;
};

/* The least evidence that a record takes in: what is below the policy's is
   unproven there. */
enum bounce_evidence bounce_policy_least(const struct bounce_policy *policy);
/* The defaults of the contract. */
void bounce_policy_init(struct bounce_policy *policy_r);

/* Empty record of that address (normal form, copied to pool). */
void bounce_record_init(struct bounce_record *rec_r, pool_t pool,
			const char *address);

/* The record as JSON in one line (RFC 8259, UTF-8), on the data stack: every
   member of the contract, then ours, then the unknown ones. Texts are cleaned
   (no control characters, valid UTF-8, diagnostic at most
   BOUNCE_MAX_DIAGNOSTIC bytes). */
const char *bounce_record_encode(const struct bounce_record *rec);
/* Read such a line; json need not come from us: members that are missing or of
   the wrong type are as in an empty record, but address, state must be
   right. Members that we do not know are kept in unknown. Returns 0, or -1 with
   error_r. */
int bounce_record_decode(pool_t pool, const char *json,
			 struct bounce_record *rec_r, const char **error_r);
/* Deep copy into pool. */
void bounce_record_copy(pool_t pool, const struct bounce_record *src,
			struct bounce_record *dest_r);
/* Is address (normal form) that of the record, or another one in it? */
bool bounce_record_has_address(const struct bounce_record *rec,
			       const char *address);

/* Was that report (bounce_incident_id()) counted, or refused? */
bool bounce_record_report_has(const struct bounce_record *rec,
			      const char *report_id);

/* The incidents of a failed (or complaint) report, at most
   BOUNCE_MAX_RECIPIENTS, each address once; what is no address is passed over.
   incidents must be an initialised array of struct bounce_incident. */
ARRAY_DEFINE_TYPE(bounce_incident, struct bounce_incident);
void bounce_incidents_read(pool_t pool, const struct bounce_report *report,
			   enum bounce_evidence evidence, time_t when,
			   ARRAY_TYPE(bounce_incident) *incidents);
/* A Message-ID as records remember it: a long one by its hash. */
const char *bounce_incident_id(pool_t pool, const char *message_id);

/* Take in one incident. Strings are copied to pool, which must be the record's.
   Returns TRUE if the record changed (FALSE: the report was counted before).
   A record that had lapsed by then starts anew. */
bool bounce_policy_count(const struct bounce_policy *policy, pool_t pool,
			 struct bounce_record *rec,
			 const struct bounce_incident *incident);
/* What the score is worth at now: soft scores halve. */
double bounce_policy_score(const struct bounce_policy *policy,
			   const struct bounce_record *rec, time_t now);
/* "3", "0.25": in hundredths without zeros at the end, on the data stack. */
const char *bounce_policy_score_text(double score);
/* Has it lapsed? Lapsed records are no records. */
bool bounce_record_lapsed(const struct bounce_record *rec, time_t now);
/* Bring rec up to date from a mailbox that is read again. rebuilt is what the
   incidents (in the order of time) make of an empty record. rec becomes that,
   unless it knows of other reports or a person or a complaint decided: then the
   incidents that it does not know are counted. rec with count 0 and no reason
   is an empty one. Returns TRUE if rec changed. */
bool bounce_policy_merge(const struct bounce_policy *policy, pool_t pool,
			 struct bounce_record *rec,
			 const struct bounce_record *rebuilt,
			 const struct bounce_incident *const *incidents,
			 unsigned int count);
/* A person's verbs (doveadm add, release, correct, import); the record may be
   an empty one. reason may be NULL (kept, or "undetermined"). */
void bounce_record_suppress(struct bounce_record *rec, enum bounce_by by,
			    const struct bounce_reason *reason, time_t now);
void bounce_record_release(struct bounce_record *rec, pool_t pool,
			   enum bounce_by by, time_t now);
/* corrected is in normal form and is copied to pool. */
void bounce_record_correct(struct bounce_record *rec, pool_t pool,
			   const char *corrected, enum bounce_by by,
			   time_t now);
/* Proof of life (a success report, a reply ...): TRUE if the record is to be
   removed; what a person or a complaint said stays. */
bool bounce_record_clears(const struct bounce_record *rec);

/* Nobody would miss it: it has lapsed, or nobody proved what it says. */
bool bounce_record_gives_way(const struct bounce_record *rec, time_t now);
/* It has lapsed, or is soft: the first to make room. */
bool bounce_record_is_softer(const struct bounce_record *rec, time_t now);
/* Who makes room when there are too many: negative if a goes before b. The
   lapsed first, then what nobody proved, then watched, then soft, then hard; the
   oldest first; what a person or a complaint said last of all. */
int bounce_record_room_cmp(const struct bounce_record *a,
			   const struct bounce_record *b, time_t now);

extern const char *const bounce_state_names[], *const bounce_by_names[];
const char *bounce_state_name(enum bounce_state state);
int bounce_state_parse(const char *name, enum bounce_state *state_r);
const char *bounce_by_name(enum bounce_by by);
int bounce_by_parse(const char *name, enum bounce_by *by_r);

#endif
