/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What several kinds of mail say. */

#include "bounce-tell-private.h"
#include "bounce-address.h"
#include "bounce-limits.h"
#include "bounce-rate.h"
#include "bounce-string.h"

/* Bytes of the original's subject that are repeated in ours. */
#define SUBJECT_MAX 200

unsigned int bounce_tell_part_failed(const struct bounce_tell *tell)
{
	return array_count(&tell->recipients) + tell->more;
}

const char *t_bounce_tell_part_subject(const struct bounce_tell *tell)
{
	size_t len;

	if (tell->subject == NULL || *tell->subject == '\0')
		return bounce_texts_get(tell->texts, tell->several ?
				"notice.several" : "notice.no-subject");
	len = strlen(tell->subject);
	if (len <= SUBJECT_MAX)
		return tell->subject;
	return t_strconcat(t_strdup_until(tell->subject, tell->subject +
			bounce_string_cut(tell->subject, len, SUBJECT_MAX)),
			   "…", NULL);
}

void bounce_tell_part_original(const struct bounce_tell *tell,
			       struct bounce_tell_doc *doc)
{
	if (tell->subject == NULL)
		return;
	bounce_tell_doc_para(doc, t_bounce_texts_fill(tell->texts,
		"notice.about", "subject", t_bounce_tell_part_subject(tell),
		NULL));
}

const char *
t_bounce_tell_part_percent(const struct bounce_texts *texts, double percent)
{
	unsigned int tenths = (unsigned int)(percent * 10 + 0.5);

	return t_strdup_printf("%u%s%u %%", tenths / 10,
			       bounce_texts_get(texts, "format.decimal"),
			       tenths % 10);
}

bool bounce_tell_part_is_known(const struct bounce_rate *rate)
{
	return !rate->unknown && rate->sent >= rate->failed && rate->sent > 0;
}

const char *
t_bounce_tell_part_meaning(const struct bounce_tell *tell,
			   const struct bounce_tell_recipient *rcpt)
{
	const char *why = rcpt->reason == NULL ? "" :
		bounce_texts_meaning(tell->texts, rcpt->reason);

	return !rcpt->doubtful ? why :
		t_strconcat(why, *why == '\0' ? "" : " ",
			    bounce_texts_get(tell->texts, "notice.unproven"),
			    NULL);
}

/* Why, and what the address is likelier to be; on the data stack. */
static const char *
t_part_why(const struct bounce_tell *tell,
	   const struct bounce_tell_recipient *rcpt)
{
	const char *proposal = tell->kind == BOUNCE_TELL_RECOVERED ? NULL :
		bounce_address_propose(rcpt->address);
	const char *why = t_bounce_tell_part_meaning(tell, rcpt);

	return proposal == NULL ? why :
		t_strconcat(why, *why == '\0' ? "" : " ",
			    bounce_texts_get(tell->texts, "fact.proposal"),
			    ": ", proposal, NULL);
}

void bounce_tell_part_addresses(const struct bounce_tell *tell,
				struct bounce_tell_doc *doc)
{
	const struct bounce_tell_recipient *rcpts;
	unsigned int i, count;

	rcpts = array_get(&tell->recipients, &count);
	bounce_tell_doc_table_begin(doc, "column.address", "column.why");
	for (i = 0; i < count && i < BOUNCE_MAX_TELL_ROWS; i++) T_BEGIN {
		bounce_tell_doc_table_row(doc, rcpts[i].address,
					  t_part_why(tell, &rcpts[i]));
	} T_END;
	bounce_tell_doc_table_end(doc);
	if (bounce_tell_part_failed(tell) > i) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"notice.more", bounce_tell_part_failed(tell) - i, NULL));
	}
}
