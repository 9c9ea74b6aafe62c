#ifndef BOUNCE_ALLOWANCE_H
#define BOUNCE_ALLOWANCE_H

/* priv/bounce/meta/allowance: where it cannot be said to whom a mail went, an
   address's own side is believed for one address a report and BOUNCE_ALLOWANCE_MAX
   reports a day, as who owns a domain could name any address of it:
   {"20261126":"<hashes of the reports>"}, of the last 40 days. */

#define BOUNCE_ALLOWANCE_MAX 20

struct bounce_store;

/* May this report, which came then, be believed? look_only: nothing is written.
   The same report may again. Returns 1, 0, or -1. Of a day that is kept no more
   none may. */
int bounce_allowance_take(struct bounce_store *store, const char *report_id,
			  time_t when, time_t now, bool look_only,
			  const char **error_r);

#endif
