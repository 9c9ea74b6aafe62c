/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "str.h"
#include "bounce-dns.h"

const char *const *
t_bounce_dns_records(const struct bounce_dns_answer *answer,
		     const char *version)
{
	ARRAY_TYPE(const_string) found;
	size_t len = strlen(version);

	t_array_init(&found, 4);
	for (const char *const *value = answer->values; *value != NULL;
	     value++) {
		if (strncasecmp(*value, version, len) == 0 &&
		    ((*value)[len] == '\0' || (*value)[len] == ' ' ||
		     (*value)[len] == ';'))
			array_push_back(&found, value);
	}
	array_append_zero(&found);
	return array_front(&found);
}

const char *t_bounce_dns_tag(const char *record, const char *tag)
{
	const char *const *parts = t_strsplit(record, ";");

	for (; *parts != NULL; parts++) {
		const char *equals = strchr(*parts, '=');

		if (equals != NULL &&
		    strcasecmp(t_str_trim(t_strdup_until(*parts, equals),
					  " \t\r\n"), tag) == 0)
			return t_str_trim(equals + 1, " \t\r\n");
	}
	return NULL;
}

int bounce_dns_ip_parse(const char *text, struct ip_addr *ip_r)
{
	unsigned int dots = 0;

	for (const char *p = text; *p != '\0'; p++)
		dots += *p == '.' ? 1 : 0;
	return (dots != 3 && strchr(text, ':') == NULL) ||
		net_addr2ip(text, ip_r) < 0 ? -1 : 0;
}

const char *t_bounce_dns_reverse(const struct ip_addr *ip, const char *zone)
{
	string_t *name = t_str_new(80);
	const unsigned char *bytes;

	if (ip->family == AF_INET) {
		bytes = (const unsigned char *)&ip->u.ip4;
		str_printfa(name, "%u.%u.%u.%u.", bytes[3], bytes[2], bytes[1],
			    bytes[0]);
		str_append(name, zone != NULL ? zone : "in-addr.arpa");
		return str_c(name);
	}
	bytes = (const unsigned char *)&ip->u.ip6;
	for (unsigned int i = 16; i > 0; i--)
		str_printfa(name, "%x.%x.", bytes[i - 1] & 0x0f,
			    bytes[i - 1] >> 4);
	str_append(name, zone != NULL ? zone : "ip6.arpa");
	return str_c(name);
}
