/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "str-sanitize.h"
#include "unichar.h"
#include "bounce-address.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules.h"
#include "bounce-status.h"
#include "bounce-string.h"
#include "bounce-verdict.h"
#include "bounce-csv.h"
#include "bounce-import.h"
#include "bounce-record-member.h"

#include <jansson.h>
#include <ctype.h>
#include <stdlib.h>

/* What a column of a service's export holds, by its name without case and
   without what is no letter. */
enum column {
	COLUMN_OTHER = 0,
	COLUMN_ADDRESS,
	COLUMN_STATUS,
	COLUMN_WORDS
};
static const char *const address_names[] = {
	"address", "email", "emailaddress", "mail", "recipient", "recipients",
	"recipientemail", "bouncedaddress", "bouncedrecipient", "to", "rcptto",
	NULL
};
static const char *const status_names[] = {
	"status", "code", "statuscode", "smtpcode", "bouncecode", "errorcode",
	"dsnstatus", "enhancedstatus", NULL
};
static const char *const words_names[] = {
	"reason", "suppressionreason", "bouncereason", "type", "bouncetype",
	"subtype", "bouncesubtype", "category", "bounceclass", "event",
	"diagnostic", "diagnosticcode", "error", "errormessage", "message",
	"description", "detail", "details", "response", "source",
	"blockedreason", "failurereason", NULL
};

static const char *const complaint_words[] = {
	"complaint", "spam report", "spamreport", "abuse report", NULL
};
static const char *const hard_words[] = {
	"hard bounce", "hardbounce", "permanent", NULL
};
static const char *const soft_words[] = {
	"soft bounce", "softbounce", "transient", "temporary", "deferred",
	/* Postmark's types of what is no fault of the address */
	"autoresponder", "blocked", "challengeverification", "dmarcpolicy",
	"dnserror", "spamnotification", "virusnotification", NULL
};

/* characters of the input that an error quotes */
#define IMPORT_MAX_SHOWN 80

struct bounce_import {
	pool_t pool;
	const struct bounce_rules *rules;
	/* NULL-terminated names of the columns; NULL = no row of names yet */
	const char *const *names;
	char delimiter;
	/* of our own export */
	bool own;
	/* an address came without any names */
	bool begun;
	/* errors do not quote what was given */
	bool hide_input;
};

struct bounce_import *
bounce_import_init(pool_t pool, const struct bounce_rules *rules,
		   bool hide_input)
{
	struct bounce_import *import =
		p_new(pool, struct bounce_import, 1);

	import->pool = pool;
	import->rules = rules;
	import->hide_input = hide_input;
	return import;
}

bool bounce_import_goes_on(struct bounce_import *import,
				   const char *line)
{
	return import->names != NULL && !bounce_csv_is_complete(line);
}

static const char *
import_shown(const struct bounce_import *import, const char *input)
{
	return import->hide_input ? "what was given" :
		str_sanitize_utf8(bounce_string_printable(input),
				  IMPORT_MAX_SHOWN);
}

static int
import_set_address(struct bounce_import *import, const char *input,
		   const char **address_r, const char **error_r)
{
	const char *error;

	if (bounce_address_normalize(import->pool, input, address_r,
				     &error) < 0) {
		*error_r = t_strdup_printf("%s is no address: %s",
					   import_shown(import, input),
					   error);
		return -1;
	}
	return 0;
}

/*
 * A record of ours
 */

static int
import_whole(struct bounce_import *import, struct bounce_import_item *item,
	     const char **error_r)
{
	const struct bounce_record_member *member;
	const char **address;

	bounce_record_member_foreach(member) {
		address = PTR_OFFSET(&item->rec, member->offset);
		if (member->type == BOUNCE_MEMBER_ADDRESS && *address != NULL &&
		    import_set_address(import, *address, address, error_r) < 0)
			return -1;
	}
	item->address = item->rec.address;
	item->whole = TRUE;
	return 1;
}

static int
import_record(struct bounce_import *import, const char *json,
	      struct bounce_import_item *item, const char **error_r)
{
	if (bounce_record_decode(import->pool, json, &item->rec, error_r) < 0)
		return -1;
	return import_whole(import, item, error_r);
}

static int
import_cell(struct bounce_import *import, const char *name, const char *cell,
	    struct bounce_record *rec, const char **error_r)
{
	const struct bounce_record_member *member =
		bounce_record_member_find(name);
	bool is_time = member != NULL &&
		(member->type == BOUNCE_MEMBER_TIME ||
		 member->type == BOUNCE_MEMBER_UNTIL);
	double number;
	time_t when;
	char *end;

	/* what is no UTF-8 is left out */
	if (*cell == '\0' || member == NULL || !uni_utf8_str_is_valid(cell) ||
	    !bounce_record_member_is_column(member))
		return 0;
	if (member->type != BOUNCE_MEMBER_ADDRESS)
		cell = bounce_csv_unguard(cell);
	number = strtod(cell, &end);
	if (is_time && bounce_csv_date_parse(cell, &when)) {
		number = (double)when;
		end += strlen(end);
	}
	if (!bounce_record_member_set_number(member, rec, number)) {
		(void)bounce_record_member_set_text(member, rec,
			p_strdup(import->pool, cell));
	} else if (*end != '\0') {
		*error_r = t_strdup_printf("%s is no %s: %s", name,
					   is_time ? "date" : "number",
					   import_shown(import, cell));
		return -1;
	}
	return 0;
}

/* What has no column of its own; the columns, which may have been edited, come
   after it. */
static int
import_other(struct bounce_import *import, const char *cell,
	     struct bounce_record *rec, const char **error_r)
{
	json_t *json = json_loads(bounce_csv_unguard(cell),
				  JSON_REJECT_DUPLICATES, NULL);
	char *dump;
	int ret;

	if (!json_is_object(json)) {
		json_decref(json);
		*error_r = t_strdup_printf("%s is no JSON object: %s",
					   BOUNCE_CSV_OTHER,
					   import_shown(import, cell));
		return -1;
	}
	/* no record goes without them */
	json_object_set_new(json, "address", json_string("@"));
	json_object_set_new(json, "state", json_string("watched"));
	dump = json_dumps(json, JSON_COMPACT);
	ret = bounce_record_decode(import->pool, dump, rec, error_r);
	rec->address = NULL;
	free(dump);
	json_decref(json);
	return ret;
}

static const char *
import_other_cell(struct bounce_import *import, const char *const *cells)
{
	for (unsigned int i = 0; cells[i] != NULL && import->names[i] != NULL;
	     i++) {
		if (strcmp(import->names[i], BOUNCE_CSV_OTHER) == 0 &&
		    *cells[i] != '\0')
			return cells[i];
	}
	return NULL;
}

static int
import_own_row(struct bounce_import *import, const char *const *cells,
	       struct bounce_import_item *item, const char **error_r)
{
	const char *state = "", *other = import_other_cell(import, cells);

	item->partial = other == NULL;
	if (item->partial)
		bounce_record_init(&item->rec, import->pool, NULL);
	else if (import_other(import, other, &item->rec, error_r) < 0)
		return -1;
	for (unsigned int i = 0; cells[i] != NULL && import->names[i] != NULL;
	     i++) {
		if (import_cell(import, import->names[i], cells[i], &item->rec,
				error_r) < 0)
			return -1;
		if (strcmp(import->names[i], "state") == 0)
			state = cells[i];
	}
	if (item->rec.address == NULL) {
		*error_r = "Record has no address";
		return -1;
	}
	if (bounce_state_parse(state, &item->rec.state) < 0) {
		*error_r = "Record has no valid state";
		return -1;
	}
	return import_whole(import, item, error_r);
}

/*
 * A service's words
 */

/* Its own names ("HardBounce") and ours ("mailbox-full") go through the same
   door as a server's words. */
static void
import_judge_words(struct bounce_import *import, const char *words,
		   struct bounce_import_item *item)
{
	struct bounce_report report;
	struct bounce_recipient rcpt;

	i_zero(&report);
	report.kind = BOUNCE_KIND_FAILURE;
	i_zero(&rcpt);
	rcpt.action = BOUNCE_ACTION_FAILED;
	rcpt.address = item->address;
	rcpt.diagnostic = words;
	rcpt.status = item->status;
	rcpt.reply = item->reply;
	bounce_verdict_decide(import->rules, import->pool, &report, &rcpt);
	item->reason = rcpt.verdict.reason;
	item->class = rcpt.verdict.class;
}

static void
import_find_codes(struct bounce_import *import, const char *codes,
		  const char *words, struct bounce_import_item *item)
{
	const char *both = t_strconcat(codes, " ", words, NULL);

	item->status = p_strdup(import->pool, bounce_status_find(both));
	item->reply = p_strdup(import->pool,
			       bounce_status_reply_find(both, NULL));
}

static bool import_blames_nobody(const struct bounce_reason *reason)
{
	/* a relay's "suppressed" says no more than the list itself */
	return reason->weight == 0 && strcmp(reason->name, "suppressed") != 0;
}

static void
import_words(struct bounce_import *import, const char *codes,
	     const char *words, struct bounce_import_item *item)
{
	const char *folded = bounce_string_fold(words, BOUNCE_MAX_MATCH);

	item->reason = bounce_reason_find(folded);
	if (item->reason != NULL) {
		item->class = item->reason->class;
		item->harmless = import_blames_nobody(item->reason);
		return;
	}
	item->diagnostic = p_strdup(import->pool,
		bounce_string_oneline(words, BOUNCE_MAX_DIAGNOSTIC));
	if (bounce_string_find(folded, complaint_words) != NULL) {
		item->complaint = TRUE;
		return;
	}
	import_find_codes(import, codes, words, item);
	import_judge_words(import, words, item);
	if (strcmp(item->reason->name, "undetermined") == 0) {
		if (bounce_string_find(folded, hard_words) != NULL)
			item->class = BOUNCE_CLASS_HARD;
		else if (bounce_string_find(folded, soft_words) != NULL)
			item->class = BOUNCE_CLASS_SOFT;
	}
	item->harmless = item->class == BOUNCE_CLASS_SOFT ||
		import_blames_nobody(item->reason);
}

/*
 * Rows
 */

static const char *t_import_column_name(const char *cell)
{
	string_t *str = t_str_new(32);

	for (; *cell != '\0'; cell++) {
		if (i_isalpha(*cell))
			str_append_c(str, i_tolower(*cell));
	}
	return str_c(str);
}

static enum column import_column_find(const char *name)
{
	name = t_import_column_name(name);
	if (str_array_find(address_names, name))
		return COLUMN_ADDRESS;
	if (str_array_find(status_names, name))
		return COLUMN_STATUS;
	return str_array_find(words_names, name) ? COLUMN_WORDS : COLUMN_OTHER;
}

/* "address" and "state" may also be those of a letter: then there is "email",
   too. */
static bool import_is_own_names(const char *const *cells)
{
	if (!str_array_find(cells, "address") ||
	    !str_array_find(cells, "state"))
		return FALSE;
	for (; *cells != NULL; cells++) {
		if (import_column_find(*cells) == COLUMN_ADDRESS &&
		    strcmp(*cells, "address") != 0)
			return FALSE;
	}
	return TRUE;
}

/* TRUE if it is a row of names. */
static bool
import_names(struct bounce_import *import, const char *line)
{
	char delimiter = bounce_csv_delimiter(line);
	const char *const *cells = bounce_csv_split(line, delimiter);

	for (unsigned int i = 0; cells[i] != NULL; i++) {
		if (import_column_find(cells[i]) != COLUMN_ADDRESS)
			continue;
		import->names = p_strarray_dup(import->pool, cells);
		import->delimiter = delimiter;
		import->own = import_is_own_names(cells);
		return TRUE;
	}
	return FALSE;
}

static void import_append_words(string_t *str, const char *cell)
{
	if (str_len(str) > 0 && *cell != '\0')
		str_append_c(str, ' ');
	str_append(str, cell);
}

static int
import_row(struct bounce_import *import, const char *const *cells,
	   struct bounce_import_item *item, const char **error_r)
{
	string_t *codes = t_str_new(32), *words = t_str_new(128);
	const char *address = "";

	for (unsigned int i = 0; cells[i] != NULL && import->names[i] != NULL;
	     i++) {
		switch (import_column_find(import->names[i])) {
		case COLUMN_ADDRESS:
			/* not that of a letter */
			if (*address == '\0' ||
			    (strchr(address, '@') == NULL &&
			     strchr(cells[i], '@') != NULL))
				address = cells[i];
			break;
		case COLUMN_STATUS:
			import_append_words(codes, cells[i]);
			break;
		case COLUMN_WORDS:
			import_append_words(words, cells[i]);
			break;
		case COLUMN_OTHER:
			break;
		}
	}
	if (import_set_address(import, address, &item->address, error_r) < 0)
		return -1;
	if (str_len(codes) > 0 || str_len(words) > 0)
		import_words(import, str_c(codes), str_c(words), item);
	return 1;
}

/* Without a row of names: an address, or a row with an address somewhere. */
static int
import_plain(struct bounce_import *import, const char *line,
	     struct bounce_import_item *item, const char **error_r)
{
	const char *const *cells;
	const char *error;

	if (bounce_address_normalize(import->pool, line, &item->address,
				     &error) == 0)
		return 1;
	if (*line == '#')
		return 0;
	cells = bounce_csv_split(line,
					 bounce_csv_delimiter(line));
	for (unsigned int i = 0; cells[i] != NULL; i++) {
		if (strchr(cells[i], '@') != NULL &&
		    bounce_address_normalize(import->pool, cells[i],
					     &item->address, &error) == 0)
			return 1;
	}
	*error_r = t_strdup_printf("No address in it: %s",
				   import_shown(import, line));
	return -1;
}

static bool import_is_json(const char *line)
{
	/* "{}@example.com" is an address */
	return line[0] == '{' && (line[1] == '"' || line[1] == ' ');
}

int bounce_import_line(struct bounce_import *import,
			       const char *line,
			       struct bounce_import_item *item_r,
			       const char **error_r)
{
	int ret;

	i_zero(item_r);
	if (!import->begun && bounce_string_begins(line, "\xef\xbb\xbf"))
		line += 3;
	line = t_str_trim(line, " \t\r\n");
	if (*line == '\0')
		return 0;
	if (import_is_json(line))
		return import_record(import, line, item_r, error_r);
	/* titles may stand above the names */
	if (!import->begun && import->names == NULL &&
	    (bounce_string_begins(line, "sep=") || import_names(import, line)))
		return 0;
	if (import->names == NULL) {
		ret = import_plain(import, line, item_r, error_r);
		import->begun = import->begun || ret > 0;
		return ret;
	}
	if (import->own) {
		return import_own_row(import,
			bounce_csv_split(line, import->delimiter),
			item_r, error_r);
	}
	return import_row(import,
			  bounce_csv_split(line, import->delimiter),
			  item_r, error_r);
}
