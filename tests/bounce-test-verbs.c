/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What writes, and what stands there before. */

#include "bounce-test-verbs.h"
#include "ioloop.h"
#include "message-date.h"
#include "bounce-allowance.h"
#include "bounce-answer-store.h"
#include "bounce-commit-later.h"
#include "bounce-digest-store.h"
#include "bounce-hosts.h"
#include "bounce-notice-store.h"
#include "bounce-sent-store.h"
#include "bounce-unmatched.h"

/* A user has so many at most: one more makes room. */
#define MAX_ADDRESSES 6

/*
 * Reports
 */

static struct bounce_report *t_news_report(const char *id, const char *address)
{
	struct bounce_report *report = t_report(id, address, "mailbox-unknown");

	report->original_message_id = "<news@example.org>";
	report->original_subject = "News";
	return report;
}

static int
report_add(const char *id, const char *address, enum bounce_evidence evidence,
	   time_t when, const char **error_r)
{
	struct bounce_store_added added;
	const char *counted;
	int ret = bounce_store_add(store, t_news_report(id, address), evidence,
				   when, pool_datastack_create(), &added,
				   error_r);

	if (ret > 0) {
		array_foreach_elem(&added.counted, counted)
			test_verb_say("%s", counted);
		test_verb_say("%s", added.crossed == NULL ? "-" : added.crossed->id);
	} else if (ret < 0) {
		/* nothing of it is said to be counted */
		ck_assert(!array_is_created(&added.counted));
		ck_assert_ptr_null(added.crossed);
	}
	return ret;
}

static int verb_add(const char **error_r)
{
	return report_add("<2>", "bob@example.com", BOUNCE_EVIDENCE_VERIFIED,
			  START, error_r);
}

static int verb_add_new(const char **error_r)
{
	return report_add("<2>", "dave@example.com", BOUNCE_EVIDENCE_VERIFIED,
			  START, error_r);
}

/* Of the broadcast that was sent three days ago. */
static int verb_add_broadcast(const char **error_r)
{
	struct bounce_report *report = t_news_report("<2>", "dave@example.com");

	report->original_headers = t_strdup_printf("Date: %s\n",
		message_date_create(START - 3 * DAY));
	return bounce_store_add(store, report, BOUNCE_EVIDENCE_VERIFIED, START,
				pool_datastack_create(), NULL, error_r);
}

static int verb_add_forged(const char **error_r)
{
	return report_add("<2>", "dave@example.com", BOUNCE_EVIDENCE_UNVERIFIED,
			  START, error_r);
}

/* Room is made for the second. */
static void
reports_get(const struct bounce_store_report **reports_r, unsigned int *count_r)
{
	struct bounce_store_report *reports =
		t_new(struct bounce_store_report, 4);
	static const char *const addresses[] = {
		"dave@example.com", "erin@example.com", "gone@example.com",
		"bob@example.com"
	};

	for (unsigned int i = 0; i < N_ELEMENTS(addresses); i++) {
		reports[i].report = t_news_report(t_strdup_printf("<m%u>", i),
						  addresses[i]);
		reports[i].evidence = BOUNCE_EVIDENCE_VERIFIED;
		reports[i].when = START - 300;
	}
	*reports_r = reports;
	*count_r = N_ELEMENTS(addresses);
}

static int verb_add_many(const char **error_r)
{
	const struct bounce_store_report *reports;
	unsigned int count;

	reports_get(&reports, &count);
	return bounce_store_add_many(store, reports, count,
				     pool_datastack_create(), error_r);
}

static int verb_scan(const char **error_r)
{
	struct bounce_rebuild *batch = bounce_rebuild_init(store);
	ARRAY_TYPE(const_string) ids;
	const char *id;
	int ret;

	t_array_init(&ids, 8);
	bounce_rebuild_set_failed_ids(batch, pool_datastack_create(), &ids);
	bounce_rebuild_add(batch, t_news_report("<s1>", "bob@example.com"),
			   BOUNCE_EVIDENCE_VERIFIED, START - 200);
	bounce_rebuild_add(batch, t_news_report("<s2>", "erin@example.com"),
			   BOUNCE_EVIDENCE_VERIFIED, START - 200);
	bounce_rebuild_add(batch, t_news_report("<s3>", "gone@example.com"),
			   BOUNCE_EVIDENCE_VERIFIED, START - 200);
	ret = bounce_rebuild_commit(&batch, FALSE, error_r);
	if (ret >= 0) {
		array_foreach_elem(&ids, id)
			test_verb_say("%s", id);
	}
	return ret;
}

static int verb_scan_dry(const char **error_r)
{
	struct bounce_rebuild *batch = bounce_rebuild_init(store);

	bounce_rebuild_add(batch, t_news_report("<s2>", "erin@example.com"),
			   BOUNCE_EVIDENCE_VERIFIED, START - 200);
	return bounce_rebuild_commit(&batch, TRUE, error_r);
}

/*
 * People
 */

static bool release(pool_t pool, struct bounce_record *rec,
		    bool exists ATTR_UNUSED, void *context ATTR_UNUSED)
{
	bounce_record_release(rec, pool, BOUNCE_BY_USER, START);
	return TRUE;
}

static int verb_release(const char **error_r)
{
	static const char *const addresses[] = {
		"bob@example.com", "dave@example.com", NULL
	};

	return bounce_store_change_many(store, addresses, START, release, NULL,
					error_r);
}

static int verb_import(const char **error_r)
{
	struct bounce_record recs[3];

	for (unsigned int i = 0; i < N_ELEMENTS(recs); i++) {
		bounce_record_init(&recs[i], pool_datastack_create(),
				   t_strdup_printf("i%u@example.com", i));
		bounce_record_suppress(&recs[i], BOUNCE_BY_IMPORT, NULL, START);
	}
	return bounce_store_set_many(store, recs, N_ELEMENTS(recs), error_r);
}

static int verb_remove(const char **error_r)
{
	return bounce_store_remove(store, "bob@example.com", error_r);
}

static int verb_erase(const char **error_r)
{
	return bounce_store_erase(store, "final@example.net", error_r);
}

static int verb_clear(const char **error_r)
{
	struct bounce_record rec;

	return bounce_store_clear(store, "carol@example.com",
				  pool_datastack_create(), &rec, error_r);
}

static int verb_expire(const char **error_r)
{
	return bounce_store_expire(store, START, error_r);
}

/* Of somebody who sent nothing for long: noted. */
static int verb_expire_sent(const char **error_r)
{
	return bounce_sent_store_expire(store, START + 60 * DAY, error_r);
}

/*
 * What else is remembered
 */

static int learn(const char *host, const char **error_r)
{
	ARRAY_TYPE(const_string) hosts;

	t_array_init(&hosts, 1);
	array_push_back(&hosts, &host);
	return bounce_hosts_learn(store, &hosts, START, error_r);
}

static int verb_learn(const char **error_r)
{
	return learn("mx2.example.org", error_r);
}

static int
tell_change(pool_t pool, struct bounce_tell_memory *memory,
	    struct bounce_tell_counts *counts, void *context ATTR_UNUSED,
	    const char **error_r ATTR_UNUSED)
{
	struct bounce_tell_failure *failure =
		array_append_space(&memory->failures);

	failure->mail = "0123456789abcdef";
	failure->rcpt.address = p_strdup(pool, "bob@example.com");
	memory->count++;
	memory->when = START;
	counts->language = "de";
	bounce_tell_counts_add(counts, FALSE);
	return 1;
}

static int verb_tell(const char **error_r)
{
	return bounce_notice_store_change(store, "fedcba9876543210", START,
					  tell_change, NULL, error_r);
}

static int verb_tell_count(const char **error_r)
{
	return bounce_notice_store_count(store, START, error_r);
}

static int verb_tell_erase(const char **error_r)
{
	return bounce_notice_store_erase(store, "bob@example.com", START,
					 error_r);
}

static int verb_tell_switch(const char **error_r)
{
	return bounce_notice_store_switch(store, 2, TRUE, START, error_r);
}

static int verb_recovered(const char **error_r)
{
	return bounce_digest_store_recovered(store, "bob@example.com", START,
					     error_r);
}

static int verb_recovered_erase(const char **error_r)
{
	return bounce_digest_store_erase(store, "carol@example.com", error_r);
}

static int verb_answered(const char **error_r)
{
	return bounce_answer_store_add(store, "<other@example.org>", TRUE, TRUE,
				       START, error_r);
}

static int verb_unmatched(const char **error_r)
{
	struct bounce_unmatched report = {
		.report_id = "<late@example.net>", .mailbox = "INBOX"
	};

	return bounce_unmatched_add(store, "<copy@example.org>", &report, TRUE,
				    START, error_r);
}

static int verb_unmatched_take(const char **error_r)
{
	ARRAY_TYPE(bounce_unmatched) reports;
	const struct bounce_unmatched *report;
	int ret;

	t_array_init(&reports, 1);
	ret = bounce_unmatched_take(store, "<early@example.org>", START,
				    pool_datastack_create(), &reports, error_r);
	array_foreach(&reports, report) {
		if (ret >= 0)
			test_verb_say("%s %s", report->report_id, report->mailbox);
	}
	return ret;
}

static int verb_allow(const char **error_r)
{
	return bounce_allowance_take(store, "<9>", "a@mx.example.com", START,
				     START, FALSE, error_r);
}

/*
 * What went out
 */

static const struct bounce_sent_mail *t_mails(const char *id, unsigned int *count_r)
{
	static const char *const addresses[] = {
		"bob@example.com", "dave@example.com", NULL
	};
	struct bounce_sent_mail *mails = t_new(struct bounce_sent_mail, 3);

	mails[0].message_id = t_strdup_printf("<%s-1@example.org>", id);
	mails[0].subject = "News";
	mails[0].recipients = 30;
	mails[0].when = START - 3 * DAY;
	mails[1].message_id = t_strdup_printf("<%s-2@example.org>", id);
	mails[1].subject = "Hello";
	mails[1].recipients = 1;
	mails[1].verifiable = TRUE;
	mails[1].when = START - 600;
	mails[2].queue_id = t_strdup_printf("4%s", id);
	mails[2].recipients = 2;
	mails[2].addresses = addresses;
	mails[2].when = START - 600;
	*count_r = 3;
	return mails;
}

static int verb_sent(const char **error_r)
{
	bool bounced[3];
	unsigned int count;
	const struct bounce_sent_mail *mails = t_mails("sent", &count);

	return bounce_sent_store_add(store, mails, count, bounced, error_r);
}

static int verb_sent_fill(const char **error_r)
{
	struct bounce_sent_mail mail = {
		.message_id = "<fill@example.org>", .subject = "Old",
		.recipients = 25, .saved = TRUE, .when = START - 10 * DAY
	};

	return bounce_sent_store_fill(store, &mail, 1, error_r);
}

/* The copy of a broadcast, and its envelope, with one more. */
static int sent_half(const char *queue_id, time_t when, const char **error_r)
{
	static const char *const addresses[] = { "half@example.com", NULL };
	struct bounce_sent_mail mail = {
		.recipients = 31, .queue_id = queue_id, .when = when
	};
	bool bounced;

	if (queue_id == NULL) {
		mail.message_id = "<half@example.org>";
		mail.subject = "Half";
		mail.recipients = 30;
		mail.addresses = addresses;
		mail.saved = TRUE;
	}
	return bounce_sent_store_add(store, &mail, 1, &bounced, error_r);
}

static int verb_sent_half(const char **error_r)
{
	return sent_half("4half", START - 500, error_r);
}

/*
 * Nobody waits
 */

static struct bounce_commit_later *later;
static struct ioloop *later_loop;
static char *later_error;
static int later_ret;

static void
later_done(int ret, const char *error, void *context ATTR_UNUSED)
{
	later_ret = ret;
	if (ret < 0)
		later_error = i_strdup(error);
	if (later_loop != NULL)
		io_loop_stop(later_loop);
}

static int later_wait(const char **error_r)
{
	if (later != NULL) {
		later_loop = current_ioloop;
		io_loop_run(current_ioloop);
		later_loop = NULL;
	}
	ck_assert_ptr_null(later);
	if (later_ret < 0)
		*error_r = t_strdup(later_error);
	i_free(later_error);
	return later_ret;
}

struct later_reports {
	const struct bounce_store_report *reports;
	unsigned int count;
};

static int
later_read(void *context, const struct bounce_store_report **reports_r,
	   unsigned int *count_r, const char **error_r)
{
	struct later_reports *reports = context;
	struct bounce_record rec;

	/* as they look up what is believed */
	if (bounce_store_lookup(store, pool_datastack_create(),
				"bob@example.com", START, &rec, error_r) < 0)
		return -1;
	*reports_r = reports->reports;
	*count_r = reports->count;
	return 1;
}

static int verb_add_later(const char **error_r)
{
	pool_t pool = pool_alloconly_create("later", 1024);
	struct later_reports reports;
	int ret;

	reports_get(&reports.reports, &reports.count);
	bounce_store_add_later(store, pool, later_read, later_done, &reports,
			       &later);
	ret = later_wait(error_r);
	pool_unref(&pool);
	return ret;
}

static int verb_sent_later(const char **error_r)
{
	pool_t pool = pool_alloconly_create("later", 1024);
	bool bounced[3];
	unsigned int count;
	const struct bounce_sent_mail *mails = t_mails("later", &count);
	int ret;

	bounce_sent_store_add_later(store, pool, mails, count, bounced,
				    later_done, NULL, &later);
	ret = later_wait(error_r);
	pool_unref(&pool);
	return ret;
}

static int
tell_prepare(void *context ATTR_UNUSED, const char **error_r)
{
	struct bounce_tell_counts counts;

	return bounce_notice_store_counts(store, pool_datastack_create(), START,
					  &counts, error_r) < 0 ? -1 : 1;
}

static int verb_tell_later(const char **error_r)
{
	struct bounce_notice_change change = {
		.hash = "fedcba9876543210", .now = START,
		.prepare = tell_prepare, .callback = tell_change
	};

	bounce_notice_store_change_later(store, &change, later_done, &later);
	return later_wait(error_r);
}
const struct test_verb test_verbs_write[] = {
	{ "add", verb_add, TEST_VERB_ONCE },
	{ "add-new", verb_add_new, TEST_VERB_ONCE },
	{ "add-broadcast", verb_add_broadcast, TEST_VERB_ONCE },
	{ "add-forged", verb_add_forged, TEST_VERB_TWICE },
	{ "add-many", verb_add_many, TEST_VERB_WHOLE },
	{ "scan", verb_scan, TEST_VERB_ONCE },
	{ "scan-dry", verb_scan_dry, TEST_VERB_ONCE },
	{ "release", verb_release, TEST_VERB_ONCE },
	{ "import", verb_import, TEST_VERB_WHOLE },
	{ "remove", verb_remove, TEST_VERB_WHOLE },
	{ "erase", verb_erase, TEST_VERB_WHOLE },
	{ "clear", verb_clear, TEST_VERB_WHOLE },
	{ "expire", verb_expire, TEST_VERB_WHOLE },
	{ "expire-sent", verb_expire_sent, TEST_VERB_WHOLE },
	{ "learn", verb_learn, TEST_VERB_ONCE },
	{ "tell", verb_tell, TEST_VERB_TWICE },
	{ "tell-count", verb_tell_count, TEST_VERB_TWICE },
	{ "tell-erase", verb_tell_erase, TEST_VERB_ONCE },
	{ "tell-switch", verb_tell_switch, TEST_VERB_ONCE },
	{ "recovered", verb_recovered, TEST_VERB_ONCE },
	{ "recovered-erase", verb_recovered_erase, TEST_VERB_ONCE },
	{ "answered", verb_answered, TEST_VERB_TWICE },
	{ "unmatched", verb_unmatched, TEST_VERB_TWICE },
	{ "unmatched-take", verb_unmatched_take, TEST_VERB_ONCE },
	{ "allow", verb_allow, TEST_VERB_ONCE },
	{ "sent", verb_sent, TEST_VERB_ONCE },
	{ "sent-fill", verb_sent_fill, TEST_VERB_ONCE },
	{ "sent-half", verb_sent_half, TEST_VERB_WHOLE },
	{ "add-later", verb_add_later, TEST_VERB_WHOLE },
	{ "sent-later", verb_sent_later, TEST_VERB_ONCE },
	{ "tell-later", verb_tell_later, TEST_VERB_TWICE },
	{ .name = NULL }
};

/*
 * What stands there before
 */

void test_verbs_settings(struct bounce_store_settings *set_r)
{
	i_zero(set_r);
	bounce_policy_init(&set_r->policy);
	set_r->max_addresses = MAX_ADDRESSES;
}

void test_verbs_fill(void)
{
	struct bounce_unmatched early = {
		.report_id = "<early@example.net>", .mailbox = "INBOX"
	};
	struct bounce_report *report;
	struct bounce_recipient *rcpt;
	const char *error = "?";
	bool bounced[3];
	unsigned int count;
	const struct bounce_sent_mail *mails = t_mails("QueueId", &count);
	int ret = 0;

#define OK(call) ck_assert_msg((ret = (call)) >= 0, "%s: %s", #call, error)
	(void)add_at("<1>", "bob@example.com", START - 1000);
	OK(bounce_store_add(store, t_report("<1>", "carol@example.com",
					    "mailbox-full"),
		BOUNCE_EVIDENCE_VERIFIED, START - 1000,
		pool_datastack_create(), NULL, &error));
	report = t_report("<f>", "final@example.net", "mailbox-unknown");
	rcpt = array_idx_modifiable(&report->recipients, 0);
	rcpt->original_address = "alias@example.com";
	OK(bounce_store_add(store, report, BOUNCE_EVIDENCE_VERIFIED,
		START - 1000, pool_datastack_create(), NULL, &error));
	(void)add_at("<2>", "old@example.com", START - 400 * DAY);
	(void)add_at("<3>", "older@example.com", START - 500 * DAY);
	(void)add_at("<4>", "gone@example.com", START - 1000);
	OK(bounce_store_remove(store, "gone@example.com", &error));
	OK(verb_add_forged(&error));
	OK(learn("mx1.example.org", &error));
	OK(verb_tell(&error));
	OK(bounce_digest_store_recovered(store, "carol@example.com",
					 START - 1000, &error));
	OK(bounce_answer_store_add(store, "<answer@example.org>", TRUE, TRUE,
				   START - 1000, &error));
	OK(bounce_unmatched_add(store, "<early@example.org>", &early, FALSE,
				START - 1000, &error));
	OK(bounce_sent_store_add(store, mails, count, bounced, &error));
	OK(sent_half(NULL, START - 600, &error));
	(void)ret;
}
