/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* Reports in plain words. Who wrote them matters for the name only: they share
   their shapes (bounce-scan). */

/* Words of the notice (folded) by which a mailer is known, and where they come
   from. Others write them, too: netqmail's are those of its offspring, Exim's those
   of GMX, 1&1, Zoho and MXLogic. */
static const struct {
	const char *name;
	const char *words;
} mailers[] = {
	/* qmail 1.03, netqmail: qmail-send.c */
	{ "qmail", "qmail-send program" },
	/* Apache James 2, 3: RemoteDelivery */
	{ "james", "james mail server" },
	/* qmail's offspring: IndiMail, Haraka's default text */
	{ "qmail", "i'm afraid i wasn't able to deliver your message" },
	/* Yahoo, until 2013 and since */
	{ "yahoo", "message from yahoo" },
	{ "yahoo",
	  "sorry, we were unable to deliver your message to the following" },
	/* Mail.ru's Exim */
	{ "mailru", "создано автоматически сервером mail.ru" },
	/* OpenSMTPD 5, 6, 7: bounce.c */
	{ "opensmtpd", "this is the mailer-daemon, please do not reply" },
	/* Exim 3, 4: deliver.c, moan.c */
	{ "exim", "created automatically by mail delivery software" },
	{ "exim", "a message that you sent" },
	/* Postfix before 2.3, and since: bounce_templates.c */
	{ "postfix", "postfix program" },
	{ "postfix", "this is the mail system at host" },
	{ "postfix", "the mail system <" },
	/* DragonFly's dma 0.1 to 0.13: mail.c */
	{ "dragonfly", "dragonfly mail agent" },
	/* sendmail 5, 8: savemail.c */
	{ "sendmail", "transcript of session follows" },
	{ "sendmail", "had permanent fatal errors" },
	{ "opensmtpd", "opensmtpd" },
	{ "opensmtpd", "smtpd daemon" },
	/* Gmail, until 2016 and since; Google Groups */
	{ "google", "google tried to deliver" },
	{ "google", "technical details of permanent failure" },
	{ "google", "support.google.com/mail/" },
	{ "google-groups", "google groups" },
	/* Exchange 2007 to Online; 5.5 to 2003 */
	{ "exchange", "delivery has failed to these recipients" },
	{ "exchange", "did not reach the following recipient(s)" },
	{ "exchange", "generating server:" },
	/* Notes 4, Domino 5 to 12 */
	{ "domino", "failure reasons" },
	/* by their own names */
	{ "hmailserver", "hmailserver" },
	{ "mailenable", "mailenable" },
	{ "mdaemon", "mdaemon" },
	{ "courier", "courier" },
	{ "symantec", "symantec" },
	{ "interscan", "interscan" },
	{ "communigate", "communigate" },
	{ "kerio", "kerio" },
	/* PP and Isode's: part of an X.400 address */
	{ "x400", "mta-certificate" },
};

static const char *format_text_mailer_name(const char *folded)
{
	for (unsigned int i = 0; i < N_ELEMENTS(mailers); i++) {
		if (strstr(folded, mailers[i].words) != NULL)
			return mailers[i].name;
	}
	return "text";
}

static bool
format_text_says(const struct bounce_notice *scan,
		 enum bounce_words_class class)
{
	return bounce_kind_has(bounce_notice_said(scan), class);
}

static bool format_text_is_personal(const struct bounce_notice *scan)
{
	return bounce_words_personal(bounce_notice_said(scan),
				     bounce_notice_notice(scan));
}

/* A mailer of no known name, whose subject says nothing: RFC 3834's field is
   no proof of a reply, since Postfix and Exim write it into their reports. */
static bool format_text_may_be_unknown(const struct bounce_kind_hints *hints)
{
	return hints->null_sender && !hints->reply_subject && !hints->answer;
}

/* What a page that only wants to be clicked does not have: an answer's code, or
   which mail it was. */
static bool format_text_says_details(struct bounce_notice *scan)
{
	const char *notice = bounce_notice_notice(scan);

	return bounce_status_reply_find(notice, NULL) != NULL ||
		bounce_status_find(notice) != NULL ||
		bounce_notice_describes(scan, FALSE);
}

/* Can these words be believed, from this sender? Whoever forges or reports on
   mail (log summaries, phishing, notices to the postmaster) uses the same. */
struct belief {
	const struct bounce_kind_hints *hints;
	struct bounce_notice *scan;
	enum bounce_notice_tier tier;
	/* the notice has words of failure or delay; it says why; the subject has
	   such words; a returned header was found */
	bool words, blames, subject, returned;
};

/* The sender is a mailer by both of its signs, or by the report's type. */
static bool format_text_believe_mailer(const struct belief *belief)
{
	if (belief->subject)
		return TRUE;
	/* it returns the mail, and speaks of an address */
	if (belief->returned && belief->tier >= BOUNCE_NOTICE_SENTENCE &&
	    !belief->hints->auto_reply)
		return TRUE;
	if (!belief->words)
		return FALSE;
	return belief->returned || belief->tier >= BOUNCE_NOTICE_SENTENCE ||
		belief->tier == BOUNCE_NOTICE_GUESS ||
		(belief->tier == BOUNCE_NOTICE_NONE &&
		 (belief->blames ||
		  (bounce_notice_refuses(belief->scan) &&
		   bounce_notice_only(belief->scan) != NULL)));
}

/* RFC 3834's field is there, as replies have it. */
static bool format_text_believe_reply(const struct belief *belief)
{
	return belief->words && belief->tier >= BOUNCE_NOTICE_LISTED &&
		(belief->returned || bounce_notice_refuses(belief->scan)) &&
		!format_text_says(belief->scan, BOUNCE_WORD_TOLD);
}

/* It calls itself a mailer, but it is known that somebody sent it: postmasters
   write, too, and so do crooks. */
static bool format_text_believe_named(const struct belief *belief)
{
	const struct bounce_kind_hints *hints = belief->hints;

	if (hints->answer || format_text_is_personal(belief->scan))
		return FALSE;
	return belief->returned || belief->tier >= BOUNCE_NOTICE_LISTED ||
		!bounce_notice_links(belief->scan);
}

/* It has one of the two signs of a mailer. */
static bool format_text_believe_machine(const struct belief *belief)
{
	const struct bounce_kind_hints *hints = belief->hints;
	bool listed = belief->tier >= BOUNCE_NOTICE_LISTED;

	if (hints->named_sender && !format_text_believe_named(belief))
		return FALSE;
	/* only a link to follow comes of it */
	if (!hints->daemon && !listed && !belief->returned &&
	    bounce_notice_links(belief->scan))
		return FALSE;
	if (belief->subject && !hints->late_subject)
		return belief->words || belief->returned || listed ||
			(hints->null_sender &&
			 belief->tier >= BOUNCE_NOTICE_SENTENCE &&
			 bounce_notice_describes(belief->scan, TRUE));
	return belief->words &&
		(belief->returned || listed ||
		 (hints->null_sender && !hints->answer && !hints->late_subject &&
		  belief->tier >= BOUNCE_NOTICE_SENTENCE &&
		  (bounce_notice_refuses(belief->scan) || belief->blames)) ||
		 (belief->tier == BOUNCE_NOTICE_NONE && belief->blames));
}

/* "Dear Alice,": a program that greets by name is a shop's, a bank's, a crook's;
   lists and gateways say "Hello,". */
static bool format_text_greets_somebody(const struct bounce_notice *scan)
{
	const char *notice = bounce_notice_notice(scan);
	size_t len = strcspn(notice, "\n");

	return format_text_is_personal(scan) && len > 0 &&
		strchr(",:!", notice[len - 1]) != NULL &&
		memchr(notice, ' ', len) != NULL;
}

/* A program of no known name that has no sender and says why something fails,
   which is a mail by what it or its subject says. */
static bool format_text_may_be_blaming(const struct bounce_message *message,
				       const struct bounce_kind_hints *hints,
				       enum bounce_notice_tier tier,
				       struct bounce_notice *scan)
{
	return (format_text_may_be_unknown(hints) ||
		(hints->null_sender && hints->daemon)) &&
		!hints->auto_reply && !hints->page && !format_text_says(scan, BOUNCE_WORD_THANKS) &&
		!format_text_says(scan, BOUNCE_WORD_TOLD) &&
		!format_text_greets_somebody(scan) &&
		(hints->failure_subject || hints->daemon ||
		 tier >= BOUNCE_NOTICE_LISTED ||
		 format_text_says(scan, BOUNCE_WORD_MAIL) ||
		 bounce_notice_only_in(scan, bounce_message_header(message,
								   "Subject")) !=
		 NULL) &&
		(format_text_says(scan, BOUNCE_WORD_FAILURE) ||
		 bounce_notice_has_cause(scan));
}

/* Anybody: it must speak of a message and not quote a mailer. */
static bool format_text_believe_anybody(const struct belief *belief)
{
	static const char *const quoted[] = {
		"from: mail delivery", "from: \"mail delivery",
		"from: mailer-daemon", "from: <mailer-daemon",
		"from: postmaster", "from: microsoft outlook",
		"von: mail delivery", "von: mailer-daemon", "von: postmaster",
		"de : mail delivery", "de : postmaster", NULL
	};
	const struct bounce_kind_hints *hints = belief->hints;
	const char *folded = bounce_notice_folded(belief->scan);

	return belief->subject && !hints->late_subject && !hints->client &&
		belief->words &&
		(belief->tier >= BOUNCE_NOTICE_LISTED || belief->returned ||
		 (belief->tier >= BOUNCE_NOTICE_SENTENCE &&
		  bounce_notice_describes(belief->scan, FALSE))) &&
		format_text_says(belief->scan, BOUNCE_WORD_MAIL) &&
		bounce_string_find(folded, quoted) == NULL &&
		!format_text_is_personal(belief->scan);
}

/* No person without a sender shows the envelope of the mail that it answers. */
static bool format_text_shows_envelope(const struct bounce_kind_hints *hints,
				       const struct bounce_notice *scan)
{
	return hints->null_sender && !hints->client &&
		bounce_notice_shows_envelope(scan);
}

static bool
format_text_is_credible(const struct bounce_kind_hints *hints,
			enum bounce_notice_tier tier,
			struct bounce_notice *scan, bool words, bool blames,
			const struct bounce_report *report)
{
	bool machine = hints->null_sender || hints->daemon;
	struct belief belief = {
		.hints = hints, .scan = scan, .tier = tier, .blames = blames,
		.words = words || (hints->delay_subject &&
				   bounce_words_delay(bounce_notice_said(scan))),
		.subject = hints->failure_subject || hints->delay_subject ||
			hints->no_subject,
		.returned = report->original_headers != NULL &&
			(machine || !bounce_notice_is_quoted(scan)),
	};

	if (tier == BOUNCE_NOTICE_FIELD)
		return machine || belief.words || belief.returned;
	if (machine && hints->success_subject && !hints->failure_subject &&
	    tier >= BOUNCE_NOTICE_SENTENCE)
		return TRUE;
	if (format_text_shows_envelope(hints, scan))
		return belief.words || bounce_status_reply_find(
			bounce_notice_notice(scan), NULL) != NULL;
	if (hints->report || (hints->null_sender && hints->daemon))
		return format_text_believe_mailer(&belief);
	if (hints->answer && !belief.returned &&
	    format_text_says(scan, BOUNCE_WORD_TOLD))
		return FALSE;
	if (hints->page && !belief.returned &&
	    !format_text_says_details(scan) &&
	    (!hints->null_sender || tier < BOUNCE_NOTICE_SENTENCE))
		return FALSE;
	if (hints->auto_reply && !hints->daemon && !belief.subject)
		return format_text_believe_reply(&belief);
	return machine ? format_text_believe_machine(&belief) :
		format_text_believe_anybody(&belief);
}

/* Somebody failed, whomever else the mail reached. */
static bool format_text_gives_cause(const struct bounce_kind_hints *hints,
				    const struct bounce_notice *scan)
{
	return (hints->failure_subject ||
		(format_text_says(scan, BOUNCE_WORD_FAILURE) &&
		 format_text_says(scan, BOUNCE_WORD_DENIAL))) &&
		bounce_notice_has_cause(scan);
}

static enum bounce_kind
format_text_kind_of(const struct bounce_kind_hints *hints,
		    struct bounce_notice *scan)
{
	if (bounce_notice_mixes(scan))
		return BOUNCE_KIND_FAILURE;
	if (hints->success_subject && !hints->failure_subject)
		return BOUNCE_KIND_SUCCESS;
	if (hints->delay_subject || bounce_words_delay(bounce_notice_said(scan)))
		return BOUNCE_KIND_DELAY;
	if (!bounce_notice_refuses(scan) &&
	    format_text_says(scan, BOUNCE_WORD_SUCCESS) &&
	    bounce_words_success(bounce_notice_notice(scan)) &&
	    !format_text_gives_cause(hints, scan))
		return BOUNCE_KIND_SUCCESS;
	return BOUNCE_KIND_FAILURE;
}

/* A mailer's report that lost all it had to say is still a report; not a web
   page with nothing but a link to follow. */
static bool
format_text_says_nothing(const struct bounce_kind_hints *hints, bool words,
			 struct bounce_notice *scan,
			 const struct bounce_report *report)
{
	bool returned = report->original_headers != NULL;

	if (!hints->daemon || hints->page ||
	    (!returned && bounce_notice_links(scan)))
		return FALSE;
	if (!hints->failure_subject)
		return hints->null_sender && words &&
			bounce_notice_lists(scan);
	return hints->null_sender ||
		(words && (returned || bounce_notice_lists(scan)));
}

/* What is left where the words do not say who failed. NULL if nothing is. */
static const char *
format_text_find_anybody(const struct bounce_message *message,
			 const struct bounce_kind_hints *hints,
			 struct bounce_notice *scan, bool blames,
			 const struct bounce_report *report)
{
	const char *only = bounce_notice_only(scan);

	/* the returned mail went to it: its Delivered-To says so */
	if (only != NULL && report->original_headers != NULL &&
	    strcasestr(report->original_headers, only) != NULL)
		return only;
	if (array_count(&report->original_to) == 1)
		return array_idx_elem(&report->original_to, 0);
	if (!hints->daemon && !hints->report &&
	    !(hints->null_sender && hints->delay_subject) &&
	    !bounce_notice_refuses(scan) && !blames)
		return NULL;
	return only != NULL ? only : bounce_notice_only_in(scan,
		bounce_message_header(message, "Subject"));
}

static bool format_text_add_anybody(const struct bounce_message *message,
				    const struct bounce_kind_hints *hints,
				    struct bounce_notice *scan, bool words,
				    bool blames, struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	const char *address = format_text_find_anybody(message, hints, scan,
						       blames, report);

	if (address == NULL)
		return format_text_says_nothing(hints, words, scan, report);
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	return TRUE;
}

/* Without a sender, and with no sign of a mailer: is nobody named as one whom the
   mail was sent to? */
static bool format_text_aims_at_nobody(const struct bounce_message *message,
				       const struct bounce_kind_hints *hints,
				       struct bounce_notice *scan,
				       enum bounce_notice_tier tier,
				       const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;

	/* a mailer that only says why, and whose subject says nothing, is
	   believed no more than a stranger */
	if (!hints->null_sender || hints->report ||
	    (hints->daemon && (tier != BOUNCE_NOTICE_NONE ||
			       hints->failure_subject || hints->delay_subject ||
			       hints->no_subject ||
			       bounce_notice_refuses(scan))) ||
	    tier == BOUNCE_NOTICE_FIELD || report->original_headers != NULL ||
	    array_count(&report->original_to) > 0 ||
	    bounce_notice_shows_envelope(scan) ||
	    strcmp(report->format, "text") != 0)
		return FALSE;
	array_foreach(&report->recipients, rcpt) {
		if (bounce_notice_aims(scan, message, rcpt->address,
				       (hints->failure_subject ||
					hints->delay_subject) &&
				       !hints->late_subject))
			return FALSE;
	}
	return TRUE;
}

static bool text_read(const struct bounce_message *message,
		      const struct bounce_kind_hints *hints,
		      struct bounce_report *report)
{
	struct bounce_notice *scan;
	struct bounce_recipient *rcpt;
	enum bounce_notice_tier tier;
	const char *folded;
	bool words, blames, by_person = bounce_kind_hints_by_person(hints);

	if ((by_person && (!hints->null_sender || hints->client)) ||
	    (hints->person && !hints->null_sender && !hints->daemon))
		return FALSE;
	if (hints->auto_reply && !hints->daemon &&
	    !format_text_may_be_unknown(hints) &&
	    (!hints->failure_subject || hints->reply_subject))
		return FALSE;
	if (hints->summary && !hints->report)
		return FALSE;
	if (message->report_type != NULL && !hints->rejection &&
	    strcmp(message->report_type, "delivery-status") != 0)
		return FALSE;
	scan = bounce_notice_init(message->pool, message, report);
	if (by_person && !format_text_shows_envelope(hints, scan))
		return FALSE;
	folded = bounce_notice_folded(scan);
	if (!hints->daemon && !hints->report &&
	    format_text_says(scan, BOUNCE_WORD_CHALLENGE))
		return FALSE;
	if (!hints->report && !bounce_notice_refuses(scan) &&
	    bounce_words_waiting(bounce_notice_said(scan)))
		return FALSE;
	words = format_text_says(scan, BOUNCE_WORD_FAILURE) ||
		bounce_notice_refuses(scan);
	tier = bounce_notice_recipients(scan, report);
	blames = format_text_may_be_blaming(message, hints, tier, scan);
	words = words || blames;
	if (tier == BOUNCE_NOTICE_GUESS && !hints->daemon && !hints->report &&
	    !bounce_notice_refuses(scan)) {
		array_clear(&report->recipients);
		tier = BOUNCE_NOTICE_NONE;
	}
	if (tier == BOUNCE_NOTICE_NONE && hints->daemon)
		tier = bounce_notice_names(scan, message, report);
	if (!format_text_is_credible(hints, tier, scan, words, blames, report))
		return FALSE;
	/* the wrapped report knows more */
	if (tier == BOUNCE_NOTICE_NONE && *message->inner_status != '\0')
		return FALSE;
	if (tier == BOUNCE_NOTICE_NONE &&
	    ((!words && !hints->failure_subject && !hints->delay_subject) ||
	     !format_text_add_anybody(message, hints, scan, words, blames,
				      report)))
		return FALSE;
	report->kind = format_text_kind_of(hints, scan);
	report->format = format_text_mailer_name(folded);
	if (format_text_aims_at_nobody(message, hints, scan, tier, report))
		return FALSE;
	array_foreach_modifiable(&report->recipients, rcpt) {
		if (report->kind == BOUNCE_KIND_DELAY)
			rcpt->action = BOUNCE_ACTION_DELAYED;
		else if (report->kind == BOUNCE_KIND_SUCCESS)
			rcpt->action = BOUNCE_ACTION_DELIVERED;
	}
	bounce_notice_words(scan, report);
	T_BEGIN {
		report->reporting_mta = p_strdup(message->pool,
			bounce_notice_reporter_find(scan));
	} T_END;
	return TRUE;
}

const struct bounce_format bounce_format_text = {
	.name = "text",
	.read = text_read,
};
