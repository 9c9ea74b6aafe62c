#ifndef BOUNCE_BLOCKLIST_H
#define BOUNCE_BLOCKLIST_H

/* Block lists in the DNS (RFC 5782): how each is asked, and what its answers mean.
   Only what a list documents is a listing. */

#include "bounce-dns.h"

struct ip_addr;

enum bounce_blocklist_verdict {
	BOUNCE_BLOCKLIST_CLEAN,
	/* it has it, and says so in a way that is no fault */
	BOUNCE_BLOCKLIST_NOTE,
	BOUNCE_BLOCKLIST_LISTED,
	/* it did not answer, or not to the question: nothing is known */
	BOUNCE_BLOCKLIST_REFUSED
};

struct bounce_blocklist_code {
	/* "127.0.0.2" */
	const char *answer;
	enum bounce_blocklist_verdict verdict;
	const char *meaning;
};

struct bounce_blocklist {
	/* as bounce_check_lists names it, and in words */
	const char *name, *title;
	/* whose remedy helps (bounce_remedy_find_provider()) */
	const char *provider;
	/* NULL = only with a key, which is before zone_key */
	const char *zone, *zone_key;
	/* as bounce_check_keys names it; NULL = takes none */
	const char *key;
	/* it lists domains, else addresses; IPv6 ones, too */
	bool domains, ipv6;
	/* what each zone must say of its test point and not of the other */
	const char *test_listed, *test_answer, *test_clean;
	const struct bounce_blocklist_code *codes;
};

/* All of them; the last has no name. */
extern const struct bounce_blocklist bounce_blocklists[];
const struct bounce_blocklist *bounce_blocklist_find(const char *name);

/* The names to ask under, on the data stack: of an address, a domain, or a test
   point as it is in the list. NULL if the list needs a key and there is none, or
   does not list such addresses. */
const char *t_bounce_blocklist_ip(const struct bounce_blocklist *list,
				  const char *key, const struct ip_addr *ip);
const char *t_bounce_blocklist_name(const struct bounce_blocklist *list,
				    const char *key, const char *name);

/* What an answer means; text_r on the data stack. */
enum bounce_blocklist_verdict
bounce_blocklist_judge(const struct bounce_blocklist *list,
		       const struct bounce_dns_answer *answer,
		       const char **text_r);

#endif
