#ifndef BOUNCE_DICT_PRIVATE_H
#define BOUNCE_DICT_PRIVATE_H

/* Between bounce-dict-file.c and bounce-dict-wait.c, on which bounce-dict.c and
   bounce-dict-commit.c build, and bounce-dict-iter.c and bounce-dict-glance.c, which
   build on these. */

#include "bounce-dict.h"

#define BOUNCE_DICT_LATE "Dictionary did not answer in time"

struct dict_iterate_context;

/* A look-up. */
struct bounce_dict_request {
	struct bounce_dict *dict;
	const char *key;
	bool done;
	int ret;
	char *value, *error;
};

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

/* bounce-dict-wait.c: something came, whoever waits is to look at it. */
void bounce_dict_wake(struct bounce_dict *dict);
/* All look-ups that were sent ahead? */
bool bounce_dict_has_answered(struct bounce_dict *dict);
/* A request that began at that time: its end, and what it cost. Returns -1 if it
   did not end in time: then the dictionary is closed. */
int bounce_dict_finish(struct bounce_dict *dict, uint64_t started,
		       const bool *done, const int *ret);
/* It answered, or failed. */
void bounce_dict_answered(struct bounce_dict *dict, bool ok);
/* bounce-dict-file.c: where the driver is the file's. */
struct stat;
void bounce_dict_file_identify(const struct stat *st,
			       struct bounce_dict_file *file_r);
bool bounce_dict_file_equals(const struct bounce_dict_file *a,
			     const struct bounce_dict_file *b);
/* The driver has read all of it, or written it; others are passed over. */
void bounce_dict_file_loaded(struct bounce_dict *dict);
void bounce_dict_file_create(struct bounce_dict *dict);
/* Returns an fd to be kept over the commit, BOUNCE_DICT_NOT_LOCKED, or -1 with
   error_r. */
#define BOUNCE_DICT_NOT_LOCKED -2
int bounce_dict_file_lock(struct bounce_dict *dict, const char **error_r);
/* An address's record from its value. Returns 0, or BOUNCE_DICT_DAMAGED. */
int bounce_dict_decode(pool_t pool, const char *address, const char *value,
		       struct bounce_record *rec_r, const char **error_r);

#endif
