/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Our mail to the person: whole mails as they are saved, byte for byte, in
   tests/tell/. What a test wrote stands beside as NAME.now when they differ. */

#include "bounce-test.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "bounce-answer.h"
#include "bounce-classify.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-rate.h"
#include "bounce-reason.h"
#include "bounce-tell-private.h"
#include "bounce-texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FOLDER BOUNCE_TEST_SOURCE"/tell/"
/* 2026-11-26 09:12:00 UTC */
#define DATE ((time_t)1795684320)

static const char *const text_dirs[] = { BOUNCE_TEST_TEXTS, NULL };

static void tell_init(struct bounce_tell *tell, enum bounce_tell_kind kind)
{
	i_zero(tell);
	tell->kind = kind;
	tell->address = "alice@example.org";
	tell->host = "mail.example.org";
	tell->message_id = "<n.20783.abc.def@mail.example.org>";
	tell->date = DATE;
	tell->original_message_id = "<1@example.org>";
	tell->subject = "New times for the choir";
	tell->folder = "Bounces";
	t_array_init(&tell->recipients, 8);
}

static struct bounce_tell_recipient *
tell_add(struct bounce_tell *tell, const char *address, const char *reason)
{
	struct bounce_tell_recipient *rcpt =
		array_append_space(&tell->recipients);

	rcpt->address = address;
	rcpt->reason = bounce_reason_find(reason);
	ck_assert_ptr_nonnull(rcpt->reason);
	rcpt->class = rcpt->reason->class;
	rcpt->side = rcpt->reason->side;
	return rcpt;
}

static const char *t_file(const char *path)
{
	string_t *str = t_str_new(8192);
	FILE *in = fopen(path, "r");
	int c;

	while (in != NULL && (c = getc(in)) != EOF)
		str_append_c(str, c);
	if (in != NULL)
		(void)fclose(in);
	return str_c(str);
}

static void write_now(const char *name, const char *mail)
{
	FILE *out = fopen(t_strconcat(name, ".now", NULL), "w");

	ck_assert_ptr_nonnull(out);
	(void)fputs(mail, out);
	(void)fclose(out);
}

/* No line is longer than RFC 5322 section 2.1.1 allows, all end in CRLF, and
   nothing is remote. */
static void check_form(const char *mail)
{
	const char *const *lines = t_strsplit(mail, "\n");

	for (; *lines != NULL && lines[1] != NULL; lines++) {
		size_t len = strlen(*lines);

		ck_assert_msg(len > 0 && len <= 79 &&
			      (*lines)[len - 1] == '\r', "%s", *lines);
	}
	ck_assert_str_eq(*lines, "");
	ck_assert_uint_le(strlen(mail), BOUNCE_MAX_TELL);
	mail = strstr(mail, "Content-Type: text/html");
	ck_assert_ptr_nonnull(mail);
	ck_assert_ptr_null(strstr(mail, "<img"));
	ck_assert_ptr_null(strstr(mail, "<a "));
	ck_assert_ptr_null(strstr(mail, "url("));
	ck_assert_ptr_null(strstr(mail, "<script"));
}

/* We say of our own mail that it is no report, whatever stands in it. */
static void check_kind(const char *mail)
{
	struct bounce_envelope envelope = { .mail_from = "" };
	struct bounce_report *report;
	struct istream *input;
	pool_t pool = pool_alloconly_create("test", 4096);
	const char *error;

	input = i_stream_create_from_data(mail, strlen(mail));
	ck_assert_int_ge(bounce_classify_read(input, &envelope, pool,
					      &report, &error), 0);
	ck_assert_int_eq(report->kind, BOUNCE_KIND_NONE);
	i_stream_unref(&input);
	pool_unref(&pool);
}

static void check_mail(const struct bounce_tell *tell, const char *name)
{
	string_t *str = t_str_new(16384);
	const char *wanted = t_file(t_strconcat(FOLDER, name, ".eml", NULL));

	bounce_tell_mail(tell, str);
	check_form(str_c(str));
	check_kind(str_c(str));
	if (strcmp(str_c(str), wanted) != 0) {
		write_now(name, str_c(str));
		ck_abort_msg("%s: see %s.now", name, name);
	}
}

START_TEST(failure)
{
	struct bounce_tell tell;
	struct bounce_tell_recipient *rcpt;

	tell_init(&tell, BOUNCE_TELL_FAILURE);
	rcpt = tell_add(&tell, "bob@gmial.com", "mailbox-unknown");
	rcpt->words = "550 5.1.1 <bob@gmial.com>: User \"bob\" unknown & <b>gone</b>";
	rcpt->server = "mx.gmial.com";
	rcpt->status = "5.1.1";
	rcpt = tell_add(&tell, "carol@example.net", "mailbox-full");
	rcpt->final_address = "c@example.com";
	tell.delivered = 3;
	tell.answers = TRUE;
	check_mail(&tell, "failure");
}
END_TEST

/* In another language; with subject and words that would do harm. */
START_TEST(failure_german)
{
	struct bounce_tell tell;
	struct bounce_tell_recipient *rcpt;
	struct bounce_texts *texts = bounce_texts_load(text_dirs, "de", NULL);

	tell_init(&tell, BOUNCE_TELL_FAILURE);
	tell.texts = texts;
	tell.subject = "Grüße\r\nBcc: x@example.com \xe2\x80\xae<script>";
	tell.original_message_id = "<2@example.org>\r\nX-Evil: yes";
	tell.unproven = TRUE;
	rcpt = tell_add(&tell, "jörg@example.net", "reputation");
	rcpt->words = "554 </blockquote><img src=http://example.com/x.png>";
	check_mail(&tell, "failure-de");
	bounce_texts_free(&texts);
}
END_TEST

static pool_t answer_pool;

static void setup(void)
{
	answer_pool = pool_alloconly_create("test", 4096);
}

static void teardown(void)
{
	pool_unref(&answer_pool);
}

/* What became of an answer; and how it may be answered. */
static void
answer_init(struct bounce_tell *tell, struct bounce_tell_answer *told,
	    struct bounce_answer *answer, const char *text)
{
	tell_init(tell, BOUNCE_TELL_ANSWER);
	tell->original_message_id = "<answer@example.org>";
	tell->subject = NULL;
	tell->answers = TRUE;
	tell->answer = told;
	bounce_answer_parse(answer_pool, text, tell->texts, answer);
	told->answer = answer;
	told->done = t_new(enum bounce_tell_done,
			   array_count(&answer->commands) + 1);
}

START_TEST(answered)
{
	struct bounce_tell_answer told = { .unproven = FALSE };
	struct bounce_answer answer;
	struct bounce_tell tell;
	enum bounce_tell_done *done;

	answer_init(&tell, &told, &answer,
		    "correct bob@gmial.com bob@gmail.com\n"
		    "release ann@example.net\nnever <script>@example.net\n"
		    "stop\nrelase eve@example.net\n");
	done = t_new(enum bounce_tell_done, array_count(&answer.commands));
	done[1] = BOUNCE_TELL_DONE_UNKNOWN;
	told.done = done;
	tell.folder = NULL;
	check_mail(&tell, "answer");
}
END_TEST

START_TEST(answer_unproven)
{
	struct bounce_texts *texts = bounce_texts_load(text_dirs, "de", NULL);
	struct bounce_tell_answer told = { .unproven = TRUE };
	struct bounce_answer answer;
	struct bounce_tell tell;

	answer_init(&tell, &told, &answer, "never bob@example.net\n");
	tell.texts = texts;
	tell.folder = NULL;
	check_mail(&tell, "answer-unproven-de");
	bounce_texts_free(&texts);
}
END_TEST

/* The dictionary was not there: nothing is done, whatever was asked for. */
START_TEST(answer_down)
{
	struct bounce_tell_answer told = { .down = TRUE };
	struct bounce_answer answer;
	struct bounce_tell tell;

	answer_init(&tell, &told, &answer, "never bob@example.net\n");
	ck_assert_str_eq(bounce_tell_answered_title(&tell),
			 bounce_texts_get(tell.texts, "answer.nothing-done"));
	answer_init(&tell, &told, &answer,
		    "never bob@example.net\nstop\nhelp\n");
	ck_assert_str_eq(bounce_tell_answered_title(&tell),
			 bounce_texts_get(tell.texts, "answer.nothing-done"));
}
END_TEST

/* What any of our mails says of commands, quoted by whatever client and broken
   anywhere, is no command. */
static void
check_quoted(const struct bounce_tell *tell, const struct bounce_texts *texts)
{
	string_t *str = t_str_new(16384), *broken = t_str_new(16384);
	pool_t pool = pool_alloconly_create("test", 16384);
	struct bounce_answer answer;
	struct istream *input;
	const char *text;

	bounce_tell_mail(tell, str);
	input = i_stream_create_from_data(str_data(str), str_len(str));
	ck_assert_int_eq(bounce_message_first_text(input, pool, &text), 0);
	i_stream_unref(&input);
	ck_assert_ptr_nonnull(strstr(text, bounce_answer_verb_word(texts,
						BOUNCE_ANSWER_NEVER)));
	for (unsigned int width = 8; width < 80; width++) {
		unsigned int column = 0;

		str_truncate(broken, 0);
		for (const char *p = text; *p != '\0'; p++, column++) {
			bool at_end = column >= width && *p == ' ';

			str_append_c(broken, at_end ? '\n' : *p);
			if (at_end || *p == '\n')
				column = 0;
		}
		bounce_answer_parse(pool, str_c(broken), texts, &answer);
		ck_assert_uint_eq(array_count(&answer.commands), 0);
	}
	pool_unref(&pool);
}

START_TEST(quoted)
{
	static const char *const languages[] = {
		"en", "de", "fr", "es", "it", "nl", "pl", "pt-BR", "ja"
	};
	struct bounce_texts *texts = bounce_texts_load(text_dirs,
						       languages[_i], NULL);
	struct bounce_tell_answer told = { .unproven = FALSE };
	struct bounce_answer answer;
	struct bounce_tell tell;

	tell_init(&tell, BOUNCE_TELL_FAILURE);
	tell.texts = texts;
	tell.answers = TRUE;
	(void)tell_add(&tell, "bob@gmial.com", "mailbox-unknown");
	check_quoted(&tell, texts);
	answer_init(&tell, &told, &answer, "never bob@example.net\nhelp\n"
		    "correct a@example.net b@example.net\n"
		    "remve bob@example.net\n");
	tell.texts = texts;
	check_quoted(&tell, texts);
	bounce_texts_free(&texts);
}
END_TEST

/* Nothing is known but the address. */
START_TEST(failure_bare)
{
	struct bounce_tell tell;
	struct bounce_tell_recipient *rcpt;

	tell_init(&tell, BOUNCE_TELL_FAILURE);
	tell.subject = tell.original_message_id = tell.folder = NULL;
	rcpt = tell_add(&tell, "bob@example.net", "undetermined");
	rcpt->reason = NULL;
	check_mail(&tell, "failure-bare");
}
END_TEST

/* What is long, what runs from right to left, and what would turn others. */
START_TEST(failure_wide)
{
	struct bounce_tell tell;
	struct bounce_tell_recipient *rcpt;

	tell_init(&tell, BOUNCE_TELL_FAILURE);
	tell.subject = "\u05de\u05d5\u05e2\u05d3\u05d9\u05dd "
		"Re: Donaudampfschifffahrtsgesellschaftskapit\u00e4nsm\u00fctze"
		"nabzeichenverordnungsbeauftragtenversammlungsprotokoll "
		"\u202egnorw\u202c \u65b0\u3057\u3044\u7df4\u7fd2"
		"\u6642\u9593\u306e\u304a\u77e5\u3089\u305b";
	rcpt = tell_add(&tell, "\u05de\u05e9\u05ea\u05de\u05e9@"
			"\u05d3\u05d5\u05d2\u05de\u05d4.example",
			"mailbox-unknown");
	rcpt->words = "550 5.1.1 \u0644\u0627 \u064a\u0648\u062c\u062f "
		"\u0645\u0633\u062a\u062e\u062f\u0645 \u202e(gone)";
	rcpt = tell_add(&tell, "a.very.long.name.that.nobody.would.give.to."
			"a.child.or.dog@a-domain-that-is-as-long-as-it-may-be-"
			"in-one-label-of-the-dns-00000.example.net",
			"mailbox-full");
	rcpt->words = "452-4.2.2_no_blank_where_it_could_break_and_no_hyphen_"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab";
	tell.answers = TRUE;
	check_mail(&tell, "failure-wide");
}
END_TEST

static void
broadcast_init(struct bounce_tell *tell, struct bounce_rate *rate,
	       unsigned int failed, unsigned int sent)
{
	static const char *const why[] = {
		"mailbox-unknown", "mailbox-full", "domain-unknown"
	};
	static struct bounce_sent sums;
	unsigned int i;

	tell_init(tell, BOUNCE_TELL_BROADCAST);
	bounce_sent_init(&sums, pool_datastack_create(), "20261126-0a1b2c3d");
	for (i = 0; i < failed; i++) {
		(void)tell_add(tell, t_strdup_printf("member%03u@example.net",
						     i),
			       why[i % N_ELEMENTS(why)]);
	}
	sums.sent = sent;
	sums.failed = failed;
	sums.class[BOUNCE_CLASS_HARD] = failed / 2;
	bounce_rate_judge(&sums, 0, rate);
	tell->rate = rate;
}

START_TEST(broadcast)
{
	struct bounce_tell_recipient *rcpt;
	struct bounce_tell tell;
	struct bounce_rate rate;

	broadcast_init(&tell, &rate, 12, 60);
	rcpt = array_idx_modifiable(&tell.recipients, 0);
	rcpt->address =
		"=cmd|'/c calc'!A0@example.net";
	rcpt->words = "550 5.1.1 \"No such user\",\r\n see there";
	rcpt = array_idx_modifiable(&tell.recipients, 3);
	rcpt->address = "emil@gmial.com";
	check_mail(&tell, "broadcast");
}
END_TEST

START_TEST(broadcast_french)
{
	struct bounce_texts *texts = bounce_texts_load(text_dirs, "fr", NULL);
	struct bounce_tell tell;
	struct bounce_rate rate;

	/* so many went out that their number is not known */
	broadcast_init(&tell, &rate, 60, 0);
	tell.texts = texts;
	check_mail(&tell, "broadcast-fr");
	bounce_texts_free(&texts);
}
END_TEST

START_TEST(limit)
{
	struct bounce_tell tell;

	tell_init(&tell, BOUNCE_TELL_LIMIT);
	tell.original_message_id = NULL;
	tell.count = 20;
	check_mail(&tell, "limit");
}
END_TEST

static void held_init(struct bounce_tell *tell)
{
	struct bounce_tell_recipient *rcpt;

	tell_init(tell, BOUNCE_TELL_HELD);
	tell->again_secs = 3600;
	tell->delivered = 4;
	rcpt = tell_add(tell, "bob@example.net", "mailbox-unknown");
	rcpt->since = DATE - 6 * 24 * 3600;
	rcpt->again = TRUE;
	rcpt = tell_add(tell, "carol@example.net", "spam-content");
	rcpt->by = BOUNCE_BY_COMPLAINT;
	rcpt = tell_add(tell, "dan@example.net", "mailbox-full");
	rcpt->by = BOUNCE_BY_USER;
	rcpt = tell_add(tell, "eve@exmaple.net", "domain-unknown");
	rcpt->corrected = "eve@example.net";
}

START_TEST(held)
{
	struct bounce_tell tell;

	held_init(&tell);
	check_mail(&tell, "held");
}
END_TEST

/* It went to them, too: nobody is told that somebody was left out. */
START_TEST(held_tried)
{
	struct bounce_tell tell;
	string_t *subject = t_str_new(128), *text = t_str_new(4096);

	held_init(&tell);
	tell.tried = TRUE;
	bounce_tell_text(&tell, subject, text);
	ck_assert_str_eq(str_c(subject), "Your mail also went to 4 addresses that "
			 "failed before");
	ck_assert_ptr_nonnull(strstr(str_c(text), "sent all the same"));
	ck_assert_ptr_nonnull(strstr(str_c(text), "sent to 4 other recipients"));
	ck_assert_ptr_nonnull(strstr(str_c(text), "objected to your mail"));
	ck_assert_ptr_null(strstr(str_c(text), "left out of"));
	ck_assert_ptr_null(strstr(str_c(text), "work after all"));
}
END_TEST

/* What a person or a complaint blocked is not offered for another try. */
START_TEST(held_again)
{
	struct bounce_tell tell;
	string_t *str = t_str_new(8192);

	held_init(&tell);
	tell.again_secs = 90;
	bounce_tell_mail(&tell, str);
	ck_assert_ptr_nonnull(strstr(str_c(str), "within 2 minutes"));
	array_pop_front(&tell.recipients);
	str_truncate(str, 0);
	bounce_tell_mail(&tell, str);
	ck_assert_ptr_null(strstr(str_c(str), "work after all"));
}
END_TEST

START_TEST(recovered)
{
	struct bounce_tell tell;

	tell_init(&tell, BOUNCE_TELL_RECOVERED);
	tell.original_message_id = NULL;
	(void)tell_add(&tell, "bob@example.net", "mailbox-full");
	check_mail(&tell, "recovered");
}
END_TEST

START_TEST(flood)
{
	struct bounce_tell tell;

	tell_init(&tell, BOUNCE_TELL_FLOOD);
	tell.original_message_id = NULL;
	tell.count = 20;
	check_mail(&tell, "flood");
}
END_TEST

static void
digest_init(struct bounce_tell *tell, struct bounce_tell_digest *digest,
	    struct bounce_rate *rate, struct bounce_rate *before,
	    ARRAY_TYPE(bounce_cause) *providers)
{
	struct bounce_tell_recipient *rcpt;
	const char *address = "dan@example.net";
	struct bounce_cause *cause;

	tell_init(tell, BOUNCE_TELL_DIGEST);
	tell->original_message_id = NULL;
	tell->digest = digest;
	tell->unsubscribe = "mailto:alice@example.org?subject=stop";
	(void)tell_add(tell, "bob@example.net", "mailbox-unknown");
	i_zero(digest);
	/* November 2026 */
	digest->since = 1793491200;
	digest->until = 1796083200;
	i_zero(rate);
	rate->sent = 240;
	rate->failed = 3;
	rate->percent = 1.25;
	i_zero(before);
	before->sent = 80;
	before->failed = 4;
	before->percent = 5;
	digest->rate = rate;
	digest->before = before;
	digest->unproven = 2;
	digest->backscatter = 7;
	t_array_init(&digest->recovered, 1);
	array_push_back(&digest->recovered, &address);
	t_array_init(&digest->corrected, 1);
	rcpt = array_append_space(&digest->corrected);
	rcpt->address = "eve@exmaple.net";
	rcpt->corrected = "eve@example.net";
	t_array_init(providers, 1);
	cause = array_append_space(providers);
	cause->kind = BOUNCE_CAUSE_DOMAIN;
	cause->text = "example.com";
	cause->count = 2;
	digest->providers = providers;
}

START_TEST(digest)
{
	struct bounce_tell_digest digest;
	struct bounce_tell tell;
	struct bounce_rate rate, before;
	ARRAY_TYPE(bounce_cause) providers;

	digest_init(&tell, &digest, &rate, &before, &providers);
	check_mail(&tell, "digest");
}
END_TEST

/* Nothing is known of the time before; nothing can be stopped by an answer. */
START_TEST(digest_german)
{
	struct bounce_texts *texts = bounce_texts_load(text_dirs, "de", NULL);
	struct bounce_tell_digest digest;
	struct bounce_tell tell;
	struct bounce_rate rate, before;
	ARRAY_TYPE(bounce_cause) providers;

	digest_init(&tell, &digest, &rate, &before, &providers);
	tell.texts = texts;
	tell.unsubscribe = NULL;
	i_zero(&before);
	array_clear(&digest.recovered);
	array_clear(&digest.corrected);
	array_clear(&providers);
	array_clear(&tell.recipients);
	digest.unproven = digest.backscatter = 0;
	check_mail(&tell, "digest-de");
	bounce_texts_free(&texts);
}
END_TEST

/* The largest that there can be stays below the cap, and says how many it does
   not list. */
START_TEST(large)
{
	char address[BOUNCE_MAX_ADDRESS + 1], words[BOUNCE_MAX_DIAGNOSTIC + 1];
	struct bounce_tell_recipient *rcpt;
	struct bounce_rate rate;
	struct bounce_tell tell;
	string_t *str = t_str_new(1024);

	memset(address, 'a', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	for (unsigned int i = 0; i < sizeof(words) - 1; i++)
		words[i] = i % 2 == 0 ? '\xc3' : '\xbc';
	words[sizeof(words) - 1] = '\0';

	tell_init(&tell, BOUNCE_TELL_FAILURE);
	for (unsigned int i = 0; i < 100; i++) {
		rcpt = tell_add(&tell, address, "mailbox-unknown");
		rcpt->words = words;
	}
	bounce_tell_mail(&tell, str);
	check_form(str_c(str));
	ck_assert_ptr_nonnull(strstr(str_c(str), "And 94 more."));

	broadcast_init(&tell, &rate, 2000, 4000);
	array_foreach_modifiable(&tell.recipients, rcpt)
		rcpt->address = address;
	str_truncate(str, 0);
	bounce_tell_mail(&tell, str);
	check_form(str_c(str));
	ck_assert_ptr_nonnull(strstr(str_c(str), "2000 not delivered"));
}
END_TEST

static unsigned int count_text(const char *text, const char *part)
{
	unsigned int count = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		count++;
	}
	return count;
}

/* Those that are not listed are counted. */
START_TEST(more_rows)
{
	struct bounce_tell tell;
	struct bounce_rate rate;
	struct bounce_tell_recipient *rcpt;
	string_t *str = t_str_new(1024);
	char words[BOUNCE_MAX_DIAGNOSTIC + 1];
	unsigned int rows, more, count = 2 * BOUNCE_MAX_TELL_ROWS;

	broadcast_init(&tell, &rate, count, 2 * count);
	rcpt = array_front_modifiable(&tell.recipients);
	for (unsigned int i = 0; i < count; i++)
		rcpt[i].address = t_strdup_printf("r%u-@example.net", i);
	bounce_tell_mail(&tell, str);
	rows = count_text(strstr(str_c(str), "text/plain"), "-@example.net");
	/* in plain text: in HTML they may be broken */
	ck_assert_uint_eq(rows, BOUNCE_MAX_TELL_ROWS);
	ck_assert_ptr_nonnull(strstr(str_c(str), t_strdup_printf("And %u more.",
		count - BOUNCE_MAX_TELL_ROWS)));

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	for (unsigned int i = 0; i < count; i++)
		rcpt[i].words = words;
	str_truncate(str, 0);
	bounce_tell_csv(&tell, str);
	rows = count_text(str_c(str), "-@example.net");
	ck_assert_uint_lt(str_len(str), BOUNCE_MAX_TELL_CSV + 1024);
	ck_assert_uint_gt(str_len(str), BOUNCE_MAX_TELL_CSV / 4);
	/* the words give way to whom it did not reach, */
	ck_assert_uint_gt(rows, count / 2);
	ck_assert(count_text(str_c(str), words) < rows);
	/* and those that no memory has are counted */
	tell.more = 7;
	for (unsigned int i = 0; i < count; i++)
		rcpt[i].address = t_strdup_printf("r%u%s-@example.net", i, words);
	str_truncate(str, 0);
	bounce_tell_csv(&tell, str);
	rows = count_text(str_c(str), "-@example.net");
	ck_assert_uint_gt(str_len(str), BOUNCE_MAX_TELL_CSV);
	ck_assert_uint_lt(rows, count);
	ck_assert_int_eq(sscanf(strstr(str_c(str), "And "), "And %u more",
				&more), 1);
	ck_assert_uint_eq(rows + more, count + tell.more);
}
END_TEST

/* WCAG 2.1, relative luminance and contrast ratio. */
static double luminance(unsigned int rgb)
{
	static const double weights[] = { 0.2126, 0.7152, 0.0722 };
	double sum = 0;

	for (unsigned int i = 0; i < 3; i++) {
		double part = ((rgb >> (16 - 8 * i)) & 0xff) / 255.0;

		sum += weights[i] * (part <= 0.03928 ? part / 12.92 :
				     pow((part + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static double contrast(unsigned int one, unsigned int other)
{
	double a = luminance(one), b = luminance(other);

	return (I_MAX(a, b) + 0.05) / (I_MIN(a, b) + 0.05);
}

/* No text has a colour of its own, so that the client's stands out from its
   ground, light or dark; each colour that we set, of borders and of bars, does on
   white and on black, too (4.5; a bar's figure stands beside it: 3 on black). */
START_TEST(colours)
{
	struct bounce_rate rate;
	struct bounce_tell tell;
	string_t *str = t_str_new(8192);
	const char *p;
	unsigned int found = 0, rgb;

	ck_assert(contrast(0, 0xffffff) > 20.99);
	ck_assert(contrast(0x777777, 0xffffff) < 4.5);
	broadcast_init(&tell, &rate, 12, 60);
	bounce_tell_mail(&tell, str);
	ck_assert_ptr_null(strstr(str_c(str), ";color:"));
	ck_assert_ptr_null(strstr(str_c(str), "<font"));
	for (p = str_c(str); (p = strchr(p, '#')) != NULL; p++) {
		if (sscanf(p, "#%6x", &rgb) != 1 ||
		    strspn(p + 1, "0123456789abcdef") != 6)
			continue;
		found++;
		ck_assert_msg(contrast(rgb, 0xffffff) >= 4.5, "%.7s", p);
		ck_assert_msg(contrast(rgb, 0) >=
			      (rgb == 0x767676 ? 4.5 : 3), "%.7s", p);
	}
	ck_assert_uint_gt(found, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tell");
	TCase *tcase = tcase_create("tell");

	(void)setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, failure);
	tcase_add_test(tcase, failure_german);
	tcase_add_test(tcase, failure_bare);
	tcase_add_test(tcase, failure_wide);
	tcase_add_test(tcase, broadcast);
	tcase_add_test(tcase, broadcast_french);
	tcase_add_test(tcase, limit);
	tcase_add_test(tcase, held);
	tcase_add_test(tcase, held_tried);
	tcase_add_test(tcase, held_again);
	tcase_add_test(tcase, recovered);
	tcase_add_test(tcase, flood);
	tcase_add_test(tcase, digest);
	tcase_add_test(tcase, digest_german);
	tcase_add_test(tcase, large);
	tcase_add_test(tcase, more_rows);
	tcase_add_test(tcase, colours);
	tcase_add_test(tcase, answered);
	tcase_add_test(tcase, answer_unproven);
	tcase_add_test(tcase, answer_down);
	tcase_add_loop_test(tcase, quoted, 0, 9);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
