/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What people write in answer to a notice, and how the notice is known again. */

#include "bounce-test.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "bounce-answer.h"
#include "bounce-answer-id.h"
#include "bounce-message.h"
#include "bounce-reason.h"
#include "bounce-texts.h"

#include <sys/resource.h>

#define DAY "20261124"
#define NOW ((time_t)1795478400 + 3600)
#define DAY_SECS (24 * 60 * 60)

static const char *const text_dirs[] = { BOUNCE_TEST_TEXTS, NULL };

/*
 * The text
 */

static const struct {
	const char *language, *text;
	/* t_commands(), and the lines that are not understood */
	const char *commands, *unknown;
} texts[] = {
	{ "en", "never bob@example.net\n", "never bob@example.net\n", "" },
	/* as a mobile keyboard writes it */
	{ "en", "Never Bob@Example.NET.\n\nSent from my phone\n",
	  "never bob@example.net\n", "" },
	{ "en", "Never: bob@example.net\r\n", "never bob@example.net\n", "" },
	/* above what is quoted */
	{ "en", "release bob@example.net\n\nOn Thu, 26 Nov 2026, Mail delivery "
	  "wrote:\n> never eve@example.net\n> stop\n",
	  "release bob@example.net\n", "" },
	/* below it, and after each line of it */
	{ "en", "On Thu, Nov 26, 2026 at 6:34 PM Mail delivery <\n"
	  "MAILER-DAEMON@mx.example.org> wrote:\n\n> stop\n>> stop\n\n"
	  "remove bob@example.net\n> help\nnever eve@example.net\n-- \nAlice\n"
	  "stop\n",
	  "remove bob@example.net\nnever eve@example.net\n", "" },
	/* quoted without marks */
	{ "en", "release bob@example.net\n\n-----Original Message-----\n"
	  "never eve@example.net\n", "release bob@example.net\n", "" },
	{ "en", "release bob@example.net\n________________________________\n"
	  "From: someone\nstop\n", "release bob@example.net\n", "" },
	{ "en", "release bob@example.net\n\nFrom: Mail delivery\nSent: today\n"
	  "stop\n", "release bob@example.net\n", "" },
	{ "de", "freigeben bob@example.net\n\nVon: Mailzustellung\n"
	  "Gesendet: heute\nstopp\n", "release bob@example.net\n", "" },
	/* as our own notice writes what can be answered, in any language */
	{ "en", "“never bob@example.net”: never write there\n", "", "" },
	{ "en", "  “never bob@example.net”:\nnever write there\n", "",
	  "never write there" },
	{ "fr", "Notice\n« jamais bob@example.net »\n", "", "" },
	{ "en", "> stop\n“never bob@example.net”\n", "", "" },
	/* copied from it with its marks */
	{ "fr", "\n« jamais bob@example.net »\n« jamais eve@example.net »\n",
	  "never bob@example.net\n", "" },
	{ "en", " “release bob@example.net” \n",
	  "release bob@example.net\n", "" },
	{ "de", "„nie bob@example.net“\n", "never bob@example.net\n", "" },
	/* as it breaks the line; nothing else goes on */
	{ "en", "release\n  a.somewhat.longer.name@mail.department.example.net"
	  "\nnever\n bob@example.net ann@example.net\neve@example.net\n",
	  "release a.somewhat.longer.name@mail.department.example.net\n"
	  "never bob@example.net\nnever ann@example.net\n", "" },
	{ "en", "correct\nbob@gmial.com\nbob@gmail.com\n",
	  "correct bob@gmial.com bob@gmail.com\n", "" },
	{ "en", "release\n\nbob@example.net\n", "", "release" },
	{ "en", "remove\nBob, please\nhelp\n", "help\n", "remove" },
	{ "en", "never\nhelp\nbob@example.net\n", "help\n", "never" },
	/* nor beyond what is quoted, which the client wrapped */
	{ "en", "Never\n> Mail delivery: it did not reach\nbob@example.net\n",
	  "", "Never" },
	{ "en", "Never\nOn Thu, Mail delivery wrote:\nbob@example.net\n",
	  "", "Never" },
	/* a list */
	{ "en", "- release bob@example.net\n• never eve@example.net\n"
	  "* help\n", "release bob@example.net\nnever eve@example.net\nhelp\n",
	  "" },
	/* blanks and brackets of an address */
	{ "en", "release \"quoted local\"@example.net\n"
	  "never x@[192.0.2.1], \"a \\\"b\\\", c\"@example.net.\n"
	  "remove \"bob@example.net\" [eve@example.net]\n",
	  "release \"quoted local\"@example.net\nnever x@[192.0.2.1]\n"
	  "never \"a \\\"b\\\", c\"@example.net\nremove bob@example.net\n"
	  "remove eve@example.net\n", "" },
	{ "en", "correct \"bob b\"@gmial.com -> \"bob b\"@gmail.com\n",
	  "correct \"bob b\"@gmial.com \"bob b\"@gmail.com\n", "" },
	{ "en", "never \"bob@example.net\nremove x@[example\n",
	  "never bob@example.net\n", "remove x@[example" },
	/* several, and several addresses */
	{ "en", "release a@example.net, b@example.net;c@example.net\n"
	  "never d@example.net d@example.net\nnever d@example.net\nhelp\n",
	  "release a@example.net\nrelease b@example.net\n"
	  "release c@example.net\nnever d@example.net\nhelp\n", "" },
	/* as clients write addresses */
	{ "en", "never <bob@example.net>\nrelease ann@example.net"
	  "<mailto:ann@example.net>\nremove 'eve@example.net'\n"
	  "remove o'brien@example.net\n",
	  "never bob@example.net\nrelease ann@example.net\n"
	  "remove eve@example.net\nremove o'brien@example.net\n", "" },
	{ "en", "correct bob@gmial.com bob@gmail.com\n",
	  "correct bob@gmial.com bob@gmail.com\n", "" },
	{ "en", "correct bob@gmial.com -> bob@gmail.com\n",
	  "correct bob@gmial.com bob@gmail.com\n", "" },
	{ "en", "correct bob@gmial.com<mailto:bob@gmial.com> → "
	  "bob@gmail.com<mailto:bob@gmail.com>\n",
	  "correct bob@gmial.com bob@gmail.com\n", "" },
	/* broken by the client */
	{ "en", "correct bob.the.builder@departement.example.net\n"
	  "bob.the.builder@department.example.net\n",
	  "correct bob.the.builder@departement.example.net "
	  "bob.the.builder@department.example.net\n", "" },
	{ "en", "never a@example.net,\nb@example.net\nalice@example.org\n",
	  "never a@example.net\nnever b@example.net\n", "" },
	/* a signature right below */
	{ "en", "never a@example.net\nalice@example.org\n",
	  "never a@example.net\n", "" },
	/* half a command */
	{ "en", "correct bob@gmial.com\n\nAlice\n", "",
	  "correct bob@gmial.com" },
	{ "en", "correct a@example.net b@example.net c@example.net\n", "",
	  "correct a@example.net b@example.net c@example.net" },
	{ "en", "never bob\nremove\n", "", "never bob|remove" },
	/* typing errors */
	{ "en", "relase bob@example.net\n", "", "relase bob@example.net" },
	{ "de", "freigebn bob@example.net\n", "", "freigebn bob@example.net" },
	/* sentences */
	{ "en", "Never mind, I called bob@example.net\n", "",
	  "Never mind, I called bob@example.net" },
	{ "en", "Stop sending me this!\n", "", "Stop sending me this!" },
	{ "en", "Thank you.\nBob is bob@example.net now\n", "", "" },
	{ "en", "", "", "" },
	/* languages; English always */
	{ "de", "NIE bob@example.net\nlösche eve@example.net\n"
	  "LO\xcc\x88SCHE ann@example.net\nnever tom@example.net\nhilfe\n",
	  "never bob@example.net\nremove eve@example.net\n"
	  "remove ann@example.net\nnever tom@example.net\nhelp\n", "" },
	{ "de", "berichtige bob@gmial.com bob@gmail.com\n",
	  "correct bob@gmial.com bob@gmail.com\n", "" },
	{ "fr", "jamais bob@example.net\nArrêter\n",
	  "never bob@example.net\nstop\n", "" },
	{ "es", "nunca bob@example.net\nparar\n", "never bob@example.net\nstop\n",
	  "" },
	{ "en", "nunca bob@example.net\n", "", "nunca bob@example.net" },
	{ "en", "never jörg@bücher.example\n",
	  "never jörg@xn--bcher-kva.example\n", "" },
};

/* A command a line, on the data stack. */
static const char *t_commands(const struct bounce_answer *answer)
{
	const struct bounce_answer_command *command;
	string_t *str = t_str_new(128);

	array_foreach(&answer->commands, command) {
		str_append(str, bounce_answer_verb_name(command->verb));
		if (command->address != NULL)
			str_printfa(str, " %s", command->address);
		if (command->corrected != NULL)
			str_printfa(str, " %s", command->corrected);
		str_append_c(str, '\n');
	}
	return str_c(str);
}

static void check_answer(const char *text, const char *language,
			 const char *commands, const char *unknown)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	struct bounce_texts *words = bounce_texts_load(text_dirs, language,
						       NULL);
	struct bounce_answer answer;

	bounce_answer_parse(pool, text, words, &answer);
	ck_assert_msg(strcmp(t_commands(&answer), commands) == 0,
		      "%s: got %s", text, t_commands(&answer));
	array_append_zero(&answer.unknown);
	ck_assert_msg(strcmp(t_strarray_join(array_front(&answer.unknown), "|"),
			     unknown) == 0, "%s: unknown %s", text,
		      t_strarray_join(array_front(&answer.unknown), "|"));
	bounce_texts_free(&words);
	pool_unref(&pool);
}

START_TEST(parse)
{
	check_answer(texts[_i].text, texts[_i].language, texts[_i].commands,
		     texts[_i].unknown);
}
END_TEST

START_TEST(digest)
{
	const char *one = bounce_answer_digest("never bob@example.net\n\nAlice");

	ck_assert_str_eq(one, bounce_answer_digest(
		"never  bob@example.net \n\n\tAlice\n\n"));
	ck_assert_str_ne(one, bounce_answer_digest(
		"never bob@example.com\n\nAlice"));
}
END_TEST

START_TEST(many)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	string_t *str = t_str_new(1024);
	struct bounce_answer answer;

	for (unsigned int i = 0; i < 60; i++)
		str_printfa(str, "never m%u@example.net\n", i);
	for (unsigned int i = 0; i < 60; i++)
		str_printfa(str, "nevr m%u@example.net\n", i);
	bounce_answer_parse(pool, str_c(str), NULL, &answer);
	ck_assert_uint_eq(array_count(&answer.commands), 50);
	ck_assert_uint_eq(answer.more, 10);
	ck_assert_uint_eq(array_count(&answer.unknown), 10);
	pool_unref(&pool);
}
END_TEST

/*
 * The first text of a mail
 */

#define TYPE "MIME-Version: 1.0\r\nContent-Type: "

static const struct {
	const char *mail, *commands;
} mails[] = {
	{ "\r\nnever bob@example.net\r\n", "never bob@example.net\n" },
	{ TYPE"text/plain; charset=iso-8859-1\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	  "never j=F6rg@example.net\r\n", "never jörg@example.net\n" },
	/* the plain one of two */
	{ TYPE"multipart/alternative; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: text/plain\r\n\r\nnever bob@example.net\r\n--b\r\n"
	  "Content-Type: text/html\r\n\r\n<p>stop</p>\r\n--b--\r\n",
	  "never bob@example.net\n" },
	/* HTML only, as Gmail and Apple write it: above, below */
	{ TYPE"text/html\r\n\r\n<div>never bob@example.net</div><div>On Thu, "
	  "Mail delivery &lt;<a href=\"mailto:x\">MAILER-DAEMON@mx.example.org"
	  "</a>&gt; wrote:</div><blockquote type=\"cite\"><p>stop</p>"
	  "</blockquote>\r\n", "never bob@example.net\n" },
	{ TYPE"text/html\r\n\r\n<div>On Thu, Mail delivery wrote:</div>"
	  "<blockquote><div>stop</div></blockquote><div>never "
	  "bob@example.net</div>\r\n", "never bob@example.net\n" },
	/* the source's lines are not the text's */
	{ TYPE"text/html\r\n\r\n<p>release\r\n<a href=\"mailto:bob@example.net\">"
	  "bob@example.net</a></p>\r\n", "release bob@example.net\n" },
	/* as Outlook does, which quotes by a line only */
	{ TYPE"text/html\r\n\r\n<p>never <a href=\"mailto:bob@example.net\">"
	  "bob@example.net</a></p><hr><p><b>From:</b> Mail delivery<br>"
	  "<b>Sent:</b> today</p><p>stop</p>\r\n", "never bob@example.net\n" },
	/* not what is attached, nor a mail within the mail */
	{ TYPE"multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\n"
	  "stop\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	  "Subject: x\r\n\r\nstop\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
	  "never bob@example.net\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
	  "stop\r\n--b--\r\n", "never bob@example.net\n" },
	{ TYPE"image/png\r\n\r\nstop\r\n", "" },
};

static long memory_used(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	/* kilobytes */
	return usage.ru_maxrss;
}

/* One line with nothing but blanks of another kind: whoever has seen a notice's
   Message-ID can write it. */
START_TEST(many_marks)
{
	pool_t pool = pool_alloconly_create("answer", 1024);
	string_t *str = str_new(default_pool, 128 * 1024);
	struct bounce_answer answer;
	long before;

	str_append(str, "never bob@example.net");
	for (unsigned int i = 0; i < 60000; i++)
		str_append(str, "\xc2\xa0");
	str_append(str, "eve@example.net\n");
	before = memory_used();
	T_BEGIN {
		bounce_answer_parse(pool, str_c(str), NULL, &answer);
	} T_END;
	ck_assert_str_eq(t_commands(&answer),
			 "never bob@example.net\nnever eve@example.net\n");
	ck_assert_int_lt(memory_used() - before, 32 * 1024);
	str_free(&str);
	pool_unref(&pool);
}
END_TEST

START_TEST(first_text)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	const char *mail = t_strconcat("From: alice@example.org\r\n",
				       mails[_i].mail, NULL), *text;
	struct bounce_answer answer;
	struct istream *input = i_stream_create_from_data(mail, strlen(mail));

	ck_assert_int_eq(bounce_message_first_text(input, pool, &text), 0);
	bounce_answer_parse(pool, text, NULL, &answer);
	ck_assert_msg(strcmp(t_commands(&answer),
			     mails[_i].commands) == 0, "%s: got %s from %s",
		      mail, t_commands(&answer), text);
	i_stream_unref(&input);
	pool_unref(&pool);
}
END_TEST

/*
 * Message-IDs
 */

static pool_t pool;
static ARRAY_TYPE(bounce_token_key) keys;
static struct bounce_token_key key, old_key;
static const unsigned char nonce[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
	p_array_init(&keys, pool, 2);
	memset(&key, 1, sizeof(key));
	memset(&old_key, 2, sizeof(old_key));
	array_push_back(&keys, &key);
	array_push_back(&keys, &old_key);
}

static void teardown(void)
{
	pool_unref(&pool);
}

static const char *t_id(const struct bounce_token_key *by)
{
	return bounce_answer_id_make(by, "alice", DAY, BOUNCE_TELL_BROADCAST,
				     nonce, sizeof(nonce), "mx.example.org");
}

START_TEST(id)
{
	const char *id = t_id(&key);
	enum bounce_tell_kind kind = BOUNCE_TELL_FAILURE;

	/* as HMAC-SHA256 says, of another program */
	ck_assert_str_eq(id, "<n."DAY".br0102030405060708."
			 "f00b199c074fa8f85892@mx.example.org>");
	ck_assert_ptr_nonnull(bounce_answer_id_find(pool, id, NULL));
	ck_assert(bounce_answer_id_verify(&keys, id, "alice", NOW, &kind));
	ck_assert_int_eq(kind, BOUNCE_TELL_BROADCAST);
	ck_assert(bounce_answer_id_verify(&keys, t_id(&old_key), "alice", NOW,
					  &kind));
	ck_assert(bounce_answer_id_verify(&keys, id, "alice",
					  NOW + 59 * DAY_SECS, &kind));
}
END_TEST

START_TEST(id_forged)
{
	const char *id = t_id(&key);
	struct bounce_token_key other;
	enum bounce_tell_kind kind;

	memset(&other, 3, sizeof(other));
	ck_assert(!bounce_answer_id_verify(&keys, id, "bob", NOW, &kind));
	ck_assert(!bounce_answer_id_verify(&keys, id, "alice",
					   NOW + 61 * DAY_SECS, &kind));
	ck_assert(!bounce_answer_id_verify(&keys, id, "alice",
					   NOW - 3 * DAY_SECS, &kind));
	ck_assert(!bounce_answer_id_verify(&keys, t_id(&other), "alice", NOW,
					   &kind));
	ck_assert(!bounce_answer_id_verify(&keys,
		t_str_replace(id, '8', '9'), "alice", NOW, &kind));
	/* of the days one, of the kinds another */
	ck_assert(!bounce_answer_id_verify(&keys, t_strdup_printf(
		"<n.20261123%s", id + 11), "alice", NOW, &kind));
	ck_assert(!bounce_answer_id_verify(&keys, t_strdup_printf(
		"<n."DAY".fa%s", id + 14), "alice", NOW, &kind));
	/* without a key nobody can answer */
	ck_assert_ptr_null(bounce_answer_id_find(pool, t_id(NULL), NULL));
	ck_assert(!bounce_answer_id_verify(&keys, t_id(NULL), "alice", NOW,
					   &kind));
}
END_TEST

START_TEST(id_find)
{
	const char *id = t_id(&key), *other = "<1@example.org>";
	const char *both = t_strconcat(other, " ", id, NULL);

	ck_assert_str_eq(bounce_answer_id_find(pool, id, NULL), id);
	ck_assert_str_eq(bounce_answer_id_find(pool, both, other), id);
	ck_assert_str_eq(bounce_answer_id_find(pool, NULL, both), id);
	/* the last one is what is answered */
	ck_assert_ptr_null(bounce_answer_id_find(pool, NULL,
		t_strconcat(id, " ", other, NULL)));
	ck_assert_ptr_null(bounce_answer_id_find(pool, other, id));
	ck_assert_ptr_null(bounce_answer_id_find(pool, NULL, NULL));
	ck_assert_ptr_null(bounce_answer_id_find(pool, "<n.", "<n.1.2.3@x>"));
	ck_assert_ptr_null(bounce_answer_id_find(pool, "n."DAY, NULL));
}
END_TEST

/* No two kinds begin alike: the id says which it was. */
START_TEST(kinds)
{
	for (unsigned int i = 0; i < BOUNCE_TELL_KIND_COUNT; i++) {
		for (unsigned int j = 0; j < i; j++) {
			ck_assert_int_ne(strncmp(bounce_tell_kind_name(i),
						 bounce_tell_kind_name(j), 2),
					 0);
		}
	}
}
END_TEST

START_TEST(proof)
{
	const char *value = bounce_answer_id_prove(&old_key, "alice", "<1@x>",
						   "stop\n", NOW);

	ck_assert(bounce_answer_id_is_proven(&keys, value, "alice", "<1@x>",
					     "stop\n", NOW + 3600));
	ck_assert(!bounce_answer_id_is_proven(&keys, value, "bob", "<1@x>",
					      "stop\n", NOW));
	ck_assert(!bounce_answer_id_is_proven(&keys, value, "alice", "<2@x>",
					      "stop\n", NOW));
	ck_assert(!bounce_answer_id_is_proven(&keys, value, "alice", "<1@x>",
					      "start\n", NOW));
	ck_assert(!bounce_answer_id_is_proven(&keys, value, "alice", "<1@x>",
					      "stop\n", NOW + DAY_SECS + 1));
	ck_assert(!bounce_answer_id_is_proven(&keys, "", "alice", "<1@x>",
					      "stop\n", NOW));
	ck_assert(!bounce_answer_id_is_proven(&keys, "1 x y", "alice", "<1@x>",
					      "stop\n", NOW));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tcase = tcase_create("answer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, parse, 0, N_ELEMENTS(texts));
	tcase_add_test(tcase, digest);
	tcase_add_test(tcase, many);
	tcase_add_test(tcase, many_marks);
	tcase_add_loop_test(tcase, first_text, 0, N_ELEMENTS(mails));
	tcase_add_test(tcase, id);
	tcase_add_test(tcase, id_forged);
	tcase_add_test(tcase, id_find);
	tcase_add_test(tcase, kinds);
	tcase_add_test(tcase, proof);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
