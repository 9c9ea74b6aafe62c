/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-tell-private.h"
#include "bounce-address.h"
#include "bounce-limits.h"
#include "bounce-reason.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A spreadsheet takes a cell that begins like this for a formula (OWASP, "CSV
   injection"), and some look behind a separator, too: all are quoted, and a
   quote mark keeps them a text. */
static void csv_cell(string_t *str, const char *separator, const char *cell)
{
	if (cell == NULL)
		cell = "";
	str_append(str, separator);
	str_append_c(str, '"');
	if (*cell != '\0' && strchr("=+-@\t\r", *cell) != NULL)
		str_append_c(str, '\'');
	for (; *cell != '\0'; cell++) {
		if (*cell == '"')
			str_append_c(str, '"');
		str_append_c(str, *cell);
	}
	str_append_c(str, '"');
}

static void csv_header(const struct bounce_tell *tell, string_t *str,
		       const char *separator)
{
	static const char *const keys[] = {
		"column.address", "column.reason", "column.why", "column.later",
		"column.status", "fact.proposal", "classify.words"
	};

	for (unsigned int i = 0; i < N_ELEMENTS(keys); i++) {
		csv_cell(str, i == 0 ? "" : separator,
			 bounce_texts_get(tell->texts, keys[i]));
	}
	str_append(str, "\r\n");
}

static void csv_row(const struct bounce_tell *tell, string_t *str,
		    const char *separator,
		    const struct bounce_tell_recipient *rcpt)
{
	csv_cell(str, "", rcpt->address);
	csv_cell(str, separator, rcpt->reason == NULL ? NULL :
		 rcpt->reason->name);
	csv_cell(str, separator, t_bounce_tell_part_meaning(tell, rcpt));
	csv_cell(str, separator, bounce_texts_get(tell->texts,
		t_strconcat("class.", bounce_class_name(rcpt->class), NULL)));
	csv_cell(str, separator, rcpt->status);
	csv_cell(str, separator, bounce_address_propose(rcpt->address));
	/* whom it did not reach matters more than long answers */
	csv_cell(str, separator, rcpt->words == NULL ||
		 str_len(str) > BOUNCE_MAX_TELL_CSV / 4 ? NULL :
		 t_bounce_tell_plain(rcpt->words));
	str_append(str, "\r\n");
}

void bounce_tell_csv(const struct bounce_tell *tell, string_t *str)
{
	const char *separator = bounce_texts_get(tell->texts, "csv.separator");
	const struct bounce_tell_recipient *rcpts;
	unsigned int i, count;

	rcpts = array_get(&tell->recipients, &count);
	str_append(str, BYTE_ORDER_MARK);
	csv_header(tell, str, separator);
	for (i = 0; i < count && str_len(str) < BOUNCE_MAX_TELL_CSV; i++)
		T_BEGIN {
			csv_row(tell, str, separator, &rcpts[i]);
		} T_END;
	if (count - i + tell->more > 0) {
		csv_cell(str, "", t_bounce_texts_count(tell->texts,
						       "notice.more", count - i +
						       tell->more, NULL));
		str_append(str, "\r\n");
	}
}
