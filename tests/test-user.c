/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What is asked and noted for one user, of whose mailboxes nothing is needed: who is
   not written to, whose record a report of success clears, which mails are told
   together, who reports. */

#include "bounce-test-store.h"
#include "array.h"
#include "str.h"
#include "mail-user.h"
#include "bounce-hold-ask.h"
#include "bounce-hold-note.h"
#include "bounce-liveness.h"
#include "bounce-sent-store.h"
#include "bounce-tell-group.h"
#include "bounce-tell-notice.h"
#include "bounce-user.h"
#include "bounce-verify-private.h"

#include <time.h>

static struct bounce_user *bu;

static void user_setup(void)
{
	store_setup();
	bu = p_new(user->pool, struct bounce_user, 1);
	bu->pool = user->pool;
	bu->user = user;
	bu->event = user->event;
	bu->store = store;
	bu->set.record = TRUE;
	bu->set.hold.mode = BOUNCE_HOLD_MODE_ENFORCE;
	bu->set.hold.again = 900;
}

/*
 * Proof of life
 */

static int
proved(const struct bounce_report *report, enum bounce_evidence evidence,
       ARRAY_TYPE(bounce_record) *cleared)
{
	const char *error = "?";
	int ret;

	t_array_init(cleared, 4);
	ret = bounce_liveness_report(bu, report, evidence, START,
				     pool_datastack_create(), cleared, &error);
	ck_assert_msg(ret >= 0, "%s", error);
	ck_assert_uint_eq(array_count(cleared), ret);
	return ret;
}

static struct bounce_recipient *
add_rcpt(struct bounce_report *report, const char *address,
	   enum bounce_action action)
{
	struct bounce_recipient *rcpt = array_append_space(&report->recipients);

	rcpt->address = address;
	rcpt->action = action;
	return rcpt;
}

static struct bounce_report *t_success(void)
{
	struct bounce_report *report =
		t_report("<s@example.org>", "?", "mailbox-unknown");

	report->kind = BOUNCE_KIND_SUCCESS;
	array_clear(&report->recipients);
	return report;
}

/* What says nothing of one recipient does not hide what is said of the next. */
START_TEST(test_liveness_each)
{
	struct bounce_report *report = t_success();
	ARRAY_TYPE(bounce_record) cleared;
	const struct bounce_record *recs;
	struct bounce_record rec;

	add_rcpt(report, "relayed@example.net", BOUNCE_ACTION_RELAYED);
	add_rcpt(report, NULL, BOUNCE_ACTION_DELIVERED);
	add_rcpt(report, "expanded@example.net", BOUNCE_ACTION_EXPANDED);
	add_rcpt(report, "stranger@example.net",
		   BOUNCE_ACTION_DELIVERED)->stranger = TRUE;
	add_rcpt(report, "doubtful@example.net",
		   BOUNCE_ACTION_DELIVERED)->doubtful = TRUE;
	add_rcpt(report, "unknown@example.net", BOUNCE_ACTION_DELIVERED);
	add_rcpt(report, "one@example.net", BOUNCE_ACTION_DELIVERED);
	add_rcpt(report, "two@example.net", BOUNCE_ACTION_DELIVERED);
	add("<1>", "relayed@example.net");
	add("<2>", "expanded@example.net");
	add("<3>", "stranger@example.net");
	add("<4>", "doubtful@example.net");
	add("<5>", "one@example.net");
	add("<6>", "two@example.net");
	ck_assert_int_eq(proved(report, BOUNCE_EVIDENCE_VERIFIED, &cleared), 2);
	recs = array_front(&cleared);
	ck_assert_str_eq(recs[0].address, "one@example.net");
	ck_assert_str_eq(recs[1].address, "two@example.net");
	ck_assert_uint_eq(count_all(START), 4);
	ck_assert(!lookup("one@example.net", &rec));
}
END_TEST

/* Only what is certain clears, and only what says that the mail arrived. */
START_TEST(test_liveness_kind)
{
	static const struct {
		enum bounce_kind kind;
		enum bounce_evidence evidence;
		int ret;
	} tests[] = {
		{ BOUNCE_KIND_SUCCESS, BOUNCE_EVIDENCE_PLAUSIBLE, 0 },
		{ BOUNCE_KIND_DISPOSITION, BOUNCE_EVIDENCE_PLAUSIBLE, 0 },
		{ BOUNCE_KIND_DELAY, BOUNCE_EVIDENCE_VERIFIED, 0 },
		{ BOUNCE_KIND_AUTO_REPLY, BOUNCE_EVIDENCE_VERIFIED, 0 },
		{ BOUNCE_KIND_FAILURE, BOUNCE_EVIDENCE_VERIFIED, 0 },
		{ BOUNCE_KIND_SUCCESS, BOUNCE_EVIDENCE_VERIFIED, 1 },
		{ BOUNCE_KIND_DISPOSITION, BOUNCE_EVIDENCE_VERIFIED, 1 },
	};
	struct bounce_report *report = t_success();
	ARRAY_TYPE(bounce_record) cleared;

	add_rcpt(report, "one@example.net", BOUNCE_ACTION_DELIVERED);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		add(t_strdup_printf("<%u>", i), "one@example.net");
		report->kind = tests[i].kind;
		ck_assert_int_eq(proved(report, tests[i].evidence, &cleared),
				 tests[i].ret);
	}
}
END_TEST

/*
 * Who is not written to
 */

static const char *const written_to[] = {
	"Bob@Example.NET", "new@example.net", "eve@example.net",
	"bob@example.net", NULL
};
#define WRITTEN_TO 4

static struct bounce_hold holds[WRITTEN_TO];

/* The decisions, a letter each. */
static const char *asked(const char *message_id, time_t now)
{
	const char *error = "?";
	string_t *str = t_str_new(8);

	ck_assert_msg(bounce_hold_ask(bu, pool_datastack_create(), written_to,
				      WRITTEN_TO, message_id, now, holds,
				      &error) == 0, "%s", error);
	for (unsigned int i = 0; i < WRITTEN_TO; i++) {
		ck_assert_str_eq(holds[i].address, written_to[i]);
		str_append_c(str, bounce_hold_decision_name(
			holds[i].decision)[0]);
	}
	return str_c(str);
}

static unsigned int noted(const char *message_id, time_t now)
{
	unsigned int held = 99;
	const char *error = "?";

	ck_assert_msg(bounce_hold_note(bu, holds, WRITTEN_TO, message_id, now,
				       &held, &error) == 0, "%s", error);
	return held;
}

START_TEST(test_hold_ask)
{
	const char *error;

	ck_assert_str_eq(asked("<1>", START), "pppp");
	add("<b>", "bob@example.net");
	add("<e>", "eve@example.net");
	ck_assert_str_eq(asked("<1>", START), "hphh");
	ck_assert_str_eq(holds[0].rec->address, "bob@example.net");
	ck_assert_ptr_null(holds[1].rec);
	bu->set.hold.mode = BOUNCE_HOLD_MODE_REPORT;
	ck_assert_str_eq(asked("<1>", START), "rprr");
	/* neither is looked at */
	bu->set.hold.mode = BOUNCE_HOLD_MODE_NO;
	ck_assert_str_eq(asked("<1>", START), "pppp");
	ck_assert_ptr_null(holds[0].rec);
	bu->set.hold.mode = BOUNCE_HOLD_MODE_ENFORCE;
	bu->set.record = FALSE;
	ck_assert_str_eq(asked("<1>", START), "pppp");
	ck_assert_ptr_null(holds[0].rec);
	bu->set.record = TRUE;
	ck_assert_int_eq(bounce_hold_ask(bu, pool_datastack_create(),
					 written_to, 0, NULL, START, holds,
					 &error), 0);
}
END_TEST

START_TEST(test_hold_note)
{
	struct bounce_record rec;

	add("<b>", "bob@example.net");
	add("<e>", "eve@example.net");
	/* an address that stands there twice is one */
	(void)asked("<1>", START);
	ck_assert_uint_eq(noted("<1>", START), 2);
	ck_assert(lookup("bob@example.net", &rec));
	ck_assert_uint_eq(rec.holds, 1);
	ck_assert_int_eq(rec.held, START);
	/* the client's outbox tries again: the same mail */
	ck_assert_str_eq(asked("<1>", START + 60), "hphh");
	ck_assert_uint_eq(noted("<1>", START + 60), 0);
	ck_assert(lookup("eve@example.net", &rec));
	ck_assert_uint_eq(rec.holds, 1);
	ck_assert_int_eq(rec.held, START + 60);
	/* the person does: it goes, this once */
	ck_assert_str_eq(asked("<2>", START + 120), "apaa");
	ck_assert_uint_eq(noted("<2>", START + 120), 0);
	ck_assert(lookup("bob@example.net", &rec));
	ck_assert_int_eq(rec.retried, START + 120);
	ck_assert_uint_eq(rec.holds, 1);
	ck_assert_str_eq(asked("<3>", START + 180), "hphh");
	ck_assert_uint_eq(noted("<3>", START + 180), 2);
}
END_TEST

/* What goes is not noted, nor what somebody removed meanwhile. */
START_TEST(test_hold_note_none)
{
	struct bounce_record rec;
	const char *error;

	(void)asked("<1>", START);
	ck_assert_uint_eq(noted("<1>", START), 0);
	ck_assert_uint_eq(count_all(START), 0);
	add("<b>", "bob@example.net");
	bu->set.hold.mode = BOUNCE_HOLD_MODE_REPORT;
	ck_assert_str_eq(asked("<1>", START), "rppr");
	ck_assert_uint_eq(noted("<1>", START), 0);
	ck_assert(lookup("bob@example.net", &rec));
	ck_assert_uint_eq(rec.holds, 0);
	bu->set.hold.mode = BOUNCE_HOLD_MODE_ENFORCE;
	ck_assert_str_eq(asked("<1>", START), "hpph");
	ck_assert_int_eq(bounce_store_remove(store, "bob@example.net", &error),
			 1);
	ck_assert_uint_eq(noted("<1>", START), 0);
	ck_assert_uint_eq(count_all(START), 0);
}
END_TEST

/*
 * What is told together
 */

static struct bounce_tell_group
grouped(const struct bounce_report *report, bool unproven)
{
	struct bounce_tell_about about = {
		.report = report, .unproven = unproven,
		.address = "alice@example.org", .when = START, .now = START
	};
	struct bounce_tell_group group;
	const char *error = "?";

	ck_assert_msg(bounce_tell_group_find(store, &about,
					     pool_datastack_create(), &group,
					     &error) == 0, "%s", error);
	return group;
}

static void
sent(const char *id, const char *subject, unsigned int recipients, time_t when)
{
	struct bounce_sent_mail mail = {
		.message_id = id, .subject = subject,
		.recipients = recipients, .verifiable = TRUE, .when = when
	};
	const char *error = "?";
	bool bounced;

	ck_assert_msg(bounce_sent_store_add(store, &mail, 1, &bounced,
					    &error) == 1, "%s", error);
}

static bool is_of_day(const struct bounce_tell_group *group, int days_ago)
{
	const char *day = bounce_sent_day(START - days_ago * DAY);

	return strncmp(group->id, day, strlen(day)) == 0;
}

START_TEST(test_group_sent)
{
	struct bounce_report *report =
		t_report("<r@example.net>", "bob@example.net",
			 "mailbox-unknown");
	struct bounce_tell_group group;

	report->original_message_id = "<new@example.org>";
	report->original_subject = "News";
	group = grouped(report, FALSE);
	ck_assert(is_of_day(&group, 0));
	ck_assert_ptr_null(group.sent);
	ck_assert(!bounce_tell_group_is_broadcast(&group));
	/* too old, and of another subject */
	sent("<old@example.org>", "News", 30, START - 4 * DAY);
	sent("<other@example.org>", "Olds", 30, START - DAY);
	group = grouped(report, FALSE);
	ck_assert_ptr_null(group.sent);
	sent("<3@example.org>", "News", BOUNCE_RATE_MINIMUM, START - 3 * DAY);
	group = grouped(report, FALSE);
	ck_assert_ptr_nonnull(group.sent);
	ck_assert_str_eq(group.id, group.sent->id);
	ck_assert(is_of_day(&group, 3));
	ck_assert(bounce_tell_group_is_broadcast(&group));
	/* the latest of them */
	sent("<2@example.org>", "News", 2 * BOUNCE_RATE_MINIMUM,
	     START - 2 * DAY);
	sent("<4@example.org>", "News", 1, START - DAY);
	group = grouped(report, FALSE);
	ck_assert(is_of_day(&group, 2));
	ck_assert_uint_eq(group.sent->sent, 2 * BOUNCE_RATE_MINIMUM);
	/* of no broadcast: known, and one less than many */
	report->original_subject = "Club";
	sent("<5@example.org>", "Club", 1, START - 2 * DAY);
	sent("<6@example.org>", "Club", BOUNCE_RATE_MINIMUM - 1, START - DAY);
	group = grouped(report, FALSE);
	ck_assert(is_of_day(&group, 1));
	ck_assert_uint_eq(group.sent->sent, BOUNCE_RATE_MINIMUM - 1);
	ck_assert(!bounce_tell_group_is_broadcast(&group));
	/* what is not proven has one of its own, a day */
	group = grouped(report, TRUE);
	ck_assert_str_eq(group.id, t_strconcat(
		bounce_sent_day(START), "-unproven", NULL));
	ck_assert_ptr_null(group.sent);
}
END_TEST

/* Reports of one mail are one mail's, whatever else they say; without its
   Message-ID by subject and the first address. */
START_TEST(test_group_mail)
{
	struct bounce_report *one =
		t_report("<1>", "bob@example.net", "mailbox-unknown");
	struct bounce_report *two =
		t_report("<2>", "eve@example.net", "mailbox-unknown");

	one->original_message_id = two->original_message_id =
		"<m@example.org>";
	two->original_subject = "News";
	ck_assert_str_eq(grouped(one, FALSE).mail, grouped(two, FALSE).mail);
	one->original_message_id = two->original_message_id = NULL;
	one->original_subject = "News";
	ck_assert_str_ne(grouped(one, FALSE).mail, grouped(two, FALSE).mail);
	/* a nameless one before it, another behind it */
	array_clear(&two->recipients);
	add_rcpt(two, NULL, BOUNCE_ACTION_FAILED);
	add_rcpt(two, "bob@example.net", BOUNCE_ACTION_FAILED);
	add_rcpt(two, "eve@example.net", BOUNCE_ACTION_FAILED);
	ck_assert_str_eq(grouped(one, FALSE).mail, grouped(two, FALSE).mail);
	two->original_subject = "Olds";
	ck_assert_str_ne(grouped(one, FALSE).mail, grouped(two, FALSE).mail);
}
END_TEST

/*
 * Who reports
 */

START_TEST(test_reporter)
{
	static const char *const feedback[] = { "fbl@ISP.example", NULL };
	static const struct {
		enum bounce_kind kind;
		const char *from, *signature, *address;
		bool feedback, side;
	} tests[] = {
		/* a feedback loop that we know, signed: of everybody */
		{ BOUNCE_KIND_COMPLAINT, "FBL@isp.example", "isp.example",
		  "bob@example.net", TRUE, TRUE },
		{ BOUNCE_KIND_COMPLAINT, "FBL@isp.example", NULL,
		  "bob@example.net", TRUE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, "FBL@isp.example", "evil.example",
		  "bob@example.net", TRUE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, "me@isp.example", "isp.example",
		  "bob@example.net", TRUE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, "FBL@isp.example", "isp.example",
		  "bob@example.net", FALSE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, NULL, "isp.example",
		  "bob@example.net", TRUE, FALSE },
		/* any other of its own, by a name that is nobody's; but of no
		   hoster */
		{ BOUNCE_KIND_COMPLAINT, "Abuse@isp.example", "ISP.example",
		  "bob@isp.example", FALSE, TRUE },
		{ BOUNCE_KIND_COMPLAINT, "eve@isp.example", "isp.example",
		  "bob@isp.example", FALSE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, "abuse@x@isp.example", "isp.example",
		  "bob@isp.example", FALSE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, NULL, "isp.example",
		  "bob@isp.example", FALSE, FALSE },
		{ BOUNCE_KIND_COMPLAINT, "abuse@gmail.com", "gmail.com",
		  "bob@gmail.com", FALSE, FALSE },
		/* their own word: who unsubscribes */
		{ BOUNCE_KIND_COMPLAINT, "Bob@gmail.com", "gmail.com",
		  "bob@gmail.com", FALSE, TRUE },
		{ BOUNCE_KIND_COMPLAINT, NULL, "isp.example", "bob", FALSE,
		  FALSE },
		/* a receipt: the recipient's own, signed */
		{ BOUNCE_KIND_DISPOSITION, "BOB@isp.example", "isp.example",
		  "bob@isp.example", FALSE, TRUE },
		{ BOUNCE_KIND_DISPOSITION, "bob@isp.example", NULL,
		  "bob@isp.example", FALSE, FALSE },
		{ BOUNCE_KIND_DISPOSITION, "eve@isp.example", "isp.example",
		  "bob@isp.example", FALSE, FALSE },
		{ BOUNCE_KIND_DISPOSITION, NULL, "isp.example",
		  "bob@isp.example", FALSE, FALSE },
	};
	struct bounce_verify verify;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_report *report =
			t_report("<1>", tests[i].address, "mailbox-unknown");

		report->kind = tests[i].kind;
		i_zero(&verify);
		verify.bu = bu;
		verify.report = report;
		verify.trace.from = tests[i].from;
		t_array_init(&verify.trace.signatures, 1);
		if (tests[i].signature != NULL)
			array_push_back(&verify.trace.signatures,
					&tests[i].signature);
		bu->set.feedback = tests[i].feedback ? feedback : NULL;
		ck_assert_msg(bounce_verify_reporter(&verify,
						     tests[i].address) ==
			      (tests[i].side ? BOUNCE_REPORTER_SIDE :
			       BOUNCE_REPORTER_STRANGER), "%u", i);
		/* the best of all is as good as the first, if not better */
		add_rcpt(report, NULL, BOUNCE_ACTION_FAILED);
		ck_assert_msg(bounce_verify_best_reporter(&verify) ==
			      (tests[i].side ? BOUNCE_REPORTER_SIDE :
			       BOUNCE_REPORTER_STRANGER), "%u", i);
		verify.trace.reporter = BOUNCE_REPORTER_OWN;
		ck_assert_int_eq(bounce_verify_best_reporter(&verify),
				 BOUNCE_REPORTER_OWN);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user");
	TCase *tcase = tcase_create("user");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, user_setup, store_teardown);
	tcase_add_test(tcase, test_liveness_each);
	tcase_add_test(tcase, test_liveness_kind);
	tcase_add_test(tcase, test_hold_ask);
	tcase_add_test(tcase, test_hold_note);
	tcase_add_test(tcase, test_hold_note_none);
	tcase_add_test(tcase, test_group_sent);
	tcase_add_test(tcase, test_group_mail);
	tcase_add_test(tcase, test_reporter);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
