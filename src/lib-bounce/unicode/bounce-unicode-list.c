/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-unicode-private.h"

#include <libpsl.h>

const char *bounce_unicode_registered(const char *host)
{
	const psl_ctx_t *list = psl_builtin();

	return list == NULL ? NULL : psl_registrable_domain(list, host);
}
