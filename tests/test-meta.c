/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The small keys beside the records: each is one value with room for so many, and
   says who makes room. */

#include "bounce-test-store.h"
#include "bounce-test-dict.h"
#include "array.h"
#include "ioloop.h"
#include "bounce-final.h"
#include "bounce-hosts.h"
#include "bounce-tombstone.h"
#include "bounce-store-private.h"
#include "bounce-unmatched.h"

#define MAX_HOSTS 8
#define MAX_UNMATCHED 200
#define MAX_REMOVED 500

/*
 * Names of our own hosts
 */

static void learn(const char *names, time_t now)
{
	const char *const *list = t_strsplit(names, " ");
	ARRAY_TYPE(const_string) hosts;
	const char *error = "?";

	t_array_init(&hosts, 4);
	for (; *list != NULL; list++)
		array_push_back(&hosts, list);
	ck_assert_msg(bounce_hosts_learn(store, &hosts, now, &error) == 0, "%s",
		      error);
}

/* Sorted. */
static const char *t_hosts(time_t now)
{
	const char *const *hosts, *error = "?";
	ARRAY_TYPE(const_string) sorted;

	ck_assert_msg(bounce_hosts_read(store, pool_datastack_create(), now,
					&hosts, &error) == 0, "%s", error);
	t_array_init(&sorted, 8);
	for (; *hosts != NULL; hosts++)
		array_push_back(&sorted, hosts);
	array_sort(&sorted, i_strcmp_p);
	return t_array_const_string_join(&sorted, " ");
}

START_TEST(test_hosts)
{
	learn("MX.example", START);
	ck_assert_str_eq(t_hosts(START), "mx.example");
	/* what is known holds up nothing */
	learn("mx.example b.example", START + 1);
	ck_assert_str_eq(t_hosts(START + 1), "b.example mx.example");
	/* for 90 days from when it was seen last, which is noted once a day */
	ck_assert_str_eq(t_hosts(START + 90 * DAY), "b.example mx.example");
	ck_assert_str_eq(t_hosts(START + 90 * DAY + 1), "b.example");
	learn("mx.example", START + DAY - 1);
	ck_assert_str_eq(t_hosts(START + 90 * DAY + 61), "");
	learn("mx.example", START + DAY);
	ck_assert_str_eq(t_hosts(START + 91 * DAY), "mx.example");
	/* a clock that is a day ahead is believed, no other */
	ck_assert_str_eq(t_hosts(START), "b.example mx.example");
	ck_assert_str_eq(t_hosts(START - 61), "b.example");
}
END_TEST

START_TEST(test_hosts_room)
{
	for (unsigned int i = 0; i < MAX_HOSTS; i++)
		learn(t_strdup_printf("h%u", i), START + (i + 1) % 3);
	ck_assert_str_eq(t_hosts(START), "h0 h1 h2 h3 h4 h5 h6 h7");
	/* the one that was seen longest ago */
	learn("h8", START + 3);
	ck_assert_str_eq(t_hosts(START + 70), "h0 h1 h3 h4 h5 h6 h7 h8");
	/* one that is there needs none */
	learn("h1", START + DAY + 2);
	ck_assert_str_eq(t_hosts(START + DAY + 70), "h0 h1 h3 h4 h5 h6 h7 h8");
}
END_TEST

/*
 * Reports that came before the copy of their mail
 */

static void unmatched_add(const char *mail, const char *id, bool own, time_t now)
{
	struct bounce_unmatched report = { .report_id = id, .mailbox = "INBOX" };
	const char *error = "?";

	ck_assert_msg(bounce_unmatched_add(store, mail, &report, own, now,
					   &error) == 0, "%s", error);
}

static const char *t_unmatched(const char *mail, time_t now)
{
	ARRAY_TYPE(bounce_unmatched) reports;
	const struct bounce_unmatched *report;
	const char *ids = "", *error = "?";

	t_array_init(&reports, 4);
	ck_assert_msg(bounce_unmatched_take(store, mail, now,
			pool_datastack_create(), &reports, &error) == 0,
		      "%s", error);
	array_foreach(&reports, report)
		ids = t_strconcat(ids, report->report_id, report->mailbox, NULL);
	return ids;
}

START_TEST(test_unmatched)
{
	unmatched_add("<a>", "<1>", FALSE, START);
	unmatched_add("<b>", "<2>", FALSE, START);
	unmatched_add("<a>", "<3>", TRUE, START);
	ck_assert_str_eq(t_unmatched("<c>", START), "");
	ck_assert_str_eq(t_unmatched("<a>", START), "<1>INBOX<3>INBOX");
	/* once */
	ck_assert_str_eq(t_unmatched("<a>", START), "");
	ck_assert_str_eq(t_unmatched("<b>", START), "<2>INBOX");
	/* of a day: by then no copy will come */
	unmatched_add("<a>", "<1>", TRUE, START);
	unmatched_add("<b>", "<2>", FALSE, START + 1);
	unmatched_add("<c>", "<3>", FALSE, START + DAY + 1);
	ck_assert_str_eq(t_unmatched("<a>", START + DAY + 1), "");
	ck_assert_str_eq(t_unmatched("<b>", START + DAY + 1), "<2>INBOX");
}
END_TEST

START_TEST(test_unmatched_oldest)
{
	for (unsigned int i = 0; i < MAX_UNMATCHED + 1; i++) T_BEGIN {
		unmatched_add(t_strdup_printf("<%u>", i), "<x>", FALSE, START);
	} T_END;
	ck_assert_str_eq(t_unmatched("<0>", START), "");
	ck_assert_str_eq(t_unmatched("<1>", START), "<x>INBOX");
}
END_TEST

START_TEST(test_unmatched_room)
{
	unmatched_add("<own>", "<own>", TRUE, START);
	for (unsigned int i = 1; i < MAX_UNMATCHED; i++) T_BEGIN {
		unmatched_add(t_strdup_printf("<%u>", i), "<x>", FALSE, START);
	} T_END;
	/* others' go first, the oldest of them */
	unmatched_add("<last>", "<last>", FALSE, START);
	ck_assert_str_eq(t_unmatched("<1>", START), "");
	ck_assert_str_eq(t_unmatched("<2>", START), "<x>INBOX");
	ck_assert_str_eq(t_unmatched("<own>", START), "<own>INBOX");
	ck_assert_str_eq(t_unmatched("<last>", START), "<last>INBOX");
	/* where all are ours, the oldest */
	for (unsigned int i = 0; i < MAX_UNMATCHED; i++) T_BEGIN {
		unmatched_add(t_strdup_printf("<o%u>", i), "<y>", TRUE, START);
	} T_END;
	ck_assert_str_eq(t_unmatched("<3>", START), "");
	unmatched_add("<o>", "<y>", TRUE, START);
	ck_assert_str_eq(t_unmatched("<o0>", START), "");
	ck_assert_str_eq(t_unmatched("<o1>", START), "<y>INBOX");
	ck_assert_str_eq(t_unmatched("<o>", START), "<y>INBOX");
}
END_TEST

/*
 * What was removed
 */

static int
removed_add(struct bounce_transaction *trans, void *context ATTR_UNUSED,
	    const char **error_r)
{
	static const struct {
		bool person;
		int when;
	} adds[] = {
		/* not in the order of time; by a person, or by a proof of life */
		{ TRUE, -90 }, { FALSE, -100 }, { FALSE, -80 }, { TRUE, -95 },
		{ TRUE, -20 },
	};

	for (unsigned int i = 0; i < MAX_REMOVED + 1; i++) T_BEGIN {
		unsigned int n = I_MIN(i, N_ELEMENTS(adds) - 1);

		ck_assert_int_eq(bounce_tombstone_add(trans,
			t_strdup_printf("%u@example.com", i), adds[n].person,
			ioloop_time + adds[n].when + (i > n ? 1 : 0),
			error_r), 0);
	} T_END;
	return 1;
}

static time_t removed_when(unsigned int address)
{
	struct bounce_tombstone *removed;
	const char *error = "?";
	time_t when;

	ck_assert_msg(bounce_tombstone_read(store->dict, &removed, &error) == 0,
		      "%s", error);
	when = bounce_tombstone_when(removed,
				     t_strdup_printf("%u@example.com", address));
	bounce_tombstone_free(&removed);
	return when;
}

static int
removed_add_one(struct bounce_transaction *trans, void *context,
		const char **error_r)
{
	const unsigned int *address = context;

	ck_assert_int_eq(bounce_tombstone_add(trans,
		t_strdup_printf("%u@example.com", *address), TRUE, ioloop_time,
		error_r), 0);
	return 1;
}

/* The oldest proof of life, then the next; then the oldest that a person removed. */
START_TEST(test_removed_room)
{
	static const unsigned int goes[] = { 1, 2, 3, 0 };
	unsigned int next = MAX_REMOVED + 1;
	const char *error;

	ck_assert_int_eq(bounce_commit_transact(store, removed_add, NULL, &error),
			 1);
	for (unsigned int i = 0; i < N_ELEMENTS(goes); i++) {
		ck_assert_int_eq(removed_when(goes[i]), 0);
		for (unsigned int j = i + 1; j < N_ELEMENTS(goes); j++)
			ck_assert_int_gt(removed_when(goes[j]), 0);
		ck_assert_int_eq(bounce_commit_transact(store, removed_add_one,
							&next, &error), 1);
		next++;
	}
}
END_TEST

/*
 * Who names an address
 */

static void add_final(const char *id, const char *address, time_t when)
{
	struct bounce_report *report = t_report(id, "final@example.net",
						"mailbox-unknown");
	struct bounce_recipient *rcpt =
		array_idx_modifiable(&report->recipients, 0);
	const char *error = "?";

	rcpt->written_to = address;
	ck_assert_msg(bounce_store_add(store, report, BOUNCE_EVIDENCE_VERIFIED,
			when, pool_datastack_create(), NULL, &error) == 1,
		      "%s", error);
}

static const char *t_final(time_t now)
{
	struct bounce_record rec;
	const char *error = "?";
	int ret = bounce_final_lookup(store, pool_datastack_create(),
				      "final@example.net", now, &rec, &error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret == 0 ? "" : rec.address;
}

/* A record that has lapsed is none, and hides none. */
START_TEST(test_final_lapses)
{
	(void)add_at("<1>", "final@example.net", START);
	add_final("<2>", "alias@example.com", START + DAY);
	ck_assert_str_eq(t_final(START + 364 * DAY), "final@example.net");
	ck_assert_str_eq(t_final(START + 365 * DAY), "alias@example.com");
	ck_assert_str_eq(t_final(START + 366 * DAY), "");
}
END_TEST

static void setup(void)
{
	test_dict_store_setup(TEST_DICT_PLAIN);
}

int main(void)
{
	Suite *suite = suite_create("meta");
	TCase *tcase = tcase_create("meta");

	tcase_add_checked_fixture(tcase, setup, test_dict_store_teardown);
	tcase_add_test(tcase, test_hosts);
	tcase_add_test(tcase, test_hosts_room);
	tcase_add_test(tcase, test_unmatched);
	tcase_add_test(tcase, test_removed_room);
	tcase_add_test(tcase, test_final_lapses);
	tcase_add_test(tcase, test_unmatched_oldest);
	tcase_add_test(tcase, test_unmatched_room);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
