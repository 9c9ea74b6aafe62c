#ifndef BOUNCE_CHECK_STS_H
#define BOUNCE_CHECK_STS_H

#include "bounce-check.h"

/* Fetch the policy of MTA-STS of a domain that has a record for it (RFC 8461), and say
   whether it can be had and names the domain's MX. */
void bounce_check_sts(struct bounce_check *check, const char *domain);

#endif
