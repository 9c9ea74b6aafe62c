/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "dict-private.h"
#include "hex-binary.h"
#include "ioloop.h"
#include "llist.h"
#include "mail-user.h"
#include "sha1.h"
#include "sleep.h"
#include "str.h"
#include "time-util.h"
#include "bounce-dict-private.h"
#include "compat-dict.h"

#define LATE BOUNCE_DICT_LATE
/* A driver that waits by itself gets so much of it for each request. */
#define DRIVER_MSECS 1000
/* Where each answer may take a minute, it is said that one is waited for. */
#define WARN_MSECS 3000
/* Who fails only after so long is not asked again by the next mail. */
#define SLOW_USECS (500 * 1000)

/* A look-up. */
struct bounce_dict_request {
	struct bounce_dict *dict;
	const char *key;
	bool done;
	int ret;
	char *value, *error;
};

struct dict_commit {
	struct bounce_dict *dict;
	bool done;
	int ret;
	char *error;
};

/*
 * Open
 */

int bounce_dict_init(struct mail_user *user, const char *uri,
		     struct bounce_wait *wait, struct bounce_dict **dict_r,
		     const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce dict", 512);
	struct bounce_dict *dict = p_new(pool, struct bounce_dict, 1);

	dict->pool = pool;
	dict->user = user;
	dict->uri = p_strdup(pool, uri);
	dict->wait = wait;
	dict->iterates = -1;
	if (bounce_dict_ready(dict, error_r) < 0) {
		/* left alone, but opened */
		bounce_dict_deinit(&dict);
		return -1;
	}
	*dict_r = dict;
	return 0;
}

void bounce_dict_deinit(struct bounce_dict **_dict)
{
	struct bounce_dict *dict = *_dict;

	*_dict = NULL;
	bounce_dict_forget(dict);
	if (dict->dict != NULL)
		dict_deinit(&dict->dict);
	pool_unref(&dict->pool);
}

const char *t_bounce_dict_temp_dir(struct mail_user *user)
{
	string_t *prefix = t_str_new(64);
	const char *slash;

	mail_user_set_get_temp_prefix(prefix, user->set);
	slash = strrchr(str_c(prefix), '/');
	return slash == NULL ? "/tmp" : t_strdup_until(str_c(prefix), slash);
}

static int dict_open(struct bounce_dict *dict, const char **error_r)
{
	unsigned int left = bounce_wait_left(dict->wait);
	const char *error;

	if (compat_dict_init(dict->user, dict->uri,
			     dict->wait->each ? 0 : I_MIN(left, DRIVER_MSECS),
			     &dict->dict, &dict->file, &error) < 0) {
		*error_r = t_strdup_printf("Dictionary cannot be opened: %s",
					   error);
		dict->dict = NULL;
		return -1;
	}
	if (dict->name == NULL) T_BEGIN {
		dict->name = p_strdup_printf(dict->pool, "%s %s",
			dict->dict->name, t_compat_dict_place(dict->user,
					dict->uri, dict->dict));
	} T_END;
	return 0;
}

int bounce_dict_ready(struct bounce_dict *dict, const char **error_r)
{
	if (dict->reopen && dict->iters == NULL && dict->on_answer == NULL) {
		bounce_dict_forget(dict);
		if (dict->dict != NULL)
			dict_deinit(&dict->dict);
		dict->reopen = dict->used = FALSE;
	}
	if (bounce_wait_left(dict->wait) == 0 || dict->wait->gave_up) {
		*error_r = dict->wait->each ? LATE", not asked again" :
			LATE", not asked again for this mail";
		dict->down = dict->wait->refused = TRUE;
		return -1;
	}
	dict->wait->refused = FALSE;
	if (dict->dict == NULL && dict_open(dict, error_r) < 0)
		return -1;
	if (dict->wait->each || dict->file != NULL)
		return 0;
	if (dict->wait->pause_fd == -1) {
		bounce_wait_open_pause(dict->wait, dict->user->set->base_dir,
				       t_bounce_dict_temp_dir(dict->user));
	}
	if (bounce_wait_is_paused(dict->wait, dict->name)) {
		*error_r = LATE" a moment ago, not asked again";
		dict->down = dict->wait->refused = TRUE;
		return -1;
	}
	return 0;
}

bool bounce_dict_is_broken(const struct bounce_dict *dict)
{
	return dict->reopen && dict->used && dict->file == NULL;
}

/*
 * Wait
 */

/* All look-ups that were sent ahead? */
static bool dict_has_answered(struct bounce_dict *dict)
{
	struct bounce_dict_request *req;

	if (dict->ask_pool == NULL)
		return TRUE;
	array_foreach_elem(&dict->asked, req) {
		if (!req->done)
			return FALSE;
	}
	return TRUE;
}

void bounce_dict_wake(struct bounce_dict *dict)
{
	if (dict->loop != NULL)
		io_loop_stop(dict->loop);
	/* once for all of them */
	if (dict->on_answer != NULL && dict_has_answered(dict))
		dict->on_answer(dict->on_answer_context);
}

/* An admin waits at a terminal. */
static void dict_warn(struct bounce_dict *dict)
{
	timeout_remove(&dict->to_warn);
	e_warning(dict->user->event, "bounce: Dictionary has not answered for "
		  "%u seconds, waiting for up to %u", WARN_MSECS / 1000,
		  bounce_wait_left(dict->wait) / 1000);
}

/* In a loop of our own, in which the connection is only meanwhile. Returns FALSE
   if it took too long. */
static bool dict_wait_for(struct bounce_dict *dict, const bool *done,
			  unsigned int msecs)
{
	struct ioloop *prev = current_ioloop;
	struct timeout *to;
	uint64_t deadline = i_microseconds() + msecs * 1000ULL;

	if (*done || msecs == 0)
		return *done;
	dict->loop = io_loop_create();
	dict_switch_ioloop(dict->dict);
	to = timeout_add_short(msecs, bounce_dict_wake, dict);
	if (dict->wait->each)
		dict->to_warn = timeout_add(WARN_MSECS, dict_warn, dict);
	while (!*done && i_microseconds() < deadline)
		io_loop_run(dict->loop);
	timeout_remove(&to);
	timeout_remove(&dict->to_warn);
	io_loop_set_current(prev);
	dict_switch_ioloop(dict->dict);
	io_loop_set_current(dict->loop);
	io_loop_destroy(&dict->loop);
	return *done;
}

/* dict_deinit() would wait for what is pending. */
void bounce_dict_abandon(struct bounce_dict *dict)
{
	struct bounce_dict_iter *iter;
	struct event *event;
	const char *error;

	if (dict->dict == NULL)
		return;
	for (iter = dict->iters; iter != NULL; iter = iter->next) {
		if (iter->ctx != NULL)
			(void)dict_iterate_deinit(&iter->ctx, &error);
		if (iter->error == NULL)
			iter->error = i_strdup(LATE);
	}
	event = dict->dict->event;
	dict->dict->v.deinit(dict->dict);
	event_unref(&event);
	dict->dict = NULL;
	dict->reopen = dict->used = FALSE;
}

void bounce_dict_pause(struct bounce_dict *dict, uint64_t usecs)
{
	/* a file is one user's */
	if (!dict->wait->each && dict->file == NULL)
		bounce_wait_pause(dict->wait, dict->name, usecs);
}

int bounce_dict_finish(struct bounce_dict *dict, uint64_t started,
		       const bool *done, const int *ret)
{
	unsigned int left = bounce_wait_left(dict->wait);
	uint64_t usecs, silent;
	bool late;

	/* what the driver waited by itself, and for the connection */
	usecs = i_microseconds() - started;
	left = usecs / 1000 >= left ? 0 : left - usecs / 1000;
	if (!*done && !compat_dict_is_async(dict->dict))
		left = 0;
	late = !dict_wait_for(dict, done, left);
	usecs = i_microseconds() - started;
	bounce_wait_add(dict->wait, usecs);
	/* not where many answers took up the time */
	silent = i_microseconds() - I_MAX(started, dict->answered_at);
	if ((late || *ret < 0) && silent > SLOW_USECS)
		bounce_dict_pause(dict, usecs);
	if (late) {
		bounce_dict_abandon(dict);
		/* nor is whoever waits for each answer to wait for all of them */
		dict->wait->gave_up = dict->wait->each;
	}
	return late ? -1 : 0;
}

void bounce_dict_answered(struct bounce_dict *dict, bool ok)
{
	if (ok)
		dict->used = TRUE;
	else if (dict->dict != NULL)
		dict->reopen = TRUE;
}

/*
 * Look up
 */

static void
dict_request_callback(const struct dict_lookup_result *result,
		      struct bounce_dict_request *req)
{
	req->done = TRUE;
	req->ret = result->ret;
	/* another frame of the data stack */
	if (result->ret > 0)
		req->value = i_strdup(result->value);
	else if (result->ret < 0)
		req->error = i_strdup(compat_dict_hide_keys(result->error));
	if (result->ret >= 0)
		req->dict->answered_at = i_microseconds();
	bounce_dict_wake(req->dict);
}

static void dict_request_send(struct bounce_dict_request *req)
{
	struct bounce_dict *dict = req->dict;

	dict_lookup_async(dict->dict, mail_user_get_dict_op_settings(dict->user),
			  req->key, dict_request_callback, req);
}

static void dict_request_free(struct bounce_dict_request *req)
{
	i_free(req->value);
	i_free(req->error);
}

static struct bounce_dict_request *
dict_find_asked(struct bounce_dict *dict, const char *key)
{
	struct bounce_dict_request *req;

	if (dict->ask_pool == NULL)
		return NULL;
	array_foreach_elem(&dict->asked, req) {
		if (strcmp(req->key, key) == 0)
			return req;
	}
	return NULL;
}

void bounce_dict_ask(struct bounce_dict *dict, const char *key)
{
	struct bounce_dict_request *req;

	/* only where it can be waited for */
	if (dict->dict == NULL || !compat_dict_is_async(dict->dict) ||
	    dict_find_asked(dict, key) != NULL)
		return;
	if (dict->ask_pool == NULL) {
		dict->ask_pool = pool_alloconly_create("bounce ask", 1024);
		p_array_init(&dict->asked, dict->ask_pool, 16);
	}
	req = p_new(dict->ask_pool, struct bounce_dict_request, 1);
	req->dict = dict;
	req->key = p_strdup(dict->ask_pool, key);
	array_push_back(&dict->asked, &req);
	dict_request_send(req);
}

void bounce_dict_forget(struct bounce_dict *dict)
{
	struct bounce_dict_request *req;
	struct bounce_dict_iter *list;
	bool pending = FALSE;

	for (list = dict->lists; list != NULL; list = list->list_next) {
		if (list->ctx != NULL)
			pending = TRUE;
	}
	if (pending || !dict_has_answered(dict))
		bounce_dict_abandon(dict);
	while ((list = dict->lists) != NULL) {
		dict->lists = list->list_next;
		DLLIST_REMOVE(&dict->iters, list);
		pool_unref(&list->pool);
		i_free(list->error);
		i_free(list);
	}
	if (dict->ask_pool == NULL)
		return;
	array_foreach_elem(&dict->asked, req)
		dict_request_free(req);
	pool_unref(&dict->ask_pool);
}

int bounce_dict_get(struct bounce_dict *dict, pool_t pool, const char *key,
		    const char **value_r, const char **error_r)
{
	struct bounce_dict_request own = { .dict = dict, .key = key };
	struct bounce_dict_request *req = dict_find_asked(dict, key);
	uint64_t started = i_microseconds();
	int ret;

	dict->down = TRUE;
	if (req == NULL && dict->nowait) {
		bounce_dict_ask(dict, key);
		req = dict_find_asked(dict, key);
	}
	if (req != NULL && !req->done && dict->nowait) {
		dict->later = TRUE;
		*error_r = "Dictionary has not answered yet";
		return -1;
	}
	if (req == NULL) {
		if (dict->dict == NULL) {
			*error_r = LATE;
			return -1;
		}
		req = &own;
		dict_request_send(req);
	}
	if ((req == &own || !req->done) &&
	    bounce_dict_finish(dict, started, &req->done, &req->ret) < 0) {
		*error_r = LATE;
		dict_request_free(&own);
		return -1;
	}
	ret = req->ret;
	dict->down = ret < 0;
	bounce_dict_answered(dict, ret >= 0);
	if (ret >= 0)
		bounce_dict_file_loaded(dict);
	if (ret > 0)
		*value_r = p_strdup(pool, req->value);
	else if (ret < 0)
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   req->error);
	dict_request_free(&own);
	return ret;
}

const char *t_bounce_dict_key(struct bounce_dict *dict, const char *address)
{
	const char *key = t_strconcat(BOUNCE_DICT_ADDRESS_PREFIX,
				      dict_escape_string(address), NULL);
	size_t prefix = strlen(BOUNCE_DICT_ADDRESS_PREFIX);
	unsigned int max = dict->dict == NULL ? UINT_MAX :
		compat_dict_max_key(dict->dict);
	unsigned char digest[SHA1_RESULTLEN];

	if (strlen(key) - prefix <= max)
		return key;
	/* too long for a file name; the record says the address anyway */
	sha1_get_digest(address, strlen(address), digest);
	return t_strdup_printf("%.*s~%s", (int)(prefix + max / 2), key,
			       binary_to_hex(digest, sizeof(digest)));
}

int bounce_dict_decode(pool_t pool, const char *address, const char *value,
		       struct bounce_record *rec_r, const char **error_r)
{
	const char *error;

	if (bounce_record_decode(pool, value, rec_r, &error) < 0) {
		*error_r = t_strdup_printf("Dictionary is damaged: %s", error);
		return BOUNCE_DICT_DAMAGED;
	}
	/* the key says whose it is, whatever another program wrote into it */
	rec_r->address = p_strdup(pool, address);
	return 0;
}

int bounce_dict_read(struct bounce_dict *dict, pool_t pool,
		     const char *address, struct bounce_record *rec_r,
		     const char **error_r)
{
	const char *value;
	int ret;

	ret = bounce_dict_get(dict, pool_datastack_create(),
			      t_bounce_dict_key(dict, address), &value,
			      error_r);
	if (ret <= 0)
		return ret;
	return bounce_dict_decode(pool, address, value, rec_r, error_r) < 0 ?
		BOUNCE_DICT_DAMAGED : 1;
}

/*
 * Write
 */

struct dict_transaction_context *bounce_dict_begin(struct bounce_dict *dict)
{
	i_assert(dict->dict != NULL);
	if (dict->file != NULL)
		bounce_dict_file_create(dict);
	return dict_transaction_begin(dict->dict,
		mail_user_get_dict_op_settings(dict->user));
}

static void
dict_commit_callback(const struct dict_commit_result *result,
		     struct dict_commit *commit)
{
	commit->done = TRUE;
	commit->ret = result->ret < 0 ? -1 : 0;
	if (result->ret < 0)
		commit->error = i_strdup(compat_dict_hide_keys(result->error));
	bounce_dict_wake(commit->dict);
}

int bounce_dict_commit(struct bounce_dict *dict,
		       struct dict_transaction_context **trans,
		       const char **error_r)
{
	struct dict_commit commit = { .dict = dict };
	uint64_t started = i_microseconds();
	const char *error = NULL;
	int fd = -1;

	if (dict->file != NULL && (fd = bounce_dict_file_lock(dict, &error)) == -1) {
		dict_transaction_rollback(trans);
		bounce_wait_add(dict->wait, i_microseconds() - started);
		commit.ret = -1;
	} else {
		/* never the synchronous one: with redis that of 2.3 crashes */
		dict_transaction_commit_async(trans, dict_commit_callback,
					      &commit);
		/* redis: in a loop of its own, for as long as it was told */
		if (!commit.done && !compat_dict_is_async(dict->dict))
			dict_wait(dict->dict);
		if (bounce_dict_finish(dict, started, &commit.done, &commit.ret) < 0) {
			commit.ret = -1;
			error = LATE;
		}
		bounce_dict_answered(dict, commit.ret >= 0);
		if (commit.ret >= 0)
			bounce_dict_file_loaded(dict);
	}
	if (commit.ret < 0) {
		*error_r = t_strdup_printf("Dictionary was not written: %s",
			error != NULL ? error : commit.error);
	}
	if (fd >= 0)
		i_close_fd(&fd);
	i_free(commit.error);
	return commit.ret;
}

struct dict_commit_later {
	struct bounce_dict *dict;
	bounce_dict_committed_t *callback;
	void *context;
};

static void
dict_commit_later_callback(const struct dict_commit_result *result,
			   struct dict_commit_later *later)
{
	const char *error = result->ret >= 0 ? NULL :
		t_strdup_printf("Dictionary was not written: %s",
				compat_dict_hide_keys(result->error));

	bounce_dict_answered(later->dict, result->ret >= 0);
	later->callback(result->ret >= 0 ? 0 : -1, error, later->context);
	i_free(later);
}

void bounce_dict_commit_later(struct bounce_dict *dict,
			      struct dict_transaction_context **trans,
			      bounce_dict_committed_t *callback, void *context)
{
	struct dict_commit_later *later;
	const char *error = NULL;
	int ret;

	if (!compat_dict_is_async(dict->dict)) {
		ret = bounce_dict_commit(dict, trans, &error);
		callback(ret, error, context);
		return;
	}
	later = i_new(struct dict_commit_later, 1);
	later->dict = dict;
	later->callback = callback;
	later->context = context;
	dict_transaction_commit_async(trans, dict_commit_later_callback, later);
}
