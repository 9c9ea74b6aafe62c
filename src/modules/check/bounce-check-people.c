/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-width.h"
#include "bounce-check.h"
#include "bounce-check-people.h"

/* As long as the longest result, and two. */
#define INDENT "         "

static void people_write_row(const char *const *values, string_t *str)
{
	const char *check = values[0], *subject = values[1];
	const char *result = values[2], *found = values[3], *advice = values[4];

	bounce_width_wrap(str, t_strdup_printf("%-*s", (int)strlen(INDENT),
					       result), INDENT,
			  DOVEADM_BOUNCE_PEOPLE_COLUMNS,
			  t_strdup_printf("%s%s%s: %s", check,
					  *subject == '\0' ? "" : " ", subject,
					  found));
	if (*advice != '\0') {
		bounce_width_wrap(str, INDENT"-> ", INDENT"   ",
				  DOVEADM_BOUNCE_PEOPLE_COLUMNS, advice);
	}
}

void bounce_check_people_write(struct doveadm_bounce_cmd *cmd ATTR_UNUSED,
			       const ARRAY_TYPE(doveadm_bounce_people_row) *rows,
			       string_t *str)
{
	unsigned int counts[BOUNCE_CHECK_RESULT_COUNT];
	const struct doveadm_bounce_people_row *row;
	const char *user = NULL;

	i_zero(&counts);
	array_foreach(rows, row) {
		if (row->user != NULL && null_strcmp(row->user, user) != 0)
			str_printfa(str, "%s:\n", row->user);
		user = row->user;
		people_write_row(row->values, str);
		for (unsigned int i = 0; i < BOUNCE_CHECK_RESULT_COUNT; i++) {
			if (strcmp(bounce_check_result_name(i),
				   row->values[2]) == 0)
				counts[i]++;
		}
	}
	for (unsigned int i = 0; i < BOUNCE_CHECK_RESULT_COUNT &&
	     !array_is_empty(rows); i++) {
		str_printfa(str, "%s%s %u", i == 0 ? "\n" : ", ",
			    bounce_check_result_name(i), counts[i]);
	}
	if (!array_is_empty(rows))
		str_append_c(str, '\n');
}
