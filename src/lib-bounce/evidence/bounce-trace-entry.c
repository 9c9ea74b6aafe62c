/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Where a mail came in: the returned one, or the one itself. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "bounce-organisation.h"
#include "bounce-trace-private.h"

static bool
trace_entry_is_relay_line(const struct bounce_received *line, const char *relay)
{
	return line->by != NULL && (strcasecmp(line->by, relay) == 0 ||
				    bounce_organisation_same(line->by, relay));
}

/* The first client that is not of the relay's organisation. */
static bool
trace_entry_passed_us(const ARRAY_TYPE(bounce_received) *lines,
		      const struct bounce_trace_site *site,
		      const struct bounce_trace *trace)
{
	const struct bounce_received *line;

	array_foreach(lines, line) {
		if (!trace_entry_is_relay_line(line, trace->relay))
			return FALSE;
		if (line->client == NULL) {
			if (!bounce_received_is_private(line))
				return FALSE;
			continue;
		}
		if (bounce_trace_host_is_ours(site, trace, line->client))
			return TRUE;
		if (!bounce_organisation_same(line->client, trace->relay) &&
		    !bounce_received_is_loopback(line))
			return FALSE;
	}
	return FALSE;
}

/* Our own lines are on top; the first that does not come over loopback says
   where the mail came in. */
static const struct bounce_received *
trace_entry_find(const ARRAY_TYPE(bounce_received) *lines,
		 const struct bounce_trace_site *site,
		 const struct bounce_trace *trace, struct bounce_entry *entry)
{
	const struct bounce_received *line, *last = NULL;

	array_foreach(lines, line) {
		if (line->handed)
			continue;
		if (!bounce_trace_host_is_ours(site, trace, line->by))
			break;
		last = line;
		if (line->authenticated || !bounce_received_is_loopback(line) ||
		    line->helo == NULL)
			break;
		entry->loopback = TRUE;
	}
	return last;
}

static void
trace_entry_read(const ARRAY_TYPE(bounce_received) *lines, pool_t pool,
		 const struct bounce_trace_site *site,
		 const struct bounce_trace *trace, struct bounce_entry *entry)
{
	const struct bounce_received *line;

	if (trace->reporter == BOUNCE_REPORTER_RELAY) {
		entry->passed_us = trace_entry_passed_us(lines, site, trace);
		return;
	}
	line = trace_entry_find(lines, site, trace, entry);
	if (line == NULL)
		return;
	entry->authenticated = line->authenticated;
	entry->login = p_strdup(pool, line->login);
	entry->queue_id = p_strdup_empty(pool, line->id);
	/* a line without an address is a local program's */
	entry->relayed = !line->authenticated && line->address != NULL &&
		!bounce_received_is_private(line) &&
		!bounce_trace_name_is_in(line->client, site->hosts) &&
		!bounce_trace_is_relay(site, line);
}

void bounce_trace_entry_read(const char *headers, pool_t pool,
			     const struct bounce_trace_site *site,
			     const struct bounce_trace *trace,
			     struct bounce_entry *entry_r)
{
	struct bounce_trace_header header;
	struct istream *input;

	i_zero(entry_r);
	if (headers == NULL)
		return;
	input = i_stream_create_from_data(headers, strlen(headers));
	T_BEGIN {
		bounce_trace_header_read(input, pool, &header);
		trace_entry_read(&header.received, pool, site, trace, entry_r);
	} T_END;
	i_stream_unref(&input);
}

void bounce_trace_own_entry_read(struct istream *input, pool_t pool,
				 const struct bounce_trace_site *site,
				 const struct bounce_trace *trace,
				 struct bounce_entry *entry_r)
{
	struct bounce_trace_header header;
	const struct bounce_received *lines;
	unsigned int count;

	i_zero(entry_r);
	i_stream_seek(input, 0);
	T_BEGIN {
		bounce_trace_header_read(input, pool, &header);
		lines = array_get(&header.received, &count);
		array_delete(&header.received, 0,
			     bounce_trace_dovecots(lines, count, site));
		trace_entry_read(&header.received, pool, site, trace, entry_r);
	} T_END;
	i_stream_seek(input, 0);
}
