/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* Standards first, then what is told by its shape, plain words last. */
static const struct bounce_format *const formats[] = {
	&bounce_format_arf,
	&bounce_format_mdn,
	&bounce_format_dsn,
	&bounce_format_ses,
	&bounce_format_text,
	&bounce_format_wrapped,
	&bounce_format_nameless,
	&bounce_format_reply,
};

static void format_report_reset(struct bounce_report *report)
{
	struct bounce_report old = *report;

	i_zero(report);
	report->message_id = old.message_id;
	report->truncated = old.truncated;
	report->original_to = old.original_to;
	report->recipients = old.recipients;
	array_clear(&report->original_to);
	array_clear(&report->recipients);
}

bool bounce_format_read(const struct bounce_message *message,
			const struct bounce_kind_hints *hints,
			struct bounce_report *report)
{
	for (unsigned int i = 0; i < N_ELEMENTS(formats); i++) {
		if (formats[i]->read(message, hints, report)) {
			if (report->format == NULL)
				report->format = formats[i]->name;
			return TRUE;
		}
		format_report_reset(report);
	}
	return FALSE;
}
