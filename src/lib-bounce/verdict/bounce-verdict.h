#ifndef BOUNCE_VERDICT_H
#define BOUNCE_VERDICT_H

#include "bounce-types.h"

struct bounce_rules;

/* Judge one recipient of report: sets rcpt->verdict from its diagnostic,
   explanation, codes, command and hosts, in the order of evidence that
   doc/bounce-reasons.7 states. The name of the rule is allocated from pool.
   rules may be NULL (codes alone then). Always sets a reason. */
void bounce_verdict_decide(const struct bounce_rules *rules, pool_t pool,
			   const struct bounce_report *report,
			   struct bounce_recipient *rcpt);

/* What a status code (RFC 3463, "5.1.1") means by itself. NULL if it says
   nothing. generic_r is set for the codes that mailers use for everything:
   they decide nothing where there are words. */
const struct bounce_reason *
bounce_verdict_status(const char *status, bool *generic_r);

/* What a reply code (RFC 5321, three digits) means by itself, answering that
   SMTP command (may be NULL). NULL if it says nothing. */
const struct bounce_reason *
bounce_verdict_reply(const char *reply, const char *command);

#endif
