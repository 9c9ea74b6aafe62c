#ifndef BOUNCE_SPF_H
#define BOUNCE_SPF_H

/* SPF (RFC 7208), as far as it can be said without a mail: records with macros
   depend on it. */

#include "bounce-dns.h"

/* RFC 7208 section 4.6.4 */
#define BOUNCE_SPF_MAX_LOOKUPS 10

struct ip_addr;

enum bounce_spf_result {
	BOUNCE_SPF_NONE,
	BOUNCE_SPF_NEUTRAL,
	BOUNCE_SPF_PASS,
	BOUNCE_SPF_FAIL,
	BOUNCE_SPF_SOFTFAIL,
	BOUNCE_SPF_TEMPERROR,
	BOUNCE_SPF_PERMERROR,
	/* a macro, or "ptr", decides */
	BOUNCE_SPF_UNKNOWN,
	BOUNCE_SPF_COUNT
};
const char *bounce_spf_result_name(enum bounce_spf_result result);

struct bounce_spf {
	enum bounce_spf_result result;
	/* terms that ask the DNS, of the record and all that it includes */
	unsigned int lookups;
	/* what decided, or what is wrong; NULL = nothing to say. On the data
	   stack */
	const char *why;
};

/* May ip send for domain? ip NULL: only count the look-ups of the whole record,
   whatever it says, and find what is wrong with it: none, neutral (there is one and
   it can be read), temperror or permerror. */
void bounce_spf_check(const char *domain, const struct ip_addr *ip,
		      bounce_dns_query_t *query, void *context,
		      struct bounce_spf *spf_r);

#endif
