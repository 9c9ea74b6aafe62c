/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "str-sanitize.h"
#include "unichar.h"
#include "bounce-reason.h"
#include "bounce-string.h"
#include "bounce-texts.h"
#include "bounce-print.h"

#include <jansson.h>

/* JSON is UTF-8; a file's name need not be. */
static json_t *print_json_text(const char *text)
{
	json_t *value = json_string(text);

	if (value == NULL)
		value = json_string(str_sanitize_utf8(text, SIZE_MAX));
	return value;
}

static void print_json_add(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, key, print_json_text(text));
}

static json_t *print_json_recipient(const struct bounce_recipient *rcpt)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;
	json_t *object = json_object();

	print_json_add(object, "address", rcpt->address);
	print_json_add(object, "original_address", rcpt->original_address);
	print_json_add(object, "action", bounce_action_name(rcpt->action));
	print_json_add(object, "status", rcpt->status);
	print_json_add(object, "reply", rcpt->reply);
	if (verdict->reason != NULL) {
		print_json_add(object, "class",
			       bounce_class_name(verdict->class));
		print_json_add(object, "side", bounce_side_name(verdict->side));
		print_json_add(object, "reason", verdict->reason->name);
	}
	print_json_add(object, "remote_mta", rcpt->remote_mta);
	print_json_add(object, "diagnostic", rcpt->diagnostic);
	print_json_add(object, "rule", verdict->rule);
	return object;
}

static void
print_json_recipients(json_t *object, const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	json_t *list;

	if (array_count(&report->recipients) == 0)
		return;
	list = json_array();
	array_foreach(&report->recipients, rcpt)
		json_array_append_new(list, print_json_recipient(rcpt));
	json_object_set_new(object, "recipients", list);
}

static void
print_json_original_to(json_t *object, const struct bounce_report *report)
{
	const char *const *address;
	json_t *list;

	if (array_count(&report->original_to) == 0)
		return;
	list = json_array();
	array_foreach(&report->original_to, address)
		json_array_append_new(list, print_json_text(*address));
	json_object_set_new(object, "original_to", list);
}

void bounce_print_json(FILE *out, const char *path,
		       const struct bounce_report *report)
{
	json_t *object = json_object();

	print_json_add(object, "path", path);
	print_json_add(object, "kind", bounce_kind_name(report->kind));
	print_json_add(object, "format", report->format);
	print_json_add(object, "reporting_mta", report->reporting_mta);
	print_json_add(object, "message_id", report->message_id);
	print_json_add(object, "original_message_id",
		       report->original_message_id);
	print_json_add(object, "original_from", report->original_from);
	print_json_original_to(object, report);
	print_json_add(object, "original_subject", report->original_subject);
	print_json_recipients(object, report);
	if (report->truncated)
		json_object_set_new(object, "truncated", json_true());
	(void)json_dumpf(object, out, JSON_COMPACT);
	putc('\n', out);
	json_decref(object);
}

/* A label takes so many columns. */
#define PRINT_LABEL 10

/* label is the key of a text, or NULL. */
static void
print_line(const struct bounce_print *print, const char *label,
	   const char *text)
{
	int width;

	label = label == NULL ? "" : bounce_texts_get(print->texts, label);
	width = PRINT_LABEL + (int)(strlen(label) - uni_utf8_strlen(label));
	/* A file's name may hold anything; a terminal must not get it. */
	fprintf(print->out, "  %-*s %s\n", width, label,
		bounce_string_printable(text));
}

static const char *
print_rule(const struct bounce_print *print, const char *rule)
{
	static const char *const names[] = { "status", "reply", "default",
					     NULL };

	if (str_array_find(names, rule))
		return bounce_texts_get(print->texts,
			t_strconcat("classify.rule-", rule, NULL));
	return t_bounce_texts_fill(print->texts, "classify.rule",
				   "rule", rule, NULL);
}

static const char *
print_codes(const struct bounce_print *print,
	    const struct bounce_recipient *rcpt)
{
	string_t *str = t_str_new(64);

	if (rcpt->status != NULL)
		str_printfa(str, ", %s", t_bounce_texts_fill(print->texts,
			"classify.status", "code", rcpt->status, NULL));
	if (rcpt->reply != NULL)
		str_printfa(str, ", %s", t_bounce_texts_fill(print->texts,
			"classify.reply", "code", rcpt->reply, NULL));
	if (rcpt->command != NULL)
		str_printfa(str, " %s", t_bounce_texts_fill(print->texts,
			"classify.command", "command", rcpt->command, NULL));
	return str_c(str);
}

/* What became of the mail there. */
static const char *
print_fate(const struct bounce_print *print, enum bounce_kind kind,
	   enum bounce_action action)
{
	switch (kind) {
	case BOUNCE_KIND_COMPLAINT:
		return bounce_texts_get(print->texts, "action.complained");
	case BOUNCE_KIND_DISPOSITION:
		return bounce_texts_get(print->texts, "action.receipt");
	default:
		return bounce_texts_get(print->texts, t_strconcat("action.",
			bounce_action_name(action), NULL));
	}
}

static void
print_verdict(const struct bounce_print *print,
	      const struct bounce_recipient *rcpt)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;

	print_line(print, "classify.reason", t_strdup_printf("%s (%s, %s)",
		verdict->reason->name, bounce_class_name(verdict->class),
		bounce_side_name(verdict->side)));
	print_line(print, "classify.meaning",
		   bounce_texts_meaning(print->texts, verdict->reason));
	print_line(print, NULL, bounce_texts_get(print->texts,
		t_strconcat("class.", bounce_class_name(verdict->class),
			    NULL)));
	print_line(print, NULL, bounce_texts_get(print->texts,
		t_strconcat("side.", bounce_side_name(verdict->side), NULL)));
	print_line(print, "classify.advice",
		   rcpt->action == BOUNCE_ACTION_DELAYED ?
		   bounce_texts_get(print->texts, "classify.delayed-advice") :
		   bounce_texts_advice(print->texts, verdict->reason));
}

static void
print_recipient(const struct bounce_print *print, enum bounce_kind kind,
		const struct bounce_recipient *rcpt)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;

	fprintf(print->out, "\n  %s: %s%s\n", rcpt->address != NULL ?
		bounce_string_printable(rcpt->address) :
		bounce_texts_get(print->texts, "classify.unnamed"),
		print_fate(print, kind, rcpt->action),
		print_codes(print, rcpt));
	if (rcpt->original_address != NULL)
		print_line(print, "classify.written-to",
			   rcpt->original_address);
	if (verdict->reason != NULL &&
	    (rcpt->action == BOUNCE_ACTION_FAILED ||
	     rcpt->action == BOUNCE_ACTION_DELAYED))
		print_verdict(print, rcpt);
	if (rcpt->remote_mta != NULL)
		print_line(print, "classify.server", rcpt->remote_mta);
	if (rcpt->diagnostic != NULL)
		print_line(print, "classify.words", rcpt->diagnostic);
	if (rcpt->explanation != NULL)
		print_line(print, "classify.report", rcpt->explanation);
	if (verdict->rule != NULL && verdict->reason != NULL)
		print_line(print, "classify.decided-by",
			   print_rule(print, verdict->rule));
}

static void
print_original(const struct bounce_print *print,
	       const struct bounce_report *report)
{
	string_t *str = t_str_new(128);

	if (report->original_subject != NULL)
		str_printfa(str, "\"%s\"", report->original_subject);
	if (report->original_from != NULL)
		str_printfa(str, " %s", t_bounce_texts_fill(print->texts,
			"classify.from", "address", report->original_from,
			NULL));
	if (array_count(&report->original_to) > 0)
		str_printfa(str, " %s", t_bounce_texts_fill(print->texts,
			"classify.to", "addresses",
			t_array_const_string_join(&report->original_to, ", "),
			NULL));
	if (str_len(str) > 0)
		print_line(print, "classify.about", str_c(str));
}

static void
print_mailer(const struct bounce_print *print,
	     const struct bounce_report *report)
{
	const char *mailer = report->reporting_mta != NULL ?
		report->reporting_mta :
		bounce_texts_get(print->texts, "classify.unnamed-mailer");

	print_line(print, "classify.written-by", t_bounce_texts_fill(
		print->texts, "classify.mailer", "mailer", mailer,
		"format", report->format, NULL));
}

void bounce_print_text(const struct bounce_print *print, const char *path,
		       unsigned int number, const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;

	fputs(bounce_string_printable(path), print->out);
	if (number > 0) {
		fprintf(print->out, ", %s", t_bounce_texts_fill(print->texts,
			"classify.mail", "number", dec2str(number), NULL));
	}
	fprintf(print->out, ": %s\n", bounce_texts_get(print->texts,
		t_strconcat("kind.", bounce_kind_name(report->kind), NULL)));
	if (report->kind != BOUNCE_KIND_NONE)
		print_original(print, report);
	if (report->format != NULL)
		print_mailer(print, report);
	array_foreach(&report->recipients, rcpt)
		print_recipient(print, report->kind, rcpt);
	if (report->truncated) {
		print_line(print, "classify.note", bounce_texts_get(
			print->texts, "classify.truncated"));
	}
	putc('\n', print->out);
}
