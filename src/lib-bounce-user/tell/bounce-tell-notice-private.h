#ifndef BOUNCE_TELL_NOTICE_PRIVATE_H
#define BOUNCE_TELL_NOTICE_PRIVATE_H

#include "bounce-rate.h"
#include "bounce-tell-group.h"
#include "bounce-tell-memory.h"
#include "bounce-tell-notice.h"

struct bounce_tell_box;

struct bounce_tell_notice {
	struct bounce_user *bu;
	const struct bounce_tell_about *about;
	pool_t pool;
	struct bounce_tell_box *box;
	struct bounce_tell_group group;
	struct bounce_rate rate;
	/* the language that the original is in, or NULL */
	const char *language;

	/* of the notice that was written */
	bool written;
	/* which says only that there are no more */
	bool limit;
	struct bounce_tell_place place;
};

/* With a pool of its own. */
void bounce_tell_notice_init(struct bounce_tell_notice *notice,
			     struct bounce_user *bu,
			     const struct bounce_tell_about *about);
/* A bounce_notice_store_change_t: box is open, group found. */
int bounce_tell_notice_change(pool_t pool, struct bounce_tell_memory *memory,
			      struct bounce_tell_counts *counts, void *context,
			      const char **error_r);

/* bounce-tell-notice-fill.c: memory gets the report's failures, from pool. Returns how
   many of those listed are new, which are its last. */
unsigned int
bounce_tell_notice_take_in(const struct bounce_tell_notice *notice, pool_t pool,
			   struct bounce_tell_memory *memory);
/* Sets rate, what was sent and what failed, as the summary says it: at least what was
   told. */
void bounce_tell_notice_judge(struct bounce_tell_notice *notice,
			      const struct bounce_tell_memory *memory);
/* The failures from first on of this mail, or all of them as a summary. */
void bounce_tell_notice_fill_failure(struct bounce_tell_notice *notice,
				     const struct bounce_tell_memory *memory,
				     unsigned int first,
				     struct bounce_tell *tell);
void bounce_tell_notice_fill_summary(struct bounce_tell_notice *notice,
				     const struct bounce_tell_memory *memory,
				     struct bounce_tell *tell);

#endif
