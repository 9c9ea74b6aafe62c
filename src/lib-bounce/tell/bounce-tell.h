#ifndef BOUNCE_TELL_H
#define BOUNCE_TELL_H

/* Our own mail to the person: what did not arrive, why in plain words, what to
   do. A pure function from a struct to a whole mail; where and when it is saved
   is somebody else's. */

#include "bounce-types.h"

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
	/* more failed in an hour than notices are written for */
	BOUNCE_TELL_LIMIT,
	BOUNCE_TELL_KIND_COUNT
};

/* One recipient who did not get it. All but the address may be NULL. */
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
};
ARRAY_DEFINE_TYPE(bounce_tell_recipient, struct bounce_tell_recipient);

struct bounce_tell {
	enum bounce_tell_kind kind;
	/* NULL = English */
	const struct bounce_texts *texts;

	/* the mail itself */
	const char *address;		/* the person's own */
	const char *host;		/* ours */
	const char *message_id;		/* with < > */
	time_t date;
	/* where the report lies; NULL = it is not said */
	const char *folder;

	/* what it is about; each may be NULL */
	const char *original_message_id, *subject;
	/* nobody can prove that the report is about this mail */
	bool unproven;
	/* in the order in which they are shown */
	ARRAY_TYPE(bounce_tell_recipient) recipients;
	/* failed besides those in recipients */
	unsigned int more;
	/* recipients of the original who did not fail, as far as known; 0 is
	   not said */
	unsigned int delivered;
	/* of a broadcast */
	const struct bounce_rate *rate;
	/* of a limit */
	unsigned int count;
};

/* "failure", ... as X-Bounce-Notice says it. */
const char *bounce_tell_kind_name(enum bounce_tell_kind kind);

/* The whole mail (RFC 5322, CRLF) to str: text/plain and text/html that say the
   same, for a broadcast with failed-addresses.csv. At most BOUNCE_MAX_TELL
   bytes; what is left out is counted in it. */
void bounce_tell_mail(const struct bounce_tell *tell, string_t *str);

#endif
