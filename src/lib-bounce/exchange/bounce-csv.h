#ifndef BOUNCE_CSV_H
#define BOUNCE_CSV_H

/* CSV (RFC 4180), also with semicolons or tabs between the cells. */

/* Append a cell, quoted where it must be, with a comma before it unless it is
   the first of str. NULL is an empty cell. */
void bounce_csv_append(string_t *str, const char *cell);

/* text as a cell that no spreadsheet takes for a formula: a ' before =, +, - or @
   at its beginning, or after a semicolon or tab, where another delimiter would
   make it a beginning. unguard() takes it off again: nothing is lost. On the
   data stack. */
const char *bounce_csv_guard(const char *text);
const char *bounce_csv_unguard(const char *cell);
/* The same for an address in normal form: quoted, which makes no other address
   of it. */
const char *bounce_csv_guard_address(const char *address);

/* A time as spreadsheets know it, in UTC, on the data stack: "2026-11-26
   15:43:37". */
const char *bounce_csv_date(time_t when);
/* The same back, also without seconds or without the time of day, and as RFC 3339
   has it, with T and Z. FALSE if it is none. */
bool bounce_csv_date_parse(const char *cell, time_t *when_r);

/* The delimiter of a line: the one of comma, semicolon and tab that is most
   often outside of quotes; a comma where there is none. */
char bounce_csv_delimiter(const char *line);

/* The cells of a row, NULL-terminated, on the data stack: quotes are taken off,
   white space around unquoted cells, too. */
const char *const *
bounce_csv_split(const char *line, char delimiter);

/* Do all quotes end within line? Else the row goes on in the next line. */
bool bounce_csv_is_complete(const char *line);

#endif
