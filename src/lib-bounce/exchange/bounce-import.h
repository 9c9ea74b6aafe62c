#ifndef BOUNCE_IMPORT_H
#define BOUNCE_IMPORT_H

/* The lines of a file that is imported: our own JSON and CSV, a plain list of
   addresses, or the export of a mail service (a row of names, one of them an
   address). */

#include "bounce-record.h"

struct bounce_import_service;
struct bounce_rules;
struct bounce_import;

/* What one line says. */
struct bounce_import_item {
	/* normal form */
	const char *address;
	/* a record of ours, whole; else only the following is set */
	bool whole;
	/* of a CSV without the column BOUNCE_CSV_OTHER */
	bool partial;
	struct bounce_record rec;

	/* NULL = the line names none */
	const struct bounce_reason *reason;
	enum bounce_class class;
	const char *status, *reply, *diagnostic;
	bool complaint;
	/* the words blame nobody, or only for now */
	bool harmless;
};

/* The last column of our own CSV: as JSON, all of the record that has no column of
   its own. */
#define BOUNCE_CSV_OTHER "other"

/* rules judge the words of a service. hide_input: errors do not quote what was
   given (they go to a log, where no address may be). */
struct bounce_import *
bounce_import_init(pool_t pool, const struct bounce_rules *rules,
		   bool hide_input);
/* The file is this service's: a row of names must hold its address column. */
void bounce_import_set_service(struct bounce_import *import,
			       const struct bounce_import_service *service);
/* Does the row go on in the next line? */
bool bounce_import_goes_on(struct bounce_import *import,
				   const char *line);
/* Read one line (a row, without its line end). Returns 1 and sets item_r
   (allocated from the import's pool), 0 if it says nothing (empty, comment, row
   of names), -1 with error_r (on the data stack) if it is wrong. */
int bounce_import_line(struct bounce_import *import,
			       const char *line,
			       struct bounce_import_item *item_r,
			       const char **error_r);
/* As bounce_import_line() for an entry of a service's list: names and cells,
   NULL-terminated. */
int bounce_import_entry(struct bounce_import *import, const char *const *names,
			const char *const *cells,
			struct bounce_import_item *item_r,
			const char **error_r);

#endif
