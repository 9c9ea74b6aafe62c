/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What a person does to a record, and who makes room. */

#include "lib.h"
#include "array.h"
#include "bounce-reason.h"
#include "bounce-record-private.h"

static bool record_is_own(const struct bounce_record *rec)
{
	return rec->by == BOUNCE_BY_BOUNCE;
}

static void
record_touch(struct bounce_record *rec, enum bounce_by by, time_t now)
{
	rec->by = by;
	rec->until = 0;
	if (rec->first == 0)
		rec->first = now;
	if (rec->last < now)
		rec->last = now;
}

void bounce_record_suppress(struct bounce_record *rec, enum bounce_by by,
			    const struct bounce_reason *reason, time_t now)
{
	if (reason == NULL && rec->reason == NULL)
		reason = bounce_reason_find("undetermined");
	if (reason != NULL) {
		rec->reason = reason->name;
		rec->class = reason->class;
		rec->side = reason->side;
	}
	rec->state = BOUNCE_STATE_SUPPRESSED;
	rec->corrected = NULL;
	record_touch(rec, by, now);
}

/* What was counted stays counted, so that a late report of the same mail does
   not suppress again; the score starts anew. */
void bounce_record_release(struct bounce_record *rec, pool_t pool,
			   enum bounce_by by, time_t now)
{
	/* what nobody had proved by then is refused: it counts for nothing, whoever
	   proves it later */
	(void)bounce_record_report_settle(rec, pool, NULL);
	rec->state = BOUNCE_STATE_RELEASED;
	rec->score = 0;
	rec->scored = 0;
	rec->since = 0;
	rec->days = 0;
	rec->released = now;
	rec->lease = 0;
	rec->corrected = NULL;
	record_touch(rec, by, now);
}

void bounce_record_correct(struct bounce_record *rec, pool_t pool,
			   const char *corrected, enum bounce_by by,
			   time_t now)
{
	rec->state = BOUNCE_STATE_CORRECTED;
	rec->corrected = p_strdup(pool, corrected);
	record_touch(rec, by, now);
}

bool bounce_record_clears(const struct bounce_record *rec)
{
	return record_is_own(rec) && rec->state != BOUNCE_STATE_CORRECTED;
}

static unsigned int
record_room_rank(const struct bounce_record *rec, time_t now)
{
	if (bounce_record_lapsed(rec, now))
		return 0;
	if (rec->state == BOUNCE_STATE_CORRECTED || !record_is_own(rec))
		return 5;
	if (rec->state == BOUNCE_STATE_WATCHED)
		return rec->count == 0 ? 1 : 2;
	return rec->class != BOUNCE_CLASS_HARD ? 3 : 4;
}

bool bounce_record_gives_way(const struct bounce_record *rec, time_t now)
{
	return record_room_rank(rec, now) <= 1;
}

bool bounce_record_is_softer(const struct bounce_record *rec, time_t now)
{
	return record_room_rank(rec, now) <= 3;
}

int bounce_record_room_cmp(const struct bounce_record *a,
			   const struct bounce_record *b, time_t now)
{
	unsigned int ra = record_room_rank(a, now);
	unsigned int rb = record_room_rank(b, now);

	if (ra != rb)
		return ra < rb ? -1 : 1;
	return a->last < b->last ? -1 : (a->last > b->last ? 1 : 0);
}
