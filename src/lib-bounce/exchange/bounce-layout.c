/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-csv.h"
#include "bounce-layout.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

/* RFC 6350 section 3.2: octets of a line without its CRLF */
#define VCARD_LINE 75

/* What the servers said, else the reason's name. */
static const char *layout_words(const struct bounce_record *rec)
{
	if (rec->diagnostic != NULL)
		return rec->diagnostic;
	return rec->reason == NULL ? "undetermined" : rec->reason;
}

/*
 * Mailgun: what its bounces API imports as CSV (address, code, error, created_at)
 */

/* RFC 2822 section 3.3, in UTC. */
static const char *t_layout_date(time_t when)
{
	char date[64];

	if (strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000",
		     gmtime(&when)) == 0)
		return "";
	return t_strdup(date);
}

static const char *t_layout_mailgun(const struct bounce_record *rec)
{
	string_t *str = t_str_new(256);

	bounce_csv_append(str, bounce_csv_guard_address(rec->address));
	/* it wants an SMTP code; 550 is its own default */
	bounce_csv_append(str, rec->reply == NULL ? "550" : rec->reply);
	bounce_csv_append(str, bounce_csv_guard(layout_words(rec)));
	bounce_csv_append(str, t_layout_date(rec->last));
	return str_c(str);
}

/*
 * listmonk: the body of a POST to its /webhooks/bounce
 */

static const char *layout_listmonk_type(const struct bounce_record *rec)
{
	if (rec->by == BOUNCE_BY_COMPLAINT)
		return "complaint";
	/* what is suppressed is not to be written to: its "soft" would count
	   towards a limit of its own */
	return "hard";
}

static const char *t_layout_dump(json_t *json)
{
	char *dump = json_dumps(json, JSON_COMPACT);
	const char *text = t_strdup(dump);

	free(dump);
	json_decref(json);
	return text;
}

/* What is in a record is valid UTF-8. */
static const char *t_layout_listmonk(const struct bounce_record *rec)
{
	json_t *json = json_object(), *meta = json_object();

	json_object_set_new(meta, "reason", json_string(rec->reason == NULL ?
				"undetermined" : rec->reason));
	if (rec->status != NULL)
		json_object_set_new(meta, "status", json_string(rec->status));
	if (rec->diagnostic != NULL) {
		json_object_set_new(meta, "diagnostic",
				    json_string(rec->diagnostic));
	}
	json_object_set_new(json, "email", json_string(rec->address));
	json_object_set_new(json, "source", json_string("dovecot-bounce"));
	json_object_set_new(json, "type",
			    json_string(layout_listmonk_type(rec)));
	/* a text with JSON in it, as its documentation has it */
	json_object_set_new(json, "meta", json_string(t_layout_dump(meta)));
	return t_layout_dump(json);
}

/*
 * Mailman: a line for each thing that its REST interface is asked
 */

/* Tabs: an address in normal form may have spaces, within quotes. */
static const char *t_layout_mailman(const struct bounce_record *rec)
{
	switch (rec->state) {
	case BOUNCE_STATE_CORRECTED:
		return t_strdup_printf("correct\t%s\t%s", rec->address,
				       rec->corrected == NULL ? "" :
				       rec->corrected);
	case BOUNCE_STATE_RELEASED:
		return t_strdup_printf("enable\t%s", rec->address);
	default:
		return t_strdup_printf("disable\t%s", rec->address);
	}
}

/*
 * vCard 4.0 (RFC 6350)
 */

/* Section 3.4: escaped; section 3.2: folded, never within a character. */
static void
layout_vcard_line(string_t *str, const char *name, const char *value)
{
	size_t start = str_len(str) == 0 ? 0 : str_len(str) + 2;

	if (start > 0)
		str_append(str, "\r\n");
	str_printfa(str, "%s:", name);
	for (; *value != '\0'; value++) {
		if (str_len(str) - start >= VCARD_LINE - 8 &&
		    (*value & 0xc0) != 0x80) {
			str_append(str, "\r\n ");
			start = str_len(str) - 1;
		}
		if (strchr("\\,;", *value) != NULL)
			str_append_c(str, '\\');
		str_append_c(str, *value);
	}
}

static const char *layout_vcard_note(const struct bounce_record *rec)
{
	/* without the time of day */
	const char *since = t_strndup(bounce_csv_date(rec->first), 10);

	if (rec->state == BOUNCE_STATE_CORRECTED && rec->corrected != NULL)
		return t_strconcat("The right address is ", rec->corrected,
				   NULL);
	return t_strdup_printf("Mail does not arrive since %s: %s", since,
			       layout_words(rec));
}

static const char *t_layout_vcard(const struct bounce_record *rec)
{
	string_t *str = t_str_new(256);

	layout_vcard_line(str, "BEGIN", "VCARD");
	layout_vcard_line(str, "VERSION", "4.0");
	layout_vcard_line(str, "FN", rec->address);
	layout_vcard_line(str, "EMAIL", rec->address);
	layout_vcard_line(str, "NOTE", layout_vcard_note(rec));
	layout_vcard_line(str, "CATEGORIES", "Bounced");
	layout_vcard_line(str, "END", "VCARD");
	str_append_c(str, '\r');
	return str_c(str);
}

/*
 * The table
 */

#define GONE ((1U << BOUNCE_STATE_SUPPRESSED) | (1U << BOUNCE_STATE_CORRECTED))

static const struct bounce_layout layouts[] = {
	{ "mailgun", "address,code,error,created_at", t_layout_mailgun, GONE },
	{ "listmonk", NULL, t_layout_listmonk, GONE },
	{ "mailman", NULL, t_layout_mailman,
	  GONE | (1U << BOUNCE_STATE_RELEASED) },
	{ "vcard", NULL, t_layout_vcard, GONE },
};

const struct bounce_layout *bounce_layout_find(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(layouts); i++) {
		if (strcasecmp(layouts[i].name, name) == 0)
			return &layouts[i];
	}
	return NULL;
}

const char *t_bounce_layout_names(void)
{
	string_t *str = t_str_new(64);

	for (unsigned int i = 0; i < N_ELEMENTS(layouts); i++) {
		if (i > 0)
			str_append(str, ", ");
		str_append(str, layouts[i].name);
	}
	return str_c(str);
}
