/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "message-address.h"
#include "str.h"
#include "bounce-authres.h"
#include "bounce-message.h"
#include "bounce-organisation.h"
#include "bounce-trace-private.h"

/*
 * May it be a report at all?
 */

/* NULL, too, where there is more than one, or a group: a program that signs or checks
   mail looks at one of them, and at which nobody can say. */
static const char *trace_address(pool_t pool, const char *value)
{
	struct message_address *addr;

	if (value == NULL)
		return NULL;
	addr = message_address_parse(pool_datastack_create(),
				     (const unsigned char *)value,
				     strlen(value), 2, 0);
	if (addr == NULL || addr->mailbox == NULL || addr->next != NULL)
		return NULL;
	return addr->domain == NULL || *addr->domain == '\0' ?
		p_strdup(pool, addr->mailbox) :
		p_strconcat(pool, addr->mailbox, "@", addr->domain, NULL);
}

static const char *t_trace_local(const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL ? address : t_strdup_until(address, at);
}

/* Exchange: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e */
static bool trace_is_exchange(const char *local)
{
	static const char prefix[] = "microsoftexchange";
	size_t len = strlen(prefix);

	return strncasecmp(local, prefix, len) == 0 &&
		strlen(local + len) == 32 &&
		strspn(local + len, "0123456789abcdefABCDEF") == 32;
}

static bool trace_is_daemon(const char *from)
{
	static const char *const names[] = {
		"mailer-daemon", "mailer_daemon", "mailerdaemon", "maildaemon",
		"mail-daemon", "mdaemon", "postmaster", "mmdf",
		NULL
	};

	/* From: <> is nobody's */
	if (from == NULL || *from == '\0')
		return TRUE;
	from = t_trace_local(from);
	return str_array_icase_find(names, from) || trace_is_exchange(from);
}

/* Names that no provider gives to its users (RFC 2142, RFC 5321 section 4.5.1), and
   that are of the domain that signed. */
static bool trace_is_signers_daemon(const char *from, const char *signature)
{
	const char *domain = from == NULL ? NULL : strrchr(from, '@'), *local;

	if (domain == NULL || !bounce_organisation_same(domain + 1, signature))
		return FALSE;
	local = t_trace_local(from);
	return strcasecmp(local, "mailer-daemon") == 0 ||
		strcasecmp(local, "postmaster") == 0 || trace_is_exchange(local);
}

/* What sendmail calls itself to a program that delivers: with a domain by
   FEATURE(always_add_domain). */
static bool
trace_null_sender(const char *path, const struct bounce_trace_site *site)
{
	const char *host;

	path = t_str_trim(path, "<> \t\r\n");
	host = strchr(path, '@');
	return *path == '\0' ||
		(strcasecmp(t_strcut(path, '@'), "mailer-daemon") == 0 &&
		 (host == NULL ||
		  bounce_trace_host_is_in(host + 1, site->hosts)));
}

/* "", "<>" */
static bool trace_is_empty(const char *from)
{
	return from == NULL || strpbrk(from, "@:;,") == NULL;
}

static bool
trace_may_report(const struct bounce_trace_header *header,
		 const struct bounce_trace_site *site,
		 const struct bounce_trace *trace)
{
	const char *path = site->mail_from != NULL ? site->mail_from :
		header->return_path;

	if (path != NULL && !trace_null_sender(path, site))
		return FALSE;
	if (header->auto_submitted != NULL &&
	    strcasestr(header->auto_submitted, "vacation") != NULL)
		return FALSE;
	/* several senders are no daemon */
	return header->froms <= 1 &&
		(trace->from != NULL || trace_is_empty(header->from)) &&
		trace_is_daemon(trace->from);
}

/*
 * Dovecot's own line
 */

static void
trace_add_host(struct bounce_trace *trace, pool_t pool, const char *host)
{
	if (strchr(host, '.') == NULL || *host == '[' ||
	    strncasecmp(host, "localhost", 9) == 0 ||
	    bounce_trace_list_has(&trace->hosts, host))
		return;
	host = p_strdup(pool, host);
	array_push_back(&trace->hosts, &host);
}

/* In a container the two differ. */
static unsigned int
trace_skip_dovecot(struct bounce_trace *trace, pool_t pool,
		   const struct bounce_received *lines, unsigned int count,
		   const struct bounce_trace_site *site)
{
	count = bounce_trace_dovecots(lines, count, site);
	for (unsigned int i = 0; i < count; i++) {
		trace_add_host(trace, pool, lines[i].by);
		trace_add_host(trace, pool, lines[i].helo);
	}
	return count;
}

/*
 * Who made it
 */

/* Did the relay make what it handed to us? All that is below is its own, at
   last a line without a client; between them hosts that are named as relays, too: its
   customers have private addresses and names of its domain. */
static bool
trace_relay_made(const struct bounce_received *lines, unsigned int count,
		 const struct bounce_trace_site *site)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct bounce_received *line = &lines[i];

		if (line->authenticated)
			return FALSE;
		if (line->made)
			return i == count - 1;
		if (bounce_received_is_loopback(line) ||
		    !bounce_trace_is_relay(site, line))
			return FALSE;
	}
	return FALSE;
}

static void
trace_judge_client(struct bounce_trace *trace, pool_t pool,
		   const struct bounce_received *lines, unsigned int count,
		   const struct bounce_trace_site *site)
{
	const struct bounce_received *client = &lines[0];
	const char *relay;

	if (client->authenticated)
		return;
	trace->client = p_strdup(pool, client->client);
	trace->address = p_strdup(pool, client->address);
	if (bounce_received_is_loopback(client) ||
	    !bounce_trace_is_relay(site, client))
		return;
	relay = client->client != NULL ? client->client :
		client->fetched ? client->helo : client->address;
	if (trace_relay_made(lines + 1, count - 1, site)) {
		trace->reporter = BOUNCE_REPORTER_RELAY;
		trace->relay = p_strdup(pool, relay);
	}
}

/* A host of ours that hands on to another: named, not the same, and not by the
   loopback, over which a web application sends what it was given. */
static bool
trace_is_inner_hop(const struct bounce_received *line,
		   const struct bounce_trace_site *site)
{
	return !line->authenticated && line->client != NULL &&
		!bounce_received_is_loopback(line) &&
		bounce_trace_name_is_in(line->client, site->hosts) &&
		line->by != NULL && strcasecmp(line->by, line->client) != 0;
}

static bool trace_names_localhost(const struct bounce_trace_site *site)
{
	return bounce_trace_name_is_in("localhost", site->relays) ||
		bounce_trace_name_is_in("127.0.0.1", site->relays);
}

/* Returns how many lines are our own: the border's is the last of them. */
static unsigned int
trace_judge(struct bounce_trace *trace, pool_t pool,
	    const struct bounce_received *lines, unsigned int count,
	    const struct bounce_trace_site *site)
{
	bool looped = FALSE;

	for (unsigned int i = trace_skip_dovecot(trace, pool, lines, count,
						 site); i < count; i++) {
		const struct bounce_received *line = &lines[i];

		if (line->made) {
			if (i == count - 1 && !looped &&
			    (line->by == NULL ||
			     bounce_trace_host_is_ours(site, trace, line->by)))
				trace->reporter = BOUNCE_REPORTER_OWN;
			return i + 1;
		}
		if (line->helo == NULL)
			return i + 1;
		if (bounce_received_is_loopback(line) &&
		    !line->authenticated && trace_names_localhost(site)) {
			looped = TRUE;
			continue;
		}
		if (trace_is_inner_hop(line, site))
			continue;
		trace_judge_client(trace, pool, line, count - i, site);
		return i + 1;
	}
	return count;
}

/*
 * Authentication-Results
 */

static void
trace_read_results(struct bounce_trace *trace, pool_t pool,
		      const struct bounce_trace_header *header,
		      const struct bounce_trace_site *site, unsigned int border)
{
	const struct bounce_trace_authres *authres;
	ARRAY_TYPE(const_string) seen;

	t_array_init(&seen, 4);
	array_foreach(&header->authres, authres) {
		const char *id;
		ARRAY_TYPE(const_string) domains;

		t_array_init(&domains, 4);
		bounce_authres_signatures(authres->value, &domains, &id);
		/* the topmost of an id counts */
		if (id == NULL || bounce_trace_list_has(&seen, id))
			continue;
		array_push_back(&seen, &id);
		if (authres->depth >= border &&
		    !bounce_trace_name_is_in(id, site->authserv))
			continue;
		array_push_back(&trace->results, &authres->value);
		array_foreach_elem(&domains, id) {
			id = p_strdup(pool, id);
			array_push_back(&trace->signatures, &id);
		}
	}
}

static void
trace_add_thread(struct bounce_trace *trace, pool_t pool, const char *value)
{
	const char *id = value == NULL ? NULL :
		bounce_header_message_id(pool, value);

	if (id != NULL && !bounce_trace_list_has(&trace->threads, id))
		array_push_back(&trace->threads, &id);
}

static void
trace_read(struct istream *input, pool_t pool,
	   const struct bounce_trace_site *site, struct bounce_trace *trace)
{
	const struct bounce_received *lines;
	struct bounce_trace_header header;
	unsigned int count, border;

	bounce_trace_header_read(input, pool, &header);
	if (header.froms == 1)
		trace->from = trace_address(pool, header.from);
	trace_add_thread(trace, pool, header.in_reply_to);
	if (header.references != NULL)
		trace_add_thread(trace, pool, strrchr(header.references, '<'));
	trace->report = trace_may_report(&header, site, trace);
	lines = array_get(&header.received, &count);
	border = trace_judge(trace, pool, lines, count, site);
	trace_read_results(trace, pool, &header, site, border);
	if (!trace->report)
		trace->reporter = BOUNCE_REPORTER_STRANGER;
}

void bounce_trace_read(struct istream *input, pool_t pool,
		       const struct bounce_trace_site *site,
		       struct bounce_trace *trace_r)
{
	i_zero(trace_r);
	p_array_init(&trace_r->results, pool, 2);
	p_array_init(&trace_r->signatures, pool, 2);
	p_array_init(&trace_r->threads, pool, 2);
	p_array_init(&trace_r->hosts, pool, 2);
	i_stream_seek(input, 0);
	T_BEGIN {
		trace_read(input, pool, site, trace_r);
	} T_END;
	i_stream_seek(input, 0);
}

static enum bounce_reporter
trace_reporter(const struct bounce_trace *trace, const char *address)
{
	const char *domain = strrchr(address, '@'), *signature;
	const struct bounce_hoster *hoster;

	if (domain == NULL)
		return BOUNCE_REPORTER_STRANGER;
	domain++;
	hoster = bounce_organisation_hoster_find(domain);
	if (hoster != NULL) {
		return hoster->signature != NULL && trace->from != NULL &&
			strcasecmp(trace->from, hoster->from) == 0 &&
			bounce_trace_list_has(&trace->signatures,
					      hoster->signature) ?
			BOUNCE_REPORTER_HOSTER : BOUNCE_REPORTER_STRANGER;
	}
	array_foreach_elem(&trace->signatures, signature) {
		if (bounce_organisation_same(signature, domain) &&
		    trace_is_signers_daemon(trace->from, signature))
			return BOUNCE_REPORTER_SIDE;
	}
	if (trace->client != NULL &&
	    bounce_organisation_hoster_find(trace->client) == NULL &&
	    !bounce_organisation_is_line(trace->client, trace->address) &&
	    bounce_organisation_same(trace->client, domain))
		return BOUNCE_REPORTER_SIDE;
	return BOUNCE_REPORTER_STRANGER;
}

enum bounce_reporter
bounce_trace_reporter(const struct bounce_trace *trace, const char *address)
{
	enum bounce_reporter reporter = trace->reporter;

	if (!trace->report || reporter != BOUNCE_REPORTER_STRANGER)
		return reporter;
	T_BEGIN {
		reporter = trace_reporter(trace, address);
	} T_END;
	return reporter;
}

bool bounce_trace_passes(const struct bounce_trace *trace, const char *address)
{
	const char *domain = strrchr(address, '@'), *value, *id;
	bool ret = FALSE;

	if (domain == NULL)
		return FALSE;
	array_foreach_elem(&trace->results, value) T_BEGIN {
		if (bounce_authres_passes(value, domain + 1, &id))
			ret = TRUE;
	} T_END;
	return ret;
}
