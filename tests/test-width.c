/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "bounce-width.h"

/* hiragana */
#define A "\xe3\x81\x82"
#define STOP "\xe3\x80\x82"

static const struct {
	const char *text;
	unsigned int columns;
} widths[] = {
	{ "", 0 },
	{ "bob", 3 },
	{ "b\xc3\xb6" "b", 3 },
	{ A A, 4 },
	/* o and a combining diaeresis */
	{ "bo\xcc\x88" "b", 3 },
	{ "\xf0\x9f\x93\xa7", 2 },
	{ "\xff", 1 },
};

START_TEST(width)
{
	ck_assert_uint_eq(bounce_width(widths[_i].text), widths[_i].columns);
}
END_TEST

static const struct {
	const char *text;
	unsigned int columns;
	const char *wanted;
} shortened[] = {
	{ "bob@example.net", 15, "bob@example.net" },
	{ "bob@example.net", 14, "bob@ex…ple.net" },
	{ "bob@example.net", 3, "b…t" },
	{ A A A, 6, A A A },
	{ A A A, 5, A "…" A },
	/* half of a wide one is none */
	{ A A A, 4, "…" A },
	{ "", 3, "" },
};

START_TEST(shorten)
{
	const char *text = t_bounce_width_shorten(shortened[_i].text,
						  shortened[_i].columns);

	ck_assert_str_eq(text, shortened[_i].wanted);
	ck_assert_uint_le(bounce_width(text), shortened[_i].columns);
}
END_TEST

static const struct {
	const char *text, *wanted;
} wrapped[] = {
	{ "", "> \n" },
	{ "one two", "> one two\n" },
	{ "one two three", "> one two\n  three\n" },
	{ "one  two   3", "> one two\n  3\n" },
	{ "unbreakable longer", "> unbreakable\n  longer\n" },
	{ A A A A A, "> " A A A A "\n  " A "\n" },
	/* a full stop does not begin a line; words and wide ones mixed */
	{ A A A A STOP, "> " A A A "\n  " A STOP "\n" },
	{ A A "bob" A A, "> " A A "bob\n  " A A "\n" },
	{ A " " A, "> " A " " A "\n" },
};

START_TEST(wrap)
{
	string_t *str = t_str_new(64);

	bounce_width_wrap(str, "> ", "  ", 10, wrapped[_i].text);
	ck_assert_str_eq(str_c(str), wrapped[_i].wanted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("width");
	TCase *tcase = tcase_create("width");

	tcase_add_loop_test(tcase, width, 0, N_ELEMENTS(widths));
	tcase_add_loop_test(tcase, shorten, 0, N_ELEMENTS(shortened));
	tcase_add_loop_test(tcase, wrap, 0, N_ELEMENTS(wrapped));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
