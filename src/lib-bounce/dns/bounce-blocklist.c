/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-blocklist.h"

#define LISTED BOUNCE_BLOCKLIST_LISTED
#define NOTE BOUNCE_BLOCKLIST_NOTE
#define CLEAN BOUNCE_BLOCKLIST_CLEAN

/* docs.spamhaus.com, "Available Zones", 2026 */
static const struct bounce_blocklist_code blocklist_zen[] = {
	{ "127.0.0.2", LISTED, "SBL: spam was sent from there" },
	{ "127.0.0.3", LISTED, "CSS: spam came from there lately" },
	{ "127.0.0.4", LISTED, "XBL: a compromised machine or account" },
	{ "127.0.0.9", LISTED, "DROP: a hijacked network" },
	{ "127.0.0.10", LISTED, "PBL: its provider says that it is no mail "
	  "server" },
	{ "127.0.0.11", LISTED, "PBL: it looks as if it were no mail server" },
	{ "127.0.0.30", LISTED, "BCL: controls compromised machines" },
	{ .answer = NULL }
};

static const struct bounce_blocklist_code blocklist_dbl[] = {
	{ "127.0.1.2", LISTED, "low reputation" },
	{ "127.0.1.4", LISTED, "phishing" },
	{ "127.0.1.5", LISTED, "malware" },
	{ "127.0.1.6", LISTED, "controls compromised machines" },
	{ "127.0.1.102", LISTED, "a good site that is abused for spam" },
	{ "127.0.1.103", LISTED, "a redirector that is abused" },
	{ "127.0.1.104", LISTED, "a good site that is abused for phishing" },
	{ "127.0.1.105", LISTED, "a good site that is abused for malware" },
	{ "127.0.1.106", LISTED, "a good site that is abused to control "
	  "compromised machines" },
	{ .answer = NULL }
};

static const struct bounce_blocklist_code blocklist_plain[] = {
	{ "127.0.0.2", LISTED, "spam was reported or trapped" },
	{ .answer = NULL }
};

/* .10 is the worst reputation and .20 the best; from .15 on neutral or good. */
static const struct bounce_blocklist_code blocklist_mailspike[] = {
	{ "127.0.0.2", LISTED, "spam comes from there" },
	{ "127.0.0.10", LISTED, "worst reputation" },
	{ "127.0.0.11", LISTED, "very bad reputation" },
	{ "127.0.0.12", LISTED, "bad reputation" },
	{ "127.0.0.13", NOTE, "suspicious reputation" },
	{ "127.0.0.14", NOTE, "almost neutral reputation" },
	{ "127.0.0.15", CLEAN, "neutral reputation" },
	{ "127.0.0.16", CLEAN, "good reputation" },
	{ "127.0.0.17", CLEAN, "good reputation" },
	{ "127.0.0.18", CLEAN, "good reputation" },
	{ "127.0.0.19", CLEAN, "good reputation" },
	{ "127.0.0.20", CLEAN, "best reputation" },
	{ .answer = NULL }
};

/* docs.abusix.com, "Production Zones", 2026 */
static const struct bounce_blocklist_code blocklist_abusix[] = {
	{ "127.0.0.2", LISTED, "sent to spam traps" },
	{ "127.0.0.3", LISTED, "very low reputation" },
	{ "127.0.0.200", LISTED, "listed by hand" },
	{ "127.0.0.4", LISTED, "a compromised machine or account" },
	{ "127.0.0.11", LISTED, "its PTR looks generic" },
	{ "127.0.0.12", LISTED, "it has no PTR" },
	{ .answer = NULL }
};

const struct bounce_blocklist bounce_blocklists[] = {
	{ .name = "spamhaus-zen", .title = "Spamhaus ZEN",
	  .provider = "spamhaus", .zone = "zen.spamhaus.org",
	  .zone_key = "zen.dq.spamhaus.net", .key = "spamhaus", .ipv6 = TRUE,
	  .test_listed = "2.0.0.127", .test_clean = "1.0.0.127",
	  .codes = blocklist_zen },
	/* it lists no addresses, and says so if it is asked for one */
	{ .name = "spamhaus-dbl", .title = "Spamhaus DBL",
	  .provider = "spamhaus", .zone = "dbl.spamhaus.org",
	  .zone_key = "dbl.dq.spamhaus.net", .key = "spamhaus",
	  .domains = TRUE, .test_listed = "2.0.0.127",
	  .test_answer = "127.0.1.255", .test_clean = "invalid",
	  .codes = blocklist_dbl },
	{ .name = "spamcop", .title = "SpamCop", .provider = "spamcop",
	  .zone = "bl.spamcop.net", .test_listed = "2.0.0.127",
	  .test_clean = "1.0.0.127", .codes = blocklist_plain },
	{ .name = "barracuda", .title = "Barracuda", .provider = "barracuda",
	  .zone = "b.barracudacentral.org", .test_listed = "2.0.0.127",
	  .test_clean = "1.0.0.127", .codes = blocklist_plain },
	{ .name = "mailspike", .title = "Mailspike", .provider = "mailspike",
	  .zone = "bl.mailspike.net", .test_listed = "2.0.0.127",
	  .test_clean = "1.0.0.127", .codes = blocklist_mailspike },
	{ .name = "psbl", .title = "PSBL", .provider = "psbl",
	  .zone = "psbl.surriel.com", .test_listed = "2.0.0.127",
	  .test_clean = "1.0.0.127", .codes = blocklist_plain },
	{ .name = "abusix", .title = "Abusix", .provider = "abusix",
	  .zone_key = "combined.mail.abusix.zone", .key = "abusix",
	  .ipv6 = TRUE, .test_listed = "2.0.0.127",
	  .test_clean = "1.0.0.127", .codes = blocklist_abusix },
	{ .name = NULL }
};

/* Answers that are about the question, whatever the list. */
static const struct {
	const char *answer, *meaning;
} blocklist_errors[] = {
	{ "127.0.1.255", "it lists no addresses" },
	/* of a key (DQS), as several users of the lists have it */
	{ "127.255.255.250", "the key is switched off" },
	{ "127.255.255.251", "the key is not taken: mistyped, or another's" },
	{ "127.255.255.252", "its zone is mistyped" },
	{ "127.255.255.254", "it does not answer a public resolver, or one whose "
	  "PTR is generic" },
	{ "127.255.255.255", "too many queries came from this resolver" },
};

const struct bounce_blocklist *bounce_blocklist_find(const char *name)
{
	const struct bounce_blocklist *list;

	for (list = bounce_blocklists; list->name != NULL; list++) {
		if (strcmp(list->name, name) == 0)
			return list;
	}
	return NULL;
}

static const char *
t_blocklist_zone(const struct bounce_blocklist *list, const char *key)
{
	return key != NULL && list->zone_key != NULL ?
		t_strconcat(key, ".", list->zone_key, NULL) : list->zone;
}

const char *t_bounce_blocklist_name(const struct bounce_blocklist *list,
				    const char *key, const char *name)
{
	const char *zone = t_blocklist_zone(list, key);

	return zone == NULL ? NULL : t_strconcat(name, ".", zone, NULL);
}

const char *t_bounce_blocklist_ip(const struct bounce_blocklist *list,
				  const char *key, const struct ip_addr *ip)
{
	const char *zone = t_blocklist_zone(list, key);

	if (zone == NULL || list->domains ||
	    (ip->family != AF_INET && !list->ipv6))
		return NULL;
	return t_bounce_dns_reverse(ip, zone);
}

static const struct bounce_blocklist_code *
blocklist_find_code(const struct bounce_blocklist *list, const char *value)
{
	const struct bounce_blocklist_code *code;

	for (code = list->codes; code->answer != NULL; code++) {
		if (strcmp(code->answer, value) == 0)
			return code;
	}
	return NULL;
}

static const char *t_blocklist_error(const char *value)
{
	for (unsigned int i = 0; i < N_ELEMENTS(blocklist_errors); i++) {
		if (strcmp(blocklist_errors[i].answer, value) == 0)
			return t_strdup_printf("%s: %s", value,
					       blocklist_errors[i].meaning);
	}
	return t_strdup_printf("%s is no answer that it documents", value);
}

enum bounce_blocklist_verdict
bounce_blocklist_judge(const struct bounce_blocklist *list,
		       const struct bounce_dns_answer *answer,
		       const char **text_r)
{
	enum bounce_blocklist_verdict verdict = BOUNCE_BLOCKLIST_CLEAN;
	const struct bounce_blocklist_code *code;
	const char *text = NULL;

	if (answer->status == BOUNCE_DNS_NONE) {
		*text_r = "not listed";
		return BOUNCE_BLOCKLIST_CLEAN;
	}
	if (answer->status != BOUNCE_DNS_FOUND) {
		*text_r = "it did not answer";
		return BOUNCE_BLOCKLIST_REFUSED;
	}
	for (const char *const *value = answer->values; *value != NULL;
	     value++) {
		code = blocklist_find_code(list, *value);
		if (code == NULL) {
			/* whatever else it says */
			*text_r = t_blocklist_error(*value);
			return BOUNCE_BLOCKLIST_REFUSED;
		}
		verdict = I_MAX(verdict, code->verdict);
		text = t_strconcat(text == NULL ? "" :
				   t_strconcat(text, "; ", NULL),
				   code->meaning, NULL);
	}
	*text_r = text == NULL ? "not listed" : text;
	return verdict;
}
