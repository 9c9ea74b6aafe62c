/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "bounce-charset.h"

static const char *translate(const char *name, const char *text)
{
	const unsigned char *data = (const unsigned char *)text;
	size_t size = strlen(text);

	return bounce_charset_translate(name, &data, &size) ?
		t_strndup(data, size) : NULL;
}

static void teardown(void)
{
	bounce_charset_deinit();
	/* none is left */
	bounce_charset_deinit();
}

START_TEST(test_translate)
{
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert_str_eq(translate("iso-8859-1", "f\xfcr"),
				 "f\xc3\xbcr");
		ck_assert_str_eq(translate("ISO-8859-1", "\xe9t\xe9"),
				 "\xc3\xa9t\xc3\xa9");
		ck_assert_str_eq(translate("koi8-r", "\xd0\xcf\xde\xd4\xc1"),
				 "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0");
		ck_assert_str_eq(translate("utf-8", "f\xc3\xbcr"),
				 "f\xc3\xbcr");
	}
	ck_assert_str_eq(translate("iso-8859-15", ""), "");
}
END_TEST

/* One mail's text says nothing of the next one's. */
START_TEST(test_state)
{
	/* it does not return to ASCII */
	ck_assert_str_eq(translate("iso-2022-jp", "\x1b$BEE;R"),
			 "\xe9\x9b\xbb\xe5\xad\x90");
	ck_assert_str_eq(translate("iso-2022-jp", "EE;R"), "EE;R");
	/* half of a character at the end, and none in between */
	ck_assert_ptr_null(translate("euc-jp", "a\xc5"));
	ck_assert_str_eq(translate("euc-jp", "\xc5\xc5"), "\xe9\x9b\xbb");
	ck_assert_str_eq(translate("euc-jp", "a\xff" "b"),
			 "a\xef\xbf\xbd" "b");
	ck_assert_str_eq(translate("euc-jp", "ab"), "ab");
}
END_TEST

/* More than are kept, each again and again. */
START_TEST(test_many)
{
	static const char *const names[] = {
		"iso-8859-1", "iso-8859-2", "iso-8859-4", "iso-8859-9",
		"iso-8859-10", "iso-8859-15", "windows-1252", "windows-1254",
		"windows-1250", "cp850", "macintosh", "nobody-knows-it"
	};

	for (unsigned int i = 0; i < 100; i++) {
		const char *name = names[i * i % N_ELEMENTS(names)];

		bounce_charset_keep(names[i % N_ELEMENTS(names)]);
		ck_assert_str_eq(translate(name, "plain words"), "plain words");
		if (strncmp(name, "iso-", 4) == 0 ||
		    strncmp(name, "windows-", 8) == 0)
			ck_assert_str_eq(translate(name, "\xfc"), "\xc3\xbc");
	}
}
END_TEST

START_TEST(test_unknown)
{
	ck_assert_str_eq(translate("nobody-knows-it", "f\xc3\xbcr f\xffr"),
			 "f\xc3\xbcr f\xef\xbf\xbdr");
	ck_assert_str_eq(translate("", "a"), "a");
	/* longer than any is */
	bounce_charset_keep("a-name-of-thirty-two-bytes-12345");
	bounce_charset_keep("utf-8");
	ck_assert_str_eq(translate("iso-8859-1", "\xfc"), "\xc3\xbc");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("charset");
	TCase *tcase = tcase_create("charset");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, test_translate);
	tcase_add_test(tcase, test_state);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_unknown);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
