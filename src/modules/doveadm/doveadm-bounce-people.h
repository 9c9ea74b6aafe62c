#ifndef DOVEADM_BOUNCE_PEOPLE_H
#define DOVEADM_BOUNCE_PEOPLE_H

/* What a command prints for people, unless -f names a format: its rows, from
   this process or from doveadm-server, are kept and written in words at its end.
   So -f prints the rows as they are, and both ways read alike. */

#include "lib.h"

struct doveadm_bounce_cmd;

/* At most so wide, on a terminal and in a pipe. */
#define DOVEADM_BOUNCE_PEOPLE_COLUMNS 80

struct doveadm_bounce_people_row {
	/* NULL where it is one user's */
	const char *user;
	/* as printed, in the order of the headers */
	const char *const *values;
};
ARRAY_DEFINE_TYPE(doveadm_bounce_people_row, struct doveadm_bounce_people_row);

/* Write all rows to str. */
typedef void
doveadm_bounce_people_t(struct doveadm_bounce_cmd *cmd,
			const ARRAY_TYPE(doveadm_bounce_people_row) *rows,
			string_t *str);

/* Before the command's struct is allocated. Nothing happens where the format is
   given. */
void doveadm_bounce_people_begin(void);
/* At the command's end: columns are those that it printed itself. Nothing
   happens where the format was given. */
void doveadm_bounce_people_end(struct doveadm_bounce_cmd *cmd,
			       unsigned int columns,
			       doveadm_bounce_people_t *write);

#endif
