/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Whom and what a clause speaks of. */

#include "bounce-test.h"
#include "str.h"
#include "bounce-clauses.h"
#include "bounce-limits.h"

static const enum bounce_words_class shown[] = {
	BOUNCE_WORD_NOT, BOUNCE_WORD_WHO, BOUNCE_WORD_SENDER,
	BOUNCE_WORD_YOU, BOUNCE_WORD_IP, BOUNCE_WORD_DOMAIN, BOUNCE_WORD_HERE,
	BOUNCE_WORD_EXIST, BOUNCE_WORD_UNKNOWN, BOUNCE_WORD_FULL,
	BOUNCE_WORD_SPAM, BOUNCE_WORD_HEADER,
};
static const char *const shown_names[] = {
	"not", "who", "sender", "you", "ip", "domain", "here", "exist", "unknown",
	"full", "spam", "header",
};

static const struct {
	const char *text;
	/* the classes of each clause, clauses divided by "/" */
	const char *wanted;
} texts[] = {
	{ "", "" },
	{ "550 5.1.1", "" },
	{ "User unknown", "who unknown" },
	{ "UNKNOWN_USER", "who unknown" },
	{ "code=UserUnknown", "who unknown" },
	{ "The user does not exist", "not who exist" },
	/* borders */
	{ "Mailbox full. Sender unknown", "who full/sender unknown" },
	{ "Mailbox full - sender unknown", "who full/sender unknown" },
	{ "mailbox full (sender unknown)", "who full/sender unknown" },
	{ "unknown.Spam", "unknown/spam" },
	{ "unknown https://spam.example/spam full", "unknown/full" },
	/* what is said of somebody, before and behind */
	{ "Recipient (unknown) refused", "who unknown" },
	{ "Sender [unknown] refused", "sender unknown" },
	{ "User not (yet) known", "not who exist" },
	{ "User(s) unknown", "who unknown" },
	{ "User(s)Unknown", "who unknown" },
	{ "Benutzer(in) unbekannt", "who unknown" },
	{ "Mailbox full (unknown) refused", "who full/unknown/" },
	{ "User lookup: unknown", "who unknown" },
	{ "Mailbox - unknown", "who unknown" },
	{ "Unknown: the mailbox", "who unknown" },
	{ "Unknown: mailbox of the sender", "who sender unknown" },
	{ "Unknown: spam for the mailbox", "unknown/who spam" },
	{ "Unknown: the mailbox the mailbox the mailbox the mailbox",
	  "unknown/who" },
	{ "Spam: the mailbox", "spam/who" },
	{ "Recipient (unknown", "who/unknown" },
	{ "From: mailbox (unknown) refused", "who unknown header" },
	{ "Callout to the sender's MX: user unknown", "sender/who sender unknown" },
	{ "HELO: name unknown", "you/you unknown" },
	{ "HELO of the user: unknown", "who you/unknown" },
	{ "The sender of a mail; user unknown", "sender/who unknown" },
	{ "(", "" },
	{ "user(s", "who" },
	/* no borders */
	{ "User [bob@example.org] unknown", "who unknown" },
	{ "User ( bob@example.org ) unknown", "who unknown" },
	{ "User ( bob@example.org unknown", "who/who unknown" },
	{ "host spam.example.com[192.0.2.1] said: 550 full", "full" },
	{ "error after RCPT TO:<bob@example.org>: 550 full", "full" },
	{ "after RCPT TO:<bob@example.org> full: unknown", "who full/unknown" },
	{ "the user: unknown", "who unknown" },
	{ "address is wrong", "who unknown" },
	{ "Header From: unknown", "unknown header" },
	/* roles */
	{ "<bob@example.org>: unknown", "who unknown" },
	{ "<BOB@example.org>:unknown", "who unknown" },
	{ "<alias@example.org>: unknown", "who unknown" },
	{ "<alice@example.com>: unknown", "sender unknown" },
	{ "<carol@example.net>: unknown", "unknown" },
	{ "<bob@example.org> from <alice@example.com>: unknown",
	  "who unknown" },
	{ "mx.example.org unknown", "domain unknown" },
	{ "example.com unknown", "sender unknown" },
	{ "notexample.com unknown", "unknown" },
	{ "unknown domain: example.com", "sender" },
	{ "full domain: mx.example.com.", "sender domain full" },
	{ "full domain - example.com", "sender domain full" },
	{ "full domain: example.org", "domain full/domain" },
	{ "full domain: notexample.com", "domain full" },
	{ "mailbox full: example.com", "who full/sender" },
	{ "192.0.2.1 unknown", "ip unknown" },
	{ "the address 192.0.2.1 unknown", "ip unknown" },
	{ "the address [192.0.2.1] unknown", "who ip unknown" },
	/* what follows is as long as what was asked for */
	{ "Mailbox: host said: full a", "full" },
	{ "Mailbox: host said: full", "full" },
	{ "2001:db8::1 unknown", "ip unknown" },
	{ "unknown relay=[spam]", "unknown/spam" },
	{ "X-Spam-Header unknown", "unknown" },
	/* the longest phrase */
	{ "your address", "sender" },
	{ "user not known on our server", "not who here exist" },
	{ "you", "you" },
	/* what is wrong with the message */
	{ "Invalid message for the user", "who" },
	{ "Message invalid for the user", "who" },
	{ "Ung\xc3\xbcltige Nachricht an den Benutzer", "who" },
	{ "Message to an unknown user", "who unknown" },
	{ "Message refused, unknown user", "who unknown" },
	{ "Message, unknown user", "who unknown" },
	{ "Invalid mail recipient", "who unknown" },
	{ "Invalid message", "" },
	/* or with a server */
	{ "Unknown server for the user", "" },
	{ "Unknown server, the user says no", "not who" },
	{ "User unknown server", "who unknown" },
	{ "Unknown system user", "who unknown" },
	{ "The user is unknown to our server", "who here unknown" },
	/* the noun behind is spoken of, not its attribute */
	{ "User database does not exist", "not exist" },
	{ "The mailbox's lock file: unknown", "unknown" },
	{ "bob@example.org: mailbox table unknown", "who unknown" },
	{ "No such mailbox server", "not" },
	{ "Database of users unknown", "unknown" },
	{ "Mailbox table unknown for the user", "unknown" },
	{ "User not in the user table", "not who exist" },
	{ "Unknown in our local mailbox table", "who here unknown" },
	{ "User account unknown", "who unknown" },
	{ "Mailbox store full", "who full" },
	{ "Benutzerdatenbank unbekannt", "unknown" },
	{ "Benutzerkonto unbekannt", "who unknown" },
	{ "gebruikersdatabase onbekend", "unknown" },
	{ "tabla de usuarios desconocida", "unknown" },
	{ "cuenta de usuario desconocida", "who unknown" },
	/* other languages */
	{ "Empf\xc3\xa4nger unbekannt", "who unknown" },
	{ "\xe7\x94\xa8\xe6\x88\xb7\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8",
	  "who unknown" },
};

static const char *sets_print(const ARRAY_TYPE(bounce_clause) *clauses)
{
	string_t *str = t_str_new(64);
	const struct bounce_clause *clause;

	array_foreach(clauses, clause) {
		bool first = TRUE;

		if (str_len(str) > 0)
			str_append_c(str, '/');
		for (unsigned int i = 0; i < N_ELEMENTS(shown); i++) {
			if ((clause->set & bounce_words_set(shown[i])) == 0)
				continue;
			if (!first)
				str_append_c(str, ' ');
			str_append(str, shown_names[i]);
			first = FALSE;
		}
	}
	return str_c(str);
}

static const struct bounce_clause_roles roles = {
	.recipient = "bob@example.org", .recipient2 = "alias@example.org",
	.sender = "alice@example.com"
};

START_TEST(read_clauses)
{
	for (unsigned int i = 0; i < N_ELEMENTS(texts); i++) T_BEGIN {
		ARRAY_TYPE(bounce_clause) clauses;
		/* valgrind sees an over-read */
		char *copy = i_strdup(texts[i].text);

		t_array_init(&clauses, 4);
		bounce_clauses_read(copy, &roles, &clauses);
		ck_assert_msg(strcmp(sets_print(&clauses),
				     texts[i].wanted) == 0, "%s: %s",
			      texts[i].text, sets_print(&clauses));
		i_free(copy);
	} T_END;
}
END_TEST

/* Whom a host belongs to, where nobody is known. */
START_TEST(read_nobody)
{
	static const struct bounce_clause_roles nobody = { .sender = NULL };
	ARRAY_TYPE(bounce_clause) clauses;

	t_array_init(&clauses, 4);
	bounce_clauses_read("mail.example.org unknown", &nobody, &clauses);
	ck_assert_str_eq(sets_print(&clauses), "unknown");
}
END_TEST

/* Their names without the domain, where they are no other words. */
START_TEST(read_locals)
{
	static const struct bounce_clause_roles named = {
		.recipient = "j.miller@example.org",
		.sender = "t.dale@example.com"
	}, same = {
		.recipient = "j.miller@example.org",
		.sender = "j.miller@example.com"
	}, words = {
		.recipient = "user@example.org", .sender = "full@example.com"
	};
	static const struct {
		const struct bounce_clause_roles *roles;
		const char *text, *wanted;
	} locals[] = {
		{ &named, "550 we know no J.Miller", "not who here exist" },
		{ &named, "j.millers unknown", "unknown" },
		{ &named, "t.dale unknown", "sender unknown" },
		{ &same, "j.miller unknown", "unknown" },
		{ &words, "mailbox full", "who full" },
		/* wide brackets around an address */
		{ &named, "\xe7\x94\xa8\xe6\x88\xb7\xef\xbc\x88j.miller@example.org"
		  "\xef\xbc\x89\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8",
		  "who unknown" },
		/* and around words */
		{ &named, "unknown\xef\xbc\x88spam\xef\xbc\x89", "unknown/spam" },
		{ &named, "unknown\xef\xbc\x9b spam", "unknown/spam" },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(locals); i++) T_BEGIN {
		ARRAY_TYPE(bounce_clause) clauses;

		t_array_init(&clauses, 4);
		bounce_clauses_read(locals[i].text, locals[i].roles, &clauses);
		ck_assert_msg(strcmp(sets_print(&clauses),
				     locals[i].wanted) == 0, "%s: %s",
			      locals[i].text, sets_print(&clauses));
	} T_END;
}
END_TEST

START_TEST(limits)
{
	ARRAY_TYPE(bounce_clause) clauses;
	string_t *text = t_str_new(8192);
	struct bounce_clause_roles nobody;

	i_zero(&nobody);
	while (str_len(text) < BOUNCE_MAX_MATCH - 6)
		str_append(text, "user. ");
	str_append(text, "user. spam. spam");
	t_array_init(&clauses, 4);
	bounce_clauses_read(str_c(text), &nobody, &clauses);
	ck_assert_uint_eq(array_count(&clauses), BOUNCE_MAX_CLAUSES);

	/* what stands behind the cap is not looked at */
	str_truncate(text, 0);
	while (str_len(text) < BOUNCE_MAX_MATCH)
		str_append(text, "well and good ");
	str_append(text, "spam");
	array_clear(&clauses);
	bounce_clauses_read(str_c(text), &nobody, &clauses);
	ck_assert_str_eq(sets_print(&clauses), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clauses");
	TCase *tcase = tcase_create("clauses");

	tcase_add_test(tcase, read_clauses);
	tcase_add_test(tcase, read_nobody);
	tcase_add_test(tcase, read_locals);
	tcase_add_test(tcase, limits);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
