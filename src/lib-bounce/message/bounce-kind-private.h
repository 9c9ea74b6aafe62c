#ifndef BOUNCE_KIND_PRIVATE_H
#define BOUNCE_KIND_PRIVATE_H

#include "bounce-kind.h"

/* What a subject says, by the words that mailers, clients and filters use. */
struct bounce_subject {
	/* of a failure, a delay, a success */
	bool failure, delay, success;
	/* the failure is behind a colon or bar: "Contact: undelivered mail" */
	bool late;
	/* "Automatic reply:", wherever it is */
	bool reply;
	/* words that answering machines use, and people, too: "vacation" */
	bool maybe_reply;
	/* one of these begins it: "Auto: Undeliverable" */
	bool reply_begins;
	/* "Read: " and the like begin it */
	bool receipt;
	/* a provider's complaint about spam */
	bool complaint;
	/* an account of many mails: a log's, a quarantine's */
	bool summary;
	/* "Re:", "Fwd:" begin it: somebody answers or passes on */
	bool person;
	/* "[list] subject", "[ticket #1] subject" */
	bool tagged;
	/* it begins with a helpdesk's mark: "[ticket 1] ", "[#1] " */
	bool ticket;
	/* of a list's answer: "You are subscribed" */
	bool subscribed;
	bool empty;
};

/* value: of the field, decoded. Data stack. */
void bounce_subject_read(const char *value, struct bounce_subject *subject_r);

#endif
