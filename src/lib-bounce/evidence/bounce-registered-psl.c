/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-registered.h"

#include <libpsl.h>

const char *bounce_registered_domain(const char *host)
{
	const psl_ctx_t *list = psl_builtin();

	return list == NULL ? NULL :
		t_strdup(psl_registrable_domain(list, host));
}
