/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Any bytes as a mail, judged by the shipped rules. Beside what the sanitizers
   see: whatever is read keeps the promises of bounce-types.h, and our own way through
   a mail's parts reads what Dovecot's parser reads. */

#include "lib.h"
#include "istream.h"
#include "unichar.h"
#include "bounce-classify.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"
#include "bounce-rules.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bounce_rules *rules;

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	const char *const dirs[] = { BOUNCE_TEST_RULES, NULL };

	lib_init();
	T_BEGIN {
		rules = bounce_rules_load(dirs, NULL);
	} T_END;
	i_assert(bounce_rules_count(rules) > 0);
	return 0;
}

static void check_text(const char *text, size_t max)
{
	if (text == NULL)
		return;
	i_assert(*text != '\0');
	i_assert(strlen(text) <= max);
	i_assert(uni_utf8_str_is_valid(text));
	for (; *text != '\0'; text++) {
		i_assert((unsigned char)*text >= 0x20);
		i_assert(*text != 0x7f);
	}
}

static void check_recipient(const struct bounce_recipient *rcpt)
{
	i_assert(rcpt->action < BOUNCE_ACTION_COUNT);
	check_text(rcpt->address, BOUNCE_MAX_ADDRESS);
	check_text(rcpt->original_address, BOUNCE_MAX_ADDRESS);
	check_text(rcpt->status, 11);
	check_text(rcpt->status_field, 11);
	check_text(rcpt->reply, 3);
	check_text(rcpt->diagnostic, BOUNCE_MAX_DIAGNOSTIC);
	check_text(rcpt->explanation, BOUNCE_MAX_TEXT);
	check_text(rcpt->remote_mta, BOUNCE_MAX_HEADER);
	check_text(rcpt->command, BOUNCE_MAX_LINE);
	if (rcpt->action == BOUNCE_ACTION_FAILED) {
		i_assert(rcpt->verdict.reason != NULL);
		i_assert(rcpt->verdict.rule != NULL);
		i_assert(rcpt->verdict.class < BOUNCE_CLASS_COUNT);
		i_assert(rcpt->verdict.side < BOUNCE_SIDE_COUNT);
	}
}

static void check_report(const struct bounce_report *report, int ret)
{
	const struct bounce_recipient *rcpt;
	const char *const *address;

	i_assert(ret >= 0);
	i_assert(report->kind < BOUNCE_KIND_COUNT);
	i_assert((ret == 0) == (report->kind == BOUNCE_KIND_NONE));
	i_assert((report->format == NULL) ==
		 (report->kind == BOUNCE_KIND_NONE));
	check_text(report->reporting_mta, BOUNCE_MAX_HEADER);
	check_text(report->message_id, BOUNCE_MAX_HEADER);
	check_text(report->original_message_id, BOUNCE_MAX_HEADER);
	check_text(report->original_from, BOUNCE_MAX_ADDRESS);
	check_text(report->original_subject, BOUNCE_MAX_HEADER);
	array_foreach(&report->original_to, address)
		check_text(*address, BOUNCE_MAX_ADDRESS);
	i_assert(report->original_headers == NULL ||
		 strlen(report->original_headers) <= BOUNCE_MAX_HEADER);
	i_assert(array_count(&report->recipients) <= BOUNCE_MAX_RECIPIENTS);
	array_foreach(&report->recipients, rcpt)
		check_recipient(rcpt);
}

/* What the mail plugin takes for ordinary without the rest of us. */
static void
check_ordinary(struct istream *input, const struct bounce_envelope *envelope,
	       pool_t pool, const struct bounce_report *report)
{
	struct bounce_report *ordinary;

	i_stream_seek(input, 0);
	if (!bounce_classify_read_ordinary(input, envelope, pool, &ordinary))
		return;
	i_assert(report->kind == BOUNCE_KIND_NONE);
	i_assert(ordinary->kind == BOUNCE_KIND_NONE);
	i_assert(null_strcmp(ordinary->sender, report->sender) == 0);
	i_assert(null_strcmp(ordinary->answers, report->answers) == 0);
	i_assert(null_strcmp(ordinary->message_id, report->message_id) == 0);
	i_assert(ordinary->truncated == report->truncated);
}

static void classify(const uint8_t *data, size_t size,
		     const struct bounce_envelope *envelope)
{
	struct bounce_report *report;
	struct istream *input;
	const char *error;
	pool_t pool;
	int ret;

	pool = pool_alloconly_create("fuzz", 8192);
	input = i_stream_create_from_data(data, size);
	ret = bounce_classify_read(input, envelope, pool, &report, &error);
	bounce_classify_judge(rules, pool, report);
	check_report(report, ret);
	check_ordinary(input, envelope, pool, report);
	i_stream_unref(&input);
	pool_unref(&pool);
}

static const char *skip_replacements(const char *text)
{
	while (strncmp(text, "\xef\xbf\xbd", 3) == 0)
		text += 3;
	return text;
}

/* How often a charset with a state (ISO-2022-JP) says that there is no character is
   not the same in one piece as in several. */
static bool is_same(const char *a, const char *b)
{
	do {
		a = skip_replacements(a);
		b = skip_replacements(b);
		if (*a != *b)
			return FALSE;
	} while (*a++ != '\0' && *b++ != '\0');
	return TRUE;
}

static void check_parts(const uint8_t *data, size_t size)
{
	struct istream *input = i_stream_create_from_data(data, size);
	struct bounce_message *ours, *parsed;
	pool_t pool = pool_alloconly_create("fuzz", 8192);

	(void)bounce_message_read_header(input, pool, &ours);
	(void)bounce_message_read_body(ours, input);
	i_stream_seek(input, 0);
	(void)bounce_message_read_header(input, pool, &parsed);
	(void)bounce_message_parse_body(parsed, input);
	i_assert(is_same(ours->text, parsed->text));
	i_assert(strcmp(ours->status, parsed->status) == 0);
	i_assert(strcmp(ours->inner_status, parsed->inner_status) == 0);
	i_assert(strcmp(ours->disposition, parsed->disposition) == 0);
	i_assert(strcmp(ours->feedback, parsed->feedback) == 0);
	i_assert(strcmp(ours->returned, parsed->returned) == 0);
	i_assert(ours->truncated == parsed->truncated);
	i_stream_unref(&input);
	pool_unref(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bounce_envelope null_sender = { .mail_from = "" };

	T_BEGIN {
		classify(data, size, NULL);
		classify(data, size, &null_sender);
		check_parts(data, size);
	} T_END;
	return 0;
}
