/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "dict-transaction-memory.h"
#include "ioloop.h"
#include "llist.h"
#include "settings.h"
#include "str.h"
#include "bounce-test-dict.h"

struct test_row {
	char *key, *value;
};

struct test_request;

/* One that was opened: what it holds is all of theirs. */
struct test_conn {
	struct dict dict;
	struct test_request *requests;
};

struct test_iter {
	struct dict_iterate_context ctx;
	pool_t pool;
	ARRAY(struct test_row) rows;
	unsigned int idx;
	const char *values[2];
	/* of a proxy: not answered yet */
	bool waits;
	bool failed;
};

/* Of a proxy: what it will answer. */
struct test_request {
	struct test_request *prev, *next;
	struct test_conn *conn;
	struct timeout *to;
	/* one of them */
	dict_lookup_callback_t *looked_up;
	dict_transaction_commit_callback_t *committed;
	struct test_iter *iter;
	void *context;
	char *key;
	struct dict_transaction_memory_context *trans;
};

struct test_dict test_dict;

static ARRAY(struct test_row) rows;
static struct dict *driver, *replaced;

/*
 * What it holds
 */

static struct test_row *row_find(const char *key)
{
	struct test_row *row;

	array_foreach_modifiable(&rows, row) {
		if (strcmp(row->key, key) == 0)
			return row;
	}
	return NULL;
}

static void row_set(const char *key, const char *value)
{
	struct test_row *row = row_find(key);

	if (row == NULL) {
		row = array_append_space(&rows);
		row->key = i_strdup(key);
	}
	i_free(row->value);
	row->value = i_strdup(value);
}

static void row_unset(const char *key)
{
	struct test_row *row = row_find(key);

	if (row == NULL)
		return;
	i_free(row->key);
	i_free(row->value);
	array_delete(&rows, array_ptr_to_idx(&rows, row), 1);
}

static void rows_clear(void)
{
	struct test_row *row;

	array_foreach_modifiable(&rows, row) {
		i_free(row->key);
		i_free(row->value);
	}
	array_clear(&rows);
}

static int row_cmp(const struct test_row *a, const struct test_row *b)
{
	return strcmp(a->key, b->key);
}

const char *t_test_dict_dump(void)
{
	const struct test_row *row;
	string_t *dump = t_str_new(1024);

	array_sort(&rows, row_cmp);
	array_foreach(&rows, row)
		str_printfa(dump, "%s\n%s\n", row->key, row->value);
	return str_c(dump);
}

void test_dict_load(const char *dump)
{
	rows_clear();
	T_BEGIN {
		const char *const *lines = t_strsplit(dump, "\n");

		for (; lines[0] != NULL && lines[1] != NULL; lines += 2)
			row_set(lines[0], lines[1]);
	} T_END;
}

static bool call_fails(void)
{
	test_dict.calls++;
	if (test_dict.fail_at == 0 || test_dict.calls < test_dict.fail_at ||
	    test_dict.calls - test_dict.fail_at >= test_dict.fail_count)
		return FALSE;
	test_dict.failed++;
	return TRUE;
}

/*
 * The calls
 */

static int
call_lookup(pool_t pool, const char *key, const char **value_r,
	    const char **error_r)
{
	const struct test_row *row;

	*value_r = NULL;
	if (call_fails()) {
		*error_r = "test: look-up refused";
		return -1;
	}
	row = row_find(key);
	if (row == NULL)
		return 0;
	*value_r = p_strdup(pool, row->value);
	return 1;
}

static int
call_commit(const struct dict_transaction_memory_context *trans)
{
	const struct dict_transaction_memory_change *change;
	unsigned int left = array_count(&trans->changes);
	bool fails = call_fails();

	if (fails) {
		test_dict.failed_commits++;
		left = left * test_dict.commit_percent / 100;
	}
	array_foreach(&trans->changes, change) {
		if (left-- == 0)
			break;
		if (change->type == DICT_CHANGE_TYPE_SET)
			row_set(change->key, change->value.str);
		else
			row_unset(change->key);
	}
	return fails ? -1 : 1;
}

static void
commit_answer(struct dict_transaction_memory_context *trans, bool late,
	      dict_transaction_commit_callback_t *callback, void *context)
{
	struct dict_commit_result result;

	i_zero(&result);
	result.ret = late ? -1 : call_commit(trans);
	if (result.ret < 0)
		result.error = "test: commit refused\n\tas PostgreSQL does";
	callback(&result, context);
	test_dict.open--;
	pool_unref(&trans->pool);
}

static void iter_answer(struct test_iter *iter, bool late)
{
	iter->waits = FALSE;
	if (late)
		iter->failed = TRUE;
	if (iter->ctx.async_callback != NULL)
		iter->ctx.async_callback(iter->ctx.async_context);
}

/*
 * A proxy's answers
 */

static void request_answer(struct test_request *req, bool late)
{
	struct dict_lookup_result result;

	timeout_remove(&req->to);
	DLLIST_REMOVE(&req->conn->requests, req);
	if (req->looked_up != NULL) T_BEGIN {
		const char *values[2] = { NULL, NULL };

		i_zero(&result);
		result.ret = -1;
		result.error = "test: closed";
		if (!late) {
			result.ret = call_lookup(pool_datastack_create(),
						 req->key, &values[0],
						 &result.error);
		}
		result.value = values[0];
		result.values = values;
		req->looked_up(&result, req->context);
	} T_END;
	else if (req->committed != NULL)
		commit_answer(req->trans, late, req->committed, req->context);
	else if (req->iter != NULL)
		iter_answer(req->iter, late);
	i_free(req->key);
	i_free(req);
}

/* connections that are gone */
static unsigned int closed;

/* In the order in which they were asked for, as a proxy answers: a timeout does
   not keep it. */
static void request_due(struct test_request *req)
{
	struct test_conn *conn = req->conn;
	struct test_request *oldest;
	unsigned int before = closed;
	bool last;

	do {
		for (oldest = conn->requests; oldest->next != NULL;)
			oldest = oldest->next;
		last = oldest == req;
		request_answer(oldest, FALSE);
		/* an answer may end the connection, and with it all of them */
	} while (!last && closed == before);
}

static struct test_request *
request_add(struct test_conn *conn)
{
	struct test_request *req = i_new(struct test_request, 1);

	if (conn->requests == NULL)
		test_dict.turns++;
	req->conn = conn;
	req->to = timeout_add_short(test_dict.msecs, request_due, req);
	DLLIST_PREPEND(&conn->requests, req);
	return req;
}

/*
 * The driver
 */

static struct dict *conn_init(const struct dict *dict)
{
	struct test_conn *conn = i_new(struct test_conn, 1);

	conn->dict = *dict;
	return &conn->dict;
}

#ifdef SETTINGS_EVENT_INSTANCE /* 2.4 */
static int
test_init(const struct dict *dict, struct event *event ATTR_UNUSED,
	  struct dict **dict_r, const char **error_r ATTR_UNUSED)
{
	*dict_r = conn_init(dict);
	return 0;
}
#else
static int
test_init(struct dict *dict, const char *uri ATTR_UNUSED,
	  const struct dict_settings *set ATTR_UNUSED,
	  struct dict **dict_r, const char **error_r ATTR_UNUSED)
{
	*dict_r = conn_init(dict);
	return 0;
}
#endif

static void test_deinit(struct dict *dict)
{
	struct test_conn *conn = (struct test_conn *)dict;

	while (conn->requests != NULL)
		request_answer(conn->requests, TRUE);
	closed++;
	i_free(conn);
}

#ifdef SETTINGS_EVENT_INSTANCE /* 2.4 */
static int
test_lookup(struct dict *dict ATTR_UNUSED,
	    const struct dict_op_settings *set ATTR_UNUSED, pool_t pool,
	    const char *key, const char *const **values_r, const char **error_r)
{
	const char **values = p_new(pool, const char *, 2);
	int ret = call_lookup(pool, key, &values[0], error_r);

	*values_r = values;
	return ret;
}
#else
static int
test_lookup(struct dict *dict ATTR_UNUSED,
	    const struct dict_op_settings *set ATTR_UNUSED, pool_t pool,
	    const char *key, const char **value_r, const char **error_r)
{
	return call_lookup(pool, key, value_r, error_r);
}
#endif

static void
test_lookup_async(struct dict *dict,
		  const struct dict_op_settings *set ATTR_UNUSED,
		  const char *key, dict_lookup_callback_t *callback,
		  void *context)
{
	struct test_request *req = request_add((struct test_conn *)dict);

	req->key = i_strdup(key);
	req->looked_up = callback;
	req->context = context;
	if (null_strcmp(key, test_dict.silent) == 0)
		timeout_remove(&req->to);
}

static bool test_switch_ioloop(struct dict *dict)
{
	struct test_conn *conn = (struct test_conn *)dict;
	struct test_request *req;

	for (req = conn->requests; req != NULL; req = req->next) {
		if (req->to != NULL)
			req->to = io_loop_move_timeout(&req->to);
	}
	return conn->requests != NULL;
}

/* What stands there now, should it change meanwhile. */
static void iter_read(struct test_iter *iter, const char *path)
{
	bool exact = (iter->ctx.flags & DICT_ITERATE_FLAG_EXACT_KEY) != 0;
	const struct test_row *row;
	struct test_row *copy;

	p_array_init(&iter->rows, iter->pool, 16);
	array_foreach(&rows, row) {
		if (exact ? strcmp(row->key, path) != 0 :
		    strncmp(row->key, path, strlen(path)) != 0)
			continue;
		copy = array_append_space(&iter->rows);
		copy->key = p_strdup(iter->pool, row->key);
		copy->value = p_strdup(iter->pool, row->value);
	}
}

static struct dict_iterate_context *
test_iterate_init(struct dict *dict,
		  const struct dict_op_settings *set ATTR_UNUSED,
		  const char *path, enum dict_iterate_flags flags)
{
	pool_t pool = pool_alloconly_create("test iter", 1024);
	struct test_iter *iter = p_new(pool, struct test_iter, 1);

	iter->pool = pool;
	iter->ctx.dict = dict;
	iter->ctx.flags = flags;
	iter_read(iter, path);
	iter->failed = call_fails();
	test_dict.open++;
	if (dict->v.lookup_async != NULL) {
		iter->waits = TRUE;
		request_add((struct test_conn *)dict)->iter = iter;
	}
	return &iter->ctx;
}

static bool
test_iterate(struct dict_iterate_context *ctx, const char **key_r,
	     const char *const **values_r)
{
	struct test_iter *iter = (struct test_iter *)ctx;
	const struct test_row *row;

	ctx->has_more = iter->waits;
	if (iter->waits || iter->failed)
		return FALSE;
	if (iter->idx == array_count(&iter->rows))
		return FALSE;
	if (call_fails()) {
		iter->failed = TRUE;
		return FALSE;
	}
	row = array_idx(&iter->rows, iter->idx++);
	iter->values[0] = row->value;
	*key_r = row->key;
	*values_r = iter->values;
	return TRUE;
}

static int
test_iterate_deinit(struct dict_iterate_context *ctx, const char **error_r)
{
	struct test_iter *iter = (struct test_iter *)ctx;
	struct test_conn *conn = (struct test_conn *)ctx->dict;
	struct test_request *req;
	int ret = iter->failed ? -1 : 0;

	for (req = conn->requests; req != NULL; req = req->next) {
		if (req->iter == iter)
			req->iter = NULL;
	}
	if (ctx->dict->v.lookup_async != NULL && test_dict.cannot_iterate) {
		*error_r = "test: not supported";
		ret = -1;
	} else if (ret < 0) {
		*error_r = "test: iteration refused";
	}
	test_dict.open--;
	pool_unref(&iter->pool);
	return ret;
}

static struct dict_transaction_context *test_begin(struct dict *dict)
{
	pool_t pool = pool_alloconly_create("test transaction", 1024);
	struct dict_transaction_memory_context *trans =
		p_new(pool, struct dict_transaction_memory_context, 1);

	dict_transaction_memory_init(trans, dict, pool);
	test_dict.open++;
	return &trans->ctx;
}

static void
test_commit(struct dict_transaction_context *ctx, bool async ATTR_UNUSED,
	    dict_transaction_commit_callback_t *callback, void *context)
{
	struct dict_transaction_memory_context *trans =
		(struct dict_transaction_memory_context *)ctx;
	struct test_request *req;

	if (ctx->dict->v.lookup_async == NULL) {
		commit_answer(trans, FALSE, callback, context);
		return;
	}
	req = request_add((struct test_conn *)ctx->dict);
	req->trans = trans;
	req->committed = callback;
	req->context = context;
}

static void test_rollback(struct dict_transaction_context *ctx)
{
	test_dict.open--;
	dict_transaction_memory_rollback(ctx);
}

static struct dict drivers[TEST_DICT_KINDS] = {
	[TEST_DICT_PLAIN] = { .name = "plain" },
	[TEST_DICT_REDIS] = { .name = "redis" },
	[TEST_DICT_PROXY] = { .name = "proxy" },
};

static const struct dict_vfuncs vfuncs = {
	.init = test_init,
	.deinit = test_deinit,
	.lookup = test_lookup,
	.iterate_init = test_iterate_init,
	.iterate = test_iterate,
	.iterate_deinit = test_iterate_deinit,
	.transaction_init = test_begin,
	.transaction_commit = test_commit,
	.transaction_rollback = test_rollback,
	.set = dict_transaction_memory_set,
	.unset = dict_transaction_memory_unset,
};

/* The store knows a driver by its name. */
void test_dict_init(enum test_dict_kind kind)
{
	i_zero(&test_dict);
	i_array_init(&rows, 64);
	driver = &drivers[kind];
	driver->v = vfuncs;
	replaced = kind == TEST_DICT_REDIS ? &dict_driver_redis :
		kind == TEST_DICT_PROXY ? &dict_driver_client : NULL;
	if (kind == TEST_DICT_REDIS)
		driver->v.iterate_init = NULL;
	if (kind == TEST_DICT_PROXY) {
		driver->v.lookup_async = test_lookup_async;
		driver->v.switch_ioloop = test_switch_ioloop;
	}
	if (replaced != NULL)
		dict_driver_unregister(replaced);
	dict_driver_register(driver);
}

void test_dict_deinit(void)
{
	dict_driver_unregister(driver);
	if (replaced != NULL)
		dict_driver_register(replaced);
	rows_clear();
	array_free(&rows);
}

const char *test_dict_uri(enum test_dict_kind kind)
{
	static const char *const uris[TEST_DICT_KINDS] = {
		[TEST_DICT_PLAIN] = "plain",
		[TEST_DICT_REDIS] = "redis:1",
		[TEST_DICT_PROXY] = "proxy:/nonexistent:test",
	};

	return uris[kind];
}
