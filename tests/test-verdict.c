/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "bounce-reason.h"
#include "bounce-rules.h"
#include "bounce-texts.h"
#include "bounce-verdict.h"

#include <ctype.h>

/*
 * The vocabulary
 */

#define HARD BOUNCE_CLASS_HARD
#define SOFT BOUNCE_CLASS_SOFT
#define NONE BOUNCE_CLASS_UNDETERMINED

static const struct {
	const char *name;
	enum bounce_class class;
	enum bounce_side side;
	unsigned int weight;
} vocabulary[] = {
	{ "mailbox-unknown", HARD, BOUNCE_SIDE_RECIPIENT, 300 },
	{ "mailbox-disabled", HARD, BOUNCE_SIDE_RECIPIENT, 300 },
	{ "mailbox-moved", HARD, BOUNCE_SIDE_RECIPIENT, 300 },
	{ "owner-changed", HARD, BOUNCE_SIDE_RECIPIENT, 300 },
	{ "address-syntax", HARD, BOUNCE_SIDE_RECIPIENT, 300 },
	{ "mailbox-full", SOFT, BOUNCE_SIDE_RECIPIENT, 100 },
	{ "recipient-refused", SOFT, BOUNCE_SIDE_RECIPIENT, 50 },
	{ "list-restricted", SOFT, BOUNCE_SIDE_RECIPIENT, 0 },
	{ "list-error", SOFT, BOUNCE_SIDE_RECIPIENT, 50 },
	{ "domain-unknown", HARD, BOUNCE_SIDE_DOMAIN, 150 },
	{ "domain-no-mail", HARD, BOUNCE_SIDE_DOMAIN, 300 },
	{ "dns-failure", SOFT, BOUNCE_SIDE_DOMAIN, 50 },
	{ "routing-loop", SOFT, BOUNCE_SIDE_DOMAIN, 50 },
	{ "relay-denied", NONE, BOUNCE_SIDE_DOMAIN, 100 },
	{ "connection-failed", SOFT, BOUNCE_SIDE_TRANSPORT, 50 },
	{ "expired", SOFT, BOUNCE_SIDE_TRANSPORT, 100 },
	{ "greylisted", SOFT, BOUNCE_SIDE_TRANSPORT, 0 },
	{ "system-full", SOFT, BOUNCE_SIDE_DOMAIN, 50 },
	{ "system-unavailable", SOFT, BOUNCE_SIDE_DOMAIN, 50 },
	{ "system-error", SOFT, BOUNCE_SIDE_DOMAIN, 50 },
	{ "delivery-program-error", SOFT, BOUNCE_SIDE_RECIPIENT, 50 },
	{ "auth-failure", SOFT, BOUNCE_SIDE_SENDER, 0 },
	{ "reverse-dns", SOFT, BOUNCE_SIDE_SENDER, 0 },
	{ "reputation", SOFT, BOUNCE_SIDE_SENDER, 0 },
	{ "rate-limited", SOFT, BOUNCE_SIDE_SENDER, 0 },
	{ "sender-rejected", SOFT, BOUNCE_SIDE_SENDER, 0 },
	{ "submission-refused", SOFT, BOUNCE_SIDE_SENDER, 0 },
	{ "message-too-large", SOFT, BOUNCE_SIDE_MESSAGE, 0 },
	{ "too-many-recipients", SOFT, BOUNCE_SIDE_MESSAGE, 0 },
	{ "spam-content", SOFT, BOUNCE_SIDE_MESSAGE, 0 },
	{ "virus", SOFT, BOUNCE_SIDE_MESSAGE, 0 },
	{ "attachment-refused", SOFT, BOUNCE_SIDE_MESSAGE, 0 },
	{ "format-error", SOFT, BOUNCE_SIDE_MESSAGE, 0 },
	{ "utf8-unsupported", SOFT, BOUNCE_SIDE_DOMAIN, 50 },
	{ "tls-required", SOFT, BOUNCE_SIDE_TRANSPORT, 0 },
	{ "protocol-error", SOFT, BOUNCE_SIDE_TRANSPORT, 0 },
	{ "policy-refused", NONE, BOUNCE_SIDE_UNKNOWN, 0 },
	{ "suppressed", NONE, BOUNCE_SIDE_SENDER, 0 },
	{ "undetermined", NONE, BOUNCE_SIDE_UNKNOWN, 50 },
};

static bool is_sentence(const char *text)
{
	return i_isupper(*text) && text[strlen(text) - 1] == '.';
}

START_TEST(reasons)
{
	const struct bounce_reason *table;
	unsigned int count;

	table = bounce_reason_table(&count);
	ck_assert_uint_eq(count, N_ELEMENTS(vocabulary));
	for (unsigned int i = 0; i < count; i++) {
		ck_assert_str_eq(table[i].name, vocabulary[i].name);
		ck_assert_msg(table[i].class == vocabulary[i].class &&
			      table[i].side == vocabulary[i].side &&
			      table[i].weight == vocabulary[i].weight,
			      "%s", table[i].name);
		ck_assert_msg(is_sentence(bounce_texts_meaning(NULL, &table[i])) &&
			      is_sentence(bounce_texts_advice(NULL, &table[i])),
			      "%s", table[i].name);
		ck_assert_ptr_eq(bounce_reason_find(table[i].name), &table[i]);
		/* what is not the address's fault never weighs on it */
		if (table[i].side == BOUNCE_SIDE_SENDER ||
		    table[i].side == BOUNCE_SIDE_MESSAGE) {
			ck_assert_msg(table[i].weight == 0 &&
				      table[i].class != HARD,
				      "%s", table[i].name);
		}
	}
	ck_assert_ptr_null(bounce_reason_find("no-such-reason"));
	ck_assert_ptr_null(bounce_reason_find("Virus"));
	ck_assert_ptr_null(bounce_reason_find(""));
}
END_TEST

/*
 * Codes alone
 */

/* IANA, December 2024; the reason of 4.x and of 5.x, "-" = says nothing. With a
   star: mailers use it for anything. */
static const struct {
	const char *code, *temporary, *permanent;
} statuses[] = {
	{ "0.0*", "-", "-" },
	{ "1.0*", "-", "-" },
	{ "1.1", "undetermined", "mailbox-unknown" },
	{ "1.2", "dns-failure", "domain-unknown" },
	{ "1.3", "address-syntax", "address-syntax" },
	{ "1.4", "recipient-refused", "recipient-refused" },
	{ "1.5*", "-", "-" },
	{ "1.6", "mailbox-moved", "mailbox-moved" },
	{ "1.7", "sender-rejected", "sender-rejected" },
	{ "1.8", "sender-rejected", "sender-rejected" },
	{ "1.9", "system-error", "system-error" },
	{ "1.10", "domain-no-mail", "domain-no-mail" },
	{ "2.0*", "recipient-refused", "recipient-refused" },
	{ "2.1", "mailbox-disabled", "mailbox-disabled" },
	{ "2.2", "mailbox-full", "mailbox-full" },
	{ "2.3", "message-too-large", "message-too-large" },
	{ "2.4", "list-error", "list-error" },
	{ "3.0*", "system-error", "system-error" },
	{ "3.1", "system-full", "system-full" },
	{ "3.2", "system-unavailable", "system-unavailable" },
	{ "3.3", "system-error", "system-error" },
	{ "3.4", "message-too-large", "message-too-large" },
	{ "3.5", "system-error", "system-error" },
	{ "4.0*", "connection-failed", "connection-failed" },
	{ "4.1*", "connection-failed", "connection-failed" },
	{ "4.2", "connection-failed", "connection-failed" },
	{ "4.3", "dns-failure", "dns-failure" },
	{ "4.4", "dns-failure", "domain-unknown" },
	{ "4.5", "system-unavailable", "system-unavailable" },
	{ "4.6", "routing-loop", "routing-loop" },
	{ "4.7", "expired", "expired" },
	{ "4.8", "connection-failed", "connection-failed" },
	{ "5.0*", "protocol-error", "protocol-error" },
	{ "5.1", "protocol-error", "protocol-error" },
	{ "5.2", "protocol-error", "protocol-error" },
	{ "5.3", "too-many-recipients", "too-many-recipients" },
	{ "5.4", "protocol-error", "protocol-error" },
	{ "5.5", "protocol-error", "protocol-error" },
	{ "5.6", "submission-refused", "submission-refused" },
	{ "6.0*", "format-error", "format-error" },
	{ "6.1", "format-error", "format-error" },
	{ "6.2", "format-error", "format-error" },
	{ "6.3", "format-error", "format-error" },
	{ "6.4", "format-error", "format-error" },
	{ "6.5", "format-error", "format-error" },
	{ "6.6", "format-error", "format-error" },
	{ "6.7", "utf8-unsupported", "utf8-unsupported" },
	{ "6.8", "utf8-unsupported", "utf8-unsupported" },
	{ "6.9", "utf8-unsupported", "utf8-unsupported" },
	{ "6.10", "utf8-unsupported", "utf8-unsupported" },
	{ "7.0*", "policy-refused", "policy-refused" },
	{ "7.1*", "policy-refused", "policy-refused" },
	{ "7.2", "list-restricted", "list-restricted" },
	{ "7.3", "tls-required", "tls-required" },
	{ "7.4", "tls-required", "tls-required" },
	{ "7.5", "tls-required", "tls-required" },
	{ "7.6", "tls-required", "tls-required" },
	{ "7.7", "tls-required", "tls-required" },
	{ "7.8", "submission-refused", "submission-refused" },
	{ "7.9", "submission-refused", "submission-refused" },
	{ "7.10", "submission-refused", "submission-refused" },
	{ "7.11", "submission-refused", "submission-refused" },
	{ "7.12", "submission-refused", "submission-refused" },
	{ "7.13", "submission-refused", "submission-refused" },
	{ "7.14", "submission-refused", "submission-refused" },
	{ "7.15", "policy-refused", "policy-refused" },
	{ "7.16", "message-too-large", "message-too-large" },
	{ "7.17", "owner-changed", "owner-changed" },
	{ "7.18", "owner-changed", "owner-changed" },
	{ "7.19", "policy-refused", "policy-refused" },
	{ "7.20", "auth-failure", "auth-failure" },
	{ "7.21", "auth-failure", "auth-failure" },
	{ "7.22", "auth-failure", "auth-failure" },
	{ "7.23", "auth-failure", "auth-failure" },
	{ "7.24", "auth-failure", "auth-failure" },
	{ "7.25", "reverse-dns", "reverse-dns" },
	{ "7.26", "auth-failure", "auth-failure" },
	{ "7.27", "sender-rejected", "sender-rejected" },
	{ "7.28", "rate-limited", "rate-limited" },
	{ "7.29", "auth-failure", "auth-failure" },
	{ "7.30", "tls-required", "tls-required" },
	/* nobody registered the detail: the subject alone */
	{ "1.99*", "undetermined", "undetermined" },
	{ "2.99*", "recipient-refused", "recipient-refused" },
	{ "3.99*", "system-error", "system-error" },
	{ "4.316*", "connection-failed", "connection-failed" },
	{ "5.99*", "protocol-error", "protocol-error" },
	{ "6.99*", "format-error", "format-error" },
	{ "7.606*", "policy-refused", "policy-refused" },
	{ "0.99*", "-", "-" },
	{ "8.1*", "-", "-" },
	{ "*", "-", "-" },
	{ "1*", "-", "-" },
};

static const char *name_of(const struct bounce_reason *reason)
{
	return reason == NULL ? "-" : reason->name;
}

static void check_status(const char *class, const char *row, const char *reason)
{
	const char *star = strchr(row, '*');
	const char *code = t_strconcat(class, star == NULL ? row :
				       t_strdup_until(row, star), NULL);
	const char *name;
	bool generic;

	name = name_of(bounce_verdict_status(code, &generic));
	ck_assert_msg(strcmp(name, reason) == 0, "%s is %s", code, name);
	ck_assert_msg(generic == (star != NULL), "%s", code);
}

START_TEST(status_codes)
{
	bool generic;

	for (unsigned int i = 0; i < N_ELEMENTS(statuses); i++) T_BEGIN {
		check_status("4.", statuses[i].code, statuses[i].temporary);
		check_status("5.", statuses[i].code, statuses[i].permanent);
	} T_END;
	/* no failures, no codes */
	ck_assert_ptr_null(bounce_verdict_status("2.1.1", &generic));
	ck_assert_ptr_null(bounce_verdict_status("3.1.1", &generic));
	ck_assert_ptr_null(bounce_verdict_status("", &generic));
	ck_assert_ptr_null(bounce_verdict_status("5", &generic));
}
END_TEST

static const struct {
	const char *reply, *command, *reason;
} replies[] = {
	{ "421", NULL, "connection-failed" },
	{ "450", NULL, "-" },
	{ "450", "MAIL FROM", "sender-rejected" },
	{ "451", "RCPT TO", "system-error" },
	{ "452", "RCPT TO", "too-many-recipients" },
	{ "452", "DATA", "system-full" },
	{ "453", NULL, "system-unavailable" },
	{ "500", NULL, "protocol-error" },
	{ "501", "RCPT TO", "address-syntax" },
	{ "501", "MAIL FROM", "sender-rejected" },
	{ "501", NULL, "protocol-error" },
	{ "503", NULL, "protocol-error" },
	{ "521", NULL, "domain-no-mail" },
	{ "530", "MAIL FROM", "submission-refused" },
	{ "535", NULL, "submission-refused" },
	{ "550", NULL, "-" },
	{ "550", "RCPT TO", "recipient-refused" },
	{ "550", "DATA", "policy-refused" },
	{ "550", "MAIL FROM", "sender-rejected" },
	{ "551", "RCPT TO", "mailbox-moved" },
	{ "551", "DATA", "-" },
	{ "552", "RCPT TO", "mailbox-full" },
	{ "552", "DATA", "message-too-large" },
	{ "553", "RCPT TO", "recipient-refused" },
	{ "553", "MAIL FROM", "sender-rejected" },
	{ "554", "CONNECT", "reputation" },
	{ "554", "DATA", "policy-refused" },
	{ "554", "RCPT TO", "-" },
	{ "556", "RCPT TO", "domain-no-mail" },
	{ "599", "RCPT TO", "-" },
	{ "250", NULL, "-" },
};

START_TEST(reply_codes)
{
	const char *name;

	for (unsigned int i = 0; i < N_ELEMENTS(replies); i++) {
		name = name_of(bounce_verdict_reply(replies[i].reply,
						    replies[i].command));
		ck_assert_msg(strcmp(name, replies[i].reason) == 0,
			      "%s to %s is %s", replies[i].reply,
			      replies[i].command == NULL ? "nothing" :
			      replies[i].command, name);
	}
}
END_TEST

/*
 * The order of evidence
 */

static struct bounce_rules *rules;

static void rules_setup(void)
{
	static const char *const dirs[] = { BOUNCE_TEST_RULES, NULL };

	rules = bounce_rules_load(dirs, NULL);
}

static void rules_teardown(void)
{
	bounce_rules_free(&rules);
}

/* NULL = the report does not say */
static const struct {
	const char *diagnostic, *explanation;
	const char *status, *status_field, *reply, *command;
	const char *reason;
	enum bounce_class class;
} orders[] = {
	/* the remote host's specific words before any code */
	{ "550 5.1.1 listed at zen.spamhaus.org", NULL,
	  "5.1.1", "5.1.1", "550", "RCPT TO", "reputation", SOFT },
	{ "550 5.7.1 user unknown", NULL,
	  "5.7.1", "5.7.1", "550", "RCPT TO", "mailbox-unknown", HARD },
	/* its code before the report's */
	{ "552 5.2.2 no", NULL,
	  "5.2.2", "5.1.1", "552", "RCPT TO", "mailbox-full", SOFT },
	/* the report's before the words that say little */
	{ "rejected", NULL,
	  NULL, "5.1.1", NULL, "RCPT TO", "mailbox-unknown", HARD },
	/* words that say little before the codes that say nothing */
	{ "550 5.7.1 rejected", NULL,
	  "5.7.1", "5.7.1", "550", "RCPT TO", "policy-refused", NONE },
	/* reply and command before a generic code */
	{ "550 5.0.0 no", NULL,
	  "5.0.0", "5.0.0", "550", "RCPT TO", "recipient-refused", SOFT },
	{ "552 5.0.0 no", NULL,
	  "5.0.0", "5.0.0", "552", "DATA", "message-too-large", SOFT },
	/* a generic code before nothing */
	{ "no", NULL, "5.5.0", "5.5.0", NULL, NULL, "protocol-error", SOFT },
	{ "no", NULL, "5.0.0", "5.0.0", NULL, NULL, "undetermined", NONE },
	{ NULL, NULL, NULL, NULL, NULL, NULL, "undetermined", NONE },
	/* the local mailer's words: alone they are the words; a code that
	   blames the address yields to ones that speak of our side */
	{ NULL, "user unknown", NULL, NULL, NULL, NULL,
	  "mailbox-unknown", HARD },
	{ "550 5.1.1 no", "Your message was rejected as spam",
	  "5.1.1", "5.1.1", "550", "RCPT TO", "spam-content", SOFT },
	{ "550 5.2.2 no", "Your message was rejected as spam",
	  "5.2.2", "5.2.2", "550", "RCPT TO", "mailbox-full", SOFT },

	/* codes alone: 4.x never blames for good */
	{ "450 4.1.1 no", NULL,
	  "4.1.1", "4.1.1", "450", "RCPT TO", "undetermined", SOFT },
	{ "450 4.2.1 no", NULL,
	  "4.2.1", "4.2.1", "450", "RCPT TO", "mailbox-disabled", SOFT },
	{ "450 4.1.6 no", NULL,
	  "4.1.6", "4.1.6", "450", "RCPT TO", "mailbox-moved", SOFT },
	{ "450 4.2.1 mailbox is disabled", NULL,
	  "4.2.1", "4.2.1", "450", "RCPT TO", "mailbox-disabled", SOFT },
	{ "550 5.2.1 mailbox is disabled", NULL,
	  "5.2.1", "5.2.1", "550", "RCPT TO", "mailbox-disabled", HARD },
	/* the wait is over, says the report: the answer was temporary */
	{ "450 mailbox is disabled", NULL,
	  "5.2.1", "5.2.1", "450", "RCPT TO", "mailbox-disabled", SOFT },
	/* clear words may blame it although their code is temporary */
	{ "450 4.1.1 <bob@example.org>: User unknown in local recipient table",
	  NULL, "4.1.1", "4.1.1", "450", "RCPT TO", "mailbox-unknown", HARD },

	/* before RCPT TO no address was named */
	{ "550 5.1.1 user unknown", NULL,
	  "5.1.1", "5.1.1", "550", "MAIL FROM", "sender-rejected", SOFT },
	{ "550 5.1.2 domain does not exist", NULL,
	  "5.1.2", "5.1.2", "550", "MAIL FROM", "sender-rejected", SOFT },
	{ "450 4.2.1 mailbox disabled", NULL,
	  "4.2.1", "4.2.1", "450", "MAIL FROM", "sender-rejected", SOFT },
	{ "553 example.net does not exist", NULL,
	  NULL, NULL, "553", "MAIL FROM", "sender-rejected", SOFT },
	{ "556 5.1.10 no", NULL,
	  "5.1.10", "5.1.10", "556", "MAIL FROM", "sender-rejected", SOFT },
	{ "550 unknown host", NULL,
	  NULL, NULL, "550", "EHLO", "policy-refused", NONE },
	{ "550 mailbox unavailable", NULL,
	  NULL, NULL, "550", "CONNECT", "policy-refused", NONE },
	/* but a host that takes no mail says so at once */
	{ "521 5.3.2 host does not accept mail", NULL,
	  "5.3.2", "5.3.2", "521", "CONNECT", "domain-no-mail", HARD },
	/* after the mail: clear words only, and syntax is a header's */
	{ "550 no such user here", NULL,
	  NULL, NULL, "550", "DATA", "mailbox-unknown", HARD },
	{ "550 mailbox unavailable", NULL,
	  NULL, NULL, "550", "DATA", "policy-refused", NONE },
	{ "553 example.net does not exist", NULL,
	  NULL, NULL, "553", "DATA", "policy-refused", NONE },
	/* who does not exist? */
	{ "553 example.net does not exist", NULL,
	  NULL, NULL, "553", "RCPT TO", "mailbox-unknown", NONE },
	{ "501 5.1.3 bad address syntax", NULL,
	  "5.1.3", "5.1.3", "501", "DATA", "format-error", SOFT },

	/* an answer that names the sender alone */
	{ "550 5.1.1 <alice@example.com>: no such user", NULL,
	  "5.1.1", "5.1.1", "550", "RCPT TO", "sender-rejected", SOFT },
	{ "550 5.1.1 <bob@example.org> from <alice@example.com>: no such user",
	  NULL, "5.1.1", "5.1.1", "550", "RCPT TO", "mailbox-unknown", HARD },
	{ "550 5.1.1 <carol@example.org>: no such user", NULL,
	  "5.1.1", "5.1.1", "550", "RCPT TO", "mailbox-unknown", HARD },

	/* a code that blames the address, words of our side only */
	{ "550 5.1.1 your server must say HELO first", NULL,
	  "5.1.1", "5.1.1", "550", "RCPT TO", "policy-refused", NONE },
	{ "550 5.1.1 mystery of the mailbox, says your server", NULL,
	  "5.1.1", "5.1.1", "550", "RCPT TO", "mailbox-unknown", HARD },
	/* an address whose code and words disagree */
	{ "550 5.1.1 blocked by policy", NULL,
	  "5.1.1", "5.1.1", "550", "RCPT TO", "policy-refused", NONE },
};

static void
decide(const struct bounce_rules *set, enum bounce_action action,
       unsigned int i, struct bounce_recipient *rcpt_r)
{
	struct bounce_report report;
	pool_t pool = pool_alloconly_create("verdict", 512);

	i_zero(&report);
	report.kind = BOUNCE_KIND_FAILURE;
	report.format = "dsn";
	report.original_from = "Alice@example.com";
	i_zero(rcpt_r);
	rcpt_r->address = "bob@example.org";
	rcpt_r->action = action;
	rcpt_r->diagnostic = orders[i].diagnostic;
	rcpt_r->explanation = orders[i].explanation;
	rcpt_r->status = orders[i].status != NULL ? orders[i].status :
		orders[i].status_field;
	rcpt_r->status_field = orders[i].status_field;
	rcpt_r->reply = orders[i].reply;
	rcpt_r->command = orders[i].command;
	bounce_verdict_decide(set, pool, &report, rcpt_r);
	ck_assert_ptr_nonnull(rcpt_r->verdict.reason);
	ck_assert_ptr_nonnull(rcpt_r->verdict.rule);
	ck_assert_int_eq(rcpt_r->verdict.side, rcpt_r->verdict.reason->side);
	rcpt_r->verdict.rule = NULL;
	pool_unref(&pool);
}

START_TEST(order)
{
	struct bounce_recipient rcpt;

	for (unsigned int i = 0; i < N_ELEMENTS(orders); i++) T_BEGIN {
		decide(rules, BOUNCE_ACTION_FAILED, i, &rcpt);
		ck_assert_msg(strcmp(rcpt.verdict.reason->name,
				     orders[i].reason) == 0 &&
			      rcpt.verdict.class == orders[i].class,
			      "%u: %s %s", i, rcpt.verdict.reason->name,
			      bounce_class_name(rcpt.verdict.class));
		/* what is still being tried is not lost */
		decide(rules, BOUNCE_ACTION_DELAYED, i, &rcpt);
		ck_assert_msg(rcpt.verdict.class ==
			      (orders[i].class == HARD ? SOFT :
			       orders[i].class), "%u", i);
		/* no rules: codes alone, and always a reason */
		decide(NULL, BOUNCE_ACTION_FAILED, i, &rcpt);
	} T_END;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tcase = tcase_create("codes");

	tcase_add_test(tcase, reasons);
	tcase_add_test(tcase, status_codes);
	tcase_add_test(tcase, reply_codes);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("order");
	tcase_add_checked_fixture(tcase, rules_setup, rules_teardown);
	tcase_add_test(tcase, order);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
