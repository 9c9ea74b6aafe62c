/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "bounce-answer-id.h"
#include "bounce-classify.h"
#include "bounce-format.h"
#include "bounce-kind.h"
#include "bounce-message.h"
#include "bounce-verdict.h"

static const char *
classify_message_id(const struct bounce_message *message, pool_t pool)
{
	const char *id = bounce_message_header(message, "Message-ID");

	return id == NULL || *id == '\0' ? NULL : p_strdup(pool, id);
}

void bounce_classify_judge(const struct bounce_rules *rules, pool_t pool,
			   struct bounce_report *report)
{
	struct bounce_recipient *rcpt;

	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_DELAY)
		return;
	array_foreach_modifiable(&report->recipients, rcpt) {
		if (rcpt->action == BOUNCE_ACTION_FAILED ||
		    rcpt->action == BOUNCE_ACTION_DELAYED)
			bounce_verdict_decide(rules, pool, report, rcpt);
		if (rcpt->guessed &&
		    rcpt->verdict.class == BOUNCE_CLASS_HARD)
			rcpt->verdict.class = BOUNCE_CLASS_UNDETERMINED;
	}
}

/* For the proof of life. */
static const char *
classify_sender(const struct bounce_message *message, pool_t pool)
{
	const char *from = message->may_prove ?
		bounce_message_header(message, "From") : NULL;

	return from == NULL ? NULL : bounce_header_address(pool, from);
}

/* Ordinary mail. */
static void classify_mail(const struct bounce_message *message, pool_t pool,
			  struct bounce_report *report)
{
	report->sender = classify_sender(message, pool);
	report->answers = bounce_answer_id_find(pool,
		bounce_message_header(message, "In-Reply-To"),
		bounce_message_header(message, "References"));
	/* what List-Unsubscribe asks for: not every client takes In-Reply-To
	   from a mailto URL */
	if (report->answers == NULL) {
		report->answers = bounce_answer_id_find(pool,
			bounce_message_header(message, "Subject"), NULL);
	}
}

/* A report that returns nothing may still answer the mail (RFC 5322 section
   3.6.4). */
static void classify_original(const struct bounce_message *message,
			      struct bounce_report *report)
{
	const char *value, *begin, *end;

	if (report->original_message_id != NULL ||
	    (report->kind != BOUNCE_KIND_FAILURE &&
	     report->kind != BOUNCE_KIND_DELAY &&
	     report->kind != BOUNCE_KIND_SUCCESS))
		return;
	value = bounce_message_header(message, "In-Reply-To");
	if (value == NULL || strchr(value, '<') == NULL)
		value = bounce_message_header(message, "References");
	/* the last one is the mail that it answers */
	begin = value == NULL ? NULL : strrchr(value, '<');
	end = begin == NULL ? NULL : strchr(begin, '>');
	if (end != NULL && memchr(begin, '@', end - begin) != NULL)
		report->original_message_id =
			p_strdup_until(message->pool, begin, end + 1);
}

int bounce_classify_read(struct istream *input,
			 const struct bounce_envelope *envelope, pool_t pool,
			 struct bounce_report **report_r, const char **error_r)
{
	struct bounce_report *report = p_new(pool, struct bounce_report, 1);
	struct bounce_message *message;
	struct bounce_kind_hints hints;
	int ret;

	p_array_init(&report->original_to, pool, 4);
	p_array_init(&report->recipients, pool, 4);
	*report_r = report;
	ret = bounce_message_read_header(input, pool, &message);
	bounce_kind_hints_read(message, envelope, &hints);
	report->message_id = classify_message_id(message, pool);
	if (ret == 0 && hints.ours)
		return 0;
	if (ret == 0 && !bounce_kind_hints_is_candidate(&hints)) {
		report->truncated = message->truncated;
		classify_mail(message, pool, report);
		return 0;
	}
	if (ret == 0)
		ret = bounce_message_read_body(message, input);
	if (bounce_format_read(message, &hints, report))
		classify_original(message, report);
	if (message->truncated)
		report->truncated = TRUE;
	if (ret < 0) {
		*error_r = i_stream_get_error(input);
		return -1;
	}
	if (report->kind != BOUNCE_KIND_NONE)
		return 1;
	classify_mail(message, pool, report);
	return 0;
}
