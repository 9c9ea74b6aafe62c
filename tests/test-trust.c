/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Who made a report, where the returned mail came in, and what the two of them
   may change. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "bounce-organisation.h"
#include "bounce-trace.h"
#include "bounce-test.h"

static const char *const hosts[] = { "mx.example.org", "mx2.example.org", NULL };
static const char *const relays[] = { "smarthost.example.com", NULL };
static const char *const local[] = { "localhost", NULL };

/* As each writes it: Postfix and OpenSMTPD in reports that they made for a test,
   the others by their documentation. */
#define DOVECOT \
	"Received: from mx.example.org\n\tby imap.example.org with LMTP\n" \
	"\tid SESSION\n\t(envelope-from <>)\n\tfor <alice@example.org>; date\n"
#define POSTFIX "Received: by mx.example.org (Postfix)\n\tid 4bXYZ; date\n"
#define LOOPBACK \
	"Received: from localhost (localhost [127.0.0.1])\n" \
	"\tby mx.example.org (Postfix) with ESMTP id 1; date\n"
#define EVIL \
	"Received: from mx.example.org (evil.example [203.0.113.9])\n" \
	"\tby mx.example.org (Postfix) with ESMTP id 1; date\n"
#define RELAY \
	"Received: from s (smarthost.example.com [192.0.2.8])\n" \
	"\tby mx.example.org (Postfix) with ESMTP id 1; date\n"
#define DAEMON "From: MAILER-DAEMON@mx.example.org\n"
/* A Dovecot that hands on to ours by LMTP (lmtp_proxy), its name ours. */
#define BEHIND(name) \
	"Received: from " name " ([192.0.2.5])\n\tby imap.example.org with " \
	"LMTP\n\tid SESSION\n\tfor <alice@example.org>; date\n"
#define PROXY(name) \
	"Received: from mx.example.org ([192.0.2.4])\n\tby " name " with LMTP\n" \
	"\tid FRONT\n\t(envelope-from <>)\n\tfor <alice@example.org>; date\n"

START_TEST(table)
{
	static const char *const rows[] = {
		/* nothing, perhaps, submitted, open, address */
		"UUUUP", "UUUPV", "UUUVV", "UPPVV", "UPVVV"
	};
	static const char letters[] = "UPV";

	for (unsigned int r = 0; r < BOUNCE_REPORTER_COUNT; r++) {
		for (unsigned int k = 0; k < BOUNCE_KNOWLEDGE_COUNT; k++) {
			ck_assert_int_eq(letters[bounce_trust_judge(r, k, TRUE)],
					 rows[r][k]);
		}
	}
	/* a relay that had it from somebody else */
	ck_assert_int_eq(bounce_trust_judge(BOUNCE_REPORTER_RELAY,
					    BOUNCE_KNOWLEDGE_ADDRESS, FALSE),
			 BOUNCE_EVIDENCE_PLAUSIBLE);
	ck_assert_int_eq(bounce_trust_judge(BOUNCE_REPORTER_RELAY,
					    BOUNCE_KNOWLEDGE_NONE, FALSE),
			 BOUNCE_EVIDENCE_UNVERIFIED);
}
END_TEST

START_TEST(organisations)
{
	static const struct {
		const char *host, *domain;
		bool same;
	} tests[] = {
		{ "mx1.example.com", "example.com", TRUE },
		{ "mx1.example.com", "mail.example.com", TRUE },
		{ "example.com", "example.com", TRUE },
		{ "MX.Example.COM", "example.com", TRUE },
		{ "mx.example.de", "example.de", TRUE },
		{ "badexample.com", "example.com", FALSE },
		{ "mx.example.co.uk", "example.co.uk", TRUE },
		{ "mx.evil.co.uk", "example.co.uk", FALSE },
		{ "192.0.2.1", "192.0.2.1", FALSE },
		{ "com", "com", FALSE }, { "", "", FALSE },
		{ "a..com", "a..com", FALSE },
	};
	static const struct {
		const char *host, *address;
		bool line;
	} lines[] = {
		{ "mx1.example.com", "192.0.2.1", FALSE },
		{ "192-0-2-1.example.com", "192.0.2.1", TRUE },
		{ "1.2.0.192.rev.example.com", "192.0.2.1", TRUE },
		{ "c0000201.example.com", "192.0.2.1", TRUE },
		{ "p1.dyn.example.com", "192.0.2.1", TRUE },
		{ "dhcp-7.example.com", NULL, TRUE },
		{ "pool12.example.com", NULL, TRUE },
		{ "carpool.example.com", NULL, FALSE },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++)
		ck_assert_msg(bounce_organisation_same(tests[i].host,
			tests[i].domain) == tests[i].same, "%s %s",
			tests[i].host, tests[i].domain);
	for (unsigned int i = 0; i < N_ELEMENTS(lines); i++)
		ck_assert_msg(bounce_organisation_is_line(lines[i].host,
			lines[i].address) == lines[i].line, "%s",
			lines[i].host);
	ck_assert(bounce_organisation_hoster_find("gmail.com") != NULL);
	ck_assert(bounce_organisation_hoster_find("mail-1.google.com") != NULL);
	ck_assert(bounce_organisation_hoster_find("notgmail.com") == NULL);
}
END_TEST

START_TEST(received)
{
	static const struct {
		const char *line, *client, *address, *login;
		bool authenticated, made;
	} tests[] = {
		{ "by mx.example.org (Postfix)\n\tid 4b; d", NULL, NULL, NULL,
		  FALSE, TRUE },
		{ "by mx.example.org (Postcow) id 4b; d", NULL, NULL, NULL,
		  FALSE, TRUE },
		{ "by mx.example.org (Postfix, from userid 33) id 4b; d", NULL,
		  NULL, NULL, FALSE, FALSE },
		{ "from Debian-exim by mx.example.org with local (Exim 4.96)\n"
		  "\tid 1abc-00-3k for alice@example.org; d", NULL, NULL, NULL,
		  FALSE, TRUE },
		{ "from www-data by mx.example.org with local (Exim 4.96)\n"
		  "\tid 1abc-00-3k for alice@example.org; d", NULL, NULL, NULL,
		  FALSE, FALSE },
		{ "from localhost (localhost)\n\tby mx.example.org "
		  "(8.17.1/8.17.1/Debian-2) id 5A; d", NULL, NULL, NULL, FALSE,
		  TRUE },
		{ "from localhost (localhost [127.0.0.1])\n\tby mx.example.org "
		  "(8.17.1/8.17.1) with ESMTP id 5A; d", "localhost",
		  "127.0.0.1", NULL, FALSE, FALSE },
		{ "(from www-data@localhost) by mx.example.org "
		  "(8.17.1/8.17.1/Submit) id 5A; d", NULL, NULL, NULL, FALSE,
		  FALSE },
		{ "(qmail 4711 invoked for bounce); d", NULL, NULL, NULL,
		  FALSE, TRUE },
		{ "(qmail 4711 invoked by uid 33); d", NULL, NULL, NULL,
		  FALSE, FALSE },
		{ "from mx.example.org (vm [local])\n\tby vm (OpenSMTPD) with "
		  "ESMTPA id bc5a0c5f\n\tfor <alice@example.org>;", NULL,
		  "local", NULL, TRUE, TRUE },
		{ "from localhost (vm [local])\n\tby vm (OpenSMTPD) with "
		  "ESMTPA id bc5a0c5f;", NULL, "local", NULL, TRUE, FALSE },
		{ "from mx.example.org (vm [192.0.2.1])\n\tby vm (OpenSMTPD) "
		  "with ESMTPA id bc5a0c5f;", NULL, "192.0.2.1", NULL, TRUE,
		  FALSE },
		{ "from x (mx.example.com [192.0.2.1])\n\tby mx.example.org "
		  "(Postfix) with ESMTPS id 1 for <a@b>; d", "mx.example.com",
		  "192.0.2.1", NULL, FALSE, FALSE },
		{ "from x (unknown [192.0.2.1]) by mx.example.org (Postfix) "
		  "with ESMTP id 1; d", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from x (c [192.0.2.1])\n\t(using TLSv1.3 with cipher X "
		  "(256/256 bits))\n\t(Authenticated sender: "
		  "alice@example.org)\n\tby mx (Postfix) with ESMTPSA id 1; d",
		  "c", "192.0.2.1", "alice@example.org", TRUE, FALSE },
		{ "from x (c [192.0.2.1]) by mx (Postfix) with ESMTPSA id 1",
		  "c", "192.0.2.1", NULL, TRUE, FALSE },
		{ "from x ([192.0.2.1]) by mx (8.17.1/8.17.1) with ESMTP id 1",
		  NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from x (c [192.0.2.1] (may be forged)) by mx (8.17.1) with "
		  "ESMTP id 1", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from c ([192.0.2.1] helo=mx) by mx with esmtps (TLS1.3) tls "
		  "X (Exim 4.96) id 1", "c", "192.0.2.1", NULL, FALSE, FALSE },
		{ "from [192.0.2.1] (helo=mx) by mx with esmtpsa (Exim 4.96) "
		  "id 1", NULL, "192.0.2.1", NULL, TRUE, FALSE },
		/* what a client calls itself is no clause and no comment */
		{ "from by (unknown [192.0.2.1]) by mx (Postfix) with SMTP "
		  "id 1", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from [192.0.2.1] (helo=[127.0.0.1]) by mx with esmtp (Exim "
		  "4.96) id 1", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from [192.0.2.1]:25 (helo=[10.0.0.1]) by mx with esmtp "
		  "(Exim 4.96) id 1", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from c ([192.0.2.1] helo=[10.0.0.1]) by mx with esmtp "
		  "(Exim 4.96) id 1", "c", "192.0.2.1", NULL, FALSE, FALSE },
		{ "from [192.0.2.1] (port=25 helo=[127.0.0.1]) by mx with esmtp "
		  "id 1", NULL, BOUNCE_RECEIVED_UNKNOWN, NULL, FALSE, FALSE },
		{ "from [127.0.0.1] by mx with esmtp (Exim 4.96) id 1", NULL,
		  "127.0.0.1", NULL, FALSE, FALSE },
		{ "from [127.0.0.1] (c [192.0.2.1]) by mx (Postfix) with ESMTP "
		  "id 1", "c", "192.0.2.1", NULL, FALSE, FALSE },
		{ "from unknown (HELO [127.0.0.1]) (192.0.2.1)\n  by mx with "
		  "SMTP; d", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from unknown (HELO x) (ident@192.0.2.1)\n  by mx with "
		  "SMTP; d", NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "from [127.0.0.1] (192.0.2.1) by mx with ESMTP id 1", NULL,
		  "192.0.2.1", NULL, FALSE, FALSE },
		{ "from x (HELO [127.0.0.1]) by mx with SMTP; d", NULL,
		  BOUNCE_RECEIVED_UNKNOWN, NULL, FALSE, FALSE },
		/* names that the client has in the DNS are no words of the
		   server's */
		{ "from x (authenticated.evil.example [192.0.2.1]) by mx "
		  "(Postfix) with ESMTP id 1; d", "authenticated.evil.example",
		  "192.0.2.1", NULL, FALSE, FALSE },
		{ "from x (authenticated [192.0.2.1]) by mx (Postfix) with "
		  "ESMTP id 1; d", "authenticated", "192.0.2.1", NULL, FALSE,
		  FALSE },
		{ "from x (c [192.0.2.1]) (authenticated bits=0) by mx (8.17.1/"
		  "8.17.1) with ESMTP id 1; d", "c", "192.0.2.1", NULL, TRUE,
		  FALSE },
		{ "from x (helo.evil.example [192.0.2.1]) by mx (Postfix) with "
		  "ESMTP id 1; d", "helo.evil.example", "192.0.2.1", NULL,
		  FALSE, FALSE },
		{ "from x (helo [192.0.2.1]) by mx (Postfix) with ESMTP id 1;",
		  "helo", BOUNCE_RECEIVED_UNKNOWN, NULL, FALSE, FALSE },
		{ "from x (Exim [192.0.2.1]) by mx (Postfix) with ESMTP id 1;",
		  "Exim", "192.0.2.1", NULL, FALSE, FALSE },
		{ "from c [192.0.2.1] by localhost with POP3 (fetchmail-6.4.37)",
		  NULL, "192.0.2.1", NULL, FALSE, FALSE },
		{ "", NULL, NULL, NULL, FALSE, FALSE },
		{ "((((", NULL, NULL, NULL, FALSE, FALSE },
		{ "from", NULL, NULL, NULL, FALSE, FALSE },
		{ "from x (\\", NULL, NULL, NULL, FALSE, FALSE },
		{ ")))) by", NULL, NULL, NULL, FALSE, FALSE },
	};
	pool_t pool = pool_alloconly_create("test", 4096);

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_received r;

		bounce_received_parse(pool, tests[i].line, &r);
		ck_assert_msg(null_strcmp(r.client, tests[i].client) == 0 &&
			      null_strcmp(r.address, tests[i].address) == 0 &&
			      null_strcmp(r.login, tests[i].login) == 0 &&
			      r.authenticated == tests[i].authenticated &&
			      r.made == tests[i].made,
			      "%s: %s %s %s %d %d", tests[i].line, r.client,
			      r.address, r.login, r.authenticated, r.made);
	}
	pool_unref(&pool);
}
END_TEST

START_TEST(fetched)
{
	static const struct {
		const char *line;
		bool fetched;
	} tests[] = {
		{ "from c [192.0.2.1] by localhost with POP3 (fetchmail-6.4.37)",
		  TRUE },
		{ "from x (fetchmail.evil.example [192.0.2.1]) by mx (Postfix) "
		  "with ESMTP id 1; d", FALSE },
		{ "from x (fetchmail-6.4 [192.0.2.1]) by mx (Postfix) with "
		  "ESMTP id 1; d", FALSE },
	};
	pool_t pool = pool_alloconly_create("test", 1024);
	struct bounce_received r;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bounce_received_parse(pool, tests[i].line, &r);
		ck_assert_msg(r.fetched == tests[i].fetched, "%s",
			      tests[i].line);
	}
	pool_unref(&pool);
}
END_TEST

static void
read_trace(pool_t pool, const char *header, const char *session,
	   const char *const *relay_names, const char *const *authserv,
	   struct bounce_trace *trace_r)
{
	struct bounce_trace_site site = {
		.hosts = hosts, .relays = relay_names, .authserv = authserv,
		.session_id = session, .mail_from = "",
	};
	struct istream *input = i_stream_create_from_data(header,
							  strlen(header));

	bounce_trace_read(input, pool, &site, trace_r);
	i_stream_unref(&input);
}

START_TEST(reporters)
{
	static const struct {
		const char *header, *address;
		enum bounce_reporter reporter;
		const char *const *relays;
	} tests[] = {
		{ DOVECOT POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_OWN, NULL },
		{ POSTFIX DAEMON, "x@example.net", BOUNCE_REPORTER_OWN, NULL },
		/* from another host of ours */
		{ DOVECOT "Received: from mx2.example.org (mx2.example.org "
		  "[192.0.2.2])\n\tby mx.example.org (Postfix) with ESMTP id 1;"
		  " d\nReceived: by mx2.example.org (Postfix) id 2; d\n" DAEMON,
		  "x@example.net", BOUNCE_REPORTER_OWN, NULL },
		/* somebody's program; a person; a vacation */
		{ DOVECOT "Received: by mx.example.org (Postfix, from userid "
		  "33)\n\tid 1; d\n" DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX "From: bob@example.org\n", "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX DAEMON "Auto-Submitted: auto-replied "
		  "(vacation)\n", "x@example.net", BOUNCE_REPORTER_STRANGER,
		  NULL },
		{ DOVECOT POSTFIX DAEMON "Auto-Submitted: auto-replied\n",
		  "x@example.net", BOUNCE_REPORTER_OWN, NULL },
		/* written by an outsider below the border's line */
		{ DOVECOT EVIL POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		{ EVIL POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT EVIL DOVECOT POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		/* behind our own proxy; one that is not ours, one that did not hand
		   it on; an outsider who writes its line */
		{ BEHIND("mx2.example.org") PROXY("mx2.example.org") POSTFIX
		  DAEMON, "x@example.net", BOUNCE_REPORTER_OWN, NULL },
		{ BEHIND("mx2.example.org") PROXY("mx2.example.org") EVIL POSTFIX
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ BEHIND("front.example.com") PROXY("front.example.com") POSTFIX
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ BEHIND("mx.example.org") PROXY("mx2.example.org") POSTFIX
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT EVIL PROXY("mx.example.org") POSTFIX DAEMON,
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ PROXY("mx2.example.org") POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		/* a web application sends what it was given */
		{ DOVECOT LOOPBACK POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT LOOPBACK POSTFIX DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, local },
		/* forwarded here: a client stands below */
		{ DOVECOT POSTFIX EVIL DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		/* an unknown host's */
		{ DOVECOT "Received: by mail.example.com (Postfix) id 1; d\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		/* the address's own side */
		{ DOVECOT "Received: from h (mail.example.net [192.0.2.7]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n" DAEMON,
		  "x@example.net", BOUNCE_REPORTER_SIDE, NULL },
		{ DOVECOT "Received: from h (mail.example.net [192.0.2.7]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n" DAEMON,
		  "x@example.com", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT "Received: from mail.example.net (evil.example "
		  "[192.0.2.7]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT "Received: from =?us-ascii?q?x_=28mail.example.net_"
		  "[192.0.2.7]=29?= (evil.example [192.0.2.9]) by "
		  "mx.example.org (Postfix) with ESMTP id 1;\n" DAEMON,
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT "Received: from h (dyn7.example.net [192.0.2.7]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n" DAEMON,
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		/* behind a filter on loopback */
		{ DOVECOT LOOPBACK "Received: from h (mail.example.net "
		  "[192.0.2.7]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT LOOPBACK "Received: from h (mail.example.net "
		  "[192.0.2.7]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_SIDE, local },
		/* a free mailbox's redirect comes from its hosts */
		{ DOVECOT "Received: from h (mail-1.google.com [192.0.2.7]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n" DAEMON,
		  "x@google.com", BOUNCE_REPORTER_STRANGER, NULL },
		/* a smarthost that is named, and its other customer */
		{ DOVECOT "Received: from s (smarthost.example.com "
		  "[192.0.2.8]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  "Received: by smarthost.example.com (Postfix) id 2; d\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_RELAY, relays },
		{ DOVECOT "Received: from s (smarthost.example.com "
		  "[192.0.2.8]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  "Received: by smarthost.example.com (Postfix) id 2; d\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT "Received: from s (smarthost.example.com "
		  "[192.0.2.8]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  "Received: from c (c [192.0.2.3]) by smarthost.example.com "
		  "(Postfix) with ESMTPSA id 2; d\n"
		  "Received: by smarthost.example.com (Postfix) id 2; d\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, relays },
		/* behind a host that is named, too; a customer's, by its private
		   address, and by a name that the provider gave it */
		{ DOVECOT RELAY "Received: from i (inner.smarthost.example.com "
		  "[10.0.0.5]) by smarthost.example.com (Postfix) with ESMTP id "
		  "2; d\nReceived: by inner.smarthost.example.com (Postfix) id "
		  "3; d\n" DAEMON, "x@example.net", BOUNCE_REPORTER_RELAY,
		  relays },
		{ DOVECOT RELAY "Received: from i (unknown [10.0.0.5]) by "
		  "smarthost.example.com (Postfix) with ESMTP id 2; d\n"
		  "Received: by smarthost.example.com (Postfix) id 3; d\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, relays },
		{ DOVECOT RELAY "Received: from i (vps7.example.com "
		  "[192.0.2.70]) by smarthost.example.com (Postfix) with ESMTP "
		  "id 2; d\nReceived: by smarthost.example.com (Postfix) id 3; "
		  "d\n" DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER,
		  relays },
		{ DOVECOT RELAY "Received: from localhost (localhost "
		  "[127.0.0.1]) by smarthost.example.com (Postfix) with ESMTP "
		  "id 2; d\nReceived: by smarthost.example.com (Postfix) id 3; "
		  "d\n" DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER,
		  relays },
		/* one that strips what stands below */
		{ DOVECOT "Received: from s (smarthost.example.com "
		  "[192.0.2.8]) by mx.example.org (Postfix) with ESMTP id 1;\n"
		  DAEMON, "x@example.net", BOUNCE_REPORTER_STRANGER, relays },
		{ "Subject: nothing\n", "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		/* several senders, a group, no daemon's names */
		{ DOVECOT POSTFIX DAEMON DAEMON, "x@example.net",
		  BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX "From: mailer-daemon@a.example, b@a.example\n",
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX "From: mailer-daemon: b@a.example;\n",
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX "From: \"mailer-daemon@x\"@a.example\n",
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX "From: microsoftexchangefan@a.example\n",
		  "x@example.net", BOUNCE_REPORTER_STRANGER, NULL },
		{ DOVECOT POSTFIX "From: MicrosoftExchange329e71ec88ae4615bbc36ab"
		  "6ce41109e@a.example\n", "x@example.net",
		  BOUNCE_REPORTER_OWN, NULL },
		{ DOVECOT POSTFIX "From: <>\n", "x@example.net",
		  BOUNCE_REPORTER_OWN, NULL },
		{ DOVECOT POSTFIX "From: MAILER-DAEMON (Mail Delivery System)\n",
		  "x@example.net", BOUNCE_REPORTER_OWN, NULL },
		{ DOVECOT POSTFIX, "x@example.net", BOUNCE_REPORTER_OWN, NULL },
	};
	pool_t pool = pool_alloconly_create("test", 4096);

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_trace trace;
		enum bounce_reporter reporter;

		read_trace(pool, tests[i].header, "SESSION:2", tests[i].relays,
			   NULL, &trace);
		reporter = bounce_trace_reporter(&trace, tests[i].address);
		ck_assert_msg(reporter == tests[i].reporter, "%u: %s\n%s", i,
			      bounce_trust_reporter_name(reporter), tests[i].header);
	}
	pool_unref(&pool);
}
END_TEST

/* A line of another session was written by the sender. */
START_TEST(session)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct bounce_trace trace;

	read_trace(pool, DOVECOT POSTFIX DAEMON, "OTHER", NULL, NULL, &trace);
	ck_assert_int_eq(trace.reporter, BOUNCE_REPORTER_STRANGER);
	ck_assert_uint_eq(array_count(&trace.hosts), 0);
	read_trace(pool, DOVECOT POSTFIX DAEMON, "SESSION", NULL, NULL, &trace);
	ck_assert_int_eq(trace.reporter, BOUNCE_REPORTER_OWN);
	ck_assert_uint_eq(array_count(&trace.hosts), 2);
	pool_unref(&pool);
}
END_TEST

/* Whose report it is at all. */
START_TEST(senders)
{
	static const struct {
		const char *mail_from;
		bool report;
	} tests[] = {
		{ "", TRUE }, { "<>", TRUE }, { "MAILER-DAEMON", TRUE },
		/* sendmail's, where it adds its domain */
		{ "MAILER-DAEMON@mx.example.org", TRUE },
		{ "mailer-daemon@evil.example", FALSE },
		{ "mailer-daemon@", FALSE },
		{ "mailer-daemon@evilmx.example.org", FALSE },
		{ "x-mailer-daemon@mx.example.org", FALSE },
		{ "bob@mx.example.org", FALSE }, { "@mx.example.org", FALSE },
	};
	pool_t pool = pool_alloconly_create("test", 4096);

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_trace_site site = {
			.hosts = hosts, .mail_from = tests[i].mail_from,
		};
		struct istream *input = i_stream_create_from_data(
			POSTFIX DAEMON, strlen(POSTFIX DAEMON));
		struct bounce_trace trace;

		bounce_trace_read(input, pool, &site, &trace);
		i_stream_unref(&input);
		ck_assert_msg(trace.report == tests[i].report &&
			      (trace.reporter == BOUNCE_REPORTER_OWN) ==
			      tests[i].report, "%s", tests[i].mail_from);
	}
	pool_unref(&pool);
}
END_TEST

START_TEST(signatures)
{
	static const char *const authserv[] = { "mx.example.org", NULL };
	static const char above[] = DOVECOT
		"Authentication-Results: mx.example.org; dkim=pass "
		"header.d=googlemail.com\n" EVIL
		"From: mailer-daemon@googlemail.com\n";
	static const char below[] = DOVECOT EVIL
		"Authentication-Results: mx.example.org; dkim=pass "
		"header.d=googlemail.com; dkim=pass header.d=example.net\n"
		"From: mailer-daemon@googlemail.com\n";
	static const char other[] = DOVECOT
		"Authentication-Results: mx.example.org; dkim=fail\n" EVIL
		"Authentication-Results: mx.example.org; dkim=pass "
		"header.d=googlemail.com\n"
		"From: mailer-daemon@googlemail.com\n";
	static const char signed_by[] = DOVECOT EVIL
		"Authentication-Results: mx.example.org; dkim=pass "
		"header.d=example.net\nFrom: ";
	static const struct {
		const char *from;
		enum bounce_reporter reporter;
	} senders[] = {
		{ "MAILER-DAEMON@mx1.example.net", BOUNCE_REPORTER_SIDE },
		{ "Postmaster <postmaster@example.net>", BOUNCE_REPORTER_SIDE },
		{ "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net",
		  BOUNCE_REPORTER_SIDE },
		/* names that a provider's user may have, or write */
		{ "mmdf@example.net", BOUNCE_REPORTER_STRANGER },
		{ "mdaemon@example.net", BOUNCE_REPORTER_STRANGER },
		{ "MAILER-DAEMON@evil.example", BOUNCE_REPORTER_STRANGER },
		{ "mailer-daemon: evil@example.net;", BOUNCE_REPORTER_STRANGER },
		{ "mailer-daemon@example.net, evil@example.net",
		  BOUNCE_REPORTER_STRANGER },
		{ "mailer-daemon@example.net\nFrom: evil@example.net",
		  BOUNCE_REPORTER_STRANGER },
		{ "\"mailer-daemon@x\"@example.net", BOUNCE_REPORTER_STRANGER },
		{ "<>", BOUNCE_REPORTER_STRANGER },
		{ "", BOUNCE_REPORTER_STRANGER },
	};
	pool_t pool = pool_alloconly_create("test", 4096);
	struct bounce_trace trace;

	read_trace(pool, above, "SESSION", NULL, NULL, &trace);
	ck_assert_int_eq(bounce_trace_reporter(&trace, "x@gmail.com"),
			 BOUNCE_REPORTER_HOSTER);
	/* for its own domains only */
	ck_assert_int_eq(bounce_trace_reporter(&trace, "x@example.net"),
			 BOUNCE_REPORTER_STRANGER);
	read_trace(pool, below, "SESSION", NULL, NULL, &trace);
	ck_assert_int_eq(bounce_trace_reporter(&trace, "x@gmail.com"),
			 BOUNCE_REPORTER_STRANGER);
	read_trace(pool, below, "SESSION", NULL, authserv, &trace);
	ck_assert_int_eq(bounce_trace_reporter(&trace, "x@gmail.com"),
			 BOUNCE_REPORTER_HOSTER);
	/* whom another domain's signature says nothing of */
	ck_assert_int_eq(bounce_trace_reporter(&trace, "x@example.net"),
			 BOUNCE_REPORTER_STRANGER);
	for (unsigned int i = 0; i < N_ELEMENTS(senders); i++) {
		read_trace(pool, t_strconcat(signed_by, senders[i].from, "\n",
					     NULL), "SESSION", NULL, authserv,
			   &trace);
		ck_assert_msg(bounce_trace_reporter(&trace, "x@example.net") ==
			      senders[i].reporter, "%s", senders[i].from);
	}
	read_trace(pool, other, "SESSION", NULL, authserv, &trace);
	ck_assert_int_eq(bounce_trace_reporter(&trace, "x@gmail.com"),
			 BOUNCE_REPORTER_STRANGER);
	pool_unref(&pool);
}
END_TEST

START_TEST(entries)
{
	static const struct {
		const char *headers;
		bool relayed, authenticated, loopback;
		const char *login;
	} tests[] = {
		{ "Received: from c (c.example [203.0.113.9]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n", TRUE, FALSE,
		  FALSE, NULL },
		{ "Received: from c (c.example [203.0.113.9]) (Authenticated "
		  "sender: alice) by mx.example.org (Postfix) with ESMTPSA "
		  "id 1; d\n", FALSE, TRUE, FALSE, "alice" },
		{ "Received: from c (unknown [10.0.0.9]) by mx.example.org "
		  "(Postfix) with ESMTP id 1; d\n", FALSE, FALSE, FALSE, NULL },
		{ "Received: by mx.example.org (Postfix, from userid 33) id 1;"
		  " d\n", FALSE, FALSE, FALSE, NULL },
		/* through a filter */
		{ LOOPBACK "Received: from c (c.example [203.0.113.9]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n", TRUE, FALSE,
		  TRUE, NULL },
		/* what stands below a stranger's line is not ours */
		{ "Received: from c (c.example [203.0.113.9]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n"
		  "Received: from x (x [10.0.0.1]) (Authenticated sender: "
		  "alice) by mx.example.org (Postfix) with ESMTPSA id 1; d\n",
		  TRUE, FALSE, FALSE, NULL },
		{ "Received: from x (x [203.0.113.9]) by other.example "
		  "(Postfix) with ESMTP id 1; d\n", FALSE, FALSE, FALSE, NULL },
		{ "Subject: x\n", FALSE, FALSE, FALSE, NULL },
		/* qmail: its queue's line, and its server's */
		{ "Received: (qmail 4711 invoked from network); d\n"
		  "Received: from unknown (HELO x) (203.0.113.9) by "
		  "mx.example.org with SMTP; d\n", TRUE, FALSE, FALSE, NULL },
		{ "Received: (qmail 4711 invoked by uid 1000); d\n"
		  "Received: from unknown (HELO x) (203.0.113.9) by "
		  "mx.example.org with SMTP; d\n", FALSE, FALSE, FALSE, NULL },
		{ "Received: from unknown (HELO x) by mx.example.org with SMTP; "
		  "d\n", TRUE, FALSE, FALSE, NULL },
		/* a name in the DNS */
		{ "Received: from x (authenticated.evil.example [203.0.113.9]) "
		  "by mx.example.org (Postfix) with ESMTP id 1; d\n", TRUE,
		  FALSE, FALSE, NULL },
		{ "Received: from x (helo.evil.example [203.0.113.9]) by "
		  "mx.example.org (Postfix) with ESMTP id 1; d\n", TRUE, FALSE,
		  FALSE, NULL },
	};
	struct bounce_trace_site site = { .hosts = hosts };
	pool_t pool = pool_alloconly_create("test", 4096);
	struct bounce_entry entry;
	struct bounce_trace trace;

	read_trace(pool, DOVECOT POSTFIX DAEMON, "SESSION", NULL, NULL, &trace);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bounce_trace_entry_read(tests[i].headers, pool, &site, &trace,
				  &entry);
		ck_assert_msg(entry.relayed == tests[i].relayed &&
			      entry.authenticated == tests[i].authenticated &&
			      entry.loopback == tests[i].loopback &&
			      null_strcmp(entry.login, tests[i].login) == 0,
			      "%u: %d %d %d %s", i, entry.relayed,
			      entry.authenticated, entry.loopback, entry.login);
	}
	pool_unref(&pool);
}
END_TEST

START_TEST(relay_passed_us)
{
	static const char ours[] =
		"Received: from mx.example.org (mx.example.org [192.0.2.1]) by "
		"smarthost.example.com (Postfix) with ESMTP id 1; d\n";
	static const char others[] =
		"Received: from evil (evil.example [192.0.2.66]) by "
		"smarthost.example.com (Postfix) with ESMTPSA id 1; d\n"
		"Received: from mx.example.org (mx.example.org [192.0.2.1]) by "
		"smarthost.example.com (Postfix) with ESMTP id 1; d\n";
	/* the relay's own filter, by the address alone */
	static const char filtered[] =
		"Received: from x (unknown [10.0.0.7]) by smarthost.example.com "
		"(Postfix) with ESMTP id 2; d\n"
		"Received: from mx.example.org (mx.example.org [192.0.2.1]) by "
		"smarthost.example.com (Postfix) with ESMTP id 1; d\n";
	struct bounce_trace_site site = { .hosts = hosts };
	struct bounce_trace trace = {
		.reporter = BOUNCE_REPORTER_RELAY,
		.relay = "smarthost.example.com",
	};
	pool_t pool = pool_alloconly_create("test", 1024);
	struct bounce_entry entry;

	p_array_init(&trace.hosts, pool, 1);
	bounce_trace_entry_read(ours, pool, &site, &trace, &entry);
	ck_assert(entry.passed_us);
	bounce_trace_entry_read(filtered, pool, &site, &trace, &entry);
	ck_assert(entry.passed_us);
	bounce_trace_entry_read(others, pool, &site, &trace, &entry);
	ck_assert(!entry.passed_us);
	bounce_trace_entry_read("Subject: x\n", pool, &site, &trace, &entry);
	ck_assert(!entry.passed_us);
	pool_unref(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tcase = tcase_create("trust");

	tcase_add_test(tcase, table);
	tcase_add_test(tcase, organisations);
	tcase_add_test(tcase, received);
	tcase_add_test(tcase, fetched);
	tcase_add_test(tcase, reporters);
	tcase_add_test(tcase, session);
	tcase_add_test(tcase, senders);
	tcase_add_test(tcase, signatures);
	tcase_add_test(tcase, entries);
	tcase_add_test(tcase, relay_passed_us);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
