#ifndef DOVEADM_BOUNCE_RATE_H
#define DOVEADM_BOUNCE_RATE_H

#include "doveadm-bounce-people.h"

struct bounce_texts;

/* Columns of a row, as rate_headers() has them: who adds one looks at enum
   rate_column, too. */
#define DOVEADM_BOUNCE_RATE_COUNT 24

/* A table with bars, and what the figures mean in a sentence. texts NULL =
   English. */
void doveadm_bounce_rate_write(const struct bounce_texts *texts,
			       const ARRAY_TYPE(doveadm_bounce_people_row) *rows,
			       string_t *str);

#endif
