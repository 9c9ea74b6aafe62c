/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "str.h"
#include "bounce-dsn.h"
#include "bounce-limits.h"

static pool_t pool;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
}

static void teardown(void)
{
	pool_unref(&pool);
}

static const struct {
	const char *value, *wanted;	/* NULL = no address */
} addresses[] = {
	{ "rfc822; bob@example.org", "bob@example.org" },
	{ "rfc822;bob@example.org", "bob@example.org" },
	{ "RFC822 ;  bob@example.org", "bob@example.org" },
	{ "rfc822; <bob@example.org>", "bob@example.org" },
	{ "rfc822; Bob Smith <bob@example.org>", "bob@example.org" },
	{ "rfc822; \"Bob\" <bob@example.org>", "bob@example.org" },
	{ "rfc822; bob@example.org (Bob Smith)", "bob@example.org" },
	{ "rfc822; bob@example.org, eve@example.org", "bob@example.org" },
	{ "rfc822; bob@example.org;", "bob@example.org" },
	{ "rfc822; 'bob@example.org'", "bob@example.org" },
	{ "rfc822; \"bob@example.org\"", "bob@example.org" },
	{ "rfc822; \"<bob@example.org>\"", "bob@example.org" },
	{ "rfc822; SMTP:bob@example.org", "bob@example.org" },
	{ "rfc822; <mailto:bob@example.org>", "bob@example.org" },
	{ "smtp; bob@example.org", "bob@example.org" },
	{ "rfc822; rfc822;bob@example.org", "bob@example.org" },
	{ "rfc822;rfc822; rfc822; bob@example.org", "bob@example.org" },
	{ "RFC822 bob@example.org", "bob@example.org" },
	{ "rfc822: bob@example.org", "bob@example.org" },
	{ "rfc822@example.org", "rfc822@example.org" },
	{ "rfc822; bob@example.org.", "bob@example.org" },
	{ "rfc822; \"bob smith\"@example.org", "\"bob smith\"@example.org" },
	{ "rfc822; \"a..b\"@example.org", "\"a..b\"@example.org" },
	/* RFC 5321 appendix C */
	{ "rfc822; @mx.example.net:bob@example.org", "bob@example.org" },
	{ "rfc822; <@a.example,@b.example:bob@example.org>",
	  "bob@example.org" },
	{ "bob@example.org", "bob@example.org" },
	{ "<bob@example.org>", "bob@example.org" },
	{ "bob@example.org; failed", "bob@example.org" },
	/* not folded */
	{ "rfc822; Bob@Example.ORG", "Bob@Example.ORG" },
	{ "rfc822; bob@localhost", "bob@localhost" },
	{ "rfc822; bob@[192.0.2.1]", "bob@[192.0.2.1]" },
	{ "rfc822; o'brien@example.org", "o'brien@example.org" },
	{ "rfc822; postmaster", "postmaster" },
	{ "rfc822; PostMaster", "PostMaster" },
	{ "rfc822; <\"bob smith\"@example.org>", "\"bob smith\"@example.org" },
	/* xtext (RFC 3461 section 4) that was left in it; no mailer's tags */
	{ "rfc822; bob+2Blist@example.org", "bob+list@example.org" },
	{ "rfc822; bob+3Dx@example.org", "bob=x@example.org" },
	{ "rfc822; bob+list@example.org", "bob+list@example.org" },
	{ "rfc822; bob+2024@example.org", "bob+2024@example.org" },
	{ "rfc822; bob+41@example.org", "bob+41@example.org" },
	{ "rfc822; bob+3dx@example.org", "bob+3dx@example.org" },
	{ "rfc822; bob+@example.org", "bob+@example.org" },
	{ "rfc822; bob@example.org+2", "bob@example.org+2" },
	/* RFC 6533 section 3 */
	{ "utf-8; j\xc3\xbcrgen@example.org", "j\xc3\xbcrgen@example.org" },
	{ "utf-8; j\\x{FC}rgen@example.org", "j\xc3\xbcrgen@example.org" },
	{ "UTF-8; j\\x{fc}rgen@example.org", "j\xc3\xbcrgen@example.org" },
	{ "utf-8; \\x{9001}\\x{4FE1}@example.org",
	  "\xe9\x80\x81\xe4\xbf\xa1@example.org" },
	{ "utf-8; \\x{1F4E7}@example.org", "\xf0\x9f\x93\xa7@example.org" },
	{ "utf-8; a\\x{2B}b@example.org", "a+b@example.org" },
	{ "utf-8; a+2Bb@example.org", "a+2Bb@example.org" },
	/* what is no character stays */
	{ "utf-8; a\\x{}b@example.org", "a\\x{}b@example.org" },
	{ "utf-8; a\\x{FCb@example.org", "a\\x{FCb@example.org" },
	{ "utf-8; a\\x{D800}b@example.org", "a\\x{D800}b@example.org" },
	{ "utf-8; a\\x{110000}b@example.org", "a\\x{110000}b@example.org" },
	{ "utf-8; a\\x{FFFFFFFFFFFFFFFFFFFF}b@example.org",
	  "a\\x{FFFFFFFFFFFFFFFFFFFF}b@example.org" },
	{ "utf-8; a\\x{A}b@example.org", "a\\x{A}b@example.org" },
	{ "utf-8; a\\x{85}b@example.org", "a\\x{85}b@example.org" },
	{ "utf-8; a\\x{G}b@example.org", "a\\x{G}b@example.org" },
	{ "rfc822; a\\x{FC}b@example.org", "a\\x{FC}b@example.org" },

	{ "", NULL },
	{ ";", NULL },
	{ "rfc822;", NULL },
	{ "rfc822; ", NULL },
	{ "rfc822; <>", NULL },
	{ "rfc822; bob", NULL },
	{ "rfc822; Bob Smith", NULL },
	{ "rfc822; bob@", NULL },
	{ "rfc822; @example.org", NULL },
	{ "rfc822; @", NULL },
	{ "rfc822; the user bob@example.org", NULL },
	{ "x400; /S=bob/O=example/C=de/", NULL },
	{ "local; bob", NULL },
	{ "unknown; unknown", NULL },
	{ "\"", NULL },
	{ "\"\"", NULL },
	{ "'", NULL },
};

START_TEST(test_address)
{
	const char *value = addresses[_i].value;
	const char *address = bounce_dsn_address(pool, value);

	if (addresses[_i].wanted == NULL)
		ck_assert_msg(address == NULL, "%s: %s", value, address);
	else
		ck_assert_pstr_eq(address, addresses[_i].wanted);
}
END_TEST

START_TEST(test_address_limit)
{
	const char *domain = "@example.org";
	char local[BOUNCE_MAX_ADDRESS];

	memset(local, 'a', sizeof(local));
	local[BOUNCE_MAX_ADDRESS - strlen(domain)] = '\0';
	ck_assert_ptr_nonnull(bounce_dsn_address(pool,
		t_strconcat("rfc822; ", local, domain, NULL)));
	ck_assert_ptr_null(bounce_dsn_address(pool,
		t_strconcat("rfc822; a", local, domain, NULL)));
	ck_assert_ptr_null(bounce_dsn_address(pool, NULL));
}
END_TEST

/* A recipient a line: address, original address, action, status, remote MTA,
   diagnostic; "-" = nothing. */
static const char *report_text(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	string_t *dest = t_str_new(256);

	array_foreach(&report->recipients, rcpt) {
		const char *const members[] = {
			rcpt->address, rcpt->original_address,
			bounce_action_name(rcpt->action), rcpt->status_field,
			rcpt->remote_mta, rcpt->diagnostic
		};

		for (unsigned int i = 0; i < N_ELEMENTS(members); i++) {
			str_append(dest, i == 0 ? "" : "|");
			str_append(dest, members[i] == NULL ? "-" : members[i]);
		}
		str_append_c(dest, '\n');
		/* the verdict's and the scanner's part */
		ck_assert_ptr_null(rcpt->status);
		ck_assert_ptr_null(rcpt->reply);
		ck_assert_ptr_null(rcpt->explanation);
	}
	return str_c(dest);
}

static const struct bounce_recipient *
recipient(const struct bounce_report *report, unsigned int idx)
{
	const struct bounce_recipient *rcpt;

	ck_assert_uint_lt(idx, array_count(&report->recipients));
	rcpt = array_idx(&report->recipients, idx);
	return rcpt;
}

static struct bounce_report *read_report(const char *text)
{
	struct bounce_report *report = p_new(pool, struct bounce_report, 1);
	size_t size;
	unsigned char *bytes = bounce_test_bytes(text, &size);
	char *copy = i_strndup(bytes, size);
	bool ret;

	p_array_init(&report->recipients, pool, 4);
	p_array_init(&report->original_to, pool, 4);
	ret = bounce_dsn_read(pool, copy, report);
	ck_assert(ret == (array_count(&report->recipients) > 0));
	/* nothing of the result lives in the text */
	memset(copy, 'x', size);
	i_free(copy);
	i_free(bytes);
	return report;
}

#define FINAL(name) "Final-Recipient: rfc822; " name "@example.org\n"
#define ORIGINAL(name) "Original-Recipient: rfc822; " name "@example.com\n"
#define FAILED "Action: failed\nStatus: 5.1.1\n"
#define MTA "Reporting-MTA: dns; mx.example.org\n"

static const struct {
	const char *text;
	const char *wanted;
	const char *reporting_mta;
} reports[] = {
	{ "", "", NULL },
	{ "\n\n\n", "", NULL },
	{ MTA, "", "mx.example.org" },
	{ MTA "\n" FINAL("bob") FAILED,
	  "bob@example.org|-|failed|5.1.1|-|-\n", "mx.example.org" },
	{ MTA "Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000\n\n"
	  ORIGINAL("b") FINAL("bob") FAILED
	  "Remote-MTA: dns; mail.example.org\n"
	  "Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>\n"
	  "  User unknown;\n\tsorry\nLast-Attempt-Date: today\n",
	  "bob@example.org|b@example.com|failed|5.1.1|mail.example.org|"
	  "550 5.1.1 <bob@example.org> User unknown; sorry\n",
	  "mx.example.org" },
	/* the same address is not told twice */
	{ "Original-Recipient: rfc822; BOB@example.org\n" FINAL("bob") FAILED,
	  "bob@example.org|-|failed|5.1.1|-|-\n", NULL },
	/* several */
	{ MTA "\n" FINAL("a") FAILED "\n" FINAL("b") "Action: delayed\n"
	  "Status: 4.4.1\n\n" FINAL("c") "Action: relayed\nStatus: 2.1.9\n",
	  "a@example.org|-|failed|5.1.1|-|-\n"
	  "b@example.org|-|delayed|4.4.1|-|-\n"
	  "c@example.org|-|relayed|2.1.9|-|-\n", "mx.example.org" },
	{ ORIGINAL("1") FINAL("a") FAILED "\n" ORIGINAL("2") FINAL("b") FAILED,
	  "a@example.org|1@example.com|failed|5.1.1|-|-\n"
	  "b@example.org|2@example.com|failed|5.1.1|-|-\n", NULL },
	{ FINAL("a") ORIGINAL("1") FAILED "\n" FINAL("b") ORIGINAL("2") FAILED,
	  "a@example.org|1@example.com|failed|5.1.1|-|-\n"
	  "b@example.org|2@example.com|failed|5.1.1|-|-\n", NULL },
	/* an original only of the second */
	{ FINAL("a") FAILED "\n" ORIGINAL("2") FINAL("b") FAILED,
	  "a@example.org|-|failed|5.1.1|-|-\n"
	  "b@example.org|2@example.com|failed|5.1.1|-|-\n", NULL },
	{ ORIGINAL("1") FINAL("a") FAILED "\n" FINAL("b") FAILED,
	  "a@example.org|1@example.com|failed|5.1.1|-|-\n"
	  "b@example.org|-|failed|5.1.1|-|-\n", NULL },
	/* without the empty lines between them, with ones within them */
	{ MTA FINAL("a") FAILED FINAL("b") "Action: delayed\n",
	  "a@example.org|-|failed|5.1.1|-|-\n"
	  "b@example.org|-|delayed|-|-|-\n", "mx.example.org" },
	{ MTA "\n" FINAL("a") "\nAction: failed\n\nStatus: 5.1.1\n\n"
	  FINAL("b") "\nAction: delayed\n\nStatus: 4.4.1\n",
	  "a@example.org|-|failed|5.1.1|-|-\n"
	  "b@example.org|-|delayed|4.4.1|-|-\n", "mx.example.org" },
	{ ORIGINAL("1") "\n" FINAL("a") "\n" FAILED,
	  "a@example.org|1@example.com|failed|5.1.1|-|-\n", NULL },
	/* the original behind what happened */
	{ MTA "\n" FAILED FINAL("a") ORIGINAL("1"),
	  "a@example.org|1@example.com|failed|5.1.1|-|-\n",
	  "mx.example.org" },
	/* the address comes last */
	{ FAILED FINAL("a") "\nAction: delayed\nStatus: 4.4.1\n" FINAL("b"),
	  "a@example.org|-|failed|5.1.1|-|-\n"
	  "b@example.org|-|delayed|4.4.1|-|-\n", NULL },
	/* told twice, in two ways */
	{ FINAL("a") FAILED "\n" FINAL("a") FAILED "\n" FINAL("A") FAILED,
	  "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	{ FINAL("a") "Action: delayed\n\n" FINAL("a") FAILED,
	  "a@example.org|-|delayed|-|-|-\n"
	  "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	/* a field told twice: the first */
	{ FINAL("a") "Status: 5.2.2\nStatus: 5.0.0\n",
	  "a@example.org|-|failed|5.2.2|-|-\n", NULL },
	{ "Reporting-MTA: dns; one.example.org\n"
	  "Reporting-MTA: dns; two.example.org\n", "", "one.example.org" },
	/* without a Final-Recipient */
	{ ORIGINAL("1") FAILED, "1@example.com|-|failed|5.1.1|-|-\n", NULL },
	{ "X-Actual-Recipient: rfc822; a@example.org\n" FAILED,
	  "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	{ ORIGINAL("1") "Final-Recipient: local; bob\n"
	  "X-Actual-Recipient: rfc822; a@example.org\n" FAILED,
	  "a@example.org|1@example.com|failed|5.1.1|-|-\n", NULL },
	{ FINAL("a") FAILED "X-Actual-Recipient: rfc822; b@example.org\n",
	  "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	/* without any address */
	{ FAILED, "-|-|failed|5.1.1|-|-\n", NULL },
	{ "Status: 5.1.1\n", "", NULL },
	{ "Final-Recipient: x400; /S=bob/C=de/\n" FAILED,
	  "-|-|failed|5.1.1|-|-\n", NULL },
	{ "Final-Recipient: bob\n" FAILED "\nFinal-Recipient: eve\n" FAILED,
	  "-|-|failed|5.1.1|-|-\n-|-|failed|5.1.1|-|-\n", NULL },
	{ "Final-Recipient:\n" FAILED, "-|-|failed|5.1.1|-|-\n", NULL },
	/* case, quoting and words between */
	{ "FINAL-RECIPIENT: rfc822; a@example.org\naction: FAILED\n"
	  "STATUS: 5.1.1\n", "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	{ "The mail was lost.\n" FINAL("a") "It was!\n" FAILED "Bye: bye\n",
	  "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	/* the status is a code, whatever stands beside it */
	{ FINAL("a") "Status: 5.1.1 (bad destination mailbox)\n",
	  "a@example.org|-|failed|5.1.1|-|-\n", NULL },
	{ FINAL("a") "Status: 5.1\n", "a@example.org|-|failed|-|-|-\n", NULL },
	{ FINAL("a") "Status: 5.9.8\n",
	  "a@example.org|-|failed|5.9.8|-|-\n", NULL },
	{ FINAL("a") "Status: unknown\n",
	  "a@example.org|-|failed|-|-|-\n", NULL },
	/* diagnostics: types, none, a semicolon of their own */
	{ FINAL("a") "Diagnostic-Code: SMTP;550 no\n",
	  "a@example.org|-|failed|-|-|550 no\n", NULL },
	{ FINAL("a") "Diagnostic-Code: x-unix; exit 67\n",
	  "a@example.org|-|failed|-|-|exit 67\n", NULL },
	{ FINAL("a") "Diagnostic-Code: 550 5.1.1 no\n",
	  "a@example.org|-|failed|-|-|550 5.1.1 no\n", NULL },
	{ FINAL("a") "Diagnostic-Code: 550; 5.1.1 no\n",
	  "a@example.org|-|failed|-|-|550 5.1.1 no\n", NULL },
	{ FINAL("a") "Diagnostic-Code: 550 5.1.1 no <a@b>; sorry\n",
	  "a@example.org|-|failed|-|-|550 5.1.1 no <a@b>; sorry\n", NULL },
	{ FINAL("a") "Diagnostic-Code: smtp;\n",
	  "a@example.org|-|failed|-|-|-\n", NULL },
	{ FINAL("a") "Diagnostic-Code:\nX-Supplementary-Info: <550 no>\n",
	  "a@example.org|-|failed|-|-|<550 no>\n", NULL },
	{ FINAL("a") "Diagnostic-Code: smtp; f\xc3\xbcr\n",
	  "a@example.org|-|failed|-|-|f\xc3\xbcr\n", NULL },
	/* indented as a whole */
	{ "  " MTA "\n  Final-Recipient: rfc822; a@example.org\n"
	  "  Status: 5.1.1\n  Diagnostic-Code: smtp; 550\n    no\n",
	  "a@example.org|-|failed|5.1.1|-|550 no\n", "mx.example.org" },
	/* lines that were not folded */
	{ FINAL("a") "Diagnostic-Code: smtp; 550-no\n550-https://x.example/\n"
	  "550 5.1.1 bob: unknown\nsorry: no\n" FAILED,
	  "a@example.org|-|failed|5.1.1|-|550-no 550-https://x.example/ "
	  "550 5.1.1 bob: unknown\n", NULL },
	{ FINAL("a") "Diagnostic-Code: smtp; 550 no\nuser here\n--x\nbye\n",
	  "a@example.org|-|failed|-|-|550 no user here\n", NULL },
	/* hosts */
	{ "Reporting-MTA: mx.example.org\n", "", "mx.example.org" },
	{ "Reporting-MTA: dns;mx.example.org (192.0.2.1)\n", "",
	  "mx.example.org" },
	{ "Reporting-MTA: dns; [192.0.2.1]\n", "", "192.0.2.1" },
	{ "Reporting-MTA: dns; <mx.example.org>\n", "", "mx.example.org" },
	{ "Reporting-MTA: dns; mx.example.org, other\n", "",
	  "mx.example.org" },
	{ "Reporting-MTA: dns;\n", "", NULL },
	{ "Reporting-MTA: dns; (none)\n", "", NULL },
	{ FINAL("a") "Remote-MTA: dns; [2001:db8::1]\n",
	  "a@example.org|-|failed|-|2001:db8::1|-\n", NULL },
	/* RFC 6533 */
	{ "Original-Recipient: utf-8; j\\x{FC}rgen@example.com\n"
	  "Final-Recipient: utf-8; j\xc3\xbcrgen@example.org\n" FAILED,
	  "j\xc3\xbcrgen@example.org|j\xc3\xbcrgen@example.com|failed|5.1.1|"
	  "-|-\n", NULL },
};

START_TEST(test_report)
{
	struct bounce_report *report = read_report(reports[_i].text);

	ck_assert_str_eq(report_text(report), reports[_i].wanted);
	ck_assert_pstr_eq(report->reporting_mta, reports[_i].reporting_mta);
	ck_assert(!report->truncated);
}
END_TEST

static const struct {
	const char *fields;
	enum bounce_action action;
} actions[] = {
	{ "Action: failed\n", BOUNCE_ACTION_FAILED },
	{ "Action: Failed (bounced)\n", BOUNCE_ACTION_FAILED },
	{ "Action: failure\n", BOUNCE_ACTION_FAILED },
	{ "Action: error\n", BOUNCE_ACTION_FAILED },
	{ "Action: expired\n", BOUNCE_ACTION_FAILED },
	{ "Action: failed; gone\n", BOUNCE_ACTION_FAILED },
	{ "Action: delayed\n", BOUNCE_ACTION_DELAYED },
	{ "Action: delay\n", BOUNCE_ACTION_DELAYED },
	{ "Action: warning\n", BOUNCE_ACTION_DELAYED },
	{ "Action: delivered\n", BOUNCE_ACTION_DELIVERED },
	{ "Action: Delivery\n", BOUNCE_ACTION_DELIVERED },
	{ "Action: relayed\n", BOUNCE_ACTION_RELAYED },
	{ "Action: relayed (to non-DSN-aware mailer)\n",
	  BOUNCE_ACTION_RELAYED },
	{ "Action: expanded\n", BOUNCE_ACTION_EXPANDED },
	/* the word wins over the code */
	{ "Action: failed\nStatus: 4.4.7\n", BOUNCE_ACTION_FAILED },
	{ "Action: failed\nStatus: 2.0.0\n", BOUNCE_ACTION_FAILED },
	{ "Action: delayed\nStatus: 5.0.0\n", BOUNCE_ACTION_DELAYED },
	/* no word that we know */
	{ "", BOUNCE_ACTION_FAILED },
	{ "Status: 5.1.1\n", BOUNCE_ACTION_FAILED },
	{ "Status: 4.4.7\n", BOUNCE_ACTION_FAILED },
	{ "Status: 2.1.5\n", BOUNCE_ACTION_DELIVERED },
	{ "Action: what\nStatus: 2.1.5\n", BOUNCE_ACTION_DELIVERED },
	{ "Action: what\nStatus: 5.1.1\n", BOUNCE_ACTION_FAILED },
	{ "Action: what\nStatus: 4.4.1\n", BOUNCE_ACTION_FAILED },
	{ "Action: what\nStatus: 4.4.1\nDiagnostic-Code: smtp; 450 x\n",
	  BOUNCE_ACTION_DELAYED },
};

START_TEST(test_action)
{
	struct bounce_report *report = read_report(
		t_strconcat(FINAL("a"), actions[_i].fields, NULL));

	ck_assert_uint_eq(array_count(&report->recipients), 1);
	ck_assert_str_eq(bounce_action_name(
		recipient(report, 0)->action),
		bounce_action_name(actions[_i].action));
}
END_TEST

/* With a cap, and without a cost that grows faster than the report. */
#define MANY 100000

static const struct {
	const char *before, *behind;
} many[] = {
	{ "Final-Recipient: rfc822; u", "@example.org\nAction: failed\n\n" },
	/* one group */
	{ "Final-Recipient: rfc822; u", "@example.org\n" },
	{ "X-Field-", ": value\n" },
	{ "\n\nStatus: 5.1.", "\n" },
	{ "Diagnostic-Code: smtp; 550 ", "\n " },
};

static const char *many_recipients(unsigned int count, unsigned int i_many)
{
	string_t *text = t_str_new(count * 64);

	str_append(text, MTA "\n");
	for (unsigned int i = 0; i < count; i++)
		str_printfa(text, "%s%u%s", many[i_many].before, i,
			    many[i_many].behind);
	return str_c(text);
}

START_TEST(test_many)
{
	struct bounce_report *report = read_report(
		many_recipients(MANY, _i));
	unsigned int count = array_count(&report->recipients);

	if (_i < 2) {
		ck_assert_uint_eq(count, BOUNCE_MAX_RECIPIENTS);
		ck_assert(report->truncated);
		ck_assert_pstr_eq(recipient(report, 99)->address,
				  "u99@example.org");
	} else {
		ck_assert_uint_eq(count, 0);
		ck_assert(!report->truncated);
	}
}
END_TEST

START_TEST(test_limit)
{
	struct bounce_report *report = read_report(
		many_recipients(BOUNCE_MAX_RECIPIENTS, 0));

	ck_assert_uint_eq(array_count(&report->recipients),
			  BOUNCE_MAX_RECIPIENTS);
	ck_assert(!report->truncated);
	report = read_report(many_recipients(BOUNCE_MAX_RECIPIENTS + 1, 0));
	ck_assert_uint_eq(array_count(&report->recipients),
			  BOUNCE_MAX_RECIPIENTS);
	ck_assert(report->truncated);
}
END_TEST

START_TEST(test_diagnostic_limit)
{
	string_t *text = t_str_new(4096);
	struct bounce_report *report;

	str_append(text, FINAL("a") "Diagnostic-Code: smtp; 550 x");
	while (str_len(text) < BOUNCE_MAX_DIAGNOSTIC * 2)
		str_append(text, "\xc3\xbc");
	report = read_report(str_c(text));
	ck_assert_uint_eq(strlen(recipient(report, 0)->diagnostic),
			  BOUNCE_MAX_DIAGNOSTIC - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dsn");
	TCase *tcase = tcase_create("dsn");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_address, 0, N_ELEMENTS(addresses));
	tcase_add_test(tcase, test_address_limit);
	tcase_add_loop_test(tcase, test_report, 0, N_ELEMENTS(reports));
	tcase_add_loop_test(tcase, test_action, 0, N_ELEMENTS(actions));
	tcase_add_loop_test(tcase, test_many, 0, N_ELEMENTS(many));
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_diagnostic_limit);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
