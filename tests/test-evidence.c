/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "str.h"
#include "bounce-evidence.h"

#define PLAUSIBLE BOUNCE_EVIDENCE_PLAUSIBLE
#define UNVERIFIED BOUNCE_EVIDENCE_UNVERIFIED

/* The site as it is known without a setting, and one with both */
static const struct known {
	const char *username, *rcpt_to, *hostname;
	const char *addresses[3], *sites[3];
} qualified = { "alice@example.org", "alice+list@example.org",
		"mx.example.org", { NULL }, { NULL } },
  plain = { "alice", "alice@example.org", "imap3.provider.example",
	    { NULL }, { NULL } },
  lda = { "alice", NULL, "mail.example.org", { NULL }, { NULL } },
  nothing = { "alice", "alice", "vm", { NULL }, { NULL } },
  settings = { "u1000", "u1000@cluster.internal", "node7",
	       { "alice@example.org", "@alice.example", NULL },
	       { "relay.example.com", NULL } };

#define RECEIVED "Received: from [192.0.2.7] (client.example.org [192.0.2.7])\n" \
	"\tby mx.example.org (Postfix) with ESMTPSA id 4Xy\n" \
	"\tfor <bob@example.net>; Mon, 1 Sep 2025 10:00:00 +0000 (UTC)\n"

static const struct test {
	const char *name;
	const struct known *site;
	const char *from, *message_id, *headers;
	enum bounce_evidence wanted;
} tests[] = {
	/* real bounces */
	{ "through our MTA", &qualified, "alice@example.org",
	  "<1@laptop.local>", RECEIVED, PLAUSIBLE },
	{ "detail and case", &qualified, "Alice+Shop@Example.ORG",
	  "<1@laptop.local>", RECEIVED, PLAUSIBLE },
	{ "only our HELO is left", &qualified, "alice@example.org", "<1@x>",
	  "Received: from mx.example.org (mx.example.org [192.0.2.1])\n"
	  "\tby mx.example.net with ESMTPS; Mon, 1 Sep 2025 10:00:00 +0000\n",
	  PLAUSIBLE },
	{ "our name in the comment only", &qualified, "alice@example.org",
	  "<1@x>", "Received: from gw (mx.example.org [192.0.2.1])\n"
	  " by mx.example.net with ESMTPS; Mon, 1 Sep 2025\n", PLAUSIBLE },
	{ "ours is the second line", &qualified, "alice@example.org", "<1@x>",
	  "Received: from relay.isp.example by mx.example.net with SMTP;\n"
	  " Mon, 1 Sep 2025\nReceived: by mx.example.org (Postfix, from\n"
	  " userid 1000) id 4X; Mon, 1 Sep 2025\n", PLAUSIBLE },
	{ "no Received: a site that takes them off", &qualified,
	  "alice@example.org", "<uuid@example.org>",
	  "From: alice@example.org\n", PLAUSIBLE },
	{ "Message-ID of a host", &qualified, "alice@example.org",
	  "<2025.4X@mx.example.org>", "From: alice@example.org\n", PLAUSIBLE },
	{ "a login name, the domain from the delivery", &plain,
	  "alice@example.org", "<1@x>", RECEIVED, PLAUSIBLE },
	{ "the provider's relay", &plain, "alice@example.org", "<1@x>",
	  "Received: from smtp1.provider.example by mx.example.net;\n",
	  PLAUSIBLE },
	{ "a login name, the domain from the host's name", &lda,
	  "alice@example.org", "<1@x>", RECEIVED, PLAUSIBLE },
	{ "nothing is known", &nothing, "alice@example.org",
	  "<1@example.org>", RECEIVED, PLAUSIBLE },
	{ "settings: address", &settings, "alice@example.org", "<1@x>",
	  RECEIVED, PLAUSIBLE },
	{ "settings: domain", &settings, "shop@alice.example", "<1@x>",
	  "Received: from node7 by out.relay.example.com with LMTP;\n",
	  PLAUSIBLE },

	/* forgeries and backscatter */
	{ "somebody else's mail", &qualified, "carol@example.org",
	  "<1@example.org>", RECEIVED, UNVERIFIED },
	{ "the same name elsewhere", &qualified, "alice@example.com",
	  "<1@example.org>", RECEIVED, UNVERIFIED },
	{ "no From", &qualified, NULL, "<1@example.org>", RECEIVED,
	  UNVERIFIED },
	{ "From is no address", &qualified, "alice", "<1@example.org>",
	  RECEIVED, UNVERIFIED },
	{ "no returned headers", &qualified, "alice@example.org",
	  "<1@example.org>", NULL, UNVERIFIED },
	{ "only the address is known to the forger", &qualified,
	  "alice@example.org", "<1@evil.example>",
	  "From: alice@example.org\nTo: bob@example.net\n", UNVERIFIED },
	{ "no Message-ID", &qualified, "alice@example.org", NULL,
	  "From: alice@example.org\nTo: bob@example.net\n", UNVERIFIED },
	{ "spam in her name: our Message-ID, his Received", &qualified,
	  "alice@example.org", "<abc@example.org>",
	  "Received: from dsl-1-2-3.isp.example (unknown [198.51.100.3])\n"
	  "\tby mx.victim.example with SMTP; Mon, 1 Sep 2025\n", UNVERIFIED },
	{ "our domain in for, id and envelope", &qualified,
	  "alice@example.org", "<1@evil.example>",
	  "Received: from evil.example (evil.example [198.51.100.3])\n"
	  "\tby mx.evil.example (envelope-from alice@example.org) with SMTP\n"
	  "\tid mx.example.org for <alice@example.org>; Mon\n", UNVERIFIED },
	{ "our domain in the date's comment", &qualified,
	  "alice@example.org", "<1@evil.example>",
	  "Received: from evil.example by evil.example; (by mx.example.org)\n",
	  UNVERIFIED },
	{ "our name as a part of another", &qualified, "alice@example.org",
	  "<1@example.org.evil.example>",
	  "Received: from example.org.evil.example by notexample.org with\n"
	  " SMTP; Mon\n", UNVERIFIED },
	{ "Message-ID of a look-alike", &qualified, "alice@example.org",
	  "<1@notexample.org>", "From: alice@example.org\n", UNVERIFIED },
	{ "our domain in another header", &qualified, "alice@example.org",
	  "<1@evil.example>", "X-Received: by mx.example.org\n"
	  "Subject: Received: by mx.example.org\n", UNVERIFIED },
	{ "localhost is nobody's", &plain, "alice@example.org",
	  "<1@localhost>", "Received: from localhost by localhost with X;\n",
	  UNVERIFIED },
	{ "a bare host name is nobody's", &settings, "alice@example.org",
	  "<1@node7>", "Received: from node7 by node7 with LMTP;\n",
	  UNVERIFIED },
	{ "nothing is known: another name", &nothing, "carol@example.org",
	  "<1@example.org>", RECEIVED, UNVERIFIED },
	{ "nothing is known: another domain's trace", &nothing,
	  "alice@example.com", "<1@example.com>", RECEIVED, UNVERIFIED },
};

START_TEST(test_judge)
{
	const struct test *test = &tests[_i];
	struct bounce_evidence_site site;
	struct bounce_report report;
	enum bounce_evidence evidence;

	i_zero(&report);
	report.kind = BOUNCE_KIND_FAILURE;
	report.original_from = test->from;
	report.original_message_id = test->message_id;
	report.original_headers = test->headers;
	bounce_evidence_site_init(pool_datastack_create(),
				  test->site->username, test->site->rcpt_to,
				  test->site->hostname, test->site->addresses,
				  test->site->sites, &site);
	evidence = bounce_evidence_judge(&report, &site);
	ck_assert_msg(evidence == test->wanted, "%s: %s", test->name,
		      bounce_evidence_name(evidence));
}
END_TEST

/* A header block with thousands of lines costs no more than its size. */
START_TEST(test_many_lines)
{
	struct bounce_evidence_site site;
	struct bounce_report report;
	string_t *headers = str_new(default_pool, 1024);

	for (unsigned int i = 0; i < 3000; i++)
		str_append(headers, "Received: by evil\n");
	str_append(headers, "Received: by mx.example.org\n");
	i_zero(&report);
	report.original_from = "alice@example.org";
	report.original_headers = str_c(headers);
	bounce_evidence_site_init(pool_datastack_create(), "alice@example.org",
				  NULL, NULL, NULL, NULL, &site);
	ck_assert_int_eq(bounce_evidence_judge(&report, &site), UNVERIFIED);
	str_free(&headers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evidence");
	TCase *tcase = tcase_create("evidence");

	tcase_add_loop_test(tcase, test_judge, 0, N_ELEMENTS(tests));
	tcase_add_test(tcase, test_many_lines);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
