/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 8098: somebody (or their program) opened or deleted the mail; and what
   clients sent before it. */

/* Outlook without Exchange, Outlook Express, Notes: words alone. */
static bool mdn_is_receipt_text(const struct bounce_message *message,
				const struct bounce_kind_hints *hints)
{
	static const char *const words[] = {
		"was deleted without being read",
		"this is a receipt for the mail",
		"this is a return receipt for the mail",
		"document: was received by:", "gelesen am",
		"wurde gelesen", "a été lu le", "a été ouvert",
		"se leyó el", "fue leído", "è stato letto", "foi lida em",
		"werd gelezen op", "została przeczytana", NULL
	};
	const char *folded;

	if (!hints->receipt_subject)
		return FALSE;
	if (message->content_type != NULL &&
	    strcmp(message->content_type, "application/ms-tnef") == 0)
		return TRUE;
	if (hints->person)
		return FALSE;
	folded = bounce_string_fold(message->text, BOUNCE_MAX_MATCH);
	if (strstr(folded, "was read on") != NULL)
		return bounce_string_begins(folded, "your message");
	return bounce_string_find(folded, words) != NULL ||
		/* Notes sets its text in two columns */
		(strstr(folded, "document:") != NULL &&
		 strstr(folded, "received by: at:") != NULL);
}

static bool mdn_read(const struct bounce_message *message,
		     const struct bounce_kind_hints *hints,
		     struct bounce_report *report)
{
	ARRAY_TYPE(bounce_header) fields;
	struct bounce_recipient *rcpt;
	const char *address, *id;
	bool receipt;

	if (hints->rejection)
		return FALSE;
	receipt = *message->disposition != '\0' ||
		(message->report_type != NULL &&
		 strcmp(message->report_type, "disposition-notification") == 0);
	if (!receipt) T_BEGIN {
		receipt = mdn_is_receipt_text(message, hints);
	} T_END;
	if (!receipt)
		return FALSE;
	report->kind = BOUNCE_KIND_DISPOSITION;
	bounce_notice_returned(message->pool, message->returned, report);
	bounce_header_split(message->pool, message->disposition, NULL, &fields);
	id = bounce_header_find(&fields, "Original-Message-ID");
	if (report->original_message_id == NULL && id != NULL && *id != '\0')
		report->original_message_id = id;
	address = bounce_dsn_address(message->pool,
		bounce_header_find(&fields, "Final-Recipient"));
	if (address == NULL)
		address = bounce_message_author(message, message->pool);
	if (address != NULL) {
		rcpt = array_append_space(&report->recipients);
		rcpt->address = address;
		rcpt->action = BOUNCE_ACTION_DELIVERED;
	}
	return TRUE;
}

const struct bounce_format bounce_format_mdn = {
	.name = "mdn",
	.read = mdn_read,
};
