/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 5965: a recipient called the mail spam. Also the failure reports of RFC
   6591 (DMARC), which tell of one mail, not of an address. */

static void add_recipients(const struct bounce_message *message,
			   struct bounce_report *report)
{
	ARRAY_TYPE(bounce_header) fields;
	ARRAY_TYPE(const_string) list;
	const struct bounce_header *field;
	struct bounce_recipient *rcpt;
	const char *const *address;

	bounce_header_split(message->pool, message->feedback, NULL, &fields);
	p_array_init(&list, message->pool, 4);
	array_foreach(&fields, field) {
		if (strcasecmp(field->name, "Original-Rcpt-To") == 0 ||
		    strcasecmp(field->name, "Removal-Recipient") == 0)
			bounce_header_addresses(message->pool, field->value,
						&list);
	}
	if (array_count(&list) == 0)
		array_append_array(&list, &report->original_to);
	array_foreach(&list, address) {
		if (array_count(&report->recipients) >= BOUNCE_MAX_RECIPIENTS)
			break;
		rcpt = array_append_space(&report->recipients);
		rcpt->address = *address;
		rcpt->action = BOUNCE_ACTION_DELIVERED;
	}
}

static bool arf_read(const struct bounce_message *message,
		     const struct bounce_hints *hints ATTR_UNUSED,
		     struct bounce_report *report)
{
	if (*message->feedback == '\0' &&
	    (message->report_type == NULL ||
	     strcmp(message->report_type, "feedback-report") != 0))
		return FALSE;
	report->kind = BOUNCE_KIND_COMPLAINT;
	bounce_scan_returned(message->pool, message->returned, report);
	add_recipients(message, report);
	return TRUE;
}

const struct bounce_format bounce_format_arf = {
	.name = "arf",
	.read = arf_read,
};
