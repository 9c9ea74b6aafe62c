/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test-mail.h"
#include "array.h"
#include "istream.h"
#include "istream-concat.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"

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

/* What stands before the body. */
#define PLAIN "From: MAILER-DAEMON@mx.example.org\nSubject: failure\n\n"
#define MIXED "MIME-Version: 1.0\n" \
	"Content-Type: multipart/mixed; boundary=b1\n\n"
#define REPORT "MIME-Version: 1.0\n" \
	"Content-Type: multipart/report; report-type=delivery-status;\n" \
	"\tboundary=\"b1\"\n\n"
#define PART(type) "--b1\nContent-Type: " type "\n\n"
#define END "--b1--\n"
#define STATUS "Reporting-MTA: dns; mx.example.org\n\n" \
	"Final-Recipient: rfc822; bob@example.org\n" \
	"Action: failed\nStatus: 5.1.1\n"
#define RETURNED "From: alice@example.com\nTo: bob@example.org\n" \
	"Subject: hello\n"

static const struct {
	const char *mail;
	/* NULL = "" */
	const char *text, *status, *returned;
	const char *inner_status, *disposition, *feedback;
} shapes[] = {
	/* no MIME */
	{ PLAIN "words\n", .text = "words\n" },
	{ PLAIN "no end", .text = "no end" },
	{ PLAIN, .text = NULL },
	{ "Subject: no body", .text = NULL },
	{ "Subject: no body\n", .text = NULL },
	{ "", .text = NULL },
	{ "\nno header\n", .text = "no header\n" },
	{ "Content-Type: text\n\nwords\n", .text = "words\n" },
	{ "Content-Type: \n\nwords\n", .text = "words\n" },
	{ "Content-Type: ;;;\n\nwords\n", .text = "words\n" },
	/* the returned mail in parts that the parser does not take for one */
	{ MIXED PART("message/global") RETURNED "\nFrom: x\n" END,
	  .returned = RETURNED },
	{ MIXED PART("text/rfc822") "\n From: a@b\n Subject: x\n  y\n\n Z: z\n"
	  END, .returned = "From: a@b\nSubject: x\n y\n" },
	{ MIXED PART("message/rfc822") "\n" RETURNED "\nwords\n" END,
	  .returned = RETURNED },
	/* a blank before the colon (RFC 5322, section 4.5) */
	{ MIXED PART("message/rfc822") "From : alice@example.com\n" RETURNED
	  "\nwords\n" END,
	  .returned = "From : alice@example.com\n" RETURNED },
	{ MIXED "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Disposition: attachment; filename=\"old.eml\"\n\n"
	  RETURNED "\nwords\n" END, .returned = RETURNED },
	{ MIXED PART("application/octet-stream") RETURNED END,
	  .returned = NULL },
	{ MIXED "--b1\nContent-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: base64\n\n"
	  "RnJvbTogYWxpY2VAZXhhbXBsZS5jb20KVG86IGJvYkBleGFtcGxlLm9yZwpT\n"
	  "dWJqZWN0OiBoZWxsbwoKd29yZHMK\n"
	  END, .returned = RETURNED },
	{ MIXED "--b1\nContent-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n"
	  "From: alice=40exam=\nple.com\nTo: bob@example.org\n"
	  "Subject: hello\n\nwords\n" END, .returned = RETURNED },
	{ MIXED "--b1\nContent-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: base64\n\n*\n" END, .returned = NULL },
	/* encodings */
	{ "Content-Transfer-Encoding: quoted-printable\n\n"
	  "f=C3=BCr lang=\ne Zeilen\n", .text = "f\xc3\xbcr lange Zeilen\n" },
	{ "Content-Transfer-Encoding: base64\n\nd29y\nZHMK\n",
	  .text = "words\n" },
	{ "Content-Transfer-Encoding: base64\n\nnot?base64\n",
	  .text = FFFD },
	{ "Content-Type: text/plain; charset=iso-8859-1\n\nf\xfcr\n",
	  .text = "f\xc3\xbcr\n" },
	{ "Content-Type: text/plain; charset=\"ISO-8859-1\"\n"
	  "Content-Transfer-Encoding: quoted-printable\n\nf=FCr\n",
	  .text = "f\xc3\xbcr\n" },
	{ "Content-Type: text/plain; charset=x-nobody-knows\n\n"
	  "f\xfcr alle\n", .text = "f" FFFD "r alle\n" },
	{ PLAIN "f\xfcr alle\n", .text = "f" FFFD "r alle\n" },
	{ PLAIN "f\xc3\xbcr\n", .text = "f\xc3\xbcr\n" },
	{ PLAIN "esc\x1b[1m del\x7f tab\t.\n",
	  .text = "esc [1m del  tab\t.\n" },
	/* ASCII is not ASCII everywhere, nor is the last letter the last */
	{ "Content-Type: text/plain; charset=utf-7\n\nf+APw-r\n",
	  .text = "f\xc3\xbcr\n" },
	{ "Content-Type: text/plain; x=charset; charset=utf-7\n\nf+APw-r\n",
	  .text = "f\xc3\xbcr\n" },
	{ "Content-Type: text/plain; charset=iso-2022-jp\n\n"
	  "\x1b$B$3\x1b(B.\n", .text = "\xe3\x81\x93.\n" },
	{ "Content-Type: text/plain; charset=windows-1258\n\na\xec.\n",
	  .text = "\xc3\xa1.\n" },
	{ "Content-Type: text/plain; charset=windows-1252\n\n"
	  "one line\n\x84two\x93 lines\n",
	  .text = "one line\n\xe2\x80\x9etwo\xe2\x80\x9c lines\n" },
	/* a header that says two things, or what nobody knows */
	{ "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64"
	  "\n\nd29yZHMK\n", .text = "words\n" },
	{ "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit"
	  "\n\nd29yZHMK\n", .text = "d29yZHMK\n" },
	{ "Content-Transfer-Encoding: x-nobody-knows\n\nwords\n",
	  .text = NULL },
	{ "Content-Transfer-Encoding:\n 8bit\n\nwords\n",
	  .text = "words\n" },
	{ MIXED "--b1\nContent-Type: text/plain;\n\tcharset=\"iso-8859-1\"\n\n"
	  "one\n" PART("text/plain") "f\xc3\xbcr\n" END,
	  .text = "one\nf\xc3\xbcr" },
	/* HTML */
	{ "Content-Type: text/html\n\n<html><body><p>Not <b>delivered</b></p>"
	  "<p>bob@example.org</p></body></html>\n",
	  .text = "\n\n\nNot delivered \n\nbob@example.org \n" },
	/* lines of the source and of the tags; controls */
	{ "Content-Type: text/html\n\n<div>one<BR/>two<br>\nthree</div>\n"
	  "<p>four<pre>five<br>six</pre><path>&#1;&#10;seven",
	  .text = "\none\ntwo \nthree \n\nfour\nfive\nsix  \nseven" },
	/* tags that never end */
	{ "Content-Type: text/html\n\none<br", .text = "\none" },
	{ "Content-Type: text/html\n\none<!-- two", .text = "\none" },
	{ "Content-Type: text/html\n\n<b", .text = "\n" },
	{ "Content-Type: text/html; charset=utf-8\n\n"
	  "f&uuml;r &lt;bob@example.org&gt;<br>f\xc3\xbcr",
	  .text = "\nf\xc3\xbcr <bob@example.org>\nf\xc3\xbcr" },
	/* the plain words name somebody: no need of the others */
	{ "Content-Type: multipart/alternative; boundary=b1\n\n"
	  PART("text/plain") "to bob@example.org\n"
	  PART("text/html") "<p>to eve@example.org</p>\n" END,
	  .text = "to bob@example.org" },
	{ "Content-Type: multipart/alternative; boundary=b1\n\n"
	  PART("text/plain") "see below\n"
	  PART("text/html") "<p>to eve@example.org</p>\n" END,
	  .text = "see below\nto eve@example.org " },

	/* RFC 3464 */
	{ REPORT PART("text/plain") "words\n\n"
	  PART("message/delivery-status") STATUS "\n"
	  PART("message/rfc822") RETURNED "\nhello Bob\n" END,
	  .text = "words\n", .status = STATUS, .returned = RETURNED },
	{ REPORT PART("text/plain") "words\n\n"
	  PART("message/delivery-status") STATUS "\n"
	  PART("text/rfc822-headers") RETURNED "\n" END,
	  .text = "words\n", .status = STATUS, .returned = RETURNED },
	{ REPORT PART("message/delivery-status") STATUS "\n"
	  PART("message/rfc822-headers") RETURNED "\n" END,
	  .status = STATUS, .returned = RETURNED },
	/* RFC 6533 */
	{ REPORT PART("message/global-delivery-status")
	  "Final-Recipient: utf-8; j\xc3\xbcrgen@example.org\n\n"
	  PART("message/global-headers") "Subject: f\xc3\xbcr\n\n" END,
	  .status = "Final-Recipient: utf-8; j\xc3\xbcrgen@example.org\n",
	  .returned = "Subject: f\xc3\xbcr\n" },
	/* upper case, a status in base64 */
	{ REPORT PART("Message/Delivery-Status") STATUS "\n" END,
	  .status = STATUS },
	{ REPORT "--b1\nContent-Type: message/delivery-status\n"
	  "Content-Transfer-Encoding: base64\n\n"
	  "QWN0aW9uOiBmYWlsZWQK\n" END, .status = "Action: failed\n" },
	/* a type that somebody made up, or lost: in a report only */
	{ REPORT PART("message/xdelivery-status") STATUS "\n" END,
	  .status = STATUS },
	{ REPORT PART("text/plain") "words\n"
	  PART("application/octet-stream") STATUS "\n" END,
	  .text = "words\n" STATUS },
	{ MIXED PART("text/plain") "words\n"
	  PART("application/octet-stream") STATUS "\n" END,
	  .text = "words" },
	/* two status parts are one */
	{ REPORT PART("message/delivery-status") "Action: failed\n"
	  PART("message/delivery-status") "Status: 5.1.1\n" END,
	  .status = "Action: failed\nStatus: 5.1.1" },
	/* the first mail within the mail is the returned one */
	{ MIXED PART("message/rfc822") RETURNED "\none\n"
	  PART("message/rfc822") "Subject: other\n\ntwo\n" END,
	  .returned = RETURNED },
	{ MIXED PART("text/plain") "words\n"
	  PART("text/rfc822-headers") "Subject: headers\n"
	  PART("message/rfc822") RETURNED "\none\n" END,
	  .text = "words", .returned = RETURNED },
	/* continued fields of the returned mail stay as they are */
	{ MIXED PART("message/rfc822")
	  "Received: from a\n\tby b;\n  now\nTo: bob@example.org\n\nx\n" END,
	  .returned = "Received: from a\n\tby b;\n  now\n"
	  "To: bob@example.org\n" },
	/* what is within the returned mail is not the report's */
	{ MIXED PART("text/plain") "words\n"
	  PART("message/rfc822") "Content-Type: text/plain\n\nits words\n"
	  END, .text = "words", .returned = "Content-Type: text/plain\n" },
	{ MIXED PART("text/plain") "words\n"
	  PART("message/rfc822")
	  "Content-Type: multipart/report; boundary=b2\n\n"
	  "--b2\nContent-Type: message/delivery-status\n\n" STATUS "\n"
	  "--b2\nContent-Type: message/rfc822\n\nSubject: inmost\n\nx\n"
	  "--b2--\n" END,
	  .text = "words", .inner_status = STATUS,
	  .returned = "Content-Type: multipart/report; boundary=b2\n" },
	/* RFC 8098, 5965 */
	{ "Content-Type: multipart/report; report-type=disposition-"
	  "notification; boundary=b1\n\n" PART("text/plain") "read\n"
	  PART("message/disposition-notification")
	  "Disposition: manual-action; displayed\n" END,
	  .text = "read",
	  .disposition = "Disposition: manual-action; displayed" },
	{ "Content-Type: multipart/report; report-type=feedback-report;"
	  " boundary=b1\n\n" PART("message/feedback-report")
	  "Feedback-Type: abuse\n" PART("message/rfc822") RETURNED "\nx\n"
	  END, .feedback = "Feedback-Type: abuse", .returned = RETURNED },
	/* the mail itself is the status */
	{ "Content-Type: message/delivery-status\n\n" STATUS,
	  .status = STATUS },

	/* broken MIME: a boundary that never comes, none, no end */
	{ "Content-Type: multipart/report; boundary=other\n\n"
	  PART("text/plain") "words\n" END,
	  .text = PART("text/plain") "words\n" END },
	{ "Content-Type: multipart/report\n\nwords\n", .text = "words\n" },
	{ REPORT PART("text/plain") "words\n"
	  PART("message/delivery-status") STATUS,
	  .text = "words", .status = STATUS },
	{ REPORT PART("message/rfc822") RETURNED,
	  .returned = RETURNED },
	{ REPORT PART("message/rfc822") "no field at all",
	  .returned = NULL },
	{ REPORT "--b1", .text = NULL },
	/* preamble and epilogue are nobody's words where there are parts */
	{ REPORT "preamble\n" PART("text/plain") "words\n" END "epilogue\n",
	  .text = "preamble\nwords" },
	/* parts that nobody reads */
	{ MIXED PART("image/png") "words\n" PART("application/pdf") "words\n"
	  END, .text = NULL },
	{ MIXED PART("text/csv") "words\n" END, .text = "words" },
	{ MIXED "--b1\n\nno header\n" END, .text = "no header" },
	{ MIXED PART("text/plain") "one\n" PART("text/plain") "two\n" END,
	  .text = "one\ntwo" },
	/* boundaries that begin alike */
	{ "Content-Type: multipart/mixed; boundary=b1\n\n--b1\n"
	  "Content-Type: multipart/mixed; boundary=b12\n\n"
	  "--b12\n\none\n--b12--\n" PART("text/plain") "two\n" END,
	  .text = "one\ntwo" },
};

static void check_text(const char *got, const char *wanted, const char *what)
{
	if (wanted == NULL)
		wanted = "";
	ck_assert_msg(strcmp(got, wanted) == 0, "%s is \"%s\", not \"%s\"",
		      what, got, wanted);
}

static void check_shape(const struct bounce_message *message, unsigned int i)
{
	check_text(message->text, shapes[i].text, "text");
	check_text(message->status, shapes[i].status, "status");
	check_text(message->inner_status, shapes[i].inner_status, "inner");
	check_text(message->disposition, shapes[i].disposition, "disposition");
	check_text(message->feedback, shapes[i].feedback, "feedback");
	check_text(message->returned, shapes[i].returned, "returned");
	ck_assert(!message->truncated);
}

START_TEST(test_shape)
{
	const char *mail = shapes[_i].mail;

	check_shape(bounce_test_message(pool, mail), _i);
	/* mails in base64 keep the line ends that they encode */
	check_shape(bounce_test_message(pool, bounce_test_crlf(mail)), _i);
}
END_TEST

static void check_pieces(const char *mail, size_t piece, unsigned int i)
{
	struct istream *input =
		bounce_test_stream_pieces(mail, strlen(mail), piece);
	struct bounce_message *message;

	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert_int_eq(bounce_message_read_body(message, input), 0);
	check_shape(message, i);
	i_stream_unref(&input);
}

/* It does not matter how the stream hands the mail out. */
START_TEST(test_pieces)
{
	const char *mail = shapes[_i].mail;

	for (size_t piece = 128; piece < 192; piece += 7) {
		check_pieces(mail, piece, _i);
		check_pieces(bounce_test_crlf(mail), piece, _i);
	}
}
END_TEST

/* Nor where it cuts characters and line ends. */
static const char *const part_types[] = {
	"text/plain", "text/plain; charset=utf-8", "text/html",
	"message/global-delivery-status", "message/feedback-report",
};

START_TEST(test_pieces_characters)
{
	string_t *mail = t_str_new(4096);
	struct bounce_message *whole, *message;
	struct istream *input;
	unsigned int i;

	str_printfa(mail, "Content-Type: %s\r\n\r\n", part_types[_i]);
	for (i = 0; i < 100; i++)
		str_append(mail, "\xc3\xbc\xe9\x80\x81\r\n\xf0\x9f\x93\xa7");
	whole = bounce_test_message(pool, str_c(mail));
	ck_assert(str_len(mail) < 1800 && strstr(str_c(mail), FFFD) == NULL);
	for (size_t piece = 128; piece < 160; piece++) {
		input = bounce_test_stream_pieces(str_data(mail),
						  str_len(mail), piece);
		ck_assert_int_eq(bounce_message_read_header(input, pool,
							    &message), 0);
		ck_assert_int_eq(bounce_message_read_body(message, input), 0);
		ck_assert(strcmp(message->text, whole->text) == 0);
		ck_assert(strcmp(message->status, whole->status) == 0);
		ck_assert(strcmp(message->feedback, whole->feedback) == 0);
		i_stream_unref(&input);
	}
}
END_TEST

/* A mail may end anywhere. */
START_TEST(test_cut)
{
	const char *mail = shapes[_i].mail;

	for (size_t len = 0; len < strlen(mail); len++) T_BEGIN {
		(void)bounce_test_message(pool, t_strndup(mail, len));
	} T_END;
}
END_TEST

static const struct {
	const char *field, *type, *report_type;
} types[] = {
	{ "text/plain", "text/plain", NULL },
	{ "TEXT/Plain; charset=utf-8", "text/plain", NULL },
	{ "multipart/report; report-type=delivery-status; boundary=x",
	  "multipart/report", "delivery-status" },
	{ "multipart/report; boundary=x;\n\tReport-Type=\"Delivery-Status\"",
	  "multipart/report", "delivery-status" },
	{ "multipart/report", "multipart/report", NULL },
	{ "text", NULL, NULL },
	{ "", NULL, NULL },
	{ "; x=y", NULL, NULL },
};

START_TEST(test_type)
{
	struct bounce_message *message = bounce_test_message(pool,
		t_strconcat("Content-Type: ", types[_i].field, "\n\n", NULL));

	ck_assert_pstr_eq(message->content_type, types[_i].type);
	ck_assert_pstr_eq(message->report_type, types[_i].report_type);
}
END_TEST

START_TEST(test_header)
{
	struct istream *input = bounce_test_stream(PLAIN "words\n");
	struct bounce_message *message;

	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert_pstr_eq(bounce_message_header(message, "subject"),
			  "failure");
	ck_assert(bounce_message_has(message, "From"));
	ck_assert(!bounce_message_has(message, "To"));
	ck_assert_ptr_null(message->content_type);
	/* the body has not been read */
	ck_assert_str_eq(message->text, "");
	i_stream_unref(&input);
}
END_TEST

/* NULs anywhere are only spaces. */
START_TEST(test_nul)
{
	static const char mail[] = "Subject: a\0b\nTo\0: c\nFrom: y\n\n"
		"words\0and\0\nmore\n";
	struct istream *input =
		i_stream_create_from_data(mail, sizeof(mail) - 1);
	struct bounce_message *message;

	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert_int_eq(bounce_message_read_body(message, input), 0);
	ck_assert_pstr_eq(bounce_message_header(message, "Subject"), "a b");
	ck_assert_pstr_eq(bounce_message_header(message, "From"), "y");
	ck_assert_str_eq(message->text, "words and \nmore\n");
	i_stream_unref(&input);
}
END_TEST

/* A stream that fails gives what came before. */
START_TEST(test_error)
{
	struct istream *input, *data =
		i_stream_create_from_data(PLAIN "words\nmore\n",
					  sizeof(PLAIN "words\n") - 1);
	struct istream *error = i_stream_create_error_str(EIO, "disk fault");
	struct istream *parts[] = { data, error, NULL };
	struct bounce_message *message;

	input = i_stream_create_concat(parts);
	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert_int_eq(bounce_message_read_body(message, input), -1);
	ck_assert_pstr_eq(bounce_message_header(message, "Subject"),
			  "failure");
	ck_assert_str_eq(message->text, "words\n");
	i_stream_unref(&input);
	i_stream_unref(&data);
	i_stream_unref(&error);
}
END_TEST

/* The caps: each is reached, said, and nothing is lost before it. */
START_TEST(test_max_text)
{
	string_t *mail = str_new(default_pool, BOUNCE_MAX_TEXT + 4096);
	struct bounce_message *message;

	str_append(mail, PLAIN);
	while (str_len(mail) < BOUNCE_MAX_TEXT + strlen(PLAIN))
		str_append(mail, "0123456789abcde\n");
	message = bounce_test_message(pool, str_c(mail));
	ck_assert_uint_eq(strlen(message->text), BOUNCE_MAX_TEXT);
	ck_assert(!message->truncated);
	str_append(mail, "one line more\n");
	message = bounce_test_message(pool, str_c(mail));
	ck_assert_uint_eq(strlen(message->text), BOUNCE_MAX_TEXT);
	ck_assert(message->truncated);
	str_free(&mail);
}
END_TEST

/* What may cost more than it is long. */
static const char *const hostile[] = {
	"<p", "<", "<br", "<!--", "<!", "<!-- -->", "&", "&#", "\xff", "<p>",
	"<style>", "=?", "--b1", "--b1\n",
};

START_TEST(test_hostile)
{
	string_t *mail = str_new(default_pool, BOUNCE_MAX_TEXT * 2);

	str_append(mail, "Content-Type: text/html\n\n");
	while (str_len(mail) < BOUNCE_MAX_TEXT)
		str_append(mail, hostile[_i]);
	(void)bounce_test_message(pool, str_c(mail));
	str_insert(mail, 0, "Subject: x\n" MIXED "--b1\n");
	(void)bounce_test_message(pool, str_c(mail));
	str_free(&mail);
}
END_TEST

START_TEST(test_max_header)
{
	string_t *mail = t_str_new(BOUNCE_MAX_HEADER * 2);
	struct bounce_message *message;
	unsigned int i;

	str_append(mail, "Subject: failure\n");
	for (i = 0; str_len(mail) < BOUNCE_MAX_HEADER + 100; i++)
		str_printfa(mail, "X-Field-%u: value\n", i);
	str_append(mail, "\nwords\n");
	message = bounce_test_message(pool, str_c(mail));
	ck_assert(message->truncated);
	ck_assert_pstr_eq(bounce_message_header(message, "Subject"),
			  "failure");
	ck_assert(bounce_message_has(message, "X-Field-1000"));
	/* the body is read all the same */
	ck_assert_str_eq(message->text, "words\n");

	/* the returned mail's */
	str_insert(mail, 0, MIXED PART("message/rfc822"));
	str_append(mail, END);
	message = bounce_test_message(pool, str_c(mail));
	ck_assert(message->truncated);
	ck_assert(strlen(message->returned) <= BOUNCE_MAX_HEADER);
	ck_assert(strlen(message->returned) > BOUNCE_MAX_HEADER - 100);
}
END_TEST

/* One line of a header may be longer than what the stream holds at once. */
START_TEST(test_long_line)
{
	string_t *mail = t_str_new(20000);
	struct istream *input;
	struct bounce_message *message;

	str_append(mail, "X-Field: ");
	while (str_len(mail) < 9000)
		str_append(mail, "abcdefgh");
	str_append(mail, "\nSubject: failure\n\nwords\n");
	input = bounce_test_stream_pieces(str_data(mail), str_len(mail), 512);
	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert_int_eq(bounce_message_read_body(message, input), 0);
	ck_assert_uint_eq(array_count(&message->headers), 2);
	ck_assert_uint_eq(strlen(bounce_message_header(message, "X-Field")),
			  BOUNCE_MAX_LINE);
	ck_assert_pstr_eq(bounce_message_header(message, "Subject"),
			  "failure");
	ck_assert_str_eq(message->text, "words\n");
	i_stream_unref(&input);
}
END_TEST

START_TEST(test_max_parts)
{
	string_t *mail = t_str_new(20000);
	struct bounce_message *message;
	unsigned int i;

	str_append(mail, MIXED);
	for (i = 1; i < BOUNCE_MAX_MIME_PARTS; i++)
		str_printfa(mail, PART("text/plain") "part %u.\n", i);
	message = bounce_test_message(pool,
		t_strconcat(str_c(mail), END, NULL));
	ck_assert(!message->truncated);
	ck_assert_ptr_nonnull(strstr(message->text, "part 1.\npart 2.\n"));
	ck_assert_ptr_nonnull(strstr(message->text, "part 63."));
	str_append(mail, PART("text/plain") "one more\n" PART("text/plain")
		   "and one\n" END);
	message = bounce_test_message(pool, str_c(mail));
	ck_assert(message->truncated);
	ck_assert_ptr_nonnull(strstr(message->text, "part 63."));
	ck_assert_ptr_null(strstr(message->text, "one more"));
}
END_TEST

/* words within so many parts */
static struct bounce_message *message_deep(unsigned int depth)
{
	string_t *mail = t_str_new(20000);

	for (unsigned int i = 0; i < depth; i++) {
		str_printfa(mail, "Content-Type: multipart/mixed; "
			    "boundary=b%u\n\n--b%u\n", i, i);
	}
	str_append(mail, "\nwords\n");
	return bounce_test_message(pool, str_c(mail));
}

START_TEST(test_max_depth)
{
	string_t *mail = t_str_new(20000);
	struct bounce_message *message;
	unsigned int i;

	message = message_deep(BOUNCE_MAX_MIME_DEPTH - 1);
	ck_assert_str_eq(message->text, "words\n");
	/* Dovecot counts some parts only */
	message = message_deep(BOUNCE_MAX_MIME_DEPTH * 3);
	ck_assert_ptr_null(strstr(message->text, "words"));
	message = message_deep(2000);
	ck_assert_ptr_nonnull(message->text);
	str_truncate(mail, 0);
	for (i = 0; i < 2000; i++)
		str_append(mail, "Content-Type: message/rfc822\n\n");
	str_append(mail, "Subject: x\n\nwords\n");
	message = bounce_test_message(pool, str_c(mail));
	ck_assert_ptr_nonnull(message->text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_shape, 0, N_ELEMENTS(shapes));
	tcase_add_loop_test(tcase, test_pieces, 0, N_ELEMENTS(shapes));
	tcase_add_loop_test(tcase, test_pieces_characters, 0,
			    N_ELEMENTS(part_types));
	tcase_add_loop_test(tcase, test_cut, 0, N_ELEMENTS(shapes));
	tcase_add_loop_test(tcase, test_type, 0, N_ELEMENTS(types));
	tcase_add_test(tcase, test_header);
	tcase_add_test(tcase, test_nul);
	tcase_add_test(tcase, test_error);
	tcase_add_test(tcase, test_max_text);
	tcase_add_loop_test(tcase, test_hostile, 0, N_ELEMENTS(hostile));
	tcase_add_test(tcase, test_max_header);
	tcase_add_test(tcase, test_long_line);
	tcase_add_test(tcase, test_max_parts);
	tcase_add_test(tcase, test_max_depth);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
