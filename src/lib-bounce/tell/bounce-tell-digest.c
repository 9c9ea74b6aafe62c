/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A week or a month: what was sent and failed, beside the time before, and what
   changed. */

#include "bounce-tell-private.h"
#include "bounce-limits.h"
#include "bounce-rate.h"
#include "time-util.h"

const char *t_bounce_tell_digest_title(const struct bounce_tell *tell)
{
	const struct bounce_tell_digest *digest = tell->digest;

	return t_bounce_texts_fill(tell->texts, "digest.subject",
		"since", t_strfgmtime("%Y-%m-%d", digest->since),
		"until", t_strfgmtime("%Y-%m-%d", digest->until - 1), NULL);
}

/*
 * Figures
 */

static void
digest_figure(const struct bounce_tell *tell, struct bounce_tell_doc *doc,
	      const char *label, const char *now, const char *before)
{
	bounce_tell_doc_fact(doc, label, t_bounce_texts_fill(tell->texts,
		"digest.figure", "now", now, "before", before, NULL));
}

static const char *
digest_sent(const struct bounce_tell *tell, const struct bounce_rate *rate)
{
	return rate == NULL ? "-" : rate->failed > 0 && !bounce_tell_part_is_known(rate) ?
		bounce_texts_get(tell->texts, "figure.unknown") :
		dec2str(rate->sent);
}

static const char *
digest_percent(const struct bounce_tell *tell, const struct bounce_rate *rate)
{
	return rate == NULL || !bounce_tell_part_is_known(rate) ? "-" :
		t_bounce_tell_part_percent(tell->texts, rate->percent);
}

static void digest_figures(const struct bounce_tell *tell,
			   struct bounce_tell_doc *doc)
{
	const struct bounce_rate *rate = tell->digest->rate;
	const struct bounce_rate *before = tell->digest->before;

	bounce_tell_doc_figures_begin(doc);
	digest_figure(tell, doc, "figure.sent", digest_sent(tell, rate),
		      digest_sent(tell, before));
	digest_figure(tell, doc, "figure.failed", dec2str(rate->failed),
		      before == NULL ? "-" : dec2str(before->failed));
	digest_figure(tell, doc, "figure.percent", digest_percent(tell, rate),
		      digest_percent(tell, before));
	bounce_tell_doc_facts_end(doc);
	if (bounce_tell_part_is_known(rate)) {
		bounce_tell_doc_bar(doc, rate->percent, t_bounce_texts_fill(
			tell->texts, "broadcast.percent", "percent",
			t_bounce_tell_part_percent(tell->texts, rate->percent),
			NULL));
	}
}

/*
 * What changed
 */

static void digest_heading(const struct bounce_tell *tell,
			   struct bounce_tell_doc *doc, const char *key)
{
	bounce_tell_doc_heading(doc, bounce_texts_get(tell->texts, key));
}

static void digest_more(const struct bounce_tell *tell,
			struct bounce_tell_doc *doc, unsigned int count)
{
	if (count > BOUNCE_MAX_TELL_ROWS) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"notice.more", count - BOUNCE_MAX_TELL_ROWS, NULL));
	}
}

static void digest_recovered(const struct bounce_tell *tell,
			     struct bounce_tell_doc *doc)
{
	const char *const *addresses;
	unsigned int i, count;

	addresses = array_get(&tell->digest->recovered, &count);
	if (count == 0)
		return;
	digest_heading(tell, doc, "digest.recovered");
	for (i = 0; i < count && i < BOUNCE_MAX_TELL_ROWS; i++)
		bounce_tell_doc_para(doc, addresses[i]);
	digest_more(tell, doc, count);
}

static void digest_corrected(const struct bounce_tell *tell,
			     struct bounce_tell_doc *doc)
{
	const struct bounce_tell_recipient *rcpts;
	unsigned int i, count;

	rcpts = array_get(&tell->digest->corrected, &count);
	if (count == 0)
		return;
	digest_heading(tell, doc, "digest.corrected");
	bounce_tell_doc_table_begin(doc, "column.address", "fact.corrected");
	for (i = 0; i < count && i < BOUNCE_MAX_TELL_ROWS; i++) {
		bounce_tell_doc_table_row(doc, rcpts[i].address,
					  rcpts[i].corrected);
	}
	bounce_tell_doc_table_end(doc);
	digest_more(tell, doc, count);
}

static void digest_providers(const struct bounce_tell *tell,
			     struct bounce_tell_doc *doc)
{
	const struct bounce_cause *cause;

	if (array_is_empty(tell->digest->providers))
		return;
	digest_heading(tell, doc, "digest.ours");
	bounce_tell_doc_table_begin(doc, "column.provider", "column.count");
	array_foreach(tell->digest->providers, cause) T_BEGIN {
		bounce_tell_doc_table_row(doc, cause->text,
					  dec2str(cause->count));
	} T_END;
	bounce_tell_doc_table_end(doc);
}

static void digest_others(const struct bounce_tell *tell,
			  struct bounce_tell_doc *doc)
{
	const struct bounce_tell_digest *digest = tell->digest;

	if (digest->unproven == 0 && digest->backscatter == 0)
		return;
	bounce_tell_doc_figures_begin(doc);
	bounce_tell_doc_fact(doc, "figure.unproven", digest->unproven == 0 ?
			     NULL : dec2str(digest->unproven));
	bounce_tell_doc_fact(doc, "figure.backscatter",
			     digest->backscatter == 0 ? NULL :
			     dec2str(digest->backscatter));
	bounce_tell_doc_facts_end(doc);
}

void bounce_tell_digest(const struct bounce_tell *tell,
			struct bounce_tell_doc *doc)
{
	bounce_tell_doc_begin(doc, t_bounce_tell_digest_title(tell));
	digest_figures(tell, doc);
	if (!array_is_empty(&tell->recipients)) {
		digest_heading(tell, doc, "digest.dead");
		bounce_tell_part_addresses(tell, doc);
	}
	digest_recovered(tell, doc);
	digest_corrected(tell, doc);
	digest_providers(tell, doc);
	digest_others(tell, doc);
	if (tell->unsubscribe != NULL) {
		bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
							   "digest.stop"));
	}
}
