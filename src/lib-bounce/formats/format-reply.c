/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 3834: vacation notes, challenges, confirmations. Also what came before
   it: an answer without a sender that reports nothing. */

static bool reply_read(const struct bounce_message *message,
		       const struct bounce_kind_hints *hints,
		       struct bounce_report *report)
{
	bool reply = hints->auto_reply;

	if (hints->report && message->report_type != NULL)
		return FALSE;
	if (!reply && !hints->daemon &&
	    (hints->null_sender || hints->stands_in)) T_BEGIN {
		bounce_words_set_t words = bounce_kind_words(t_strndup(
			message->text, BOUNCE_MAX_MATCH));

		reply = bounce_kind_has(words, BOUNCE_WORD_CHALLENGE) ||
			(hints->null_sender &&
			 (hints->answer ||
			  bounce_kind_has(words, BOUNCE_WORD_THANKS)));
	} T_END;
	if (!reply)
		return FALSE;
	report->kind = BOUNCE_KIND_AUTO_REPLY;
	return TRUE;
}

const struct bounce_format bounce_format_reply = {
	.name = "auto-reply",
	.read = reply_read,
};
