#ifndef BOUNCE_RECORD_PRIVATE_H
#define BOUNCE_RECORD_PRIVATE_H

#include "bounce-record-member.h"

/* Read a record as we write it. FALSE if json is not of that shape (then
   nothing is said about it, and rec_r is not to be used). */
bool bounce_record_quick_decode(pool_t pool, const char *json,
				struct bounce_record *rec_r);

/* text as it may be in the dictionary: valid UTF-8, a space for every run of
   control characters, at most max bytes; on the data stack, or text itself. NULL is
   NULL. */
const char *bounce_record_clean(const char *text, size_t max);
/* The score in thousandths of 1: as it is written. */
double bounce_record_score(const struct bounce_record *rec);

/* bounce-record-report.c: which reports a record knows, by the lists of its members,
   of at most BOUNCE_MAX_RECENT ids each: the oldest fall out. */
bool bounce_record_list_has(const ARRAY_TYPE(const_string) *list,
			    const char *id);
void bounce_record_list_add(ARRAY_TYPE(const_string) *list, pool_t pool,
			    const char *id);
/* It is from now on; of the one that falls out of recent a hash is kept (seen). */
void bounce_record_report_add(struct bounce_record *rec, pool_t pool,
			      const char *report_id);
/* There are no doubts any more: add them all, but for except (may be NULL). Returns
   how many. */
unsigned int
bounce_record_report_settle(struct bounce_record *rec, pool_t pool,
			    const char *except);

#endif
