#ifndef BOUNCE_CHECK_PROBE_H
#define BOUNCE_CHECK_PROBE_H

/* Ask one of the site's own hosts whether it would relay: RCPT only, never DATA, one
   host once an hour. */

#include "bounce-check.h"

/* host: "HOST" or "HOST:PORT" ("[::1]:25"), to: an address outside of the site. Both
   are checked: returns FALSE with error_r if the host is not named by
   bounce_check_hosts or as MX of a domain in bounce_sites, or the address is ours or
   its domain has no MX. Else says its rows. */
bool bounce_check_probe(struct bounce_check *check, const char *host,
			const char *to, const char **error_r);

#endif
