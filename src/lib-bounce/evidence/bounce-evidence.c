/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-evidence.h"

static void evidence_add(ARRAY_TYPE(const_string) *list, pool_t pool,
			 const char *str)
{
	const char *elem;

	if (str == NULL || *str == '\0')
		return;
	array_foreach_elem(list, elem) {
		if (strcasecmp(elem, str) == 0)
			return;
	}
	str = p_strdup(pool, str);
	array_push_back(list, &str);
}

static void evidence_add_all(ARRAY_TYPE(const_string) *list, pool_t pool,
			     const char *const *strs)
{
	for (; strs != NULL && *strs != NULL; strs++)
		evidence_add(list, pool, *strs);
}

void bounce_evidence_site_init(pool_t pool, const char *username,
			       const char *hostname,
			       const char *const *more_addresses,
			       const char *const *more_hosts,
			       const char *const *learned_hosts,
			       struct bounce_evidence_site *site_r)
{
	ARRAY_TYPE(const_string) addresses, hosts;

	p_array_init(&addresses, pool, 8);
	p_array_init(&hosts, pool, 8);
	evidence_add(&addresses, pool, username);
	evidence_add_all(&addresses, pool, more_addresses);
	evidence_add(&hosts, pool, hostname);
	evidence_add_all(&hosts, pool, more_hosts);
	evidence_add_all(&hosts, pool, learned_hosts);
	array_append_zero(&addresses);
	array_append_zero(&hosts);
	site_r->addresses = array_front(&addresses);
	site_r->hosts = array_front(&hosts);
	site_r->delimiters = "+";
}

static const char *
t_evidence_without_detail(const char *local, const char *delimiters)
{
	size_t len = delimiters == NULL || *delimiters == '\0' ?
		strlen(local) : strcspn(local, delimiters);

	return len == 0 ? local : t_strndup(local, len);
}

static bool
evidence_same_local(const struct bounce_evidence_site *site, const char *a,
		    const char *b)
{
	return strcasecmp(t_evidence_without_detail(a, site->delimiters),
			  t_evidence_without_detail(b, site->delimiters)) == 0;
}

/* own is "@bücher.example"; at is of an address in normal form, or as it was written. */
static bool evidence_same_domain(const char *at, const char *own)
{
	const char *normal, *error;

	return strcasecmp(at, own) == 0 ||
		(bounce_address_normalize(pool_datastack_create(),
					  t_strconcat("x", own, NULL),
					  &normal, &error) == 0 &&
		 strcasecmp(at, normal + 1) == 0);
}

static bool
evidence_is_address(const struct bounce_evidence_site *site,
		    const char *address, const char *own)
{
	const char *at = strrchr(address, '@'), *normal, *own_at, *error;
	const char *local;

	if (at == NULL)
		return FALSE;
	local = t_strdup_until(address, at);
	if (*own == '@')
		return evidence_same_domain(at, own);
	if (strchr(own, '@') == NULL)
		return evidence_same_local(site, local, own);
	if (bounce_address_normalize(pool_datastack_create(), own, &normal,
				     &error) < 0 ||
	    (own_at = strrchr(normal, '@')) == NULL)
		return FALSE;
	return strcmp(at, own_at) == 0 &&
		evidence_same_local(site, local,
				    t_strdup_until(normal, own_at));
}

bool bounce_evidence_is_own(const struct bounce_evidence_site *site,
			    const char *address)
{
	bool ret = FALSE;

	T_BEGIN {
		for (const char *const *p = site->addresses;
		     !ret && *p != NULL; p++)
			ret = evidence_is_address(site, address, *p);
	} T_END;
	return ret;
}
