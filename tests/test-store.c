/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The dictionary with the file driver. Many processes: test-store-many. The other
   drivers: tests/run/test_dictionary.py. */

#include "bounce-test-store.h"
#include "ioloop.h"
#include "lib-event-private.h"
#include "mail-user.h"
#include "bounce-allowance.h"
#include "bounce-final.h"
#include "bounce-reason.h"
#include "bounce-store-private.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

static const struct {
	const char *address, *key;
} keys[] = {
	{ "a@b.c", "priv/bounce/address/a@b.c" },
	{ "a/b@c", "priv/bounce/address/a\\|b@c" },
	{ "\"a\\\\b\"@c", "priv/bounce/address/\"a\\\\\\\\b\"@c" },
	{ "\"../x\"@c", "priv/bounce/address/\"..\\|x\"@c" },
};

START_TEST(test_key)
{
	ck_assert_str_eq(t_bounce_dict_key(store->dict,
					   keys[_i].address), keys[_i].key);
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
			BOUNCE_EVIDENCE_UNVERIFIED, START, pool_datastack_create(), NULL,
			&error), 0);
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

/* Two at once: neither sees just twenty. */
START_TEST(test_flood_began)
{
	const char *error;
	bool began;

	for (unsigned int i = 0; i < 60; i++) T_BEGIN {
		ck_assert_int_eq(bounce_store_is_flooded(store, START, &began,
				&error), i < BOUNCE_STORE_FLOOD ? 0 : 1);
		ck_assert_msg(began == (i >= BOUNCE_STORE_FLOOD && i < 50),
			      "%u", i);
		ck_assert_int_eq(bounce_store_add(store,
			t_report(t_strdup_printf("<%u>", i), "bob@example.com",
				 "mailbox-unknown"),
			BOUNCE_EVIDENCE_UNVERIFIED, START,
			pool_datastack_create(), NULL, &error), 0);
	} T_END;
}
END_TEST

/* Of a report with an address that nothing proves. */
START_TEST(test_counted)
{
	struct bounce_report *report =
		t_report("<1>", "Bob@example.com", "mailbox-unknown");
	struct bounce_recipient *rcpts;
	struct bounce_store_added added;
	pool_t pool = pool_datastack_create();
	const char *error;

	(void)array_append_space(&report->recipients);
	rcpts = array_idx_modifiable(&report->recipients, 0);
	rcpts[1] = rcpts[0];
	rcpts[1].address = "x@invented.example";
	rcpts[1].stranger = TRUE;
	ck_assert_int_eq(bounce_store_add(store, report,
					  BOUNCE_EVIDENCE_VERIFIED, START,
					  pool, &added, &error), 1);
	ck_assert_pstr_eq(bounce_store_added_address(&added, &rcpts[0]),
			  "bob@example.com");
	ck_assert_ptr_null(bounce_store_added_address(&added, &rcpts[1]));
	/* once only */
	ck_assert_int_eq(bounce_store_add(store, report,
					  BOUNCE_EVIDENCE_VERIFIED, START,
					  pool, &added, &error), 0);
	ck_assert_ptr_null(bounce_store_added_address(&added, &rcpts[0]));
}
END_TEST

static bool release(pool_t pool, struct bounce_record *rec,
		    bool exists, void *context)
{
	if (exists)
		bounce_record_release(rec, pool, BOUNCE_BY_USER,
				      *(time_t *)context);
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
					  BOUNCE_EVIDENCE_VERIFIED, START,
					  pool_datastack_create(), NULL,
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

/* Another program has the dictionary's file: nobody waits for that as long as the
   driver does. */
START_TEST(test_locked_elsewhere)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const char *path = t_strconcat(home, "/dovecot-bounce.dict", NULL);
	const char *error = "?";
	int fd, ready[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDWR);
		if (fcntl(fd, F_SETLK, &lock) == 0 &&
		    write(ready[1], "", 1) == 1)
			(void)alarm(60);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(bounce_store_add(store,
		t_report("<2>", "carol@example.com", "mailbox-unknown"),
		BOUNCE_EVIDENCE_VERIFIED, START, pool_datastack_create(), NULL,
		&error), -1);
	ck_assert_msg(strstr(error, "is locked by another program") != NULL,
		      "%s", error);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(add("<2>", "carol@example.com"), 1);
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
		BOUNCE_EVIDENCE_VERIFIED, START + 5, pool_datastack_create(), NULL,
			&error), 1);
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

static int
add_unproven(const char *report, const char *mail, const char *address,
	     time_t now)
{
	struct bounce_report *about =
		t_report(report, address, "mailbox-unknown");
	const char *error;

	about->original_message_id = mail;
	return bounce_store_add(store, about, BOUNCE_EVIDENCE_PLAUSIBLE, now,
				pool_datastack_create(), NULL, &error);
}

static void room_init(unsigned int max)
{
	struct bounce_store_settings set;

	bounce_store_deinit(&store);
	i_zero(&set);
	bounce_policy_init(&set.policy);
	set.policy.evidence = BOUNCE_EVIDENCE_VERIFIED;
	set.max_addresses = max;
	store = dict_user_store(user, &set);
}

/* A flood that nobody proves makes nobody leave who was proven, however many come,
   and however old those are. */
START_TEST(test_room_unproven)
{
	struct bounce_record rec;
	const char *error;

	room_init(100);
	for (int i = 0; i < 60; i++)
		(void)add_at("<1>", t_strdup_printf("a%d@example.com", i), START);
	for (int i = 60; i < 100; i++) {
		ck_assert_int_eq(bounce_store_add(store,
			t_report("<s>", t_strdup_printf("a%d@example.com", i),
				 "mailbox-full"), BOUNCE_EVIDENCE_VERIFIED,
			START, pool_datastack_create(), NULL, &error), 1);
	}
	ck_assert_uint_eq(count_all(0), 100);
	for (int i = 0; i < 50; i++) T_BEGIN {
		(void)add_unproven(t_strdup_printf("<f%d>", i), "<m>",
				   t_strdup_printf("b%d@example.net", i),
				   START + 1 + i);
	} T_END;
	ck_assert_uint_eq(count_all(0), 100);
	for (int i = 0; i < 100; i++)
		ck_assert(lookup(t_strdup_printf("a%d@example.com", i), &rec));
	/* where a person makes room, it is there at once */
	ck_assert_int_eq(bounce_store_remove(store, "a7@example.com", &error), 1);
	ck_assert_int_eq(add_unproven("<f50>", "<m>", "d@example.net",
				      START + 60), 1);
	ck_assert(lookup("d@example.net", &rec));
	/* what is proven finds room, as ever */
	(void)add_at("<2>", "c@example.com", START + 100);
	ck_assert(lookup("c@example.com", &rec));
	ck_assert(!lookup("d@example.net", &rec));
	/* and makes some for those that come next */
	ck_assert_uint_eq(count_all(0), 98);
}
END_TEST

/* Room in advance costs nothing that is hard, or that a person said. */
START_TEST(test_room_hard)
{
	struct bounce_record rec;
	const char *error;

	room_init(100);
	bounce_record_init(&rec, pool_datastack_create(), "hand@example.com");
	bounce_record_suppress(&rec, BOUNCE_BY_USER, NULL, START - 1000);
	ck_assert_int_eq(bounce_store_set(store, &rec, &error), 0);
	for (int i = 0; i < 99; i++)
		(void)add_at("<1>", t_strdup_printf("a%d@example.com", i), START);
	for (int i = 0; i < 3; i++) {
		(void)add_at(t_strdup_printf("<%d>", 2 + i),
			     t_strdup_printf("b%d@example.com", i), START + 1 + i);
		ck_assert_uint_eq(count_all(0), 100);
	}
	ck_assert(lookup("hand@example.com", &rec));
}
END_TEST

/* The limit was lowered: the new one, which nobody proved, leaves, and so do those
   that are too many. */
START_TEST(test_room_lowered)
{
	room_init(20);
	for (int i = 0; i < 10; i++)
		(void)add_at("<1>", t_strdup_printf("a%d@example.com", i), START);
	room_init(5);
	(void)add_unproven("<f>", "<m>", "b@example.net", START + 1);
	ck_assert_uint_eq(count_all(0), 5);
}
END_TEST

/* Those of a flood that find no room do not read all records each: it is noted. */
START_TEST(test_room_in_vain)
{
	const char *path = t_strconcat(home, "/dovecot-bounce.dict", NULL);
	char *line = NULL;
	size_t size = 0;
	bool found = FALSE;
	FILE *file;

	room_init(10);
	for (int i = 0; i < 10; i++)
		(void)add_at("<1>", t_strdup_printf("a%d@example.com", i), START);
	for (int i = 0; i < 5; i++) {
		(void)add_unproven(t_strdup_printf("<f%d>", i), "<m>",
				   t_strdup_printf("b%d@example.net", i),
				   START + 1);
	}
	ck_assert_uint_eq(count_all(0), 10);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (getline(&line, &size, file) > 0)
		found = found || strcmp(line, "priv/bounce/meta/full\n") == 0;
	ck_assert_int_eq(fclose(file), 0);
	free(line);
	ck_assert(found);
}
END_TEST

/* And of those that nobody proved, those that one mail made leave first. */
START_TEST(test_room_one_mail)
{
	struct bounce_record rec;

	room_init(100);
	for (int i = 0; i < 30; i++) T_BEGIN {
		ck_assert_int_eq(add_unproven(t_strdup_printf("<o%d>", i),
			t_strdup_printf("<own%d>", i),
			t_strdup_printf("a%d@example.com", i), START + i), 1);
	} T_END;
	for (int i = 0; i < 300; i++) T_BEGIN {
		(void)add_unproven(t_strdup_printf("<f%d>", i), "<m>",
				   t_strdup_printf("b%d@example.net", i),
				   START + 100 + i);
	} T_END;
	ck_assert_uint_le(count_all(0), 100);
	for (int i = 0; i < 30; i++)
		ck_assert(lookup(t_strdup_printf("a%d@example.com", i), &rec));
}
END_TEST

/* The newest stays. */
START_TEST(test_room_for_one)
{
	struct bounce_record rec;

	room_init(1);
	for (int i = 0; i < 3; i++) {
		const char *address = t_strdup_printf("a%d@example.com", i);

		ck_assert_int_eq(add_at("<1>", address, START + i), 1);
		ck_assert_uint_eq(count_all(0), 1);
		ck_assert(lookup(address, &rec));
	}
}
END_TEST

/* No limit: nobody makes room. */
START_TEST(test_room_for_all)
{
	room_init(0);
	for (unsigned int i = 0; i < 3; i++)
		(void)add(t_strdup_printf("<%u>", i),
			  t_strdup_printf("a%u@example.com", i));
	ck_assert_uint_eq(count_all(0), 3);
}
END_TEST

/* A damaged record does not stop the others, and goes when it is removed. */
START_TEST(test_damaged)
{
	struct bounce_store_iter *iter;
	const struct bounce_record *found;
	struct bounce_record rec;
	const char *error, *address;
	FILE *f;

	(void)add("<1>", "good@example.com");
	f = fopen(t_strconcat(home, "/dovecot-bounce.dict", NULL), "a");
	fputs("priv/bounce/address/bad@example.com\n{\"address\":\n", f);
	fclose(f);
	bounce_store_deinit(&store);
	store = dict_user_store(user, NULL);
	ck_assert_uint_eq(count_all(START), 1);
	iter = bounce_store_iter_init(store, START);
	ck_assert_uint_eq(bounce_store_iter_get_damaged(iter, &address), 0);
	ck_assert_ptr_null(address);
	while (bounce_store_iter_next(iter, &found)) ;
	ck_assert_uint_eq(bounce_store_iter_get_damaged(iter, &address), 1);
	ck_assert_str_eq(address, "bad@example.com");
	ck_assert_int_eq(bounce_store_iter_deinit(&iter, &error), 0);
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

/* It gives way to a report, to what the mailbox says, and to what a person
   says: it does not keep the other addresses of a report waiting. */
/* Many at once, as a mail's recipients are asked for: what is no address and what
   is damaged is no record, and the others are found. */
START_TEST(test_lookup_many)
{
	static const char *const addresses[] = {
		"BOB@example.com", "nobody@example.com", "no address",
		"damaged@example.com", "bob@example.com", "old@example.com"
	};
	const struct bounce_record *recs[N_ELEMENTS(addresses)];
	const char *error;
	FILE *f;

	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	ck_assert_int_eq(add_at("<2>", "old@example.com", START - 400 * DAY), 1);
	f = fopen(t_strconcat(home, "/dovecot-bounce.dict", NULL), "a");
	fputs("priv/bounce/address/damaged@example.com\n{\n", f);
	fclose(f);
	bounce_store_deinit(&store);
	store = dict_user_store(user, NULL);
	ck_assert_int_eq(bounce_store_lookup_many(store,
		pool_datastack_create(), addresses, N_ELEMENTS(addresses),
		START, recs, &error), 0);
	for (unsigned int i = 0; i < N_ELEMENTS(addresses); i++) {
		bool found = i == 0 || i == 4;

		ck_assert_msg((recs[i] != NULL) == found, "%s", addresses[i]);
		if (found)
			ck_assert_str_eq(recs[i]->address, "bob@example.com");
	}
	ck_assert_int_eq(bounce_store_lookup_many(store,
		pool_datastack_create(), NULL, 0, START, recs, &error), 0);
}
END_TEST

START_TEST(test_damaged_heals)
{
	struct bounce_rebuild *batch;
	struct bounce_record rec;
	const char *error;
	FILE *f;

	f = fopen(t_strconcat(home, "/dovecot-bounce.dict", NULL), "a");
	fputs("priv/bounce/address/a@example.com\nno JSON\n"
	      "priv/bounce/address/b@example.com\n{}\n"
	      "priv/bounce/address/c@example.com\n[]\n", f);
	fclose(f);
	ck_assert_int_eq(bounce_store_add(store,
		t_report("<1>", "a@example.com", "mailbox-unknown"),
		BOUNCE_EVIDENCE_VERIFIED, START, pool_datastack_create(), NULL,
			&error), 1);
	batch = bounce_rebuild_init(store);
	bounce_rebuild_add(batch, t_report("<2>", "c@example.com",
					       "mailbox-unknown"),
			       BOUNCE_EVIDENCE_VERIFIED, START);
	ck_assert_int_eq(bounce_rebuild_commit(&batch, FALSE, &error), 1);
	ck_assert_int_eq(bounce_store_change(store, "b@example.com", START,
					     suppress, NULL, &error), 1);
	ck_assert(lookup("a@example.com", &rec));
	ck_assert_uint_eq(rec.count, 1);
	ck_assert(lookup("b@example.com", &rec));
	ck_assert_int_eq(rec.by, BOUNCE_BY_USER);
	ck_assert(lookup("c@example.com", &rec));
	ck_assert_uint_eq(count_all(START), 3);
}
END_TEST

/*
 * By the address that refused
 */

static int
add_final(const char *id, const char *address, const char *final)
{
	struct bounce_report *report = t_report(id, final, "mailbox-unknown");
	struct bounce_recipient *rcpt =
		array_idx_modifiable(&report->recipients, 0);
	const char *error;

	rcpt->written_to = address;
	return bounce_store_add(store, report, BOUNCE_EVIDENCE_VERIFIED, START,
				pool_datastack_create(), NULL, &error);
}

static int find_final(const char *address, struct bounce_record *rec_r)
{
	const char *error;

	return bounce_final_lookup(store, pool_datastack_create(), address,
				   START, rec_r, &error);
}

START_TEST(test_final)
{
	struct bounce_record rec;
	const char *error;

	ck_assert_int_eq(add_final("<1>", "alias@example.com",
				   "Final@example.net"), 1);
	ck_assert_int_eq(find_final("final@EXAMPLE.net", &rec), 1);
	ck_assert_str_eq(rec.address, "alias@example.com");
	ck_assert_int_eq(find_final("alias@example.com", &rec), 1);
	ck_assert_int_eq(find_final("other@example.net", &rec), 0);
	/* its own record goes before; the latest of two that name it */
	ck_assert_int_eq(add_final("<2>", "list@example.com",
				   "final@example.net"), 1);
	ck_assert_int_eq(find_final("final@example.net", &rec), 1);
	ck_assert_str_eq(rec.address, "list@example.com");
	ck_assert_int_eq(add("<3>", "final@example.net"), 1);
	ck_assert_int_eq(find_final("final@example.net", &rec), 1);
	ck_assert_str_eq(rec.address, "final@example.net");
	ck_assert_int_eq(bounce_store_remove(store, "final@example.net",
					     &error), 1);
	ck_assert_int_eq(bounce_store_remove(store, "list@example.com",
					     &error), 1);
	ck_assert_int_eq(find_final("final@example.net", &rec), 0);
	/* what names another one by now */
	ck_assert_int_eq(add_final("<4>", "alias@example.com",
				   "new@example.net"), 1);
	ck_assert_int_eq(add_final("<5>", "two@example.com",
				   "final@example.net"), 1);
	ck_assert_int_eq(add_final("<6>", "two@example.com",
				   "new@example.net"), 1);
	ck_assert_int_eq(find_final("final@example.net", &rec), 0);
	ck_assert_int_eq(find_final("new@example.net", &rec), 1);
	/* the oldest make room */
	for (unsigned int i = 0; i < BOUNCE_FINAL_MAX; i++) T_BEGIN {
		ck_assert_int_eq(add_final(t_strdup_printf("<x%u>", i),
			t_strdup_printf("a%u@example.com", i),
			t_strdup_printf("f%u@example.net", i)), 1);
	} T_END;
	ck_assert_int_eq(find_final("new@example.net", &rec), 0);
	ck_assert_int_eq(find_final("f0@example.net", &rec), 1);
}
END_TEST

/* An address's own record, and those that name it. */
START_TEST(test_erase)
{
	struct bounce_record rec;
	const char *error;

	(void)add("<1>", "final@example.com");
	(void)add("<2>", "other@example.com");
	ck_assert_int_eq(add_final("<3>", "alias1@example.com",
				   "final@example.com"), 1);
	ck_assert_int_eq(add_final("<4>", "alias2@example.com",
				   "final@example.com"), 1);
	ck_assert_uint_eq(count_all(0), 4);
	ck_assert_int_eq(bounce_store_erase(store, "Final@example.com", &error),
			 3);
	ck_assert_uint_eq(count_all(0), 1);
	ck_assert(lookup("other@example.com", &rec));
	ck_assert_int_eq(bounce_store_erase(store, "final@example.com", &error),
			 0);
}
END_TEST

/* A member of a list who forwards to ever new addresses. */
START_TEST(test_final_one_each)
{
	struct bounce_record rec;

	ck_assert_int_eq(add_final("<1>", "alias@example.com",
				   "final@example.net"), 1);
	for (unsigned int i = 0; i < BOUNCE_FINAL_MAX + 10; i++) T_BEGIN {
		ck_assert_int_eq(add_final(t_strdup_printf("<x%u>", i),
			"evil@example.com",
			t_strdup_printf("f%u@example.net", i)), 1);
	} T_END;
	ck_assert_int_eq(find_final("final@example.net", &rec), 1);
	ck_assert_str_eq(rec.address, "alias@example.com");
	ck_assert_int_eq(find_final(t_strdup_printf("f%u@example.net",
		BOUNCE_FINAL_MAX + 9), &rec), 1);
	ck_assert_str_eq(rec.address, "evil@example.com");
}
END_TEST

/*
 * Who listens
 */

static unsigned int heard;

static bool
hear(struct event *event, enum event_callback_type type,
     struct failure_context *ctx ATTR_UNUSED, const char *fmt ATTR_UNUSED,
     va_list args ATTR_UNUSED)
{
	struct file_lock *lock = NULL;
	const char *error;

	if (type == EVENT_CALLBACK_TYPE_SEND &&
	    null_strcmp(event->sending_name, "bounce_address_changed") == 0) {
		heard++;
		ck_assert_msg(bounce_lock_take(store->dict, &lock, &error) == 0,
			      "%s", error);
		bounce_lock_release(&lock);
	}
	/* and that is all */
	return FALSE;
}

/* By then others have the dictionary: a listener may be slow. */
START_TEST(test_announced_unlocked)
{
	heard = 0;
	/* as if an exporter wanted it */
	event_set_forced_debug(user->event, TRUE);
	event_register_callback(hear);
	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	event_unregister_callback(hear);
	ck_assert_uint_eq(heard, 1);
}
END_TEST

/*
 * The address's own side
 */

static int
take_of(const char *report, const char *address, time_t when, bool look_only)
{
	const char *error;

	return bounce_allowance_take(store, report, address, when,
				     START + 41 * 86400, look_only, &error);
}

static int take(unsigned int report, time_t when, bool look_only)
{
	return take_of(t_strdup_printf("<%u>", report), "a@mx.example.com", when,
		       look_only);
}

START_TEST(test_allowance)
{
	time_t day = START + 20 * 86400;

	ck_assert_int_eq(take(0, day, TRUE), 1);
	for (unsigned int i = 0; i < BOUNCE_ALLOWANCE_MAX; i++)
		ck_assert_int_eq(take(i, day, FALSE), 1);
	/* no more; those that were may again, whoever reads them */
	ck_assert_int_eq(take(99, day, FALSE), 0);
	ck_assert_int_eq(take(99, day, TRUE), 0);
	for (unsigned int i = 0; i < BOUNCE_ALLOWANCE_MAX; i++) {
		ck_assert_int_eq(take(i, day, FALSE), 1);
		ck_assert_int_eq(take(i, day, TRUE), 1);
	}
	ck_assert_int_eq(take(99, day + 86400, FALSE), 1);
	/* nobody knows of that day any more */
	ck_assert_int_eq(take(1, START, FALSE), 0);
}
END_TEST

/* One id for many addresses: each of them is one. */
START_TEST(test_allowance_one_id)
{
	time_t day = START + 20 * 86400;

	for (unsigned int i = 0; i < 40; i++) T_BEGIN {
		ck_assert_int_eq(take_of("<same>",
			t_strdup_printf("a%u@example.com", i), day, FALSE),
			i < BOUNCE_ALLOWANCE_MAX ? 1 : 0);
	} T_END;
	ck_assert_int_eq(take_of("<same>", "A3@EXAMPLE.com", day, FALSE), 1);
}
END_TEST

/* Each organisation has its own, and they are not without end. */
START_TEST(test_allowance_sides)
{
	time_t day = START + 20 * 86400;

	for (unsigned int i = 0; i < BOUNCE_ALLOWANCE_MAX; i++)
		ck_assert_int_eq(take(i, day, FALSE), 1);
	ck_assert_int_eq(take(99, day, FALSE), 0);
	ck_assert_int_eq(take_of("<1>", "a@sub.example.com", day, FALSE), 0);
	ck_assert_int_eq(take_of("<1>", "a@example.net", day, FALSE), 1);
	for (unsigned int i = 2; i < BOUNCE_ALLOWANCE_MAX_SIDES; i++) T_BEGIN {
		ck_assert_int_eq(take_of("<1>",
			t_strdup_printf("a@s%u.test", i), day, FALSE), 1);
	} T_END;
	ck_assert_int_eq(take_of("<1>", "a@last.test", day, TRUE), 0);
	ck_assert_int_eq(take_of("<1>", "a@last.test", day, FALSE), 0);
	ck_assert_int_eq(take_of("<2>", "a@example.net", day, FALSE), 1);
	ck_assert_int_eq(take_of("<1>", "a@last.test", day + 86400, FALSE), 1);
}
END_TEST

/* What forty days hold stays below what a dict server takes. */
START_TEST(test_allowance_room)
{
	const char *path = t_strconcat(home, "/dovecot-bounce.dict", NULL);
	time_t day = START + 20 * DAY;
	FILE *file = fopen(path, "a");
	char *line = NULL;
	size_t size = 0, longest = 0;

	ck_assert_ptr_nonnull(file);
	fprintf(file, "priv/bounce/meta/allowance\n{");
	for (unsigned int i = 0; i < 2000; i++) T_BEGIN {
		fprintf(file, "%s\"%s s%u.test\":\"%050u\"",
			i == 0 ? "" : ",",
			bounce_sent_day(day - (1 + i / 200) * DAY), i, i);
	} T_END;
	fprintf(file, "}\n");
	ck_assert_int_eq(fclose(file), 0);
	for (unsigned int i = 0; i < BOUNCE_ALLOWANCE_MAX; i++)
		ck_assert_int_eq(take(i, day, FALSE), 1);
	ck_assert_int_eq(take(99, day, FALSE), 0);

	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (getline(&line, &size, file) > 0)
		longest = I_MAX(longest, strlen(line));
	ck_assert_int_eq(fclose(file), 0);
	free(line);
	ck_assert_uint_gt(longest, 30 * 1000);
	ck_assert_uint_lt(longest, 64 * 1000);
}
END_TEST

/*
 * Batch
 */

/* Taken in later: what a person removed since is settled, what comes after that is
   not. */
START_TEST(test_many_removed)
{
	struct bounce_store_report reports[] = {
		{ .report = t_report("<1>", "bob@example.com", "mailbox-unknown"),
		  .evidence = BOUNCE_EVIDENCE_VERIFIED, .when = ioloop_time - 60 },
		{ .report = t_report("<2>", "carol@example.com",
				     "mailbox-unknown"),
		  .evidence = BOUNCE_EVIDENCE_VERIFIED, .when = ioloop_time - 60 },
	};
	struct bounce_record rec;
	const char *error;

	(void)add_at("<0>", "bob@example.com", ioloop_time - 120);
	ck_assert_int_eq(bounce_store_remove(store, "bob@example.com", &error), 1);
	ck_assert_int_eq(bounce_store_add_many(store, reports, 2,
				pool_datastack_create(), &error), 1);
	ck_assert(!lookup("bob@example.com", &rec));
	ck_assert(lookup("carol@example.com", &rec));
	reports[0].when = ioloop_time + 60;
	ck_assert_int_eq(bounce_store_add_many(store, reports, 2,
				pool_datastack_create(), &error), 1);
	ck_assert(lookup("bob@example.com", &rec));
}
END_TEST

/* The mailbox is read again: one that is settled holds up no other. */
START_TEST(test_batch_removed)
{
	struct bounce_rebuild *batch;
	struct bounce_report *report;
	ARRAY_TYPE(const_string) ids;
	struct bounce_record rec;
	const char *error;

	(void)add_at("<0>", "bob@example.com", ioloop_time - 120);
	ck_assert_int_eq(bounce_store_remove(store, "bob@example.com", &error), 1);
	batch = bounce_rebuild_init(store);
	t_array_init(&ids, 2);
	bounce_rebuild_set_failed_ids(batch, pool_datastack_create(), &ids);
	bounce_rebuild_add(batch, t_report("<1>", "bob@example.com",
					   "mailbox-unknown"),
			   BOUNCE_EVIDENCE_VERIFIED, ioloop_time - 60);
	bounce_rebuild_add(batch, t_report("<2>", "carol@example.com",
					   "mailbox-unknown"),
			   BOUNCE_EVIDENCE_VERIFIED, ioloop_time - 60);
	/* nor does a report that does not say of which mail it is */
	report = t_report("<3>", "carol@example.com", "mailbox-unknown");
	report->original_message_id = "<mail@example.org>";
	bounce_rebuild_add(batch, report, BOUNCE_EVIDENCE_VERIFIED,
			   ioloop_time - 50);
	ck_assert_int_eq(bounce_rebuild_commit(&batch, FALSE, &error), 1);
	ck_assert_uint_eq(array_count(&ids), 1);
	ck_assert(!lookup("bob@example.com", &rec));
	ck_assert(lookup("carol@example.com", &rec));
}
END_TEST

/* A copy in Sent is not marked for an address that a person released or corrected. */
START_TEST(test_batch_settled)
{
	static const char *const to[] = {
		"released@example.com", "corrected@example.com",
		"bob@example.com"
	};
	struct bounce_rebuild *batch;
	ARRAY_TYPE(const_string) ids;
	struct bounce_record rec;
	const char *error = "?", *id;

	for (unsigned int i = 0; i < N_ELEMENTS(to); i++) {
		(void)add_at(t_strdup_printf("<%u>", i), to[i],
			     ioloop_time - 120);
		ck_assert(lookup(to[i], &rec));
		if (i == 0)
			bounce_record_release(&rec, pool_datastack_create(),
					      BOUNCE_BY_USER, ioloop_time - 60);
		else if (i == 1)
			bounce_record_correct(&rec, pool_datastack_create(),
					      "new@example.com",
					      BOUNCE_BY_USER, ioloop_time - 60);
		ck_assert_int_eq(bounce_store_set(store, &rec, &error), 0);
	}
	batch = bounce_rebuild_init(store);
	t_array_init(&ids, 4);
	bounce_rebuild_set_failed_ids(batch, pool_datastack_create(), &ids);
	for (unsigned int i = 0; i < N_ELEMENTS(to); i++) {
		struct bounce_report *report =
			t_report(t_strdup_printf("<%u>", i), to[i],
				 "mailbox-unknown");

		report->original_message_id = t_strdup_printf("<m%u>", i);
		bounce_rebuild_add(batch, report, BOUNCE_EVIDENCE_VERIFIED,
				   ioloop_time - 120);
	}
	ck_assert_int_ge(bounce_rebuild_commit(&batch, FALSE, &error), 0);
	ck_assert_uint_eq(array_count(&ids), 1);
	id = array_idx_elem(&ids, 0);
	ck_assert_str_eq(id, "<m2>");
}
END_TEST

/* It says what is known: nothing is written. */
START_TEST(test_batch_known)
{
	const char *path = t_strconcat(home, "/dovecot-bounce.dict", NULL);
	struct stat before, after;
	const char *error = "?";

	for (unsigned int round = 0; round < 2; round++) {
		struct bounce_rebuild *batch = bounce_rebuild_init(store);

		bounce_rebuild_add(batch, t_report("<1>", "bob@example.com",
						   "mailbox-unknown"),
				   BOUNCE_EVIDENCE_VERIFIED, ioloop_time - 60);
		if (round > 0)
			ck_assert_int_eq(stat(path, &before), 0);
		ck_assert_int_eq(bounce_rebuild_commit(&batch, FALSE, &error),
				 round == 0 ? 1 : 0);
	}
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}
END_TEST

/* Proofs of life are many, and do not push out what a person removed. */
START_TEST(test_removed_stays)
{
	struct bounce_store_report report = {
		.report = t_report("<1>", "bob@example.com", "mailbox-unknown"),
		.evidence = BOUNCE_EVIDENCE_VERIFIED, .when = ioloop_time - 60
	};
	struct bounce_record rec;
	const char *error;

	(void)add_at("<0>", "bob@example.com", ioloop_time - 120);
	ck_assert_int_eq(bounce_store_remove(store, "bob@example.com", &error), 1);
	for (unsigned int i = 0; i < 510; i++) T_BEGIN {
		const char *address = t_strdup_printf("c%u@example.com", i);

		(void)add_at("<c>", address, ioloop_time - 120);
		ck_assert_int_eq(bounce_store_clear(store, address,
			pool_datastack_create(), &rec, &error), 1);
	} T_END;
	ck_assert_int_eq(bounce_store_add_many(store, &report, 1,
				pool_datastack_create(), &error), 0);
	ck_assert(!lookup("bob@example.com", &rec));
	/* nor does what was cleared last come back */
	report.report = t_report("<2>", "c509@example.com", "mailbox-unknown");
	ck_assert_int_eq(bounce_store_add_many(store, &report, 1,
				pool_datastack_create(), &error), 0);
	ck_assert(!lookup("c509@example.com", &rec));
}
END_TEST

START_TEST(test_batch)
{
	struct bounce_rebuild *batch;
	struct bounce_record rec;
	const char *error;
	int round, wanted;

	/* one is no longer in the mailbox, the delivery of four was lost */
	(void)add_at("<old>", "bob@example.com", START);
	(void)add_at("<5>", "bob@example.com", START + 5);
	for (round = 0; round < 3; round++) {
		batch = bounce_rebuild_init(store);
		for (int i = 9; i >= 0; i--) {
			bounce_rebuild_add(batch,
				t_report(t_strdup_printf("<%d>", i),
					 i % 2 == 0 ? "even@example.com" :
					 "bob@example.com", "mailbox-full"),
				BOUNCE_EVIDENCE_VERIFIED, START + i);
		}
		bounce_rebuild_add(batch,
			t_report("<x>", "forged@example.com", "mailbox-full"),
			BOUNCE_EVIDENCE_UNVERIFIED, START);
		wanted = round < 2 ? 2 : 0;
		ck_assert_int_eq(bounce_rebuild_commit(&batch, round == 0,
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
		BOUNCE_EVIDENCE_VERIFIED, START, pool_datastack_create(), NULL,
			&error), -1);
	ck_assert_ptr_nonnull(error);
	ck_assert(!lookup("bob@example.com", &rec));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, test_add);
	tcase_add_loop_test(tcase, test_key, 0, N_ELEMENTS(keys));
	tcase_add_test(tcase, test_mode);
	tcase_add_test(tcase, test_lapse);
	tcase_add_test(tcase, test_evidence);
	tcase_add_test(tcase, test_counted);
	tcase_add_test(tcase, test_change);
	tcase_add_test(tcase, test_find_original);
	tcase_add_test(tcase, test_locked_elsewhere);
	tcase_add_test(tcase, test_set_many);
	tcase_add_test(tcase, test_hurting);
	tcase_add_test(tcase, test_room);
	tcase_add_test(tcase, test_room_unproven);
	tcase_add_test(tcase, test_room_one_mail);
	tcase_add_test(tcase, test_room_hard);
	tcase_add_test(tcase, test_room_lowered);
	tcase_add_test(tcase, test_room_in_vain);
	tcase_add_test(tcase, test_room_for_one);
	tcase_add_test(tcase, test_room_for_all);
	tcase_add_test(tcase, test_erase);
	tcase_add_test(tcase, test_damaged);
	tcase_add_test(tcase, test_lookup_many);
	tcase_add_test(tcase, test_damaged_heals);
	tcase_add_test(tcase, test_final);
	tcase_add_test(tcase, test_allowance);
	tcase_add_test(tcase, test_allowance_one_id);
	tcase_add_test(tcase, test_allowance_sides);
	tcase_add_test(tcase, test_allowance_room);
	tcase_add_test(tcase, test_flood_began);
	tcase_add_test(tcase, test_final_one_each);
	tcase_add_test(tcase, test_announced_unlocked);
	tcase_add_test(tcase, test_batch);
	tcase_add_test(tcase, test_many_removed);
	tcase_add_test(tcase, test_batch_removed);
	/* a thousand commits of a disk that others use */
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_batch_settled);
	tcase_add_test(tcase, test_batch_known);
	tcase_add_test(tcase, test_removed_stays);
	tcase_add_test(tcase, test_not_writable);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
