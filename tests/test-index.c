/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The index of a dictionary that cannot iterate: whatever became of a shard, a report
   about an address puts it back there, once. */

#include "bounce-test-store.h"
#include "bounce-test-dict.h"
#include "str.h"

static void setup(void)
{
	test_dict_store_setup(TEST_DICT_REDIS);
}

/* The dump with text in the place of each shard; %s in it: the address. */
static const char *t_damaged(const char *dump, const char *address,
			     const char *text)
{
	const char *const *lines = t_strsplit(dump, "\n");
	string_t *str = t_str_new(1024);
	const char *place = strstr(text, "%s");

	for (; lines[0] != NULL && lines[1] != NULL; lines += 2) {
		str_printfa(str, "%s\n", lines[0]);
		if (strstr(lines[0], "/index/") == NULL)
			str_append(str, lines[1]);
		else if (place == NULL)
			str_append(str, text);
		else {
			str_append_data(str, text, place - text);
			str_append(str, address);
			str_append(str, place + 2);
		}
		str_append_c(str, '\n');
	}
	return str_c(str);
}

/* What the one shard holds. */
static const char *t_shard(void)
{
	const char *const *lines = t_strsplit(t_test_dict_dump(), "\n");

	for (; lines[0] != NULL && lines[1] != NULL; lines += 2) {
		if (strstr(lines[0], "/index/") != NULL)
			return lines[1];
	}
	return "";
}

static const char *const addresses[] = {
	"a@example.com", "\"x y\"@example.com", "a,b@example.com",
	"j\xc3\xb6rg@example.com", "o'brien@example.com"
};

static const struct {
	const char *text;
	/* it is as good as empty, and no other address stands there */
	bool damaged;
} shards[] = {
	{ "x", TRUE },
	{ "[", TRUE },
	{ "[]", TRUE },
	{ "{}", TRUE },
	{ "[\"%s\"", TRUE },
	{ "[\"%s\",", TRUE },
	{ "[\"%s\",]", TRUE },
	{ "[\"%s\"]x", TRUE },
	{ "[\"%s\",x]", TRUE },
	{ "[x,\"%s\"]", TRUE },
	{ "[\"%s\"x]", TRUE },
	{ "[\"%s\",\"\xff\"]", TRUE },
	{ "[\"%s\",\"\x01\"]", TRUE },
	{ "[\"%s\",\"\\x\"]", TRUE },
	{ "\"%s\"", TRUE },
	{ "{\"%s\":1}", TRUE },
	{ "[\"other@example.org\"]", FALSE },
	{ "[\"%s.au\"]", FALSE },
	{ "[\"x%s\",\"other@example.org\"]", FALSE },
	{ "[\"x\\\",\\\"%s\"]", FALSE },
	{ "[1,\"%s\"]", FALSE },
	{ "[[\"%s\"]]", FALSE },
	{ "[\"other@example.org\",\"%s\"]", FALSE },
	{ "[\"%s\",\"other@example.org\"]", FALSE },
	{ "[ \"%s\" , \"other@example.org\" ]", FALSE },
};

START_TEST(test_put_back)
{
	for (unsigned int i = 0; i < N_ELEMENTS(addresses); i++) T_BEGIN {
		const char *address = addresses[i], *good;
		unsigned int others;

		test_dict_load("");
		ck_assert_int_eq(add("<1@example.net>", address), 1);
		good = t_strdup(t_shard());
		ck_assert_uint_eq(count_all(START), 1);
		test_dict_load(t_damaged(t_test_dict_dump(), address,
					 shards[_i].text));
		ck_assert_int_eq(add("<2@example.net>", address), 1);
		/* no record of the other */
		ck_assert_uint_eq(count_all(START), 1);
		if (shards[_i].damaged)
			ck_assert_str_eq(t_shard(), good);
		/* and then nothing is left to do */
		others = strlen(t_shard());
		ck_assert_int_eq(add("<3@example.net>", address), 1);
		ck_assert_uint_eq(strlen(t_shard()), others);
	} T_END;
}
END_TEST

/* So does a scan that finds the record right. */
START_TEST(test_scan)
{
	for (unsigned int round = 0; round < 3; round++) {
		struct bounce_rebuild *batch = bounce_rebuild_init(store);
		const char *error = "?";

		bounce_rebuild_add(batch, t_report("<1@example.net>",
			"a@example.com", "mailbox-unknown"),
			BOUNCE_EVIDENCE_VERIFIED, START);
		ck_assert_int_eq(bounce_rebuild_commit(&batch, FALSE, &error),
				 round == 0 ? 1 : 0);
		ck_assert_uint_eq(count_all(START), 1);
		test_dict_load(t_damaged(t_test_dict_dump(), "a@example.com",
					 "[]"));
		ck_assert_uint_eq(count_all(START), 0);
	}
}
END_TEST

/* Those that stand there already do not hide the new ones. */
START_TEST(test_half_known)
{
	struct bounce_record recs[64];
	const char *error = "?";

	for (unsigned int i = 0; i < N_ELEMENTS(recs); i++) {
		bounce_record_init(&recs[i], pool_datastack_create(),
				   t_strdup_printf("a%u@example.com", i));
		bounce_record_suppress(&recs[i], BOUNCE_BY_IMPORT, NULL, START);
	}
	ck_assert_int_eq(bounce_store_set_many(store, recs, 32, &error), 0);
	ck_assert_uint_eq(count_all(START), 32);
	ck_assert_int_eq(bounce_store_set_many(store, recs, 64, &error), 0);
	ck_assert_uint_eq(count_all(START), 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index");
	TCase *tcase = tcase_create("index");

	tcase_add_checked_fixture(tcase, setup, test_dict_store_teardown);
	tcase_add_loop_test(tcase, test_put_back, 0, N_ELEMENTS(shards));
	tcase_add_test(tcase, test_scan);
	tcase_add_test(tcase, test_half_known);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
