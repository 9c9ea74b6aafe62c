#ifndef BOUNCE_ACCESS_H
#define BOUNCE_ACCESS_H

/* One request of an SMTP server to its policy service, as Postfix writes it
   (SMTPD_POLICY_README): lines "name=value", then an empty one. Pure. */

#include "lib.h"

enum bounce_access_state {
	/* nothing is decided there */
	BOUNCE_ACCESS_OTHER = 0,
	BOUNCE_ACCESS_RCPT,
	BOUNCE_ACCESS_DATA
};

struct bounce_access {
	pool_t pool;
	/* the request is one for a policy */
	bool policy;
	enum bounce_access_state state;
	/* as the client wrote them; NULL = empty or not said. login is the name that
	   authenticated, instance the same in all requests about one mail */
	const char *login, *recipient, *instance, *queue_id;
	/* accepted so far; Postfix says it at DATA and later. At RCPT: 0, or the
	   recipient is one of those already (Exim, at DATA) */
	unsigned int recipient_count;
	/* so many lines of it were read, and which names (bits) */
	unsigned int lines, known;
};

/* All values will be from pool, which bounce_access_reset() clears. */
void bounce_access_init(struct bounce_access *access, pool_t pool);
/* The next request begins. */
void bounce_access_reset(struct bounce_access *access);
/* Read one line without its end. Names that are not ours, and those that are
   there a second time, are passed over, and so are lines without "=". Returns 1 if
   the request is complete, 0 if more lines follow, or -1 with error_r: longer than
   BOUNCE_MAX_ACCESS_LINE, or more of them than BOUNCE_MAX_ACCESS_LINES. */
int bounce_access_read(struct bounce_access *access, const char *line,
		       const char **error_r);

#endif
