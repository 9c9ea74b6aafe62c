#ifndef BOUNCE_KIND_H
#define BOUNCE_KIND_H

/* What a mail is, as far as its header tells. */

#include "bounce-types.h"
#include "bounce-words.h"

struct bounce_message;

struct bounce_kind_hints {
	/* our own notice to the user (X-Bounce-Notice): no report, whatever it
	   quotes */
	bool ours;
	/* MAIL FROM:<>, or a Return-Path: of a daemon */
	bool null_sender;
	/* it is known who sent it, and that it was no mailer */
	bool named_sender;
	/* From: a mailer, a postmaster */
	bool daemon;
	/* multipart/report, X-Failed-Recipients: and the like */
	bool report;
	/* the subject speaks of a failure, of a delay, of a success */
	bool failure_subject, delay_subject, success_subject;
	bool no_subject;
	/* after words of its own: "Contact: undelivered mail" */
	bool late_subject;
	/* the subject begins as an auto-reply's: "Auto: Undeliverable" */
	bool reply_subject;
	/* as a receipt's, "Read: "; it speaks of a complaint about spam */
	bool receipt_subject, complaint_subject;
	/* a client asks a list to take its user off: RFC 2369, RFC 8058 */
	bool unsubscribes;
	/* an account of many mails: a log's, a quarantine's */
	bool summary;
	/* it answers a mail: "Re:", In-Reply-To: */
	bool answer;
	/* "Re:", "Fwd:" begin the subject */
	bool passed_on;
	/* a program answers in a person's name: it answers no mail by its
	   Message-ID, and its sender is another one of From:'s domain */
	bool stands_in;
	/* nothing but HTML: few mailers write so, who imitates them does */
	bool page;
	/* RFC 3834 and what came before it */
	bool auto_reply;
	/* a mailbox's own filter refused the mail (RFC 5429): Sieve says so
	   in a disposition notification */
	bool rejection;
	/* written or passed on by a person: "Re:", "Fwd:", a list's post */
	bool person;
	/* written with a mail client, as no mailer's report is */
	bool client;
	/* a copy of any mail, made by Exchange for an archive */
	bool journal;
};

/* Read the hints from the mail's header. envelope may be NULL. */
void bounce_kind_hints_read(const struct bounce_message *message,
			    const struct bounce_envelope *envelope,
			    struct bounce_kind_hints *hints_r);
/* Can the mail be a report of any kind? Ordinary mail leaves here. */
bool bounce_kind_hints_is_candidate(const struct bounce_kind_hints *hints);

/* Does somebody answer a report, or pass it on? Also the postmaster, and an
   answering machine, which has no sender either. */
bool bounce_kind_hints_by_person(const struct bounce_kind_hints *hints);

/* Does feedback of that type (RFC 5965 Feedback-Type; NULL = none is named) say
   that the recipient objects to the mail? */
bool bounce_kind_feedback_objects(const char *type);

/* Which classes of words (group NOTICE) a text holds. */
bounce_words_set_t bounce_kind_words(const char *text);

static inline bool
bounce_kind_has(bounce_words_set_t words, enum bounce_words_class class)
{
	return (words & bounce_words_set(class)) != 0;
}

/* The notice of a report in plain words says that the mail is still being tried;
   that it waits until a moderator approves it; that it went well. */
bool bounce_words_delay(bounce_words_set_t words);
bool bounce_words_waiting(bounce_words_set_t words);
bool bounce_words_success(const char *text);
/* Somebody tells of a failure: "I got this"; or they greet. */
bool bounce_words_personal(bounce_words_set_t words, const char *text);

#endif
