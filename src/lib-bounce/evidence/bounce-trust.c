/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-trust.h"

#define U BOUNCE_EVIDENCE_UNVERIFIED
#define P BOUNCE_EVIDENCE_PLAUSIBLE
#define V BOUNCE_EVIDENCE_VERIFIED

/* TRUST.md's table. Columns: nothing known, perhaps ours, submitted here, known
   without its recipients, known to that address. Only our own MTA, and a relay,
   can say what was submitted. */
static const enum bounce_evidence
trust_table[BOUNCE_REPORTER_COUNT][BOUNCE_KNOWLEDGE_COUNT] = {
	[BOUNCE_REPORTER_STRANGER] = { U, U, U, U, P },
	[BOUNCE_REPORTER_HOSTER] =   { U, U, U, P, V },
	[BOUNCE_REPORTER_SIDE] =     { U, U, U, V, V },
	[BOUNCE_REPORTER_RELAY] =    { U, P, P, V, V },
	[BOUNCE_REPORTER_OWN] =      { U, P, V, V, V },
};

enum bounce_evidence
bounce_trust_judge(enum bounce_reporter reporter,
		   enum bounce_knowledge knowledge, bool passed_us)
{
	enum bounce_evidence evidence;

	i_assert(reporter < BOUNCE_REPORTER_COUNT);
	i_assert(knowledge < BOUNCE_KNOWLEDGE_COUNT);
	evidence = trust_table[reporter][knowledge];
	/* a relay has other customers */
	if (reporter == BOUNCE_REPORTER_RELAY && !passed_us &&
	    evidence == BOUNCE_EVIDENCE_VERIFIED)
		evidence = BOUNCE_EVIDENCE_PLAUSIBLE;
	return evidence;
}

const char *bounce_trust_reporter_name(enum bounce_reporter reporter)
{
	static const char *const names[] = {
		"a stranger", "the hoster of the address",
		"the side of the address", "our relay", "our own MTA"
	};

	i_assert(reporter < N_ELEMENTS(names));
	return names[reporter];
}
