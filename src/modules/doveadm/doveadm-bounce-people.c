/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "ostream.h"
#include "str.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-people.h"

/* The format that is kept: one row a line, a tab between its values. Ours hold
   neither (doveadm_bounce_print()). */
static struct ostream *people_output;
static buffer_t *people_rows;

void doveadm_bounce_people_begin(void)
{
	/* one command a process, but for doveadm-server, which has its format */
	if (doveadm_print_is_initialized() || doveadm_print_ostream == NULL)
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TAB);
	people_rows = buffer_create_dynamic(default_pool, 4096);
	people_output = doveadm_print_ostream;
	doveadm_print_ostream = o_stream_create_buffer(people_rows);
	/* doveadm frees it where the command does not get so far */
	o_stream_set_no_error_handling(doveadm_print_ostream, TRUE);
}

static void
people_add_row(const char *line, unsigned int columns,
	       ARRAY_TYPE(doveadm_bounce_people_row) *rows)
{
	const char *const *values = t_strsplit(line, "\t");
	unsigned int count = str_array_length(values);
	struct doveadm_bounce_people_row *row;

	if (count != columns && count != columns + 1)
		return;
	row = array_append_space(rows);
	row->user = count == columns ? NULL : values[0];
	row->values = count == columns ? values : values + 1;
}

void doveadm_bounce_people_end(struct doveadm_bounce_cmd *cmd,
			       unsigned int columns,
			       doveadm_bounce_people_t *write)
{
	ARRAY_TYPE(doveadm_bounce_people_row) rows;
	const char *const *lines;
	string_t *str;

	if (people_rows == NULL)
		return;
	doveadm_print_flush();
	o_stream_destroy(&doveadm_print_ostream);
	doveadm_print_ostream = people_output;

	str = str_new(default_pool, 4096);
	t_array_init(&rows, 64);
	lines = t_strsplit(str_c(people_rows), "\n");
	/* the first one is the titles */
	if (!doveadm_print_hide_titles && *lines != NULL)
		lines++;
	for (; *lines != NULL; lines++)
		people_add_row(*lines, columns, &rows);
	write(cmd, &rows, str);
	o_stream_nsend(doveadm_print_ostream, str_data(str), str_len(str));
	str_free(&str);
	buffer_free(&people_rows);
}
