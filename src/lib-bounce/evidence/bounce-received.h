#ifndef BOUNCE_RECEIVED_H
#define BOUNCE_RECEIVED_H

/* One Received line (RFC 5321 section 4.4), as Postfix, Exim, sendmail,
   OpenSMTPD, qmail, fetchmail and Dovecot write it. Nothing is decoded. */

#include "lib.h"

/* An address that the line does not say: a client's, and not a local program's. */
#define BOUNCE_RECEIVED_UNKNOWN "unknown"

struct bounce_received {
	/* "from": what the client called itself; NULL = there is none */
	const char *helo;
	/* its name as the server that wrote the line verified it, NULL = not
	   known */
	const char *client;
	/* its IP address as a text, or NULL */
	const char *address;
	const char *by, *with, *id;
	/* the comment behind "by" */
	const char *by_comment;
	/* who logged in, where the line says it */
	const char *login;
	/* somebody logged in */
	bool authenticated;
	/* fetched from a mailbox elsewhere (fetchmail) */
	bool fetched;
	/* no client: the server itself made the mail */
	bool made;
	/* qmail's queue had it from its server, whose line is the next: "(qmail 4711
	   invoked from network)" */
	bool handed;
};

/* value: the field's value, folded or not. Everything is from pool. */
void bounce_received_parse(pool_t pool, const char *value,
			   struct bounce_received *received_r);
/* From a loopback address, or through a unix socket? */
bool bounce_received_is_loopback(const struct bounce_received *received);
/* From a private or link-local address (RFC 1918, 4193, 6598), or loopback? */
bool bounce_received_is_private(const struct bounce_received *received);

#endif
