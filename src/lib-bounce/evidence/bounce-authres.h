#ifndef BOUNCE_AUTHRES_H
#define BOUNCE_AUTHRES_H

/* Authentication-Results (RFC 8601): what a server of ours found out about the
   sender of a mail. */

#include "lib.h"
#include "array.h"

/* value: one header field's, unfolded or not. domain: of the mail's From, as
   A-labels. Returns TRUE if the field says that the mail is from there: dmarc
   pass, or dkim or spf pass for that domain or one above it. id_r (on the data
   stack) is who says so, or NULL if the field is none. */
bool bounce_authres_passes(const char *value, const char *domain,
			   const char **id_r);
/* The domains whose DKIM signature was good, appended on the data stack. */
void bounce_authres_signatures(const char *value,
			       ARRAY_TYPE(const_string) *domains,
			       const char **id_r);

#endif
