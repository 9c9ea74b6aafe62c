#ifndef BOUNCE_EVIDENCE_H
#define BOUNCE_EVIDENCE_H

/* What is the user's own: addresses and hosts. Pure: no settings, no
   storage. */

#include "lib.h"

struct bounce_evidence_site {
	/* Addresses of the user, NULL-terminated, any form: "alice@example.org";
	   "@example.net" = every address there; "alice" (a login name without
	   a domain) = that local part anywhere. */
	const char *const *addresses;
	/* Hosts of this site and domains whose hosts are ours,
	   NULL-terminated. */
	const char *const *hosts;
	/* what separates the detail of an address, "" = none ("+") */
	const char *delimiters;
};

/* The site as far as it is known without a setting; everything is allocated
   from pool. username: the login name; hostname: Dovecot's setting of that
   name; more addresses and hosts: the settings bounce_addresses and
   bounce_sites and what was learned, NULL or NULL-terminated. */
void bounce_evidence_site_init(pool_t pool, const char *username,
			       const char *hostname,
			       const char *const *more_addresses,
			       const char *const *more_hosts,
			       const char *const *learned_hosts,
			       struct bounce_evidence_site *site_r);
/* Is it one of the user's own (normal form)? */
bool bounce_evidence_is_own(const struct bounce_evidence_site *site,
			    const char *address);

#endif
