#ifndef BOUNCE_MTA_STS_H
#define BOUNCE_MTA_STS_H

/* The policy of MTA-STS (RFC 8461 section 3.2): who sends to us by TLS alone, and to
   which hosts. */

#include "lib.h"

enum bounce_mta_sts_mode {
	BOUNCE_MTA_STS_NONE,
	BOUNCE_MTA_STS_TESTING,
	BOUNCE_MTA_STS_ENFORCE
};

struct bounce_mta_sts {
	enum bounce_mta_sts_mode mode;
	/* seconds */
	unsigned int max_age;
	/* hosts, or "*.example.org"; NULL-terminated */
	const char *const *mx;
};

/* "none", "testing", "enforce" */
const char *bounce_mta_sts_mode_name(enum bounce_mta_sts_mode mode);
/* text: the file. policy_r on the data stack. Returns 0, or -1 with error_r. */
int bounce_mta_sts_parse(const char *text, struct bounce_mta_sts *policy_r,
			 const char **error_r);
/* May mail be sent to this MX? */
bool bounce_mta_sts_allows(const struct bounce_mta_sts *policy,
			   const char *host);

#endif
