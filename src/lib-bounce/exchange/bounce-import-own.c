/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Lines of our own export: a record as JSON, or a row of our CSV. */

#include "lib.h"
#include "array.h"
#include "unichar.h"
#include "bounce-csv.h"
#include "bounce-import-private.h"
#include "bounce-record-member.h"

#include <jansson.h>
#include <stdlib.h>

static int
own_whole(struct bounce_import *import, struct bounce_import_item *item,
	     const char **error_r)
{
	const struct bounce_record_member *member;
	const char **address;

	bounce_record_member_foreach(member) {
		address = PTR_OFFSET(&item->rec, member->offset);
		if (member->type == BOUNCE_MEMBER_ADDRESS && *address != NULL &&
		    bounce_import_address(import, *address, address, error_r) < 0)
			return -1;
	}
	item->address = item->rec.address;
	item->whole = TRUE;
	return 1;
}

int
bounce_import_own_line(struct bounce_import *import, const char *json,
	      struct bounce_import_item *item, const char **error_r)
{
	if (bounce_record_decode(import->pool, json, &item->rec, error_r) < 0)
		return -1;
	return own_whole(import, item, error_r);
}

static int
own_cell(struct bounce_import *import, const char *name, const char *cell,
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
					   bounce_import_address_shown(import, cell));
		return -1;
	}
	return 0;
}

/* What has no column of its own; the columns, which may have been edited, come
   after it. */
static int
own_other(struct bounce_import *import, const char *cell,
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
					   bounce_import_address_shown(import, cell));
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
own_other_cell(struct bounce_import *import, const char *const *cells)
{
	for (unsigned int i = 0; cells[i] != NULL && import->names[i] != NULL;
	     i++) {
		if (strcmp(import->names[i], BOUNCE_CSV_OTHER) == 0 &&
		    *cells[i] != '\0')
			return cells[i];
	}
	return NULL;
}

int
bounce_import_own_row(struct bounce_import *import, const char *const *cells,
	       struct bounce_import_item *item, const char **error_r)
{
	const char *state = "", *other = own_other_cell(import, cells);

	item->partial = other == NULL;
	if (item->partial)
		bounce_record_init(&item->rec, import->pool, NULL);
	else if (own_other(import, other, &item->rec, error_r) < 0)
		return -1;
	for (unsigned int i = 0; cells[i] != NULL && import->names[i] != NULL;
	     i++) {
		if (own_cell(import, import->names[i], cells[i], &item->rec,
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
	return own_whole(import, item, error_r);
}
