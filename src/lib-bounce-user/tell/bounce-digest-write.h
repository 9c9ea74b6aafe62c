#ifndef BOUNCE_DIGEST_WRITE_H
#define BOUNCE_DIGEST_WRITE_H

/* A digest: gather it, and save it once for each period. */

#include "bounce-digest.h"
#include "bounce-sent.h"
#include "bounce-rate.h"
#include "bounce-tell.h"

struct bounce_user;

/* What one digest says. */
struct bounce_digest_write {
	struct bounce_digest_period period;
	struct bounce_tell tell;
	struct bounce_tell_digest digest;
	struct bounce_rate rate, before;
	ARRAY_TYPE(bounce_cause) providers;
	/* something failed or changed */
	bool news;
	/* it was written before; the user wants none */
	bool written, off;
	/* all that were counted */
	unsigned int backscatter;
};

/* Gather what there is to say of the last whole week or month. Allocated from
   pool and the data stack. Returns 0, or -1 with error_r. */
int bounce_digest_write_read(struct bounce_user *bu,
			     enum bounce_digest_every every, time_t now,
			     pool_t pool, struct bounce_digest_write *write_r,
			     const char **error_r);
/* Save it, unless one of that period was. Returns 1, 0, or -1 with error_r. */
int bounce_digest_write(struct bounce_user *bu,
			struct bounce_digest_write *write,
			const char **error_r);

#endif
