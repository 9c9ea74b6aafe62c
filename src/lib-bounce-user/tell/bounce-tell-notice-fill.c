/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-rate.h"
#include "bounce-tell-notice-private.h"

/* What a notice about reports says. */

/*
 * Who failed
 */

/* mail: that one, or NULL = any */
static bool
tell_knows(const struct bounce_tell_memory *memory, const char *mail,
	   const char *address)
{
	const struct bounce_tell_failure *failure;

	array_foreach(&memory->failures, failure) {
		if ((mail == NULL || strcmp(failure->mail, mail) == 0) &&
		    strcasecmp(failure->rcpt.address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

/* news: so many of this report are listed, the last ones. Is it another one? */
static bool
tell_remember(const struct bounce_tell_notice *notice, pool_t pool,
	      struct bounce_tell_memory *memory,
	      const struct bounce_recipient *rcpt, unsigned int news)
{
	/* what proves another recipient's failure does not prove this one's */
	bool doubtful = rcpt->doubtful && !notice->about->unproven;
	bool strange = notice->about->strange || doubtful;
	struct bounce_tell_failure *failure;
	const char *address = rcpt->written_to != NULL ? rcpt->written_to :
		rcpt->original_address != NULL ? rcpt->original_address :
		rcpt->address;

	if (address == NULL || tell_knows(memory, notice->group.mail, address))
		return FALSE;
	if (array_count(&memory->failures) < BOUNCE_MAX_TELL_FAILURES) {
		memory->count++;
	} else {
		/* an address that is listed counts once */
		if (!tell_knows(memory, NULL, address))
			memory->count++;
		/* of one report so many are listed; else the oldest was told */
		if (news == BOUNCE_MAX_TELL_FAILURES)
			return FALSE;
		array_delete(&memory->failures, 0, 1);
	}
	failure = array_append_space(&memory->failures);
	failure->mail = notice->group.mail;
	failure->rcpt.address = p_strdup(pool, address);
	if (address != rcpt->address && rcpt->address != NULL &&
	    strcasecmp(address, rcpt->address) != 0 && !strange)
		failure->rcpt.final_address = p_strdup(pool, rcpt->address);
	failure->rcpt.reason = rcpt->verdict.reason;
	failure->rcpt.class = rcpt->verdict.class;
	failure->rcpt.side = rcpt->verdict.side;
	failure->rcpt.status = p_strdup(pool, rcpt->status);
	failure->rcpt.doubtful = doubtful;
	if (strange)
		return TRUE;
	failure->rcpt.words = p_strdup(pool, rcpt->diagnostic != NULL ?
				       rcpt->diagnostic : rcpt->explanation);
	if (rcpt->diagnostic != NULL)
		failure->rcpt.server = p_strdup(pool, rcpt->remote_mta);
	return TRUE;
}

/* No stranger says what a notice is about. */
static const char *tell_subject(const struct bounce_tell_about *about)
{
	return about->strange && !about->report->own_subject ? NULL :
		about->report->original_subject;
}

unsigned int
bounce_tell_notice_take_in(const struct bounce_tell_notice *notice, pool_t pool,
			   struct bounce_tell_memory *memory)
{
	const struct bounce_report *report = notice->about->report;
	const struct bounce_recipient *rcpt;
	unsigned int news = 0;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->action == BOUNCE_ACTION_FAILED && !rcpt->stranger &&
		    tell_remember(notice, pool, memory, rcpt, news))
			news++;
	}
	if (memory->subject == NULL)
		memory->subject = p_strdup(pool, tell_subject(notice->about));
	memory->when = notice->about->now;
	return news;
}

/*
 * To be written
 */

static struct bounce_tell_recipient *
tell_find(struct bounce_tell *tell, const char *address)
{
	struct bounce_tell_recipient *rcpt;

	array_foreach_modifiable(&tell->recipients, rcpt) {
		if (strcasecmp(rcpt->address, address) == 0)
			return rcpt;
	}
	return NULL;
}

/* Failures from first on, of all mails or of this one; an address once, whatever
   mails did not reach it, with what is final. */
static void
tell_list(const struct bounce_tell_memory *memory, const char *mail,
	  unsigned int first, struct bounce_tell *tell)
{
	const struct bounce_tell_failure *failures;
	struct bounce_tell_recipient *old;
	unsigned int i, count;

	failures = array_get(&memory->failures, &count);
	for (i = first; i < count; i++) {
		if (mail != NULL && strcmp(failures[i].mail, mail) != 0)
			continue;
		old = mail != NULL ? NULL :
			tell_find(tell, failures[i].rcpt.address);
		if (old == NULL)
			array_push_back(&tell->recipients, &failures[i].rcpt);
		else if (old->class != BOUNCE_CLASS_HARD)
			*old = failures[i].rcpt;
	}
}

void bounce_tell_notice_fill_failure(struct bounce_tell_notice *notice,
				     const struct bounce_tell_memory *memory,
				     unsigned int first,
				     struct bounce_tell *tell)
{
	const struct bounce_report *report = notice->about->report;
	const struct bounce_sent *sent = notice->group.sent;

	tell->unproven = notice->about->unproven;
	tell->subject = tell_subject(notice->about);
	tell->original_message_id = report->original_message_id;
	tell_list(memory, notice->group.mail, first, tell);
	/* of one mail it is known who else got it */
	if (sent != NULL && sent->messages == 1 && sent->sent > sent->failed)
		tell->delivered = sent->sent - sent->failed;
}

void bounce_tell_notice_fill_summary(struct bounce_tell_notice *notice,
				     const struct bounce_tell_memory *memory,
				     struct bounce_tell *tell)
{
	tell->unproven = notice->about->unproven;
	/* mails that are only perhaps ours share no subject */
	tell->several = notice->about->unproven &&
		bounce_tell_memory_mails(memory) > 1;
	if (!tell->several)
		tell->subject = memory->subject;
	if (bounce_tell_memory_mails(memory) == 1) {
		tell->original_message_id =
			notice->about->report->original_message_id;
	}
	tell_list(memory, NULL, 0, tell);
	tell->more = memory->count - array_count(&memory->failures);
	tell->rate = &notice->rate;
}

void bounce_tell_notice_judge(struct bounce_tell_notice *notice,
			      const struct bounce_tell_memory *memory)
{
	const struct bounce_tell_failure *failure;
	const struct bounce_sent *known = notice->group.sent;
	struct bounce_sent sent;

	if (known != NULL && known->failed >= memory->count) {
		bounce_rate_judge(known, 0, &notice->rate);
		return;
	}
	bounce_sent_init(&sent, notice->pool, notice->group.id);
	if (known != NULL)
		bounce_rate_sum(&sent, notice->pool, known);
	sent.failed = memory->count;
	sent.class[BOUNCE_CLASS_HARD] = 0;
	array_foreach(&memory->failures, failure) {
		if (failure->rcpt.class == BOUNCE_CLASS_HARD)
			sent.class[BOUNCE_CLASS_HARD]++;
	}
	bounce_rate_judge(&sent, 0, &notice->rate);
}
