/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-kind-private.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-string.h"

#include <ctype.h>

/* A daemon's name is a word, not a part of one. */
static const char *const daemons[] = {
	"mailer-daemon", "mailer_daemon", "mailerdaemon", "mailer daemon",
	"postmaster", "mail delivery", "mail.delivery", "maildelivery",
	"delivery subsystem", "delivery system", "mail system",
	"mail-daemon", "maildaemon", "mdaemon", "mail administrator",
	"system administrator", "mail router", "email delivery",
	"email gateway", "mail gateway", "smtp gateway", "antivirus_for_smtp",
	"postoffice", "bounce", "mail-bouncer", "jetmail system", "mmdf", "x400", "uucp",
	"microsoft exchange", "microsoft outlook", "message transfer",
	"interscan", "mailscan", "courier mail", "mail server",
	"mta", "post_master", "<>", NULL
};
static const char *const reply_headers[] = {
	"X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-AutoReply-From",
	"X-Mail-Autoreply", "X-Autoresponder", "X-Vacation",
	"Auto-Reply", "X-Auto-Reply-From", NULL
};
/* Fields that only reports have. */
static const char *const report_headers[] = {
	"X-Failed-Recipients", "X-Delivery-Status", "X-Feedback-Type", NULL
};

static const char *kind_folded_header(const struct bounce_message *message,
				      const char *name)
{
	return bounce_string_fold(bounce_message_header(message, name),
				  BOUNCE_MAX_LINE);
}

/* Is one of the words in text, not within a longer word? */
static bool kind_has_word(const char *text, const char *const *words)
{
	struct bounce_string_pairs pairs;
	const char *p;

	if (*text == '\0')
		return FALSE;
	bounce_string_pairs(text, &pairs);
	for (; *words != NULL; words++) {
		if (!bounce_string_may_have(&pairs, *words))
			continue;
		for (p = text; (p = strstr(p, *words)) != NULL; p++) {
			if ((p == text || !i_isalnum(p[-1])) &&
			    !i_isalpha(p[strlen(*words)]))
				return TRUE;
		}
	}
	return FALSE;
}

static bool kind_is_daemon(const struct bounce_message *message)
{
	static const char *const paths[] = { "mailer-daemon", NULL };
	const char *from = kind_folded_header(message, "From");

	if (from[0] == '\0' && bounce_message_has(message, "From"))
		return TRUE;
	return kind_has_word(from, daemons) || kind_has_word(
		kind_folded_header(message, "Return-Path"), paths);
}

static void kind_read_sender(const struct bounce_message *message,
			     const struct bounce_envelope *envelope,
			     struct bounce_kind_hints *hints)
{
	const char *from = bounce_message_header(message, "Return-Path");
	bool told = envelope != NULL && envelope->mail_from != NULL &&
		(from == NULL || !envelope->hearsay);

	if (told)
		from = envelope->mail_from;
	else if (from != NULL)
		from = t_str_trim(from, " <>");
	else
		return;
	/* who forwards rewrites the sender (SRS), the null one, too */
	hints->named_sender = !bounce_string_ibegins(from, "mailer-daemon") &&
		!bounce_string_ibegins(from, "SRS0") &&
		!bounce_string_ibegins(from, "SRS1");
	/* as an mbox has it; who delivers knows it better than a header */
	hints->null_sender = *from == '\0' ||
		strcasecmp(from, "mailer-daemon") == 0 ||
		(told && bounce_string_ibegins(from, "mailer-daemon"));
	if (hints->null_sender)
		hints->named_sender = FALSE;
}

/* An answer that no person sent, whatever its language: Exchange's have no type
   of their own. Trackers, too, put "auto-generated" on what answers, but their
   mail has a sender. */
static bool kind_is_generated_answer(const struct bounce_message *message,
				     const struct bounce_kind_hints *hints,
				     const struct bounce_subject *subject)
{
	if (!bounce_message_has(message, "In-Reply-To") || hints->daemon)
		return FALSE;
	/* Exchange's rules forward, too */
	return hints->null_sender || (!subject->person &&
		bounce_message_has(message, "X-MS-Exchange-Inbox-Rules-Loop"));
}

/* Its subject says so. A person may answer to an answering machine, and use
   its words. */
static bool kind_is_reply_subject(const struct bounce_message *message,
				  const struct bounce_kind_hints *hints,
				  const struct bounce_subject *subject)
{
	const char *precedence = kind_folded_header(message, "Precedence");

	if (subject->reply && !subject->person)
		return TRUE;
	if (!subject->reply && !subject->maybe_reply)
		return FALSE;
	return hints->null_sender || strcmp(precedence, "junk") == 0;
}

static bool kind_is_auto_reply(const struct bounce_message *message,
			       const struct bounce_kind_hints *hints,
			       const struct bounce_subject *subject)
{
	const char *submitted = kind_folded_header(message, "Auto-Submitted");

	if (bounce_string_begins(submitted, "auto-replied") ||
	    strcmp(kind_folded_header(message, "Precedence"),
		   "auto_reply") == 0)
		return TRUE;
	for (unsigned int i = 0; reply_headers[i] != NULL; i++) {
		if (bounce_message_has(message, reply_headers[i]))
			return TRUE;
	}
	if (bounce_string_begins(submitted, "auto-generated") &&
	    (subject->subscribed ||
	     kind_is_generated_answer(message, hints, subject)))
		return TRUE;
	return kind_is_reply_subject(message, hints, subject);
}

/* Written by a client for its user: a person's own has no such field. */
static bool kind_is_unsubscribe(const struct bounce_message *message)
{
	return strcmp(kind_folded_header(message, "Subject"),
		      "unsubscribe") == 0 &&
		bounce_string_begins(kind_folded_header(message,
							"Auto-Submitted"),
				     "auto-");
}

/* Italian certified mail (PEC, DPR 68/2005): a provider signs what became of a mail,
   and has a sender. */
static bool kind_is_certified_failure(const struct bounce_message *message)
{
	static const char *const failures[] = {
		"non-accettazione", "errore-consegna",
		"preavviso-errore-consegna", "rilevazione-virus", NULL
	};
	const char *receipt = bounce_message_header(message, "X-Ricevuta");

	return receipt != NULL && str_array_icase_find(failures, receipt);
}

static bool kind_is_report(const struct bounce_message *message)
{
	const char *type = message->content_type;

	if (kind_is_certified_failure(message))
		return TRUE;

	for (unsigned int i = 0; report_headers[i] != NULL; i++) {
		if (bounce_message_has(message, report_headers[i]))
			return TRUE;
	}
	return type != NULL && (strcmp(type, "multipart/report") == 0 ||
				strcmp(type, "message/delivery-status") == 0);
}

/* An answer, a mail that somebody passed on, a post to a list, a ticket, a
   newsletter. */
static bool kind_is_person(const struct bounce_message *message,
			   const struct bounce_kind_hints *hints,
			   const struct bounce_subject *subject)
{
	bool machine = hints->null_sender || hints->daemon;

	/* a helpdesk acknowledges with no sender, and with the subject it got */
	if (subject->person ||
	    (subject->ticket && !hints->daemon && !hints->report))
		return TRUE;
	/* a list's own bounces are handled by the list */
	if (subject->tagged &&
	    (bounce_message_has(message, "List-Id") ||
	     (!machine && !hints->report)))
		return TRUE;
	/* RFC 8058: a newsletter, which may be about bounces */
	if (bounce_message_has(message, "List-Unsubscribe-Post") && !machine &&
	    !hints->report)
		return TRUE;
	return bounce_message_has(message, "In-Reply-To") && !machine;
}

/* By the name that clients give themselves. */
static bool kind_has_client(const struct bounce_message *message)
{
	static const char *const clients[] = {
		"microsoft outlook", "outlook express", "apple mail",
		"iphone mail", "ipad mail", "evolution", "thunderbird",
		"mutt", "claws mail", "sylpheed", "kmail", "airmail",
		"the bat!", "webmail", "roundcube", "squirrelmail", "horde",
		"zimbra", "k-9 mail", "em client", "emclient", "mailmate",
		"open-xchange", "sogo", "mailspring", "becky!", "foxmail",
		NULL
	};

	return kind_has_word(kind_folded_header(message, "User-Agent"),
			     clients) ||
		kind_has_word(kind_folded_header(message, "X-Mailer"), clients);
}

/* Is from (MAIL FROM) another address at the domain of From:? */
static bool kind_has_other_sender(const struct bounce_message *message,
				  const char *from)
{
	const char *author = bounce_header_address(pool_datastack_create(),
		bounce_message_header(message, "From"));
	const char *at = strrchr(from, '@');
	const char *author_at = author == NULL ? NULL : strrchr(author, '@');

	return at != NULL && author_at != NULL && strcasecmp(at, author_at) == 0 &&
		strcasecmp(from, author) != 0;
}

static bool kind_stands_in(const struct bounce_message *message,
			   const struct bounce_envelope *envelope,
			   const struct bounce_kind_hints *hints)
{
	const char *from = bounce_message_header(message, "Return-Path");

	if (!hints->passed_on || !hints->named_sender || hints->client ||
	    bounce_message_has(message, "In-Reply-To") ||
	    bounce_message_has(message, "References") ||
	    bounce_message_has(message, "List-Id"))
		return FALSE;
	if (envelope != NULL && envelope->mail_from != NULL)
		from = envelope->mail_from;
	return from != NULL &&
		kind_has_other_sender(message, t_str_trim(from, " <>"));
}

static void kind_read_subject(const struct bounce_subject *subject,
			      struct bounce_kind_hints *hints)
{
	hints->no_subject = subject->empty;
	hints->failure_subject = subject->failure;
	hints->delay_subject = subject->delay;
	hints->late_subject = subject->late;
	hints->success_subject = subject->success;
	hints->reply_subject = subject->reply_begins;
	hints->receipt_subject = subject->receipt;
	hints->complaint_subject = subject->complaint;
	hints->summary = subject->summary;
	hints->answer = hints->passed_on = subject->person;
}

void bounce_kind_hints_read(const struct bounce_message *message,
			    const struct bounce_envelope *envelope,
			    struct bounce_kind_hints *hints_r)
{
	i_zero(hints_r);
	T_BEGIN {
		struct bounce_subject subject;

		const char *value = bounce_message_header(message, "Subject");

		bounce_subject_read(value == NULL ? "" : value, &subject);
		kind_read_subject(&subject, hints_r);
		kind_read_sender(message, envelope, hints_r);
		hints_r->daemon = kind_is_daemon(message);
		hints_r->report = kind_is_report(message);
		hints_r->page = message->content_type != NULL &&
			strcmp(message->content_type, "text/html") == 0;
		hints_r->rejection = strstr(
			kind_folded_header(message, "Auto-Submitted"),
			"rejected") != NULL;
		hints_r->unsubscribes = kind_is_unsubscribe(message);
		hints_r->auto_reply = kind_is_auto_reply(message, hints_r,
							 &subject);
		if (bounce_message_has(message, "In-Reply-To"))
			hints_r->answer = TRUE;
		hints_r->person = kind_is_person(message, hints_r, &subject);
		hints_r->client = kind_has_client(message);
		hints_r->stands_in = kind_stands_in(message, envelope, hints_r);
		hints_r->ours = bounce_message_has(message,
						   "X-Bounce-Notice");
		hints_r->journal =
			bounce_message_has(message, "X-MS-Journal-Report");
	} T_END;
}

bool bounce_kind_hints_is_candidate(const struct bounce_kind_hints *hints)
{
	if (hints->ours || hints->journal)
		return FALSE;
	if (hints->null_sender || hints->report || hints->receipt_subject ||
	    hints->complaint_subject || hints->unsubscribes ||
	    hints->auto_reply || hints->stands_in)
		return TRUE;
	return hints->daemon || ((hints->failure_subject ||
				  hints->delay_subject) && !hints->person);
}

bool bounce_kind_hints_by_person(const struct bounce_kind_hints *hints)
{
	if (hints->report || (hints->null_sender && hints->daemon))
		return FALSE;
	if (hints->client)
		return TRUE;
	/* a list passes on what a mailer sent to it */
	if (hints->daemon)
		return hints->passed_on;
	return hints->person ||
		(hints->null_sender && hints->answer &&
		 (!hints->failure_subject || hints->late_subject));
}

bool bounce_kind_feedback_objects(const char *type)
{
	static const char *const types[] = {
		"abuse", "complaint", "fraud", "miscategorized", "opt-out",
		"opt-out-list", "spam", "unsubscribe", NULL
	};
	bool objects = TRUE;

	if (type != NULL && *type != '\0') T_BEGIN {
		objects = str_array_icase_find(types, t_strcut(type, ' '));
	} T_END;
	return objects;
}
