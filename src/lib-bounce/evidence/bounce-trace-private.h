#ifndef BOUNCE_TRACE_PRIVATE_H
#define BOUNCE_TRACE_PRIVATE_H

/* Between bounce-trace-header.c and bounce-trace-site.c, and bounce-trace.c and
   bounce-trace-entry.c, which build on them. */

#include "array.h"
#include "bounce-trace.h"

ARRAY_DEFINE_TYPE(bounce_received, struct bounce_received);

struct bounce_trace_authres {
	const char *value;
	/* how many Received lines are above it */
	unsigned int depth;
};

struct bounce_trace_header {
	ARRAY_TYPE(bounce_received) received;
	ARRAY(struct bounce_trace_authres) authres;
	const char *return_path, *from, *auto_submitted;
	/* From fields; from is the first's */
	unsigned int froms;
	const char *in_reply_to, *references;
};

/* bounce-trace-header.c: from where input is, everything from pool. */
void bounce_trace_header_read(struct istream *input, pool_t pool,
			      struct bounce_trace_header *header_r);

/* bounce-trace-site.c: is name one of names (or NULL)? */
bool bounce_trace_name_is_in(const char *name, const char *const *names);
bool bounce_trace_list_has(const ARRAY_TYPE(const_string) *list,
			   const char *name);
bool bounce_trace_host_is_ours(const struct bounce_trace_site *site,
			       const struct bounce_trace *trace,
			       const char *host);
/* Was it handed over by a relay of ours? */
bool bounce_trace_is_relay(const struct bounce_trace_site *site,
			   const struct bounce_received *received);
/* How many lines at the top are of the Dovecot that delivers, and of those that handed
   it on to it by LMTP: proxies of ours. */
unsigned int bounce_trace_dovecots(const struct bounce_received *lines,
				   unsigned int count,
				   const struct bounce_trace_site *site);

#endif
