#ifndef BOUNCE_DICT_PRIVATE_H
#define BOUNCE_DICT_PRIVATE_H

/* Between bounce-dict.c and bounce-dict-iter.c, which stands on it. */

#include "bounce-dict.h"

#define BOUNCE_DICT_LATE "Dictionary did not answer in time"

struct dict_iterate_context;

struct bounce_dict_row {
	const char *key, *value;
};

struct bounce_dict_iter {
	struct bounce_dict_iter *prev, *next;
	struct bounce_dict *dict;
	/* NULL: over */
	struct dict_iterate_context *ctx;
	/* there is more to read */
	bool more;
	char *error;

	/* Nobody waits: this one only reads what another has read already, which
	   reads on as the answers come. */
	struct bounce_dict_iter *list;
	unsigned int idx;
	/* Of the other one: of which path, and what it has read. */
	struct bounce_dict_iter *list_next;
	pool_t pool;
	const char *path;
	int flags;
	ARRAY(struct bounce_dict_row) rows;
};

/* A request that began at that time: its end, and what it cost. Returns -1 if it
   did not end in time: then the dictionary is closed. */
int bounce_dict_finish(struct bounce_dict *dict, uint64_t started,
		       const bool *done, const int *ret);
/* It answered, or failed. */
void bounce_dict_answered(struct bounce_dict *dict, bool ok);
/* Something came: whoever waits is to look at it. */
void bounce_dict_wake(struct bounce_dict *dict);

#endif
