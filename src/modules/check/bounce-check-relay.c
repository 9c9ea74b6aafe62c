/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Does our MTA relay for anybody? Its configuration, as postconf says it, where it is
   Postfix. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-check-program.h"

/* Wider than these is more than a site's own. */
#define WIDE_BITS4 16
#define WIDE_BITS6 48

static void relay_say_network(struct bounce_check *check, const char *service,
			      const char *word)
{
	struct ip_addr ip;
	unsigned int bits;

	if (*word == '/' || (net_parse_range(word, &ip, &bits) < 0 &&
			     strchr(word, ':') != NULL)) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "relay", service,
			"Look whether it holds our own networks alone",
			"mynetworks has %s, which is not looked into", word);
		return;
	}
	/* a host's name, an exclusion */
	if (net_parse_range(word, &ip, &bits) < 0)
		return;
	if (bits == 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "relay", service,
			"Name our own networks alone",
			"mynetworks has %s: everybody may relay", word);
	} else if (bits < (ip.family == AF_INET ? WIDE_BITS4 : WIDE_BITS6) &&
		   strncmp(word, "127.", 4) != 0) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "relay", service,
			"Name our own networks alone: behind masquerading, "
			"whoever comes from outside has an address of it",
			"mynetworks has %s, a wide network", word);
	}
}

static void relay_say_networks(struct bounce_check *check, const char *service,
			       const char *networks)
{
	const char *const *word = t_strsplit_spaces(networks, ", \t\n");

	for (; *word != NULL; word++) T_BEGIN {
		const char *plain = **word != '[' ? *word :
			t_strconcat(t_strcut(*word + 1, ']'),
				    strchr(*word, ']') == NULL ? "" :
				    strchr(*word, ']') + 1, NULL);

		relay_say_network(check, service, plain);
	} T_END;
}

/* What a list of restrictions does to a stranger's mail for strangers. */
enum relay_door {
	RELAY_DOOR_CLOSED,
	/* a table, a service or a class of the site's own decides */
	RELAY_DOOR_UNKNOWN,
	RELAY_DOOR_OPEN
};

static bool relay_is_reject(const char *word)
{
	static const char *const rejects[] = {
		"reject", "defer", "reject_unauth_destination",
		"defer_unauth_destination", NULL
	};

	return str_array_find(rejects, word);
}

static bool relay_begins(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

/* Whatever it says, no stranger gets through by it. */
static bool relay_is_harmless(const char *word)
{
	static const char *const permits[] = {
		"permit_mynetworks", "permit_sasl_authenticated",
		"permit_tls_clientcerts", "permit_auth_destination",
		"permit_inet_interfaces", "warn_if_reject", "defer_if_permit",
		"defer_if_reject", "sleep", NULL
	};

	return str_array_find(permits, word) ||
		relay_begins(word, "reject_") ||
		relay_begins(word, "defer_");
}

static bool relay_takes_argument(const char *word)
{
	return relay_begins(word, "check_") ||
		strstr(word, "rbl_") != NULL || strstr(word, "rhsbl_") != NULL ||
		strstr(word, "dnswl_") != NULL ||
		strstr(word, "rhswl_") != NULL || strcmp(word, "sleep") == 0;
}

/* The last word of its argument: "inline:{ a=OK, b=OK }" and "{ unix:x, timeout=2s }"
   are several. */
static const char *const *relay_skip_argument(const char *const *word)
{
	if (word[1] == NULL || strchr(*++word, '{') == NULL)
		return word;
	while (word[1] != NULL && strchr(*word, '}') == NULL)
		word++;
	return word;
}

/* why_r: in words, unless it is closed. */
static enum relay_door
relay_judge(const char *restrictions, const char **why_r)
{
	const char *const *word = t_strsplit_spaces(restrictions, ", \t\n");
	const char *unknown = NULL;

	for (; *word != NULL; word++) {
		if (strcmp(*word, "permit") == 0) {
			*why_r = "permit comes before any reject";
			return RELAY_DOOR_OPEN;
		}
		if (strcmp(*word, "warn_if_reject") == 0 && word[1] != NULL) {
			word++;
		} else if (relay_is_reject(*word)) {
			*why_r = unknown;
			return unknown == NULL ? RELAY_DOOR_CLOSED :
				RELAY_DOOR_UNKNOWN;
		} else if (!relay_is_harmless(*word) && unknown == NULL) {
			unknown = *word;
		}
		if (relay_takes_argument(*word))
			word = relay_skip_argument(word);
	}
	*why_r = "nothing rejects what is not for us";
	return RELAY_DOOR_OPEN;
}

static void relay_say_restrictions(struct bounce_check *check,
				   const char *service, const char *relay,
				   const char *recipient)
{
	const char *why, *why_recipient;
	enum relay_door door = relay_judge(relay, &why);
	enum relay_door second = relay_judge(recipient, &why_recipient);

	/* each list must let it pass */
	if (second < door) {
		door = second;
		why = why_recipient;
	}
	if (door == RELAY_DOOR_CLOSED) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "relay", service,
				 NULL, "what is not for us is rejected, unless "
				 "our networks or a login permit it");
	} else if (door == RELAY_DOOR_UNKNOWN) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "relay", service,
			"An OK there lets everybody relay to whom it names: put "
			"it behind reject_unauth_destination, or try it from "
			"outside (--relay)", "%s decides before what is not for "
			"us is rejected, and is not looked into", why);
	} else {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "relay", service,
			"smtpd_relay_restrictions = permit_mynetworks "
			"permit_sasl_authenticated defer_unauth_destination",
			"everybody may relay: %s", why);
	}
}

static void relay_say_domains(struct bounce_check *check, const char *domains)
{
	const char *const *word = t_strsplit_spaces(domains, ", \t\n");

	for (; *word != NULL; word++) {
		if (strcmp(*word, "static:all") == 0 ||
		    strcmp(*word, "static:ALL") == 0 || strcmp(*word, "*") == 0) {
			bounce_check_say(check, BOUNCE_CHECK_FAIL, "relay",
				"relay_domains", NULL,
				"%s: mail to every domain is relayed", *word);
		}
	}
}

/* A value of a service's own (-o NAME=...), or the general one. */
static const char *
t_relay_value(struct bounce_check *check, const char *service, const char *name,
	      const char *general)
{
	const char *own = t_bounce_check_program_postconf(check,
		t_strdup_printf("-xPh '%s/%s'", service, name));

	return own == NULL || *own == '\0' ? general : own;
}

/* Names of master.cf are "smtp/inet". */
static bool relay_is_quotable(const char *service)
{
	for (; *service != '\0'; service++) {
		if (*service == '\'' || *service == '\\')
			return FALSE;
	}
	return TRUE;
}

static void relay_say_services(struct bounce_check *check, const char *networks,
			       const char *relay, const char *recipient)
{
	const char *services = t_bounce_check_program_postconf(check, "-Mf");
	const char *const *line = t_strsplit(services == NULL ? "" : services,
					     "\n");

	for (; *line != NULL; line++) T_BEGIN {
		const char *const *fields = t_strsplit_spaces(*line, " \t");
		const char *service, *own;

		if (str_array_length(fields) >= 8 && **line != ' ' &&
		    strcmp(fields[1], "inet") == 0 &&
		    strcmp(fields[7], "smtpd") == 0 &&
		    relay_is_quotable(fields[0])) {
			service = t_strconcat(fields[0], "/inet", NULL);
			own = t_relay_value(check, service, "mynetworks",
					    networks);
			relay_say_networks(check, fields[0], own);
			relay_say_restrictions(check, fields[0],
				t_relay_value(check, service,
					"smtpd_relay_restrictions", relay),
				t_relay_value(check, service,
					"smtpd_recipient_restrictions",
					recipient));
		}
	} T_END;
}

void bounce_check_relay(struct bounce_check *check)
{
	const char *networks, *relay, *recipient, *domains;

	networks = t_bounce_check_program_postconf(check, "-xh mynetworks");
	relay = t_bounce_check_program_postconf(check,
						"-xh smtpd_relay_restrictions");
	recipient = t_bounce_check_program_postconf(check,
		"-xh smtpd_recipient_restrictions");
	domains = t_bounce_check_program_postconf(check, "-xh relay_domains");
	if (domains == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "relay",
				 "postconf", NULL, "there is no Postfix here whose "
				 "configuration can be read");
		return;
	}
	relay_say_services(check, networks, relay, recipient);
	relay_say_domains(check, domains);
}
