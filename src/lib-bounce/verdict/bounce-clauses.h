#ifndef BOUNCE_CLAUSES_H
#define BOUNCE_CLAUSES_H

/* A text as classes of words, clause by clause: what is said of whom. */

#include "bounce-words.h"

/* Whose an address in the text is. All may be NULL. */
struct bounce_clause_roles {
	const char *recipient, *recipient2;
	const char *sender;
};

struct bounce_clause {
	/* classes of BOUNCE_WORDS_JUDGE that are in it */
	bounce_words_set_t set;
};
ARRAY_DEFINE_TYPE(bounce_clause, struct bounce_clause);

/* Read text, of which at most BOUNCE_MAX_MATCH bytes are looked at, into at most
   BOUNCE_MAX_CLAUSES clauses. Addresses, host names, URLs and codes are no
   words; an address or a domain of the sender counts as the class SENDER, one of
   the recipient as WHO or DOMAIN, an IP address as IP. A clause ends at the
   signs . ; : ! ? ( ) [ ] |, at a line's end and at a dash between spaces; not
   behind an address, of which what follows is said, nor between somebody who is
   only named, and what is said of it: "recipient: unknown", "recipient (unknown)
   refused", "unknown: recipient". */
void bounce_clauses_read(const char *text,
			 const struct bounce_clause_roles *roles,
			 ARRAY_TYPE(bounce_clause) *clauses);

#endif
