/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-rate.h"
#include "bounce-reason.h"
#include "bounce-texts.h"

/*
 * Sum
 */

static void
rate_sum_cause(struct bounce_sent *sum, pool_t pool,
	       const struct bounce_cause *cause)
{
	struct bounce_cause *old;

	array_foreach_modifiable(&sum->causes, old) {
		if (old->kind == cause->kind &&
		    strcasecmp(old->text, cause->text) == 0) {
			old->count += cause->count;
			return;
		}
	}
	if (array_count(&sum->causes) >= BOUNCE_MAX_SUM_CAUSES)
		return;
	old = array_append_space(&sum->causes);
	*old = *cause;
	old->text = p_strdup(pool, cause->text);
}

void bounce_rate_sum(struct bounce_sent *sum, pool_t pool,
		     const struct bounce_sent *sent)
{
	const struct bounce_cause *cause;
	unsigned int i;

	sum->messages += sent->messages;
	sum->saved += sent->saved;
	sum->sent += sent->sent;
	sum->failed += sent->failed;
	for (i = 0; i < BOUNCE_CLASS_COUNT; i++)
		sum->class[i] += sent->class[i];
	for (i = 0; i < BOUNCE_SIDE_COUNT; i++)
		sum->side[i] += sent->side[i];
	sum->complaints += sent->complaints;
	sum->suppressed += sent->suppressed;
	sum->held += sent->held;
	/* of what was sent on a day of which nothing is known, nothing failed as
	   far as that goes */
	if (sent->failed > 0 && bounce_sent_is_open(sent))
		sum->open = TRUE;
	array_foreach(&sent->causes, cause)
		rate_sum_cause(sum, pool, cause);
}

/*
 * Judge
 */

static double rate_percent(unsigned int part, unsigned int whole)
{
	if (whole == 0)
		return 0;
	return part >= whole ? 100 : 100.0 * part / whole;
}

static bool rate_is_shared(unsigned int count, unsigned int failed)
{
	return failed >= BOUNCE_RATE_SHARED_MINIMUM &&
		rate_percent(count, failed) >= BOUNCE_RATE_PERCENT_SHARED;
}

static const struct bounce_cause *
rate_most_common(const struct bounce_sent *sent, enum bounce_cause_kind kind)
{
	const struct bounce_cause *cause, *ret = NULL;

	array_foreach(&sent->causes, cause) {
		if (cause->kind == kind &&
		    (ret == NULL || cause->count > ret->count))
			ret = cause;
	}
	return ret;
}

/* In the order of how much it explains. */
static void
rate_find_cause(const struct bounce_sent *sent, struct bounce_rate *rate)
{
	for (unsigned int kind = 0; kind < BOUNCE_CAUSE_COUNT; kind++) {
		const struct bounce_cause *cause = rate_most_common(sent, kind);
		/* different reasons of our side are one cause: we */
		unsigned int count = cause == NULL ? 0 :
			kind == BOUNCE_CAUSE_SENDER ?
			sent->side[BOUNCE_SIDE_SENDER] : cause->count;

		if (cause != NULL && rate_is_shared(count, sent->failed)) {
			rate->cause = cause;
			rate->shared = count;
			return;
		}
	}
}

static enum bounce_rate_level
rate_judge_failures(const struct bounce_rate *rate, bool broadcast)
{
	if (rate->cause != NULL ||
	    (broadcast && rate->percent >= BOUNCE_RATE_PERCENT_OUR_SIDE))
		return BOUNCE_RATE_OUR_SIDE;
	if (rate->percent >= BOUNCE_RATE_PERCENT_CRITICAL)
		return BOUNCE_RATE_CRITICAL;
	if (rate->percent >= BOUNCE_RATE_PERCENT_WARNING)
		return BOUNCE_RATE_WARNING;
	if (rate->percent >= BOUNCE_RATE_PERCENT_NOTICE)
		return BOUNCE_RATE_NOTICE;
	return BOUNCE_RATE_NONE;
}

static enum bounce_rate_level
rate_judge_complaints(const struct bounce_rate *rate)
{
	if (rate->complaints < BOUNCE_RATE_COMPLAINTS_MINIMUM)
		return BOUNCE_RATE_NONE;
	if (rate->complaint_percent >= BOUNCE_RATE_COMPLAINTS_CRITICAL)
		return BOUNCE_RATE_CRITICAL;
	if (rate->complaint_percent >= BOUNCE_RATE_COMPLAINTS_WARNING)
		return BOUNCE_RATE_WARNING;
	return BOUNCE_RATE_NONE;
}

static void rate_judge_level(struct bounce_rate *rate, bool broadcast)
{
	enum bounce_rate_level level;

	if (rate->sent < BOUNCE_RATE_MINIMUM)
		return;
	rate->level = rate_judge_failures(rate, broadcast);
	level = rate_judge_complaints(rate);
	if (level > rate->level) {
		rate->level = level;
		rate->by_complaints = TRUE;
	}
}

/* What was not tried was neither sent nor refused. */
static unsigned int
rate_tried(const struct bounce_sent *sent, unsigned int known)
{
	unsigned int all = known > 0 ? known : sent->sent;

	return all > sent->suppressed ? all - sent->suppressed : 0;
}

void bounce_rate_judge(const struct bounce_sent *sent, unsigned int known,
		       struct bounce_rate *rate_r)
{
	i_zero(rate_r);
	rate_r->sent = rate_tried(sent, known);
	rate_r->failed = sent->failed;
	rate_r->hard = sent->class[BOUNCE_CLASS_HARD];
	rate_r->complaints = sent->complaints;
	if (rate_r->sent > rate_r->failed)
		rate_r->delivered = rate_r->sent - rate_r->failed;
	rate_r->unknown = known == 0 && bounce_sent_is_open(sent);
	rate_find_cause(sent, rate_r);
	if (rate_r->unknown)
		return;
	rate_r->percent = rate_percent(rate_r->failed, rate_r->sent);
	rate_r->hard_percent = rate_percent(rate_r->hard, rate_r->sent);
	rate_r->complaint_percent = rate_percent(rate_r->complaints,
						 rate_r->sent);
	rate_judge_level(rate_r, strchr(sent->id, '-') != NULL);
}

/*
 * Say it
 */

static const char *
t_rate_cause_advice(const struct bounce_rate *rate,
		    const struct bounce_texts *texts)
{
	const struct bounce_cause *cause = rate->cause;
	const struct bounce_reason *reason;
	const char *text, *share =
		t_bounce_texts_fill(texts, "rate.share",
				    "shared", dec2str(rate->shared),
				    "failed", dec2str(rate->failed), NULL);

	switch (cause->kind) {
	case BOUNCE_CAUSE_SENDER:
		text = t_bounce_texts_fill(texts, "rate.cause-sender",
					   "share", share,
					   "reason", cause->text, NULL);
		reason = bounce_reason_find(cause->text);
		return reason == NULL ? text :
			t_strconcat(text, " ",
				    bounce_texts_meaning(texts, reason), " ",
				    bounce_texts_advice(texts, reason), NULL);
	case BOUNCE_CAUSE_WORDS:
		return t_bounce_texts_fill(texts, "rate.cause-words",
					   "share", share,
					   "words", cause->text, NULL);
	case BOUNCE_CAUSE_DOMAIN:
		return t_bounce_texts_fill(texts, "rate.cause-domain",
					   "share", share,
					   "domain", cause->text, NULL);
	case BOUNCE_CAUSE_HOST:
		return t_bounce_texts_fill(texts, "rate.cause-host",
					   "share", share,
					   "host", cause->text, NULL);
	case BOUNCE_CAUSE_COUNT:
		break;
	}
	i_unreached();
}

const char *bounce_rate_advice(const struct bounce_rate *rate,
			       const struct bounce_texts *texts)
{
	if (rate->cause != NULL)
		return t_rate_cause_advice(rate, texts);
	if (rate->by_complaints)
		return bounce_texts_get(texts, "rate.complaints");
	switch (rate->level) {
	case BOUNCE_RATE_OUR_SIDE:
		return bounce_texts_get(texts, rate->hard * 2 >= rate->failed ?
					"rate.our-side-hard" : "rate.our-side");
	case BOUNCE_RATE_CRITICAL:
		return bounce_texts_get(texts, "rate.critical");
	case BOUNCE_RATE_WARNING:
		return bounce_texts_get(texts, "rate.warning");
	case BOUNCE_RATE_NOTICE:
		return bounce_texts_get(texts, "rate.notice");
	case BOUNCE_RATE_NONE:
	case BOUNCE_RATE_COUNT:
		break;
	}
	return NULL;
}
