/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "bounce-classify.h"
#include "bounce-classify-private.h"
#include "bounce-format.h"
#include "bounce-message.h"
#include "bounce-verdict.h"

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
	/* Italian certified mail names it so */
	if (value == NULL || strchr(value, '<') == NULL)
		value = bounce_message_header(message,
					      "X-Riferimento-Message-ID");
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
	struct bounce_classify_header header;
	struct bounce_report *report;
	int ret;

	ret = bounce_classify_read_top(input, envelope, pool, &header, report_r);
	if (ret == 0)
		return 0;
	report = *report_r;
	if (ret > 0)
		ret = bounce_message_read_body(header.message, input);
	if (bounce_format_read(header.message, &header.hints, report))
		classify_original(header.message, report);
	if (header.message->truncated)
		report->truncated = TRUE;
	if (ret < 0) {
		*error_r = i_stream_get_error(input);
		return -1;
	}
	if (report->kind != BOUNCE_KIND_NONE)
		return 1;
	bounce_classify_mail(header.message, pool, report);
	return 0;
}
