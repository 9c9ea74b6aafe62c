/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The parts of a mail that is in memory: as Dovecot's parser finds them, which is asked
   where they are written in a strange way. */

#include "bounce-test-mail.h"
#include "istream.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"

#include <glob.h>

#define MIXED(boundary) "Content-Type: multipart/mixed; boundary=" boundary "\n\n"
#define PART(boundary) "--" boundary "\nContent-Type: text/plain\n\n"
#define MAIL(boundary) "--" boundary "\nContent-Type: message/rfc822\n\n"

#define SAMPLES BOUNCE_TEST_RULES "/../../tests/samples/*.eml"

static pool_t pool;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
}

static void teardown(void)
{
	pool_unref(&pool);
}

static void count_block(struct message_block *block ATTR_UNUSED, void *context)
{
	unsigned int *count = context;

	(*count)++;
}

/* Is the mail one that is not left to Dovecot's parser? */
static bool is_split(const char *mail)
{
	unsigned int count = 0;

	return bounce_message_split(pool, (const unsigned char *)mail,
				    strlen(mail), count_block, &count);
}

static const struct {
	/* it is left to Dovecot's parser */
	bool left;
	const char *mail, *text, *returned;
} mails[] = {
	{ FALSE, "Subject: x\n\nwords", "words", "" },
	/* the end of a header is no line of the body */
	{ FALSE, MIXED("\"a\"") "\n--a\n\nfirst\n--a\n\nsecond\n--a--\n",
	  "first\nsecond", "" },
	/* quoted, folded, in another case, behind other words */
	{ FALSE, "content-type: Multipart/Report;\n report-type=delivery-status;\n"
	  "\tBOUNDARY=\"a b\"\n\n" PART("a b") "words\n--a b--\n", "words",
	  "" },
	{ FALSE, "Content-Type: multipart/mixed; boundary*0=\"a\"; boundary*1=\"b\"\n\n"
	  PART("ab") "words\n--ab--\n", "words", "" },
	{ FALSE, "Content-Type: multipart/mixed; x=\"; boundary=b\"; boundary=a\n\n"
	  PART("a") "words\n--a--\n", "words", "" },
	{ FALSE, "Content-Type: multipart/mixed (boundary=\"b\"); boundary=\"a\"\n\n"
	  PART("a") "words\n--a--\n", "words", "" },
	/* its boundary begins as another one */
	{ FALSE, MIXED("a") "--a\n" MIXED("ab") PART("ab") "in\n--ab\n\nnext\n--ab--\n"
	  "--a\n\nout\n--a--\n", "in\nnext\nout", "" },
	{ FALSE, MIXED("ab") "--ab\n" MIXED("a") PART("a") "in\n--a--\n--ab\n\nout\n"
	  "--ab--\n", "in\nout", "" },
	/* "a--" ends a, whoever is called that */
	{ FALSE, MIXED("a--") "--a--\n" MIXED("a") PART("a") "in\n--a--\nnobody\n"
	  "--a----\n", "in", "" },
	/* ended by what is around it, in a body and in a header */
	{ FALSE, MIXED("a") "--a\n" MIXED("b") PART("b") "in\n--a\n\nout\n--a--\n",
	  "in\nout", "" },
	{ FALSE, MIXED("a") MAIL("a") "From: a@example.org\n--a\n\nout\n--a--\n",
	  "out", "From: a@example.org\n" },
	{ FALSE, MIXED("a") MAIL("a") "--a\n\nout\n--a--\n", "out", "" },
	/* the first part has no empty line, the last no boundary, nor line end */
	{ FALSE, MIXED("a") "--a\nContent-Type: text/plain\n--a\n\nwords\n--a",
	  "words", "" },
	{ FALSE, MIXED("a") PART("a") "words", "words", "" },
	{ FALSE, MIXED("a") "--a", "", "" },
	{ FALSE, MIXED("a") "--a--", "", "" },
	{ FALSE, MIXED("a") "--a--\nwords\n", "words\n", "" },
	{ FALSE, MIXED("a") "no part at all\n", "no part at all\n", "" },
	{ FALSE, "Content-Type: multipart/mixed\n\n--a\n\nwords\n", "--a\n\nwords\n", "" },
	/* not ended */
	{ FALSE, "Content-Type: multipart/mixed; boundary=a", "", "" },
	{ FALSE, MIXED("a") MAIL("a"), "", "" },
	{ FALSE, MIXED("a") MAIL("a") "From: a@example.org", "",
	  "From: a@example.org\n" },
	{ FALSE, "Content-Type: multipart/digest; boundary=a\n\n--a\n\n"
	  "From: a@example.org\n\nwords\n--a--\n", "", "From: a@example.org\n" },
	/* the first of two, and one without words */
	{ FALSE, "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=a\n"
	  "\n--a\n\nwords\n", "--a\n\nwords\n", "" },
	{ FALSE, "Content-Type:\nContent-Type: multipart/mixed; boundary=a\n"
	  "\n--a\n\nwords\n", "--a\n\nwords\n", "" },
	{ TRUE, MIXED("a") MAIL("a") "Fr\xc3\xb6m: a\nTo: a@example.org\n\n--a--\n",
	  "", "To: a@example.org\n" },
	{ TRUE, MIXED("a") MAIL("a") "From: a@example.org\nTo: a\rb\n\n--a--\n",
	  "", "From: a@example.org\nTo: a\nb\n" },
	{ TRUE, MIXED("a1234567890123456789012345678901234567890123456789"
		"123456789012345678901")
	  PART("a1234567890123456789012345678901234567890123456789"
	       "123456789012345678901") "words\n", "words\n", "" },
	{ TRUE, MIXED("a") "--a\nContent-A: 1\nContent-A: 2\nContent-A: 3\n"
	  "Content-A: 4\nContent-A: 5\nContent-A: 6\nContent-A: 7\n"
	  "Content-A: 8\nContent-A: 9\n\nwords\n--a--\n", "words", "" },
};

START_TEST(test_mails)
{
	struct bounce_message *message;

	for (unsigned int i = 0; i < N_ELEMENTS(mails); i++) T_BEGIN {
		message = bounce_test_message(pool, mails[i].mail);
		ck_assert_msg(strcmp(message->text, mails[i].text) == 0,
			      "%u: %s", i, message->text);
		ck_assert_msg(strcmp(message->returned, mails[i].returned) == 0,
			      "%u: %s", i, message->returned);
		ck_assert_int_eq(is_split(mails[i].mail), !mails[i].left);
		message = bounce_test_message(pool,
					bounce_test_crlf(mails[i].mail));
		ck_assert_msg(strcmp(message->text, mails[i].text) == 0,
			      "%u with CR LF: %s", i, message->text);
	} T_END;
}
END_TEST

/* Far below Dovecot's limits, and above them. */
START_TEST(test_limits)
{
	string_t *deep = t_str_new(4096), *wide = t_str_new(4096);
	string_t *header = t_str_new(BOUNCE_MAX_HEADER + 64);

	str_append(wide, MIXED("a"));
	for (unsigned int i = 0; i < BOUNCE_MAX_MIME_PARTS + 2; i++) {
		str_printfa(deep, "Content-Type: multipart/mixed; "
			    "boundary=b%u\n\n--b%u\n", i, i);
		str_printfa(wide, "--a\n\n%u\n", i);
		(void)bounce_test_message(pool, str_c(deep));
		(void)bounce_test_message(pool, str_c(wide));
	}
	ck_assert(!is_split(str_c(deep)));
	ck_assert(!is_split(str_c(wide)));
	str_append(header, "Content-Type: message/rfc822\n\nX-Long: ");
	while (str_len(header) < BOUNCE_MAX_HEADER + 32)
		str_append(header, "words ");
	str_append(header, "\nFrom: a@example.org\n\nwords\n");
	(void)bounce_test_message(pool, str_c(header));
	ck_assert(!is_split(str_c(header)));
}
END_TEST

/* A stream gives a mail in pieces, each less than the mail. */
START_TEST(test_pieces)
{
	const char *mail = MIXED("a") PART("a") "some words\n" MAIL("a")
		"From: a@example.org\nSubject: other words\n\n--a--\n";
	struct bounce_message *whole = bounce_test_message(pool, mail), *message;
	struct istream *input;

	for (size_t piece = 20; piece < strlen(mail); piece += 7) {
		input = bounce_test_stream_pieces(mail, strlen(mail), piece);
		ck_assert_int_eq(bounce_message_read_header(input, pool,
							    &message), 0);
		ck_assert_int_eq(bounce_message_read_body(message, input), 0);
		bounce_test_message_alike(message, whole);
		i_stream_unref(&input);
	}
}
END_TEST

static const char *read_mail(const char *path)
{
	struct istream *input = i_stream_create_file(path, SIZE_MAX);
	string_t *mail = t_str_new(4096);
	const unsigned char *data;
	size_t size;

	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(mail, data, size);
		i_stream_skip(input, size);
	}
	ck_assert_int_eq(input->stream_errno, 0);
	i_stream_unref(&input);
	return str_c(mail);
}

/* The mails of the other tests. */
START_TEST(test_samples)
{
	unsigned int count = 0, left = 0;
	const char *mail;
	glob_t found;

	ck_assert_int_eq(glob(SAMPLES, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) T_BEGIN {
		mail = read_mail(found.gl_pathv[i]);
		(void)bounce_test_message(pool, mail);
		if (!is_split(mail))
			left++;
		count++;
	} T_END;
	globfree(&found);
	ck_assert_int_gt(count, 100);
	/* they are what it is for */
	ck_assert_int_lt(left * 20, count);
}
END_TEST

#define BLANKS \
	"                                                                           "

/* What quoted-printable is for Dovecot's decoder, too. */
START_TEST(test_quoted_printable)
{
	static const struct {
		const char *body, *text;
	} bodies[] = {
		{ "a=3Db", "a=b" },
		{ "a=3db=\nc \t\nd \t", "a=bc\nd" },
		{ "a= \t\nb=", "ab" },
		{ "a=0D=0Ab\n=0A", "a\nb\n\n" },
		{ "caf=C3=A9", "caf\xc3\xa9" },
		/* none */
		{ "a=4", "a" },
		{ "a=3Gb", "a=3Gb" },
		{ "a=\rb\n", "a=\nb\n" },
		{ "a\rb\n", "a\nb\n" },
		{ "a==3D", "a==" },
		{ "a=4=41=\n=\nb", "a=4Ab" },
		{ "a= =41 =", "a= A " },
		{ "=4 \n=G\n= b\n", "=4\n=G\n= b\n" },
		{ "a=G", "a=G" },
		{ "a==", "a=" },
		{ "a =4 ", "a =4" },
		{ "caf=E9 au lait", "caf\xef\xbf\xbd au lait" },
		/* a line of more than 76 bytes */
		{ "123456789 123456789 123456789 123456789 123456789 "
		  "123456789 123456789=20 123456789",
		  "123456789 123456789 123456789 123456789 123456789 "
		  "123456789 123456789  123456789" },
		/* and one with more blanks together */
		{ "a" BLANKS "b", "a" BLANKS "b" },
		{ "a" BLANKS BLANKS "b", "a" BLANKS "  b" },
		{ "a" BLANKS "  ", "a" },
	};
	struct bounce_message *message;

	for (unsigned int i = 0; i < N_ELEMENTS(bodies); i++) T_BEGIN {
		message = bounce_test_message(pool, t_strconcat(
			"Content-Type: text/plain; charset=utf-8\n"
			"Content-Transfer-Encoding: quoted-printable\n\n",
			bodies[i].body, NULL));
		ck_assert_msg(strcmp(message->text, bodies[i].text) == 0,
			      "%u: %s", i, message->text);
	} T_END;
}
END_TEST

/* Each as a report's text, plain or quoted-printable. */
START_TEST(test_charsets)
{
	static const struct {
		const char *type, *body, *text;
	} bodies[] = {
		{ "charset=iso-8859-1", "f\xfcr", "f\xc3\xbcr" },
		{ "charset=\"ISO-8859-15\"", "\xa4", "\xe2\x82\xac" },
		{ "charset=us-ascii", "f\xfcr f\xc3\xbcr",
		  "f\xef\xbf\xbdr f\xc3\xbcr" },
		{ "charset=utf-8", "cut \xc3", "cut " },
		{ "charset=euc-jp", "\xc5\xc5 cut \xc5", "\xe9\x9b\xbb cut " },
		{ "charset=iso-2022-jp; format=flowed", "\x1b$BEE;R\x1b(B a",
		  "\xe9\x9b\xbb\xe5\xad\x90 a" },
		{ "charset=utf-7", "M+APw-ller + 1", "M\xc3\xbcller  1" },
		{ "charset=unknown-8bit", "f\xffr", "f\xef\xbf\xbdr" },
		{ "charset=x; charset=iso-8859-1", "f\xffr",
		  "f\xef\xbf\xbdr" },
		/* names none */
		{ "`charset=utf-7", "M+APw-ller", "M+APw-ller" },
		{ "name=\"charset=utf-7\"", "M+APw-ller", "M+APw-ller" },
		{ "charset=a-name-of-more-than-thirty-two-bytes-12345",
		  "f\xffr", "f\xef\xbf\xbdr" },
	};
	struct bounce_message *message;

	for (unsigned int i = 0; i < N_ELEMENTS(bodies) * 2; i++) T_BEGIN {
		message = bounce_test_message(pool, t_strconcat(
			"Content-Type: text/plain; ", bodies[i / 2].type,
			i % 2 == 0 ? "" : "\nContent-Transfer-Encoding: "
			"quoted-printable", "\n\n", bodies[i / 2].body, NULL));
		ck_assert_msg(strcmp(message->text, bodies[i / 2].text) == 0,
			      "%u: %s", i, message->text);
	} T_END;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("split");
	TCase *tcase = tcase_create("split");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_mails);
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_pieces);
	tcase_add_test(tcase, test_samples);
	tcase_add_test(tcase, test_quoted_printable);
	tcase_add_test(tcase, test_charsets);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
