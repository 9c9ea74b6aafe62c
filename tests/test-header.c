/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "array.h"
#include "istream.h"
#include "istream-concat.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"

#include <ctype.h>

#define FFFD "\xef\xbf\xbd"

static pool_t pool;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
}

static void teardown(void)
{
	pool_unref(&pool);
}

static const struct {
	const char *raw, *wanted;
} values[] = {
	{ " Returned mail", "Returned mail" },
	{ "Returned mail", "Returned mail" },
	{ " two  spaces \t here ", "two spaces here" },
	{ " first\n second\n\tthird", "first second third" },
	{ "", "" },
	{ " \n ", "" },
	/* RFC 2047 */
	{ " =?utf-8?Q?Zustellung_fehlgeschlagen?=",
	  "Zustellung fehlgeschlagen" },
	{ " =?utf-8?B?WnVzdGVsbHVuZyBmw7xy?=", "Zustellung f\xc3\xbcr" },
	{ " =?iso-8859-1?Q?f=FCr?= dich", "f\xc3\xbcr dich" },
	/* with a language (RFC 2231 section 5) */
	{ " =?iso-8859-1*de?Q?f=FCr?=", "f\xc3\xbcr" },
	{ " =?utf-8*de?Q?f=C3?= =?utf-8*de?Q?=BCr?=", "f\xc3\xbcr" },
	{ " =?utf-8*?Q?f=C3=BCr?=", "f\xc3\xbcr" },
	{ " =?utf-8?q?one?= =?utf-8?q?two?=", "onetwo" },
	{ " =?utf-8?q?one?=\n =?utf-8?q?two?=", "onetwo" },
	{ " =?utf-8?q?one?= and =?utf-8?q?two?=", "one and two" },
	{ " =?utf-8?q?one?= =?iso-8859-1?q?=FCr?=", "one\xc3\xbcr" },
	/* a character of three bytes in two words; padding ends a word */
	{ " =?utf-8?Q?=E9=80?= =?utf-8?Q?=81=E4=BF=A1?=",
	  "\xe9\x80\x81\xe4\xbf\xa1" },
	{ " =?UTF-8?B?6YCB5L8=?=\n =?utf-8?B?oQ==?=",
	  "\xe9\x80\x81" FFFD },
	{ " =?UTF-8?B?6YCB?=\n =?utf-8?B?5L+h?=",
	  "\xe9\x80\x81\xe4\xbf\xa1" },
	{ " =?UTF-8?B?6YCB5L+h?=\n =?UTF-8?B?5aSx6LSl?=\n"
	  " =?UTF-8?B?4oCm?=",
	  "\xe9\x80\x81\xe4\xbf\xa1\xe5\xa4\xb1\xe8\xb4\xa5\xe2\x80\xa6" },
	/* a word of four, cut after a whole number of groups */
	{ " =?utf-8?B?6YCB5L+h5aSx?= =?utf-8?B?6LSl?= x",
	  "\xe9\x80\x81\xe4\xbf\xa1\xe5\xa4\xb1\xe8\xb4\xa5 x" },
	/* no encoded words */
	{ " =?utf-8?Q?not closed", "=?utf-8?Q?not closed" },
	{ " =?utf-8?", "=?utf-8?" },
	{ " =?utf-8?Q", "=?utf-8?Q" },
	{ " =?utf-8?Q?", "=?utf-8?Q?" },
	{ " =??Q?x?=", "x" },
	{ " =?=", "=?=" },
	{ " =?utf-8?*?x?=", "=?utf-8?*?x?=" },
	{ " a =? b ?= c", "a =? b ?= c" },
	/* 8-bit as it should not be, and as it may be (RFC 6532) */
	{ " f\xfcr", "f" FFFD "r" },
	{ " f\xc3\xbcr", "f\xc3\xbcr" },
	{ " a\x01" "b\x7f" "c", "a b c" },
	{ " =?utf-8?Q?a=0D=0AX-Evil:_b=00c?=", "a X-Evil: b c" },
	/* a local part that looks encoded is the address */
	{ " =?utf-8?Q?b=6Fb?=@example.org", "=?utf-8?Q?b=6Fb?=@example.org" },
};

START_TEST(test_value)
{
	ARRAY_TYPE(bounce_header) headers;
	const char *raw = values[_i].raw;

	bounce_header_split(pool, t_strconcat("Subject:", raw, "\n", NULL),
			    NULL, &headers);
	ck_assert_uint_eq(array_count(&headers), 1);
	ck_assert_pstr_eq(bounce_header_find(&headers, "subject"),
			  values[_i].wanted);
	/* the same between others, and without the last line's end */
	bounce_header_split(pool, t_strconcat("A: b\nSubject:", raw,
					      "\nC: d", NULL), NULL, &headers);
	ck_assert_uint_eq(array_count(&headers), 3);
	ck_assert_pstr_eq(bounce_header_find(&headers, "Subject"),
			  values[_i].wanted);
	ck_assert_pstr_eq(bounce_header_find(&headers, "c"), "d");
}
END_TEST

/* Names as they come, separated by commas. */
static const struct {
	const char *block, *names;
} blocks[] = {
	{ "", "" },
	{ "\n", "" },
	{ "A: b\n\nC: d\n", "A,C" },
	{ "A: b\nno field\nC: d\n", "A,C" },
	{ "From someone@example.org Thu Jan  1 00:00:00 1970\nTo: bob\n",
	  "To" },
	{ " a continued line of nothing\nTo: bob\n", "To" },
	/* RFC 5322 section 4.5 */
	{ "To : bob\nCc\t: eve\n", "To,Cc" },
	{ "To whom : bob\nCc: eve\n", "Cc" },
	{ ": empty\nTo: bob\n", "To" },
	{ "To:bob\n", "To" },
	{ "To:\n", "To" },
	{ "To:", "To" },
	{ "T\xc3\xb6: bob\nCc: eve\n", "Cc" },
	{ "To: bob\n  Cc: not a field\nBcc: eve\n", "To,Bcc" },
	{ "a: 1\nA: 2\n", "a,A" },
};

START_TEST(test_split)
{
	ARRAY_TYPE(bounce_header) headers;
	const struct bounce_header *header;
	string_t *names = t_str_new(32);
	size_t size;
	unsigned char *copy = bounce_test_bytes(blocks[_i].block, &size);
	char *block = i_strndup(copy, size);

	bounce_header_split(pool, block, NULL, &headers);
	array_foreach(&headers, header) {
		if (str_len(names) > 0)
			str_append_c(names, ',');
		str_append(names, header->name);
		ck_assert_ptr_nonnull(header->value);
	}
	ck_assert_str_eq(str_c(names), blocks[_i].names);
	i_free(block);
	i_free(copy);
}
END_TEST

START_TEST(test_named)
{
	static const char *const names[] = { "To", "Subject", NULL };
	ARRAY_TYPE(bounce_header) headers;

	bounce_header_split(pool, "To: a\nTon: b\nT: c\nsubject: d\n e\nTo: f\n",
			    names, &headers);
	ck_assert_uint_eq(array_count(&headers), 3);
	ck_assert_pstr_eq(bounce_header_find(&headers, "To"), "a");
	ck_assert_pstr_eq(bounce_header_find(&headers, "Subject"), "d e");
	ck_assert_ptr_null(bounce_header_find(&headers, "Ton"));
	ck_assert_ptr_null(bounce_header_find(&headers, "T"));
}
END_TEST

START_TEST(test_find)
{
	ARRAY_TYPE(bounce_header) headers;

	bounce_header_split(pool, "To: first\nto: second\n", NULL, &headers);
	ck_assert_pstr_eq(bounce_header_find(&headers, "TO"), "first");
	ck_assert_ptr_null(bounce_header_find(&headers, "Cc"));
	ck_assert_ptr_null(bounce_header_find(&headers, "T"));
}
END_TEST

static const struct {
	const char *value, *wanted;	/* separated by spaces */
} addresses[] = {
	{ "bob@example.org", "bob@example.org" },
	{ "<bob@example.org>", "bob@example.org" },
	{ "Bob <bob@example.org>", "bob@example.org" },
	{ "\"Smith, Bob\" <bob@example.org>", "bob@example.org" },
	{ "bob@example.org (Bob)", "bob@example.org" },
	{ "Bob@Example.ORG", "Bob@example.org" },
	{ "a@example.org, B <b@example.org>,c@example.org",
	  "a@example.org b@example.org c@example.org" },
	{ "friends: a@example.org, b@example.org;",
	  "a@example.org b@example.org" },
	{ "undisclosed-recipients:;", "" },
	{ "bob", "" },
	{ "bob@", "" },
	{ "@example.org", "" },
	{ "<>", "" },
	{ "", "" },
	{ "Mail Delivery Subsystem <MAILER-DAEMON>", "" },
	{ "MAILER-DAEMON, bob@example.org", "bob@example.org" },
	{ "bob@[192.0.2.1]", "bob@[192.0.2.1]" },
	/* nearly what most look like */
	{ "Bob Doe <bob.doe+x_y=z@mail-1.example.org>",
	  "bob.doe+x_y=z@mail-1.example.org" },
	{ " Bob<bob@example.org>", "bob@example.org" },
	{ "Bob <Bob@Example.org>", "Bob@example.org" },
	{ "Bob <bob@example.org> x", "bob@example.org" },
	{ "Bob <bob@example.org", "bob@example.org" },
	{ "Bob bob@example.org", "" },
	{ "Bob <>", "" },
	{ "Bob <bob>", "" },
	{ "Bob <bob@>", "" },
};

/* From 2.4.5 on Dovecot does it, before it did not. */
static const char *t_lcase_domains(const char *addresses)
{
	char *ret = t_strdup_noconst(addresses);
	bool domain = FALSE;

	for (char *p = ret; *p != '\0'; p++) {
		domain = *p == '@' || (domain && *p != ' ');
		if (domain)
			*p = i_tolower(*p);
	}
	return ret;
}

START_TEST(test_addresses)
{
	ARRAY_TYPE(const_string) list;
	const char *wanted = addresses[_i].wanted;

	p_array_init(&list, pool, 4);
	bounce_header_addresses(pool, addresses[_i].value, &list);
	ck_assert_str_eq(t_lcase_domains(
		t_array_const_string_join(&list, " ")), wanted);
	if (*wanted == '\0') {
		ck_assert_ptr_null(bounce_header_address(pool,
			addresses[_i].value));
	} else {
		ck_assert_str_eq(t_lcase_domains(bounce_header_address(pool,
			addresses[_i].value)), t_strcut(wanted, ' '));
	}
}
END_TEST

START_TEST(test_author)
{
	static const struct {
		const char *header, *author;
	} tests[] = {
		{ "From: a@example.org\n", "a@example.org" },
		{ "From: Ann <a@example.org>\n", "a@example.org" },
		{ "Subject: x\n", NULL },
		{ "From: a@example.org, b@example.org\n", NULL },
		{ "From: a@example.org,\n <b@example.org>\n", NULL },
		{ "From: list: a@example.org, b@example.org;\n", NULL },
		{ "From: list: a@example.org;\n", NULL },
		{ "From: a@example.org\nfrom: b@example.org\n", NULL },
		{ "From: a@example.org\nSubject: x\nFROM: a@example.org\n",
		  NULL },
		{ "From: a\n", NULL }, { "From:\n", NULL },
		{ "From: <>\n", NULL },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *text = t_strconcat(tests[i].header, "\n", NULL);
		struct istream *input = i_stream_create_from_data(text,
							strlen(text));
		struct bounce_message *message;

		ck_assert_int_eq(bounce_message_read_header(input, pool,
							    &message), 0);
		ck_assert_msg(null_strcmp(bounce_message_author(message, pool),
					  tests[i].author) == 0, "%s",
			      tests[i].header);
		i_stream_unref(&input);
	}
}
END_TEST

START_TEST(test_addresses_null)
{
	ARRAY_TYPE(const_string) list;

	p_array_init(&list, pool, 4);
	bounce_header_addresses(pool, NULL, &list);
	ck_assert_uint_eq(array_count(&list), 0);
	ck_assert_ptr_null(bounce_header_address(pool, NULL));
}
END_TEST

START_TEST(test_limits)
{
	ARRAY_TYPE(bounce_header) headers;
	ARRAY_TYPE(const_string) list;
	string_t *text = t_str_new(BOUNCE_MAX_LINE * 2);
	const char *value;
	unsigned int i;

	/* a value that is too long, cut at a character */
	str_append(text, "Subject: x");
	while (str_len(text) < BOUNCE_MAX_LINE * 2)
		str_append(text, "\xc3\xbc");
	bounce_header_split(pool, str_c(text), NULL, &headers);
	value = bounce_header_find(&headers, "Subject");
	ck_assert_uint_eq(strlen(value), BOUNCE_MAX_LINE - 1);
	ck_assert_int_eq((unsigned char)value[strlen(value) - 1], 0xbc);

	/* an address that is too long is none */
	p_array_init(&list, pool, 4);
	str_truncate(text, 0);
	for (i = 0; i < BOUNCE_MAX_ADDRESS - strlen("@example.org"); i++)
		str_append_c(text, 'a');
	value = t_strconcat(str_c(text), "@example.org", NULL);
	bounce_header_addresses(pool, value, &list);
	ck_assert_uint_eq(array_count(&list), 1);
	bounce_header_addresses(pool, t_strconcat("a", value, NULL), &list);
	ck_assert_uint_eq(array_count(&list), 1);

	/* many addresses */
	str_truncate(text, 0);
	for (i = 0; i < BOUNCE_MAX_RECIPIENTS * 3; i++)
		str_printfa(text, "u%u@example.org,", i);
	p_array_init(&list, pool, 4);
	bounce_header_addresses(pool, str_c(text), &list);
	ck_assert_uint_eq(array_count(&list), BOUNCE_MAX_RECIPIENTS);
}
END_TEST

/* In pieces of so many bytes, and the rest. */
static struct istream *header_stream(const string_t *mail, size_t piece)
{
	struct istream *inputs[5] = { NULL }, *input;
	const unsigned char *data = str_data(mail);
	size_t used = 0, size, i;

	for (i = 0; i < 4; i++, used += size) {
		size = i == 3 ? str_len(mail) - used :
			I_MIN(piece, str_len(mail) - used);
		inputs[i] = i_stream_create_from_data(data + used, size);
	}
	input = i_stream_create_concat(inputs);
	for (i = 0; i < 4; i++)
		i_stream_unref(&inputs[i]);
	return input;
}

static void header_assert_alike(const struct bounce_message *message,
				const struct bounce_message *slow)
{
	const struct bounce_header *one, *other;
	unsigned int i, count, others;

	one = array_get(&message->headers, &count);
	other = array_get(&slow->headers, &others);
	ck_assert_uint_eq(count, others);
	for (i = 0; i < count; i++) {
		ck_assert_str_eq(one[i].name, other[i].name);
		ck_assert_str_eq(one[i].value, other[i].value);
		ck_assert_ptr_nonnull(bounce_message_header(message,
							    one[i].name));
	}
	ck_assert_pstr_eq(message->content_type, slow->content_type);
	ck_assert_int_eq(message->may_prove, slow->may_prove);
	ck_assert_int_eq(message->truncated, slow->truncated);
}

/* By Dovecot's parser, and by ours however the stream is cut. */
static void header_assert_same(const string_t *mail)
{
	const size_t pieces[] = { str_len(mail), 1, 7, str_len(mail) / 3 };
	struct istream *input = header_stream(mail, str_len(mail));
	struct bounce_message *message, *slow;

	ck_assert_int_eq(bounce_message_parse_header(input, pool, &slow), 0);
	i_stream_unref(&input);
	for (unsigned int i = 0; i < N_ELEMENTS(pieces); i++) {
		input = header_stream(mail, pieces[i]);
		ck_assert_int_eq(bounce_message_read_header(input, pool,
							    &message), 0);
		header_assert_alike(message, slow);
		i_stream_unref(&input);
	}
}

/* At once or line by line: whatever a header is made of. */
START_TEST(test_header_ways)
{
	static const char *const pieces[] = {
		"From", "from", "SUBJECT", "X-Failed-Recipients", "X-A", "x",
		"References", "Authentication-Results", "Content-Type", "Received",
		": ", ":", ": ", " :", "a@example.org", "text/plain; x=y", "=?utf-8?q?",
		"=C3=BC?=", "\xc3\xbc", "\xc3", "\xff", " ", "\t", "\r", "\r\r\n", "\x01",
		"\x7f", "\n", "\r\n", "\n", "\r\n", "\n ", "\r\n\t", "\nTo: ",
		"\nFrom: ", "\nMessage-ID: <", "\n\n", "\r\n\r\n"
	};
	string_t *mail = t_str_new(1024);
	unsigned int state = 1;

	for (unsigned int n = 0; n < 4000; n++) T_BEGIN {
		str_truncate(mail, 0);
		for (unsigned int i = n % 25 + 1; i > 0; i--) {
			state = state * 1103515245 + 12345;
			if ((state >> 16) % 200 == 0)
				str_append_c(mail, '\0');
			str_append(mail, pieces[(state >> 16) %
						N_ELEMENTS(pieces)]);
		}
		str_append(mail, "\n\nbody\n");
		header_assert_same(mail);
	} T_END;
}
END_TEST

START_TEST(test_header_long)
{
	string_t *mail = t_str_new(BOUNCE_MAX_HEADER * 2);
	struct bounce_message *message;
	struct istream *input;

	for (unsigned int i = 0; str_len(mail) < 12000; i++)
		str_printfa(mail, "Received: from mx%u.example.net\r\n", i);
	str_append(mail, "Subject: failure\r\n\r\n");
	header_assert_same(mail);
	str_truncate(mail, str_len(mail) - 2);
	while (str_len(mail) < BOUNCE_MAX_HEADER + 20000)
		str_append(mail, "To: someone@example.org\n");
	str_append(mail, "\n");
	header_assert_same(mail);
	input = header_stream(mail, 1);
	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert(message->truncated);
	i_stream_unref(&input);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("header");
	TCase *tcase = tcase_create("header");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_value, 0, N_ELEMENTS(values));
	tcase_add_loop_test(tcase, test_split, 0, N_ELEMENTS(blocks));
	tcase_add_test(tcase, test_named);
	tcase_add_test(tcase, test_find);
	tcase_add_loop_test(tcase, test_addresses, 0, N_ELEMENTS(addresses));
	tcase_add_test(tcase, test_author);
	tcase_add_test(tcase, test_addresses_null);
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_header_ways);
	tcase_add_test(tcase, test_header_long);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
