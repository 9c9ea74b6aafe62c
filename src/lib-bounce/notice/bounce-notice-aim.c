/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-message.h"
#include "bounce-notice-private.h"
#include "bounce-string.h"

/* Shops, monitors and calendars have no sender either, write that something
   failed, and name addresses: whom to ask, who did what. The mail was aimed at
   an address only where the notice says so: "your mail to bob@example.net", or
   in the list of those who failed, or below a subject that says that a mail failed,
   as an item or in the clause that says why. */

/* Do the words before an address lead to it: "mail to <"? */
static bool aim_leads(const char *before)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	const char *folded;
	size_t len = strlen(before);

	while (len > 0 && strchr(" <\"'([", before[len - 1]) != NULL)
		len--;
	folded = bounce_words_fold(t_strndup(before, len));
	t_array_init(&hits, 16);
	bounce_words_find(BOUNCE_WORDS_NOTICE, folded, &hits);
	array_foreach(&hits, hit) {
		if (hit->class == BOUNCE_WORD_TOWARDS &&
		    folded[hit->end] == '\0')
			return TRUE;
	}
	return FALSE;
}

/* "Address: ", "<to>", "rcpt=": a field that is not about whom to ask */
static bool aim_is_field(const char *before)
{
	size_t len = strlen(before);

	while (len > 0 && strchr(" <\"", before[len - 1]) != NULL)
		len--;
	return len > 0 && strchr(":=>", before[len - 1]) != NULL &&
		!bounce_kind_has(bounce_kind_words(before),
				 BOUNCE_WORD_CONTACTING);
}

/* Does the sentence around the address, which may go on in the next line, say
   that or why it failed, and not whom to ask: "Parcel lost. Ask bob@..."? */
static bool aim_sentence_fails(const struct bounce_notice *scan,
			       const struct bounce_notice_mention *mention)
{
	const char *text = bounce_notice_line(scan, mention->line)->text;
	const char *begin, *end;
	struct bounce_notice_line sentence;

	if (mention->line + 1 < array_count(&scan->lines)) {
		text = t_strconcat(text, " ", bounce_notice_line(scan,
			mention->line + 1)->text, NULL);
	}
	begin = text + mention->begin;
	end = text + mention->end;
	while (begin > text && !(begin[-1] == ' ' && begin - text > 1 &&
				 strchr(".!?", begin[-2]) != NULL))
		begin--;
	while (*end != '\0' && !(strchr(".!?", *end) != NULL &&
				 (end[1] == ' ' || end[1] == '\0')))
		end++;
	/* a person asks */
	if (*end == '?' ||
	    bounce_kind_has(bounce_kind_words(t_strdup_until(begin,
			text + mention->begin)), BOUNCE_WORD_CONTACTING))
		return FALSE;
	i_zero(&sentence);
	sentence.text = sentence.folded = t_strdup_until(begin, end);
	sentence.words = bounce_kind_words(sentence.text);
	return bounce_kind_has(sentence.words, BOUNCE_WORD_FAILURE) ||
		bounce_kind_has(sentence.words, BOUNCE_WORD_TURNEDDOWN) ||
		bounce_notice_cause_in_line(&sentence);
}

/* "bob@example.net: account is closed", of a mail that it speaks of. */
static bool aim_item_fails(const struct bounce_notice *scan,
			   const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line =
		bounce_notice_line(scan, mention->line);
	const char *behind = line->text + mention->end;

	behind += strspn(behind, ">)] ");
	return *behind == ':' && bounce_kind_has(scan->words, BOUNCE_WORD_MAIL) &&
		(bounce_notice_cause_in_line(line) ||
		 bounce_notice_is_refusal(behind));
}

/* Does a line say that a mail failed? */
static bool aim_mail_fails(const struct bounce_notice *scan)
{
	const struct bounce_notice_line *line;

	array_foreach(&scan->lines, line) {
		if (bounce_kind_has(line->words, BOUNCE_WORD_MAIL) &&
		    bounce_kind_has(line->words, BOUNCE_WORD_FAILURE))
			return TRUE;
	}
	return FALSE;
}

/* "The following address(es) failed:", and the item below it, of a mail. */
static bool aim_list_fails(const struct bounce_notice *scan,
			   const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *above = mention->above;

	return above != NULL && bounce_notice_label_colon(above->folded) &&
		bounce_kind_has(above->words, BOUNCE_WORD_RECIPIENT) &&
		bounce_kind_has(above->words, BOUNCE_WORD_FAILING) &&
		!bounce_kind_has(above->words, BOUNCE_WORD_CONTACTING) &&
		aim_mail_fails(scan);
}

/* Is the address in what somebody said: '"Mail to bob@... fails"'? */
static bool aim_is_quoted(const char *before)
{
	const char *p, *last = NULL;
	unsigned int quotes = 0;

	for (p = strchr(before, '"'); p != NULL; p = strchr(p + 1, '"')) {
		last = p;
		quotes++;
	}
	return quotes % 2 == 1 && last[1] != '\0';
}

static bool aim_is_mention(const struct bounce_notice *scan,
			   const struct bounce_notice_mention *mention,
			   bool failure_subject)
{
	const char *text = bounce_notice_line(scan, mention->line)->text;
	const char *before = t_strndup(text, mention->begin);

	if (mention->foreign || aim_is_quoted(before))
		return FALSE;
	if ((aim_leads(before) ||
	     (mention->begin > 0 && text[mention->begin - 1] == '<')) &&
	    aim_sentence_fails(scan, mention))
		return TRUE;
	if (mention->tier >= BOUNCE_NOTICE_LISTED && mention->starts &&
	    (aim_item_fails(scan, mention) || aim_list_fails(scan, mention)))
		return TRUE;
	if (!failure_subject)
		return FALSE;
	return mention->tier >= BOUNCE_NOTICE_LISTED ||
		aim_is_field(before) || aim_sentence_fails(scan, mention);
}

/* "Mail to bob@example.net", "to bob@example.net", "bob@example.net: mailbox
   full" */
static bool aim_is_subject(const char *subject, const char *address,
			   bool failure_subject)
{
	const char *at = subject == NULL ? NULL : strcasestr(subject, address);
	const char *before, *behind;

	if (at == NULL)
		return FALSE;
	before = t_strdup_until(subject, at);
	behind = at + strlen(address);
	behind += strspn(behind, ">");
	if (!failure_subject && strpbrk(before, ":]") != NULL)
		return FALSE;
	return *behind == ':' ||
		(aim_leads(before) &&
		 (failure_subject ||
		  strchr(t_str_trim(before, " <\""), ' ') == NULL ||
		  bounce_kind_has(bounce_kind_words(before),
				  BOUNCE_WORD_MAIL)));
}

bool bounce_notice_aims(const struct bounce_notice *scan,
			const struct bounce_message *message,
			const char *address, bool failure_subject)
{
	const struct bounce_notice_mention *mention;
	const char *from;
	bool aims = FALSE;

	T_BEGIN {
		from = bounce_header_address(pool_datastack_create(),
			bounce_message_header(message, "From"));
		/* nobody answers for somebody else by the dead address */
		if (from == NULL || strcasecmp(from, address) != 0) {
			aims = aim_is_subject(bounce_message_header(message,
								    "Subject"),
					      address, failure_subject);
			array_foreach(&scan->mentions, mention) {
				aims = aims ||
					(strcasecmp(mention->address,
						    address) == 0 &&
					 aim_is_mention(scan, mention,
							failure_subject));
			}
		}
	} T_END;
	return aims;
}
