#ifndef BOUNCE_ALLOWANCE_H
#define BOUNCE_ALLOWANCE_H

/* priv/bounce/meta/allowance: where it cannot be said to whom a mail went, an
   address's own side is believed for one address a report and BOUNCE_ALLOWANCE_MAX
   a day, as who owns a domain could name any address of it:
   {"20261126 example.com":"<hashes of reports and addresses>"}, of the last 40
   days. Each organisation has its own: nobody uses up another's. */

#define BOUNCE_ALLOWANCE_MAX 20
/* Organisations a day. */
#define BOUNCE_ALLOWANCE_MAX_SIDES 200

struct bounce_store;

/* May this report, which came then, be believed of address? look_only: nothing is
   written. The same report of the same address may again. Returns 1, 0, or -1. Of
   a day that is kept no more none may. */
int bounce_allowance_take(struct bounce_store *store, const char *report_id,
			  const char *address, time_t when, time_t now,
			  bool look_only, const char **error_r);

#endif
