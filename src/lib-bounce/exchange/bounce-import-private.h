#ifndef BOUNCE_IMPORT_PRIVATE_H
#define BOUNCE_IMPORT_PRIVATE_H

#include "bounce-import.h"

struct bounce_import {
	pool_t pool;
	const struct bounce_rules *rules;
	/* NULL = nobody said whose file it is */
	const struct bounce_import_service *service;
	/* NULL-terminated names of the columns; NULL = no row of names yet */
	const char *const *names;
	char delimiter;
	/* of our own export */
	bool own;
	/* of another service than was said: its rows are nothing */
	bool refused;
	/* an address came without any names */
	bool begun;
	/* errors do not quote what was given */
	bool hide_input;
};

/* bounce-import-address.c: input for an error, on the data stack: cut, or "what was given". */
const char *
bounce_import_address_shown(const struct bounce_import *import, const char *input);
/* Is input an address and nothing besides? Where the local part has no quotes it holds
   none of what RFC 5321 wants quoted as an address ends there: blanks, commas, colons. */
bool bounce_import_address_is_alone(const char *input);
/* The address in normal form, from the import's pool. Returns 0, or -1 with
   error_r. */
int bounce_import_address(struct bounce_import *import, const char *input,
			      const char **address_r, const char **error_r);

/* bounce-import-own.c: as bounce_import_line(). */
int bounce_import_own_line(struct bounce_import *import, const char *json,
			   struct bounce_import_item *item,
			   const char **error_r);
int bounce_import_own_row(struct bounce_import *import,
			  const char *const *cells,
			  struct bounce_import_item *item,
			  const char **error_r);

#endif
