#ifndef BOUNCE_RECORD_MEMBER_H
#define BOUNCE_RECORD_MEMBER_H

/* The members of a record, in one table: what reads, writes, copies, prints or
   imports a record walks it. A new member is its field in struct bounce_record
   and its row here. */

#include "bounce-record.h"

enum bounce_record_member_type {
	BOUNCE_MEMBER_TEXT = 0,		/* const char * */
	BOUNCE_MEMBER_ADDRESS,		/* const char *, in normal form */
	BOUNCE_MEMBER_REASON,		/* const char *, a reason's name */
	BOUNCE_MEMBER_NAME,		/* enum; names has its words */
	BOUNCE_MEMBER_COUNT,		/* unsigned int */
	BOUNCE_MEMBER_SCORE,		/* double */
	BOUNCE_MEMBER_TIME,		/* time_t, Unix seconds; 0 = unknown */
	BOUNCE_MEMBER_UNTIL,		/* time_t; 0 = never */
	BOUNCE_MEMBER_LIST		/* ARRAY_TYPE(const_string) */
};

enum bounce_record_member_flag {
	/* written where it is empty (0, null, []), too */
	BOUNCE_MEMBER_ALWAYS	= 0x01,
	/* "doveadm bounce get", and all but lists in CSV and the SQL views */
	BOUNCE_MEMBER_SHOWN	= 0x02,
	/* "doveadm bounce list" */
	BOUNCE_MEMBER_LISTED	= 0x04,
	/* a field of Sieve's bounce_record */
	BOUNCE_MEMBER_SIEVE	= 0x08,
	/* which mails were counted: kept when a record starts anew */
	BOUNCE_MEMBER_COUNTED	= 0x10,
	/* not from reports: kept when the mailbox makes a record anew */
	BOUNCE_MEMBER_KEPT	= 0x20
};

struct bounce_record_member {
	/* in JSON, CSV, doveadm, Sieve and SQL */
	const char *name;
	enum bounce_record_member_type type;
	enum bounce_record_member_flag flags;
	/* of the field in struct bounce_record */
	size_t offset, size;
	/* of a text, in bytes */
	size_t max;
	/* of an enum, NULL-terminated */
	const char *const *names;
};

/* In the order in which they are written. */
extern const struct bounce_record_member bounce_record_members[];
#define bounce_record_member_foreach(member) \
	for (member = bounce_record_members; member->name != NULL; member++)

/* A member by its name, or NULL. */
const struct bounce_record_member *bounce_record_member_find(const char *name);
/* The names of the members that have the flag, NULL-terminated, on the data
   stack. */
const char *const *
bounce_record_member_names(enum bounce_record_member_flag flag);
/* Is it a column of CSV and of the SQL views? */
bool bounce_record_member_is_column(const struct bounce_record_member *member);
/* Is it 0, NULL or []? */
bool bounce_record_member_is_empty(const struct bounce_record_member *member,
				   const struct bounce_record *rec);
/* Its value as CSV has it (times in seconds, spaces between the elements of a
   list), on the data stack, static or rec's; NULL where the record does not have it. */
const char *bounce_record_member_text(const struct bounce_record_member *member,
				      const struct bounce_record *rec);
/* Set a text ("" is NULL; not copied), or an enum by its name. Returns FALSE
   if the member is of another type, or there is no such name: then the record
   is as before. */
bool bounce_record_member_set_text(const struct bounce_record_member *member,
				   struct bounce_record *rec, const char *text);
/* Set a number; one that is not positive or not finite is 0. FALSE as above. */
bool bounce_record_member_set_number(const struct bounce_record_member *member,
				     struct bounce_record *rec, double number);
/* dest's members that have the flag become those of src: they are not copied. */
void bounce_record_member_take(enum bounce_record_member_flag flag,
			       struct bounce_record *dest,
			       const struct bounce_record *src);

/* The same of the members that are no columns. */
void bounce_record_member_take_others(struct bounce_record *dest,
				      const struct bounce_record *src);

#endif
