/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "net.h"
#include "bounce-dns.h"
#include "bounce-mta-sts.h"
#include "bounce-check-network.h"
#include "bounce-check-program.h"
#include "bounce-check-sts.h"

#define WAIT_SECS "10"
/* Less, and who sends forgets it before they send again. */
#define SHORT_SECS (24 * 3600)

/* It goes into a line of the shell. */
static bool sts_is_plain(const char *host)
{
	return strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") ==
		strlen(host) && *host != '-';
}

/* Where the host is, or NULL (which was said). */
static const char *sts_find_host(struct bounce_check *check, const char *domain,
				 const char *host)
{
	struct bounce_dns_answer answer;

	bounce_check_network_ask(check, host, BOUNCE_DNS_A, &answer);
	if (answer.status == BOUNCE_DNS_NONE)
		bounce_check_network_ask(check, host, BOUNCE_DNS_AAAA, &answer);
	if (answer.status == BOUNCE_DNS_FOUND && *answer.values != NULL)
		return *answer.values;
	if (answer.status == BOUNCE_DNS_NONE) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "mta-sts", domain,
			"Publish its address, or take the record away",
			"the record is there, but %s has no address", host);
	} else {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "mta-sts", domain,
				 NULL, "no answer came for %s", host);
	}
	return NULL;
}

/* What the web server says, or NULL (which was said). */
static const char *sts_fetch(struct bounce_check *check, const char *domain,
			     const char *host, const char *address)
{
	const char *output, *http, *error;
	int status;

	/* Dovecot's own client trusts no certificate before an admin says so */
	output = t_bounce_check_program(t_strdup_printf(
		"printf 'GET /.well-known/mta-sts.txt HTTP/1.0\\r\\n"
		"Host: %s\\r\\n\\r\\n' | timeout "WAIT_SECS" openssl s_client "
		"-quiet -verify_quiet -verify_return_error -servername %s "
		"-verify_hostname %s -connect '%s:443' 2>&1", host, host, host,
		strchr(address, ':') == NULL ? address :
		t_strdup_printf("[%s]", address)), &status);
	http = strstr(output, "HTTP/1.");
	error = strstr(output, "verify error:");
	if (error != NULL) {
		error = t_strcut(error, '\n');
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "mta-sts", domain,
			"Whoever sends fetches the policy by a valid certificate "
			"alone", "the certificate of %s is not valid: %s", host,
			strrchr(error, ':') + 1);
		return NULL;
	}
	if (http == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "mta-sts", domain,
			NULL, status == 127 ? "there is no openssl here to fetch "
			"the policy of %s with" : "the policy of %s cannot be "
			"fetched from here", host);
		return NULL;
	}
	return http;
}

static void
sts_say_policy(struct bounce_check *check, const char *domain,
	       const struct bounce_mta_sts *policy)
{
	bool enforce = policy->mode == BOUNCE_MTA_STS_ENFORCE;
	struct bounce_dns_answer answer;

	bounce_check_network_ask(check, domain, BOUNCE_DNS_MX, &answer);
	for (; *answer.values != NULL &&
	     policy->mode != BOUNCE_MTA_STS_NONE; answer.values++) {
		const char *host = strchr(*answer.values, ' ');

		if (host == NULL || bounce_mta_sts_allows(policy, host + 1))
			continue;
		bounce_check_say(check, enforce ? BOUNCE_CHECK_FAIL :
			BOUNCE_CHECK_WARN, "mta-sts", domain, "Name every MX by an "
			"mx: line, and change the record's id", "%s is an MX that "
			"the policy does not name%s", host + 1, enforce ?
			": nobody who heeds it sends there" : "");
		return;
	}
	bounce_check_say(check, policy->mode == BOUNCE_MTA_STS_NONE ?
		BOUNCE_CHECK_NOTE : policy->max_age < SHORT_SECS ?
		BOUNCE_CHECK_WARN : BOUNCE_CHECK_OK, "mta-sts", domain,
		policy->max_age < SHORT_SECS &&
		policy->mode != BOUNCE_MTA_STS_NONE ?
		"Raise max_age to weeks: what is forgotten at once protects "
		"nobody" : NULL, "mode %s, max_age %u",
		bounce_mta_sts_mode_name(policy->mode), policy->max_age);
}

void bounce_check_sts(struct bounce_check *check, const char *domain)
{
	const char *host = t_strconcat("mta-sts.", domain, NULL);
	const char *address, *http, *body, *error;
	struct bounce_mta_sts policy;

	if (!sts_is_plain(host)) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "mta-sts", domain,
				 NULL, "its policy was not fetched");
		return;
	}
	address = sts_find_host(check, domain, host);
	http = address == NULL ? NULL :
		sts_fetch(check, domain, host, address);
	if (http == NULL)
		return;
	body = strstr(http, "\r\n\r\n");
	/* a redirection is none (section 3.3) */
	if (strncmp(http + strlen("HTTP/1.x"), " 200", 4) != 0 || body == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "mta-sts", domain,
			"Put the policy there, or take the record away",
			"https://%s/.well-known/mta-sts.txt answers: %s", host,
			t_strcut(http, '\r'));
	} else if (bounce_mta_sts_parse(body + 4, &policy, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "mta-sts", domain,
			"As it is, the policy is as good as none",
			"https://%s/.well-known/mta-sts.txt: %s", host, error);
	} else {
		sts_say_policy(check, domain, &policy);
	}
}
