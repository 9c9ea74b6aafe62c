/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The remedies that we ship win their own examples; whom they are for. */

#include "bounce-test.h"
#include "array.h"
#include "bounce-remedy.h"

#include <stdio.h>
#include <unistd.h>

static const char *const shipped[] = { BOUNCE_TEST_REMEDIES, NULL };

/* 2026-11-26 */
#define NOW 1795651200

START_TEST(examples)
{
	ARRAY_TYPE(const_string) errors;
	struct bounce_remedies *remedies;
	const char *error;

	t_array_init(&errors, 8);
	remedies = bounce_remedies_load(shipped, &errors);
	(void)bounce_remedies_check(remedies, &errors);
	array_foreach_elem(&errors, error)
		fprintf(stderr, "%s\n", error);
	ck_assert_uint_eq(array_count(&errors), 0);
	ck_assert_uint_ge(bounce_remedies_count(remedies), 30);
	bounce_remedies_free(&remedies);
}
END_TEST

START_TEST(find)
{
	static const struct {
		enum bounce_side side;
		const char *text, *host, *provider;
	} tests[] = {
		{ BOUNCE_SIDE_SENDER, "554 blocked using zen.spamhaus.org",
		  "mx1.hotmail.com", "spamhaus" },
		{ BOUNCE_SIDE_SENDER, "550 (S3140)", NULL, "outlook-consumer" },
		{ BOUNCE_SIDE_SENDER, "421 not now",
		  "Gmail-SMTP-in.L.Google.com", "gmail" },
		{ BOUNCE_SIDE_SENDER, "550 go away", "mx.example.net", "other" },
		{ BOUNCE_SIDE_SENDER, NULL, NULL, "other" },
		/* only where the words say who */
		{ BOUNCE_SIDE_MESSAGE, "550 spam - gsmtp", NULL, "gmail" },
		{ BOUNCE_SIDE_MESSAGE, "550 spam", "mx.google.com", NULL },
		{ BOUNCE_SIDE_UNKNOWN, NULL, NULL, NULL },
		/* the address is at fault: nobody is to be asked */
		{ BOUNCE_SIDE_RECIPIENT, "550 5.1.1 no such user - gsmtp",
		  "mx.google.com", NULL },
		{ BOUNCE_SIDE_DOMAIN, "550 spamhaus", NULL, NULL },
		{ BOUNCE_SIDE_TRANSPORT, "450 spamhaus", NULL, NULL },
	};
	struct bounce_remedies *remedies = bounce_remedies_load(shipped, NULL);

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const struct bounce_remedy *remedy =
			bounce_remedy_find(remedies, tests[i].side,
					   tests[i].text, tests[i].host);

		ck_assert_msg(null_strcmp(remedy == NULL ? NULL :
					  remedy->provider,
					  tests[i].provider) == 0,
			      "%u: %s", i, remedy == NULL ? "none" :
			      remedy->provider);
	}
	ck_assert_ptr_nonnull(bounce_remedy_find_provider(remedies, "psbl"));
	ck_assert_ptr_null(bounce_remedy_find_provider(remedies, "nobody"));
	bounce_remedies_free(&remedies);
}
END_TEST

START_TEST(text)
{
	struct bounce_remedy remedy = {
		.name = "Example", .page = "https://example.net/",
		.send = "the IP", .wait = "24 h", .note = "Ask once.",
		.checked = "2026-11"
	};

	ck_assert_str_eq(t_bounce_remedy_text(&remedy, NOW),
			 "Example: https://example.net/. Send: the IP. "
			 "Wait: 24 h. Ask once.");
	remedy.send = remedy.wait = remedy.note = NULL;
	/* 18 months are not too long ago, 19 are */
	remedy.checked = "2025-05";
	ck_assert_str_eq(t_bounce_remedy_text(&remedy, NOW),
			 "Example: https://example.net/");
	remedy.checked = "2025-04";
	ck_assert_str_eq(t_bounce_remedy_text(&remedy, NOW),
			 "Example: https://example.net/ (may have moved)");
	remedy.checked = "long ago";
	ck_assert_str_eq(t_bounce_remedy_text(&remedy, NOW),
			 "Example: https://example.net/ (may have moved)");
}
END_TEST

/* Each line that is wrong is named, and the rest works. */
START_TEST(wrong)
{
	static const char input[] =
		"name: before\n"
		"= before\n"
		"provider: none\n"
		"name: No page\n"
		"checked: 2026-11\n"
		"= 550 lost\n"
		"provider: one\n"
		"name: One\n"
		"page: https://one.example/\n"
		"checked: 2026-11\n"
		"match: One Word|two\n"
		"colour: red\n"
		"no key\n"
		"= 550 one  word\n"
		"= 550 three\n"
		"provider: two\n"
		"name: Two\n"
		"page: x\n"
		"checked: 2026-11\n"
		"match: never";
	static const char *const wanted[] = {
		":1: \"name\" without a provider",
		":2: An example without a provider",
		":7: none lacks its page",
		":12: Unknown key 'colour'",
		":13: Not \"key: value\"",
		"x.remedies:15: The example of one is won by nobody",
		"x.remedies:7: No example needs 'two'",
		"x.remedies:16: The provider has no example",
	};
	char dir[] = "/tmp/bounce-remedy.XXXXXX";
	const char *dirs[] = { dir, NULL }, *path, *const *errors;
	ARRAY_TYPE(const_string) list;
	struct bounce_remedies *remedies;
	unsigned int count;
	FILE *out;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = t_strconcat(dir, "/x.remedies", NULL);
	out = fopen(path, "w");
	ck_assert_int_ge(fputs(input, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	t_array_init(&list, 8);
	remedies = bounce_remedies_load(dirs, &list);
	ck_assert_uint_eq(bounce_remedies_count(remedies), 2);
	ck_assert_int_eq(bounce_remedies_check(remedies, &list), -1);
	errors = array_get(&list, &count);
	ck_assert_uint_eq(count, N_ELEMENTS(wanted));
	for (unsigned int i = 0; i < count; i++)
		ck_assert_msg(strstr(errors[i], wanted[i]) != NULL, "%s",
			      errors[i]);
	bounce_remedies_free(&remedies);
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("remedy");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, examples);
	tcase_add_test(tc, find);
	tcase_add_test(tc, text);
	tcase_add_test(tc, wrong);
	suite_add_tcase(suite, tc);
	return bounce_test_run(suite);
}
