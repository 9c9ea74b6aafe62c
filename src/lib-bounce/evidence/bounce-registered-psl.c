/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-registered.h"
#include "bounce-unicode.h"

const char *bounce_registered_domain(const char *host)
{
	const struct bounce_unicode *unicode = bounce_unicode_get();

	return unicode == NULL ? NULL : t_strdup(unicode->registered(host));
}
