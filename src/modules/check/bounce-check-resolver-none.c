/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Built without libunbound: nothing can be said. */

#include "lib.h"
#include "bounce-check-resolver.h"

int bounce_check_resolver_init(const char *const *words ATTR_UNUSED,
			       struct bounce_check_resolver **resolver_r
				ATTR_UNUSED, const char **described_r ATTR_UNUSED,
			       const char **error_r)
{
	*error_r = "it was built without libunbound";
	return -1;
}

void bounce_check_resolver_deinit(struct bounce_check_resolver **resolver
				  ATTR_UNUSED)
{
}

void bounce_check_resolver_query(void *context ATTR_UNUSED,
				 const char *name ATTR_UNUSED,
				 enum bounce_dns_type type ATTR_UNUSED,
				 struct bounce_dns_answer *answer_r ATTR_UNUSED)
{
	i_unreached();
}
