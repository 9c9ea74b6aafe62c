/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The policies, by simulated months. A story is a list of steps on days; after
   each the record must look as it says. */

#include "bounce-test.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-record.h"

#include <stdlib.h>

#define DAY 86400
/* A Monday, 09:00 UTC */
#define START ((time_t)1756717200)

#define WATCHED BOUNCE_STATE_WATCHED
#define SUPPRESSED BOUNCE_STATE_SUPPRESSED
#define RELEASED BOUNCE_STATE_RELEASED
#define CORRECTED BOUNCE_STATE_CORRECTED

struct step {
	double day;
	/* a reason ("soft:" before it: class soft), or "!release", "!suppress",
	   "!correct", "!complaint" */
	const char *what;
	enum bounce_state state;
	double score;
	/* days from START until it lapses; 0 = never */
	double until;
	/* the original message; NULL = another one each time */
	const char *original;
};

struct story {
	const char *name;
	struct step steps[14];
};

static const struct story stories[] = {
	{ "one hard bounce suppresses for a year", {
		{ 0, "mailbox-unknown", SUPPRESSED, 3, 365, NULL },
		{ 100, "mailbox-unknown", SUPPRESSED, 6, 465, NULL } } },
	{ "a disabled mailbox for 90 days", {
		{ 0, "mailbox-disabled", SUPPRESSED, 3, 90, NULL } } },
	{ "switched off for now is soft", {
		{ 0, "soft:mailbox-disabled", WATCHED, 1, 30, NULL } } },
	{ "an unknown domain needs two days", {
		{ 0, "domain-unknown", WATCHED, 1.5, 30, NULL },
		{ 0.1, "domain-unknown", WATCHED, 1.5, 30.1, NULL },
		{ 1, "domain-unknown", SUPPRESSED, 3, 91, NULL } } },
	{ "an unknown domain twice, weeks apart: no decay", {
		{ 0, "domain-unknown", WATCHED, 1.5, 30, NULL },
		{ 20, "domain-unknown", SUPPRESSED, 3, 110, NULL } } },
	{ "once a day", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 0.1, "mailbox-full", WATCHED, 1, 30.1, NULL },
		{ 0.5, "mailbox-full", WATCHED, 1, 30.5, NULL } } },
	{ "once for each original message", {
		{ 0, "mailbox-full", WATCHED, 1, 30, "<m>" },
		{ 1, "mailbox-full", WATCHED, 1, 31, "<m>" },
		{ 2, "mailbox-full", WATCHED, 2, 32, "<n>" },
		{ 3, "mailbox-full", WATCHED, 2, 33, "<m>" } } },
	{ "soft: three days over a week", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 3, "mailbox-full", WATCHED, 2, 33, NULL },
		{ 7, "mailbox-full", SUPPRESSED, 3, 14, NULL } } },
	{ "soft: three days in a row are not enough", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 1, "mailbox-full", WATCHED, 2, 31, NULL },
		{ 2, "mailbox-full", WATCHED, 3, 32, NULL },
		{ 5, "mailbox-full", WATCHED, 4, 35, NULL },
		{ 7, "mailbox-full", SUPPRESSED, 5, 14, NULL } } },
	{ "network faults: six", {
		{ 0, "connection-failed", WATCHED, 0.5, 30, NULL },
		{ 2, "connection-failed", WATCHED, 1, 32, NULL },
		{ 4, "connection-failed", WATCHED, 1.5, 34, NULL },
		{ 6, "connection-failed", WATCHED, 2, 36, NULL },
		{ 8, "connection-failed", WATCHED, 2.5, 38, NULL },
		{ 10, "connection-failed", SUPPRESSED, 3, 17, NULL } } },
	{ "soft scores halve every fortnight", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 14, "mailbox-full", WATCHED, 1.5, 44, NULL },
		{ 43, "mailbox-full", WATCHED, 1.375, 73, NULL } } },
	{ "a soft record is forgotten after 30 days", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 30, "mailbox-full", WATCHED, 1, 60, NULL } } },
	{ "monthly mail to a full mailbox never suppresses", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 28, "mailbox-full", WATCHED, 1.25, 58, NULL },
		{ 56, "mailbox-full", WATCHED, 1.3125, 86, NULL },
		{ 84, "mailbox-full", WATCHED, 1.328125, 114, NULL } } },
	{ "our side's faults never blame", {
		{ 0, "reputation", WATCHED, 0, 30, NULL },
		{ 1, "auth-failure", WATCHED, 0, 31, NULL },
		{ 8, "rate-limited", WATCHED, 0, 38, NULL },
		{ 15, "spam-content", WATCHED, 0, 45, NULL },
		{ 16, "policy-refused", WATCHED, 0, 46, NULL },
		{ 17, "tls-required", WATCHED, 0, 47, NULL } } },
	{ "soft leases grow: 7, 30, 90 days", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 3, "mailbox-full", WATCHED, 2, 33, NULL },
		{ 7, "mailbox-full", SUPPRESSED, 3, 14, NULL },
		/* lapsed, not forgotten */
		{ 15, "mailbox-full", SUPPRESSED, 4, 45, NULL },
		{ 46, "mailbox-full", WATCHED, 2, 76, NULL },
		{ 47, "mailbox-full", SUPPRESSED, 3, 137, NULL } } },
	{ "forgotten after a soft lease and a month", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 3, "mailbox-full", WATCHED, 2, 33, NULL },
		{ 7, "mailbox-full", SUPPRESSED, 3, 14, NULL },
		{ 45, "mailbox-full", WATCHED, 1, 75, NULL } } },
	{ "what is dead stays dead", {
		{ 0, "mailbox-unknown", SUPPRESSED, 3, 365, NULL },
		{ 1, "mailbox-full", SUPPRESSED, 3, 366, NULL },
		{ 2, "reputation", SUPPRESSED, 3, 367, NULL } } },
	{ "a hard record lapses and starts anew", {
		{ 0, "mailbox-unknown", SUPPRESSED, 3, 365, NULL },
		{ 365, "connection-failed", WATCHED, 0.5, 395, NULL } } },
	{ "soft failures do not help to call an address dead", {
		{ 0, "connection-failed", WATCHED, 0.5, 30, NULL },
		{ 1, "expired", WATCHED, 1.5, 31, NULL },
		{ 2, "expired", WATCHED, 2.5, 32, NULL },
		{ 3, "domain-unknown", WATCHED, 1.5, 33, NULL },
		{ 4, "domain-unknown", SUPPRESSED, 3, 94, NULL } } },
	{ "hard after soft suppresses at once", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 1, "mailbox-unknown", SUPPRESSED, 3, 366, NULL } } },
	{ "hard after soft, on one day and of one mail", {
		{ 0, "mailbox-full", WATCHED, 1, 30, "<m>" },
		{ 0.1, "mailbox-unknown", SUPPRESSED, 3, 365.1, "<m>" },
		{ 0.2, "mailbox-unknown", SUPPRESSED, 3, 365.2, "<n>" },
		{ 0.3, "mailbox-full", SUPPRESSED, 3, 365.3, "<o>" } } },
	{ "hard after soft, of one mail on the next day", {
		{ 0, "mailbox-full", WATCHED, 1, 30, "<m>" },
		{ 1, "mailbox-unknown", SUPPRESSED, 3, 366, "<m>" },
		{ 2, "mailbox-unknown", SUPPRESSED, 3, 367, "<m>" } } },
	{ "the day's greatest weight, in whatever order", {
		{ 0, "connection-failed", WATCHED, 0.5, 30, NULL },
		{ 0.1, "mailbox-full", WATCHED, 1, 30.1, NULL },
		{ 0.2, "connection-failed", WATCHED, 1, 30.2, NULL },
		{ 0.3, "domain-unknown", WATCHED, 1.5, 30.3, NULL },
		{ 0.4, "mailbox-full", WATCHED, 1.5, 30.4, NULL },
		{ 0.5, "mailbox-unknown", SUPPRESSED, 3, 365.5, NULL } } },
	{ "released: a late report of the same mail does not count", {
		{ 0, "mailbox-unknown", SUPPRESSED, 3, 365, "<m>" },
		{ 1, "!release", RELEASED, 0, 0, NULL },
		{ 2, "mailbox-unknown", RELEASED, 0, 0, "<m>" },
		{ 3, "mailbox-unknown", SUPPRESSED, 3, 368, "<n>" } } },
	{ "released: suppressed again on the same day", {
		{ 0, "mailbox-unknown", SUPPRESSED, 3, 365, NULL },
		{ 0.1, "!release", RELEASED, 0, 0, NULL },
		{ 0.2, "mailbox-unknown", SUPPRESSED, 3, 365.2, NULL } } },
	{ "released: soft ones are counted from then on", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 20, "!release", RELEASED, 0, 0, NULL },
		{ 21, "mailbox-full", RELEASED, 1, 0, NULL },
		{ 24, "mailbox-full", RELEASED, 2, 0, NULL },
		{ 26, "mailbox-full", RELEASED, 3, 0, NULL },
		{ 28, "mailbox-full", SUPPRESSED, 4, 35, NULL } } },
	{ "by hand: no time and no bounce changes it", {
		{ 0, "!suppress", SUPPRESSED, 0, 0, NULL },
		{ 400, "mailbox-full", SUPPRESSED, 1, 0, NULL },
		{ 800, "mailbox-unknown", SUPPRESSED, 3, 0, NULL } } },
	{ "corrected stays corrected", {
		{ 0, "mailbox-unknown", SUPPRESSED, 3, 365, NULL },
		{ 1, "!correct", CORRECTED, 3, 0, NULL },
		{ 2, "mailbox-unknown", CORRECTED, 6, 0, NULL } } },
	{ "a complaint suppresses for ever", {
		{ 0, "!complaint", SUPPRESSED, 0.5, 0, NULL },
		{ 900, "mailbox-full", SUPPRESSED, 1, 0, NULL } } },
	{ "a complaint after a bounce", {
		{ 0, "mailbox-full", WATCHED, 1, 30, NULL },
		{ 1, "!complaint", SUPPRESSED, 1.5, 0, NULL } } },
};

static void
incident_init(struct bounce_incident *incident_r, const struct step *step,
	      unsigned int idx)
{
	const char *name = step->what;

	i_zero(incident_r);
	incident_r->complaint = strcmp(name, "!complaint") == 0;
	if (incident_r->complaint)
		name = "recipient-refused";
	if (strncmp(name, "soft:", 5) == 0)
		name += 5;
	incident_r->reason = bounce_reason_find(name);
	ck_assert_msg(incident_r->reason != NULL, "%s", name);
	incident_r->class = incident_r->reason->class;
	if (name != step->what && !incident_r->complaint)
		incident_r->class = BOUNCE_CLASS_SOFT;
	incident_r->side = incident_r->reason->side;
	incident_r->address = "a@b.c";
	incident_r->evidence = BOUNCE_EVIDENCE_VERIFIED;
	incident_r->report_id = t_strdup_printf("<report-%u>", idx);
	incident_r->original_message_id = step->original != NULL ?
		step->original : t_strdup_printf("<original-%u>", idx);
	incident_r->when = START + (time_t)(step->day * DAY);
}

static void
step_do(const struct bounce_policy *policy, pool_t pool,
	struct bounce_record *rec, const struct step *step, unsigned int idx)
{
	struct bounce_incident incident;
	time_t now = START + (time_t)(step->day * DAY);

	if (strcmp(step->what, "!release") == 0)
		bounce_record_release(rec, pool, BOUNCE_BY_USER, now);
	else if (strcmp(step->what, "!suppress") == 0)
		bounce_record_suppress(rec, BOUNCE_BY_USER, NULL, now);
	else if (strcmp(step->what, "!correct") == 0)
		bounce_record_correct(rec, pool, "new@b.c", BOUNCE_BY_USER,
				      now);
	else {
		incident_init(&incident, step, idx);
		ck_assert(bounce_policy_count(policy, pool, rec, &incident));
		/* the same report again */
		ck_assert(!bounce_policy_count(policy, pool, rec, &incident));
	}
}

START_TEST(test_story)
{
	const struct story *story = &stories[_i];
	struct bounce_policy policy;
	struct bounce_record rec;
	const char *error;
	pool_t pool = pool_datastack_create();

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool, "a@b.c");
	for (unsigned int i = 0; story->steps[i].what != NULL; i++) {
		const struct step *step = &story->steps[i];
		time_t until = step->until == 0 ? 0 :
			START + (time_t)(step->until * DAY);
		const char *json;

		step_do(&policy, pool, &rec, step, i);
		ck_assert_msg(rec.state == step->state, "%s, step %u: %s",
			      story->name, i, bounce_state_name(rec.state));
		ck_assert_msg(llabs((long long)(rec.score * 1e3) -
				    (long long)(step->score * 1e3)) < 2,
			      "%s, step %u: score %f", story->name, i,
			      rec.score);
		ck_assert_msg(llabs((long long)rec.until - until) < 2,
			      "%s, step %u: until %.2f", story->name, i,
			      (rec.until - START) / (double)DAY);
		/* and it lives in the dictionary between two bounces */
		json = bounce_record_encode(&rec);
		ck_assert_int_eq(bounce_record_decode(pool, json, &rec,
						      &error), 0);
		ck_assert_str_eq(bounce_record_encode(&rec), json);
	}
}
END_TEST

static void
count(const struct bounce_policy *policy, struct bounce_record *rec,
      double day, const char *reason, unsigned int idx)
{
	struct step step = { .day = day, .what = reason };
	struct bounce_incident incident;

	incident_init(&incident, &step, idx);
	(void)bounce_policy_count(policy, pool_datastack_create(), rec,
				  &incident);
}

START_TEST(test_words)
{
	struct bounce_policy policy;
	struct bounce_record rec;

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	count(&policy, &rec, 0, "reputation", 0);
	ck_assert_str_eq(rec.reason, "reputation");
	ck_assert_int_eq(rec.side, BOUNCE_SIDE_SENDER);
	count(&policy, &rec, 1, "mailbox-full", 1);
	ck_assert_str_eq(rec.reason, "mailbox-full");
	/* one that blames nobody does not hide one that does */
	count(&policy, &rec, 2, "reputation", 2);
	ck_assert_str_eq(rec.reason, "mailbox-full");
	count(&policy, &rec, 3, "mailbox-unknown", 3);
	ck_assert_str_eq(rec.reason, "mailbox-unknown");
	count(&policy, &rec, 4, "mailbox-full", 4);
	ck_assert_str_eq(rec.reason, "mailbox-unknown");
	count(&policy, &rec, 5, "mailbox-moved", 5);
	ck_assert_str_eq(rec.reason, "mailbox-moved");
	ck_assert_uint_eq(rec.count, 6);
	ck_assert_int_eq(rec.first, START);
	ck_assert_int_eq(rec.last, START + 5 * DAY);
}
END_TEST

/* Of each mail that failed the copy in Sent bears a mark: the record knows
   them all. */
START_TEST(test_mails_known)
{
	static const struct {
		double day;
		const char *what;
		unsigned int scored, unscored;
	} steps[] = {
		{ 0, "mailbox-full", 1, 0 },
		{ 0.1, "mailbox-full", 1, 1 },
		{ 0.2, "reputation", 1, 2 },
		{ 1, "mailbox-unknown", 2, 2 },
		{ 2, "mailbox-full", 2, 3 },
	};
	struct bounce_policy policy;
	struct bounce_record rec;

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	for (unsigned int i = 0; i < N_ELEMENTS(steps); i++) {
		count(&policy, &rec, steps[i].day, steps[i].what, i);
		ck_assert_uint_eq(array_count(&rec.originals),
				  steps[i].scored);
		ck_assert_uint_eq(array_count(&rec.unscored),
				  steps[i].unscored);
	}
	for (unsigned int i = 0; i < 100; i++)
		count(&policy, &rec, 2, "mailbox-full", 100 + i);
	ck_assert_uint_eq(array_count(&rec.unscored), BOUNCE_MAX_RECENT);
}
END_TEST

/* A thousand reports and more: none is counted twice, the record stays small */
START_TEST(test_many)
{
	struct bounce_policy policy;
	struct bounce_record rec;
	unsigned int total = BOUNCE_MAX_RECENT + BOUNCE_MAX_SEEN;
	struct step step = { .day = 0, .what = "mailbox-full" };
	struct bounce_incident incident;
	pool_t pool = pool_alloconly_create("test", 1024);

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool, "a@b.c");
	for (unsigned int i = 0; i < total; i++) T_BEGIN {
		incident_init(&incident, &step, i);
		ck_assert(bounce_policy_count(&policy, pool, &rec, &incident));
	} T_END;
	ck_assert_uint_eq(rec.count, total);
	for (unsigned int i = 0; i < total; i++) T_BEGIN {
		incident_init(&incident, &step, i);
		ck_assert(!bounce_policy_count(&policy, pool, &rec, &incident));
	} T_END;
	ck_assert_uint_eq(array_count(&rec.recent), BOUNCE_MAX_RECENT);
	ck_assert_uint_eq(strlen(rec.seen), BOUNCE_MAX_SEEN * BOUNCE_SEEN_SIZE);
	/* over the cap the oldest is forgotten */
	for (unsigned int i = 0; i < 10; i++) T_BEGIN {
		incident_init(&incident, &step, total + i);
		ck_assert(bounce_policy_count(&policy, pool, &rec, &incident));
	} T_END;
	ck_assert_uint_eq(strlen(rec.seen), BOUNCE_MAX_SEEN * BOUNCE_SEEN_SIZE);
	ck_assert_uint_lt(strlen(bounce_record_encode(&rec)), 16 * 1024);
	pool_unref(&pool);
}
END_TEST

START_TEST(test_settings)
{
	struct bounce_policy policy;
	struct bounce_record rec;

	/* 0 = never */
	bounce_policy_init(&policy);
	policy.keep_hard = 0;
	policy.forget = 0;
	policy.half_life = 0;
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	count(&policy, &rec, 0, "mailbox-full", 0);
	ck_assert_int_eq(rec.until, 0);
	count(&policy, &rec, 300, "mailbox-full", 1);
	ck_assert_double_eq(rec.score, 2);
	count(&policy, &rec, 301, "mailbox-disabled", 2);
	ck_assert_int_eq(rec.until, 0);
	ck_assert_int_eq(rec.state, SUPPRESSED);
	/* another threshold */
	bounce_policy_init(&policy);
	policy.threshold = 6;
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	count(&policy, &rec, 0, "mailbox-unknown", 0);
	ck_assert_int_eq(rec.state, WATCHED);
	count(&policy, &rec, 1, "mailbox-unknown", 1);
	ck_assert_int_eq(rec.state, SUPPRESSED);
	/* a short bounce_keep_hard holds for all */
	policy.keep_hard = 10 * DAY;
	count(&policy, &rec, 2, "mailbox-disabled", 2);
	ck_assert_int_eq(rec.until, START + 12 * DAY);
}
END_TEST

START_TEST(test_lapse)
{
	struct bounce_policy policy;
	struct bounce_record rec;

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	count(&policy, &rec, 0, "mailbox-unknown", 0);
	ck_assert_int_eq(rec.state, BOUNCE_STATE_SUPPRESSED);
	ck_assert(!bounce_record_lapsed(&rec, START + 365 * DAY - 1));
	ck_assert(bounce_record_lapsed(&rec, START + 365 * DAY));
	ck_assert(bounce_record_clears(&rec));
	bounce_record_suppress(&rec, BOUNCE_BY_USER,
			       bounce_reason_find("owner-changed"), START);
	ck_assert(!bounce_record_lapsed(&rec, START + 4000 * DAY));
	ck_assert(!bounce_record_clears(&rec));
	ck_assert_str_eq(rec.reason, "owner-changed");
	ck_assert_int_eq(rec.class, BOUNCE_CLASS_HARD);
}
END_TEST

START_TEST(test_score_now)
{
	struct bounce_policy policy;
	struct bounce_record rec;

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	count(&policy, &rec, 0, "mailbox-full", 0);
	ck_assert_double_eq(bounce_policy_score(&policy, &rec, START), 1);
	ck_assert_double_eq(bounce_policy_score(&policy, &rec,
						START + 13 * DAY), 1);
	ck_assert_double_eq(bounce_policy_score(&policy, &rec,
						START + 28 * DAY), 0.25);
	/* before 2038: time_t of 32 bits */
	ck_assert_double_lt(bounce_policy_score(&policy, &rec,
						START + 4000 * DAY), 1e-9);
	/* a clock that went back */
	ck_assert_double_eq(bounce_policy_score(&policy, &rec, START - DAY), 1);
}
END_TEST

/* Who goes first when room is needed. In the order of leaving. */
START_TEST(test_room)
{
	static const struct {
		enum bounce_state state;
		enum bounce_class class;
		enum bounce_by by;
		time_t last, until;
		unsigned int unproven;
	} order[] = {
		{ SUPPRESSED, BOUNCE_CLASS_HARD, BOUNCE_BY_BOUNCE, 100, 900, 0 },
		{ WATCHED, BOUNCE_CLASS_SOFT, BOUNCE_BY_BOUNCE, 200, 1000, 0 },
		/* nobody proved it */
		{ WATCHED, BOUNCE_CLASS_HARD, BOUNCE_BY_BOUNCE, 150, 2000, 1 },
		{ WATCHED, BOUNCE_CLASS_SOFT, BOUNCE_BY_BOUNCE, 300, 2000, 0 },
		{ WATCHED, BOUNCE_CLASS_HARD, BOUNCE_BY_BOUNCE, 400, 2000, 0 },
		{ SUPPRESSED, BOUNCE_CLASS_SOFT, BOUNCE_BY_BOUNCE, 100, 2000, 0 },
		{ SUPPRESSED, BOUNCE_CLASS_HARD, BOUNCE_BY_BOUNCE, 50, 2000, 0 },
		{ SUPPRESSED, BOUNCE_CLASS_HARD, BOUNCE_BY_BOUNCE, 60, 0, 0 },
		{ RELEASED, BOUNCE_CLASS_HARD, BOUNCE_BY_USER, 10, 0, 0 },
		{ SUPPRESSED, BOUNCE_CLASS_SOFT, BOUNCE_BY_COMPLAINT, 20, 0, 0 },
		{ CORRECTED, BOUNCE_CLASS_HARD, BOUNCE_BY_USER, 30, 0, 0 },
	};
	struct bounce_record recs[N_ELEMENTS(order)];

	for (unsigned int i = 0; i < N_ELEMENTS(order); i++) {
		i_zero(&recs[i]);
		recs[i].state = order[i].state;
		recs[i].class = order[i].class;
		recs[i].by = order[i].by;
		recs[i].last = order[i].last;
		recs[i].until = order[i].until;
		recs[i].unproven = order[i].unproven;
		recs[i].count = order[i].unproven > 0 ? 0 : 1;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(order); i++) {
		for (unsigned int j = 0; j < N_ELEMENTS(order); j++) {
			int cmp = bounce_record_room_cmp(&recs[i], &recs[j],
							 1000);
			int wanted = i < j ? -1 : (i > j ? 1 : 0);

			ck_assert_msg((cmp > 0) - (cmp < 0) == wanted,
				      "%u and %u: %d", i, j, cmp);
		}
	}
}
END_TEST

/*
 * Merging a mailbox that is read again
 */

static bool
merge(const struct bounce_policy *policy, struct bounce_record *rec,
      const struct bounce_incident *incidents, unsigned int count)
{
	const struct bounce_incident **list =
		t_new(const struct bounce_incident *, count + 1);
	struct bounce_record rebuilt;
	pool_t pool = pool_datastack_create();

	bounce_record_init(&rebuilt, pool, rec->address);
	for (unsigned int i = 0; i < count; i++) {
		list[i] = &incidents[i];
		(void)bounce_policy_count(policy, pool, &rebuilt, list[i]);
	}
	return bounce_policy_merge(policy, pool, rec, &rebuilt, list, count);
}

START_TEST(test_merge)
{
	struct bounce_policy policy;
	struct bounce_record rec, whole;
	struct bounce_incident in[10];
	pool_t pool = pool_datastack_create();

	bounce_policy_init(&policy);
	bounce_record_init(&whole, pool, "a@b.c");
	for (unsigned int i = 0; i < N_ELEMENTS(in); i++) {
		struct step step = { .day = i * 2, .what = "mailbox-full" };

		incident_init(&in[i], &step, i);
		(void)bounce_policy_count(&policy, pool, &whole, &in[i]);
	}
	/* nothing was lost: nothing changes */
	bounce_record_copy(pool, &whole, &rec);
	ck_assert(!merge(&policy, &rec, in, 10));
	/* some were: the mailbox is right, and twice is as once */
	bounce_record_init(&rec, pool, "a@b.c");
	for (unsigned int i = 0; i < 10; i += 3)
		(void)bounce_policy_count(&policy, pool, &rec, &in[i]);
	rec.unknown = "{\"note\":1}";
	ck_assert(merge(&policy, &rec, in, 10));
	ck_assert_str_eq(rec.unknown, "{\"note\":1}");
	ck_assert(!merge(&policy, &rec, in, 10));
	rec.unknown = NULL;
	ck_assert_str_eq(bounce_record_encode(&rec),
			 bounce_record_encode(&whole));
	ck_assert(!merge(&policy, &rec, in, 10));
	/* the person deleted most of the reports: what is known is kept */
	ck_assert(!merge(&policy, &rec, in + 8, 2));
	ck_assert_uint_eq(rec.count, 10);
	/* another mailbox, with as many: they add up, both ways */
	bounce_record_init(&rec, pool, "a@b.c");
	for (unsigned int i = 0; i < 3; i++)
		(void)bounce_policy_count(&policy, pool, &rec, &in[i]);
	ck_assert(merge(&policy, &rec, in + 3, 4));
	ck_assert_uint_eq(rec.count, 7);
	ck_assert(!merge(&policy, &rec, in, 3));
	ck_assert(!merge(&policy, &rec, in + 3, 4));
	/* the proof is gone (the copy in Sent): what was proven is kept */
	bounce_record_copy(pool, &whole, &rec);
	for (unsigned int i = 0; i < N_ELEMENTS(in); i++)
		in[i].evidence = BOUNCE_EVIDENCE_PLAUSIBLE;
	ck_assert(!merge(&policy, &rec, in, 10));
	ck_assert_uint_eq(rec.count, 10);
	for (unsigned int i = 0; i < N_ELEMENTS(in); i++)
		in[i].evidence = BOUNCE_EVIDENCE_VERIFIED;
	/* a person decided: counted, not overruled */
	bounce_record_init(&rec, pool, "a@b.c");
	bounce_record_suppress(&rec, BOUNCE_BY_USER, NULL, START);
	ck_assert(merge(&policy, &rec, in, 10));
	ck_assert_int_eq(rec.state, SUPPRESSED);
	ck_assert_int_eq(rec.by, BOUNCE_BY_USER);
	ck_assert_uint_eq(rec.count, 10);
	ck_assert(!merge(&policy, &rec, in, 10));
}
END_TEST

START_TEST(test_score_text)
{
	static const struct {
		double score;
		const char *text;
	} scores[] = {
		{ 0, "0" }, { 3, "3" }, { 10, "10" }, { 0.25, "0.25" },
		{ 1.5, "1.5" }, { 0.0001, "0" }, { 3.0 / (1 << 20), "0" },
		{ 123456.789, "123456.79" }, { 1e9, "1000000000" },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(scores); i++)
		ck_assert_str_eq(bounce_policy_score_text(scores[i].score),
				 scores[i].text);
}
END_TEST

START_TEST(test_merge_released)
{
	struct bounce_policy policy;
	struct bounce_record rec;
	struct bounce_incident in;
	struct step step = { .day = 1, .what = "mailbox-unknown" };

	/* added by hand and released; then the mail of before is found */
	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	bounce_record_release(&rec, pool_datastack_create(), BOUNCE_BY_USER,
			      START + 2 * DAY);
	incident_init(&in, &step, 0);
	ck_assert(merge(&policy, &rec, &in, 1));
	ck_assert_int_eq(rec.state, RELEASED);
	ck_assert_uint_eq(rec.count, 1);
}
END_TEST

/* What a release refuses pushes no counted report out of memory. */
START_TEST(test_release_remembers)
{
	struct bounce_policy policy;
	struct bounce_record rec;
	struct bounce_incident in;
	struct step step = { .day = 1, .what = "mailbox-full" };
	pool_t pool = pool_datastack_create();

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool, "a@b.c");
	incident_init(&in, &step, 0);
	for (unsigned int i = 0; i < BOUNCE_MAX_RECENT + 3; i++) {
		in.report_id = t_strdup_printf("<%u>", i);
		/* the last ones are proven by nobody */
		in.evidence = i < BOUNCE_MAX_RECENT ?
			BOUNCE_EVIDENCE_VERIFIED : BOUNCE_EVIDENCE_PLAUSIBLE;
		ck_assert(bounce_policy_count(&policy, pool, &rec, &in));
	}
	ck_assert_uint_eq(rec.count, BOUNCE_MAX_RECENT);
	ck_assert_uint_eq(rec.unproven, 3);
	bounce_record_release(&rec, pool, BOUNCE_BY_USER, START + 2 * DAY);
	ck_assert_uint_eq(rec.unproven, 0);
	in.evidence = BOUNCE_EVIDENCE_VERIFIED;
	for (unsigned int i = 0; i < BOUNCE_MAX_RECENT + 3; i++) {
		in.report_id = t_strdup_printf("<%u>", i);
		ck_assert(!bounce_policy_count(&policy, pool, &rec, &in));
	}
	ck_assert_uint_eq(rec.count, BOUNCE_MAX_RECENT);
}
END_TEST

/* Reports that nobody proved come in any order. */
START_TEST(test_unproven_days)
{
	static const unsigned int days[] = { 2, 1, 3 };
	struct bounce_policy policy;
	struct bounce_record rec;
	struct bounce_incident in;
	pool_t pool = pool_datastack_create();

	bounce_policy_init(&policy);
	bounce_record_init(&rec, pool, "a@b.c");
	for (unsigned int i = 0; i < N_ELEMENTS(days); i++) {
		struct step step = { .day = days[i], .what = "mailbox-full" };

		incident_init(&in, &step, i);
		in.evidence = BOUNCE_EVIDENCE_PLAUSIBLE;
		ck_assert(bounce_policy_count(&policy, pool, &rec, &in));
	}
	ck_assert_uint_eq(rec.unproven, 3);
	ck_assert_int_eq(rec.first, START + DAY);
	ck_assert_int_eq(rec.last, START + 3 * DAY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_add_loop_test(tcase, test_story, 0, N_ELEMENTS(stories));
	tcase_add_test(tcase, test_words);
	tcase_add_test(tcase, test_mails_known);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_settings);
	tcase_add_test(tcase, test_lapse);
	tcase_add_test(tcase, test_score_now);
	tcase_add_test(tcase, test_score_text);
	tcase_add_test(tcase, test_room);
	tcase_add_test(tcase, test_merge);
	tcase_add_test(tcase, test_merge_released);
	tcase_add_test(tcase, test_release_remembers);
	tcase_add_test(tcase, test_unproven_days);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
