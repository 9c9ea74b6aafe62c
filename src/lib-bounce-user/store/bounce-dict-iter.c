/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Keys below a path, one after the other. */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "llist.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-dict-private.h"
#include "compat-dict.h"

static void dict_iter_callback(struct bounce_dict_iter *iter)
{
	iter->more = TRUE;
	bounce_dict_wake(iter->dict);
}

static void
dict_iter_open(struct bounce_dict_iter *iter, const char *path, int flags)
{
	struct bounce_dict *dict = iter->dict;

	if (dict->dict == NULL) {
		iter->error = i_strdup(BOUNCE_DICT_LATE);
		return;
	}
	if (compat_dict_is_async(dict->dict))
		flags |= DICT_ITERATE_FLAG_ASYNC;
	iter->ctx = dict_iterate_init(dict->dict,
		mail_user_get_dict_op_settings(dict->user), path, flags);
	dict_iterate_set_async_callback(iter->ctx, dict_iter_callback, iter);
}

static void dict_iter_end(struct bounce_dict_iter *iter)
{
	const char *error;

	if (iter->ctx == NULL)
		return;
	if (dict_iterate_deinit(&iter->ctx, &error) < 0 &&
	    iter->error == NULL)
		iter->error = i_strdup(compat_dict_hide_keys(error));
}

/*
 * Nobody waits
 */

static struct bounce_dict_iter *
dict_iter_list(struct bounce_dict *dict, const char *path, int flags)
{
	struct bounce_dict_iter *list;
	pool_t pool;

	for (list = dict->lists; list != NULL; list = list->list_next) {
		if (list->flags == flags && strcmp(list->path, path) == 0)
			return list;
	}
	pool = pool_alloconly_create("bounce list", 1024);
	list = i_new(struct bounce_dict_iter, 1);
	list->dict = dict;
	list->pool = pool;
	list->path = p_strdup(pool, path);
	list->flags = flags;
	p_array_init(&list->rows, pool, 16);
	list->list_next = dict->lists;
	dict->lists = list;
	DLLIST_PREPEND(&dict->iters, list);
	dict_iter_open(list, path, flags);
	return list;
}

/* What has come. Returns TRUE if that is all. */
static bool dict_iter_list_read(struct bounce_dict_iter *list)
{
	struct bounce_dict_row *row;
	const char *key, *value;

	while (list->ctx != NULL) {
		if (dict_iterate(list->ctx, &key, &value)) {
			row = array_append_space(&list->rows);
			row->key = p_strdup(list->pool, key);
			row->value = p_strdup(list->pool, value);
		} else if (dict_iterate_has_more(list->ctx)) {
			return FALSE;
		} else {
			dict_iter_end(list);
		}
	}
	return TRUE;
}

static void
dict_iter_open_nowait(struct bounce_dict_iter *iter, const char *path, int flags)
{
	struct bounce_dict *dict = iter->dict;

	iter->list = dict_iter_list(dict, path, flags);
	if (!dict_iter_list_read(iter->list)) {
		dict->later = TRUE;
		iter->error = i_strdup("Dictionary has not answered yet");
	} else {
		iter->error = i_strdup(iter->list->error);
	}
}

static bool
dict_iter_list_next(struct bounce_dict_iter *iter, const char **key_r,
		    const char **value_r)
{
	const struct bounce_dict_row *row;

	if (iter->error != NULL ||
	    iter->idx >= array_count(&iter->list->rows))
		return FALSE;
	row = array_idx(&iter->list->rows, iter->idx++);
	*key_r = row->key;
	*value_r = row->value;
	return TRUE;
}

/*
 * Public
 */

struct bounce_dict_iter *
bounce_dict_iter_init(struct bounce_dict *dict, const char *path, int flags)
{
	struct bounce_dict_iter *iter = i_new(struct bounce_dict_iter, 1);

	iter->dict = dict;
	DLLIST_PREPEND(&dict->iters, iter);
	if (dict->nowait && dict->dict != NULL &&
	    compat_dict_is_async(dict->dict))
		dict_iter_open_nowait(iter, path, flags);
	else
		dict_iter_open(iter, path, flags);
	return iter;
}

bool bounce_dict_iter_next(struct bounce_dict_iter *iter, const char **key_r,
			   const char **value_r)
{
	static const int no_error = 0;

	if (iter->list != NULL)
		return dict_iter_list_next(iter, key_r, value_r);
	while (iter->ctx != NULL) {
		uint64_t started = i_microseconds();

		iter->more = FALSE;
		if (dict_iterate(iter->ctx, key_r, value_r))
			return TRUE;
		if (!dict_iterate_has_more(iter->ctx))
			dict_iter_end(iter);
		else
			(void)bounce_dict_finish(iter->dict, started,
						 &iter->more, &no_error);
	}
	return FALSE;
}

int bounce_dict_iter_deinit(struct bounce_dict_iter **_iter,
			    const char **error_r)
{
	struct bounce_dict_iter *iter = *_iter;
	int ret;

	*_iter = NULL;
	dict_iter_end(iter);
	DLLIST_REMOVE(&iter->dict->iters, iter);
	ret = iter->error == NULL ? 0 : -1;
	if (ret < 0)
		*error_r = t_strdup(iter->error);
	/* not yet is no failure */
	if (!iter->dict->nowait || !iter->dict->later)
		bounce_dict_answered(iter->dict, ret >= 0);
	i_free(iter->error);
	i_free(iter);
	return ret;
}

/* The server says no when its backend cannot; what else goes wrong is an
   error. */
static int dict_ask_iterates(struct bounce_dict *dict, const char **error_r)
{
	struct bounce_dict_iter *iter;
	const char *key, *value;

	iter = bounce_dict_iter_init(dict, BOUNCE_DICT_COUNT,
				     DICT_ITERATE_FLAG_EXACT_KEY);
	while (bounce_dict_iter_next(iter, &key, &value)) ;
	if (bounce_dict_iter_deinit(&iter, error_r) == 0)
		return 1;
	if (strstr(*error_r, "upport") == NULL)
		return -1;
	dict->reopen = FALSE;
	return 0;
}

int bounce_dict_iterates(struct bounce_dict *dict, const char **error_r)
{
	const char *error = BOUNCE_DICT_LATE;

	if (dict->iterates < 0 && dict->dict != NULL) {
		dict->iterates = compat_dict_iterates(dict->dict);
		if (dict->iterates < 0)
			dict->iterates = dict_ask_iterates(dict, &error);
	}
	if (dict->iterates < 0)
		*error_r = t_strdup_printf("Dictionary failed: %s", error);
	return dict->iterates;
}
