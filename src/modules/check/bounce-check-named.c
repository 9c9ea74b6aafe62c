/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Whoever refuses our side names the address that it means. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-dns.h"
#include "bounce-check-named.h"

/* More are not asked about. */
#define MAX_NAMED 20

/* One that the Internet may know: not of private networks (RFC 1918, RFC 4193), of
   the host or of the link. */
static bool named_is_public(const struct ip_addr *ip)
{
	static const char *const nets[] = {
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
		"169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
		"224.0.0.0/3"
	};
	struct ip_addr net;
	unsigned int bits;

	if (ip->family == AF_INET6)
		return net_parse_range("2000::/3", &net, &bits) == 0 &&
			net_is_in_network(ip, &net, bits);
	for (unsigned int i = 0; i < N_ELEMENTS(nets); i++) {
		if (net_parse_range(nets[i], &net, &bits) < 0)
			i_unreached();
		if (net_is_in_network(ip, &net, bits))
			return FALSE;
	}
	return TRUE;
}

static void
named_add(const char *word, pool_t pool, ARRAY_TYPE(const_string) *ips)
{
	struct ip_addr ip;

	if (bounce_dns_ip_parse(word, &ip) < 0 || !named_is_public(&ip) ||
	    array_count(ips) >= MAX_NAMED)
		return;
	word = p_strdup(pool, net_ip2addr(&ip));
	if (array_lsearch(ips, &word, i_strcmp_p) == NULL)
		array_push_back(ips, &word);
}

void bounce_check_named_find(const char *text, pool_t pool,
			     ARRAY_TYPE(const_string) *ips)
{
	static const char *const characters = "0123456789abcdefABCDEF.:";

	while (*text != '\0') {
		size_t len = strspn(text, characters);

		if (len == 0) {
			text++;
			continue;
		}
		if (len >= 7) {
			named_add(t_str_trim(t_strndup(text, len), ".:"), pool,
				  ips);
		}
		text += len;
	}
}
