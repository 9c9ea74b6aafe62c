#ifndef BOUNCE_TELL_H
#define BOUNCE_TELL_H

/* Our own mail to the person: what did not arrive, why in plain words, what to
   do. A pure function from a struct to a whole mail; where and when it is saved
   is somebody else's. */

#include "bounce-record.h"
#include "bounce-sent.h"

struct bounce_answer;
struct bounce_rate;
struct bounce_texts;

/* Its value: "v=1; kind=failure". A mail that has it is no report. */
#define BOUNCE_TELL_HEADER "X-Bounce-Notice"
/* What it has in its mailbox. */
#define BOUNCE_TELL_KEYWORD "$BounceNotice"

enum bounce_tell_kind {
	/* a mail to a few, each recipient with everything that is known */
	BOUNCE_TELL_FAILURE = 0,
	/* a mail to many, or many of one subject: figures and a list */
	BOUNCE_TELL_BROADCAST,
	/* suppressed addresses that a mail was not sent to */
	BOUNCE_TELL_HELD,
	/* addresses that turned out to work */
	BOUNCE_TELL_RECOVERED,
	/* more failed in an hour than notices are written for */
	BOUNCE_TELL_LIMIT,
	/* so many reports about other people's mail that they are filed away */
	BOUNCE_TELL_FLOOD,
	/* a week or a month */
	BOUNCE_TELL_DIGEST,
	/* what became of an answer to one of these */
	BOUNCE_TELL_ANSWER,
	BOUNCE_TELL_KIND_COUNT
};

/* One recipient who did not get it, or one address that is told of. All but the
   address may be NULL or 0. */
struct bounce_tell_recipient {
	const char *address;		/* that was written to */
	const char *final_address;	/* that refused, where it differs */
	const struct bounce_reason *reason;
	enum bounce_class class;
	enum bounce_side side;
	const char *status;
	/* the server's own words and name; NULL where they are not to be
	   repeated */
	const char *words, *server;
	/* not proven, where the others of the notice are */
	bool doubtful;
	/* of one that was held: who suppressed it, and when; the right address,
	   where that is why (NULL = it is not) */
	enum bounce_by by;
	time_t since;
	const char *corrected;
	/* a second try of it goes */
	bool again;
};
ARRAY_DEFINE_TYPE(bounce_tell_recipient, struct bounce_tell_recipient);

/* What a digest says besides the addresses that died in its time: those are the
   recipients. */
struct bounce_tell_digest {
	/* its first second, and the first one after it (UTC) */
	time_t since, until;
	/* of its time, and of as long a time before; before NULL = not known */
	const struct bounce_rate *rate, *before;
	ARRAY_TYPE(const_string) recovered;
	/* address and corrected */
	ARRAY_TYPE(bounce_tell_recipient) corrected;
	/* addresses whose reports prove nothing; reports about other people's
	   mail */
	unsigned int unproven, backscatter;
	/* what was refused because of us or of the message: the providers'
	   domains, and how often; the most frequent first */
	const ARRAY_TYPE(bounce_cause) *providers;
};

enum bounce_tell_done {
	BOUNCE_TELL_DONE_OK = 0,
	/* there is no record of that address */
	BOUNCE_TELL_DONE_UNKNOWN,
	/* the two addresses are the same */
	BOUNCE_TELL_DONE_SAME,
	/* the dictionary failed */
	BOUNCE_TELL_DONE_FAILED,
	BOUNCE_TELL_DONE_COUNT
};

/* What became of an answer. */
struct bounce_tell_answer {
	/* what was understood, and what became of each command; nothing was
	   done of what is not proven */
	const struct bounce_answer *answer;
	const enum bounce_tell_done *done;
	/* it is not proven (yet) that the person sent it */
	bool unproven;
	/* the dictionary does not answer: nothing was done */
	bool down;
};

struct bounce_tell {
	enum bounce_tell_kind kind;
	/* NULL = English */
	const struct bounce_texts *texts;

	/* the mail itself */
	const char *address;		/* the person's own */
	const char *host;		/* ours */
	const char *message_id;		/* with < > */
	/* an answer to it is carried out */
	bool answers;
	time_t date;
	/* where the report lies; NULL = it is not said */
	const char *folder;

	/* what it is about; each may be NULL */
	const char *original_message_id, *subject;
	/* it is about mails that have no subject in common */
	bool several;
	/* nobody can prove that the report is about this mail */
	bool unproven;
	/* in the order in which they are shown */
	ARRAY_TYPE(bounce_tell_recipient) recipients;
	/* failed besides those in recipients */
	unsigned int more;
	/* recipients of the original who did not fail, as far as known, or
	   whom it was sent to; 0 is not said */
	unsigned int delivered;
	/* of a broadcast */
	const struct bounce_rate *rate;
	/* of a limit, of a flood */
	unsigned int count;
	/* of what was held: who sends again so soon means it; 0 = no such way */
	unsigned int again_secs;
	/* and it was sent to them all the same: nobody could be left out */
	bool tried;
	const struct bounce_tell_digest *digest;
	const struct bounce_tell_answer *answer;
	/* of a digest: the mailto URL (RFC 2369) that stops them; NULL = none */
	const char *unsubscribe;
};

/* "failure", ... as X-Bounce-Notice says it. */
const char *bounce_tell_kind_name(enum bounce_tell_kind kind);

/* What it says, without a mail around it: the subject, and the plain text with
   LF. */
void bounce_tell_text(const struct bounce_tell *tell, string_t *subject,
		      string_t *text);

/* The whole mail (RFC 5322, CRLF) to str: text/plain and text/html that say the
   same, for a broadcast with failed-addresses.csv. At most BOUNCE_MAX_TELL
   bytes; what is left out is counted in it. */
void bounce_tell_mail(const struct bounce_tell *tell, string_t *str);

#endif
