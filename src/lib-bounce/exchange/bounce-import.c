/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-address.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules.h"
#include "bounce-status.h"
#include "bounce-string.h"
#include "bounce-verdict.h"
#include "bounce-csv.h"
#include "bounce-import-service.h"
#include "bounce-import-private.h"

#include <ctype.h>

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

void bounce_import_set_service(struct bounce_import *import,
			       const struct bounce_import_service *service)
{
	import->service = service;
}

bool bounce_import_goes_on(struct bounce_import *import,
				   const char *line)
{
	return import->names != NULL && !bounce_csv_is_complete(line);
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

static const char *
import_named_cell(const struct bounce_import *import, const char *const *cells,
		  const char *name)
{
	for (unsigned int i = 0; cells[i] != NULL && import->names[i] != NULL;
	     i++) {
		if (strcasecmp(import->names[i], name) == 0)
			return cells[i];
	}
	return NULL;
}

static bool
import_is_value(const struct bounce_import *import, const char *const *cells,
		const char *column, const char *value)
{
	const char *cell = column == NULL ? NULL :
		import_named_cell(import, cells, column);

	return cell != NULL && strcasecmp(cell, value) == 0;
}

/* A list of all subscribers says of each whether they may be written to. */
static bool
import_is_listed(const struct bounce_import *import, const char *const *cells)
{
	const struct bounce_import_service *service = import->service;

	return service == NULL || service->only_column == NULL ||
		import_named_cell(import, cells, service->only_column) == NULL ||
		import_is_value(import, cells, service->only_column,
				service->only_value);
}

/* Returns -1 if it is another service's. */
static int
import_names_check(struct bounce_import *import, const char **error_r)
{
	const struct bounce_import_service *service = import->service;

	if (service == NULL)
		return 0;
	for (unsigned int i = 0; service->addresses[i] != NULL; i++) {
		if (import_named_cell(import, import->names,
				      service->addresses[i]) != NULL)
			return 0;
	}
	*error_r = t_strdup_printf("Not a list of %s: it has no %s",
				   service->name, service->addresses[0]);
	import->refused = TRUE;
	return -1;
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
	if (!import_is_listed(import, cells))
		return 0;
	if (!bounce_import_address_is_alone(address)) {
		*error_r = t_strdup_printf("%s is not one address alone",
			bounce_import_address_shown(import, address));
		return -1;
	}
	if (bounce_import_address(import, address, &item->address, error_r) < 0)
		return -1;
	if (str_len(codes) > 0 || str_len(words) > 0)
		import_words(import, str_c(codes), str_c(words), item);
	if (import->service != NULL &&
	    import_is_value(import, cells, import->service->soft_column,
			    import->service->soft_value)) {
		item->class = BOUNCE_CLASS_SOFT;
		item->harmless = TRUE;
	}
	return 1;
}

static bool
import_cell(struct bounce_import *import, const char *cell, const char **address_r)
{
	const char *error;

	return strchr(cell, '@') != NULL && bounce_import_address_is_alone(cell) &&
		bounce_address_normalize(import->pool, cell, address_r,
					 &error) == 0;
}

/* Without a row of names: an address, or a row with an address somewhere. Of several
   nobody knows which one failed. */
static int
import_plain(struct bounce_import *import, const char *line,
	     struct bounce_import_item *item, const char **error_r)
{
	const char *const *cells;
	const char *error, *address;

	if (bounce_import_address_is_alone(line) &&
	    bounce_address_normalize(import->pool, line, &item->address,
				     &error) == 0)
		return 1;
	if (*line == '#')
		return 0;
	cells = bounce_csv_split(line, bounce_csv_delimiter(line));
	for (; *cells != NULL; cells++) {
		if (!import_cell(import, *cells, &address))
			continue;
		if (item->address != NULL &&
		    strcmp(item->address, address) != 0) {
			*error_r = t_strdup_printf("More than one address in it: %s",
				bounce_import_address_shown(import, line));
			return -1;
		}
		item->address = address;
	}
	if (item->address != NULL)
		return 1;
	*error_r = t_strdup_printf("No address in it: %s",
				   bounce_import_address_shown(import, line));
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
	if (*line == '\0' || import->refused)
		return 0;
	if (import_is_json(line))
		return bounce_import_own_line(import, line, item_r, error_r);
	/* titles may be above the names */
	if (!import->begun && import->names == NULL &&
	    (bounce_string_begins(line, "sep=") || import_names(import, line)))
		return import->names == NULL ? 0 :
			import_names_check(import, error_r);
	if (import->names == NULL) {
		ret = import_plain(import, line, item_r, error_r);
		import->begun = import->begun || ret > 0;
		return ret;
	}
	if (import->own) {
		return bounce_import_own_row(import,
			bounce_csv_split(line, import->delimiter),
			item_r, error_r);
	}
	return import_row(import,
			  bounce_csv_split(line, import->delimiter),
			  item_r, error_r);
}

int bounce_import_entry(struct bounce_import *import, const char *const *names,
			const char *const *cells,
			struct bounce_import_item *item_r,
			const char **error_r)
{
	int ret;

	i_zero(item_r);
	import->names = names;
	ret = import_names_check(import, error_r);
	if (ret == 0)
		ret = import_row(import, cells, item_r, error_r);
	import->names = NULL;
	return ret;
}
