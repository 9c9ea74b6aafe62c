/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A mail that was sent to others only, or to others, too: who was left out, or should
   have been, and why. */

#include "bounce-tell-private.h"
#include "bounce-limits.h"
#include "time-util.h"

#define HOUR 3600

static const char *
held_why(const struct bounce_tell *tell,
	 const struct bounce_tell_recipient *rcpt)
{
	if (rcpt->corrected != NULL)
		return NULL;
	if (rcpt->by == BOUNCE_BY_COMPLAINT)
		return bounce_texts_get(tell->texts, "held.complaint");
	if (rcpt->by == BOUNCE_BY_USER)
		return bounce_texts_get(tell->texts, "held.user");
	return rcpt->reason == NULL ? NULL :
		bounce_texts_meaning(tell->texts, rcpt->reason);
}

static void
held_recipient(const struct bounce_tell *tell, struct bounce_tell_doc *doc,
	       const struct bounce_tell_recipient *rcpt)
{
	bounce_tell_doc_heading(doc, rcpt->address);
	bounce_tell_doc_facts_begin(doc);
	bounce_tell_doc_fact(doc, "fact.why", held_why(tell, rcpt));
	bounce_tell_doc_fact(doc, "fact.corrected", rcpt->corrected);
	if (rcpt->since > 0) {
		bounce_tell_doc_fact(doc, "fact.since",
				     t_strflocaltime("%Y-%m-%d", rcpt->since));
	}
	if (rcpt->by == BOUNCE_BY_BOUNCE && rcpt->corrected == NULL &&
	    rcpt->reason != NULL) {
		bounce_tell_doc_fact(doc, "fact.advice",
			bounce_texts_advice(tell->texts, rcpt->reason));
	}
	bounce_tell_doc_facts_end(doc);
}

static bool held_may_again(const struct bounce_tell *tell)
{
	const struct bounce_tell_recipient *rcpt;

	array_foreach(&tell->recipients, rcpt) {
		if (rcpt->again)
			return !tell->tried;
	}
	return FALSE;
}

static void held_again(const struct bounce_tell *tell,
		       struct bounce_tell_doc *doc)
{
	unsigned int secs = tell->again_secs;

	bounce_tell_doc_para(doc, secs % HOUR == 0 ?
		t_bounce_texts_count(tell->texts, "held.again-hours",
				     secs / HOUR, NULL) :
		t_bounce_texts_count(tell->texts, "held.again-minutes",
				     (secs + 59) / 60, NULL));
}

void bounce_tell_held(const struct bounce_tell *tell,
		      struct bounce_tell_doc *doc)
{
	const struct bounce_tell_recipient *rcpt;
	unsigned int rows = 0, count = bounce_tell_part_failed(tell);

	bounce_tell_doc_begin(doc, t_bounce_texts_count(tell->texts,
		tell->tried ? "held.tried-lead" : "held.lead", count, NULL));
	bounce_tell_part_original(tell, doc);
	if (tell->delivered > 0) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"held.sent", tell->delivered, NULL));
	}
	bounce_tell_doc_para(doc, bounce_texts_get(tell->texts, tell->tried ?
		"held.tried-text" : "held.text"));
	array_foreach(&tell->recipients, rcpt) T_BEGIN {
		if (rows < BOUNCE_MAX_TELL_ROWS) {
			held_recipient(tell, doc, rcpt);
			rows++;
		}
	} T_END;
	if (count > rows) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"notice.more", count - rows, NULL));
	}
	if (held_may_again(tell))
		held_again(tell, doc);
}
