#ifndef BOUNCE_HOLD_H
#define BOUNCE_HOLD_H

/* No further attempt: is a mail to this address tried? Pure functions of the
   record, the settings and the time; who asks is submission, the policy service
   and doveadm. */

#include "bounce-record.h"

/* A second try comes from a person, and so not at once. */
#define BOUNCE_HOLD_AGAIN_MIN_SECS 20
/* Of bounce_hold_text(). */
#define BOUNCE_HOLD_MAX_TEXT 400

/* bounce_suppress */
enum bounce_hold_mode {
	BOUNCE_HOLD_MODE_NO = 0,	/* never looked at */
	BOUNCE_HOLD_MODE_REPORT,	/* an event, nothing else */
	BOUNCE_HOLD_MODE_ENFORCE,	/* a suppressed address is not tried */
	BOUNCE_HOLD_MODE_COUNT
};

/* bounce_suppress_reply */
enum bounce_hold_reply {
	BOUNCE_HOLD_REPLY_AUTO = 0,	/* refuse a mail with nobody left */
	BOUNCE_HOLD_REPLY_RCPT,		/* refuse each recipient */
	BOUNCE_HOLD_REPLY_COUNT
};

struct bounce_hold_settings {
	enum bounce_hold_mode mode;
	enum bounce_hold_reply reply;
	/* bounce_suppress_again: seconds in which a second try goes; 0 = never */
	unsigned int again;
};

enum bounce_hold_decision {
	/* goes */
	BOUNCE_HOLD_PASS = 0,
	/* goes, and would not with "enforce" */
	BOUNCE_HOLD_REPORT,
	/* goes, as it was held and somebody sends again */
	BOUNCE_HOLD_AGAIN,
	/* is not tried */
	BOUNCE_HOLD_HOLD,
	BOUNCE_HOLD_DECISION_COUNT
};

/* One recipient, and what is to be done. */
struct bounce_hold {
	/* as it was written to */
	const char *address;
	enum bounce_hold_decision decision;
	/* why: state, by, reason, since; NULL = nothing is known */
	const struct bounce_record *rec;
};
ARRAY_DEFINE_TYPE(bounce_hold, struct bounce_hold);

/* Deep copy into pool; src->rec is not NULL. */
void bounce_hold_copy(pool_t pool, const struct bounce_hold *src,
		      struct bounce_hold *dest_r);

/* rec: the address's record, NULL = none; one that has lapsed is none.
   message_id: of the mail (with < >), NULL = not known or not yet. A
   Message-ID that was held before is the same try, not a second one: a client's
   outbox tries again by itself. */
enum bounce_hold_decision
bounce_hold_decide(const struct bounce_hold_settings *set,
		   const struct bounce_record *rec, const char *message_id,
		   time_t now);

/* May a second try of this one go? What a person or a complaint said is not undone by
   sending again. */
bool bounce_hold_may_go_again(const struct bounce_hold_settings *set,
			      const struct bounce_record *rec);

/* What a record remembers. They return TRUE if it changed, and copy message_id
   to pool, which must be the record's. */
/* Its address was not tried. */
bool bounce_hold_note_held(pool_t pool, struct bounce_record *rec,
			   const char *message_id, time_t now);
/* It was, all the same (BOUNCE_HOLD_AGAIN): this once. */
bool bounce_hold_note_again(struct bounce_record *rec, time_t now);

/* Since when the address has been as it is; 0 = not known. */
time_t bounce_hold_since(const struct bounce_record *rec);
/* What the client is told of those that are held (others are passed over): ASCII
   in one line, at most BOUNCE_HOLD_MAX_TEXT bytes, on the data stack. */
const char *bounce_hold_text(const struct bounce_hold_settings *set,
			     const struct bounce_hold *holds,
			     unsigned int count);
/* The enhanced status code (RFC 3463) that goes with it. */
const char *bounce_hold_status(const struct bounce_hold *holds,
			       unsigned int count);

extern const char *const bounce_hold_mode_names[],
	*const bounce_hold_reply_names[], *const bounce_hold_decision_names[];
const char *bounce_hold_decision_name(enum bounce_hold_decision decision);

#endif
