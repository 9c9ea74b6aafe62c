/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-unicode-private.h"

/* Built without libpsl: labels are counted, and nobody asks. */
const char *bounce_unicode_registered(const char *host __attribute__((unused)))
{
	return NULL;
}
