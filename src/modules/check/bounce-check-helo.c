/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The name that our MTA says (HELO, EHLO), as Postfix's configuration has it, and as
   servers that took mail of ours wrote it down: does it lead to where mail leaves, and
   back? */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-check-mails.h"
#include "bounce-check-network.h"
#include "bounce-check-program.h"

/* Returns FALSE if nobody knows (which was said). */
static bool helo_addresses(struct bounce_check *check, const char *name,
			   ARRAY_TYPE(const_string) *addresses)
{
	static const enum bounce_dns_type types[] = {
		BOUNCE_DNS_A, BOUNCE_DNS_AAAA
	};
	struct bounce_dns_answer answer;

	for (unsigned int i = 0; i < N_ELEMENTS(types); i++) {
		bounce_check_network_ask(check, name, types[i], &answer);
		if (answer.status == BOUNCE_DNS_FAILED ||
		    answer.status == BOUNCE_DNS_BOGUS) {
			bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "helo",
					 name, NULL, "no answer came for it");
			return FALSE;
		}
		for (; *answer.values != NULL; answer.values++)
			array_push_back(addresses, answer.values);
	}
	return TRUE;
}

/* The one that is known as ours, or the first. */
static const char *
helo_choose(struct bounce_check *check,
	    const ARRAY_TYPE(const_string) *addresses, bool *ours_r)
{
	const char *address;

	*ours_r = TRUE;
	array_foreach_elem(addresses, address) {
		if (array_lsearch(&check->network->ips, &address,
				  i_strcmp_p) != NULL)
			return address;
	}
	*ours_r = FALSE;
	return array_idx_elem(addresses, 0);
}

static void helo_say_back(struct bounce_check *check, const char *name,
			  const char *address)
{
	struct bounce_dns_answer answer;
	struct ip_addr ip;

	if (bounce_dns_ip_parse(address, &ip) < 0)
		i_unreached();
	bounce_check_network_ask(check, t_bounce_dns_reverse(&ip, NULL),
				 BOUNCE_DNS_PTR, &answer);
	if (answer.status == BOUNCE_DNS_FOUND &&
	    str_array_icase_find(answer.values, name)) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "helo", name, NULL,
				 "it leads to %s, and back", address);
	} else if (answer.status == BOUNCE_DNS_FOUND ||
		   answer.status == BOUNCE_DNS_NONE) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "helo", name,
			"Have the PTR say the same name: some servers refuse "
			"where they differ", "it leads to %s, whose PTR is %s",
			address, *answer.values == NULL ? "missing" :
			*answer.values);
	} else {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "helo", name,
			NULL, "it leads to %s; no answer came for its PTR",
			address);
	}
}

/* said: it is known to have been said, not only to be in a configuration by which
   nothing may ever leave. */
static void helo_say(struct bounce_check *check, const char *name, bool said)
{
	enum bounce_check_result bad = said ? BOUNCE_CHECK_FAIL :
		BOUNCE_CHECK_WARN;
	ARRAY_TYPE(const_string) addresses;
	const char *address;
	bool ours;

	if (*name == '[' || strchr(name, '.') == NULL) {
		bounce_check_say(check, bad, "helo", name,
			"Have the MTA say its full name (Postfix: myhostname, "
			"smtp_helo_name)", "no full name: many servers refuse it");
		return;
	}
	t_array_init(&addresses, 8);
	if (!helo_addresses(check, name, &addresses))
		return;
	if (array_is_empty(&addresses)) {
		bounce_check_say(check, bad, "helo", name,
			"Publish the address by which mail leaves, or say a name "
			"that has it", "it has no address: many servers refuse it");
		return;
	}
	address = helo_choose(check, &addresses, &ours);
	if (!ours && !array_is_empty(&check->network->ips)) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "helo", name,
			"If mail leaves by another address, say a name that leads "
			"there", "it leads to %s, which is none of our known "
			"addresses", address);
	} else {
		helo_say_back(check, name, address);
	}
}

static void helo_of_postfix(struct bounce_check *check)
{
	const char *relay = t_bounce_check_program_postconf(check,
							    "-xh relayhost");
	const char *name = t_bounce_check_program_postconf(check,
							"-xh smtp_helo_name");

	if (name == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "helo", "postconf",
			NULL, "there is no Postfix here whose configuration can be "
			"read: the name that our MTA says is not known");
	} else if (*relay != '\0') {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "helo", "postconf",
			NULL, "mail leaves by %s, whose name is not known here",
			relay);
	} else {
		helo_say(check, name, FALSE);
	}
}

/* From an address that is known as ours; a stranger's hop is none of our business. */
static void helo_of_mails(struct bounce_check *check)
{
	const struct bounce_check_hello *hello;

	array_foreach(&bounce_check_mails(check)->hellos, hello) T_BEGIN {
		const char *ip = hello->ip;

		if (array_lsearch(&check->network->ips, &ip,
				  i_strcmp_p) != NULL)
			helo_say(check, hello->helo, TRUE);
	} T_END;
}

void bounce_check_helo(struct bounce_check *check)
{
	if (!bounce_check_network_ready(check))
		return;
	if (check->bu == NULL)
		helo_of_postfix(check);
	else
		helo_of_mails(check);
}
