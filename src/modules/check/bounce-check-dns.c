/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What our domains and addresses say in the DNS. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "str.h"
#include "bounce-organisation.h"
#include "bounce-spf.h"
#include "bounce-check-mails.h"
#include "bounce-check-network.h"
#include "bounce-check-sts.h"

/* Names of one address that are looked up again. */
#define MAX_PTR 5
/* RFC 8301 section 3.2 */
#define RSA_MIN_BITS 1024
#define RSA_GOOD_BITS 2048

#define UNKNOWN_ANSWER "no answer came for %s"

/* Asks; where nothing is known, says so and returns FALSE. */
static bool dns_ask(struct bounce_check *check, const char *what,
		    const char *subject, const char *name,
		    enum bounce_dns_type type,
		    struct bounce_dns_answer *answer_r)
{
	bounce_check_network_ask(check, name, type, answer_r);
	if (answer_r->status == BOUNCE_DNS_BOGUS) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, what, subject,
				 "Whoever validates gets no answer: sign the zone "
				 "anew, or take its DS away",
				 "DNSSEC of %s is broken", name);
	} else if (answer_r->status == BOUNCE_DNS_FAILED) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, what, subject,
				 NULL, UNKNOWN_ANSWER, name);
	}
	return answer_r->status == BOUNCE_DNS_FOUND ||
		answer_r->status == BOUNCE_DNS_NONE;
}

static bool dns_has_address(struct bounce_check *check, const char *name)
{
	struct bounce_dns_answer answer;

	bounce_check_network_ask(check, name, BOUNCE_DNS_A, &answer);
	if (answer.status != BOUNCE_DNS_NONE)
		return TRUE;
	bounce_check_network_ask(check, name, BOUNCE_DNS_AAAA, &answer);
	return answer.status != BOUNCE_DNS_NONE;
}

/*
 * MX
 */

static void dns_say_mx_host(struct bounce_check *check, const char *domain,
			    const char *host)
{
	struct bounce_dns_answer answer;

	bounce_check_network_ask(check, host, BOUNCE_DNS_CNAME, &answer);
	if (answer.status == BOUNCE_DNS_FOUND) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "mx", domain,
				 "Name the host itself (RFC 5321 section 5.1)",
				 "%s is an alias (CNAME)", host);
	} else if (!dns_has_address(check, host)) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "mx", domain, NULL,
				 "%s has no address", host);
	}
}

static void dns_say_mx(struct bounce_check *check, const char *domain)
{
	struct bounce_dns_answer answer;
	string_t *hosts = t_str_new(64);

	if (!dns_ask(check, "mx", domain, domain, BOUNCE_DNS_MX, &answer))
		return;
	if (answer.status == BOUNCE_DNS_NONE) {
		bool address = dns_has_address(check, domain);

		bounce_check_say(check, address ? BOUNCE_CHECK_NOTE :
				 BOUNCE_CHECK_FAIL, "mx", domain, address ? NULL :
				 "Nobody can answer, and many refuse senders that "
				 "cannot be answered", "no MX, %s",
				 address ? "but an address" : "and no address");
		return;
	}
	for (; *answer.values != NULL; answer.values++) {
		const char *host = strchr(*answer.values, ' ');

		if (host == NULL || host[1] == '\0') {
			bounce_check_say(check, BOUNCE_CHECK_WARN, "mx", domain,
				"Send from another domain: no answer and no bounce "
				"can come back to this one",
				"null MX: it takes no mail (RFC 7505)");
			return;
		}
		str_printfa(hosts, "%s%s", str_len(hosts) > 0 ? " " : "",
			    host + 1);
		dns_say_mx_host(check, domain, host + 1);
	}
	bounce_check_say(check, BOUNCE_CHECK_OK, "mx", domain, NULL, "%s%s",
			 str_c(hosts), answer.secure ? " (DNSSEC)" : "");
}

/*
 * SPF
 */

static void dns_query(void *context, const char *name,
		      enum bounce_dns_type type,
		      struct bounce_dns_answer *answer_r)
{
	bounce_check_network_ask(context, name, type, answer_r);
}

static void dns_say_spf(struct bounce_check *check, const char *domain)
{
	struct bounce_spf spf;

	bounce_spf_check(domain, NULL, dns_query, check, &spf);
	if (spf.result == BOUNCE_SPF_NONE) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "spf", domain,
				 "Publish which addresses may send for it",
				 "no SPF record");
	} else if (spf.result == BOUNCE_SPF_TEMPERROR) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "spf", domain,
				 NULL, "%s", spf.why);
	} else if (spf.result == BOUNCE_SPF_PERMERROR) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "spf", domain,
				 "As it is, the record is as good as none",
				 "%s", spf.why);
	} else if (spf.lookups > BOUNCE_SPF_MAX_LOOKUPS) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "spf", domain,
			"Whoever comes to the eleventh gives up: leave out "
			"includes, or name addresses (ip4:, ip6:)",
			"%u look-ups, %u are allowed (RFC 7208)", spf.lookups,
			BOUNCE_SPF_MAX_LOOKUPS);
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "spf", domain, NULL,
				 "one record, %u look-ups of %u", spf.lookups,
				 BOUNCE_SPF_MAX_LOOKUPS);
	}
}

static void dns_say_spf_ip(struct bounce_check *check, const char *domain,
			   const char *text)
{
	enum bounce_check_result result;
	struct bounce_spf spf;
	struct ip_addr ip;

	if (bounce_dns_ip_parse(text, &ip) < 0)
		i_unreached();
	bounce_spf_check(domain, &ip, dns_query, check, &spf);
	if (spf.result == BOUNCE_SPF_NONE)
		return;
	result = spf.result == BOUNCE_SPF_PASS ? BOUNCE_CHECK_OK :
		spf.result == BOUNCE_SPF_UNKNOWN ||
		spf.result == BOUNCE_SPF_TEMPERROR ? BOUNCE_CHECK_UNKNOWN :
		BOUNCE_CHECK_FAIL;
	bounce_check_say(check, result, "spf",
			 t_strdup_printf("%s %s", domain, text),
			 result != BOUNCE_CHECK_FAIL ? NULL :
			 "If mail of this domain leaves by that address, its SPF "
			 "record must name it", "%s%s%s",
			 bounce_spf_result_name(spf.result),
			 spf.why == NULL ? "" : ": ",
			 spf.why == NULL ? "" : spf.why);
}

/*
 * DMARC, MTA-STS, TLS-RPT
 */

/* Of the domain, or of the one that was registered (RFC 7489 section 6.6.3).
   Returns FALSE if nothing is known (it was said). */
static bool
dns_find_dmarc(struct bounce_check *check, const char *domain,
	       const char *const **records_r)
{
	const char *org = bounce_organisation(domain);
	struct bounce_dns_answer answer;

	if (!dns_ask(check, "dmarc", domain, t_strconcat("_dmarc.", domain, NULL),
		     BOUNCE_DNS_TXT, &answer))
		return FALSE;
	*records_r = t_bounce_dns_records(&answer, "v=DMARC1");
	if (**records_r != NULL || org == NULL || strcmp(org, domain) == 0)
		return TRUE;
	if (!dns_ask(check, "dmarc", domain, t_strconcat("_dmarc.", org, NULL),
		     BOUNCE_DNS_TXT, &answer))
		return FALSE;
	*records_r = t_bounce_dns_records(&answer, "v=DMARC1");
	return TRUE;
}

static void dns_say_dmarc(struct bounce_check *check, const char *domain)
{
	const char *const *records, *policy;

	if (!dns_find_dmarc(check, domain, &records))
		return;
	if (records[0] == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "dmarc", domain,
				 "Big providers want one of whoever sends much: "
				 "begin with \"v=DMARC1; p=none\"",
				 "no DMARC record");
		return;
	}
	policy = t_bounce_dns_tag(records[0], "p");
	if (records[1] != NULL) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dmarc", domain,
				 "As it is, they are as good as none",
				 "%u DMARC records",
				 str_array_length(records));
	} else if (policy == NULL || !str_array_icase_find(
			(const char *const []){ "none", "quarantine", "reject",
						NULL }, policy)) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dmarc", domain,
				 NULL, "its p= is none of none, quarantine, reject");
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "dmarc", domain, NULL,
				 "p=%s", policy);
	}
}

/* The one record that there must be, or NULL (which was said). */
static const char *
dns_find_record(struct bounce_check *check, const char *domain,
		const char *what, const char *label, const char *version)
{
	struct bounce_dns_answer answer;
	const char *const *records;

	if (!dns_ask(check, what, domain, t_strconcat(label, ".", domain, NULL),
		     BOUNCE_DNS_TXT, &answer))
		return NULL;
	records = t_bounce_dns_records(&answer, version);
	if (records[0] == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, what, domain, NULL,
				 "no record");
	} else if (records[1] != NULL) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, what, domain,
				 "As it is, they are as good as none",
				 "%u records", str_array_length(records));
	} else {
		return records[0];
	}
	return NULL;
}

static void dns_say_mta_sts(struct bounce_check *check, const char *domain)
{
	const char *record = dns_find_record(check, domain, "mta-sts",
					     "_mta-sts", "v=STSv1");
	const char *id;

	if (record == NULL)
		return;
	id = t_bounce_dns_tag(record, "id");
	if (id == NULL || *id == '\0') {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "mta-sts", domain,
				 "As it is, the record is as good as none",
				 "it has no id=");
	} else {
		bounce_check_sts(check, domain);
	}
}

static void dns_say_tls_rpt(struct bounce_check *check, const char *domain)
{
	const char *record = dns_find_record(check, domain, "tls-rpt",
					     "_smtp._tls", "v=TLSRPTv1");
	const char *rua;

	if (record == NULL)
		return;
	rua = t_bounce_dns_tag(record, "rua");
	if (rua == NULL || (strncasecmp(rua, "mailto:", 7) != 0 &&
			    strncasecmp(rua, "https:", 6) != 0)) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "tls-rpt", domain,
				 "rua=mailto:... or rua=https:...",
				 "its rua= names nobody to report to");
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "tls-rpt", domain, NULL,
				 "%s", record);
	}
}

/*
 * DKIM
 */

static void dns_say_key(struct bounce_check *check, const char *subject,
			const char *record)
{
	struct bounce_dkim_key key;
	const char *error;

	if (bounce_dkim_key_parse(record, &key, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dkim", subject,
				 NULL, "the key cannot be read: %s", error);
	} else if (key.revoked) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dkim", subject,
				 "Sign with a key that is published",
				 "the key is revoked, but signs");
	} else if (strcasecmp(key.type, "rsa") == 0 &&
		   key.bits < RSA_MIN_BITS) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dkim", subject,
				 "Make one of 2048 bits",
				 "%u bits: nobody accepts it", key.bits);
	} else if (key.testing) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "dkim", subject,
				 "Take t=y away",
				 "t=y: mails count as if not signed");
	} else {
		bool weak = strcasecmp(key.type, "rsa") == 0 &&
			key.bits < RSA_GOOD_BITS;

		bounce_check_say(check, weak ? BOUNCE_CHECK_NOTE :
				 BOUNCE_CHECK_OK, "dkim", subject, weak ?
				 "Make one of 2048 bits" : NULL, "%s, %u bits",
				 key.type, key.bits);
	}
}

static void dns_say_signer(struct bounce_check *check,
			   const struct bounce_check_signer *signer)
{
	const char *name = t_strdup_printf("%s._domainkey.%s", signer->selector,
					   signer->domain);
	const char *subject = t_strdup_printf("%s %s", signer->domain,
					      signer->selector);
	struct bounce_dns_answer answer;

	if (!dns_ask(check, "dkim", subject, name, BOUNCE_DNS_TXT, &answer))
		return;
	if (answer.status == BOUNCE_DNS_NONE) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dkim", subject,
				 "Publish the key that signs",
				 "our mail is signed with it, and there is no %s",
				 name);
	} else {
		dns_say_key(check, subject, answer.values[0]);
	}
}

/* Keys of selectors that signed mail which came back, of our own domains; and
   whether one of them is in line with each domain (DMARC). */
static void dns_say_dkim(struct bounce_check *check, unsigned int first)
{
	const struct bounce_check_mails *mails = bounce_check_mails(check);
	const struct bounce_check_signer *signer;
	unsigned int count;
	const char *const *domains =
		array_get(&check->network->domains, &count);

	for (unsigned int i = first; i < count; i++) {
		bool aligned = FALSE;

		array_foreach(&mails->signers, signer) {
			if (!bounce_organisation_same(signer->domain,
						      domains[i]))
				continue;
			aligned = TRUE;
			dns_say_signer(check, signer);
		}
		if (!aligned) {
			bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "dkim",
				domains[i], NULL, "no mail with a signature of it "
				"came back: its selectors are not known");
		}
	}
}

/*
 * Addresses
 */

static void dns_say_ptr(struct bounce_check *check, const char *text)
{
	struct bounce_dns_answer answer, back;
	struct ip_addr ip;
	unsigned int count = 0;

	if (bounce_dns_ip_parse(text, &ip) < 0)
		i_unreached();
	if (!dns_ask(check, "ptr", text, t_bounce_dns_reverse(&ip, NULL),
		     BOUNCE_DNS_PTR, &answer))
		return;
	if (answer.status == BOUNCE_DNS_NONE) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "ptr", text,
				 "Whoever gave you the address sets it: the name "
				 "that the MTA says (HELO)", "no PTR");
		return;
	}
	for (const char *const *name = answer.values;
	     *name != NULL && count++ < MAX_PTR; name++) {
		if (!dns_ask(check, "ptr", text, *name, ip.family == AF_INET ?
			     BOUNCE_DNS_A : BOUNCE_DNS_AAAA, &back))
			return;
		if (str_array_find(back.values, net_ip2addr(&ip))) {
			bool line = bounce_organisation_is_line(*name, text);

			bounce_check_say(check, line ? BOUNCE_CHECK_WARN :
					 BOUNCE_CHECK_OK, "ptr", text, !line ?
					 NULL : "Have it named like a mail server",
					 line ? "%s, which looks like a customer's "
					 "line" : "%s, and back", *name);
			return;
		}
	}
	bounce_check_say(check, BOUNCE_CHECK_FAIL, "ptr", text,
			 "The name must lead back to the address",
			 "%s, which does not lead back", answer.values[0]);
}

void bounce_check_dns(struct bounce_check *check)
{
	struct bounce_check_network *network = check->network;
	unsigned int domains_count, ips_count, i, j;
	const char *const *domains, *const *ips;

	if (!bounce_check_network_ready(check))
		return;
	domains = array_get(&network->domains, &domains_count);
	ips = array_get(&network->ips, &ips_count);
	for (i = network->dns_domains; i < domains_count; i++) T_BEGIN {
		dns_say_mx(check, domains[i]);
		dns_say_spf(check, domains[i]);
		dns_say_dmarc(check, domains[i]);
		dns_say_mta_sts(check, domains[i]);
		dns_say_tls_rpt(check, domains[i]);
	} T_END;
	for (i = 0; i < domains_count; i++) {
		for (j = i < network->dns_domains ? network->dns_ips : 0;
		     j < ips_count; j++) T_BEGIN {
			dns_say_spf_ip(check, domains[i], ips[j]);
		} T_END;
	}
	for (i = network->dns_ips; i < ips_count; i++) T_BEGIN {
		dns_say_ptr(check, ips[i]);
	} T_END;
	/* the command line's domains are asked about before there is a user */
	if (check->bu != NULL)
		dns_say_dkim(check, 0);
	network->dns_domains = domains_count;
	network->dns_ips = ips_count;
}
