/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

/* RFC 3464 and RFC 6533. Also where a gateway turned the status part into
   text, as long as its fields are there. */

/* Fields of a status within the notice, or "". */
static const char *format_dsn_status_in_text(struct bounce_notice *scan)
{
	const char *folded = bounce_notice_folded(scan);
	const char *notice = bounce_notice_notice(scan);
	const char *p;

	if (strstr(folded, "final-recipient:") == NULL ||
	    (strstr(folded, "action:") == NULL &&
	     strstr(folded, "status:") == NULL))
		return "";
	for (p = notice; *p != '\0'; p++) {
		if ((p == notice || p[-1] == '\n') &&
		    (bounce_string_ibegins(p, "Reporting-MTA:") ||
		     bounce_string_ibegins(p, "Final-Recipient:") ||
		     bounce_string_ibegins(p, "Original-Recipient:") ||
		     bounce_string_ibegins(p, "Action:")))
			return p;
	}
	return "";
}

static void format_dsn_remove_known(struct bounce_report *named,
				    const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt, *other;

	for (unsigned int i = array_count(&named->recipients); i > 0; i--) {
		other = array_idx(&named->recipients, i - 1);
		array_foreach(&report->recipients, rcpt) {
			if (rcpt->address == NULL ||
			    strcasecmp(rcpt->address, other->address) != 0)
				continue;
			array_delete(&named->recipients, i - 1, 1);
			break;
		}
	}
}

/* Recipients that the status names without an address: the notice, the
   returned mail know it. */
static void
format_dsn_complete_addresses(pool_t pool, struct bounce_notice *scan,
			      struct bounce_report *report)
{
	struct bounce_report named;
	struct bounce_recipient *rcpt;
	const struct bounce_recipient *other;
	unsigned int i, missing = 0;

	array_foreach(&report->recipients, other) {
		if (other->address == NULL)
			missing++;
	}
	if (missing == 0)
		return;
	named = *report;
	p_array_init(&named.recipients, pool, 8);
	(void)bounce_notice_recipients(scan, &named);
	format_dsn_remove_known(&named, report);
	if (array_count(&report->recipients) == missing &&
	    array_count(&named.recipients) == 0 &&
	    array_count(&report->original_to) == 1) {
		rcpt = array_append_space(&named.recipients);
		rcpt->address = array_idx_elem(&report->original_to, 0);
	}
	i = 0;
	if (array_count(&named.recipients) == missing) {
		array_foreach_modifiable(&report->recipients, rcpt) {
			if (rcpt->address != NULL)
				continue;
			other = array_idx(&named.recipients, i++);
			rcpt->address = other->address;
		}
	}
	for (i = array_count(&report->recipients); i > 0; i--) {
		other = array_idx(&report->recipients, i - 1);
		if (other->address == NULL)
			array_delete(&report->recipients, i - 1, 1);
	}
}

static void format_dsn_set_kind(const struct bounce_kind_hints *hints,
				struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	bool delayed = FALSE;

	report->kind = BOUNCE_KIND_SUCCESS;
	array_foreach(&report->recipients, rcpt) {
		if (rcpt->action == BOUNCE_ACTION_FAILED) {
			report->kind = BOUNCE_KIND_FAILURE;
			return;
		}
		if (rcpt->action == BOUNCE_ACTION_DELAYED)
			delayed = TRUE;
	}
	if (delayed || (array_count(&report->recipients) == 0 &&
			hints->delay_subject))
		report->kind = BOUNCE_KIND_DELAY;
	else if (array_count(&report->recipients) == 0)
		report->kind = BOUNCE_KIND_FAILURE;
}

/* Fields within a text: whoever writes or asks about a report may hold them. */
static bool format_dsn_is_credible(const struct bounce_message *message,
				   const struct bounce_kind_hints *hints)
{
	bool personal;

	if (bounce_kind_hints_by_person(hints))
		return FALSE;
	if (hints->report)
		return TRUE;
	if (hints->null_sender || hints->daemon)
		return !hints->summary;
	T_BEGIN {
		const char *text = t_strndup(message->text,
					     BOUNCE_MAX_MATCH);

		personal = bounce_words_personal(bounce_kind_words(text), text);
	} T_END;
	return !hints->summary && !hints->late_subject && !hints->client &&
		!personal;
}

/* strcasestr() takes ten times as long. */
static bool format_dsn_names_recipient(const char *text)
{
	static const char field[] = "final-recipient:";
	const ptrdiff_t before = sizeof(field) - 2;
	const char *p;

	for (p = strchr(text, ':'); p != NULL; p = strchr(p + 1, ':')) {
		if (p - text >= before &&
		    bounce_string_ibegins(p - before, field))
			return TRUE;
	}
	return FALSE;
}

/* The first words of a report name its mailer; no reader is needed for it. */
static bool dsn_read(const struct bounce_message *message,
		     const struct bounce_kind_hints *hints,
		     struct bounce_report *report)
{
	struct bounce_notice *scan;
	const char *status = message->status;

	if (hints->person && !hints->null_sender && !hints->report)
		return FALSE;
	if (*status == '\0' &&
	    (!format_dsn_names_recipient(message->text) ||
	     !format_dsn_is_credible(message, hints)))
		return FALSE;
	scan = bounce_notice_init(message->pool, message, report);
	if (*status == '\0')
		status = format_dsn_status_in_text(scan);
	if (*status == '\0' ||
	    !bounce_dsn_read(message->pool, status, report))
		return FALSE;
	format_dsn_complete_addresses(message->pool, scan, report);
	format_dsn_set_kind(hints, report);
	bounce_notice_words(scan, report);
	return array_count(&report->recipients) > 0;
}

const struct bounce_format bounce_format_dsn = {
	.name = "dsn",
	.read = dsn_read,
};

/* A report whose status names the recipients as no mail addresses ("x-local;
   bob"), and that nobody else could read. */
static bool format_dsn_nameless_read(const struct bounce_message *message,
				     const struct bounce_kind_hints *hints,
				     struct bounce_report *report)
{
	if (*message->status == '\0' || !hints->report ||
	    bounce_kind_hints_by_person(hints) ||
	    !bounce_dsn_read(message->pool, message->status, report))
		return FALSE;
	format_dsn_set_kind(hints, report);
	array_clear(&report->recipients);
	bounce_notice_returned(message->pool, message->returned, report);
	return TRUE;
}

const struct bounce_format bounce_format_nameless = {
	.name = "dsn",
	.read = format_dsn_nameless_read,
};

/* A gateway sent the report on as an attachment of its own. */
static bool format_dsn_wrapped_read(const struct bounce_message *message,
				    const struct bounce_kind_hints *hints,
				    struct bounce_report *report)
{
	struct bounce_recipient *rcpt;

	if (*message->inner_status == '\0' || hints->person ||
	    bounce_kind_hints_by_person(hints) ||
	    !hints->daemon || !hints->failure_subject)
		return FALSE;
	if (!bounce_dsn_read(message->pool, message->inner_status, report))
		return FALSE;
	format_dsn_set_kind(hints, report);
	array_foreach_modifiable(&report->recipients, rcpt) {
		if (rcpt->address == NULL)
			return FALSE;
		rcpt->status = rcpt->status_field;
	}
	return TRUE;
}

const struct bounce_format bounce_format_wrapped = {
	.name = "dsn",
	.read = format_dsn_wrapped_read,
};
