/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What the top header says. All of it that the mail plugin links for ordinary mail. */

#include "lib.h"
#include "array.h"
#include "bounce-answer-id.h"
#include "bounce-classify.h"
#include "bounce-classify-private.h"
#include "bounce-message.h"

static const char *
classify_message_id(const struct bounce_message *message, pool_t pool)
{
	const char *id = bounce_message_header(message, "Message-ID");

	return id == NULL || *id == '\0' ? NULL : p_strdup(pool, id);
}

/* For the proof of life. */
static const char *
classify_sender(const struct bounce_message *message, pool_t pool)
{
	return message->may_prove ? bounce_message_author(message, pool) : NULL;
}

void bounce_classify_mail(const struct bounce_message *message, pool_t pool,
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

int bounce_classify_read_top(struct istream *input,
			     const struct bounce_envelope *envelope, pool_t pool,
			     struct bounce_classify_header *header_r,
			     struct bounce_report **report_r)
{
	struct bounce_report *report = p_new(pool, struct bounce_report, 1);
	int ret;

	p_array_init(&report->original_to, pool, 4);
	p_array_init(&report->recipients, pool, 4);
	*report_r = report;
	ret = bounce_message_read_header(input, pool, &header_r->message);
	bounce_kind_hints_read(header_r->message, envelope, &header_r->hints);
	report->message_id = classify_message_id(header_r->message, pool);
	if (ret < 0)
		return -1;
	if (header_r->hints.ours)
		return 0;
	if (bounce_kind_hints_is_candidate(&header_r->hints))
		return 1;
	report->truncated = header_r->message->truncated;
	bounce_classify_mail(header_r->message, pool, report);
	return 0;
}

bool bounce_classify_read_ordinary(struct istream *input,
				   const struct bounce_envelope *envelope,
				   pool_t pool, struct bounce_report **report_r)
{
	struct bounce_classify_header header;

	return bounce_classify_read_top(input, envelope, pool, &header,
					report_r) == 0;
}
