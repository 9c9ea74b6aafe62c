/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What reads. */

#include "bounce-test-verbs.h"
#include "bounce-allowance.h"
#include "bounce-answer-store.h"
#include "bounce-digest-store.h"
#include "bounce-final.h"
#include "bounce-hosts.h"
#include "bounce-notice-store.h"
#include "bounce-sent-store.h"
#include "bounce-store-private.h"
#include "bounce-tombstone.h"

static void say_record(const struct bounce_record *rec)
{
	test_verb_say("%s", bounce_record_encode(rec));
}

static int verb_lookup(const char **error_r)
{
	struct bounce_record rec;
	int ret = bounce_store_lookup(store, pool_datastack_create(),
				      "bob@example.com", START, &rec, error_r);

	if (ret > 0)
		say_record(&rec);
	return ret;
}

static int verb_lookup_many(const char **error_r)
{
	static const char *const addresses[] = {
		"bob@example.com", "nobody@example.com", "carol@example.com"
	};
	const struct bounce_record *recs[N_ELEMENTS(addresses)];
	int ret = bounce_store_lookup_many(store, pool_datastack_create(),
		addresses, N_ELEMENTS(addresses), START, recs, error_r);

	for (unsigned int i = 0; i < N_ELEMENTS(addresses); i++) {
		if (recs[i] != NULL)
			say_record(recs[i]);
	}
	return ret;
}

static int verb_find(const char **error_r)
{
	struct bounce_record rec;
	int ret = bounce_store_find(store, pool_datastack_create(),
				    "final@example.net", START, &rec, error_r);

	if (ret > 0)
		say_record(&rec);
	return ret;
}

static int verb_final(const char **error_r)
{
	struct bounce_record rec;
	int ret = bounce_final_lookup(store, pool_datastack_create(),
				      "final@example.net", START, &rec, error_r);

	if (ret > 0)
		say_record(&rec);
	return ret;
}

static int record_cmp(const char *const *a, const char *const *b)
{
	return strcmp(*a, *b);
}

static int verb_list(const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, START);
	const struct bounce_record *rec;
	ARRAY_TYPE(const_string) recs;
	const char *text;

	/* in no order */
	t_array_init(&recs, 8);
	while (bounce_store_iter_next(iter, &rec)) {
		text = bounce_record_encode(rec);
		array_push_back(&recs, &text);
	}
	array_sort(&recs, record_cmp);
	array_foreach_elem(&recs, text)
		test_verb_say("%s", text);
	return bounce_store_iter_deinit(&iter, error_r);
}

static int verb_backscatter(const char **error_r)
{
	unsigned int count = 0;
	time_t last = 0;
	int ret = bounce_store_backscatter(store, &count, &last, error_r);

	test_verb_say("%u %ld", count, (long)last);
	return ret;
}

static int verb_flooded(const char **error_r)
{
	bool began = FALSE;

	return bounce_store_is_flooded(store, START, &began, error_r);
}

static int verb_empty(const char **error_r)
{
	return bounce_store_is_empty(store, error_r);
}

static int verb_hosts(const char **error_r)
{
	const char *const *hosts;
	int ret = bounce_hosts_read(store, pool_datastack_create(), START,
				    &hosts, error_r);

	for (; ret == 0 && *hosts != NULL; hosts++)
		test_verb_say("%s", *hosts);
	return ret;
}

static int verb_counts(const char **error_r)
{
	struct bounce_tell_counts counts;
	int ret = bounce_notice_store_counts(store, pool_datastack_create(),
					     START, &counts, error_r);

	if (ret == 0)
		test_verb_say("%s", bounce_tell_counts_encode(&counts));
	return ret;
}

static int verb_language(const char **error_r)
{
	const char *language;
	int ret = bounce_notice_store_language(store, pool_datastack_create(),
					       &language, error_r);

	if (ret > 0)
		test_verb_say("%s", language);
	return ret;
}

static int verb_digest(const char **error_r)
{
	struct bounce_digest_memory memory;
	int ret = bounce_digest_store_read(store, pool_datastack_create(),
					   &memory, error_r);

	if (ret == 0)
		test_verb_say("%s", bounce_digest_memory_encode(&memory));
	return ret;
}

static int verb_answer(const char **error_r)
{
	struct bounce_answer_day day = { .count = 0 };
	int ret = bounce_answer_store_get(store, "<answer@example.org>", TRUE,
					  START, &day, error_r);

	test_verb_say("%u %d", day.count, day.done);
	return ret;
}

static int verb_since(const char **error_r)
{
	time_t since = 0;
	int ret = bounce_sent_store_since(store, &since, error_r);

	test_verb_say("%ld", (long)since);
	return ret;
}

static int verb_knows(const char **error_r)
{
	struct bounce_report *report =
		t_report("<r>", "dave@example.com", "mailbox-unknown");

	report->original_message_id = "<news@example.org>";
	report->original_subject = "News";
	return bounce_sent_store_knows(store, report, START, error_r);
}

static int verb_envelope(const char **error_r)
{
	struct bounce_sent_envelope env;
	int ret = bounce_sent_store_envelope(store, pool_datastack_create(),
					     "4QueueId", START, &env, error_r);

	if (ret > 0)
		test_verb_say("%u %s", env.recipients, env.to);
	return ret;
}

static int verb_rate(const char **error_r)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *sent;
	int ret;

	t_array_init(&days, 8);
	t_array_init(&broadcasts, 8);
	ret = bounce_sent_store_read(store, pool_datastack_create(),
				     START - 7 * DAY, START, &days, &broadcasts,
				     error_r);
	array_foreach(&days, sent)
		test_verb_say("%s", bounce_sent_encode(sent));
	array_foreach(&broadcasts, sent)
		test_verb_say("%s", bounce_sent_encode(sent));
	return ret;
}

static int verb_allowed(const char **error_r)
{
	return bounce_allowance_take(store, "<9>", "a@mx.example.com", START,
				     START, TRUE, error_r);
}

static int verb_removed(const char **error_r)
{
	struct bounce_tombstone *removed;

	/* as each transaction begins */
	if (bounce_dict_ready(store->dict, error_r) < 0 ||
	    bounce_tombstone_read(store->dict, &removed, error_r) < 0)
		return -1;
	test_verb_say("%d", bounce_tombstone_when(removed, "gone@example.com") != 0);
	bounce_tombstone_free(&removed);
	return 0;
}
const struct test_verb test_verbs_read[] = {
	{ "lookup", verb_lookup, TEST_VERB_ONCE },
	{ "lookup-many", verb_lookup_many, TEST_VERB_ONCE },
	{ "find", verb_find, TEST_VERB_ONCE },
	{ "final", verb_final, TEST_VERB_ONCE },
	{ "list", verb_list, TEST_VERB_ONCE },
	{ "backscatter", verb_backscatter, TEST_VERB_ONCE },
	{ "flooded", verb_flooded, TEST_VERB_ONCE },
	{ "empty", verb_empty, TEST_VERB_ONCE },
	{ "hosts", verb_hosts, TEST_VERB_ONCE },
	{ "counts", verb_counts, TEST_VERB_ONCE },
	{ "language", verb_language, TEST_VERB_ONCE },
	{ "digest", verb_digest, TEST_VERB_ONCE },
	{ "answer", verb_answer, TEST_VERB_ONCE },
	{ "since", verb_since, TEST_VERB_ONCE },
	{ "knows", verb_knows, TEST_VERB_ONCE },
	{ "envelope", verb_envelope, TEST_VERB_ONCE },
	{ "rate", verb_rate, TEST_VERB_ONCE },
	{ "allowed", verb_allowed, TEST_VERB_ONCE },
	{ "removed", verb_removed, TEST_VERB_ONCE },
	{ .name = NULL }
};
