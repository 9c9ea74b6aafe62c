#ifndef BOUNCE_EVIDENCE_H
#define BOUNCE_EVIDENCE_H

/* How sure are we that a report answers a mail of this user? Pure: no settings,
   no storage. What "plausible" can and cannot stop: doc/dovecot-bounce.7. */

#include "bounce-types.h"

struct bounce_evidence_site {
	/* Addresses of the user, NULL-terminated, any form: "alice@example.org";
	   "@example.net" = every address there; "alice" (a login name without
	   a domain) = that local part at one of hosts. */
	const char *const *addresses;
	/* Domains and host names of this site, NULL-terminated: a trace of one,
	   or of a host below it, is a trace of us. The domains of addresses
	   count too. */
	const char *const *hosts;
	/* what separates the detail of an address, "" = none ("+") */
	const char *delimiters;
};

/* BOUNCE_EVIDENCE_PLAUSIBLE if the returned mail is from one of the user's
   addresses and bears a trace of the site: a Received line by or from one of
   its hosts, or, where it has no Received line at all, a Message-ID of it.
   Otherwise (no returned headers too) BOUNCE_EVIDENCE_UNVERIFIED. */
enum bounce_evidence
bounce_evidence_judge(const struct bounce_report *report,
		      const struct bounce_evidence_site *site);

/* Is it one of the site's hosts, or below one of its domains? */
bool bounce_evidence_is_site_host(const struct bounce_evidence_site *site,
				  const char *host);

/* The site as far as it is known without a setting; everything is allocated
   from pool. username: the login name; rcpt_to: the recipient that the delivery
   was for (with or without detail), or NULL; hostname: Dovecot's setting of
   that name; extra_addresses and extra_hosts: the settings bounce_addresses and
   bounce_sites, NULL or NULL-terminated. From hostname mx.example.org follows
   that example.org is ours. */
void bounce_evidence_site_init(pool_t pool, const char *username,
			       const char *rcpt_to, const char *hostname,
			       const char *const *extra_addresses,
			       const char *const *extra_hosts,
			       struct bounce_evidence_site *site_r);

#endif
