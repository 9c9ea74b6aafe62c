/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The dictionary with the file driver: one process, many, and processes that
   are killed. The other drivers: tests/run/test_dictionary.py. */

#include "bounce-test.h"
#include "dict-user.h"
#include "hostpid.h"
#include "mail-user.h"
#include "bounce-reason.h"
#include "bounce-sender.h"
#include "bounce-store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400

/* the test's now, fixed at the start */
static time_t START;

static const char *home;
static struct mail_user *user;
static struct bounce_store *store;

static void setup(void)
{
	home = dict_user_mkdir();
	user = dict_user_init("alice", home, "");
	store = dict_user_store(user, NULL);
}

static void teardown(void)
{
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	dict_user_rmdir(home);
}

static struct bounce_report *
t_report(const char *id, const char *address, const char *reason)
{
	struct bounce_report *report = t_new(struct bounce_report, 1);
	struct bounce_recipient *rcpt;

	report->kind = BOUNCE_KIND_FAILURE;
	report->message_id = id;
	t_array_init(&report->original_to, 1);
	t_array_init(&report->recipients, 1);
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	rcpt->verdict.reason = bounce_reason_find(reason);
	rcpt->verdict.class = rcpt->verdict.reason->class;
	rcpt->verdict.side = rcpt->verdict.reason->side;
	rcpt->diagnostic = "550 5.1.1 No such user";
	return report;
}

static int add_at(const char *id, const char *address, time_t now)
{
	const char *error = "?";
	int ret = bounce_store_add(store, t_report(id, address,
						   "mailbox-unknown"),
				   BOUNCE_EVIDENCE_PLAUSIBLE, now, &error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret;
}

static int add(const char *id, const char *address)
{
	return add_at(id, address, START);
}

static bool lookup_at(const char *address, time_t now,
		      struct bounce_record *rec_r)
{
	const char *error = "?";
	int ret = bounce_store_lookup(store, pool_datastack_create(), address,
				      now, rec_r, &error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret > 0;
}

static bool lookup(const char *address, struct bounce_record *rec_r)
{
	return lookup_at(address, START, rec_r);
}

static unsigned int count_all(time_t now)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;
	const char *error;
	unsigned int count = 0;

	while (bounce_store_iter_next(iter, &rec))
		count++;
	ck_assert_int_eq(bounce_store_iter_deinit(&iter, &error), 0);
	return count;
}

START_TEST(test_add)
{
	struct bounce_record rec;
	struct stat st;

	ck_assert(!lookup("bob@example.com", &rec));
	ck_assert_int_eq(add("<1>", "Bob@Example.com"), 1);
	ck_assert(lookup("<BOB@example.com>", &rec));
	ck_assert_str_eq(rec.address, "bob@example.com");
	ck_assert_int_eq(rec.state, BOUNCE_STATE_SUPPRESSED);
	ck_assert_uint_eq(rec.count, 1);
	/* twice the same, then another */
	ck_assert_int_eq(add("<1>", "bob@example.com"), 0);
	ck_assert_int_eq(add("<2>", "bob@example.com"), 1);
	ck_assert(lookup("bob@example.com", &rec));
	ck_assert_uint_eq(rec.count, 2);
	ck_assert_uint_eq(count_all(START), 1);

	ck_assert_int_eq(stat(t_strconcat(home, "/dovecot-bounce.dict", NULL),
			      &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(test_mode)
{
	struct stat st;

	/* a folder that all can read */
	ck_assert_int_eq(chmod(home, 0755), 0);
	(void)add("<1>", "bob@example.com");
	(void)add("<2>", "bob@example.com");
	ck_assert_int_eq(stat(t_strconcat(home, "/dovecot-bounce.dict", NULL),
			      &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(test_lapse)
{
	struct bounce_record rec;
	const char *error;

	(void)add("<1>", "bob@example.com");
	ck_assert(lookup_at("bob@example.com", START + 364 * DAY, &rec));
	ck_assert(!lookup_at("bob@example.com", START + 365 * DAY, &rec));
	ck_assert_uint_eq(count_all(START + 365 * DAY), 0);
	ck_assert_uint_eq(count_all(0), 1);
	ck_assert_int_eq(bounce_store_expire(store, START + 364 * DAY, &error),
			 0);
	ck_assert_int_eq(bounce_store_expire(store, START + 365 * DAY, &error),
			 1);
	ck_assert_uint_eq(count_all(0), 0);
}
END_TEST

START_TEST(test_evidence)
{
	struct bounce_record rec;
	const char *error;
	unsigned int count;
	time_t last;

	for (int i = 0; i < 60; i++) {
		const char *id = t_strdup_printf("<%d>", i);

		ck_assert_int_eq(bounce_store_add(store,
			t_report(id, "bob@example.com", "mailbox-unknown"),
			BOUNCE_EVIDENCE_UNVERIFIED, START, &error), 0);
	}
	ck_assert(!lookup("bob@example.com", &rec));
	ck_assert_uint_eq(count_all(0), 0);
	/* a flood is not counted to its end */
	ck_assert_int_eq(bounce_store_backscatter(store, &count, &last,
						  &error), 0);
	ck_assert_uint_eq(count, 50);
	ck_assert_int_eq(last, START);
}
END_TEST

static bool release(pool_t pool ATTR_UNUSED, struct bounce_record *rec,
		    bool exists, void *context)
{
	if (exists)
		bounce_record_release(rec, BOUNCE_BY_USER, *(time_t *)context);
	return exists;
}

START_TEST(test_change)
{
	struct bounce_record rec;
	const char *error;
	time_t now = START + 10;

	ck_assert_int_eq(bounce_store_change(store, "bob@example.com", now,
					     release, &now, &error), 0);
	(void)add("<1>", "bob@example.com");
	ck_assert_int_eq(bounce_store_change(store, "BOB@example.com", now,
					     release, &now, &error), 1);
	ck_assert(lookup("bob@example.com", &rec));
	ck_assert_int_eq(rec.state, BOUNCE_STATE_RELEASED);
	ck_assert_int_eq(bounce_store_remove(store, "bob@example.com",
					     &error), 1);
	ck_assert_int_eq(bounce_store_remove(store, "bob@example.com",
					     &error), 0);
	ck_assert_int_eq(bounce_store_remove(store, "nonsense", &error), -1);
	ck_assert(!lookup("bob@example.com", &rec));
}
END_TEST

START_TEST(test_find_original)
{
	struct bounce_report *report =
		t_report("<1>", "final@example.com", "mailbox-unknown");
	struct bounce_recipient *rcpt;
	struct bounce_record rec;
	const char *error;

	rcpt = array_idx_modifiable(&report->recipients, 0);
	rcpt->original_address = "Alias@Example.com";
	ck_assert_int_eq(bounce_store_add(store, report,
					  BOUNCE_EVIDENCE_PLAUSIBLE, START,
					  &error), 1);
	ck_assert(!lookup("alias@example.com", &rec));
	ck_assert_int_eq(bounce_store_find(store, pool_datastack_create(),
					   "alias@example.com", START, &rec,
					   &error), 1);
	ck_assert_str_eq(rec.address, "final@example.com");
	ck_assert_int_eq(bounce_store_find(store, pool_datastack_create(),
					   "other@example.com", START, &rec,
					   &error), 0);
}
END_TEST

START_TEST(test_set_many)
{
	struct bounce_record recs[3], rec;
	const char *error;

	for (int i = 0; i < 3; i++) {
		bounce_record_init(&recs[i], pool_datastack_create(),
				   t_strdup_printf("A%d@example.com", i));
		bounce_record_suppress(&recs[i], BOUNCE_BY_IMPORT, NULL, START);
	}
	ck_assert_int_eq(bounce_store_set_many(store, recs, 3, &error), 0);
	ck_assert_uint_eq(count_all(START), 3);
	ck_assert(lookup("a2@example.com", &rec));
	ck_assert_int_eq(rec.by, BOUNCE_BY_IMPORT);
	recs[1].address = "nonsense";
	ck_assert_int_eq(bounce_store_set_many(store, recs, 3, &error), -1);
}
END_TEST

static const char *const hurting[] = {
	"\"quoted local\"@example.com", "a/b@example.com",
	"\"../../x\"@example.com", "*@example.com", "%h%u@example.com",
	"o'brien@example.com", "\"say \\\"hi\\\"\"@example.com",
	"\"back\\\\slash\"@example.com", "j\303\274rgen@b\303\274cher.example",
	"ju\xcc\x88rgen@example.com", "postmaster", "\"\t\"@example.com",
	"..@example.com", "\"tab|pipe\"@example.com",
};

START_TEST(test_hurting)
{
	struct bounce_record rec;
	unsigned int stored = 0;

	for (unsigned int i = 0; i < N_ELEMENTS(hurting); i++)
		stored += add("<1>", hurting[i]);
	/* all but the one with a control character */
	ck_assert_uint_eq(stored, N_ELEMENTS(hurting) - 1);
	ck_assert_uint_eq(count_all(START), stored);
	for (unsigned int i = 0; i < N_ELEMENTS(hurting); i++) {
		if (strchr(hurting[i], '\t') == NULL)
			ck_assert_msg(lookup(hurting[i], &rec), "%s",
				      hurting[i]);
	}
}
END_TEST

START_TEST(test_room)
{
	struct bounce_store_settings set;
	struct bounce_record rec;
	const char *error;

	bounce_store_deinit(&store);
	i_zero(&set);
	bounce_policy_init(&set.policy);
	set.max_addresses = 5;
	store = dict_user_store(user, &set);

	/* one that lapses first, one by hand */
	ck_assert_int_eq(bounce_store_add(store,
		t_report("<s>", "soft@example.com", "mailbox-full"),
		BOUNCE_EVIDENCE_PLAUSIBLE, START + 5, &error), 1);
	bounce_record_init(&rec, pool_datastack_create(), "hand@example.com");
	bounce_record_suppress(&rec, BOUNCE_BY_USER, NULL, START - 1000);
	ck_assert_int_eq(bounce_store_set(store, &rec, &error), 0);
	for (int i = 0; i < 3; i++)
		(void)add_at("<1>", t_strdup_printf("a%d@example.com", i),
			     START + i);
	ck_assert_uint_eq(count_all(0), 5);
	(void)add_at("<1>", "b1@example.com", START + 10);
	ck_assert_uint_eq(count_all(0), 5);
	ck_assert(!lookup("soft@example.com", &rec));
	(void)add_at("<1>", "b2@example.com", START + 11);
	ck_assert_uint_eq(count_all(0), 5);
	ck_assert(!lookup("a0@example.com", &rec));
	ck_assert(lookup("a1@example.com", &rec));
	ck_assert(lookup("hand@example.com", &rec));
	ck_assert(lookup("b2@example.com", &rec));
	/* a known address needs no room */
	ck_assert_int_eq(add_at("<2>", "a1@example.com", START + 12), 1);
	ck_assert_uint_eq(count_all(0), 5);
	/* what is removed makes room */
	ck_assert_int_eq(bounce_store_remove(store, "a2@example.com", &error),
			 1);
	(void)add_at("<1>", "b3@example.com", START + 13);
	ck_assert_uint_eq(count_all(0), 5);
	ck_assert(lookup("b1@example.com", &rec));
}
END_TEST

/* A damaged record does not stop the others, and goes when it is removed. */
START_TEST(test_damaged)
{
	struct bounce_record rec;
	const char *error;
	FILE *f;

	(void)add("<1>", "good@example.com");
	f = fopen(t_strconcat(home, "/dovecot-bounce.dict", NULL), "a");
	fputs("priv/bounce/address/bad@example.com\n{\"address\":\n", f);
	fclose(f);
	bounce_store_deinit(&store);
	store = dict_user_store(user, NULL);
	ck_assert_uint_eq(count_all(START), 1);
	ck_assert_int_eq(bounce_store_lookup(store, pool_datastack_create(),
					     "bad@example.com", START, &rec,
					     &error), -1);
	ck_assert(strstr(error, "damaged") != NULL);
	ck_assert_int_eq(bounce_store_remove(store, "bad@example.com",
					     &error), 1);
	ck_assert(!lookup("bad@example.com", &rec));
	ck_assert(lookup("good@example.com", &rec));
}
END_TEST

static bool
suppress(pool_t pool ATTR_UNUSED, struct bounce_record *rec, bool exists,
	 void *context ATTR_UNUSED)
{
	ck_assert(!exists);
	bounce_record_suppress(rec, BOUNCE_BY_USER, NULL, START);
	return TRUE;
}

/* It gives way to what the mailbox says, and to what a person says. */
START_TEST(test_damaged_heals)
{
	struct bounce_store_batch *batch;
	struct bounce_record rec;
	const char *error;
	FILE *f;

	f = fopen(t_strconcat(home, "/dovecot-bounce.dict", NULL), "a");
	fputs("priv/bounce/address/a@example.com\nno JSON\n"
	      "priv/bounce/address/b@example.com\n{}\n", f);
	fclose(f);
	ck_assert_int_eq(bounce_store_add(store,
		t_report("<1>", "a@example.com", "mailbox-unknown"),
		BOUNCE_EVIDENCE_PLAUSIBLE, START, &error), -1);
	batch = bounce_store_batch_init(store);
	bounce_store_batch_add(batch, t_report("<1>", "a@example.com",
					       "mailbox-unknown"),
			       BOUNCE_EVIDENCE_PLAUSIBLE, START);
	ck_assert_int_eq(bounce_store_batch_commit(&batch, FALSE, &error), 1);
	ck_assert_int_eq(bounce_store_change(store, "b@example.com", START,
					     suppress, NULL, &error), 1);
	ck_assert(lookup("a@example.com", &rec));
	ck_assert_uint_eq(rec.count, 1);
	ck_assert(lookup("b@example.com", &rec));
	ck_assert_int_eq(rec.by, BOUNCE_BY_USER);
	ck_assert_uint_eq(count_all(START), 2);
}
END_TEST

/*
 * Batch
 */

START_TEST(test_batch)
{
	struct bounce_store_batch *batch;
	struct bounce_record rec;
	const char *error;
	int round, wanted;

	/* one is no longer in the mailbox, the delivery of four was lost */
	(void)add_at("<old>", "bob@example.com", START);
	(void)add_at("<5>", "bob@example.com", START + 5);
	for (round = 0; round < 3; round++) {
		batch = bounce_store_batch_init(store);
		for (int i = 9; i >= 0; i--) {
			bounce_store_batch_add(batch,
				t_report(t_strdup_printf("<%d>", i),
					 i % 2 == 0 ? "even@example.com" :
					 "bob@example.com", "mailbox-full"),
				BOUNCE_EVIDENCE_PLAUSIBLE, START + i);
		}
		bounce_store_batch_add(batch,
			t_report("<x>", "forged@example.com", "mailbox-full"),
			BOUNCE_EVIDENCE_UNVERIFIED, START);
		wanted = round < 2 ? 2 : 0;
		ck_assert_int_eq(bounce_store_batch_commit(&batch, round == 0,
							   &error), wanted);
		if (round == 0)
			ck_assert(!lookup("even@example.com", &rec));
	}
	ck_assert(lookup("even@example.com", &rec));
	ck_assert_uint_eq(rec.count, 5);
	ck_assert_str_eq(array_idx_elem(&rec.recent, 0), "<0>");
	ck_assert(lookup("bob@example.com", &rec));
	ck_assert_uint_eq(rec.count, 6);
	ck_assert_int_eq(rec.first, START);
	ck_assert(!lookup("forged@example.com", &rec));
}
END_TEST

/*
 * Many processes
 */

#define WRITERS 8
#define REPORTS 60

/* Reports of one writer to one shared address and some of his own. */
static void write_reports(unsigned int writer, const char *dict)
{
	user = dict_user_init("alice", home, dict);
	store = dict_user_store(user, NULL);
	for (unsigned int i = 0; i < REPORTS; i++) T_BEGIN {
		const char *id = t_strdup_printf("<%u-%u>", writer, i);

		(void)add(id, "shared@example.com");
		(void)add(id, t_strdup_printf("w%u-%u@example.com", writer,
					      i % 5));
	} T_END;
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
}

/* Dovecot's processes look up their pid after they were forked. Ours had it
   already, and with the random bytes in stock two would take the same token. */
static pid_t fork_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		hostpid_init();
	return pid;
}

static pid_t fork_writer(unsigned int writer)
{
	pid_t pid = fork_process();

	if (pid == 0) {
		write_reports(writer, "");
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

static void check_totals(void)
{
	struct bounce_record rec;

	user = dict_user_init("alice", home, "");
	store = dict_user_store(user, NULL);
	ck_assert(lookup("shared@example.com", &rec));
	ck_assert_uint_eq(rec.count, WRITERS * REPORTS);
	for (unsigned int w = 0; w < WRITERS; w++) {
		for (unsigned int i = 0; i < 5; i++) {
			ck_assert(lookup(t_strdup_printf("w%u-%u@example.com",
							 w, i), &rec));
			ck_assert_uint_eq(rec.count, REPORTS / 5);
		}
	}
	ck_assert_uint_eq(count_all(0), WRITERS * 5 + 1);
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
}

START_TEST(test_parallel)
{
	int status;

	home = dict_user_mkdir();
	for (unsigned int w = 0; w < WRITERS; w++)
		(void)fork_writer(w);
	for (unsigned int w = 0; w < WRITERS; w++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	check_totals();
	dict_user_rmdir(home);
}
END_TEST

/* Writers are killed at any moment; their mail server delivers all of their
   reports again. Nobody waits for what the dead left behind. */
START_TEST(test_killed)
{
	pid_t pids[WRITERS];
	time_t began = time(NULL);
	int status;

	home = dict_user_mkdir();
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int w = 0; w < WRITERS; w++)
			pids[w] = fork_writer(w);
		usleep(10000 + 20000 * round);
		for (unsigned int w = 0; w < WRITERS; w++)
			kill(pids[w], SIGKILL);
		for (unsigned int w = 0; w < WRITERS; w++)
			ck_assert_int_gt(wait(&status), 0);
	}
	for (unsigned int w = 0; w < WRITERS; w++)
		(void)fork_writer(w);
	for (unsigned int w = 0; w < WRITERS; w++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	check_totals();
	ck_assert_int_lt(time(NULL) - began, 50);
	dict_user_rmdir(home);
}
END_TEST

/* Two homes, one dictionary, and no lock that both see but the one in it. */
static void write_shared(unsigned int writer, const char *dict)
{
	struct bounce_store_settings set;

	home = t_strdup_printf("%s/home%u", home, writer);
	(void)mkdir(home, 0700);
	user = dict_user_init("alice", home, dict);
	i_zero(&set);
	bounce_policy_init(&set.policy);
	set.shared = TRUE;
	store = dict_user_store(user, &set);
	for (unsigned int i = 0; i < 40; i++) T_BEGIN {
		(void)add(t_strdup_printf("<%u-%u>", writer, i),
			  "shared@example.com");
	} T_END;
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
}

START_TEST(test_shared)
{
	struct bounce_record rec;
	const char *dict;
	int status;

	home = dict_user_mkdir();
	dict = t_strdup_printf("fs:%s/dict", home);
	for (unsigned int w = 0; w < 2; w++) {
		if (fork_process() == 0) {
			write_shared(w, dict);
			_exit(0);
		}
	}
	for (unsigned int w = 0; w < 2; w++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	user = dict_user_init("alice", home, dict);
	store = dict_user_store(user, NULL);
	ck_assert(lookup("shared@example.com", &rec));
	ck_assert_uint_eq(rec.count, 80);
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	dict_user_rmdir(home);
}
END_TEST

/* No home: the lock is elsewhere; a home that is not there is made. */
START_TEST(test_no_home)
{
	const char *dir = dict_user_mkdir();
	struct bounce_record rec;

	home = t_strconcat(dir, "/not/yet", NULL);
	user = dict_user_init("bounce-test-nobody", home, "");
	store = dict_user_store(user, NULL);
	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	ck_assert(lookup("bob@example.com", &rec));
	bounce_store_deinit(&store);
	dict_user_deinit(&user);

	user = dict_user_init("bounce-test-nobody", NULL,
			      t_strdup_printf("file:%s/dict", dir));
	store = dict_user_store(user, NULL);
	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	dict_user_rmdir(dir);
}
END_TEST

/* What cannot be written says so and harms nothing. */
START_TEST(test_not_writable)
{
	struct bounce_record rec;
	const char *error = NULL;

	(void)add("<1>", "bob@example.com");
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	user = dict_user_init("alice", home, "file:/proc/nowhere/dict");
	store = dict_user_store(user, NULL);
	ck_assert_int_eq(bounce_store_add(store,
		t_report("<1>", "bob@example.com", "mailbox-unknown"),
		BOUNCE_EVIDENCE_PLAUSIBLE, START, &error), -1);
	ck_assert_ptr_nonnull(error);
	ck_assert(!lookup("bob@example.com", &rec));
}
END_TEST

/* a bounce of it was there before */
static bool copy_bounced;

static int sent_with(const char *id, time_t now, bool verifiable)
{
	struct bounce_sent_mail mail = {
		.message_id = id, .subject = "News", .recipients = 30,
		.verifiable = verifiable, .when = now
	};
	const char *error = "?";
	int ret = bounce_sender_add(store, &mail, 1, &copy_bounced, &error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret;
}

static int sent_at(const char *id, time_t now)
{
	return sent_with(id, now, TRUE);
}

static unsigned int
sent_read(time_t since, time_t now, struct bounce_sent *first_r)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	pool_t pool = pool_alloconly_create("sent", 1024);
	const char *error;
	unsigned int count;

	p_array_init(&days, pool, 8);
	p_array_init(&broadcasts, pool, 8);
	ck_assert_int_eq(bounce_sender_read(store, pool, since, now, &days,
					    &broadcasts, &error), 0);
	count = array_count(&days);
	ck_assert_uint_eq(array_count(&broadcasts), count);
	if (first_r != NULL && count > 0)
		*first_r = *array_idx(&broadcasts, 0);
	/* first_r's numbers only */
	pool_unref(&pool);
	return count;
}

/* A mail of one minute to midnight, and its copy after it. */
START_TEST(test_sent_midnight)
{
	time_t midnight = START - START % DAY;
	time_t since;
	const char *error;

	ck_assert_int_eq(bounce_sender_since(store, &since, &error), 0);
	ck_assert_int_eq(sent_at("<1>", midnight - 60), 1);
	ck_assert_int_eq(sent_at("<1>", midnight + 60), 0);
	ck_assert_int_eq(sent_at("<2>", midnight + 60), 1);
	ck_assert_int_eq(bounce_sender_since(store, &since, &error), 1);
	ck_assert_int_eq(since, midnight - DAY);
	ck_assert_uint_eq(sent_read(midnight - DAY, midnight + 60, NULL), 2);
	ck_assert_uint_eq(sent_read(midnight, midnight + 60, NULL), 1);
}
END_TEST

/* Many in one commit are counted as if each had its own. */
START_TEST(test_sent_together)
{
	time_t midnight = START - START % DAY;
	struct bounce_sent_mail mails[] = {
		{ .message_id = "<1>", .subject = "News", .recipients = 15,
		  .when = midnight - 60 },
		{ .message_id = "<2>", .subject = "News", .recipients = 15,
		  .when = midnight - 50, .verifiable = TRUE },
		{ .message_id = "<2>", .subject = "News", .recipients = 15,
		  .when = midnight - 40 },
		{ .message_id = "<3>", .subject = "News", .recipients = 0,
		  .when = midnight - 30 },
		{ .message_id = "<1>", .subject = "News", .recipients = 15,
		  .when = midnight + 10 },
		{ .message_id = "<4>", .subject = "News", .recipients = 40,
		  .when = midnight + 20 },
	};
	bool bounced[N_ELEMENTS(mails)];
	struct bounce_sent sent;
	const char *error = "?";
	time_t since;

	ck_assert_int_eq(bounce_sender_add(store, mails, N_ELEMENTS(mails),
					   bounced, &error), 3);
	ck_assert_uint_eq(sent_read(midnight - DAY, midnight + 60, &sent), 2);
	ck_assert_uint_eq(sent.sent, 30);
	ck_assert_uint_eq(sent.messages, 2);
	ck_assert_uint_eq(sent_read(midnight, midnight + 60, &sent), 1);
	ck_assert_uint_eq(sent.sent, 40);
	ck_assert_int_eq(bounce_sender_since(store, &since, &error), 1);
	ck_assert_int_eq(since, midnight - DAY);
	/* all were there before */
	ck_assert_int_eq(bounce_sender_add(store, mails, N_ELEMENTS(mails),
					   bounced, &error), 0);
}
END_TEST

/* Mail that leaves no copy and bears no token asks no evidence of anybody. */
START_TEST(test_sent_not_verifiable)
{
	time_t midnight = START - START % DAY;
	time_t since;
	const char *error;

	ck_assert_int_eq(sent_with("<1>", midnight, FALSE), 1);
	ck_assert_int_eq(sent_with("<2>", midnight + DAY, FALSE), 1);
	ck_assert_int_eq(bounce_sender_since(store, &since, &error), 0);
	/* later on the same day */
	ck_assert_int_eq(sent_with("<3>", midnight + DAY + 60, TRUE), 1);
	ck_assert_int_eq(sent_with("<4>", midnight + 2 * DAY, FALSE), 1);
	ck_assert_int_eq(bounce_sender_since(store, &since, &error), 1);
	ck_assert_int_eq(since, midnight + DAY);
}
END_TEST

/* What is too old goes by itself, and leaves nothing behind. */
START_TEST(test_sent_expires)
{
	unsigned int i, days = BOUNCE_SENDER_KEEP_DAYS + 30;
	time_t since;
	const char *error;

	for (i = 0; i < days; i++)
		ck_assert_int_eq(sent_at(t_strdup_printf("<%u>", i),
					 START - (days - i) * DAY), 1);
	ck_assert_int_eq(sent_at("<last>", START), 1);
	i = sent_read(0, START, NULL);
	ck_assert_uint_ge(i, BOUNCE_SENDER_KEEP_DAYS);
	ck_assert_uint_le(i, BOUNCE_SENDER_KEEP_DAYS + 2);
	ck_assert_int_eq(bounce_sender_since(store, &since, &error), 1);
	/* after years of silence, too */
	ck_assert_int_eq(sent_at("<years>", START + 700 * DAY), 1);
	ck_assert_uint_eq(sent_read(START - 60 * DAY, START, NULL), 0);
}
END_TEST

static struct bounce_report *
t_returned(const char *id, const char *address, const char *date)
{
	struct bounce_report *report = t_report(id, address, "mailbox-unknown");

	report->original_subject = "News";
	report->original_headers = t_strdup_printf("Subject: x\n"
						   "Date: %s\nTo: y\n", date);
	return report;
}

/* A failure belongs to the day on which its mail was sent. */
START_TEST(test_sent_failure)
{
	static const struct {
		const char *date;
		/* days before: where it is counted; -1 = in no broadcast */
		int day;
	} tests[] = {
		{ "Wed, 18 Nov 2026 12:00:00 +0000", 6 },
		/* the clock of a client that is wrong by hours */
		{ "Wed, 18 Nov 2026 23:30:00 -0500", 6 },
		{ "Thu, 19 Nov 2026 12:00:00 +0000", 6 },
		{ "Tue, 24 Nov 2026 12:00:00 +0000", 0 },
		/* none, nonsense, the future, long ago: today's */
		{ "", 0 }, { "yesterday", 0 },
		{ "Tue, 24 Nov 2036 12:00:00 +0000", 0 },
		{ "Tue, 24 Nov 2006 12:00:00 +0000", 0 },
		/* that day nothing was sent */
		{ "Sat, 21 Nov 2026 12:00:00 +0000", -1 },
	};
	const time_t noon = 1795478400 + 12 * 3600;
	struct bounce_sent sent;
	unsigned int failed[2] = { 0, 0 };

	ck_assert_int_eq(sent_at("<old>", noon - 6 * DAY), 1);
	ck_assert_int_eq(sent_at("<new>", noon), 1);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *id = t_strdup_printf("<%u>", i), *error = "?";

		ck_assert_int_eq(bounce_store_add(store,
			t_returned(id, t_strdup_printf("a%u@example.com", i),
				   tests[i].date),
			BOUNCE_EVIDENCE_PLAUSIBLE, noon, &error), 1);
		if (tests[i].day >= 0)
			failed[tests[i].day == 0 ? 1 : 0]++;
		(void)sent_read(noon, noon, &sent);
		ck_assert_msg(sent.failed == failed[1], "row %u", i);
		ck_assert_int_eq(sent_read(noon - 6 * DAY, noon - 5 * DAY,
					   &sent), 1);
		ck_assert_msg(sent.failed == failed[0], "row %u", i);
	}
}
END_TEST

/* A bounce that is quicker than the client's copy; only a verified one says
   anything about a mail of ours. */
START_TEST(test_sent_bounced)
{
	static const struct {
		const char *report, *original, *address;
		enum bounce_evidence evidence;
		bool bounced;
	} tests[] = {
		{ "<r1>", "<m1>", "a@example.com", BOUNCE_EVIDENCE_VERIFIED,
		  TRUE },
		{ "<r2>", "<m2>", "b@example.com", BOUNCE_EVIDENCE_PLAUSIBLE,
		  FALSE },
	};
	const char *error = "?";

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_report *report =
			t_returned(tests[i].report, tests[i].address, "");

		report->original_message_id = tests[i].original;
		ck_assert_int_eq(sent_at(tests[i].original, START), 1);
		ck_assert(!copy_bounced);
		ck_assert_int_eq(bounce_store_add(store, report,
			tests[i].evidence, START, &error), 1);
		ck_assert_int_eq(sent_at(tests[i].original, START), 0);
		ck_assert_int_eq(copy_bounced, tests[i].bounced);
	}
	ck_assert_int_eq(sent_at("<m3>", START), 1);
	ck_assert(!copy_bounced);
}
END_TEST

START_TEST(test_sent_crossed)
{
	static const char *const levels[] = {
		"notice", "warning", "critical", NULL, NULL, "our-side", NULL
	};
	const struct bounce_sent *crossed;
	const char *error = "?";

	ck_assert_int_eq(sent_at("<1>", START), 1);
	for (unsigned int i = 0; i < N_ELEMENTS(levels); i++) {
		const char *id = t_strdup_printf("<r%u>", i);
		struct bounce_report *report = t_returned(id,
			t_strdup_printf("a%u@example.com", i), "");

		for (unsigned int again = 0; again < 2; again++) {
			ck_assert_int_eq(bounce_store_add(store, report,
				BOUNCE_EVIDENCE_PLAUSIBLE, START, &error),
				again == 0 ? 1 : 0);
			crossed = bounce_sender_crossed(store);
			/* once a level, and not when it is delivered again */
			ck_assert_str_eq(crossed == NULL ? "" :
				bounce_rate_level_name(crossed->level),
				levels[i] == NULL || again > 0 ? "" :
				levels[i]);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite;
	TCase *tcase, *many;

	START = time(NULL);
	suite = suite_create("store");
	tcase = tcase_create("store");
	many = tcase_create("many");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_add);
	tcase_add_test(tcase, test_mode);
	tcase_add_test(tcase, test_lapse);
	tcase_add_test(tcase, test_evidence);
	tcase_add_test(tcase, test_change);
	tcase_add_test(tcase, test_find_original);
	tcase_add_test(tcase, test_set_many);
	tcase_add_test(tcase, test_hurting);
	tcase_add_test(tcase, test_room);
	tcase_add_test(tcase, test_damaged);
	tcase_add_test(tcase, test_damaged_heals);
	tcase_add_test(tcase, test_batch);
	tcase_add_test(tcase, test_not_writable);
	tcase_add_test(tcase, test_sent_midnight);
	tcase_add_test(tcase, test_sent_together);
	tcase_add_test(tcase, test_sent_not_verifiable);
	tcase_add_test(tcase, test_sent_expires);
	tcase_add_test(tcase, test_sent_failure);
	tcase_add_test(tcase, test_sent_bounced);
	tcase_add_test(tcase, test_sent_crossed);
	suite_add_tcase(suite, tcase);
	tcase_add_test(many, test_parallel);
	tcase_add_test(many, test_killed);
	tcase_add_test(many, test_shared);
	tcase_add_test(many, test_no_home);
	tcase_set_timeout(many, 120);
	suite_add_tcase(suite, many);
	return bounce_test_run(suite);
}
