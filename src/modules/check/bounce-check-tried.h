#ifndef BOUNCE_CHECK_TRIED_H
#define BOUNCE_CHECK_TRIED_H

/* How many recipients at some domains were written to of late, as the copies in \Sent
   say: no counter knows the domains of what arrived. */

#include "bounce-check.h"

struct bounce_check_tried {
	/* of whom: domains in normal form */
	ARRAY_TYPE(const_string) domains;
	unsigned int recipients;
};

struct bounce_check_tried_all {
	/* count of them, each filled */
	struct bounce_check_tried *const *tried;
	unsigned int count;
	/* copies that were looked at; not all of them that there are */
	unsigned int copies;
	bool more;
};

/* Count for each of all->tried what was sent since then. Returns 0, or -1 with
   error_r if \Sent cannot be read. */
int bounce_check_tried_read(struct bounce_check *check, time_t since,
			    struct bounce_check_tried_all *all,
			    const char **error_r);

#endif
