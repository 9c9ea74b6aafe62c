/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 8098: somebody (or his program) opened or deleted the mail; and
   Exchange's receipts of before. */

static bool mdn_read(const struct bounce_message *message,
		     const struct bounce_hints *hints,
		     struct bounce_report *report)
{
	ARRAY_TYPE(bounce_header) fields;
	struct bounce_recipient *rcpt;
	const char *address, *id;

	if (hints->rejection)
		return FALSE;
	if (*message->disposition == '\0' && !hints->receipt &&
	    (message->report_type == NULL ||
	     strcmp(message->report_type, "disposition-notification") != 0))
		return FALSE;
	report->kind = BOUNCE_KIND_DISPOSITION;
	bounce_scan_returned(message->pool, message->returned, report);
	bounce_header_split(message->pool, message->disposition, NULL, &fields);
	id = bounce_header_find(&fields, "Original-Message-ID");
	if (report->original_message_id == NULL && id != NULL && *id != '\0')
		report->original_message_id = id;
	address = bounce_dsn_address(message->pool,
		bounce_header_find(&fields, "Final-Recipient"));
	if (address == NULL) {
		address = bounce_header_address(message->pool,
			bounce_message_header(message, "From"));
	}
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
