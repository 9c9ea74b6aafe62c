#ifndef BOUNCE_REMEDY_H
#define BOUNCE_REMEDY_H

/* Who refused us, where to go, and what to send: files *.remedies, see
   doc/bounce-remedies.5. In English: who reads them is a postmaster, who writes
   to others. */

#include "bounce-types.h"

/* A page may have moved after so many months. */
#define BOUNCE_REMEDY_OLD_MONTHS 18

/* One provider; members are NULL where its file does not say. */
struct bounce_remedy {
	const char *file;		/* file:line */
	const char *provider;		/* its short name: "t-online" */
	const char *name;
	const char *page, *send, *wait, *note;
	const char *checked;		/* "2026-11" */
	/* folded words that tell it in a refusal, and masks of its hosts;
	   NULL-terminated */
	const char *const *match, *const *mx;
};

struct bounce_remedies;

/* Read every *.remedies file of the folders (NULL-terminated), in the order of the
   folders and, within one, of the names. What cannot be read or is wrong is passed
   over and named in errors ("file:line: text", data stack; may be NULL). Never
   fails. */
struct bounce_remedies *
bounce_remedies_load(const char *const *dirs, ARRAY_TYPE(const_string) *errors);
void bounce_remedies_free(struct bounce_remedies **remedies);
unsigned int bounce_remedies_count(const struct bounce_remedies *remedies);

/* Who refused? By the words first, then by the name of the host, then whoever has
   neither words nor hosts. Only of what the sender's side or the message is refused
   for: NULL if the address or its domain is at fault, and by host and without
   either only if side is sender. text and host may be NULL. */
const struct bounce_remedy *
bounce_remedy_find(const struct bounce_remedies *remedies, enum bounce_side side,
		   const char *text, const char *host);
/* The same for a block list or provider by its short name. */
const struct bounce_remedy *
bounce_remedy_find_provider(const struct bounce_remedies *remedies,
			    const char *provider);
/* In one line, on the data stack: name, page, what to send, how long, and what
   else there is to know. now: a page that was looked at too long ago is shown as
   "may have moved". */
const char *t_bounce_remedy_text(const struct bounce_remedy *remedy, time_t now);

/* Each example is won by its own provider, and each word has one that needs it. Returns 0, or -1 with errors. */
int bounce_remedies_check(const struct bounce_remedies *remedies,
			  ARRAY_TYPE(const_string) *errors);

#endif
