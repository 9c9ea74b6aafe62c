/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The dictionary from the outside, for tests of real drivers without a mail
   process, and for the benchmark.

   usage: dict-tool [--max N] DICT USER HOME   commands on standard
   input, one a line, one answer a line (list: one a line, then "."):

   add ID ADDRESS [REASON]    a report of one failed address
   get ADDRESS                the record, or "none"
   scan ID ADDRESS            the same, found again in a mailbox
   remove ADDRESS             1 or 0
   list                       all addresses
   sent ID RECIPIENTS SUBJECT a mail that went out: 1, or 0 if it was counted
   rate                       a day or broadcast a line (JSON), then "."
   fill N                     N records in one transaction
   bench N                    figures at N records (fill first) */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-sent-store.h"
#include "bounce-store-private.h"
#include "compat-dict.h"
#include "dict-user.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 200

static struct mail_user *user;
static struct bounce_store *store;

static void answer(int ret, const char *error)
{
	if (ret < 0)
		printf("error %s\n", error);
	else
		printf("%d\n", ret);
}

static void cmd_add(const char *const *args)
{
	const char *error = "?";
	int ret = bounce_store_add(store, t_report(args[0], args[1],
			args[2] == NULL ? "mailbox-unknown" : args[2]),
		BOUNCE_EVIDENCE_VERIFIED, time(NULL), pool_datastack_create(), NULL,
			&error);

	answer(ret, error);
}

static void cmd_scan(const char *const *args)
{
	struct bounce_rebuild *batch = bounce_rebuild_init(store);
	const char *error = "?";
	int ret;

	bounce_rebuild_add(batch, t_report(args[0], args[1], "mailbox-unknown"),
			   BOUNCE_EVIDENCE_VERIFIED, time(NULL));
	ret = bounce_rebuild_commit(&batch, FALSE, &error);
	answer(ret, error);
}

static void cmd_get(const char *address)
{
	struct bounce_record rec;
	const char *error = "?";
	int ret = bounce_store_lookup(store, pool_datastack_create(), address,
				      time(NULL), &rec, &error);

	if (ret > 0)
		printf("%s\n", bounce_record_encode(&rec));
	else if (ret == 0)
		printf("none\n");
	else
		printf("error %s\n", error);
}

static void cmd_remove(const char *address)
{
	const char *error = "?";
	int ret = bounce_store_remove(store, address, &error);

	answer(ret, error);
}

static unsigned int list(bool print)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store,
								time(NULL));
	const struct bounce_record *rec;
	const char *error;
	unsigned int count = 0;

	while (bounce_store_iter_next(iter, &rec)) {
		if (print)
			printf("%s\n", rec->address);
		count++;
	}
	if (bounce_store_iter_deinit(&iter, &error) < 0)
		printf("error %s\n", error);
	return count;
}

static int sent(const char *id, unsigned int recipients, const char *subject)
{
	struct bounce_sent_mail mail = {
		.message_id = id, .recipients = recipients, .subject = subject,
		.when = time(NULL)
	};
	const char *error = "?";
	bool bounced;
	int ret = bounce_sent_store_add(store, &mail, 1, &bounced, &error);

	if (ret < 0)
		printf("error %s\n", error);
	return ret;
}

static void cmd_sent(const char *const *args)
{
	int ret = sent(args[0], atoi(args[1]), args[2]);

	if (ret >= 0)
		printf("%d\n", ret);
}

static void cmd_rate(void)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *one;
	pool_t pool = pool_alloconly_create("rate", 4096);
	const char *error;

	p_array_init(&days, pool, 8);
	p_array_init(&broadcasts, pool, 8);
	if (bounce_sent_store_read(store, pool, 0, time(NULL), &days, &broadcasts,
			       &error) < 0)
		printf("error %s\n", error);
	array_foreach(&days, one)
		printf("%s\n", bounce_sent_encode(one));
	array_foreach(&broadcasts, one)
		printf("%s\n", bounce_sent_encode(one));
	printf(".\n");
	pool_unref(&pool);
}

static const char *t_address(unsigned int i)
{
	return t_strdup_printf("some.person.%u@example%u.com", i, i % 100);
}

static void cmd_fill(unsigned int count)
{
	ARRAY_TYPE(bounce_incident) incidents;
	struct bounce_record *recs;
	struct bounce_policy policy;
	pool_t pool = pool_alloconly_create("fill", 1024 * 1024);
	const char *error;
	int ret;

	bounce_policy_init(&policy);
	recs = p_new(pool, struct bounce_record, count);
	for (unsigned int i = 0; i < count; i++) T_BEGIN {
		const char *address = t_address(i);
		const char *id = t_strdup_printf("<%u.fill@mx.example.com>", i);

		p_array_init(&incidents, pool, 1);
		bounce_incidents_read(pool, t_report(id, address,
						     "mailbox-full"),
				      BOUNCE_EVIDENCE_VERIFIED, time(NULL),
				      &incidents);
		bounce_record_init(&recs[i], pool, address);
		(void)bounce_policy_count(&policy, pool, &recs[i],
					  array_idx(&incidents, 0));
	} T_END;
	ret = bounce_store_set_many(store, recs, count, &error);
	answer(ret < 0 ? -1 : (int)count, error);
	pool_unref(&pool);
}

/*
 * Benchmark
 */

static double msecs_since(uint64_t start)
{
	return (i_microseconds() - start) / 1000.0;
}

static double bench_update(unsigned int round, unsigned int count)
{
	uint64_t start;
	const char *error;
	struct bounce_report *report =
		t_report(t_strdup_printf("<%u.%s@bench>", round,
					 dec2str(i_microseconds())),
			 t_address(round * 7919 % count), "mailbox-full");

	start = i_microseconds();
	if (bounce_store_add(store, report, BOUNCE_EVIDENCE_VERIFIED,
			     time(NULL), pool_datastack_create(), NULL,
			&error) != 1)
		i_fatal("add: %s", error);
	return msecs_since(start);
}

static int
bare_lookup(const char *key, const char **value_r, const char **error_r)
{
	/* 2.3 reads it before it is set */
	*error_r = NULL;
	return dict_lookup(store->dict->dict,
			   mail_user_get_dict_op_settings(user),
			   pool_datastack_create(), key, value_r, error_r);
}

static void
bare_committed(const struct dict_commit_result *result, int *ret)
{
	*ret = result->ret < 0 ? -1 : 0;
}

static int
bare_commit(struct dict_transaction_context **trans, const char **error_r)
{
	int ret = 1;

	/* 2.3's redis crashes in a synchronous one */
	dict_transaction_commit_async(trans, bare_committed, &ret);
	if (ret == 1)
		dict_wait(store->dict->dict);
	*error_r = "commit";
	return ret == 0 ? 0 : -1;
}

/* Of the same size, and not the old one: SQLite writes nothing then. */
static const char *other_value(const char *value, const char *before)
{
	char *changed = t_strdup_noconst(value), *digit;

	digit = strstr(changed, before);
	i_assert(digit != NULL);
	digit += strlen(before);
	*digit = *digit == '7' ? '6' : '7';
	return changed;
}

/* The driver's own look-up, set and commit of one key. */
static double bench_bare_update(unsigned int round, unsigned int count)
{
	struct dict_transaction_context *trans;
	const char *key = t_bounce_dict_key(store->dict,
					    t_address(round * 7919 % count));
	const char *value, *error;
	uint64_t start = i_microseconds();

	if (bare_lookup(key, &value, &error) <= 0)
		i_fatal("lookup: %s", key);
	trans = dict_transaction_begin(store->dict->dict,
				       mail_user_get_dict_op_settings(user));
	dict_set(trans, key, other_value(value, "\"first\":1"));
	if (bare_commit(&trans, &error) < 0)
		i_fatal("commit: %s", error);
	return msecs_since(start);
}

static const char *least_read(const char *key)
{
	const char *value = NULL, *error;

	if (bounce_dict_get(store->dict, pool_datastack_create(), key, &value,
			    &error) < 0)
		i_fatal("lookup: %s", error);
	return value;
}

/* What an update reads and writes, and nothing else: no lock, no record, no day. */
static double bench_least(unsigned int round, unsigned int count)
{
	struct bounce_dict *dict = store->dict;
	struct dict_transaction_context *trans;
	const char *keys[] = {
		t_bounce_dict_key(dict, t_address(round * 7919 % count)),
		bounce_sent_key(bounce_sent_day(time(NULL)))
	};
	const char *values[N_ELEMENTS(keys)], *error;
	bool iterates = bounce_dict_iterates(dict, &error) > 0;
	uint64_t start = i_microseconds();

	for (unsigned int i = 0; i < N_ELEMENTS(keys); i++)
		bounce_dict_ask(dict, keys[i]);
	for (unsigned int i = 0; i < N_ELEMENTS(keys); i++)
		values[i] = least_read(keys[i]);
	if (!iterates) {
		(void)least_read(BOUNCE_DICT_INDEX_PREFIX"00");
		(void)least_read(BOUNCE_DICT_COUNT);
	}
	trans = bounce_dict_begin(dict);
	dict_set(trans, keys[0], other_value(values[0], "\"first\":1"));
	dict_set(trans, keys[1], other_value(values[1], "\"failed\":"));
	if (bounce_dict_commit(dict, &trans, &error) < 0)
		i_fatal("commit: %s", error);
	bounce_dict_forget(dict);
	return msecs_since(start);
}

/* One of many single mails. */
static double bench_sent(unsigned int round, unsigned int count ATTR_UNUSED)
{
	const char *id = t_strdup_printf("<%u.%s@bench>", round,
					 dec2str(i_microseconds()));
	uint64_t start = i_microseconds();

	if (sent(id, 1, t_strdup_printf("Invoice %u", round)) != 1)
		i_fatal("sent");
	return msecs_since(start);
}

static double
bench_bare_sent(unsigned int round, unsigned int count ATTR_UNUSED)
{
	struct dict_transaction_context *trans;
	const char *key = bounce_sent_key(bounce_sent_day(time(NULL)));
	const char *value, *error;
	uint64_t start = i_microseconds();

	if (bare_lookup(key, &value, &error) <= 0)
		i_fatal("lookup: %s", key);
	value = t_strdup_printf("%.*s%u", (int)strlen(value) - 4, value,
				1000 + round);
	trans = dict_transaction_begin(store->dict->dict,
				       mail_user_get_dict_op_settings(user));
	dict_set(trans, BOUNCE_DICT_SENT_PREFIX"bench", value);
	if (bare_commit(&trans, &error) < 0)
		i_fatal("commit: %s", error);
	return msecs_since(start);
}

static double bench_lookup(unsigned int round, unsigned int count)
{
	struct bounce_record rec;
	const char *error, *address = t_address(round * 7919 % count);
	uint64_t start = i_microseconds();

	if (bounce_store_lookup(store, pool_datastack_create(), address,
				time(NULL), &rec, &error) != 1)
		i_fatal("lookup");
	return msecs_since(start);
}

static double bench_bare_lookup(unsigned int round, unsigned int count)
{
	const char *value, *error;
	const char *key = t_bounce_dict_key(store->dict,
					    t_address(round * 7919 % count));
	uint64_t start = i_microseconds();

	if (bare_lookup(key, &value, &error) != 1)
		i_fatal("lookup");
	return msecs_since(start);
}

static double bench_list(unsigned int round ATTR_UNUSED, unsigned int count)
{
	uint64_t start = i_microseconds();

	if (list(FALSE) != count)
		i_fatal("list");
	return msecs_since(start);
}

static double
bench_bare_list(unsigned int round ATTR_UNUSED, unsigned int count ATTR_UNUSED)
{
	struct dict_iterate_context *iter;
	const char *key, *value, *error;
	uint64_t start = i_microseconds();

	if (bounce_dict_iterates(store->dict, &error) <= 0)
		return 0;
	iter = dict_iterate_init(store->dict->dict,
				 mail_user_get_dict_op_settings(user),
				 BOUNCE_DICT_ADDRESS_PREFIX, 0);
	while (dict_iterate(iter, &key, &value)) ;
	if (dict_iterate_deinit(&iter, &error) < 0)
		i_fatal("iterate: %s", error);
	return msecs_since(start);
}

typedef double bench_t(unsigned int round, unsigned int count);

static int double_cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : (*x > *y ? 1 : 0);
}

static double median(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), double_cmp);
	return values[count / 2];
}

/* In turns, so that what the machine does else falls on both. */
static void
bench(const char *name, bench_t *ours, bench_t *bare, unsigned int count,
      unsigned int rounds)
{
	double a[ROUNDS], b[ROUNDS], ma, mb;

	for (unsigned int i = 0; i < rounds; i++) T_BEGIN {
		a[i] = ours(i, count);
		b[i] = bare(i, count);
	} T_END;
	ma = median(a, rounds);
	mb = median(b, rounds);
	printf("%s %u %.4f %.4f %.2f\n", name, count, ma, mb,
	       mb > 0 ? ma / mb : 0);
}

static void cmd_bench(unsigned int count)
{
	bench("update", bench_update, bench_bare_update, count, ROUNDS);
	bench("least", bench_least, bench_bare_update, count, ROUNDS);
	/* to where the day's record grows no more */
	for (unsigned int i = 0; i < 2 * ROUNDS; i++) T_BEGIN {
		(void)bench_sent(i, count);
	} T_END;
	bench("sent", bench_sent, bench_bare_sent, count, ROUNDS);
	bench("lookup", bench_lookup, bench_bare_lookup, count, ROUNDS);
	bench("list", bench_list, bench_bare_list, count, 5);
	printf(".\n");
}

static void run(const char *line)
{
	const char *const *args = t_strsplit(line, "\t");
	unsigned int number = args[1] == NULL ? 0 : atoi(args[1]);

	if (strcmp(args[0], "add") == 0)
		cmd_add(args + 1);
	else if (strcmp(args[0], "scan") == 0)
		cmd_scan(args + 1);
	else if (strcmp(args[0], "get") == 0)
		cmd_get(args[1]);
	else if (strcmp(args[0], "remove") == 0)
		cmd_remove(args[1]);
	else if (strcmp(args[0], "list") == 0) {
		list(TRUE);
		printf(".\n");
	} else if (strcmp(args[0], "sent") == 0)
		cmd_sent(args + 1);
	else if (strcmp(args[0], "rate") == 0)
		cmd_rate();
	else if (strcmp(args[0], "fill") == 0)
		cmd_fill(number);
	else if (strcmp(args[0], "bench") == 0)
		cmd_bench(number);
	else
		i_fatal("Unknown command: %s", args[0]);
}

int main(int argc, char *argv[])
{
	struct bounce_store_settings set;
	char line[4096];

	if (argc < 4)
		return 64;
	dict_user_lib_init(argv[argc - 3]);
	i_zero(&set);
	bounce_policy_init(&set.policy);
	set.max_addresses = 10000;
	while (argc > 1 && argv[1][0] == '-') {
		if (strcmp(argv[1], "--max") == 0 && argc > 2) {
			set.max_addresses = atoi(argv[2]);
			argc--; argv++;
		}
		argc--; argv++;
	}
	if (argc != 4)
		i_fatal("usage: dict-tool [--max N] DICT USER HOME");
	user = dict_user_init(argv[2], argv[3], argv[1]);
	store = dict_user_store(user, &set);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin) != NULL) T_BEGIN {
		run(t_strcut(line, '\n'));
	} T_END;
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	return 0;
}
