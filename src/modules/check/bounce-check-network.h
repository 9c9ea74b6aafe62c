#ifndef BOUNCE_CHECK_NETWORK_H
#define BOUNCE_CHECK_NETWORK_H

/* What the parts dns and lists ask about, and how. */

#include "bounce-check.h"
#include "bounce-check-resolver.h"

struct bounce_check_cache;

struct bounce_check_network {
	/* as the command line named them; NULL = none */
	const char *const *arg_domains, *const *arg_ips;
	/* the site's settings */
	const char *const *hosts, *const *lists, *const *keys, *const *resolve;
	const char *const *sites;

	/* each once, in the order in which they were found; those before done
	   were said already, by dns and by lists */
	ARRAY_TYPE(const_string) domains, ips;
	unsigned int dns_domains, dns_ips, lists_domains, lists_ips;

	/* NULL = not opened yet, or not to be had (it was said) */
	struct bounce_check_resolver *resolver;
	bool tried;
	struct bounce_check_cache *cache;
};

/* Fill domains and ips with what is known by now. Returns FALSE if nobody can be
   asked (which was said). */
bool bounce_check_network_ready(struct bounce_check *check);
/* With what was learned. */
void bounce_check_network_deinit(struct bounce_check *check);
/* Ask, never kept. */
void bounce_check_network_ask(struct bounce_check *check, const char *name,
			      enum bounce_dns_type type,
			      struct bounce_dns_answer *answer_r);
/* Ask a list, at most once a day. */
void bounce_check_network_ask_list(struct bounce_check *check, const char *name,
				   struct bounce_dns_answer *answer_r);

#endif
