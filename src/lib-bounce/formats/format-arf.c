/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 5965: a recipient called the mail spam. Also feedback on one mail that
   says nothing against its recipient: failed authentication (RFC 6591), "not
   spam" (RFC 6430), a virus. And Outlook.com's junk mail reports (JMRP), which
   are the mail and a field that names the recipient; and a client's request to
   take its user off a list. */

#define JMRP_RECIPIENT "X-HmXmrOriginalRecipient"

static void arf_add_recipients(const struct bounce_message *message,
			       const ARRAY_TYPE(bounce_header) *fields,
			       struct bounce_report *report)
{
	ARRAY_TYPE(const_string) list;
	const struct bounce_header *field;
	struct bounce_recipient *rcpt;
	const char *const *address;

	p_array_init(&list, message->pool, 4);
	array_foreach(fields, field) {
		if (strcasecmp(field->name, "Original-Rcpt-To") == 0 ||
		    strcasecmp(field->name, "Removal-Recipient") == 0 ||
		    strcasecmp(field->name, JMRP_RECIPIENT) == 0)
			bounce_header_addresses(message->pool, field->value,
						&list);
	}
	if (array_count(&list) == 0)
		array_append_array(&list, &report->original_to);
	array_foreach(&list, address) {
		if (array_count(&report->recipients) >= BOUNCE_MAX_FOREIGN_RECIPIENTS)
			break;
		rcpt = array_append_space(&report->recipients);
		rcpt->address = *address;
		rcpt->action = BOUNCE_ACTION_DELIVERED;
	}
}

/* The list's mail is not wanted by whoever the client writes for. */
static bool arf_unsubscribe_read(const struct bounce_message *message,
				 struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	const char *address;

	address = bounce_message_author(message, message->pool);
	if (address == NULL)
		return FALSE;
	report->kind = BOUNCE_KIND_COMPLAINT;
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	rcpt->action = BOUNCE_ACTION_DELIVERED;
	return TRUE;
}

static bool arf_read(const struct bounce_message *message,
		     const struct bounce_kind_hints *hints,
		     struct bounce_report *report)
{
	ARRAY_TYPE(bounce_header) fields;
	bool feedback = *message->feedback != '\0' ||
		(message->report_type != NULL &&
		 strcmp(message->report_type, "feedback-report") == 0);

	if (!feedback && hints->unsubscribes)
		return arf_unsubscribe_read(message, report);
	if (!feedback && !hints->complaint_subject)
		return FALSE;
	bounce_header_split(message->pool, feedback ? message->feedback :
			    message->returned, NULL, &fields);
	if (!feedback && bounce_header_find(&fields, JMRP_RECIPIENT) == NULL)
		return FALSE;
	report->kind = BOUNCE_KIND_COMPLAINT;
	bounce_notice_returned(message->pool, message->returned, report);
	T_BEGIN {
		if (bounce_kind_feedback_objects(
				bounce_header_find(&fields, "Feedback-Type")))
			arf_add_recipients(message, &fields, report);
	} T_END;
	return TRUE;
}

const struct bounce_format bounce_format_arf = {
	.name = "arf",
	.read = arf_read,
};
