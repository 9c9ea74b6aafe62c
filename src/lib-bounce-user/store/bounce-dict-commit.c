/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Written in one go. */

#include "lib.h"
#include "dict.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-dict-private.h"
#include "compat-dict.h"

struct dict_transaction_context *bounce_dict_begin(struct bounce_dict *dict)
{
	i_assert(dict->dict != NULL);
	if (dict->file != NULL)
		bounce_dict_file_create(dict);
	return dict_transaction_begin(dict->dict,
		mail_user_get_dict_op_settings(dict->user));
}

struct dict_commit {
	struct bounce_dict *dict;
	bool done;
	int ret;
	char *error;
};

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
			error = BOUNCE_DICT_LATE;
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
