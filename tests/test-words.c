/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "str.h"
#include "unichar.h"
#include "bounce-unicode.h"
#include "bounce-words.h"

static const struct {
	const char *text, *folded;
} folds[] = {
	{ "", "" },
	{ "  User \t unknown\n", "user unknown" },
	{ "BAD_RECIPIENT", "bad recipient" },
	{ "non-existent e-mail", "non existent e mail" },
	{ "- a -b c- -", "- a -b c- -" },
	{ "caixa n\xc3\xa3o existe", "caixa nao existe" },
	/* the same, decomposed */
	{ "caixa na\xcc\x83o existe", "caixa nao existe" },
	{ "M\xc3\x96" "BIUS", "mobius" },
	{ "\xef\xbc\xb5ser", "user" },
	{ "don\xe2\x80\x99t \xe2\x80\x9cuser\xe2\x80\x9d", "don't \"user\"" },
	/* not UTF-8 */
	{ "User \xff\xfe", "user \xff\xfe" },
	/* nor is a letter in more bytes than it needs, a half, a lone byte */
	{ "User \xe0\x83\x89", "user \xe0\x83\x89" },
	{ "User \xc3", "user \xc3" },
	{ "User \xe3\x81", "user \xe3\x81" },
	{ "User \xc3\x89\x89", "user \xc3\x89\x89" },
	/* what stands at the borders of eight bytes */
	{ "MAILBOX Full", "mailbox full" },
	{ "Mailbox  is  full ", "mailbox is full" },
	{ "Mailbox-is-full", "mailbox is full" },
	{ "mailbox -is-- full", "mailbox -is-- full" },
	{ "1234567\t 89abcde\x7f_ Z", "1234567 89abcde z" },
	{ "        [Zz@AaZ`]{^~}", "[zz@aaz`]{^~}" },
};

START_TEST(fold)
{
	for (unsigned int i = 0; i < N_ELEMENTS(folds); i++) {
		ck_assert_str_eq(bounce_words_fold(folds[i].text),
				 folds[i].folded);
	}
}
END_TEST

/* The tables say what fold_words() and fold_compatible() do. */
static void fold_table_check(const char *text, size_t len)
{
	const struct bounce_unicode *unicode = bounce_unicode_get();
	char *folded = unicode->fold_words(text, len);

	if (folded != NULL)
		ck_assert_str_eq(bounce_words_casefold(text, len), folded);
	free(folded);
	folded = unicode->fold_compatible(text, len);
	if (folded != NULL)
		ck_assert_str_eq(bounce_words_compatible(text, len), folded);
	free(folded);
}

START_TEST(fold_table)
{
	static const unichar_t firsts[] = {
		0x20, 0x80, 0x100, 0x300, 0x370, 0x400, 0x5c0, 0x620, 0x660,
		0x900, 0xe00, 0x1100, 0x1e00, 0x1f00, 0x2000, 0x2100, 0x3040,
		0x3090, 0x30f0, 0x4e00, 0xac00, 0xd7a0, 0xfb00, 0xff00, 0xff60,
		0x1d400
	};
	unsigned int seed = 1;

	for (unsigned int i = 0; i < 20000; i++) T_BEGIN {
		string_t *text = t_str_new(64);

		for (unsigned int j = 0; j < 6; j++) {
			seed = seed * 1103515245 + 12345;
			uni_ucs4_to_utf8_c(firsts[(seed >> 8) %
						  N_ELEMENTS(firsts)] +
					   (seed >> 16) % 64, text);
			if (i % 3 > 0 && j == i % 5)
				break;
		}
		seed = seed * 1103515245 + 12345;
		if ((seed >> 16) % 16 == 0)
			str_append_c(text, "\xff\x80\xc3\xe3"[seed >> 20 & 3]);
		fold_table_check(str_c(text), str_len(text));
	} T_END;
}
END_TEST

static const struct {
	const char *text;
	bool found;
} borders[] = {
	{ "user", TRUE },
	{ "no user here", TRUE },
	{ "<user>", TRUE },
	{ "bad_user", TRUE },
	{ "userly", FALSE },
	{ "superuser", FALSE },
	{ "use", FALSE },
	{ "", FALSE },
	{ "\xc3\xbcuser", FALSE },
	/* no spaces around Chinese */
	{ "\xe7\x94\xa8user\xe6\x88\xb7", TRUE },
};

START_TEST(border)
{
	for (unsigned int i = 0; i < N_ELEMENTS(borders); i++) {
		const char *folded = bounce_words_fold(borders[i].text);
		/* valgrind sees an over-read */
		char *copy = i_strdup(folded);
		bounce_words_set_t set =
			bounce_words_classes(BOUNCE_WORDS_JUDGE, copy);

		ck_assert_msg(((set & bounce_words_set(BOUNCE_WORD_WHO)) != 0) ==
			      borders[i].found, "%s", borders[i].text);
		i_free(copy);
	}
}
END_TEST

/* A phrase that begins another, and one within another, are found, too. */
START_TEST(find)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	const char *folded = bounce_words_fold("It will not be tried again");

	t_array_init(&hits, 4);
	bounce_words_find(BOUNCE_WORDS_NOTICE, folded, &hits);
	ck_assert_uint_ge(array_count(&hits), 3);
	hit = array_idx(&hits, 0);
	ck_assert_int_eq(hit->class, BOUNCE_WORD_DENIAL);
	ck_assert_uint_eq(hit->begin, 8);
	hit = array_idx(&hits, 1);
	ck_assert_int_eq(hit->class, BOUNCE_WORD_FINAL);
	ck_assert_uint_eq(hit->begin, 8);
	ck_assert_uint_eq(hit->end, strlen(folded));
	hit = array_idx(&hits, 2);
	ck_assert_int_eq(hit->class, BOUNCE_WORD_DELAY);
	ck_assert_uint_eq(hit->begin, 12);
	array_clear(&hits);
	bounce_words_find(BOUNCE_WORDS_JUDGE, folded, &hits);
	ck_assert_uint_eq(array_count(&hits), 1);
	hit = array_front(&hits);
	ck_assert_int_eq(hit->class, BOUNCE_WORD_NOT);
}
END_TEST

/* The longest, and only at the begin. */
START_TEST(begin)
{
#define BEGIN(text, class) (unsigned int) \
	bounce_words_begin(BOUNCE_WORDS_NOTICE, bounce_words_fold(text), class)
	ck_assert_uint_eq(BEGIN("as well as", BOUNCE_WORD_JOINT), 10);
	ck_assert_uint_eq(BEGIN("nor to you", BOUNCE_WORD_JOINT), 6);
	ck_assert_uint_eq(BEGIN("and", BOUNCE_WORD_LREACHED), 0);
	ck_assert_uint_eq(BEGIN("bob and eve", BOUNCE_WORD_JOINT), 0);
	ck_assert_uint_eq(BEGIN("android", BOUNCE_WORD_JOINT), 0);
	ck_assert_uint_eq(BEGIN("", BOUNCE_WORD_JOINT), 0);
}
END_TEST

static const struct {
	const char *text;
	enum bounce_words_class class;
	bool found;
} shorts[] = {
	{ "no", BOUNCE_WORD_NOT, TRUE },
	{ "a no.", BOUNCE_WORD_NOT, TRUE },
	{ "nox", BOUNCE_WORD_NOT, FALSE },
	{ "no\xc3\x9f", BOUNCE_WORD_NOT, FALSE },
	{ "i/o", BOUNCE_WORD_ERROR, TRUE },
	{ "an i/o failure", BOUNCE_WORD_ERROR, TRUE },
	{ "i/on", BOUNCE_WORD_ERROR, FALSE },
	/* "zna*" */
	{ "zna", BOUNCE_WORD_EXIST, TRUE },
	{ "zna.", BOUNCE_WORD_EXIST, TRUE },
	{ "znajomy", BOUNCE_WORD_EXIST, TRUE },
	{ "zn", BOUNCE_WORD_EXIST, FALSE },
};

/* Phrases of fewer than four bytes. */
START_TEST(brief)
{
	for (unsigned int i = 0; i < N_ELEMENTS(shorts); i++) {
		char *copy = i_strdup(shorts[i].text);
		bounce_words_set_t set =
			bounce_words_classes(BOUNCE_WORDS_JUDGE, copy);

		ck_assert_msg(((set & bounce_words_set(shorts[i].class)) != 0) ==
			      shorts[i].found, "%s", shorts[i].text);
		i_free(copy);
	}
}
END_TEST

START_TEST(names)
{
	enum bounce_words_class class;

	ck_assert_int_eq(bounce_words_class_parse(BOUNCE_WORDS_JUDGE, "WHO",
						  &class), 0);
	ck_assert_int_eq(class, BOUNCE_WORD_WHO);
	ck_assert_int_eq(bounce_words_class_parse(BOUNCE_WORDS_NOTICE, "WHO",
						  &class), -1);
	ck_assert_int_eq(bounce_words_class_parse(BOUNCE_WORDS_JUDGE, "who",
						  &class), -1);
	/* the last class of a group still fits into a set */
	for (class = 0; class < BOUNCE_WORDS_CLASS_COUNT; class++)
		ck_assert(bounce_words_set(class) != 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = tcase_create("words");

	tcase_add_test(tcase, fold);
	tcase_add_test(tcase, fold_table);
	tcase_add_test(tcase, border);
	tcase_add_test(tcase, find);
	tcase_add_test(tcase, begin);
	tcase_add_test(tcase, brief);
	tcase_add_test(tcase, names);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
