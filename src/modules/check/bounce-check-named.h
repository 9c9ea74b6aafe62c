#ifndef BOUNCE_CHECK_NAMED_H
#define BOUNCE_CHECK_NAMED_H

/* The public addresses that a refusal's text names, each once, at most 20; added to
   ips, from pool. */
void bounce_check_named_find(const char *text, pool_t pool,
			     ARRAY_TYPE(const_string) *ips);

#endif
