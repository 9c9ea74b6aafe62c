#ifndef BOUNCE_NOTICE_H
#define BOUNCE_NOTICE_H

/* The general shape of a report in plain words: an introduction, addresses, a
   reason, the dialogue with a server, the returned mail. No mailer is named
   here; what is known is how mailers write. */

#include "bounce-types.h"
#include "bounce-words.h"

struct bounce_message;
struct bounce_notice;

/* How an address is in the notice; the best kind that is there names the
   recipients. */
enum bounce_notice_tier {
	/* nothing says that it failed */
	BOUNCE_NOTICE_NONE = 0,
	/* in a field, or alone below one, whose name we do not know: enough for
	   a mailer's report, not for anybody's mail */
	BOUNCE_NOTICE_GUESS,
	/* within a server's answer only */
	BOUNCE_NOTICE_ANSWER,
	/* in a sentence that says so */
	BOUNCE_NOTICE_SENTENCE,
	/* on a line of its own, or at the start of one */
	BOUNCE_NOTICE_LISTED,
	/* in a field: X-Failed-Recipients */
	BOUNCE_NOTICE_FIELD
};

/* Split the mail's text into the notice and the returned mail. report holds
   what is known of the returned mail so far; where message has no returned
   part, what the text returns is added to it, allocated from pool; the notice itself
   is on the data stack, in the caller's frame. */
struct bounce_notice *bounce_notice_init(pool_t pool,
				     const struct bounce_message *message,
				     struct bounce_report *report);

/* The notice alone, LF lines. */
const char *bounce_notice_notice(const struct bounce_notice *scan);
/* The notice as bounce_string_fold() makes it. */
const char *bounce_notice_folded(struct bounce_notice *scan);

/* The classes of words in the notice. */
bounce_words_set_t bounce_notice_said(const struct bounce_notice *scan);

/* Add the recipients that the notice names to report. Returns how they are
   in it. */
enum bounce_notice_tier
bounce_notice_recipients(struct bounce_notice *scan, struct bounce_report *report);

/* Does it say of one address that it failed, and of another that it is only delayed, or
   was reached? Then it is a report of the failure, whatever else its words say. */
bool bounce_notice_mixes(const struct bounce_notice *scan);

/* The same for names without a domain, which are those of the host that sends
   the report: "...the following recipients:" and the bare names below it. */
enum bounce_notice_tier
bounce_notice_names(struct bounce_notice *scan,
		  const struct bounce_message *message,
		  struct bounce_report *report);

/* For where nobody is named by any of these: the only address of the notice that
   is not the sender's or a contact's, the only one of subject (may be NULL) that
   is not the sender's. From the scan's pool, or NULL. */
const char *bounce_notice_only(const struct bounce_notice *scan);
const char *bounce_notice_only_in(const struct bounce_notice *scan,
				const char *subject);

/* Was the mail aimed at address, by what the notice or its subject says? For
   programs of no known name. */
bool bounce_notice_aims(const struct bounce_notice *scan,
			const struct bounce_message *message,
			const char *address, bool failure_subject);

/* Does the notice quote a server's refusal with its enhanced code, "550 5.1.1"?
   That says in every language that a delivery failed. */
bool bounce_notice_refuses(struct bounce_notice *scan);
/* Does a line of it say why a delivery fails, in words that mailers share ("no
   such user", "mailbox full")? People use them, too: no proof by itself. */
bool bounce_notice_has_cause(const struct bounce_notice *scan);
/* Does it hold a link to follow? */
bool bounce_notice_links(struct bounce_notice *scan);
/* Does it show the envelope, "MAIL FROM:" and "RCPT TO:"? */
bool bounce_notice_shows_envelope(const struct bounce_notice *scan);
/* Does a line announce a list of recipients, whether one is there or not? */
bool bounce_notice_lists(const struct bounce_notice *scan);
/* Is the returned header quoted, as people quote? */
bool bounce_notice_is_quoted(const struct bounce_notice *scan);
/* Does the notice describe the mail by its subject and to whom it went? Whoever
   passes a mail on by hand says from whom it came; so may a machine. */
bool bounce_notice_describes(const struct bounce_notice *scan, bool machine);

/* Fill in what the notice says of each recipient of report (diagnostic, reply,
   status, command, remote_mta, explanation) where it is not known yet. */
void bounce_notice_words(struct bounce_notice *scan, struct bounce_report *report);

/* The host that wrote the notice, where it says so. Data stack, or NULL. */
const char *bounce_notice_reporter_find(const struct bounce_notice *scan);

/* Read the returned mail's header block into report, which keeps block. */
void bounce_notice_returned(pool_t pool, const char *block,
			  struct bounce_report *report);

#endif
