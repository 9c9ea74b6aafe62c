/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-tell-private.h"
#include "bounce-address.h"
#include "bounce-rate.h"
#include "bounce-reason.h"

const char *bounce_tell_subject(const struct bounce_tell *tell)
{
	const char *subject = t_bounce_tell_part_subject(tell);

	switch (tell->kind) {
	case BOUNCE_TELL_FAILURE:
		return t_bounce_texts_fill(tell->texts, "failure.subject",
					   "subject", subject, NULL);
	case BOUNCE_TELL_BROADCAST:
		return t_bounce_texts_count(tell->texts, "broadcast.subject",
					    bounce_tell_part_failed(tell),
					    "subject", subject, NULL);
	case BOUNCE_TELL_HELD:
		return t_bounce_texts_count(tell->texts, tell->tried ?
					    "held.tried-subject" :
					    "held.subject",
					    bounce_tell_part_failed(tell),
					    "subject", subject, NULL);
	case BOUNCE_TELL_RECOVERED:
		return t_bounce_texts_count(tell->texts, "recovered.subject",
					    bounce_tell_part_failed(tell), NULL);
	case BOUNCE_TELL_LIMIT:
		return bounce_texts_get(tell->texts, "limit.subject");
	case BOUNCE_TELL_FLOOD:
		return bounce_texts_get(tell->texts, "flood.subject");
	case BOUNCE_TELL_DIGEST:
		return t_bounce_tell_digest_title(tell);
	case BOUNCE_TELL_ANSWER:
		return bounce_tell_answered_title(tell);
	case BOUNCE_TELL_KIND_COUNT:
		break;
	}
	i_unreached();
}

/*
 * A failure
 */

/* Who must act: the reasons that are not as their side. */
static const struct {
	const char *reason, *who;
} tell_whos[] = {
	{ "mailbox-full", "recipient" },
	{ "recipient-refused", "recipient" },
	{ "list-error", "recipient" },
	{ "delivery-program-error", "recipient" },
	{ "domain-unknown", "you" },
	{ "domain-no-mail", "you" },
	{ "relay-denied", "you" },
	{ "utf8-unsupported", "you" },
	{ "system-full", "wait" },
	{ "system-unavailable", "wait" },
	{ "dns-failure", "wait" },
	{ "rate-limited", "you" },
	{ "sender-rejected", "you" },
	{ "tls-required", "our-admin" },
	{ "protocol-error", "our-admin" },
	{ "undetermined", "you" },
};

static const char *const tell_side_whos[BOUNCE_SIDE_COUNT] = {
	"unclear", "you", "their-admin", "our-admin", "you", "wait"
};

static const char *t_tell_who(const struct bounce_tell *tell,
			      const struct bounce_tell_recipient *rcpt)
{
	const char *who = tell_side_whos[rcpt->side];

	for (unsigned int i = 0; i < N_ELEMENTS(tell_whos); i++) {
		if (strcmp(tell_whos[i].reason, rcpt->reason->name) == 0)
			who = tell_whos[i].who;
	}
	return bounce_texts_get(tell->texts, t_strconcat("who.", who, NULL));
}

static void tell_recipient(const struct bounce_tell *tell,
			   struct bounce_tell_doc *doc,
			   const struct bounce_tell_recipient *rcpt)
{
	const struct bounce_texts *texts = tell->texts;

	bounce_tell_doc_heading(doc, rcpt->address);
	bounce_tell_doc_facts_begin(doc);
	if (rcpt->reason != NULL) {
		bounce_tell_doc_fact(doc, "fact.why",
				     bounce_texts_meaning(texts, rcpt->reason));
		bounce_tell_doc_fact(doc, "fact.advice",
				     bounce_texts_advice(texts, rcpt->reason));
	}
	bounce_tell_doc_fact(doc, "fact.proposal",
			     bounce_address_propose(rcpt->address));
	bounce_tell_doc_fact(doc, "fact.later", bounce_texts_get(texts,
		t_strconcat("class.", bounce_class_name(rcpt->class), NULL)));
	if (rcpt->reason != NULL)
		bounce_tell_doc_fact(doc, "fact.who", t_tell_who(tell, rcpt));
	bounce_tell_doc_fact(doc, "fact.final", rcpt->final_address);
	bounce_tell_doc_facts_end(doc);
	if (rcpt->doubtful) {
		bounce_tell_doc_para(doc, bounce_texts_get(texts,
							   "notice.unproven"));
	}
	if (rcpt->words != NULL) {
		bounce_tell_doc_para(doc, rcpt->server == NULL ?
			bounce_texts_get(texts, "notice.words") :
			t_bounce_texts_fill(texts, "notice.server-words",
					    "server", rcpt->server, NULL));
		bounce_tell_doc_quote(doc, rcpt->words);
	}
}

static void tell_unproven(const struct bounce_tell *tell,
			  struct bounce_tell_doc *doc)
{
	if (tell->unproven) {
		bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
							   "notice.unproven"));
	}
}

static void tell_footer(const struct bounce_tell *tell,
			struct bounce_tell_doc *doc)
{
	bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
						   "notice.footer"));
	if (tell->folder != NULL && (tell->kind == BOUNCE_TELL_FAILURE ||
				     tell->kind == BOUNCE_TELL_BROADCAST)) {
		bounce_tell_doc_para(doc, t_bounce_texts_fill(tell->texts,
			"notice.folder", "folder", tell->folder, NULL));
	}
}

static void tell_failure(const struct bounce_tell *tell,
			 struct bounce_tell_doc *doc)
{
	const struct bounce_tell_recipient *rcpt;

	bounce_tell_doc_begin(doc, t_bounce_texts_count(tell->texts,
		"failure.lead", bounce_tell_part_failed(tell), NULL));
	bounce_tell_part_original(tell, doc);
	tell_unproven(tell, doc);
	array_foreach(&tell->recipients, rcpt) T_BEGIN {
		tell_recipient(tell, doc, rcpt);
	} T_END;
	if (tell->more > 0) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"notice.more", tell->more, NULL));
	}
	if (tell->delivered > 0) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"notice.delivered", tell->delivered, NULL));
	}
}

/*
 * A broadcast
 */

static void tell_figures(const struct bounce_tell *tell,
			 struct bounce_tell_doc *doc)
{
	const struct bounce_rate *rate = tell->rate;
	const struct bounce_texts *texts = tell->texts;
	bool known = bounce_tell_part_is_known(rate);

	bounce_tell_doc_figures_begin(doc);
	bounce_tell_doc_fact(doc, "figure.sent", !known ?
			     bounce_texts_get(texts, "figure.unknown") :
			     dec2str(rate->sent));
	if (known) {
		bounce_tell_doc_fact(doc, "figure.delivered",
				     dec2str(rate->delivered));
	}
	bounce_tell_doc_fact(doc, "figure.failed", dec2str(rate->failed));
	bounce_tell_doc_fact(doc, "figure.hard", dec2str(rate->hard));
	/* a cause that most share says more than the share itself, and a few are no
	   share (TAXONOMY, policy 7) */
	if (known && rate->cause == NULL && rate->sent >= BOUNCE_RATE_MINIMUM) {
		bounce_tell_doc_fact(doc, "figure.level",
			bounce_texts_get(texts, t_strconcat("level.",
				bounce_rate_level_name(rate->level), NULL)));
	}
	bounce_tell_doc_facts_end(doc);
	if (known) {
		bounce_tell_doc_bar(doc, rate->percent, t_bounce_texts_fill(
			texts, "broadcast.percent", "percent",
			t_bounce_tell_part_percent(texts, rate->percent), NULL));
	}
}

static void tell_broadcast(const struct bounce_tell *tell,
			   struct bounce_tell_doc *doc)
{
	const char *advice = bounce_rate_advice(tell->rate, tell->texts);

	bounce_tell_doc_begin(doc, t_bounce_texts_count(tell->texts,
		"failure.lead", bounce_tell_part_failed(tell), NULL));
	bounce_tell_part_original(tell, doc);
	tell_unproven(tell, doc);
	tell_figures(tell, doc);
	if (advice == NULL && bounce_tell_part_is_known(tell->rate) &&
	    tell->rate->sent >= BOUNCE_RATE_MINIMUM) {
		advice = bounce_texts_get(tell->texts, "broadcast.theirs");
	}
	if (advice != NULL) {
		bounce_tell_doc_heading(doc, bounce_texts_get(tell->texts,
							"broadcast.whose"));
		bounce_tell_doc_para(doc, advice);
	}
	bounce_tell_doc_heading(doc, bounce_texts_get(tell->texts,
						      "broadcast.list"));
	bounce_tell_part_addresses(tell, doc);
	bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
						   "broadcast.csv"));
}

/*
 * No more notices
 */

static void tell_limit(const struct bounce_tell *tell,
		       struct bounce_tell_doc *doc)
{
	bounce_tell_doc_begin(doc, bounce_texts_get(tell->texts,
						    "limit.subject"));
	bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
		"limit.text", tell->count, NULL));
}

/*
 * What is not about one mail
 */

static void tell_recovered(const struct bounce_tell *tell,
			   struct bounce_tell_doc *doc)
{
	bounce_tell_doc_begin(doc, bounce_tell_subject(tell));
	bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
						   "recovered.text"));
	bounce_tell_part_addresses(tell, doc);
}

static void tell_flood(const struct bounce_tell *tell,
		       struct bounce_tell_doc *doc)
{
	bounce_tell_doc_begin(doc, bounce_tell_subject(tell));
	bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
		"flood.text", tell->count, NULL));
	bounce_tell_doc_para(doc, bounce_texts_get(tell->texts, "flood.why"));
	if (tell->folder != NULL) {
		bounce_tell_doc_para(doc, t_bounce_texts_fill(tell->texts,
			"flood.folder", "folder", tell->folder, NULL));
	}
}

void bounce_tell_body(const struct bounce_tell *tell,
		      struct bounce_tell_doc *doc)
{
	switch (tell->kind) {
	case BOUNCE_TELL_FAILURE:
		tell_failure(tell, doc);
		break;
	case BOUNCE_TELL_BROADCAST:
		tell_broadcast(tell, doc);
		break;
	case BOUNCE_TELL_HELD:
		bounce_tell_held(tell, doc);
		break;
	case BOUNCE_TELL_RECOVERED:
		tell_recovered(tell, doc);
		break;
	case BOUNCE_TELL_LIMIT:
		tell_limit(tell, doc);
		break;
	case BOUNCE_TELL_FLOOD:
		tell_flood(tell, doc);
		break;
	case BOUNCE_TELL_DIGEST:
		bounce_tell_digest(tell, doc);
		break;
	case BOUNCE_TELL_ANSWER:
		bounce_tell_answered(tell, doc);
		break;
	case BOUNCE_TELL_KIND_COUNT:
		i_unreached();
	}
	if (tell->answers)
		bounce_tell_answered_offer(tell, doc);
	tell_footer(tell, doc);
	bounce_tell_doc_end(doc);
}
