/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-notice-private.h"
#include "bounce-text.h"

/* Lines that are the mailer's manners; they say nothing of the cause. */
static const char *const manners[] = {
	"this message was created automatically", "this is an automatically",
	"this is the mail system at host", "do not reply", "please do not",
	"mime-encapsulated message", "message in mime format",
	"i'm sorry to have to inform", "be delivered to one or more recip",
	"for further assistance",
	"if you do so, please include", "delete your own text",
	"more information", "this report",
	"please include", "best regards", "thank you", "the mail system",
	"automatically generated", "this is the", "included as a",
	"message is attached", "no virus", "no viruses", "any virus", NULL
};

/* What gateways and companies put above and below every mail. */
static const char *const stamps[] = {
	"[external]", "caution:", "do not click", "outside of the organi",
	"outside of your organi", "outside the organi",
	"outside your organi", "scanned for", "scanned by",
	"checked for virus", "checked by avg", "virus scanner", "virus-free",
	"virus free", "virus-checked", "by mailscanner", "believed to be clean",
	"confidential", "disclaimer", "intended solely", "intended only",
	"virenfrei", "auf viren geprüft", "auf viren überprüft", "vertraulich",
	"sans virus", "l'absence de virus", "analysé par", "confidentiel",
	"libre de virus", "sin virus", "confidencial", "livre de vírus",
	"verificado por", "senza virus", "riservat", "virusvrij",
	"op virussen", "vertrouwelijk", "wolna od wirus", "wolny od wirus",
	"проверено на вирусы", "вирусов не", "ウイルスチェック済", NULL
};
/* But this is what came of it, or what is said of an address. */
static const char *const findings[] = {
	"infect", "found", "detect", "reject", "refus", "block", "not accept",
	"denied", "quarantin", "fail", "return", "deliver", "contains a",
	"contained", "unknown", "exist", "no such", "invalid", "full", "quota",
	"unavail", "disab", "inactive", NULL
};

bool bounce_notice_is_manners(const struct bounce_notice_line *line)
{
	struct bounce_text_pairs pairs;

	if (*line->folded == '\0')
		return FALSE;
	bounce_text_pairs(line->folded, &pairs);
	return bounce_text_pairs_find(&pairs, manners) != NULL ||
		(bounce_text_pairs_find(&pairs, stamps) != NULL &&
		 bounce_text_pairs_find(&pairs, findings) == NULL);
}
