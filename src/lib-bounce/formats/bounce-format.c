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

static void format_report_reset(pool_t pool, struct bounce_report *report)
{
	const char *message_id = report->message_id;
	bool truncated = report->truncated;

	i_zero(report);
	report->message_id = message_id;
	report->truncated = truncated;
	p_array_init(&report->original_to, pool, 4);
	p_array_init(&report->recipients, pool, 4);
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
		format_report_reset(message->pool, report);
	}
	return FALSE;
}
