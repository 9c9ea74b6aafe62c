/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-evidence.h"

#include <ctype.h>

/* Received lines that are looked at: no mail has more that went through us. */
#define MAX_RECEIVED 100

/*
 * The site
 */

static void add_once(ARRAY_TYPE(const_string) *list, pool_t pool,
		     const char *str)
{
	const char *elem;

	array_foreach_elem(list, elem) {
		if (strcasecmp(elem, str) == 0)
			return;
	}
	str = p_strdup(pool, str);
	array_push_back(list, &str);
}

static void add_all(ARRAY_TYPE(const_string) *list, pool_t pool,
		    const char *const *strs)
{
	for (; strs != NULL && *strs != NULL; strs++)
		add_once(list, pool, *strs);
}

/* mx.example.org is a host of example.org; example.org is no host of org. */
static const char *parent_domain(const char *host)
{
	const char *parent = strchr(host, '.');

	return parent == NULL || strchr(parent + 1, '.') == NULL ? NULL :
		parent + 1;
}

/* Only names that somebody can own: "localhost" or a bare host name in a
   Received line is a trace of any site. */
static void add_host(ARRAY_TYPE(const_string) *hosts, pool_t pool,
		     const char *host)
{
	if (strchr(host, '.') != NULL &&
	    strncasecmp(host, "localhost", 9) != 0)
		add_once(hosts, pool, host);
}

static void add_domain_of(ARRAY_TYPE(const_string) *hosts, pool_t pool,
			  const char *address)
{
	const char *at = strrchr(address, '@');

	if (at != NULL)
		add_host(hosts, pool, at + 1);
}

static const char *const *
finish(ARRAY_TYPE(const_string) *list)
{
	array_append_zero(list);
	return array_front(list);
}

void bounce_evidence_site_init(pool_t pool, const char *username,
			       const char *rcpt_to, const char *hostname,
			       const char *const *extra_addresses,
			       const char *const *extra_hosts,
			       struct bounce_evidence_site *site_r)
{
	ARRAY_TYPE(const_string) addresses, hosts;
	const char *address;

	p_array_init(&addresses, pool, 8);
	p_array_init(&hosts, pool, 8);
	add_once(&addresses, pool, username);
	if (rcpt_to != NULL && *rcpt_to != '\0')
		add_once(&addresses, pool, rcpt_to);
	add_all(&addresses, pool, extra_addresses);
	add_all(&hosts, pool, extra_hosts);
	array_foreach_elem(&addresses, address)
		add_domain_of(&hosts, pool, address);
	if (hostname != NULL) {
		const char *parent = parent_domain(hostname);

		add_host(&hosts, pool, hostname);
		if (parent != NULL)
			add_host(&hosts, pool, parent);
	}
	site_r->addresses = finish(&addresses);
	site_r->hosts = finish(&hosts);
	site_r->delimiters = "+";
}

/*
 * From one of the user's addresses
 */

bool bounce_evidence_is_site_host(const struct bounce_evidence_site *site,
				  const char *host)
{
	size_t len = strlen(host);

	for (const char *const *p = site->hosts; *p != NULL; p++) {
		size_t hlen = strlen(*p);

		if (hlen > 0 && len >= hlen &&
		    strcasecmp(host + len - hlen, *p) == 0 &&
		    (len == hlen || host[len - hlen - 1] == '.'))
			return TRUE;
	}
	return FALSE;
}

static const char *
t_without_detail(const char *local, const char *delimiters)
{
	size_t len = delimiters == NULL || *delimiters == '\0' ?
		strlen(local) : strcspn(local, delimiters);

	return len == 0 ? local : t_strndup(local, len);
}

static bool
same_local(const struct bounce_evidence_site *site, const char *a,
	   const char *b)
{
	return strcasecmp(t_without_detail(a, site->delimiters),
			  t_without_detail(b, site->delimiters)) == 0;
}

/* from: normal form */
static bool
is_address(const struct bounce_evidence_site *site, const char *from,
	   const char *own)
{
	const char *at = strrchr(from, '@'), *normal, *own_at, *error;
	const char *local = t_strdup_until(from, at);

	if (*own == '@')
		return strcasecmp(at, own) == 0;
	if (strchr(own, '@') == NULL) {
		/* a login name: where nobody told us a domain, it is the one
		   that the mail says, and the trace must be of it too */
		return same_local(site, local, own) &&
			(*site->hosts == NULL ||
			 bounce_evidence_is_site_host(site, at + 1));
	}
	if (bounce_address_normalize(pool_datastack_create(), own, &normal,
				     &error) < 0 ||
	    (own_at = strrchr(normal, '@')) == NULL)
		return FALSE;
	return strcmp(at, own_at) == 0 &&
		same_local(site, local, t_strdup_until(normal, own_at));
}

static bool
is_from_user(const struct bounce_evidence_site *site, const char *from)
{
	for (const char *const *p = site->addresses; *p != NULL; p++) {
		if (is_address(site, from, *p))
			return TRUE;
	}
	return FALSE;
}

/*
 * A trace of the site
 */

static bool is_host_char(unsigned char c)
{
	return isalnum(c) || c == '.' || c == '-' || c == '_' || c >= 0x80;
}

/* Does one of the hosts that the Received line names (RFC 5321 section 4.4:
   the words after "from" and "by", and the name in the comment after "from")
   belong to the site? What stands after "for" or "id" does not count. */
static bool
received_is_ours(const struct bounce_evidence_site *site, const char *line)
{
	bool wanted = FALSE;

	while (*line != '\0' && *line != ';') {
		size_t len = 0;
		const char *word;

		while (is_host_char(line[len]))
			len++;
		if (len == 0) {
			line++;
			continue;
		}
		word = t_strndup(line, len);
		line += len;
		if (strcasecmp(word, "from") == 0 || strcasecmp(word, "by") == 0)
			wanted = TRUE;
		else if (strcasecmp(word, "with") == 0 ||
			 strcasecmp(word, "for") == 0 ||
			 strcasecmp(word, "id") == 0 ||
			 strcasecmp(word, "via") == 0)
			wanted = FALSE;
		else if (wanted && *line != '@' &&
			 bounce_evidence_is_site_host(site, word))
			return TRUE;
		/* user@host is no host */
		if (*line == '@')
			while (*++line != '\0' && is_host_char(*line)) ;
	}
	return FALSE;
}

/* Unfolds one header field; returns what follows it. */
static const char *
t_header_line(const char *headers, const char **line_r)
{
	const char *end = headers;

	do {
		end += strcspn(end, "\n");
		if (*end == '\n')
			end++;
	} while (*end == ' ' || *end == '\t');
	*line_r = t_str_replace(t_strdup_until(headers, end), '\n', ' ');
	return end;
}

/* 1 = a Received line is ours, 0 = there are none, -1 = all are strangers' */
static int
check_received(const struct bounce_evidence_site *site, const char *headers)
{
	unsigned int count = 0;
	int ret = 0;

	while (*headers != '\0' && ret <= 0 && count < MAX_RECEIVED) T_BEGIN {
		const char *line;

		headers = t_header_line(headers, &line);
		if (strncasecmp(line, "Received:", 9) == 0) {
			count++;
			ret = received_is_ours(site, line + 9) ? 1 : -1;
		}
	} T_END;
	return ret;
}

static bool
message_id_is_ours(const struct bounce_evidence_site *site, const char *id)
{
	const char *at = id == NULL ? NULL : strrchr(id, '@');

	if (at == NULL)
		return FALSE;
	at++;
	return bounce_evidence_is_site_host(site,
		t_strdup_until(at, at + strcspn(at, ">")));
}

static bool
bears_trace(const struct bounce_evidence_site *site,
	    const struct bounce_report *report)
{
	int ret;

	if (report->original_headers == NULL)
		return FALSE;
	ret = check_received(site, report->original_headers);
	if (ret != 0)
		return ret > 0;
	/* some sites take the Received lines off what they send */
	return message_id_is_ours(site, report->original_message_id);
}

static enum bounce_evidence
judge(const struct bounce_report *report,
      const struct bounce_evidence_site *site)
{
	struct bounce_evidence_site learned = *site;
	const char *from, *error, *at;
	const char *learned_hosts[2] = { NULL, NULL };

	if (report->original_from == NULL ||
	    bounce_address_normalize(pool_datastack_create(),
				     report->original_from, &from,
				     &error) < 0 ||
	    (at = strrchr(from, '@')) == NULL || !is_from_user(site, from))
		return BOUNCE_EVIDENCE_UNVERIFIED;
	if (*site->hosts == NULL) {
		learned_hosts[0] = at + 1;
		learned.hosts = learned_hosts;
	}
	return bears_trace(&learned, report) ? BOUNCE_EVIDENCE_PLAUSIBLE :
		BOUNCE_EVIDENCE_UNVERIFIED;
}

enum bounce_evidence
bounce_evidence_judge(const struct bounce_report *report,
		      const struct bounce_evidence_site *site)
{
	enum bounce_evidence ret;

	T_BEGIN {
		ret = judge(report, site);
	} T_END;
	return ret;
}
