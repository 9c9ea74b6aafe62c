#ifndef BOUNCE_CHECK_RESOLVER_H
#define BOUNCE_CHECK_RESOLVER_H

/* Who asks the DNS for the check: libunbound, which does its own recursion, so that
   the block lists see our own address and not that of a public resolver. */

#include "bounce-dns.h"

struct bounce_check_resolver;

/* words: bounce_check_resolver, NULL-terminated. described_r: how it asks, in
   words, on the data stack. Returns 0, or -1 with error_r. */
int bounce_check_resolver_init(const char *const *words,
			       struct bounce_check_resolver **resolver_r,
			       const char **described_r, const char **error_r);
void bounce_check_resolver_deinit(struct bounce_check_resolver **resolver);
/* context: the resolver. A query waits five seconds; once two in a row had no
   answer before any had one, nobody is asked any more. */
bounce_dns_query_t bounce_check_resolver_query;

#endif
