#ifndef BOUNCE_TRACE_H
#define BOUNCE_TRACE_H

/* Who made a report, by its own header; and where the mail that it returns came
   in, by that mail's header. What is above the line that our own MTA wrote
   no outsider can write. Pure. */

#include "bounce-received.h"
#include "bounce-trust.h"

struct istream;

struct bounce_trace_site {
	/* hosts that are ours, and domains whose hosts are; NULL-terminated */
	const char *const *hosts;
	/* bounce_relays: hosts, domains or addresses of what sends for us, and
	   "localhost" where a filter hands all mail back over loopback */
	const char *const *relays;
	/* bounce_authserv */
	const char *const *authserv;
	/* of this delivery, or NULL */
	const char *session_id;
	/* its envelope sender, "" = null; NULL = as Return-Path says */
	const char *mail_from;
};

/* What the header of a report says of its way here. */
struct bounce_trace {
	/* null sender, From a daemon, no vacation: may it be one at all? */
	bool report;
	/* our own MTA, our relay, or somebody else */
	enum bounce_reporter reporter;
	/* the relay's name */
	const char *relay;
	/* somebody else: the name of who handed it to our MTA as that verified
	   it, and the address, NULL = not known */
	const char *client, *address;
	/* the Authentication-Results of ours; and the domains whose signature
	   was good, as these say */
	ARRAY_TYPE(const_string) results, signatures;
	/* From's address, or NULL */
	const char *from;
	/* what the report answers, at most two ids with < >: Postfix threads its
	   reports (enable_threaded_bounces) */
	ARRAY_TYPE(const_string) threads;
	/* what Dovecot's own line names: hosts of ours */
	ARRAY_TYPE(const_string) hosts;
};

/* input is sought to its start before and after. Everything is from pool. */
void bounce_trace_read(struct istream *input, pool_t pool,
		       const struct bounce_trace_site *site,
		       struct bounce_trace *trace_r);
/* Who is that for a failure of this address (any form)? */
enum bounce_reporter
bounce_trace_reporter(const struct bounce_trace *trace, const char *address);

/* Do our results say that the mail is from that address (any form)? */
bool bounce_trace_passes(const struct bounce_trace *trace, const char *address);

/* Where the returned mail came in. */
struct bounce_entry {
	/* from outside: our MTA only relayed it */
	bool relayed;
	/* somebody logged in, as login where that is known */
	bool authenticated;
	const char *login;
	/* what our MTA called the mail there; NULL = the line does not say */
	const char *queue_id;
	/* over loopback: whatever is below may be a local program's word */
	bool loopback;
	/* a relay had it from a host of ours */
	bool passed_us;
};
/* headers: the returned mail's block. trace: of the report about it. */
void bounce_trace_entry_read(const char *headers, pool_t pool,
			     const struct bounce_trace_site *site,
			     const struct bounce_trace *trace,
			     struct bounce_entry *entry_r);

/* The same of the mail itself that trace was read from: where it came in. */
void bounce_trace_own_entry_read(struct istream *input, pool_t pool,
				 const struct bounce_trace_site *site,
				 const struct bounce_trace *trace,
				 struct bounce_entry *entry_r);

/* Is host one of names, or below one? */
bool bounce_trace_host_is_in(const char *host, const char *const *names);

#endif
