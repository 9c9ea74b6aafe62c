/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What names say: SPF, DKIM keys, block lists, over a table instead of the DNS. */

#include "bounce-test.h"
#include "array.h"
#include "net.h"
#include "bounce-blocklist.h"
#include "bounce-mta-sts.h"
#include "bounce-spf.h"

static struct ip_addr address(const char *text)
{
	struct ip_addr ip;

	ck_assert_int_eq(net_addr2ip(text, &ip), 0);
	return ip;
}

START_TEST(names)
{
	struct ip_addr ip = address("192.0.2.10");

	ck_assert_str_eq(t_bounce_dns_reverse(&ip, NULL),
			 "10.2.0.192.in-addr.arpa");
	ck_assert_str_eq(t_bounce_dns_reverse(&ip, "zen.spamhaus.org"),
			 "10.2.0.192.zen.spamhaus.org");
	ip = address("2001:db8::c");
	ck_assert_str_eq(t_bounce_dns_reverse(&ip, NULL),
			 "c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
			 "8.b.d.0.1.0.0.2.ip6.arpa");
	ck_assert_str_eq(t_bounce_dns_tag("v=DMARC1; P = none ;rua=x", "p"),
			 "none");
	ck_assert_str_eq(t_bounce_dns_tag("p=", "p"), "");
	ck_assert_ptr_null(t_bounce_dns_tag("sp=none", "p"));
	ck_assert_str_eq(t_bounce_dns_tag("v=1;\r\n d=a.example;\n\ts=x\n", "s"),
			 "x");
	/* what inet_aton() would take */
	ck_assert_int_eq(bounce_dns_ip_parse("5.7.606", &ip), -1);
	ck_assert_int_eq(bounce_dns_ip_parse("3232235777", &ip), -1);
	ck_assert_int_eq(bounce_dns_ip_parse("", &ip), -1);
	ck_assert_int_eq(bounce_dns_ip_parse("12:34:56", &ip), -1);
	ck_assert_int_eq(bounce_dns_ip_parse("192.0.2.1", &ip), 0);
	ck_assert_int_eq(bounce_dns_ip_parse("::1", &ip), 0);
}
END_TEST

/*
 * SPF
 */

static const struct {
	const char *name;
	enum bounce_dns_type type;
	/* separated by "|"; NULL = no answer at all */
	const char *values;
} zone[] = {
	{ "plain.example", BOUNCE_DNS_TXT, "hello|v=spf1 ip4:192.0.2.0/24 -all" },
	{ "soft.example", BOUNCE_DNS_TXT, "V=SPF1 ~ALL" },
	{ "open.example", BOUNCE_DNS_TXT, "v=spf1 +all" },
	{ "empty.example", BOUNCE_DNS_TXT, "v=spf1" },
	{ "two.example", BOUNCE_DNS_TXT, "v=spf1 -all|v=spf1 +all" },
	{ "other.example", BOUNCE_DNS_TXT, "v=spf10 -all|v=spf2.0/pra" },
	{ "include.example", BOUNCE_DNS_TXT, "v=spf1 include:plain.example -all" },
	{ "nothing.example", BOUNCE_DNS_TXT, "v=spf1 include:gone.example -all" },
	{ "redirect.example", BOUNCE_DNS_TXT, "v=spf1 redirect=plain.example" },
	{ "redirects.example", BOUNCE_DNS_TXT, "v=spf1 redirect=%{d}.x.example" },
	{ "host.example", BOUNCE_DNS_TXT, "v=spf1 a mx/28 -all" },
	{ "host.example", BOUNCE_DNS_A, "198.51.100.1" },
	{ "host.example", BOUNCE_DNS_AAAA, "2001:db8::1" },
	{ "host.example", BOUNCE_DNS_MX, "10 mx.example" },
	{ "mx.example", BOUNCE_DNS_A, "203.0.113.16" },
	{ "six.example", BOUNCE_DNS_TXT, "v=spf1 ip6:2001:db8::/32 a:host.example//64 -all" },
	{ "macro.example", BOUNCE_DNS_TXT, "v=spf1 ip4:192.0.2.1 exists:%{i}.x.example -all" },
	{ "ptr.example", BOUNCE_DNS_TXT, "v=spf1 ptr -all" },
	{ "loop.example", BOUNCE_DNS_TXT, "v=spf1 include:loop.example -all" },
	{ "many.example", BOUNCE_DNS_TXT,
	  "v=spf1 a:host.example a:host.example a:host.example a:host.example "
	  "include:include.example a:host.example a:host.example "
	  "a:host.example a:host.example a:host.example -all" },
	{ "ten.example", BOUNCE_DNS_TXT,
	  "v=spf1 a:host.example a:host.example a:host.example a:host.example "
	  "a:host.example a:host.example a:host.example a:host.example "
	  "a:host.example a:host.example -all" },
	{ "void.example", BOUNCE_DNS_TXT,
	  "v=spf1 a:a.gone a:b.gone a:c.gone +all" },
	{ "typo.example", BOUNCE_DNS_TXT, "v=spf1 ip:192.0.2.1 -all" },
	{ "bits.example", BOUNCE_DNS_TXT, "v=spf1 ip4:192.0.2.1/33 -all" },
	{ "known.example", BOUNCE_DNS_TXT, "v=spf1 exp=e.example x=y ?all" },
	{ "late.example", BOUNCE_DNS_TXT, NULL },
	{ "later.example", BOUNCE_DNS_TXT, "v=spf1 include:late.example -all" },
};

static void query(void *context, const char *name, enum bounce_dns_type type,
		  struct bounce_dns_answer *answer_r)
{
	static const char *const none[] = { NULL };
	unsigned int *count = context;

	(*count)++;
	answer_r->status = BOUNCE_DNS_NONE;
	answer_r->secure = FALSE;
	answer_r->values = none;
	for (unsigned int i = 0; i < N_ELEMENTS(zone); i++) {
		if (zone[i].type != type || strcmp(zone[i].name, name) != 0)
			continue;
		answer_r->status = zone[i].values == NULL ?
			BOUNCE_DNS_FAILED : BOUNCE_DNS_FOUND;
		if (zone[i].values != NULL)
			answer_r->values = t_strsplit(zone[i].values, "|");
	}
}

START_TEST(spf)
{
	static const struct {
		const char *domain, *ip, *result;
		unsigned int lookups;
		const char *why;
	} tests[] = {
		{ "plain.example", "192.0.2.77", "pass", 0, "ip4:192.0.2.0/24" },
		{ "plain.example", "192.0.3.1", "fail", 0, "-all" },
		{ "plain.example", "2001:db8::1", "fail", 0, "-all" },
		{ "plain.example", NULL, "neutral", 0, NULL },
		{ "soft.example", "192.0.2.1", "softfail", 0, "~ALL" },
		{ "open.example", "192.0.2.1", "pass", 0, "+all" },
		{ "empty.example", "192.0.2.1", "neutral", 0, NULL },
		{ "gone.example", "192.0.2.1", "none", 0, NULL },
		{ "other.example", NULL, "none", 0, NULL },
		{ "two.example", "192.0.2.1", "permerror", 0, "2 SPF records" },
		{ "two.example", NULL, "permerror", 0, "2 SPF records" },
		{ "include.example", "192.0.2.1", "pass", 1, NULL },
		{ "include.example", "192.0.3.1", "fail", 1, NULL },
		{ "nothing.example", "192.0.2.1", "permerror", 1,
		  "gone.example, which is included" },
		{ "nothing.example", NULL, "permerror", 1, NULL },
		{ "redirect.example", "192.0.2.1", "pass", 1, NULL },
		{ "redirect.example", "192.0.3.1", "fail", 1, NULL },
		/* whose record it is is not known */
		{ "redirects.example", "192.0.2.1", "unknown", 1,
		  "%{d}.x.example decides" },
		{ "redirects.example", NULL, "neutral", 1, NULL },
		{ "host.example", "198.51.100.1", "pass", 1, "a" },
		{ "host.example", "203.0.113.31", "pass", 2, "mx/28" },
		{ "host.example", "203.0.113.32", "fail", 2, NULL },
		{ "six.example", "2001:db8:ffff::1", "pass", 0, NULL },
		{ "six.example", "2001:db9::1", "fail", 1, NULL },
		{ "macro.example", "192.0.2.1", "pass", 0, NULL },
		{ "macro.example", "192.0.2.2", "unknown", 1,
		  "%{i}.x.example decides" },
		{ "macro.example", NULL, "neutral", 1, NULL },
		{ "ptr.example", "192.0.2.2", "unknown", 1, "ptr decides" },
		{ "loop.example", "192.0.2.1", "permerror", 11, NULL },
		{ "loop.example", NULL, "permerror", 13, "without an end" },
		/* eleven with what is included, whatever comes first */
		{ "many.example", NULL, "neutral", 11, NULL },
		{ "many.example", "203.0.113.1", "permerror", 11,
		  "more than 10 look-ups" },
		{ "ten.example", "203.0.113.1", "fail", 10, NULL },
		{ "void.example", "203.0.113.1", "permerror", 3,
		  "without an answer" },
		{ "typo.example", NULL, "permerror", 0, "unknown mechanism ip" },
		{ "bits.example", NULL, "permerror", 0, "cannot be read" },
		{ "known.example", "192.0.2.1", "neutral", 0, "?all" },
		{ "late.example", "192.0.2.1", "temperror", 0, "no answer" },
		{ "later.example", "192.0.2.1", "temperror", 1, "late.example" },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		struct bounce_spf result;
		struct ip_addr ip;
		unsigned int count = 0;

		if (tests[i].ip != NULL)
			ip = address(tests[i].ip);
		bounce_spf_check(tests[i].domain, tests[i].ip == NULL ? NULL :
				 &ip, query, &count, &result);
		ck_assert_msg(strcmp(bounce_spf_result_name(result.result),
				     tests[i].result) == 0 &&
			      result.lookups == tests[i].lookups &&
			      (tests[i].why == NULL || (result.why != NULL &&
			       strstr(result.why, tests[i].why) != NULL)),
			      "%s %s: %s, %u, %s", tests[i].domain,
			      tests[i].ip == NULL ? "" : tests[i].ip,
			      bounce_spf_result_name(result.result),
			      result.lookups, result.why);
		ck_assert_uint_le(count, 40);
	} T_END;
}
END_TEST

/*
 * DKIM
 */

/* made by openssl genrsa for this test; nobody has their other halves */
#define RSA_512 \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANM/dEmdG249UqZqYX6D3YkCJr04" \
	"Wup2OEZhq+QFH96AC2cK7J7HjGScBhbZQdl3GrDDxyaJN+88+AlOuYz4cf0C" \
	"AwEAAQ=="
#define RSA_1024 \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC2jP7q7JZeMADnrlcNy28C" \
	"x+/2RybU8SFbLGDqA9tHWvqBdH26CBo2dF7dQQ1+EwBkYqBZqnXjw4/TRbpc" \
	"BQuzZOKH+avt5WEil/LAN8tWVMp+hyyw8OvLGEscoexfBCVkKcs6rv9Dk9nX" \
	"unZpoaJw7akz3Gi6GpV+xgnBdGZ9oQIDAQAB"
#define RSA_2048 \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmQiU0oqh0VvOAdgp" \
	"/6jjrevxwyLpZhNGIa6LD3DmradQd65tfhcj1sfq7HtRw+wm2a5pc9DpmVci" \
	"5tT1EkfyyHsnq19TUMOvED0lbYTYBkmSCKm9h4gTdB/VlgcQmfNBKPwcxLoR" \
	"wG7IBGKIIzLPPJd0djuGwDarj0kLwdq1bnrpNM82TBghIq3UrkqwcTeMg44Q" \
	"Rt7pR81gpHNqCHJj5DcFh5+h6Gg76/SyJ2H7nyPA67Y5mmjXGFK2FI/6hlnK" \
	"GbEVP1klZ1NE454EL0hyts56f7EvQvfJbSMwAyyYrgSm9KA6a8K6njP3rJmJ" \
	"ZBcR/jBx5pq5ageOM9YDdAZy7wIDAQAB"
#define RSA_BARE \
	"MIGJAoGBALaM/ursll4wAOeuVw3LbwLH7/ZHJtTxIVssYOoD20da+oF0fboI" \
	"GjZ0Xt1BDX4TAGRioFmqdePDj9NFulwFC7Nk4of5q+3lYSKX8sA3y1ZUyn6H" \
	"LLDw68sYSxyh7F8EJWQpyzqu/0OT2de6dmmhonDtqTPcaLoalX7GCcF0Zn2h" \
	"AgMBAAE="

START_TEST(dkim)
{
	static const struct {
		const char *record;
		int ret;
		unsigned int bits;
		bool revoked, testing;
		const char *error;
	} tests[] = {
		{ "v=DKIM1; k=rsa; p=" RSA_1024, 0, 1024, FALSE, FALSE, NULL },
		{ "p= " RSA_2048 "; t=s:y", 0, 2048, FALSE, TRUE, NULL },
		{ "p=" RSA_512 ";", 0, 512, FALSE, FALSE, NULL },
		/* a bare RSAPublicKey */
		{ "p=" RSA_BARE, 0, 1024, FALSE, FALSE, NULL },
		{ "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		  0, 256, FALSE, FALSE, NULL },
		{ "v=DKIM1; p=", 0, 0, TRUE, FALSE, NULL },
		{ "v=DKIM1; t=s", -1, 0, FALSE, FALSE, "no p=" },
		{ "v=DKIM2; p=AAAA", -1, 0, FALSE, FALSE, "not DKIM1" },
		{ "p=!!!!", -1, 0, FALSE, FALSE, "not base64" },
		{ "p=AAAA", -1, 0, FALSE, FALSE, "no key of type rsa" },
		{ "p=!!", -1, 0, FALSE, FALSE, "not base64" },
		/* a sequence without a modulus, an algorithm without a key, a
		   modulus of zero */
		{ "p=MAMEAQA=", -1, 0, FALSE, FALSE, "no key of type rsa" },
		{ "p=MAUwAAQBAA==", -1, 0, FALSE, FALSE, "no key of type rsa" },
		{ "p=MAMCAQA=", -1, 0, FALSE, FALSE, "no key of type rsa" },
		{ "k=ed25519; p=AAAA", -1, 0, FALSE, FALSE,
		  "no key of type ed25519" },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_dkim_key key;
		const char *error = NULL;

		ck_assert_int_eq(bounce_dkim_key_parse(tests[i].record, &key,
						       &error), tests[i].ret);
		if (tests[i].ret < 0) {
			ck_assert_msg(strstr(error, tests[i].error) != NULL,
				      "%s", error);
			continue;
		}
		ck_assert_msg(key.bits == tests[i].bits &&
			      key.revoked == tests[i].revoked &&
			      key.testing == tests[i].testing, "%u: %u", i,
			      key.bits);
	}
}
END_TEST

/* No length leads beyond the end. */
START_TEST(dkim_cut)
{
	static const char whole[] = RSA_2048;

	for (size_t len = 0; len < strlen(whole); len += 4) T_BEGIN {
		struct bounce_dkim_key key;
		const char *error;

		ck_assert_int_eq(bounce_dkim_key_parse(t_strconcat("p=",
			t_strndup(whole, len), NULL), &key, &error),
			len == 0 ? 0 : -1);
	} T_END;
}
END_TEST

/*
 * Block lists
 */

START_TEST(blocklist)
{
	static const struct {
		const char *list, *answer;
		enum bounce_blocklist_verdict verdict;
		const char *text;
	} tests[] = {
		{ "spamhaus-zen", "127.0.0.2", BOUNCE_BLOCKLIST_LISTED, "SBL" },
		{ "spamhaus-zen", "127.0.0.3", BOUNCE_BLOCKLIST_LISTED, "CSS" },
		{ "spamhaus-zen", "127.0.0.4", BOUNCE_BLOCKLIST_LISTED, "XBL" },
		{ "spamhaus-zen", "127.0.0.9", BOUNCE_BLOCKLIST_LISTED, "DROP" },
		{ "spamhaus-zen", "127.0.0.10", BOUNCE_BLOCKLIST_LISTED, "PBL" },
		{ "spamhaus-zen", "127.0.0.11", BOUNCE_BLOCKLIST_LISTED, "PBL" },
		{ "spamhaus-zen", "127.0.0.30", BOUNCE_BLOCKLIST_LISTED, "BCL" },
		{ "spamhaus-zen", "127.0.0.2|127.0.0.9",
		  BOUNCE_BLOCKLIST_LISTED, "there; DROP" },
		{ "spamhaus-zen", "127.0.0.5", BOUNCE_BLOCKLIST_REFUSED,
		  "127.0.0.5 is no answer" },
		{ "spamhaus-zen", "127.255.255.252", BOUNCE_BLOCKLIST_REFUSED,
		  "mistyped" },
		{ "spamhaus-zen", "127.255.255.254", BOUNCE_BLOCKLIST_REFUSED,
		  "public resolver" },
		{ "spamhaus-zen", "127.255.255.255", BOUNCE_BLOCKLIST_REFUSED,
		  "too many" },
		{ "spamhaus-zen", "127.255.255.250", BOUNCE_BLOCKLIST_REFUSED,
		  "switched off" },
		{ "spamhaus-zen", "127.255.255.251", BOUNCE_BLOCKLIST_REFUSED,
		  "not taken" },
		{ "spamhaus-zen", "127.255.255.253", BOUNCE_BLOCKLIST_REFUSED,
		  "no answer" },
		/* an error beside a listing is an error */
		{ "spamhaus-zen", "127.0.0.2|127.255.255.254",
		  BOUNCE_BLOCKLIST_REFUSED, NULL },
		/* a resolver that lies */
		{ "spamcop", "192.0.2.66", BOUNCE_BLOCKLIST_REFUSED,
		  "192.0.2.66 is no answer" },
		{ "spamhaus-dbl", "127.0.1.2", BOUNCE_BLOCKLIST_LISTED, "low" },
		{ "spamhaus-dbl", "127.0.1.106", BOUNCE_BLOCKLIST_LISTED, NULL },
		{ "spamhaus-dbl", "127.0.1.255", BOUNCE_BLOCKLIST_REFUSED,
		  "lists no addresses" },
		{ "spamcop", "127.0.0.2", BOUNCE_BLOCKLIST_LISTED, NULL },
		{ "barracuda", "127.0.0.2", BOUNCE_BLOCKLIST_LISTED, NULL },
		{ "psbl", "127.0.0.2", BOUNCE_BLOCKLIST_LISTED, NULL },
		{ "psbl", "127.0.0.3", BOUNCE_BLOCKLIST_REFUSED, NULL },
		{ "mailspike", "127.0.0.2", BOUNCE_BLOCKLIST_LISTED, NULL },
		{ "mailspike", "127.0.0.10", BOUNCE_BLOCKLIST_LISTED, "worst" },
		{ "mailspike", "127.0.0.13", BOUNCE_BLOCKLIST_NOTE, NULL },
		{ "mailspike", "127.0.0.15", BOUNCE_BLOCKLIST_CLEAN, NULL },
		{ "mailspike", "127.0.0.20", BOUNCE_BLOCKLIST_CLEAN, "best" },
		{ "mailspike", "127.0.0.21", BOUNCE_BLOCKLIST_REFUSED, NULL },
		{ "abusix", "127.0.0.200", BOUNCE_BLOCKLIST_LISTED, NULL },
		{ "abusix", "127.0.0.12", BOUNCE_BLOCKLIST_LISTED, "PTR" },
	};
	struct bounce_dns_answer answer;
	struct ip_addr four = address("192.0.2.1"), six = address("2001:db8::1");
	const struct bounce_blocklist *list;
	const char *text;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		answer.status = BOUNCE_DNS_FOUND;
		answer.values = t_strsplit(tests[i].answer, "|");
		list = bounce_blocklist_find(tests[i].list);
		ck_assert_ptr_nonnull(list);
		ck_assert_msg(bounce_blocklist_judge(list, &answer, &text) ==
			      tests[i].verdict, "%s %s: %s", tests[i].list,
			      tests[i].answer, text);
		ck_assert_msg(tests[i].text == NULL ||
			      strstr(text, tests[i].text) != NULL, "%s", text);
	}
	answer.values = t_strsplit("", "|") + 1;
	list = bounce_blocklist_find("abusix");
	answer.status = BOUNCE_DNS_NONE;
	ck_assert_int_eq(bounce_blocklist_judge(list, &answer, &text),
			 BOUNCE_BLOCKLIST_CLEAN);
	answer.status = BOUNCE_DNS_FAILED;
	ck_assert_int_eq(bounce_blocklist_judge(list, &answer, &text),
			 BOUNCE_BLOCKLIST_REFUSED);
	answer.status = BOUNCE_DNS_BOGUS;
	ck_assert_int_eq(bounce_blocklist_judge(list, &answer, &text),
			 BOUNCE_BLOCKLIST_REFUSED);
	ck_assert_ptr_null(bounce_blocklist_find("sorbs"));
	/* names to ask */
	ck_assert_ptr_null(t_bounce_blocklist_ip(list, NULL, &four));
	ck_assert_str_eq(t_bounce_blocklist_ip(list, "k3y", &four),
			 "1.2.0.192.k3y.combined.mail.abusix.zone");
	ck_assert_ptr_nonnull(t_bounce_blocklist_ip(list, "k3y", &six));
	list = bounce_blocklist_find("spamcop");
	ck_assert_str_eq(t_bounce_blocklist_ip(list, NULL, &four),
			 "1.2.0.192.bl.spamcop.net");
	ck_assert_str_eq(t_bounce_blocklist_ip(list, "k3y", &four),
			 "1.2.0.192.bl.spamcop.net");
	ck_assert_ptr_null(t_bounce_blocklist_ip(list, NULL, &six));
	list = bounce_blocklist_find("spamhaus-zen");
	ck_assert_ptr_nonnull(t_bounce_blocklist_ip(list, NULL, &six));
	ck_assert_str_eq(t_bounce_blocklist_name(list, "k3y", "2.0.0.127"),
			 "2.0.0.127.k3y.zen.dq.spamhaus.net");
	list = bounce_blocklist_find("spamhaus-dbl");
	ck_assert_ptr_null(t_bounce_blocklist_ip(list, NULL, &four));
	ck_assert_str_eq(t_bounce_blocklist_name(list, NULL, "example.org"),
			 "example.org.dbl.spamhaus.org");
}
END_TEST

START_TEST(mta_sts)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ "", "version" },
		{ "version: STSv2\nmode: none\nmax_age: 1\n", "version" },
		{ "version: STSv1\nmax_age: 1\nmx: a\n", "mode" },
		{ "version: STSv1\nmode: on\nmax_age: 1\nmx: a\n", "mode" },
		{ "version: STSv1\nmode: enforce\nmx: a\n", "max_age" },
		{ "version: STSv1\nmode: enforce\nmax_age: 31557601\nmx: a\n",
		  "max_age" },
		{ "version: STSv1\nmode: enforce\nmax_age: 1w\nmx: a\n",
		  "max_age" },
		{ "version: STSv1\nmode: testing\nmax_age: 31557600\n", "mx" },
	};
	struct bounce_mta_sts policy;
	const char *error;

	for (unsigned int i = 0; i < N_ELEMENTS(wrong); i++) {
		ck_assert_int_eq(bounce_mta_sts_parse(wrong[i].text, &policy,
						      &error), -1);
		ck_assert_msg(strstr(error, wrong[i].error) != NULL, "%u: %s", i,
			      error);
	}
	ck_assert_int_eq(bounce_mta_sts_parse(
		"version: STSv1\r\nmode : enforce\r\nmx: mx.example.org \r\n"
		"colour: red\r\nmx:*.Example.com\r\nnothing\r\n"
		"max_age: 31557600\r\nmode: none\r\n", &policy, &error), 0);
	ck_assert_uint_eq(policy.max_age, 31557600);
	ck_assert_str_eq(bounce_mta_sts_mode_name(policy.mode), "enforce");
	ck_assert(bounce_mta_sts_allows(&policy, "MX.example.org"));
	ck_assert(bounce_mta_sts_allows(&policy, "a.example.com"));
	ck_assert(!bounce_mta_sts_allows(&policy, "example.com"));
	ck_assert(!bounce_mta_sts_allows(&policy, "a.b.example.com"));
	ck_assert(!bounce_mta_sts_allows(&policy, "a.mx.example.org"));
	ck_assert(!bounce_mta_sts_allows(&policy, "org"));
	ck_assert_int_eq(bounce_mta_sts_parse(
		"version: STSv1\nmode: none\nmax_age: 0", &policy, &error), 0);
	ck_assert_str_eq(bounce_mta_sts_mode_name(policy.mode), "none");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, names);
	tcase_add_test(tc, spf);
	tcase_add_test(tc, dkim);
	tcase_add_test(tc, dkim_cut);
	tcase_add_test(tc, blocklist);
	tcase_add_test(tc, mta_sts);
	suite_add_tcase(suite, tc);
	return bounce_test_run(suite);
}
