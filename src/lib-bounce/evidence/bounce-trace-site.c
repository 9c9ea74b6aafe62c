/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What is ours. */

#include "lib.h"
#include "array.h"
#include "bounce-trace-private.h"

bool bounce_trace_host_is_in(const char *host, const char *const *names)
{
	size_t len = host == NULL ? 0 : strlen(host);

	for (; names != NULL && *names != NULL; names++) {
		size_t nlen = strlen(*names);

		if (nlen > 0 && len >= nlen &&
		    strcasecmp(host + len - nlen, *names) == 0 &&
		    (len == nlen || host[len - nlen - 1] == '.'))
			return TRUE;
	}
	return FALSE;
}

bool bounce_trace_name_is_in(const char *name, const char *const *names)
{
	return name != NULL && names != NULL &&
		str_array_icase_find(names, name);
}

bool bounce_trace_list_has(const ARRAY_TYPE(const_string) *list,
			   const char *name)
{
	const char *elem;

	array_foreach_elem(list, elem) {
		if (strcasecmp(elem, name) == 0)
			return TRUE;
	}
	return FALSE;
}

bool bounce_trace_host_is_ours(const struct bounce_trace_site *site,
			       const struct bounce_trace *trace,
			       const char *host)
{
	return host != NULL && (bounce_trace_host_is_in(host, site->hosts) ||
				bounce_trace_list_has(&trace->hosts, host));
}

/* By its verified name, its address or its network's loopback. */
bool bounce_trace_is_relay(const struct bounce_trace_site *site,
			   const struct bounce_received *received)
{
	return bounce_trace_host_is_in(received->client, site->relays) ||
		bounce_trace_name_is_in(received->address, site->relays) ||
		(received->fetched &&
		 bounce_trace_host_is_in(received->helo, site->relays));
}

/* "from MTA by DOVECOT with LMTP id SESSION"; a delivery to several appends a
   number to the session. */
static bool trace_is_dovecot(const struct bounce_received *received,
			     const struct bounce_trace_site *site)
{
	size_t len;

	if (received->helo == NULL || received->by == NULL ||
	    received->with == NULL || received->id == NULL ||
	    strncasecmp(received->with, "LMTP", 4) != 0)
		return FALSE;
	if (site->session_id == NULL)
		return bounce_trace_host_is_in(received->by, site->hosts);
	len = strlen(received->id);
	return strncmp(site->session_id, received->id, len) == 0 &&
		(site->session_id[len] == '\0' || site->session_id[len] == ':');
}

/* Did the server that wrote line hand it to the one that wrote the line above? A proxy
   of ours: nobody speaks LMTP over the Internet (RFC 2033 section 5). */
static bool
trace_is_proxy(const struct bounce_received *above,
	       const struct bounce_received *line,
	       const struct bounce_trace_site *site)
{
	if (trace_is_dovecot(line, site))
		return TRUE;
	return line->with != NULL && strncasecmp(line->with, "LMTP", 4) == 0 &&
		line->by != NULL && above->helo != NULL &&
		strcasecmp(line->by, above->helo) == 0 &&
		bounce_trace_host_is_in(line->by, site->hosts);
}

unsigned int bounce_trace_dovecots(const struct bounce_received *lines,
				   unsigned int count,
				   const struct bounce_trace_site *site)
{
	unsigned int i;

	if (count == 0 || !trace_is_dovecot(&lines[0], site))
		return 0;
	for (i = 1; i < count; i++) {
		if (!trace_is_proxy(&lines[i - 1], &lines[i], site))
			break;
	}
	return i;
}
