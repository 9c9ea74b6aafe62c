/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A clock that jumps ten years ahead and back, with reports and an expiry meanwhile:
   the mailbox, read again, says it all. */

#include "bounce-test-store.h"
#include "array.h"
#include "bounce-hosts.h"
#include "bounce-record.h"

#include <stdio.h>
#include <time.h>

#define JUMP (3653 * DAY)

static const char *const names[] = {
	"bob@example.com", "carol@example.com", "dave@example.com"
};

static void rebuild_all(void)
{
	struct bounce_rebuild *batch = bounce_rebuild_init(store);
	const char *error;

	/* as scan takes them, which believes no date that is yet to come */
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		for (int n = 0; n < 2; n++) {
			bounce_rebuild_add(batch,
				t_report(t_strdup_printf("<%u-%d>", i, n),
					 names[i], "mailbox-unknown"),
				BOUNCE_EVIDENCE_VERIFIED, START + n);
		}
	}
	ck_assert_int_ge(bounce_rebuild_commit(&batch, FALSE, &error), 0);
}

static const char *t_all(void)
{
	const char *all = "";
	struct bounce_record rec;

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		ck_assert(lookup_at(names[i], START + 2, &rec));
		all = t_strconcat(all, bounce_record_encode(&rec), "\n", NULL);
	}
	return all;
}

START_TEST(test_jump)
{
	const char *wanted, *error;

	rebuild_all();
	wanted = t_all();
	store_teardown();
	store_setup();

	(void)add_at("<0-0>", names[0], START);
	(void)add_at("<0-1>", names[0], START + JUMP);
	(void)add_at("<1-0>", names[1], START + JUMP);
	(void)add_at("<1-1>", names[1], START + JUMP + 1);
	(void)add_at("<2-0>", names[2], START);
	ck_assert_int_eq(bounce_store_expire(store, START + JUMP, &error), 1);
	(void)add_at("<2-1>", names[2], START + 1);
	rebuild_all();
	ck_assert_str_eq(t_all(), wanted);
}
END_TEST

/* A name that was learned then is not believed for ten years. */
START_TEST(test_hosts)
{
	ARRAY_TYPE(const_string) learn;
	const char *const *hosts, *host = "mx.example.org", *error;

	t_array_init(&learn, 1);
	array_push_back(&learn, &host);
	ck_assert_int_eq(bounce_hosts_learn(store, &learn, START + JUMP, &error), 0);
	ck_assert_int_eq(bounce_hosts_read(store, pool_datastack_create(), START,
					   &hosts, &error), 0);
	ck_assert_ptr_null(hosts[0]);
	ck_assert_int_eq(bounce_hosts_learn(store, &learn, START, &error), 0);
	ck_assert_int_eq(bounce_hosts_read(store, pool_datastack_create(), START,
					   &hosts, &error), 0);
	ck_assert_str_eq(hosts[0], host);
}
END_TEST

/* However many stand there, a process goes on with a few. */
START_TEST(test_hosts_many)
{
	const char *path = t_strconcat(home, "/dovecot-bounce.dict", NULL);
	const char *const *hosts, *error;
	FILE *file = fopen(path, "a");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "priv/bounce/meta/hosts\n{");
	for (unsigned int i = 0; i < 12; i++) {
		fprintf(file, "%s\"mx%u.example.org\":%ld", i == 0 ? "" : ",",
			i, (long)START);
	}
	fprintf(file, "}\n");
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(bounce_hosts_read(store, pool_datastack_create(), START,
					   &hosts, &error), 0);
	ck_assert_uint_eq(str_array_length(hosts), 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = tcase_create("clock");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, test_jump);
	tcase_add_test(tcase, test_hosts);
	tcase_add_test(tcase, test_hosts_many);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
