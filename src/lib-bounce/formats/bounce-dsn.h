#ifndef BOUNCE_DSN_H
#define BOUNCE_DSN_H

/* RFC 3464 and RFC 6533: the fields of a delivery status. */

#include "bounce-types.h"

/* Read the fields of text into report: reporting_mta and one recipient for
   each group. Mailers break the groups with empty lines, repeat them and leave
   fields out: a recipient begins with its first address field, wherever that
   is. Lines that are no field are passed over, so text may also be a
   person's text that quotes the fields. A recipient without a mail address has
   address NULL. Returns TRUE if there was a recipient. */
bool bounce_dsn_read(pool_t pool, const char *text,
		     struct bounce_report *report);

/* The address within a field's value: "rfc822; <bob@example.com>" and what
   mailers write for it. Allocated from pool; NULL if there is no address with
   a domain ("postmaster" apart). */
const char *bounce_dsn_address(pool_t pool, const char *value);

#endif
