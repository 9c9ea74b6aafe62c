#ifndef BOUNCE_DNS_H
#define BOUNCE_DNS_H

/* What the names of a site say, read from answers that somebody else gets: nothing
   here asks the network. */

#include "bounce-types.h"

/* RFC 1035 section 3.2.2, RFC 3596 */
enum bounce_dns_type {
	BOUNCE_DNS_A = 1,
	BOUNCE_DNS_CNAME = 5,
	BOUNCE_DNS_PTR = 12,
	BOUNCE_DNS_MX = 15,
	BOUNCE_DNS_TXT = 16,
	BOUNCE_DNS_AAAA = 28
};

enum bounce_dns_status {
	BOUNCE_DNS_FOUND,
	/* no such name, or nothing of that type */
	BOUNCE_DNS_NONE,
	/* no answer, or none that can be used: nothing is known */
	BOUNCE_DNS_FAILED,
	/* DNSSEC: the answer is not what the zone's owner signed */
	BOUNCE_DNS_BOGUS
};

struct bounce_dns_answer {
	enum bounce_dns_status status;
	/* DNSSEC says that it is the owner's */
	bool secure;
	/* NULL-terminated, empty unless found: addresses as text, "10 mx.example"
	   of MX, names without the last dot, the whole text of TXT */
	const char *const *values;
};

/* Ask; the answer lives on the data stack. */
typedef void bounce_dns_query_t(void *context, const char *name,
				enum bounce_dns_type type,
				struct bounce_dns_answer *answer_r);

/* The records among an answer's that begin with version ("v=spf1") and then end, or
   go on with a space or ";" in any case: NULL-terminated, on the data stack. */
const char *const *
t_bounce_dns_records(const struct bounce_dns_answer *answer,
		     const char *version);
/* The value of a tag in a list of tags ("k=rsa; p=..."; RFC 6376 section 3.2), on
   the data stack, white space around it removed. NULL if it is not there. */
const char *t_bounce_dns_tag(const char *record, const char *tag);
/* An address as it stands for itself: "192.0.2" is none, whatever inet_aton() makes of
   it. Returns 0, or -1. */
struct ip_addr;
int bounce_dns_ip_parse(const char *text, struct ip_addr *ip_r);
/* The name under which an address has its PTR, on the data stack:
   "1.2.0.192.in-addr.arpa"; with zone instead of in-addr.arpa or ip6.arpa, if
   that is not NULL. */
const char *t_bounce_dns_reverse(const struct ip_addr *ip, const char *zone);

/* A DKIM key record (RFC 6376 section 3.6.1, RFC 8463). */
struct bounce_dkim_key {
	const char *type;		/* "rsa", "ed25519" */
	/* of an RSA key's modulus; 256 of ed25519 */
	unsigned int bits;
	/* p= is empty; t=y: verifiers shall treat mails as if not signed */
	bool revoked, testing;
};
/* Returns 0, or -1 with error_r. */
int bounce_dkim_key_parse(const char *record, struct bounce_dkim_key *key_r,
			  const char **error_r);

#endif
