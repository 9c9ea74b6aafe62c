/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* For an answer, and for no longer than is left. */

#include "lib.h"
#include "array.h"
#include "dict-private.h"
#include "ioloop.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-dict-private.h"
#include "compat-dict.h"

/* Where each answer may take a minute, it is said that one is waited for. */
#define WARN_MSECS 3000
/* Who fails only after so long is not asked again by the next mail. */
#define SLOW_USECS (500 * 1000)

bool bounce_dict_has_answered(struct bounce_dict *dict)
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
	if (dict->on_answer != NULL && bounce_dict_has_answered(dict))
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
			iter->error = i_strdup(BOUNCE_DICT_LATE);
	}
	event = dict->dict->event;
	dict->dict->v.deinit(dict->dict);
	event_unref(&event);
	dict->dict = NULL;
	compat_dict_settings_free(&dict->settings);
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
