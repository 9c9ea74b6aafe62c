#ifndef BOUNCE_DICT_H
#define BOUNCE_DICT_H

/* The ground of the store: one user's dictionary, opened, read and written to, and
   waited for as long as bounce-wait.h says. Nothing here knows of locks or
   changes. */

#include "bounce-record.h"
#include "bounce-wait.h"

struct bounce_dict;
struct bounce_dict_iter;
struct bounce_dict_request;
struct dict;
struct dict_transaction_context;
struct mail_user;

/* A file at one time. */
struct bounce_dict_file {
	ino_t ino;
	dev_t dev;
	uoff_t size;
	time_t mtime;
	unsigned long nsecs;
};

struct bounce_dict {
	pool_t pool;
	struct mail_user *user;
	/* 2.3's URI, see bounce_store_settings */
	const char *uri;
	struct bounce_wait *wait;
	/* NULL = to be opened at the next use */
	struct dict *dict;
	/* its driver's, or NULL: compat_dict_init() */
	struct settings_instance *settings;
	/* of the file driver, else NULL */
	const char *file;
	/* as the pauses know it */
	const char *name;
	/* 1 the driver iterates, 0 it cannot, -1 not asked yet */
	int iterates;
	/* that are open */
	struct bounce_dict_iter *iters;
	/* when it last answered a look-up, in microseconds */
	uint64_t answered_at;
	/* while somebody waits */
	struct ioloop *loop;
	struct timeout *to_warn;
	/* nobody waits: a look-up that has no answer yet fails and sets later, and
	   so does an iteration that is not at its end;
	   on_answer is called once there is one */
	bool nowait, later;
	void (*on_answer)(void *context);
	void *on_answer_context;
	/* look-ups that were sent ahead: see bounce_dict_ask() */
	pool_t ask_pool;
	ARRAY(struct bounce_dict_request *) asked;
	/* and iterations */
	struct bounce_dict_iter *lists;
	/* a request failed: what the driver has in memory, or its connection, is
	   not to be trusted */
	bool reopen;
	/* it answered once since it was opened */
	bool used;
	/* see bounce_store_is_down() */
	bool down;
	/* of the file driver: what it has in memory, and what was glanced at so
	   often */
	struct bounce_dict_file loaded, glanced;
	unsigned int glances;
};

/* Returns 0, or -1 with error_r if it cannot be opened. wait must outlive it. */
int bounce_dict_init(struct mail_user *user, const char *uri,
		     struct bounce_wait *wait, struct bounce_dict **dict_r,
		     const char **error_r);
void bounce_dict_deinit(struct bounce_dict **dict);
/* Every public function of the store begins here: opens the dictionary again
   where need be. -1 also while it is left alone. */
int bounce_dict_ready(struct bounce_dict *dict, const char **error_r);
/* The last request failed on a connection that had worked before: with a new one
   it may go well. */
bool bounce_dict_is_broken(const struct bounce_dict *dict);

/* mail_temp_dir, on the data stack. */
const char *t_bounce_dict_temp_dir(struct mail_user *user);
/* Does the driver iterate? 1/0/-1. */
int bounce_dict_iterates(struct bounce_dict *dict, const char **error_r);
/* The key of an address's record, on the data stack. */
const char *t_bounce_dict_key(struct bounce_dict *dict, const char *address);
/* One value, from pool. 1/0/-1; notes whether the dictionary is down. */
int bounce_dict_get(struct bounce_dict *dict, pool_t pool, const char *key,
		    const char **value_r, const char **error_r);
/* The record as it is there, lapsed or not. address in normal form. 1/0/-1,
   or BOUNCE_DICT_DAMAGED with error_r for a value that is no record. */
#define BOUNCE_DICT_DAMAGED -2
int bounce_dict_read(struct bounce_dict *dict, pool_t pool,
		     const char *address, struct bounce_record *rec_r,
		     const char **error_r);
/* The same, of a file that the driver has not read yet: at most a few times, and
   without reading all of it into memory. Returns 1 or 0, or -1:
   bounce_dict_read() is to be asked. */
int bounce_dict_glance(struct bounce_dict *dict, pool_t pool,
		       const char *address, struct bounce_record *rec_r);
/* Send a look-up ahead: bounce_dict_get() will wait for this one. Valid until
   bounce_dict_forget(). */
void bounce_dict_ask(struct bounce_dict *dict, const char *key);
void bounce_dict_forget(struct bounce_dict *dict);

/* Keys below path and their values. flags: enum dict_iterate_flags. key_r and
   value_r are valid until the next call. deinit returns 0, or -1 if the iteration
   failed. */
struct bounce_dict_iter *
bounce_dict_iter_init(struct bounce_dict *dict, const char *path, int flags);
bool bounce_dict_iter_next(struct bounce_dict_iter *iter, const char **key_r,
			   const char **value_r);
int bounce_dict_iter_deinit(struct bounce_dict_iter **iter,
			    const char **error_r);

/* Write in one go: begin, dict_set() and dict_unset(), commit. Returns 0, or -1:
   then it may or may not have been written. */
struct dict_transaction_context *bounce_dict_begin(struct bounce_dict *dict);
int bounce_dict_commit(struct bounce_dict *dict,
		       struct dict_transaction_context **trans,
		       const char **error_r);
/* Nobody waits: callback gets the same result, maybe before this returns. */
typedef void bounce_dict_committed_t(int ret, const char *error, void *context);
void bounce_dict_commit_later(struct bounce_dict *dict,
			      struct dict_transaction_context **trans,
			      bounce_dict_committed_t *callback, void *context);
/* It was waited for in vain: see bounce_wait_pause(). */
void bounce_dict_pause(struct bounce_dict *dict, uint64_t usecs);
/* What is pending is not waited for: all callbacks come now, with errors. */
void bounce_dict_abandon(struct bounce_dict *dict);

#endif
