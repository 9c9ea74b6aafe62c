#ifndef BOUNCE_TRUST_H
#define BOUNCE_TRUST_H

/* Which report may change what: who says so, and of which of our mails. The
   text: doc/bounce-trust.7. */

#include "bounce-types.h"

/* Who made the report. */
enum bounce_reporter {
	BOUNCE_REPORTER_STRANGER = 0,
	/* a big mailbox provider, about an address of its own domains */
	BOUNCE_REPORTER_HOSTER,
	/* the failed address's own organisation */
	BOUNCE_REPORTER_SIDE,
	/* the smarthost that sends for us */
	BOUNCE_REPORTER_RELAY,
	/* our own MTA */
	BOUNCE_REPORTER_OWN,
	BOUNCE_REPORTER_COUNT
};

/* What we know of the mail that it returns. */
enum bounce_knowledge {
	/* nothing, or it was only relayed here */
	BOUNCE_KNOWLEDGE_NONE = 0,
	/* it came in through our own MTA from inside: perhaps ours */
	BOUNCE_KNOWLEDGE_PERHAPS,
	/* the user submitted it here, as our own MTA says */
	BOUNCE_KNOWLEDGE_SUBMITTED,
	/* ours, but it cannot be said to whom it went */
	BOUNCE_KNOWLEDGE_OPEN,
	/* ours, and it went to that address */
	BOUNCE_KNOWLEDGE_ADDRESS,
	BOUNCE_KNOWLEDGE_COUNT
};

/* passed_us: for a relay: the returned header says that it had the mail from a
   host of ours. */
enum bounce_evidence
bounce_trust_judge(enum bounce_reporter reporter,
		   enum bounce_knowledge knowledge, bool passed_us);
const char *bounce_trust_reporter_name(enum bounce_reporter reporter);

#endif
