/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "str-sanitize.h"
#include "unichar.h"
#include "bounce-reason.h"
#include "bounce-print.h"

#include <jansson.h>

/* JSON is UTF-8; a file's name need not be. */
static json_t *json_text(const char *text)
{
	json_t *value = json_string(text);

	if (value == NULL)
		value = json_string(str_sanitize_utf8(text, SIZE_MAX));
	return value;
}

static void json_add(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, key, json_text(text));
}

static json_t *json_recipient(const struct bounce_recipient *rcpt)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;
	json_t *object = json_object();

	json_add(object, "address", rcpt->address);
	json_add(object, "original_address", rcpt->original_address);
	json_add(object, "action", bounce_action_name(rcpt->action));
	json_add(object, "status", rcpt->status);
	json_add(object, "reply", rcpt->reply);
	if (verdict->reason != NULL) {
		json_add(object, "class", bounce_class_name(verdict->class));
		json_add(object, "side", bounce_side_name(verdict->side));
		json_add(object, "reason", verdict->reason->name);
	}
	json_add(object, "remote_mta", rcpt->remote_mta);
	json_add(object, "diagnostic", rcpt->diagnostic);
	json_add(object, "rule", verdict->rule);
	return object;
}

static void json_recipients(json_t *object, const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	json_t *list;

	if (array_count(&report->recipients) == 0)
		return;
	list = json_array();
	array_foreach(&report->recipients, rcpt)
		json_array_append_new(list, json_recipient(rcpt));
	json_object_set_new(object, "recipients", list);
}

static void json_original_to(json_t *object, const struct bounce_report *report)
{
	const char *const *address;
	json_t *list;

	if (array_count(&report->original_to) == 0)
		return;
	list = json_array();
	array_foreach(&report->original_to, address)
		json_array_append_new(list, json_text(*address));
	json_object_set_new(object, "original_to", list);
}

void bounce_print_json(FILE *out, const char *path,
		       const struct bounce_report *report)
{
	json_t *object = json_object();

	json_add(object, "path", path);
	json_add(object, "kind", bounce_kind_name(report->kind));
	json_add(object, "format", report->format);
	json_add(object, "reporting_mta", report->reporting_mta);
	json_add(object, "message_id", report->message_id);
	json_add(object, "original_message_id", report->original_message_id);
	json_add(object, "original_from", report->original_from);
	json_original_to(object, report);
	json_add(object, "original_subject", report->original_subject);
	json_recipients(object, report);
	if (report->truncated)
		json_object_set_new(object, "truncated", json_true());
	(void)json_dumpf(object, out, JSON_COMPACT);
	putc('\n', out);
	json_decref(object);
}

static const char *const kind_texts[BOUNCE_KIND_COUNT] = {
	"an ordinary mail, no report",
	"a report of a failed delivery",
	"a report of a delay; nothing is lost yet",
	"a report of success",
	"an automatic reply",
	"a receipt (the mail was opened or deleted)",
	"a complaint (the mail was called spam), or other feedback on a mail",
};

static const char *const class_texts[BOUNCE_CLASS_COUNT] = {
	"It is not clear whether the address will work later.",
	"The address will not work until somebody changes it.",
	"The same address may work later.",
};

static const char *const side_texts[BOUNCE_SIDE_COUNT] = {
	"It is not clear who must act.",
	"It lies with the recipient.",
	"It lies with the recipient's domain.",
	"It lies with us, the sending side; the address is not to blame.",
	"It lies with the message; the address is not to blame.",
	"It lies between the two servers.",
};

static void ATTR_FORMAT(3, 4)
text_line(FILE *out, const char *label, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = t_strdup_vprintf(fmt, args);
	va_end(args);
	/* A file's name may hold anything; a terminal must not get it. */
	fprintf(out, "  %-10s %s\n", label,
		str_sanitize_utf8(text, SIZE_MAX));
}

static const char *rule_text(const char *rule)
{
	if (strcmp(rule, "status") == 0)
		return "the status code alone";
	if (strcmp(rule, "reply") == 0)
		return "the reply code and the command it answers";
	if (strcmp(rule, "default") == 0)
		return "nothing in the report says more";
	return t_strconcat("rule ", rule, NULL);
}

static const char *codes_text(const struct bounce_recipient *rcpt)
{
	string_t *str = t_str_new(64);

	if (rcpt->status != NULL)
		str_printfa(str, ", status %s", rcpt->status);
	if (rcpt->reply != NULL)
		str_printfa(str, ", reply %s", rcpt->reply);
	if (rcpt->command != NULL)
		str_printfa(str, " to %s", rcpt->command);
	return str_c(str);
}

/* What became of the mail there. */
static const char *fate_text(enum bounce_kind kind, enum bounce_action action)
{
	switch (kind) {
	case BOUNCE_KIND_COMPLAINT:
		return "complained";
	case BOUNCE_KIND_DISPOSITION:
		return "sent the receipt";
	default:
		return bounce_action_name(action);
	}
}

static void text_recipient(FILE *out, enum bounce_kind kind,
			   const struct bounce_recipient *rcpt)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;

	fprintf(out, "\n  %s: %s%s\n", rcpt->address != NULL ?
		str_sanitize_utf8(rcpt->address, SIZE_MAX) :
		"(unnamed recipient)", fate_text(kind, rcpt->action),
		codes_text(rcpt));
	if (rcpt->original_address != NULL)
		text_line(out, "Written to", "%s", rcpt->original_address);
	if (verdict->reason != NULL &&
	    (rcpt->action == BOUNCE_ACTION_FAILED ||
	     rcpt->action == BOUNCE_ACTION_DELAYED)) {
		text_line(out, "Reason", "%s (%s, %s)", verdict->reason->name,
			  bounce_class_name(verdict->class),
			  bounce_side_name(verdict->side));
		text_line(out, "Meaning", "%s", verdict->reason->meaning);
		text_line(out, "", "%s", class_texts[verdict->class]);
		text_line(out, "", "%s", side_texts[verdict->side]);
		text_line(out, "Advice", "%s",
			  rcpt->action == BOUNCE_ACTION_DELAYED ?
			  "Nothing: the mailer keeps trying, and reports again "
			  "when it gives up." : verdict->reason->advice);
	}
	if (rcpt->remote_mta != NULL)
		text_line(out, "Server", "%s", rcpt->remote_mta);
	if (rcpt->diagnostic != NULL)
		text_line(out, "Words", "%s", rcpt->diagnostic);
	if (rcpt->explanation != NULL)
		text_line(out, "Report", "%s", rcpt->explanation);
	if (verdict->rule != NULL && verdict->reason != NULL)
		text_line(out, "Decided by", "%s", rule_text(verdict->rule));
}

static void text_original(FILE *out, const struct bounce_report *report)
{
	string_t *str = t_str_new(128);
	const char *const *address;

	if (report->original_subject != NULL)
		str_printfa(str, "\"%s\"", report->original_subject);
	if (report->original_from != NULL)
		str_printfa(str, " from %s", report->original_from);
	array_foreach(&report->original_to, address) {
		str_append(str, address ==
			   array_front(&report->original_to) ? " to " : ", ");
		str_append(str, *address);
	}
	if (str_len(str) > 0)
		text_line(out, "About", "%s", str_c(str));
}

void bounce_print_text(FILE *out, const char *path, unsigned int number,
		       const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;

	fputs(str_sanitize_utf8(path, SIZE_MAX), out);
	if (number > 0)
		fprintf(out, ", mail %u", number);
	fprintf(out, ": %s\n", kind_texts[report->kind]);
	if (report->kind != BOUNCE_KIND_NONE)
		text_original(out, report);
	if (report->format != NULL) {
		text_line(out, "Written by", "%s (format %s)",
			  report->reporting_mta != NULL ?
			  report->reporting_mta : "an unnamed mailer",
			  report->format);
	}
	array_foreach(&report->recipients, rcpt)
		text_recipient(out, report->kind, rcpt);
	if (report->truncated) {
		text_line(out, "Note", "The mail goes over a limit; "
			  "not all of it was read.");
	}
	putc('\n', out);
}
