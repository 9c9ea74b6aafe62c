/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Is a mail to this address tried, and what is the client told? */

#include "bounce-test.h"
#include "array.h"
#include "bounce-hold.h"
#include "bounce-limits.h"
#include "bounce-reason.h"

#define NOW ((time_t)1764072000)	/* 2025-11-25 12:00 UTC */
#define HOUR 3600
#define DAY (24 * HOUR)

#define PASS BOUNCE_HOLD_PASS
#define REPORT BOUNCE_HOLD_REPORT
#define AGAIN BOUNCE_HOLD_AGAIN
#define HOLD BOUNCE_HOLD_HOLD
#define WATCHED BOUNCE_STATE_WATCHED
#define SUPPRESSED BOUNCE_STATE_SUPPRESSED
#define RELEASED BOUNCE_STATE_RELEASED
#define CORRECTED BOUNCE_STATE_CORRECTED
#define BY(by) BOUNCE_BY_##by

static const struct bounce_hold_settings enforce = {
	.mode = BOUNCE_HOLD_MODE_ENFORCE, .again = HOUR
};

static const struct decide {
	const char *what;
	enum bounce_state state;
	enum bounce_by by;
	/* seconds: until it lapses (0 = never), since it was held, since it went
	   all the same, since a person released it */
	int until, held, retried, released;
	/* the Message-ID that was held, that comes now */
	const char *held_id, *message_id;
	enum bounce_hold_decision wanted;
	/* NULL = bob@example.net */
	const char *address;
} decides[] = {
	{ "watched", WATCHED, BY(BOUNCE), 0, 0, 0, 0, NULL, NULL, PASS, NULL },
	{ "released", RELEASED, BY(USER), 0, 0, 0, 9, NULL, NULL, PASS, NULL },
	{ "bounced", SUPPRESSED, BY(BOUNCE), 9, 0, 0, 0, NULL, NULL, HOLD, NULL },
	{ "imported", SUPPRESSED, BY(IMPORT), 0, 0, 0, 0, NULL, NULL, HOLD, NULL },
	{ "by a person", SUPPRESSED, BY(USER), 0, 0, 0, 0, NULL, NULL, HOLD, NULL },
	{ "objected", SUPPRESSED, BY(COMPLAINT), 0, 0, 0, 0, NULL, NULL, HOLD, NULL },
	{ "corrected", CORRECTED, BY(USER), 0, 0, 0, 0, NULL, NULL, HOLD, NULL },
	{ "lapsed", SUPPRESSED, BY(BOUNCE), -1, 0, 0, 0, NULL, NULL, PASS, NULL },
	{ "postmaster", SUPPRESSED, BY(BOUNCE), 0, 0, 0, 0, NULL, NULL, PASS,
	  "postmaster@example.net" },
	{ "abuse", SUPPRESSED, BY(USER), 0, 0, 0, 0, NULL, NULL, PASS,
	  "abuse@example.net" },
	{ "no role", SUPPRESSED, BY(USER), 0, 0, 0, 0, NULL, NULL, HOLD,
	  "abuse+x@example.net" },
	/* the second try: between 20 s and an hour */
	{ "at once", SUPPRESSED, BY(BOUNCE), 0, 19, 0, 0, NULL, NULL, HOLD, NULL },
	{ "after 20 s", SUPPRESSED, BY(BOUNCE), 0, 20, 0, 0, NULL, NULL, AGAIN, NULL },
	{ "an hour", SUPPRESSED, BY(IMPORT), 0, HOUR, 0, 0, NULL, NULL, AGAIN, NULL },
	{ "too late", SUPPRESSED, BY(BOUNCE), 0, HOUR + 1, 0, 0, NULL, NULL, HOLD, NULL },
	{ "the clock went back", SUPPRESSED, BY(BOUNCE), 0, -60, 0, 0, NULL, NULL, HOLD, NULL },
	{ "another mail", SUPPRESSED, BY(BOUNCE), 0, 60, 0, 0, "<a@x>", "<b@x>", AGAIN, NULL },
	{ "an outbox", SUPPRESSED, BY(BOUNCE), 0, 60, 0, 0, "<a@x>", "<a@x>", HOLD, NULL },
	{ "not known yet", SUPPRESSED, BY(BOUNCE), 0, 60, 0, 0, "<a@x>", NULL, AGAIN, NULL },
	{ "without one", SUPPRESSED, BY(BOUNCE), 0, 60, 0, 0, NULL, "<a@x>", AGAIN, NULL },
	{ "this once", SUPPRESSED, BY(BOUNCE), 0, 60, 30, 0, NULL, NULL, HOLD, NULL },
	{ "held after that", SUPPRESSED, BY(BOUNCE), 0, 60, 90, 0, NULL, NULL, AGAIN, NULL },
	{ "released meanwhile, and bounced", SUPPRESSED, BY(BOUNCE), 0, 60, 0, 30, NULL, NULL,
	  HOLD, NULL },
	/* never what a person or a complaint said */
	{ "a person's", SUPPRESSED, BY(USER), 0, 60, 0, 0, NULL, NULL, HOLD, NULL },
	{ "a complaint's", SUPPRESSED, BY(COMPLAINT), 0, 60, 0, 0, NULL, NULL, HOLD, NULL },
	{ "a correction", CORRECTED, BY(BOUNCE), 0, 60, 0, 0, NULL, NULL, HOLD, NULL },
};

static void
hold_record(struct bounce_record *rec, const struct decide *decide)
{
	bounce_record_init(rec, pool_datastack_create(),
			   decide->address == NULL ? "bob@example.net" :
			   decide->address);
	rec->state = decide->state;
	rec->by = decide->by;
	rec->until = decide->until == 0 ? 0 : NOW + decide->until;
	rec->held = decide->held == 0 ? 0 : NOW - decide->held;
	rec->retried = decide->retried == 0 ? 0 : NOW - decide->retried;
	rec->released = decide->released == 0 ? 0 : NOW - decide->released;
	if (decide->held_id != NULL)
		array_push_back(&rec->held_ids, &decide->held_id);
}

START_TEST(test_decide)
{
	const struct decide *decide = &decides[_i];
	struct bounce_hold_settings set = enforce;
	struct bounce_record rec;
	bool goes = decide->wanted == PASS;

	hold_record(&rec, decide);
	ck_assert_msg(bounce_hold_decide(&set, &rec, decide->message_id,
					 NOW) == decide->wanted,
		      "%s", decide->what);
	set.again = 0;
	ck_assert_msg(bounce_hold_decide(&set, &rec, decide->message_id, NOW) ==
		      (goes ? PASS : HOLD), "%s", decide->what);
	set.mode = BOUNCE_HOLD_MODE_REPORT;
	ck_assert_msg(bounce_hold_decide(&set, &rec, decide->message_id, NOW) ==
		      (goes ? PASS : REPORT), "%s", decide->what);
	set.mode = BOUNCE_HOLD_MODE_NO;
	ck_assert_msg(bounce_hold_decide(&set, &rec, decide->message_id, NOW) ==
		      PASS, "%s", decide->what);
}
END_TEST

START_TEST(test_unknown)
{
	ck_assert_int_eq(bounce_hold_decide(&enforce, NULL, NULL, NOW), PASS);
}
END_TEST

/* What is remembered, over a mail that is held, its outbox, a second one that
   goes, and a third. */
START_TEST(test_note)
{
	static const struct decide bounced = { .state = SUPPRESSED };
	pool_t pool = pool_datastack_create();
	struct bounce_record rec;
	time_t now = NOW;

	hold_record(&rec, &bounced);
	ck_assert(bounce_hold_note_held(pool, &rec, "<1@x>", now));
	ck_assert_uint_eq(rec.holds, 1);
	ck_assert(rec.held == now);
	ck_assert_uint_eq(array_count(&rec.held_ids), 1);
	ck_assert_str_eq(array_idx_elem(&rec.held_ids, 0), "<1@x>");
	/* its outbox, ten minutes later: the hour begins anew */
	now += 600;
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, "<1@x>", now), HOLD);
	ck_assert(bounce_hold_note_held(pool, &rec, "<1@x>", now));
	ck_assert_uint_eq(rec.holds, 1);
	ck_assert(rec.held == now);
	/* the person */
	now += 60;
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, "<2@x>", now),
			 AGAIN);
	ck_assert(bounce_hold_note_again(&rec, now));
	ck_assert_uint_eq(rec.holds, 1);
	now += 60;
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, "<3@x>", now), HOLD);
	ck_assert(bounce_hold_note_held(pool, &rec, "<3@x>", now));
	ck_assert_uint_eq(rec.holds, 2);
	now += 60;
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, "<4@x>", now),
			 AGAIN);
	/* without a Message-ID each is another one */
	ck_assert(bounce_hold_note_held(pool, &rec, NULL, now));
	ck_assert(bounce_hold_note_held(pool, &rec, NULL, now));
	ck_assert_uint_eq(rec.holds, 4);
	/* the outbox of the third, after all */
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, "<3@x>", now + 60),
			 HOLD);

	bounce_record_release(&rec, pool_datastack_create(), BOUNCE_BY_USER, now);
	ck_assert(!bounce_hold_note_held(pool, &rec, "<5@x>", now));
	ck_assert(!bounce_hold_note_again(&rec, now));
	ck_assert_uint_eq(rec.holds, 4);
}
END_TEST

/* A Message-ID longer than a record remembers. */
START_TEST(test_note_long_id)
{
	static const struct decide bounced = { .state = SUPPRESSED };
	pool_t pool = pool_datastack_create();
	struct bounce_record rec;
	char id[2001];

	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	hold_record(&rec, &bounced);
	ck_assert(bounce_hold_note_held(pool, &rec, id, NOW));
	ck_assert(bounce_hold_note_held(pool, &rec, id, NOW + 60));
	ck_assert_uint_eq(rec.holds, 1);
	id[0] = 'y';
	ck_assert(bounce_hold_note_held(pool, &rec, id, NOW + 60));
	ck_assert_uint_eq(rec.holds, 2);
	/* and more of them than it remembers */
	for (unsigned int i = 0; i < BOUNCE_MAX_HELD; i++) {
		ck_assert(bounce_hold_note_held(pool, &rec,
			t_strdup_printf("<%u@x>", i), NOW + 60));
	}
	ck_assert_uint_eq(array_count(&rec.held_ids), BOUNCE_MAX_HELD);
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, id, NOW + 120),
			 AGAIN);
	ck_assert_int_eq(bounce_hold_decide(&enforce, &rec, "<0@x>", NOW + 120),
			 HOLD);
}
END_TEST

/* The mailbox is read again: what was not tried stands in no report. */
START_TEST(test_kept)
{
	static const struct decide bounced = { .state = SUPPRESSED };
	pool_t pool = pool_datastack_create();
	struct bounce_record rec, rebuilt;
	struct bounce_policy policy;

	bounce_policy_init(&policy);
	hold_record(&rec, &bounced);
	ck_assert(bounce_hold_note_held(pool, &rec, "<1@x>", NOW));
	hold_record(&rebuilt, &bounced);
	ck_assert(!bounce_policy_merge(&policy, pool, &rec, &rebuilt, NULL, 0));
	rebuilt.score = 7;
	ck_assert(bounce_policy_merge(&policy, pool, &rec, &rebuilt, NULL, 0));
	ck_assert(rec.score == 7);
	ck_assert(rec.held == NOW);
	ck_assert_uint_eq(rec.holds, 1);
	ck_assert_uint_eq(array_count(&rec.held_ids), 1);
	ck_assert_str_eq(array_idx_elem(&rec.held_ids, 0), "<1@x>");
}
END_TEST

static const struct text {
	enum bounce_state state;
	enum bounce_by by;
	const char *reason, *address, *corrected;
	unsigned int again;
	const char *wanted, *status;
} texts[] = {
	{ SUPPRESSED, BY(BOUNCE), "mailbox-unknown", "bob@example.net", NULL, HOUR,
	  "Not sent. bob@example.net does not work: no such mailbox "
	  "(since 2025-11-20). Correct it, or send again within 1 hour to try "
	  "all the same.", "5.1.1" },
	{ SUPPRESSED, BY(BOUNCE), "mailbox-unknown", "bob@example.net", NULL, 0,
	  "Not sent. bob@example.net does not work: no such mailbox "
	  "(since 2025-11-20). Correct it.", "5.1.1" },
	{ SUPPRESSED, BY(BOUNCE), "mailbox-full", "bob@example.net", NULL, HOUR,
	  "Not sent. bob@example.net does not work: the mailbox has no room left "
	  "(since 2025-11-20). Correct it, or send again within 1 hour to try "
	  "all the same.", "5.1.1" },
	{ SUPPRESSED, BY(IMPORT), "undetermined", "bob@example.net", NULL, 2 * HOUR,
	  "Not sent. bob@example.net does not work (since 2025-11-19). Correct it, or "
	  "send again within 2 hours to try all the same.", "5.1.1" },
	{ SUPPRESSED, BY(IMPORT), "of-a-later-version", "bob@example.net", NULL, 90 * 60,
	  "Not sent. bob@example.net does not work (since 2025-11-19). Correct it, or "
	  "send again within 90 minutes to try all the same.", "5.1.1" },
	{ SUPPRESSED, BY(COMPLAINT), "spam-content", "bob@example.net", NULL, HOUR,
	  "Not sent. bob@example.net objected to your mail (on 2025-11-24). Do not "
	  "write there again.", "5.7.1" },
	{ SUPPRESSED, BY(USER), "undetermined", "bob@example.net", NULL, HOUR,
	  "Not sent. You took bob@example.net off (on 2025-11-24). Allow it again "
	  "before you write there.", "5.1.1" },
	{ CORRECTED, BY(USER), "mailbox-unknown", "bob@example.net", "bob@example.org", HOUR,
	  "Not sent. bob@example.net is noted as bob@example.org. Send to that "
	  "address.", "5.1.1" },
	{ SUPPRESSED, BY(USER), NULL, "b\xc3\xb6" "b\r\n@example.net", NULL, HOUR,
	  "Not sent. You took b?b??@example.net off (on 2025-11-24). Allow it again "
	  "before you write there.", "5.1.1" },
};

static void
hold_text_record(struct bounce_record *rec, const struct text *text)
{
	bounce_record_init(rec, pool_datastack_create(), text->address);
	rec->state = text->state;
	rec->by = text->by;
	rec->reason = text->reason;
	rec->corrected = text->corrected;
	rec->first = NOW - 6 * DAY;
	rec->since = NOW - 5 * DAY;
	rec->last = NOW - DAY;
}

START_TEST(test_text)
{
	const struct text *text = &texts[_i];
	struct bounce_hold_settings set = enforce;
	struct bounce_record rec;
	struct bounce_hold holds[] = {
		{ .address = "alive@example.net", .decision = PASS },
		{ .address = text->address, .decision = HOLD, .rec = &rec },
		{ .address = "again@example.net", .decision = AGAIN,
		  .rec = &rec },
	};

	set.again = text->again;
	hold_text_record(&rec, text);
	ck_assert_str_eq(bounce_hold_text(&set, holds, 3), text->wanted);
	ck_assert_str_eq(bounce_hold_status(holds, 3), text->status);
}
END_TEST

START_TEST(test_text_many)
{
	struct bounce_record recs[N_ELEMENTS(texts)];
	struct bounce_hold holds[2 * N_ELEMENTS(texts)];
	const char *text;

	for (unsigned int i = 0; i < N_ELEMENTS(holds); i++) {
		unsigned int j = i % N_ELEMENTS(texts);

		hold_text_record(&recs[j], &texts[j]);
		holds[i].address = texts[j].address;
		holds[i].decision = HOLD;
		holds[i].rec = &recs[j];
	}
	ck_assert_str_eq(bounce_hold_text(&enforce, &holds[4], 4),
		"Not sent, to nobody: bob@example.net does not work; "
		"bob@example.net objected to your mail; you took "
		"bob@example.net off; bob@example.net is noted as "
		"bob@example.org. Correct them, or send again within 1 hour to "
		"try those that do not work.");
	ck_assert_str_eq(bounce_hold_status(&holds[4], 4), "5.1.1");
	/* those that pass are no concern of it */
	holds[4].decision = PASS;
	ck_assert_str_eq(bounce_hold_text(&enforce, &holds[4], 3),
		"Not sent, to nobody: bob@example.net objected to your mail; "
		"you took bob@example.net off. Correct them.");
	holds[4].decision = HOLD;
	/* nothing that may go again */
	ck_assert_str_eq(bounce_hold_text(&enforce, &holds[5], 2),
		"Not sent, to nobody: bob@example.net objected to your mail; "
		"you took bob@example.net off. Correct them.");
	/* all of them do not fit */
	text = bounce_hold_text(&enforce, holds, N_ELEMENTS(holds));
	ck_assert_msg(strstr(text, "; and 10 more. Correct them, or") != NULL,
		      "%s", text);
	ck_assert_str_eq(bounce_hold_text(&enforce, NULL, 0), "");
}
END_TEST

/* One that does not fit hides neither a shorter one behind it, nor what may be
   tried. */
START_TEST(test_text_passed_over)
{
	static const struct text user = { SUPPRESSED, BY(USER), NULL, "", NULL,
					  0, "", "" };
	struct bounce_record recs[2];
	char address[180];
	struct bounce_hold holds[5];
	const char *text;

	memset(address, 'a', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	hold_text_record(&recs[0], &user);
	hold_text_record(&recs[1], &texts[0]);
	for (unsigned int i = 0; i < N_ELEMENTS(holds); i++) {
		holds[i].address = address;
		holds[i].decision = HOLD;
		holds[i].rec = &recs[0];
	}
	holds[3].rec = &recs[1];
	holds[4].address = "bob@example.net";
	text = bounce_hold_text(&enforce, holds, N_ELEMENTS(holds));
	ck_assert_msg(strstr(text, "; you took bob@example.net off; and 3 more. "
			     "Correct them, or send again") != NULL, "%s", text);
}
END_TEST

/* Whatever stands in a record: one line of ASCII that fits. */
START_TEST(test_text_limits)
{
	unsigned int count;
	const struct bounce_reason *reasons = bounce_reason_table(&count);
	struct bounce_record rec;
	char address[600];
	struct bounce_hold holds[3];
	const char *text;

	memset(address, 'a', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	for (unsigned int i = 0; i < count * BOUNCE_BY_COUNT * 2; i++) T_BEGIN {
		bounce_record_init(&rec, pool_datastack_create(), address);
		rec.reason = reasons[i % count].name;
		rec.by = i / count % BOUNCE_BY_COUNT;
		rec.state = i / count < BOUNCE_BY_COUNT ? SUPPRESSED :
			CORRECTED;
		rec.corrected = address;
		rec.first = rec.since = rec.last = NOW;
		for (unsigned int j = 0; j < 3; j++) {
			holds[j].address = address;
			holds[j].decision = HOLD;
			holds[j].rec = &rec;
		}
		for (unsigned int j = 1; j <= 3; j++) {
			text = bounce_hold_text(&enforce, holds, j);
			ck_assert_msg(strlen(text) <= BOUNCE_HOLD_MAX_TEXT,
				      "%zu: %s", strlen(text), text);
			for (; *text != '\0'; text++)
				ck_assert(*text >= 0x20 && *text < 0x7f);
		}
	} T_END;
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hold");
	TCase *t = tcase_create("hold");

	tcase_add_loop_test(t, test_decide, 0, N_ELEMENTS(decides));
	tcase_add_test(t, test_unknown);
	tcase_add_test(t, test_note);
	tcase_add_test(t, test_note_long_id);
	tcase_add_test(t, test_kept);
	tcase_add_loop_test(t, test_text, 0, N_ELEMENTS(texts));
	tcase_add_test(t, test_text_many);
	tcase_add_test(t, test_text_passed_over);
	tcase_add_test(t, test_text_limits);
	suite_add_tcase(s, t);
	return bounce_test_run(s);
}
