#ifndef BOUNCE_IMPORT_SERVICE_H
#define BOUNCE_IMPORT_SERVICE_H

/* The mail services whose lists are known by name. One row of the table for each;
   their files are CSV, or the JSON of their interfaces. */

struct bounce_import_service {
	const char *name;
	/* where the list is in the JSON: names of members, by dots; NULL-
	   terminated, any of them. "" = the whole is the list */
	const char *lists[3];
	/* the column (CSV) or member with the address, any of them */
	const char *addresses[3];
	/* only rows with this value in this column are on the list, where there
	   is such a column; NULL = all are */
	const char *only_column, *only_value;
	/* what in which column says that the address will work again; or NULL */
	const char *soft_column, *soft_value;
};

/* NULL = there is none of that name. */
const struct bounce_import_service *bounce_import_service_find(const char *name);
/* "mailgun, sendgrid ...", on the data stack. */
const char *t_bounce_import_service_names(void);

/* The list of such a JSON text (RFC 8259). Allocated from pool. Returns 0, or -1
   with error_r. */
struct bounce_import_list;
int bounce_import_service_list(const struct bounce_import_service *service,
			       const void *data, size_t size,
			       struct bounce_import_list **list_r,
			       const char **error_r);
void bounce_import_list_free(struct bounce_import_list **list);
/* The next entry as names and cells, NULL-terminated, on the data stack. FALSE at
   the end. */
bool bounce_import_list_next(struct bounce_import_list *list,
			     const char *const **names_r,
			     const char *const **cells_r);

#endif
