/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-spf.h"

/* Includes within includes; a record that includes itself ends there. */
#define SPF_MAX_DEPTH 12
/* Terms that are counted at all, whatever the record. */
#define SPF_MAX_COUNTED 200
/* RFC 7208 section 4.6.4: addresses of a name's MX, and names without an answer. */
#define SPF_MAX_MX 10
#define SPF_MAX_VOID 2

struct spf_check {
	const struct ip_addr *ip;
	bounce_dns_query_t *query;
	void *context;
	unsigned int lookups, voids;
	const char *why;
};

struct spf_term {
	enum bounce_spf_result qualifier;
	const char *name;
	/* after ":" or "="; NULL = none */
	const char *value;
	unsigned int bits4, bits6;
};

static const char *const spf_result_names[BOUNCE_SPF_COUNT] = {
	"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror",
	"unknown"
};

const char *bounce_spf_result_name(enum bounce_spf_result result)
{
	return spf_result_names[result];
}

static enum bounce_spf_result
spf_check_record(struct spf_check *check, const char *domain,
		 unsigned int depth);

/*
 * Terms
 */

/* "a:example.org/24//64" */
static int spf_term_parse_bits(char *value, struct spf_term *term)
{
	char *slash = strchr(value, '/'), *second;

	if (slash == NULL)
		return 0;
	*slash++ = '\0';
	second = strstr(slash, "/");
	if (second != NULL) {
		/* "//64" */
		*second++ = '\0';
		if (*second == '/')
			second++;
		if (str_to_uint(second, &term->bits6) < 0 || term->bits6 > 128)
			return -1;
	}
	return *slash != '\0' && (str_to_uint(slash, &term->bits4) < 0 ||
				  term->bits4 > 32) ? -1 : 0;
}

static int spf_term_parse(const char *text, struct spf_term *term_r)
{
	size_t len;

	i_zero(term_r);
	term_r->bits4 = 32;
	term_r->bits6 = 128;
	term_r->qualifier = *text == '-' ? BOUNCE_SPF_FAIL :
		*text == '~' ? BOUNCE_SPF_SOFTFAIL :
		*text == '?' ? BOUNCE_SPF_NEUTRAL : BOUNCE_SPF_PASS;
	if (strchr("-~?+", *text) != NULL)
		text++;
	len = strcspn(text, ":=/");
	term_r->name = t_str_lcase(t_strndup(text, len));
	text += len;
	if (*text == '=' || *text == ':')
		term_r->value = ++text;
	else if (*text == '/')
		term_r->value = text;
	if (term_r->value != NULL && (strcmp(term_r->name, "a") == 0 ||
				      strcmp(term_r->name, "mx") == 0)) {
		char *value = t_strdup_noconst(term_r->value);

		if (spf_term_parse_bits(value, term_r) < 0)
			return -1;
		term_r->value = *value == '\0' ? NULL : value;
	}
	return 0;
}

/*
 * Addresses
 */

static bool spf_matches_address(const struct spf_check *check,
				const struct spf_term *term, const char *text)
{
	struct ip_addr ip;

	return check->ip != NULL && bounce_dns_ip_parse(text, &ip) == 0 &&
		ip.family == check->ip->family &&
		net_is_in_network(check->ip, &ip, ip.family == AF_INET ?
				  term->bits4 : term->bits6);
}

/* The answer of a name that a term asks for. */
static void spf_ask(struct spf_check *check, const char *name,
		    enum bounce_dns_type type,
		    struct bounce_dns_answer *answer_r)
{
	check->query(check->context, name, type, answer_r);
	if (answer_r->status == BOUNCE_DNS_NONE)
		check->voids++;
}

/* pass = it matches, neutral = it does not, or an error. */
static enum bounce_spf_result
spf_match_hosts(struct spf_check *check, const struct spf_term *term,
		const char *name)
{
	struct bounce_dns_answer answer;

	if (check->ip == NULL)
		return BOUNCE_SPF_NEUTRAL;
	spf_ask(check, name, check->ip->family == AF_INET ? BOUNCE_DNS_A :
		BOUNCE_DNS_AAAA, &answer);
	if (answer.status == BOUNCE_DNS_FAILED ||
	    answer.status == BOUNCE_DNS_BOGUS)
		return BOUNCE_SPF_TEMPERROR;
	for (; *answer.values != NULL; answer.values++) {
		if (spf_matches_address(check, term, *answer.values))
			return BOUNCE_SPF_PASS;
	}
	return BOUNCE_SPF_NEUTRAL;
}

static enum bounce_spf_result
spf_match_mx(struct spf_check *check, const struct spf_term *term,
	     const char *name)
{
	enum bounce_spf_result result = BOUNCE_SPF_NEUTRAL;
	struct bounce_dns_answer answer;
	unsigned int count = 0;

	if (check->ip == NULL)
		return BOUNCE_SPF_NEUTRAL;
	spf_ask(check, name, BOUNCE_DNS_MX, &answer);
	if (answer.status == BOUNCE_DNS_FAILED ||
	    answer.status == BOUNCE_DNS_BOGUS)
		return BOUNCE_SPF_TEMPERROR;
	for (; *answer.values != NULL && result == BOUNCE_SPF_NEUTRAL;
	     answer.values++) {
		const char *host = strchr(*answer.values, ' ');

		if (++count > SPF_MAX_MX) {
			check->why = t_strdup_printf("more than %u MX of %s",
						     SPF_MAX_MX, name);
			return BOUNCE_SPF_PERMERROR;
		}
		if (host != NULL)
			result = spf_match_hosts(check, term, host + 1);
	}
	return result;
}

static enum bounce_spf_result
spf_match_ip(struct spf_check *check, struct spf_term *term)
{
	const char *slash = term->value == NULL ? NULL :
		strchr(term->value, '/');
	unsigned int bits, max = strcmp(term->name, "ip4") == 0 ? 32 : 128;
	const char *text = term->value == NULL ? "" : slash == NULL ?
		term->value : t_strdup_until(term->value, slash);
	struct ip_addr ip;

	bits = max;
	if ((slash != NULL && (str_to_uint(slash + 1, &bits) < 0 ||
			       bits > max)) || bounce_dns_ip_parse(text, &ip) < 0 ||
	    (ip.family == AF_INET) != (max == 32)) {
		check->why = t_strdup_printf("%s:%s cannot be read", term->name,
					     term->value == NULL ? "" :
					     term->value);
		return BOUNCE_SPF_PERMERROR;
	}
	term->bits4 = term->bits6 = bits;
	return spf_matches_address(check, term, text) ? BOUNCE_SPF_PASS :
		BOUNCE_SPF_NEUTRAL;
}

static enum bounce_spf_result
spf_match_include(struct spf_check *check, const char *domain,
		  unsigned int depth)
{
	enum bounce_spf_result result;

	result = spf_check_record(check, domain, depth + 1);
	switch (result) {
	case BOUNCE_SPF_NONE:
		check->why = t_strdup_printf("%s, which is included, has no SPF "
					     "record", domain);
		return BOUNCE_SPF_PERMERROR;
	case BOUNCE_SPF_FAIL:
	case BOUNCE_SPF_SOFTFAIL:
		return BOUNCE_SPF_NEUTRAL;
	default:
		return result;
	}
}

/*
 * A record
 */

/* Does the term cost a look-up (RFC 7208 section 4.6.4)? */
static bool spf_term_asks(const struct spf_term *term)
{
	static const char *const names[] = {
		"include", "a", "mx", "ptr", "exists", "redirect", NULL
	};

	return str_array_find(names, term->name);
}

static enum bounce_spf_result
spf_match(struct spf_check *check, struct spf_term *term, const char *domain,
	  unsigned int depth)
{
	const char *name = term->value == NULL ? domain : term->value;
	struct bounce_dns_answer answer;

	if (strcmp(term->name, "all") == 0)
		return check->ip == NULL ? BOUNCE_SPF_NEUTRAL : BOUNCE_SPF_PASS;
	if (strcmp(term->name, "ip4") == 0 || strcmp(term->name, "ip6") == 0)
		return spf_match_ip(check, term);
	if (strcmp(term->name, "ptr") == 0 || strchr(name, '%') != NULL) {
		check->why = t_strdup_printf("%s decides, which depends on the "
					     "mail", term->value == NULL ?
					     term->name : term->value);
		return check->ip == NULL ? BOUNCE_SPF_NEUTRAL :
			BOUNCE_SPF_UNKNOWN;
	}
	if (strcmp(term->name, "a") == 0)
		return spf_match_hosts(check, term, name);
	if (strcmp(term->name, "mx") == 0)
		return spf_match_mx(check, term, name);
	if (strcmp(term->name, "include") == 0 && term->value != NULL)
		return spf_match_include(check, name, depth);
	if (strcmp(term->name, "exists") == 0 && term->value != NULL) {
		if (check->ip == NULL)
			return BOUNCE_SPF_NEUTRAL;
		spf_ask(check, name, BOUNCE_DNS_A, &answer);
		return answer.status == BOUNCE_DNS_FOUND ? BOUNCE_SPF_PASS :
			answer.status == BOUNCE_DNS_NONE ?
			BOUNCE_SPF_NEUTRAL : BOUNCE_SPF_TEMPERROR;
	}
	check->why = t_strdup_printf("unknown mechanism %s", term->name);
	return BOUNCE_SPF_PERMERROR;
}

/* Too many look-ups: an error for who evaluates; who counts goes on, but not for
   ever. */
static bool spf_is_over(struct spf_check *check)
{
	if (check->ip == NULL)
		return check->lookups > SPF_MAX_COUNTED;
	if (check->voids > SPF_MAX_VOID) {
		check->why = t_strdup_printf("more than %u names without an "
					     "answer", SPF_MAX_VOID);
		return TRUE;
	}
	if (check->lookups > BOUNCE_SPF_MAX_LOOKUPS) {
		check->why = t_strdup_printf("more than %u look-ups",
					     BOUNCE_SPF_MAX_LOOKUPS);
		return TRUE;
	}
	return FALSE;
}

static enum bounce_spf_result
spf_check_terms(struct spf_check *check, const char *record,
		const char *domain, unsigned int depth)
{
	const char *const *words = t_strsplit_spaces(record, " ");
	const char *redirect = NULL;
	enum bounce_spf_result result;
	struct spf_term term;
	bool all = FALSE;

	for (words++; *words != NULL; words++) {
		if (spf_term_parse(*words, &term) < 0) {
			check->why = t_strdup_printf("%s cannot be read",
						     *words);
			return BOUNCE_SPF_PERMERROR;
		}
		if (strcmp(term.name, "redirect") == 0) {
			redirect = term.value;
			continue;
		}
		/* exp= and what is not known yet (section 6) */
		if (strchr(*words, '=') != NULL &&
		    (*words)[strcspn(*words, ":=/")] == '=')
			continue;
		all = all || strcmp(term.name, "all") == 0;
		if (spf_term_asks(&term))
			check->lookups++;
		if (spf_is_over(check))
			return BOUNCE_SPF_PERMERROR;
		result = spf_match(check, &term, domain, depth);
		if (result == BOUNCE_SPF_PASS) {
			if (check->why == NULL)
				check->why = t_strdup(*words);
			return term.qualifier;
		}
		if (result != BOUNCE_SPF_NEUTRAL)
			return result;
		if (spf_is_over(check))
			return BOUNCE_SPF_PERMERROR;
	}
	if (redirect == NULL || all)
		return BOUNCE_SPF_NEUTRAL;
	check->lookups++;
	if (strchr(redirect, '%') != NULL) {
		check->why = t_strdup_printf("%s decides, which depends on the "
					     "mail", redirect);
		return check->ip == NULL ? BOUNCE_SPF_NEUTRAL :
			BOUNCE_SPF_UNKNOWN;
	}
	result = spf_is_over(check) ? BOUNCE_SPF_PERMERROR :
		spf_check_record(check, redirect, depth + 1);
	return result == BOUNCE_SPF_NONE ? BOUNCE_SPF_PERMERROR : result;
}

static enum bounce_spf_result
spf_check_record(struct spf_check *check, const char *domain,
		 unsigned int depth)
{
	struct bounce_dns_answer answer;
	const char *const *records;

	if (depth > SPF_MAX_DEPTH) {
		check->why = t_strdup_printf("%s: includes within includes, "
					     "without an end", domain);
		return BOUNCE_SPF_PERMERROR;
	}
	check->query(check->context, domain, BOUNCE_DNS_TXT, &answer);
	if (answer.status == BOUNCE_DNS_FAILED ||
	    answer.status == BOUNCE_DNS_BOGUS) {
		check->why = t_strdup_printf("no answer for %s", domain);
		return BOUNCE_SPF_TEMPERROR;
	}
	records = t_bounce_dns_records(&answer, "v=spf1");
	if (records[0] == NULL)
		return BOUNCE_SPF_NONE;
	if (records[1] != NULL) {
		check->why = t_strdup_printf("%s has %u SPF records", domain,
					     str_array_length(records));
		return BOUNCE_SPF_PERMERROR;
	}
	return spf_check_terms(check, records[0], domain, depth);
}

void bounce_spf_check(const char *domain, const struct ip_addr *ip,
		      bounce_dns_query_t *query, void *context,
		      struct bounce_spf *spf_r)
{
	struct spf_check check = {
		.ip = ip, .query = query, .context = context
	};

	spf_r->result = spf_check_record(&check, domain, 0);
	spf_r->lookups = check.lookups;
	spf_r->why = check.why;
}
