/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "bounce-string.h"
#include "bounce-words.h"
#include "bounce-words-core.h"

/* What is done with many bytes at once, beside one by one: an odd byte at each place
   of texts of all lengths, each in a buffer that ends with it. */

#define MAX_LEN 52

typedef void block_check_t(const char *text, size_t len);

static void check_bytes(const char *text, size_t len)
{
	const unsigned char *data = (const unsigned char *)text;
	char *lower = p_malloc(pool_datastack_create(), len + 1);
	bool ascii = TRUE, plain = TRUE;

	memcpy(lower, text, len);
	bounce_string_bytes_lower(lower, len);
	for (size_t i = 0; i < len; i++) {
		ascii = ascii && data[i] > 0 && data[i] < 0x80;
		plain = plain && ((data[i] >= 0x20 && data[i] < 0x7f) ||
				  data[i] == '\n' || data[i] == '\t');
		ck_assert_int_eq(lower[i], text[i] >= 'A' && text[i] <= 'Z' ?
				 text[i] + 0x20 : text[i]);
	}
	ck_assert_int_eq(bounce_string_bytes_are_ascii(data, len), ascii);
	ck_assert_int_eq(bounce_string_bytes_are_plain(data, len), plain);
}

static void check_clean(const char *text, size_t len)
{
	const unsigned char *data = (const unsigned char *)text;
	string_t *lines = t_str_new(256), *flat = t_str_new(256);

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		if ((unsigned char)c >= 0x80) {
			str_append(lines, "\xef\xbf\xbd");
			str_append(flat, "\xef\xbf\xbd");
			continue;
		}
		str_append_c(lines, c == '\r' ? '\n' : c == '\n' || c == '\t' ||
			     (c >= ' ' && c < 0x7f) ? c : ' ');
		str_append_c(flat, c >= ' ' && c < 0x7f ? c : ' ');
	}
	ck_assert_str_eq(bounce_string_clean(data, len, TRUE), str_c(lines));
	ck_assert_str_eq(bounce_string_clean(data, len, FALSE), str_c(flat));
	str_insert(lines, 0, "before");
	str_truncate(flat, 0);
	str_append(flat, "before");
	bounce_string_append(flat, data, len, TRUE);
	ck_assert_str_eq(str_c(flat), str_c(lines));
}

/* The first bytes of text, without white space that is not needed. */
static const char *squeeze(const char *text, size_t len, size_t max)
{
	string_t *dest = t_str_new(256);
	bool space = FALSE;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')) {
			space = TRUE;
			continue;
		}
		if (space && str_len(dest) > 0)
			str_append_c(dest, ' ');
		str_append_c(dest, text[i]);
		space = FALSE;
	}
	str_truncate(dest, I_MIN(str_len(dest), max));
	while (str_len(dest) > 0 && str_c(dest)[str_len(dest) - 1] == ' ')
		str_truncate(dest, str_len(dest) - 1);
	return str_c(dest);
}

static void check_squeeze(const char *text, size_t len)
{
	const size_t maxes[] = { 100, len, len / 2, 3 };

	for (size_t i = 0; i < len; i++) {
		/* wide spaces have tests of their own */
		if ((unsigned char)text[i] >= 0x80)
			return;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(maxes); i++) {
		size_t size = I_MIN(len, maxes[i]) + 1, used;
		const char *wanted = squeeze(text, len, maxes[i]);
		char *dest = i_malloc(size), *place = i_malloc(len + 1);

		used = bounce_string_squeeze(dest, text, len, maxes[i]);
		ck_assert_str_eq(dest, wanted);
		ck_assert_uint_eq(used, strlen(wanted));
		used = bounce_string_squeeze_fold(dest, text, len, maxes[i]);
		ck_assert_str_eq(dest, bounce_string_lower(t_strdup_noconst(wanted)));
		ck_assert_uint_eq(used, strlen(wanted));
		memcpy(place, text, len);
		(void)bounce_string_squeeze(place, place, len, maxes[i]);
		ck_assert_str_eq(place, wanted);
		i_free(dest);
		i_free(place);
	}
}

static void check_fold(const char *text, size_t len)
{
	char *copy = i_malloc(len + 1), *wanted = i_malloc(len + 1);
	string_t *dest = t_str_new(16);
	bool ascii;

	memcpy(copy, text, len);
	memcpy(wanted, text, len);
	ascii = bounce_string_is_ascii(copy);
	if (ascii && strlen(copy) == len) {
		(void)words_core_tidy(bounce_string_lower(wanted));
		ck_assert_str_eq(bounce_words_fold(copy), wanted);
		str_append(dest, "before");
		bounce_words_fold_append(dest, copy);
		ck_assert_str_eq(str_c(dest),
				 t_strconcat("before", wanted, NULL));
	}
	i_free(copy);
	i_free(wanted);
}

static void check_places(block_check_t *check)
{
	static const char *const bases[] = {
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
		"one two three four five six seven eight nine ten b c",
		"A-b C_d E  F G-h-i  ",
	};
	static const char odd[] = " AZ@[`az{-_\n\r\t\x01\x1f\x7f\x80\xc3\xff";

	for (size_t len = 0; len <= MAX_LEN; len++) {
		for (size_t place = 0; place < I_MAX(len, 1); place++) T_BEGIN {
			for (unsigned int i = 0; i < N_ELEMENTS(bases) *
			     (sizeof(odd) - 1); i++) {
				const char *base = bases[i % N_ELEMENTS(bases)];
				char *text = i_malloc(len + 1);

				for (size_t j = 0; j < len; j++)
					text[j] = base[j % strlen(base)];
				if (len > 0)
					text[place] = odd[i / N_ELEMENTS(bases)];
				check(text, len);
				i_free(text);
			}
		} T_END;
	}
}

START_TEST(test_bytes)
{
	check_places(check_bytes);
}
END_TEST

START_TEST(test_clean)
{
	check_places(check_clean);
}
END_TEST

START_TEST(test_squeeze)
{
	check_places(check_squeeze);
}
END_TEST

START_TEST(test_fold)
{
	check_places(check_fold);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block");
	TCase *tcase = tcase_create("block");

	tcase_add_test(tcase, test_bytes);
	tcase_add_test(tcase, test_clean);
	tcase_add_test(tcase, test_squeeze);
	tcase_add_test(tcase, test_fold);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
