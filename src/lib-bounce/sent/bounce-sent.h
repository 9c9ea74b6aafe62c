#ifndef BOUNCE_SENT_H
#define BOUNCE_SENT_H

/* What a user sent, and what of it failed: counters, no list of mail.

   priv/bounce/sent/<day>          one UTC day, a JSON object in one line
   priv/bounce/sent/<day>-<hash>   one broadcast of that day
   priv/bounce/meta/sent           the oldest day that is kept, and since when
				   this user's mail is counted

   A broadcast is one message to many, or the messages of one day that share
   their subject; <hash> is of the subject, or of the Message-ID where there is
   none. The last BOUNCE_MAX_SENT_MAILS of them are within the day; one that
   reaches BOUNCE_RATE_MINIMUM recipients gets a key of its own. So thousands of
   single mails cost one key.

   Everything here is a pure function. */

#include "bounce-sent-envelope.h"
#include "bounce-types.h"

#define BOUNCE_DICT_SENT_PREFIX "priv/bounce/sent/"
#define BOUNCE_DICT_SENT_SPAN "priv/bounce/meta/sent"

/* Fewer recipients than that have no rate. */
#define BOUNCE_RATE_MINIMUM 20

struct bounce_incident;

enum bounce_rate_level {
	BOUNCE_RATE_NONE = 0,
	BOUNCE_RATE_NOTICE,
	BOUNCE_RATE_WARNING,
	BOUNCE_RATE_CRITICAL,
	BOUNCE_RATE_OUR_SIDE,
	BOUNCE_RATE_COUNT
};

/* What failures may have in common. */
enum bounce_cause_kind {
	BOUNCE_CAUSE_SENDER = 0,	/* side sender; text is the reason */
	BOUNCE_CAUSE_WORDS,		/* the diagnostic without numbers */
	BOUNCE_CAUSE_DOMAIN,		/* of the recipient */
	BOUNCE_CAUSE_HOST,		/* that refused */
	BOUNCE_CAUSE_COUNT
};

struct bounce_cause {
	enum bounce_cause_kind kind;
	const char *text;
	unsigned int count;
};
ARRAY_DEFINE_TYPE(bounce_cause, struct bounce_cause);

struct bounce_sent;
ARRAY_DEFINE_TYPE(bounce_sent, struct bounce_sent);

/* A day, or a broadcast, or what may become one. */
struct bounce_sent {
	/* "20261124", or "20261124-0a1b2c3d" */
	const char *id;
	/* the first one's, as people read it; NULL for a day */
	const char *subject;
	/* mails, and how many of them were seen in a mailbox only, where Bcc
	   may be missing */
	unsigned int messages, saved;
	/* recipients */
	unsigned int sent;
	/* failed recipients, by class and by side */
	unsigned int failed;
	unsigned int class[BOUNCE_CLASS_COUNT], side[BOUNCE_SIDE_COUNT];
	unsigned int complaints;
	/* recipients that a relay on our side did not try, as it remembers an
	   old bounce: within sent, but not failed */
	unsigned int suppressed;
	/* recipients that we did not try (bounce-hold.h): neither sent nor
	   failed */
	unsigned int held;
	/* of the failures that the address is not to blame for; at most
	   BOUNCE_MAX_CAUSES of each kind */
	ARRAY_TYPE(bounce_cause) causes;
	/* hashes of the addresses that failed; of a day: of the mails seen.
	   Oldest first, BOUNCE_SENT_HASH characters each; NULL = none */
	string_t *seen;
	/* the highest that was announced */
	enum bounce_rate_level level;

	/* of a day only: */
	/* of a mail at least a bounce could be verified */
	bool verifiable;
	/* hashes of the mails that bounced, as seen */
	string_t *bounced;
	/* hashes of what was counted as failed, as seen: reports with an
	   address */
	string_t *failures;
	/* a mail of that day failed to more recipients than it is known to have
	   had: what was sent is at least sent */
	bool open;
	ARRAY_TYPE(bounce_sent) mails;		/* used last at the end */
	ARRAY_TYPE(const_string) broadcasts;	/* their ids */
	/* of the last minutes, see bounce_sent_recent_take() */
	ARRAY_TYPE(bounce_sent_envelope) recent;
};

/* One mail that went out. */
struct bounce_sent_mail {
	const char *message_id;		/* with < >; NULL = none */
	const char *subject;		/* decoded; NULL = none */
	unsigned int recipients;	/* different ones */
	/* their addresses in normal form; NULL = not known, or it makes no
	   difference: neither a copy nor an envelope */
	const char *const *addresses;
	/* of an envelope: the MTA's queue id; what has none is a copy, or counted
	   by its Message-ID */
	const char *queue_id;
	/* of an envelope: these were asked for, but not all went */
	bool open;
	/* instead: so many of a mail were not tried. Its Message-ID was not seen
	   by that */
	unsigned int held;
	bool saved;			/* seen in a mailbox */
	/* a bounce of it can be verified: it is in Sent, or bears a token */
	bool verifiable;
	time_t when;
};

const char *bounce_rate_level_name(enum bounce_rate_level level);
int bounce_rate_level_parse(const char *name, enum bounce_rate_level *level_r);
const char *bounce_cause_kind_name(enum bounce_cause_kind kind);
int bounce_cause_kind_parse(const char *name, enum bounce_cause_kind *kind_r);

/* "20261124" of a time, UTC; on the data stack. */
const char *bounce_sent_day(time_t when);
/* Its first second, or -1 if day does not begin with one. */
time_t bounce_sent_day_time(const char *day);
/* When the mail with this header block was sent, as its Date: says. */
bool bounce_sent_date(const char *headers, time_t *date_r);
/* The id of what a mail of that day belongs to, on the data stack. */
const char *bounce_sent_id(const char *day, const char *subject,
			   const char *message_id);
/* The dictionary's key of a day or broadcast, on the data stack. */
const char *bounce_sent_key(const char *id);

void bounce_sent_init(struct bounce_sent *sent_r, pool_t pool, const char *id);

/* Was this Message-ID counted on that day? If not, remember it. Strings are
   allocated from pool, which must be the day's. */
bool bounce_sent_see(struct bounce_sent *day, pool_t pool,
		     const char *message_id);
/* Was it? */
bool bounce_sent_saw(const struct bounce_sent *day, const char *message_id);
/* This mail of that day bounced: remember it. */
void bounce_sent_bounce(struct bounce_sent *day, pool_t pool,
			const char *message_id);
/* Did it? */
bool bounce_sent_bounced(const struct bounce_sent *day,
			 const char *message_id);
/* Count one mail in a day or broadcast. */
void bounce_sent_count(struct bounce_sent *sent, pool_t pool,
		       const struct bounce_sent_mail *mail);
/* A copy that was counted with so many recipients is that of an envelope, with
   more of them. */
void bounce_sent_complete(struct bounce_sent *sent, unsigned int copied,
			  unsigned int recipients);
/* Count one failure or complaint; each address fails and complains once in a
   broadcast, and once by each report on a day.
   Returns TRUE if the counters changed. */
bool bounce_sent_fail(struct bounce_sent *sent, pool_t pool,
		      const struct bounce_incident *incident);
/* Does the day know of all that it counted which report it was? Then one that is
   counted again changes nothing. */
bool bounce_sent_knows_failures(const struct bounce_sent *day);
/* Is it not known how many there were, or did more fail than that? */
bool bounce_sent_is_open(const struct bounce_sent *sent);
/* The entry of that id within the day, or NULL. Valid until the next change of
   day. */
struct bounce_sent *
bounce_sent_find(struct bounce_sent *day, const char *id);
/* The same; made where there is none, and moved to the end. */
struct bounce_sent *
bounce_sent_get(struct bounce_sent *day, pool_t pool, const char *id);
/* Does id have a key of its own? */
bool bounce_sent_is_broadcast(const struct bounce_sent *day, const char *id);
/* Give the entry a key of its own, if it is large enough and the day has not
   too many: it is taken out of the day and copied to sent_r. */
bool bounce_sent_promote(struct bounce_sent *day, pool_t pool, const char *id,
			 struct bounce_sent *sent_r);

/* As JSON in one line, on the data stack. */
const char *bounce_sent_encode(const struct bounce_sent *sent);
/* What is damaged or missing is 0. Returns 0, or -1 if json is none of ours. */
int bounce_sent_decode(pool_t pool, const char *json,
		       struct bounce_sent *sent_r, const char **error_r);

#endif
