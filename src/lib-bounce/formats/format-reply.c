/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 3834: vacation notes, challenges, confirmations. Also what came before
   it: an answer without a sender that reports nothing. */

static const char *const thanks[] = {
	"automatic reply", "automatic response", "automated reply",
	"automated response", "auto-reply", "autoreply",
	"thank you for your e-mail", "thank you for you e-mail",
	"thank you for your email", "will reply as soon as",
	"reply as soon as possible",
	"thank you for your mail", "thank you for your message",
	"thanks for your e-mail", "thanks for your email",
	"thank you for contacting", "out of the office", "out of office",
	"i am away", "i'm away", "on vacation", "on holiday",
	"vielen dank für ihre", "danke für ihre", "nicht im büro",
	"abwesend", "merci pour votre", "je suis absent",
	"gracias por su", "grazie per", "obrigado por", "bedankt voor uw",
	"dziękuję za", "спасибо за", NULL
};

static bool reply_read(const struct bounce_message *message,
		       const struct bounce_hints *hints,
		       struct bounce_report *report)
{
	bool reply = hints->auto_reply;

	if (hints->report && message->report_type != NULL)
		return FALSE;
	if (!reply && hints->null_sender && !hints->daemon) T_BEGIN {
		const char *folded = bounce_text_fold(message->text,
						      BOUNCE_MAX_MATCH);

		reply = hints->answer || bounce_words_challenge(folded) ||
			bounce_text_find(folded, thanks) != NULL;
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
