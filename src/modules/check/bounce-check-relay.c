/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Does our MTA relay for anybody? Its configuration, as postconf says it, where it is
   Postfix. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-check.h"

#include <stdio.h>
#include <unistd.h>

#define MAX_OUTPUT (64 * 1024)
/* Wider than these is more than a site's own. */
#define WIDE_BITS4 16
#define WIDE_BITS6 48

/*
 * postconf
 */

/* What "postconf -xh NAME" prints, on the data stack; NULL = there is none. The
   configuration folder is that of Dovecot's environment (MAIL_CONFIG). */
static const char *t_relay_postconf(const char *arguments)
{
	char *output = t_malloc_no0(MAX_OUTPUT);
	size_t size;
	FILE *file;

	file = popen(t_strdup_printf(
		"PATH=\"$PATH:/usr/sbin:/usr/local/sbin\" exec postconf %s "
		"2>/dev/null", arguments), "r");
	if (file == NULL)
		return NULL;
	size = fread(output, 1, MAX_OUTPUT - 1, file);
	output[size] = '\0';
	return pclose(file) != 0 ? NULL : t_str_trim(output, " \n");
}

static void relay_say_network(struct bounce_check *check, const char *service,
			      const char *word)
{
	struct ip_addr ip;
	unsigned int bits;

	/* a table, a file, an exclusion */
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

/* What a list of restrictions lets pass for everybody, NULL = nothing. */
static const char *relay_permits(const char *restrictions)
{
	static const char *const rejects[] = {
		"reject", "defer", "reject_unauth_destination",
		"defer_unauth_destination", NULL
	};
	const char *const *word = t_strsplit_spaces(restrictions, ", \t\n");

	for (; *word != NULL; word++) {
		if (strcmp(*word, "permit") == 0)
			return "permit comes before any reject";
		if (strcmp(*word, "warn_if_reject") == 0 && word[1] != NULL)
			word++;
		else if (str_array_find(rejects, *word))
			return NULL;
	}
	return "nothing rejects what is not for us";
}

static void relay_say_restrictions(struct bounce_check *check,
				   const char *service, const char *relay,
				   const char *recipient)
{
	const char *open = relay_permits(relay);

	/* each list must let it pass */
	if (open != NULL && relay_permits(recipient) == NULL)
		open = NULL;
	if (open == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "relay", service,
				 NULL, "what is not for us is rejected, unless a "
				 "condition before that permits it");
	} else {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "relay", service,
			"smtpd_relay_restrictions = permit_mynetworks "
			"permit_sasl_authenticated defer_unauth_destination",
			"everybody may relay: %s", open);
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
t_relay_value(const char *service, const char *name, const char *general)
{
	const char *own = t_relay_postconf(t_strdup_printf("-xPh '%s/%s'",
							   service, name));

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
	const char *services = t_relay_postconf("-Mf");
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
			own = t_relay_value(service, "mynetworks", networks);
			relay_say_networks(check, fields[0], own);
			relay_say_restrictions(check, fields[0],
				t_relay_value(service,
					      "smtpd_relay_restrictions",
					      relay),
				t_relay_value(service,
					      "smtpd_recipient_restrictions",
					      recipient));
		}
	} T_END;
}

void bounce_check_relay(struct bounce_check *check)
{
	const char *networks = t_relay_postconf("-xh mynetworks");
	const char *relay = t_relay_postconf("-xh smtpd_relay_restrictions");
	const char *recipient =
		t_relay_postconf("-xh smtpd_recipient_restrictions");
	const char *domains = t_relay_postconf("-xh relay_domains");

	if (networks == NULL || relay == NULL || recipient == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "relay",
				 "postconf", NULL, "there is no Postfix here whose "
				 "configuration can be read");
		return;
	}
	relay_say_services(check, networks, relay, recipient);
	if (domains != NULL)
		relay_say_domains(check, domains);
}
