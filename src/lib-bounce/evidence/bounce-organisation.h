#ifndef BOUNCE_ORGANISATION_H
#define BOUNCE_ORGANISATION_H

/* Whose is a host? Host names are in any case, domains as A-labels. */

#include "lib.h"

/* The domain that somebody registered: "example.co.uk" of
   "mx.example.co.uk"; by the Public Suffix List where libpsl was there at build
   time, else the last two labels, three below a two-letter suffix. On the data
   stack, in lower case; NULL = host is none, or a suffix itself. */
const char *bounce_organisation(const char *host);
/* Do both belong to the same one? */
bool bounce_organisation_same(const char *host, const char *domain);
/* A name that a provider gives to its customers' lines: it holds its own
   address, or a word like dyn, dhcp or pool. address: as a text, or NULL */
bool bounce_organisation_is_line(const char *host, const char *address);

/* Where everybody can have a mailbox, whose rules and vacations send reports
   too. */
struct bounce_hoster {
	/* of the addresses; NULL-terminated */
	const char *const *domains;
	/* what its own reports are signed with, and their From */
	const char *signature, *from;
};
/* The hoster of that domain (of an address, or of a host below it), or NULL. */
const struct bounce_hoster *bounce_organisation_hoster_find(const char *domain);

#endif
