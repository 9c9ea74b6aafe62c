#ifndef BOUNCE_RECORD_PRIVATE_H
#define BOUNCE_RECORD_PRIVATE_H

#include "bounce-record-member.h"

/* Read a record as we write it. FALSE if json is not of that shape (then
   nothing is said about it, and rec_r is not to be used). */
bool bounce_record_quick_decode(pool_t pool, const char *json,
				struct bounce_record *rec_r);

/* text as it may stand in the dictionary: valid UTF-8, a space for every run of
   control characters, at most max bytes; on the data stack. NULL is NULL. */
const char *bounce_record_clean(const char *text, size_t max);
/* The score in thousandths of 1: as it is written. */
double bounce_record_score(const struct bounce_record *rec);

#endif
