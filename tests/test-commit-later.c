/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Changes that nobody waits for: who hears of them, and which dictionary is left alone
   afterwards. */

#include "bounce-test-store.h"
#include "bounce-test-dict.h"
#include "ioloop.h"
#include "lib-event-private.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-commit-later.h"
#include "bounce-sent-store.h"

#include <fcntl.h>
#include <time.h>

#define NAME "bob@example.com"
#define SILENT "priv/bounce/meta/silent"

/* One change. */
struct change {
	struct bounce_store *store;
	struct bounce_wait wait;
	struct bounce_commit_later *later;
	/* what it said, once it has ended */
	bool ended;
	int ret;
	char *error;
	/* when, in microseconds */
	uint64_t ended_at;
	/* look-ups so far */
	unsigned int keys;
	/* the lock stays ours when it has ended */
	bool keep_lock;
	struct file_lock *lock;
};

static struct change one, locked, many;
static unsigned int running, heard;

static void change_done(int ret, const char *error, void *context)
{
	struct change *change = context;
	const char *lock_error;

	ck_assert(!change->ended);
	change->ended = TRUE;
	change->ended_at = i_microseconds();
	change->ret = ret;
	if (change->keep_lock) {
		ck_assert_int_eq(bounce_lock_take(change->store->dict,
						  &change->lock, &lock_error), 0);
	}
	if (ret < 0)
		change->error = i_strdup(error);
	if (--running == 0)
		io_loop_stop(current_ioloop);
}

/* As a client's session does: in all so long, and the dictionary may be paused. */
static void change_init(struct change *change)
{
	i_zero(change);
	change->store = dict_user_store(user, NULL);
	bounce_wait_init(&change->wait, BOUNCE_WAIT_MSECS, FALSE);
	/* no other process's */
	change->wait.pause_fd = open("/dev/null", O_RDONLY);
	ck_assert_int_ge(change->wait.pause_fd, 0);
	change->store->dict->wait = &change->wait;
}

static void change_deinit(struct change *change)
{
	bounce_lock_release(&change->lock);
	bounce_store_deinit(&change->store);
	bounce_wait_deinit(&change->wait);
	i_free(change->error);
}

static void
change_begin(struct change *change, bounce_commit_later_prepare_t *prepare,
	     bounce_transact_t *transact)
{
	running++;
	bounce_commit_later(change->store, prepare, transact, change,
			    change_done, change, &change->later);
}

static void change_run(void)
{
	if (running > 0)
		io_loop_run(current_ioloop);
	ck_assert_uint_eq(running, 0);
}

static bool change_is_paused(struct change *change)
{
	return bounce_wait_is_paused(&change->wait, change->store->dict->name);
}

static void setup(void)
{
	test_dict_user_setup(TEST_DICT_PROXY);
	running = heard = 0;
	change_init(&one);
	event_set_forced_debug(user->event, TRUE);
}

static void teardown(void)
{
	change_deinit(&one);
	test_dict_user_teardown();
}

/*
 * Who hears of it
 */

static bool
hear(struct event *event, enum event_callback_type type,
     struct failure_context *ctx ATTR_UNUSED, const char *fmt ATTR_UNUSED,
     va_list args ATTR_UNUSED)
{
	if (type == EVENT_CALLBACK_TYPE_SEND &&
	    null_strcmp(event->sending_name, "bounce_address_changed") == 0)
		heard++;
	return FALSE;
}

static int
add_record(struct bounce_transaction *trans, void *context ATTR_UNUSED,
	   const char **error_r)
{
	struct bounce_record rec;
	int ret = bounce_transaction_read(trans, NAME, &rec, error_r);

	if (ret < 0)
		return ret;
	rec.state = BOUNCE_STATE_SUPPRESSED;
	bounce_transaction_put(trans, &rec, ret > 0);
	return 1;
}

static void run_heard(void)
{
	event_register_callback(hear);
	change_begin(&one, NULL, add_record);
	change_run();
	event_unregister_callback(hear);
}

START_TEST(test_announced)
{
	run_heard();
	ck_assert_int_eq(one.ret, 1);
	ck_assert_uint_eq(heard, 1);
	ck_assert(!bounce_store_is_down(one.store));
}
END_TEST

/* What was not written is not told, and will be made up for. */
START_TEST(test_not_written)
{
	run_heard();
	/* its last call is the commit */
	test_dict.fail_at = test_dict.calls;
	test_dict.fail_count = 1;
	test_dict.calls = 0;
	test_dict_load("");
	change_deinit(&one);
	change_init(&one);
	run_heard();
	ck_assert_uint_eq(test_dict.failed_commits, 1);
	ck_assert_int_eq(one.ret, -1);
	ck_assert_str_eq(one.error, "Dictionary was not written: "
			 "test: commit refused as PostgreSQL does");
	ck_assert_uint_eq(heard, 1);
	ck_assert(bounce_store_is_down(one.store));
}
END_TEST

/*
 * Who is left alone
 */

static int
read_silent(struct bounce_transaction *trans, void *context ATTR_UNUSED,
	    const char **error_r)
{
	const char *value;

	return bounce_transaction_get_key(trans, pool_datastack_create(), SILENT,
					  &value, error_r) < 0 ? -1 : 0;
}

/* One after the other, for ever. */
static int read_many(void *context, const char **error_r)
{
	struct change *change = context;
	const char *value;

	for (unsigned int i = 0; i <= change->keys; i++) {
		if (bounce_dict_get(change->store->dict, pool_datastack_create(),
				    t_strdup_printf("priv/bounce/meta/%u", i),
				    &value, error_r) < 0)
			return -1;
	}
	/* not yet: the next one is asked for as well */
	change->keys++;
	return read_many(context, error_r);
}

static int
no_transact(struct bounce_transaction *trans ATTR_UNUSED,
	    void *context ATTR_UNUSED, const char **error_r ATTR_UNUSED)
{
	ck_abort();
	return 0;
}

static void check_late(const struct change *change)
{
	ck_assert_int_eq(change->ret, -1);
	ck_assert_str_eq(change->error, "Dictionary did not answer in time");
	ck_assert_ptr_null(change->later);
	ck_assert(bounce_store_is_down(change->store));
}

/* The one that did not answer at all is; the one whose lock somebody else has is not,
   nor is the one that gave many answers. All of them end in time. */
START_TEST(test_silent)
{
	uint64_t began = i_microseconds();

	change_init(&locked);
	change_init(&many);
	test_dict.silent = SILENT;
	test_dict.msecs = 100;
	/* the first has the lock */
	one.keep_lock = TRUE;
	change_begin(&one, NULL, read_silent);
	change_begin(&locked, NULL, no_transact);
	change_begin(&many, read_many, no_transact);
	change_run();
	ck_assert_uint_ge(i_microseconds() - began,
			  (BOUNCE_WAIT_MSECS - 100) * 1000);
	check_late(&one);
	check_late(&locked);
	check_late(&many);
	ck_assert_uint_gt(many.keys, 1);
	ck_assert(change_is_paused(&one));
	ck_assert(!change_is_paused(&locked));
	/* unless this machine stood still itself */
	if (many.ended_at - many.store->dict->answered_at < 400 * 1000)
		ck_assert(!change_is_paused(&many));
	change_deinit(&locked);
	change_deinit(&many);
}
END_TEST

/* The session ends: who waits is told, once, and at once. */
START_TEST(test_cancelled)
{
	struct bounce_sent_mail mail = {
		.message_id = "<1@example.org>", .recipients = 1, .when = START
	};
	pool_t pool = pool_alloconly_create("cancelled", 1024);
	bool bounced;

	test_dict.msecs = 100;
	running++;
	bounce_sent_store_add_later(one.store, pool, &mail, 1, &bounced,
				    change_done, &one, &one.later);
	ck_assert(!one.ended);
	bounce_sent_store_add_cancel(one.later);
	ck_assert(one.ended);
	check_late(&one);
	ck_assert(!change_is_paused(&one));
	ck_assert_str_eq(t_test_dict_dump(), "");
	pool_unref(&pool);
}
END_TEST

/* Whoever waits while the lock is another's is answered as ever. */
START_TEST(test_meanwhile)
{
	struct file_lock *lock;
	struct bounce_record rec;
	const char *error;

	change_init(&locked);
	ck_assert_int_eq(bounce_lock_take(locked.store->dict, &lock, &error), 0);
	change_begin(&one, NULL, no_transact);
	ck_assert_int_eq(bounce_store_lookup(one.store, pool_datastack_create(),
					     NAME, START, &rec, &error), 0);
	bounce_commit_later_cancel(one.later);
	check_late(&one);
	bounce_lock_release(&lock);
	change_deinit(&locked);
}
END_TEST

static void release_lock(struct file_lock **lock)
{
	bounce_lock_release(lock);
}

/* A lock that comes free in time is taken. */
START_TEST(test_lock_comes_free)
{
	struct file_lock *lock;
	struct timeout *to;
	const char *error;

	change_init(&locked);
	ck_assert_int_eq(bounce_lock_take(locked.store->dict, &lock, &error), 0);
	to = timeout_add_short(50, release_lock, &lock);
	change_begin(&one, NULL, add_record);
	change_run();
	timeout_remove(&to);
	ck_assert_int_eq(one.ret, 1);
	ck_assert(!bounce_store_is_down(one.store));
	change_deinit(&locked);
}
END_TEST

static int
read_rows(struct bounce_transaction *trans, void *context,
	  const char **error_r)
{
	struct change *change = context;
	struct bounce_dict_iter *iter =
		bounce_dict_iter_init(trans->dict, "priv/bounce/address/", 0);
	const char *key, *value;

	change->keys = 0;
	while (bounce_dict_iter_next(iter, &key, &value))
		change->keys++;
	return bounce_dict_iter_deinit(&iter, error_r);
}

/* What is not there yet has not failed: the connection stays. */
START_TEST(test_iterated)
{
	struct dict *dict;

	test_dict_load("priv/bounce/address/a\n1\npriv/bounce/address/b\n2\n");
	test_dict.msecs = 10;
	change_begin(&one, NULL, read_rows);
	dict = one.store->dict->dict;
	change_run();
	ck_assert_int_eq(one.ret, 0);
	ck_assert_uint_eq(one.keys, 2);
	ck_assert(!one.store->dict->reopen);
	ck_assert_ptr_eq(one.store->dict->dict, dict);
}
END_TEST

/* What was waited for is counted, no more. */
START_TEST(test_waited)
{
	uint64_t began = i_microseconds();
	const char *value, *error;

	test_dict.msecs = 20;
	ck_assert_int_eq(bounce_dict_ready(one.store->dict, &error), 0);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert_int_eq(bounce_dict_get(one.store->dict,
			pool_datastack_create(), "priv/bounce/meta/x", &value,
			&error), 0);
	}
	ck_assert_uint_ge(one.wait.used_usecs, 3 * 19 * 1000);
	ck_assert_uint_le(one.wait.used_usecs, i_microseconds() - began);
	ck_assert(!change_is_paused(&one));
}
END_TEST

/* One that did not answer a moment ago is not asked; another one is. */
START_TEST(test_paused)
{
	struct bounce_dict *dict = one.store->dict;
	const char *error = "?";
	unsigned int calls;

	ck_assert_int_eq(bounce_dict_ready(dict, &error), 0);
	bounce_wait_pause(&one.wait, "proxy of somebody else", 0);
	ck_assert_int_eq(bounce_dict_ready(dict, &error), 0);
	bounce_wait_pause(&one.wait, dict->name, 0);
	calls = test_dict.calls;
	ck_assert_int_eq(bounce_dict_ready(dict, &error), -1);
	ck_assert_msg(strstr(error, "a moment ago") != NULL, "%s", error);
	ck_assert(bounce_store_is_down(one.store));
	ck_assert_uint_eq(test_dict.calls, calls);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commit later");
	TCase *tcase = tcase_create("commit later");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_announced);
	tcase_add_test(tcase, test_not_written);
	tcase_add_test(tcase, test_silent);
	tcase_add_test(tcase, test_cancelled);
	tcase_add_test(tcase, test_meanwhile);
	tcase_add_test(tcase, test_lock_comes_free);
	tcase_add_test(tcase, test_iterated);
	tcase_add_test(tcase, test_waited);
	tcase_add_test(tcase, test_paused);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
