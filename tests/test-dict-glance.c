/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A look-up in a file that the driver has not read: it says what the driver would. */

#include "bounce-test-store.h"
#include "mail-user.h"
#include "bounce-store-private.h"

#include <stdio.h>
#include <time.h>

#define MAX_GLANCES 16

static const char *dict_path(void)
{
	return t_strconcat(home, "/dovecot-bounce.dict", NULL);
}

/* As the next process finds it. */
static void store_reopen(void)
{
	bounce_store_deinit(&store);
	store = dict_user_store(user, NULL);
}

static void file_append(const char *key, size_t size)
{
	FILE *f = fopen(dict_path(), "a");

	fprintf(f, "%s\n", key);
	while (size-- > 0)
		putc('x', f);
	putc('\n', f);
	fclose(f);
}

static bool look_up(const char *address)
{
	const char *const addresses[] = { address };
	const struct bounce_record *recs[1];
	const char *error = "?";

	ck_assert_int_eq(bounce_store_lookup_many(store,
		pool_datastack_create(), addresses, 1, START, recs,
		&error), 0);
	if (recs[0] == NULL)
		return FALSE;
	ck_assert_str_eq(recs[0]->address, address);
	ck_assert_uint_eq(recs[0]->count, 1);
	return TRUE;
}

/* Was the driver not asked? */
static void check_glanced(unsigned int glances)
{
	ck_assert_uint_eq(store->dict->glances, glances);
	ck_assert(!store->dict->used);
}

START_TEST(test_finds)
{
	static const char *const addresses[] = {
		"bob@example.com", "a/b@example.com", "a'b@example.com",
		"a%b@example.com"
	};
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(addresses); i++)
		ck_assert_int_eq(add(t_strdup_printf("<%u>", i), addresses[i]), 1);
	/* longer than what is read at once, and a value that looks like a key */
	file_append("priv/long", 300 * 1024);
	file_append("priv/other\npriv/bounce/address/nobody@example.com\n"
		    "priv/more", 1);
	ck_assert_int_eq(add("<last>", "last@example.com"), 1);
	store_reopen();
	for (i = 0; i < N_ELEMENTS(addresses); i++)
		ck_assert_msg(look_up(addresses[i]), "%s", addresses[i]);
	ck_assert(look_up("last@example.com"));
	ck_assert(!look_up("ob@example.com"));
	ck_assert(!look_up("bob@example.co"));
	ck_assert(!look_up("nobody@example.com"));
	check_glanced(N_ELEMENTS(addresses) + 4);
}
END_TEST

static void swap(struct bounce_store **other)
{
	struct bounce_store *mine = store;

	store = *other;
	*other = mine;
}

/* Then it pays to read it all; until somebody else writes. */
START_TEST(test_often)
{
	struct bounce_store *other;

	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	other = store;
	store = dict_user_store(user, NULL);
	for (unsigned int i = 0; i < MAX_GLANCES; i++)
		ck_assert(look_up("bob@example.com"));
	check_glanced(MAX_GLANCES);
	ck_assert(look_up("bob@example.com"));
	ck_assert(store->dict->used);
	ck_assert(look_up("bob@example.com"));
	ck_assert_uint_eq(store->dict->glances, MAX_GLANCES + 1);
	swap(&other);
	ck_assert_int_eq(add("<2>", "carol@example.com"), 1);
	/* what it wrote itself it knows */
	ck_assert(look_up("carol@example.com"));
	ck_assert_uint_eq(store->dict->glances, 0);
	swap(&other);
	ck_assert(look_up("carol@example.com"));
	ck_assert_uint_eq(store->dict->glances, 1);
	bounce_store_deinit(&other);
}
END_TEST

/* What cannot be read so is the driver's to say. */
START_TEST(test_left_to_the_driver)
{
	FILE *f;

	/* no file */
	ck_assert(!look_up("bob@example.com"));
	ck_assert_uint_eq(store->dict->glances, 0);
	ck_assert_int_eq(add("<1>", "bob@example.com"), 1);
	file_append("priv/long", 2 * 1024 * 1024);
	file_append("priv/bounce/address/damaged@example.com", 1);
	store_reopen();
	ck_assert(look_up("bob@example.com"));
	check_glanced(1);
	ck_assert(!look_up("damaged@example.com"));
	ck_assert(store->dict->used);
	/* a key without its value */
	store_reopen();
	f = fopen(dict_path(), "a");
	fputs("priv/bounce/address/carol@example.com\n", f);
	fclose(f);
	ck_assert(!look_up("carol@example.com"));
	ck_assert(look_up("bob@example.com"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dict-glance");
	TCase *tcase = tcase_create("dict-glance");

	START = time(NULL);
	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, test_finds);
	tcase_add_test(tcase, test_often);
	tcase_add_test(tcase, test_left_to_the_driver);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
