#ifndef BOUNCE_TELL_SINGLE_H
#define BOUNCE_TELL_SINGLE_H

/* Notices that are about no mail: each is written once, within the cap of the
   hour. */

#include "bounce-tell.h"

struct bounce_user;

struct bounce_tell_single {
	enum bounce_tell_kind kind;
	/* the person's own; without a domain it is ours */
	const char *address;
	/* what it is about: one of the same kind and id is written once a day */
	const char *id;
	/* of a flood */
	unsigned int count;
	const char *folder;
	/* of what recovered */
	const struct bounce_record *record;
	time_t now;
};

/* Returns 1 if it was written, 0 if it was before, may not be or is not wanted,
   or -1 with error_r. */
int bounce_tell_single(struct bounce_user *bu,
		       const struct bounce_tell_single *single,
		       const char **error_r);

#endif
