/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "bounce-string.h"

#include <ctype.h>

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *input;
	const char *lines;	/* wanted with keep_lines */
	const char *flat;	/* wanted without; NULL = the same */
} appended[] = {
	{ "", "", NULL },
	{ "plain words", "plain words", NULL },
	{ "a\nb", "a\nb", "a b" },
	{ "a\r\nb\r\n", "a\nb\n", "a b " },
	{ "a\rb", "a\nb", "a b" },
	{ "a\r\r\nb\r\r\r\n", "a\nb\n", "a b " },
	{ "a\r\rb", "a\n\nb", "a  b" },
	{ "a\r", "a\n", "a " },
	{ "a\n\rb", "a\n\nb", "a  b" },
	{ "a\tb", "a\tb", "a b" },
	{ "\x01\x1b[31mred\x7f", "  [31mred ", NULL },
	{ "a\vb\fc", "a b c", NULL },
	/* C1, line and paragraph separators, a byte order mark */
	{ "a\xc2\x80z\xc2\x9fz", "a z z", NULL },
	{ "a\xe2\x80\xa8z\xe2\x80\xa9z", "a z z", NULL },
	{ "\xef\xbb\xbf" "first", " first", NULL },
	/* U+00A0 is no control */
	{ "a\xc2\xa0z", "a\xc2\xa0z", NULL },
	{ "Zustellung f\xc3\xbcr", "Zustellung f\xc3\xbcr", NULL },
	{ "\xe9\x80\x81\xe4\xbf\xa1", "\xe9\x80\x81\xe4\xbf\xa1", NULL },
	{ "\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7", NULL },
	/* Latin 1, a lone tail, a cut character, overlong, beyond Unicode */
	{ "f\xfcr", "f" FFFD "r", NULL },
	{ "a\x80z", "a" FFFD "z", NULL },
	{ "cut\xe2\x82", "cut" FFFD FFFD, NULL },
	{ "cut\xc3", "cut" FFFD, NULL },
	{ "\xc0\xafz", FFFD FFFD "z", NULL },
	{ "\xf5\x80\x80\x80z", FFFD FFFD FFFD FFFD "z", NULL },
	{ "\xfe\xffz", FFFD FFFD "z", NULL },
	/* half of a surrogate pair */
	{ "\xed\xa0\x80z", FFFD FFFD FFFD "z", NULL },
};

static void check_append(const char *input, bool keep_lines, const char *wanted)
{
	string_t *dest = t_str_new(16);
	size_t size;
	unsigned char *copy = bounce_test_bytes(input, &size);

	str_append(dest, "before:");
	bounce_string_append(dest, copy, size, keep_lines);
	ck_assert_str_eq(str_c(dest), t_strconcat("before:", wanted, NULL));
	i_free(copy);
}

START_TEST(test_append)
{
	const char *flat = appended[_i].flat;

	check_append(appended[_i].input, TRUE, appended[_i].lines);
	check_append(appended[_i].input, FALSE,
		     flat != NULL ? flat : appended[_i].lines);
}
END_TEST

START_TEST(test_append_nul)
{
	static const unsigned char input[] = { 'a', 0, 'b', 0, 0, '\n' };
	string_t *dest = t_str_new(16);

	bounce_string_append(dest, input, sizeof(input), TRUE);
	ck_assert_str_eq(str_c(dest), "a b  \n");
	str_truncate(dest, 0);
	bounce_string_append(dest, input, 0, TRUE);
	ck_assert_str_eq(str_c(dest), "");
}
END_TEST

static const struct {
	const char *input;
	size_t max;
	const char *wanted;	/* NULL = nothing is left */
} onelines[] = {
	{ "words", 100, "words" },
	{ "  two \t\r\n words\n", 100, "two words" },
	{ "a\vb\fc", 100, "a b c" },
	/* no-break, ideographic and zero-width space */
	{ "a\xc2\xa0z", 100, "a z" },
	{ "a\xe3\x80\x80\xe2\x80\x8bz", 100, "a z" },
	{ "\xe3\x80\x80 a", 100, "a" },
	{ "Upper Case", 100, "Upper Case" },
	{ "", 100, NULL },
	{ " \n\t ", 100, NULL },
	{ "\xc2\xa0", 100, NULL },
	/* the cut */
	{ "abcdef", 6, "abcdef" },
	{ "abcdef", 5, "abcde" },
	{ "abc   ", 3, "abc" },
	{ "abc def", 4, "abc" },
	{ "abc def", 5, "abc d" },
	{ "abc\xc3\xa9", 5, "abc\xc3\xa9" },
	{ "abc\xc3\xa9", 4, "abc" },
	{ "abc \xc3\xa9", 5, "abc" },
	{ "abc \xc3\xa9", 4, "abc" },
	{ "\xe9\x80\x81\xe4\xbf\xa1", 6, "\xe9\x80\x81\xe4\xbf\xa1" },
	{ "\xe9\x80\x81\xe4\xbf\xa1", 5, "\xe9\x80\x81" },
	{ "\xe9\x80\x81\xe4\xbf\xa1", 4, "\xe9\x80\x81" },
	{ "\xe9\x80\x81\xe4\xbf\xa1", 2, NULL },
	{ "\xf0\x9f\x93\xa7", 3, NULL },
	{ "a\xf0\x9f\x93\xa7", 4, "a" },
};

START_TEST(test_oneline)
{
	const char *line = bounce_string_oneline(onelines[_i].input,
					       onelines[_i].max);

	if (onelines[_i].wanted == NULL)
		ck_assert_ptr_null(line);
	else
		ck_assert_pstr_eq(line, onelines[_i].wanted);
}
END_TEST

START_TEST(test_null)
{
	ck_assert_ptr_null(bounce_string_oneline(NULL, 10));
	ck_assert_str_eq(bounce_string_fold(NULL, 10), "");
}
END_TEST

static const struct {
	const char *input;
	size_t max;
	const char *wanted;
} folds[] = {
	{ "", 100, "" },
	{ "User  UNKNOWN", 100, "user unknown" },
	{ "User\r\n\tUnknown", 100, "user unknown" },
	{ "User\xc2\xa0Unknown\xe3\x80\x80Here", 100, "user unknown here" },
	/* other scripts as they are: the lists leave their first letter out */
	{ "\xc3\x89" "CHEC", 100, "\xc3\x89" "chec" },
	{ "ABCDEF", 3, "abc" },
	{ "AB\xc3\x89", 3, "ab" },
};

START_TEST(test_fold)
{
	ck_assert_str_eq(bounce_string_fold(folds[_i].input, folds[_i].max),
			 folds[_i].wanted);
}
END_TEST

START_TEST(test_cut)
{
	/* a, u with dots, euro */
	const char *text = "a\xc3\xbc\xe2\x82\xac";
	static const size_t wanted[] = { 0, 1, 1, 3, 3, 3, 6, 6 };

	for (size_t max = 0; max < N_ELEMENTS(wanted); max++)
		ck_assert_uint_eq(bounce_string_cut(text, 6, max), wanted[max]);
	/* not looked at behind len */
	ck_assert_uint_eq(bounce_string_cut(text, 3, 4), 3);
}
END_TEST

/* Byte by byte, what the functions do eight at a time. */
static const char *plain_fold(const char *text, size_t max)
{
	string_t *dest = t_str_new(64);

	for (; *text != '\0' && str_len(dest) < max; text++) {
		if (*text != ' ' && *text != '\n')
			str_append_c(dest, i_tolower(*text));
		else if (str_len(dest) > 0 && text[1] != ' ' &&
			 text[1] != '\n' && text[1] != '\0')
			str_append_c(dest, ' ');
	}
	while (str_len(dest) > 0 && str_data(dest)[str_len(dest) - 1] == ' ')
		str_truncate(dest, str_len(dest) - 1);
	return str_c(dest);
}

/* A text may be squeezed where it is; what stands behind it is left alone. */
static void check_in_place(const char *input, size_t max)
{
	size_t len = strlen(input);
	char *text = t_strdup_noconst(t_strconcat(input, "behind", NULL));
	const char *wanted = bounce_string_oneline(input, max);

	if (wanted == NULL)
		wanted = "";
	ck_assert_uint_eq(bounce_string_squeeze(text, text, len, max),
			  strlen(wanted));
	ck_assert_str_eq(text, wanted);
	ck_assert_str_eq(text + len + 1, "ehind");
	memcpy(text, input, len);
	(void)bounce_string_squeeze_fold(text, text, len, max);
	ck_assert_str_eq(text, bounce_string_fold(input, max));
}

/* Whatever stands wherever in a text, and wherever that is cut. */
START_TEST(test_places)
{
	static const char *const pieces[] = {
		" ", "  ", "   ", "\n", " \n", "@", "A", "Z", "[", "`", "z",
		"{", "~", "\x7f", "\x01"
	};
	static const char text[] = "Mail to Bob AND Carol was not delivered.";

	for (unsigned int i = 0; i < N_ELEMENTS(pieces); i++)
	for (size_t at = 0; at < sizeof(text); at++)
	for (size_t max = 0; max < 48; max += 5) T_BEGIN {
		const char *input = t_strconcat(t_strndup(text, at), pieces[i],
						text + at, NULL);
		const char *plain = t_strdup(text + at);
		string_t *flat = t_str_new(64);

		ck_assert_str_eq(bounce_string_fold(input, max),
				 plain_fold(input, max));
		check_in_place(input, max);
		str_append(flat, plain);
		ck_assert(bounce_string_bytes_are_ascii(str_data(flat),
							str_len(flat)));
		str_append(flat, "\x80");
		str_append(flat, plain);
		ck_assert(!bounce_string_bytes_are_ascii(str_data(flat),
							 str_len(flat)));
		str_truncate(flat, 0);
		bounce_string_append(flat, (const unsigned char *)input,
				     strlen(input), TRUE);
		ck_assert_str_eq(str_c(flat), t_strconcat(t_strndup(text, at),
			(unsigned char)pieces[i][0] == 0x7f ||
			pieces[i][0] == 0x01 ? " " : pieces[i], text + at,
			NULL));
	} T_END;
	ck_assert(!bounce_string_bytes_are_ascii(
		(const unsigned char *)"0123456789\0abc", 14));
	ck_assert(!bounce_string_bytes_are_ascii(
		(const unsigned char *)"012\0" "4567890", 11));
}
END_TEST

static const char *const words[] = { "user unknown", "full", NULL };
static const char *const no_words[] = { NULL };

START_TEST(test_find)
{
	const char *text = "mailbox full: user unknown";
	struct bounce_string_pairs none;

	/* what stands behind the end is none of the text */
	bounce_string_pairs("\0user unknown", &none);
	ck_assert(!bounce_string_has_pair(&none, "us"));
	/* the first of the list, not of the text */
	ck_assert_ptr_eq(bounce_string_find(text, words), text + 14);
	ck_assert_ptr_eq(bounce_string_find(text, words + 1), text + 8);
	ck_assert_ptr_null(bounce_string_find("mailbox FULL", words));
	ck_assert_ptr_null(bounce_string_find("", words));
	ck_assert_ptr_null(bounce_string_find(text, no_words));
	ck_assert(bounce_string_begins("Action: failed", "Action:"));
	ck_assert(!bounce_string_begins("action: failed", "Action:"));
	ck_assert(bounce_string_ibegins("action: failed", "Action:"));
	ck_assert(!bounce_string_ibegins("act", "Action:"));
	ck_assert(bounce_string_begins("", ""));
}
END_TEST

static const struct {
	const char *html, *wanted;
} htmls[] = {
	{ "", "" },
	{ "one", "one" },
	{ "a &lt;b@example.org&gt; &amp; c", "a <b@example.org> & c" },
	/* lines of the source */
	{ "one\ntwo", "one\ntwo" },
	/* lines of the tags, where the source has none */
	{ "one<br>two<BR/>three<Br class=x>four", "one\ntwo\nthree\nfour" },
	{ "one<br>\ntwo", "one \ntwo" },
	{ "one\n<br>two", "one\ntwo" },
	/* paragraphs below empty ones */
	{ "<p>one</p><p>two</p>", "one \n\ntwo " },
	{ "<h4>one</h4>\n<P class=x>two<pre>three<hr>four", "one \n\ntwo\nthree\nfour" },
	{ "<tr><td>one</td><td>two</td></tr><tr><td>three</td></tr>",
	  "one two \nthree " },
	{ "a<b>b</b><path>c</path><brx>d", "a b c d" },
	/* where a word may be broken */
	{ "<wbr>bob@<wbr><WBR/>example.org<wbr", "bob@example.org" },
	/* not what a person reads */
	{ "a<style>p { x: y }</style>b<script>c()</script>", "a b " },
	{ "a<!-- b -->c", "ac" },
	{ "<p title='<br>'>a", "a" },
	/* what never ends, controls */
	{ "one<br", "one" },
	{ "one<", "one" },
	{ "one<!-- two", "one" },
	{ "&#1;a&#27;b&#10;c", " a b\nc" },
};

/* As Dovecot splits at spaces and commas. */
START_TEST(test_words)
{
	static const char *const texts[] = {
		"", " ", ",", "one", " one", "one ", "one two", "one,two",
		"one, two", ", one ,, two ,", "/a/b /c,d  shipped",
		"0123456789abcde f", "0123456789abcdef g", "0123456789abcdef",
		"0123456789abcdef0123456789abcdef,0123456789abcdef012",
	};
	const char *const *words, *const *wanted;

	for (unsigned int i = 0; i < N_ELEMENTS(texts); i++) {
		words = bounce_string_words(pool_datastack_create(), texts[i]);
		wanted = t_strsplit_spaces(texts[i], ", ");
		for (; *wanted != NULL; wanted++, words++)
			ck_assert_pstr_eq(*words, *wanted);
		ck_assert_ptr_null(*words);
	}
}
END_TEST

START_TEST(test_html)
{
	ck_assert_str_eq(bounce_string_html(htmls[_i].html), htmls[_i].wanted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("text");

	tcase_add_test(tcase, test_words);
	tcase_add_loop_test(tcase, test_append, 0, N_ELEMENTS(appended));
	tcase_add_test(tcase, test_append_nul);
	tcase_add_loop_test(tcase, test_oneline, 0, N_ELEMENTS(onelines));
	tcase_add_test(tcase, test_null);
	tcase_add_loop_test(tcase, test_fold, 0, N_ELEMENTS(folds));
	tcase_add_test(tcase, test_places);
	tcase_add_test(tcase, test_cut);
	tcase_add_test(tcase, test_find);
	tcase_add_loop_test(tcase, test_html, 0, N_ELEMENTS(htmls));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
