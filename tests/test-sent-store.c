/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What was sent, and what of it failed, in the dictionary. The counters by
   themselves: test-sent. */

#include "bounce-test-store.h"
#include "message-date.h"
#include "bounce-sent-store.h"

#include <time.h>

/* a bounce of it was there before */
static bool copy_bounced;

static int sent_with(const char *id, time_t now, bool verifiable)
{
	struct bounce_sent_mail mail = {
		.message_id = id, .subject = "News", .recipients = 30,
		.verifiable = verifiable, .when = now
	};
	const char *error = "?";
	int ret = bounce_sent_store_add(store, &mail, 1, &copy_bounced, &error);

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
	ck_assert_int_eq(bounce_sent_store_read(store, pool, since, now, &days,
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

	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 0);
	ck_assert_int_eq(sent_at("<1>", midnight - 60), 1);
	ck_assert_int_eq(sent_at("<1>", midnight + 60), 0);
	ck_assert_int_eq(sent_at("<2>", midnight + 60), 1);
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 1);
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

	ck_assert_int_eq(bounce_sent_store_add(store, mails, N_ELEMENTS(mails),
					   bounced, &error), 3);
	ck_assert_uint_eq(sent_read(midnight - DAY, midnight + 60, &sent), 2);
	ck_assert_uint_eq(sent.sent, 30);
	ck_assert_uint_eq(sent.messages, 2);
	ck_assert_uint_eq(sent_read(midnight, midnight + 60, &sent), 1);
	ck_assert_uint_eq(sent.sent, 40);
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 1);
	ck_assert_int_eq(since, midnight - DAY);
	/* all were there before */
	ck_assert_int_eq(bounce_sent_store_add(store, mails, N_ELEMENTS(mails),
					   bounced, &error), 0);
}
END_TEST

/* A day that was counted is not filled again. */
START_TEST(test_sent_fill)
{
	struct bounce_sent_mail mails[] = {
		{ .message_id = "<1>", .recipients = 3, .when = START - DAY },
		{ .message_id = "<2>", .recipients = 4, .when = START - DAY },
	};
	const char *error;

	ck_assert_int_eq(bounce_sent_store_fill(store, mails, 1, &error), 1);
	ck_assert_int_eq(bounce_sent_store_fill(store, mails, 2, &error), 0);
	mails[0].when = mails[1].when = START - 2 * DAY;
	ck_assert_int_eq(bounce_sent_store_fill(store, mails, 2, &error), 2);
}
END_TEST

/* Mail that leaves no copy and bears no token, or did not go out, asks no evidence
   of anybody. */
START_TEST(test_sent_not_verifiable)
{
	time_t midnight = START - START % DAY;
	const struct bounce_sent_mail held = {
		.held = 1, .when = midnight - DAY
	};
	time_t since;
	const char *error;

	ck_assert_int_eq(sent_with("<1>", midnight, FALSE), 1);
	ck_assert_int_eq(sent_with("<2>", midnight + DAY, FALSE), 1);
	ck_assert_int_eq(bounce_sent_store_add(store, &held, 1, &copy_bounced,
					   &error), 1);
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 0);
	/* later on the same day */
	ck_assert_int_eq(sent_with("<3>", midnight + DAY + 60, TRUE), 1);
	ck_assert_int_eq(sent_with("<4>", midnight + 2 * DAY, FALSE), 1);
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 1);
	ck_assert_int_eq(since, midnight + DAY);
}
END_TEST

/* What is too old goes by itself, and leaves nothing behind. */
START_TEST(test_sent_expires)
{
	unsigned int i, days = BOUNCE_SENT_STORE_KEEP_DAYS + 30;
	time_t since;
	const char *error;

	for (i = 0; i < days; i++)
		ck_assert_int_eq(sent_at(t_strdup_printf("<%u>", i),
					 START - (days - i) * DAY), 1);
	ck_assert_int_eq(sent_at("<last>", START), 1);
	i = sent_read(0, START, NULL);
	ck_assert_uint_ge(i, BOUNCE_SENT_STORE_KEEP_DAYS);
	ck_assert_uint_le(i, BOUNCE_SENT_STORE_KEEP_DAYS + 2);
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 1);
	/* after years of silence, too, once it was no clock that jumped */
	ck_assert_int_eq(sent_at("<years>", START + 700 * DAY), 1);
	ck_assert_uint_ge(sent_read(START - 60 * DAY, START, NULL),
			  BOUNCE_SENT_STORE_KEEP_DAYS);
	ck_assert_int_eq(sent_at("<a day>", START + 701 * DAY), 1);
	ck_assert_uint_eq(sent_read(START - 60 * DAY, START, NULL), 0);
}
END_TEST

/* A clock ten years ahead for a while: the days from before are still there. */
START_TEST(test_sent_jump)
{
	time_t since;
	const char *error;

	ck_assert_int_eq(sent_at("<0>", START - DAY), 1);
	ck_assert_int_eq(sent_at("<1>", START + 3653 * DAY), 1);
	ck_assert_int_eq(sent_at("<2>", START), 1);
	ck_assert_int_eq(sent_at("<3>", START + DAY), 1);
	ck_assert_uint_eq(sent_read(START - 2 * DAY, START + DAY, NULL), 3);
	ck_assert_int_eq(bounce_sent_store_since(store, &since, &error), 1);
	ck_assert_int_lt(since, START);
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

/* The mail of a report is remembered by the day before or after its Date, too. */
START_TEST(test_sent_knows)
{
	const struct {
		const char *mail;
		int date, ret;
	} tests[] = {
		{ "<before>", -60, 1 }, { "<before>", 60, 1 },
		{ "<after>", 60, 1 }, { "<after>", -60, 1 },
		{ "<after>", -DAY / 2, 0 }, { "<other>", 60, 0 },
	};
	const time_t midnight = START - START % DAY;
	const char *error;

	ck_assert_int_eq(sent_at("<before>", midnight - 60), 1);
	ck_assert_int_eq(sent_at("<after>", midnight + 60), 1);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct bounce_report *report = t_returned("<r>", "a@example.com",
			message_date_create(midnight + tests[i].date));

		report->original_subject = "Other";
		report->original_message_id = tests[i].mail;
		ck_assert_msg(bounce_sent_store_knows(store, report,
			midnight + 3600, &error) == tests[i].ret, "row %u", i);
	}
}
END_TEST

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
			BOUNCE_EVIDENCE_VERIFIED, noon, pool_datastack_create(), NULL,
			&error), 1);
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
			tests[i].evidence, START, pool_datastack_create(), NULL,
			&error), 1);
		ck_assert_int_eq(sent_at(tests[i].original, START), 0);
		ck_assert_int_eq(copy_bounced, tests[i].bounced);
	}
	ck_assert_int_eq(sent_at("<m3>", START), 1);
	ck_assert(!copy_bounced);
}
END_TEST

/* A mailbox that is read again: what failed counts as at its delivery, once. */
START_TEST(test_sent_rebuilt)
{
	static const struct {
		const char *id, *address;
		enum bounce_evidence evidence;
	} tests[] = {
		{ "<r1>", "a@example.com", BOUNCE_EVIDENCE_VERIFIED },
		{ "<r2>", "b@example.com", BOUNCE_EVIDENCE_VERIFIED },
		/* says nothing of a mail of ours; is settled */
		{ "<r3>", "c@example.com", BOUNCE_EVIDENCE_PLAUSIBLE },
		{ "<r4>", "removed@example.com", BOUNCE_EVIDENCE_VERIFIED },
	};
	struct bounce_sent sent;
	const char *error = "?";

	ck_assert_int_eq(add("<0>", "removed@example.com"), 1);
	ck_assert_int_eq(bounce_store_remove(store, "removed@example.com",
					     &error), 1);
	ck_assert_int_eq(sent_at("<m>", START), 1);
	for (unsigned int round = 0; round < 3; round++) {
		struct bounce_rebuild *batch = bounce_rebuild_init(store);

		for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
			bounce_rebuild_add(batch,
				t_returned(tests[i].id, tests[i].address, ""),
				tests[i].evidence, START);
		}
		/* the first is a dry run */
		ck_assert_int_eq(bounce_rebuild_commit(&batch, round == 0,
						       &error),
				 round < 2 ? 3 : 0);
		ck_assert_uint_eq(sent_read(START, START, &sent), 1);
		ck_assert_uint_eq(sent.failed, round == 0 ? 0 : 2);
	}
}
END_TEST

/* What failed before the client's copy came is counted in the broadcast that the
   copy makes of it. */
START_TEST(test_sent_overtaken)
{
	const char *error = "?";
	struct bounce_sent sent;

	for (unsigned int i = 0; i < 8; i++) {
		struct bounce_report *report = t_returned(
			t_strdup_printf("<r%u>", i),
			t_strdup_printf("a%u@example.com", i), "");

		report->original_message_id = "<m>";
		ck_assert_int_eq(bounce_store_add(store, report,
			i < 6 ? BOUNCE_EVIDENCE_VERIFIED :
				BOUNCE_EVIDENCE_PLAUSIBLE,
			START, pool_datastack_create(), NULL, &error), 1);
	}
	ck_assert_int_eq(sent_at("<m>", START), 1);
	ck_assert(copy_bounced);
	ck_assert_int_eq(sent_read(START, START, &sent), 1);
	ck_assert_uint_eq(sent.sent, 30);
	ck_assert_uint_eq(sent.failed, 6);
	ck_assert_uint_eq(sent.messages, 1);
	ck_assert(!sent.open);
}
END_TEST

START_TEST(test_sent_crossed)
{
	static const char *const levels[] = {
		"notice", "warning", "critical", NULL, NULL, "our-side", NULL
	};
	struct bounce_store_added added;
	const char *error = "?";

	ck_assert_int_eq(sent_at("<1>", START), 1);
	for (unsigned int i = 0; i < N_ELEMENTS(levels); i++) {
		const char *id = t_strdup_printf("<r%u>", i);
		struct bounce_report *report = t_returned(id,
			t_strdup_printf("a%u@example.com", i), "");

		for (unsigned int again = 0; again < 2; again++) {
			ck_assert_int_eq(bounce_store_add(store, report,
				BOUNCE_EVIDENCE_VERIFIED, START,
				pool_datastack_create(), &added, &error),
				again == 0 ? 1 : 0);
			/* once a level, and not when it is delivered again */
			ck_assert_str_eq(added.crossed == NULL ? "" :
				bounce_rate_level_name(added.crossed->level),
				levels[i] == NULL || again > 0 ? "" :
				levels[i]);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sender");
	TCase *tcase = tcase_create("sender");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, test_sent_midnight);
	tcase_add_test(tcase, test_sent_together);
	tcase_add_test(tcase, test_sent_fill);
	tcase_add_test(tcase, test_sent_not_verifiable);
	tcase_add_test(tcase, test_sent_expires);
	tcase_add_test(tcase, test_sent_jump);
	tcase_add_test(tcase, test_sent_knows);
	tcase_add_test(tcase, test_sent_failure);
	tcase_add_test(tcase, test_sent_bounced);
	tcase_add_test(tcase, test_sent_rebuilt);
	tcase_add_test(tcase, test_sent_overtaken);
	tcase_add_test(tcase, test_sent_crossed);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
