/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-registered.h"

/* Two labels, three below a country: too few are the same, never too many. */
const char *bounce_registered_domain(const char *host)
{
	const char *const *labels = t_strsplit(host, ".");
	unsigned int dots = 0, wanted, count = str_array_length(labels);
	const char *p = host + strlen(host);

	if (count < 2)
		return NULL;
	wanted = count > 2 && strlen(labels[count - 1]) == 2 ? 3 : 2;
	while (p > host && (p[-1] != '.' || ++dots < wanted))
		p--;
	return p;
}
