#ifndef BOUNCE_REMEDY_PRIVATE_H
#define BOUNCE_REMEDY_PRIVATE_H

#include "bounce-remedy.h"

struct bounce_remedy_example {
	const char *file;		/* file:line */
	/* index of its remedy */
	unsigned int remedy;
	const char *text;
	/* "[host=...]", or NULL */
	const char *host;
};

struct bounce_remedies {
	pool_t pool;
	ARRAY(struct bounce_remedy) remedies;
	ARRAY(struct bounce_remedy_example) examples;
};

/* The remedy that says so of itself, without the words or hosts of skip (from its
   match or mx), which may be NULL. */
const struct bounce_remedy *
bounce_remedy_find_without(const struct bounce_remedies *remedies,
			   const char *text, const char *host,
			   const char *skip);

#endif
