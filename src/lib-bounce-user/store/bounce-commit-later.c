/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "time-util.h"
#include "bounce-commit-later.h"

/* Another process has the lock. */
#define LOCK_MSECS 20
#define LATE "Dictionary did not answer in time"
/* Who is silent for so long is not asked again by others either. */
#define SILENT_USECS (500 * 1000)

struct bounce_commit_later {
	struct bounce_store *store;
	bounce_commit_later_prepare_t *prepare;
	bounce_transact_t *transact;
	void *context;
	bounce_commit_later_done_t *done;
	void *done_context;
	struct bounce_commit_later **handle;

	/* once we have the lock */
	struct bounce_transaction *trans;
	/* what transact said, while it is written */
	int changed;
	uint64_t started;
	/* the next step; the end */
	struct timeout *to_step, *to_late;
	/* prepare was called: what it reads first takes its own time */
	bool prepared;
	bool committing;
};

static void later_finish(struct bounce_commit_later *later, int ret,
			 const char *error)
{
	struct bounce_dict *dict = later->store->dict;

	*later->handle = NULL;
	timeout_remove(&later->to_step);
	timeout_remove(&later->to_late);
	dict->on_answer = NULL;
	dict->nowait = FALSE;
	if (later->trans != NULL)
		bounce_transaction_end(&later->trans);
	bounce_dict_forget(dict);
	later->done(ret, error, later->done_context);
	i_free(later);
}

static void later_committed(int ret, const char *error, void *context)
{
	struct bounce_commit_later *later = context;

	later->committing = FALSE;
	/* whoever listens holds up nobody */
	bounce_lock_release(&later->trans->lock);
	if (ret >= 0)
		bounce_announce(later->trans);
	else
		later->store->dict->down = TRUE;
	later_finish(later, ret < 0 ? -1 : later->changed, error);
}

/* Returns 1 if there is something to write, 0 if not, -1 on error. */
static int
later_transact(struct bounce_commit_later *later, const char **error_r)
{
	int ret;

	bounce_transaction_clear(later->trans);
	ret = later->transact(later->trans, later->context, error_r);
	later->changed = ret;
	return ret <= 0 ? ret : bounce_commit_prepare(later->trans, error_r);
}

static void later_step(struct bounce_commit_later *later);

static void later_step_after(struct bounce_commit_later *later,
			     unsigned int msecs)
{
	if (later->to_step == NULL) {
		later->to_step = timeout_add_short_to(io_loop_get_root(), msecs,
						      later_step, later);
	}
}

static void later_answered(void *context)
{
	struct bounce_commit_later *later = context;

	/* not within the driver's callback */
	if (!later->committing)
		later_step_after(later, 0);
}

static void later_late(struct bounce_commit_later *later);

/* From now on it may take so long. */
static void later_start_clock(struct bounce_commit_later *later)
{
	later->started = i_microseconds();
	timeout_remove(&later->to_late);
	later->to_late = timeout_add_short_to(io_loop_get_root(),
					      BOUNCE_WAIT_MSECS, later_late,
					      later);
}

/* Before the lock. Returns TRUE if the step may go on. */
static bool later_prepare(struct bounce_commit_later *later)
{
	struct bounce_dict *dict = later->store->dict;
	const char *error;
	int ret;

	if (later->prepare == NULL)
		return TRUE;
	dict->later = FALSE;
	dict->nowait = TRUE;
	ret = later->prepare(later->context, &error);
	dict->nowait = FALSE;
	if (!dict->later && ret <= 0) {
		later_finish(later, ret, error);
		return FALSE;
	}
	if (!dict->later || !later->prepared)
		later_start_clock(later);
	later->prepared = TRUE;
	if (dict->later)
		return FALSE;
	later->prepare = NULL;
	/* under the lock it is read again */
	bounce_dict_forget(dict);
	return TRUE;
}

static bool later_lock(struct bounce_commit_later *later)
{
	struct bounce_dict *dict = later->store->dict;
	const char *error;
	int ret = 0;

	if (later->trans == NULL) {
		dict->nowait = TRUE;
		ret = bounce_transaction_begin(later->store, &later->trans,
					       &error);
		dict->nowait = FALSE;
		if (ret < 0)
			later_step_after(later, LOCK_MSECS);
	}
	return ret == 0;
}

static void later_step(struct bounce_commit_later *later)
{
	struct dict_transaction_context *dict_trans;
	struct bounce_dict *dict = later->store->dict;
	const char *error;
	int ret;

	timeout_remove(&later->to_step);
	if (!later_prepare(later) || !later_lock(later))
		return;
	dict->later = FALSE;
	dict->nowait = TRUE;
	ret = later_transact(later, &error);
	dict->nowait = FALSE;
	if (ret < 0 && dict->later)
		return;
	if (ret > 0 && dict->dict == NULL) {
		/* somebody who waited gave it up */
		ret = -1;
		error = LATE;
		dict->down = TRUE;
	}
	if (ret <= 0) {
		later_finish(later, ret < 0 ? -1 : later->changed, error);
		return;
	}
	dict_trans = bounce_commit_fill(later->trans);
	later->committing = TRUE;
	bounce_dict_commit_later(dict, &dict_trans, later_committed, later);
}

void bounce_commit_later_cancel(struct bounce_commit_later *later)
{
	struct bounce_dict *dict = later->store->dict;
	bool committing = later->committing;

	dict->down = TRUE;
	/* ends the commit, too */
	bounce_dict_abandon(dict);
	if (!committing)
		later_finish(later, -1, LATE);
}

static void later_late(struct bounce_commit_later *later)
{
	struct bounce_dict *dict = later->store->dict;
	bool asked = later->trans != NULL || later->prepare != NULL;
	uint64_t heard = I_MAX(later->started, dict->answered_at);

	/* neither where the lock was not to be had, nor where many answers took
	   up the time */
	if (asked && i_microseconds() - heard > SILENT_USECS)
		bounce_dict_pause(dict, BOUNCE_WAIT_MSECS * 1000);
	bounce_commit_later_cancel(later);
}

void bounce_commit_later(struct bounce_store *store,
			 bounce_commit_later_prepare_t *prepare,
			 bounce_transact_t *transact, void *context,
			 bounce_commit_later_done_t *done, void *done_context,
			 struct bounce_commit_later **later_r)
{
	struct bounce_commit_later *later = i_new(struct bounce_commit_later, 1);
	const char *error;

	later->store = store;
	later->prepare = prepare;
	later->transact = transact;
	later->context = context;
	later->done = done;
	later->done_context = done_context;
	later->handle = later_r;
	*later_r = later;
	if (bounce_dict_ready(store->dict, &error) < 0) {
		later_finish(later, -1, error);
		return;
	}
	store->dict->on_answer = later_answered;
	store->dict->on_answer_context = later;
	later_start_clock(later);
	later_step(later);
}
