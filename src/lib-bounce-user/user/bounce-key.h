#ifndef BOUNCE_KEY_H
#define BOUNCE_KEY_H

/* The keys of a user's tokens: bounce_token_key. */

#include "bounce-token.h"

struct bounce_user;

/* The keys; a file that does not exist is made (0600), where create is set.
   Returns 1, 0 if there are none (no file, no home, switched off), or -1 with
   error_r. keys must be initialised. */
int bounce_key_read(struct bounce_user *bu, bool create,
		    ARRAY_TYPE(bounce_token_key) *keys, const char **error_r);

#endif
