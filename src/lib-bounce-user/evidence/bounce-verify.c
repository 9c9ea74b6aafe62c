/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "message-header-parser.h"
#include "istream.h"
#include "bounce-address.h"
#include "bounce-allowance.h"
#include "bounce-evidence.h"
#include "bounce-hosts.h"
#include "bounce-key.h"
#include "bounce-limits.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-trace.h"
#include "bounce-user.h"
#include "bounce-verify.h"
#include "compat-user.h"

/* A mail that is sent again has two. */
#define MAX_TOKENS 4
/* Recipients by which a mail is looked for. */
#define MAX_LIKE 10

struct verify {
	struct bounce_user *bu;
	struct bounce_report *report;
	const struct bounce_arrival *arrival;
	pool_t pool;
	/* what report gets */
	pool_t report_pool;
	struct bounce_evidence_site own;
	struct bounce_trace_site site;
	struct bounce_trace trace;
	struct bounce_entry entry;
	/* read when the first token is seen */
	ARRAY_TYPE(bounce_token_key) keys;
	/* if the mail is ours, one of them at least: whom it was sent to */
	const struct bounce_token *token;
	struct bounce_sent_header *original;
	/* the envelope that bounce-policy was asked about, or NULL */
	const struct bounce_sent_envelope *envelope;
	/* the copy names nobody but the user */
	bool original_open;
	/* the one address of this report that its own side may speak of, where
	   it cannot be said whom the mail went to */
	bool open_used;
	bool unsearched;
};

/*
 * The site
 */

static const char *const *verify_learned(struct bounce_user *bu, pool_t pool)
{
	struct bounce_store *store;
	const char *const *hosts, *error;

	if (bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_hosts_read(store, pool, ioloop_time, &hosts, &error) < 0) {
		/* recording will say so, too */
		e_debug(bu->event, "Hosts are not known: %s", error);
		return NULL;
	}
	return hosts;
}

void bounce_verify_site(struct bounce_user *bu,
			const struct bounce_arrival *arrival, pool_t pool,
			struct bounce_evidence_site *own_r,
			struct bounce_trace_site *site_r)
{
	const char *hostname, *delimiters;

	compat_user_names(bu->user, pool, &hostname, &delimiters);
	bounce_evidence_site_init(pool, bu->user->username, hostname,
				  bu->set.addresses, bu->set.sites,
				  arrival->stored ? verify_learned(bu, pool) :
				  NULL, own_r);
	own_r->delimiters = delimiters;
	i_zero(site_r);
	site_r->hosts = own_r->hosts;
	site_r->relays = bu->set.relays;
	site_r->authserv = bu->set.authserv;
	site_r->session_id = arrival->session_id;
	site_r->mail_from = arrival->mail_from;
}

static void verify_init(struct verify *verify)
{
	bounce_verify_site(verify->bu, verify->arrival, verify->pool,
			   &verify->own, &verify->site);
}

/*
 * The token
 */

static bool verify_read_keys(struct verify *verify)
{
	const char *error;
	int ret;

	if (array_is_created(&verify->keys))
		return !array_is_empty(&verify->keys);
	p_array_init(&verify->keys, verify->pool, 2);
	ret = bounce_key_read(verify->bu, FALSE, &verify->keys, &error);
	if (ret < 0) {
		e_error(verify->bu->event, "Tokens cannot be verified: %s",
			error);
		array_clear(&verify->keys);
	}
	return ret > 0;
}

static bool verify_check_token(struct verify *verify, const char *value)
{
	struct bounce_token token;

	if (!verify_read_keys(verify) ||
	    !bounce_token_verify(&verify->keys, value,
				 verify->bu->user->username,
				 verify->report->original_message_id,
				 ioloop_time, verify->pool, &token))
		return FALSE;
	verify->token = p_memdup(verify->pool, &token, sizeof(token));
	return TRUE;
}

static void verify_token(struct verify *verify)
{
	const char *headers = verify->report->original_headers;
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	struct istream *input;
	unsigned int count = 0;
	bool found = FALSE;

	if (headers == NULL)
		return;
	input = i_stream_create_from_data(headers, strlen(headers));
	parser = message_parse_header_init(input, NULL, 0);
	while (!found && count < MAX_TOKENS &&
	       message_parse_header_next(parser, &hdr) > 0) {
		if (hdr->eoh ||
		    strcasecmp(hdr->name, BOUNCE_TOKEN_HEADER) != 0)
			continue;
		if (hdr->continues) {
			hdr->use_full_value = TRUE;
			continue;
		}
		count++;
		found = verify_check_token(verify, t_strndup(hdr->full_value,
						hdr->full_value_len));
	}
	message_parse_header_deinit(&parser);
	i_stream_unref(&input);
}

/*
 * The copy in Sent
 */

static bool verify_names_others(struct verify *verify)
{
	const char *address;

	array_foreach_elem(&verify->original->recipients, address) {
		if (!bounce_evidence_is_own(&verify->own, address))
			return TRUE;
	}
	return FALSE;
}

/*
 * The envelope
 */

/* Our own MTA's report names the queue id of the mail where it came in, and what
   is there no outsider wrote. */
static void verify_envelope(struct verify *verify)
{
	struct bounce_sent_envelope envelope;
	struct bounce_store *store;
	const char *error;
	int ret;

	if (verify->trace.reporter != BOUNCE_REPORTER_OWN ||
	    !verify->entry.authenticated || verify->entry.queue_id == NULL)
		return;
	ret = bounce_user_store(verify->bu, &store, &error) < 0 ? -1 :
		bounce_sent_store_envelope(store, verify->pool,
					   verify->entry.queue_id, ioloop_time,
					   &envelope, &error);
	if (ret < 0) {
		/* recording will say so, too */
		e_debug(verify->bu->event, "Envelope is not known: %s", error);
	} else if (ret > 0) {
		verify->envelope = p_memdup(verify->pool, &envelope,
					    sizeof(envelope));
	}
}

/*
 * One recipient
 */

static enum bounce_knowledge
verify_knows(struct verify *verify, const char *address)
{
	const char *normal, *error;
	bool open = FALSE;

	if (address == NULL ||
	    bounce_address_normalize(verify->pool, address, &normal,
				     &error) < 0)
		return BOUNCE_KNOWLEDGE_NONE;
	if (verify->token != NULL) {
		if (bounce_token_is_open(verify->token))
			open = TRUE;
		else if (bounce_token_has(verify->token, normal))
			return BOUNCE_KNOWLEDGE_ADDRESS;
	}
	if (verify->envelope != NULL) {
		if (bounce_sent_envelope_has(verify->envelope, normal))
			return BOUNCE_KNOWLEDGE_ADDRESS;
		if (!bounce_sent_envelope_is_exact(verify->envelope))
			open = TRUE;
	}
	if (verify->original != NULL) {
		if (bounce_sent_header_has(verify->original, normal))
			return BOUNCE_KNOWLEDGE_ADDRESS;
		/* a token that names its recipients knows better, and so does
		   the envelope */
		if (verify->original_open && verify->token == NULL &&
		    verify->envelope == NULL)
			open = TRUE;
	}
	return open ? BOUNCE_KNOWLEDGE_OPEN : BOUNCE_KNOWLEDGE_NONE;
}

static bool verify_is_from_user(struct verify *verify)
{
	const char *from = verify->report->original_from, *error;

	return from != NULL &&
		bounce_address_normalize(verify->pool, from, &from,
					 &error) == 0 &&
		bounce_evidence_is_own(&verify->own, from);
}

/* What our own MTA or our relay says of where the mail came in. */
static enum bounce_knowledge
verify_entry(struct verify *verify, enum bounce_knowledge knowledge)
{
	const struct bounce_entry *entry = &verify->entry;
	const struct bounce_user *bu = verify->bu;
	enum bounce_knowledge entered = BOUNCE_KNOWLEDGE_PERHAPS;
	/* below a line of loopback is what a local program may have
	   written */
	bool genuine = !entry->loopback ||
		(bu->set.relays != NULL &&
		 str_array_icase_find(bu->set.relays, "localhost"));

	if (entry->relayed)
		return BOUNCE_KNOWLEDGE_NONE;
	if (entry->login != NULL &&
	    strcasecmp(entry->login, bu->user->username) != 0)
		return BOUNCE_KNOWLEDGE_PERHAPS;
	/* it is known to whom it went: an alias behind one of those, at most */
	if (knowledge == BOUNCE_KNOWLEDGE_NONE &&
	    (verify->token != NULL || verify->envelope != NULL))
		return BOUNCE_KNOWLEDGE_PERHAPS;
	if (genuine && (entry->login != NULL ||
			(entry->authenticated && bu->set.sender_checked &&
			 verify_is_from_user(verify))))
		entered = BOUNCE_KNOWLEDGE_SUBMITTED;
	return I_MAX(knowledge, entered);
}

/* So many addresses of an organisation a day. What cannot be asked now is asked
   again. */
static enum bounce_evidence
verify_open_most(struct verify *verify, const char *address)
{
	const struct bounce_arrival *arrival = verify->arrival;
	time_t when = arrival->when == 0 ? ioloop_time : arrival->when;
	const char *id = verify->report->message_id, *error;
	struct bounce_store *store;
	int ret = -1;

	if (id == NULL)
		id = verify->report->original_message_id;
	if (arrival->no_store || id == NULL)
		return BOUNCE_EVIDENCE_VERIFIED;
	if (bounce_user_store(verify->bu, &store, &error) == 0) {
		ret = bounce_allowance_take(store, id, address, when,
					    ioloop_time, arrival->look_only,
					    &error);
	}
	if (ret < 0) {
		e_debug(verify->bu->event, "Allowance is not known: %s", error);
		return BOUNCE_EVIDENCE_PLAUSIBLE;
	}
	return ret > 0 ? BOUNCE_EVIDENCE_VERIFIED : BOUNCE_EVIDENCE_UNVERIFIED;
}

static enum bounce_evidence
verify_address(struct verify *verify, const char *address,
	       enum bounce_reporter reporter, enum bounce_knowledge knowledge)
{
	enum bounce_evidence most = BOUNCE_EVIDENCE_VERIFIED;
	bool passed_us = verify->entry.passed_us;

	if (reporter == BOUNCE_REPORTER_OWN)
		knowledge = verify_entry(verify, knowledge);
	else if (reporter == BOUNCE_REPORTER_RELAY && passed_us)
		knowledge = I_MAX(knowledge, BOUNCE_KNOWLEDGE_PERHAPS);
	else if (reporter == BOUNCE_REPORTER_SIDE &&
		 knowledge == BOUNCE_KNOWLEDGE_OPEN) {
		/* whoever owns a domain could name every address of it */
		if (verify->open_used)
			return BOUNCE_EVIDENCE_UNVERIFIED;
		verify->open_used = TRUE;
		most = verify_open_most(verify, address);
	}
	e_debug(verify->bu->event, "%s says so of %s, knowledge %d",
		bounce_trust_reporter_name(reporter), address, knowledge);
	return I_MIN(most, bounce_trust_judge(reporter, knowledge, passed_us));
}

static bool
verify_speaks_for(const struct verify *verify, const char *address)
{
	const char *domain = strrchr(address, '@'), *signature;

	array_foreach_elem(&verify->trace.signatures, signature) {
		if (domain != NULL && strcasecmp(signature, domain + 1) == 0)
			return TRUE;
	}
	return FALSE;
}

/* A complaint is written by the provider's feedback loop, a receipt by the
   recipient's own client: neither is a daemon. */
static enum bounce_reporter
verify_reporter(struct verify *verify, const char *address)
{
	const struct bounce_trace *trace = &verify->trace;
	const char *const *feedback = verify->bu->set.feedback;

	switch (verify->report->kind) {
	case BOUNCE_KIND_COMPLAINT:
		if (trace->from != NULL && feedback != NULL &&
		    str_array_icase_find(feedback, trace->from) &&
		    verify_speaks_for(verify, trace->from))
			return BOUNCE_REPORTER_SIDE;
		return verify_speaks_for(verify, address) ?
			BOUNCE_REPORTER_SIDE : BOUNCE_REPORTER_STRANGER;
	case BOUNCE_KIND_DISPOSITION:
		return trace->from != NULL &&
			strcasecmp(trace->from, address) == 0 &&
			verify_speaks_for(verify, address) ?
			BOUNCE_REPORTER_SIDE : BOUNCE_REPORTER_STRANGER;
	default:
		return bounce_trace_reporter(trace, address);
	}
}

/*
 * The mail by its signs
 */

/* Could the copy make a difference? */
static bool verify_needs_copy(struct verify *verify)
{
	const struct bounce_recipient *rcpt;

	/* our MTA forwarded it for somebody */
	if (verify->entry.relayed &&
	    verify->trace.reporter == BOUNCE_REPORTER_OWN)
		return FALSE;
	if (verify->token == NULL)
		return TRUE;
	array_foreach(&verify->report->recipients, rcpt) {
		if (verify_knows(verify, rcpt->address) !=
		    BOUNCE_KNOWLEDGE_ADDRESS)
			return TRUE;
	}
	return FALSE;
}

/* The best that anybody is here. */
static enum bounce_reporter verify_best_reporter(struct verify *verify)
{
	enum bounce_reporter best = verify->trace.reporter;
	const struct bounce_recipient *rcpt;

	array_foreach(&verify->report->recipients, rcpt) {
		if (rcpt->address != NULL)
			best = I_MAX(best, verify_reporter(verify,
							   rcpt->address));
	}
	return best;
}

/* A search costs, and a stranger may ask for as many as they like: what costs less is
   asked first, and so many searches a minute are enough. What is not searched is left
   for later. */
static bool verify_may_search(struct verify *verify)
{
	struct bounce_user *bu = verify->bu;
	enum bounce_reporter reporter = verify_best_reporter(verify);
	struct bounce_store *store;
	const char *error;
	int ret;

	/* all at once, or by who cannot be a stranger */
	if (verify->arrival->originals != NULL ||
	    reporter >= BOUNCE_REPORTER_RELAY)
		return TRUE;
	if (reporter == BOUNCE_REPORTER_STRANGER) {
		if (bounce_user_store(bu, &store, &error) < 0 ||
		    (ret = bounce_sent_store_knows(store, verify->report,
						   ioloop_time, &error)) < 0) {
			/* recording will say so, too */
			e_debug(bu->event, "Sent mail is not known: %s", error);
			verify->unsearched = TRUE;
			return FALSE;
		}
		if (ret == 0)
			return FALSE;
	}
	verify->unsearched = !bounce_wait_take_search(bu->wait,
						      bu->user->username,
						      ioloop_time);
	return !verify->unsearched;
}

static void verify_search_failed(struct verify *verify, const char *error)
{
	/* who has so little time tries again */
	if (verify->arrival->search_msecs > 0)
		verify->unsearched = TRUE;
	else {
		e_error(verify->bu->event, "Sent mail cannot be searched: %s",
			error);
	}
}

static void
verify_take_original(struct verify *verify, const struct bounce_sent_header *out)
{
	verify->original = p_memdup(verify->pool, out, sizeof(*out));
	verify->original_open = !verify_names_others(verify);
}

static bool verify_original(struct verify *verify, const char *id)
{
	struct bounce_sent_header out;
	const char *error;
	int ret;

	ret = verify->arrival->originals != NULL ?
		bounce_sent_copy_index_read(verify->arrival->originals, id,
					   verify->pool, &out, &error) :
		bounce_sent_copy_read(verify->bu->user, id, ioloop_time,
				     verify->arrival->search_msecs,
				     verify->pool, &out, &error);
	if (ret < 0)
		verify_search_failed(verify, error);
	if (ret <= 0)
		return FALSE;
	verify_take_original(verify, &out);
	return TRUE;
}

/* What the report answers. */
static bool verify_thread(struct verify *verify)
{
	struct bounce_report *report = verify->report;
	const char *id;

	array_foreach_elem(&verify->trace.threads, id) {
		if (null_strcmp(id, report->original_message_id) != 0 &&
		    verify_original(verify, id)) {
			report->original_message_id =
				p_strdup(verify->report_pool, id);
			return TRUE;
		}
		/* its copy may be saved yet */
		if (report->original_message_id == NULL) {
			report->original_message_id =
				p_strdup(verify->report_pool, id);
		}
	}
	return FALSE;
}

static void
verify_add_like(struct verify *verify, struct bounce_sent_copy_like *like,
		const char *address)
{
	const char *normal, *error;

	if (address != NULL &&
	    bounce_address_normalize(verify->pool, address, &normal,
				     &error) == 0)
		array_push_back(&like->recipients, &normal);
}

/* The mail of that day with that subject to that address. */
static void verify_like(struct verify *verify)
{
	struct bounce_report *report = verify->report;
	struct bounce_sent_copy_like like = {
		.subject = report->original_subject
	};
	const struct bounce_recipient *rcpt;
	struct bounce_sent_header out;
	const char *error;
	int ret;

	if (like.subject == NULL || *like.subject == '\0' ||
	    !bounce_sent_date(report->original_headers, &like.date))
		return;
	p_array_init(&like.recipients, verify->pool, 2);
	array_foreach(&report->recipients, rcpt) {
		if (array_count(&like.recipients) >= MAX_LIKE)
			break;
		verify_add_like(verify, &like, rcpt->address);
		verify_add_like(verify, &like, rcpt->original_address);
	}
	ret = bounce_sent_copy_match(verify->bu->user, &like,
				     verify->arrival->search_msecs,
				     verify->pool, &out, &error);
	if (ret < 0)
		verify_search_failed(verify, error);
	if (ret <= 0)
		return;
	verify_take_original(verify, &out);
	if (out.message_id != NULL) {
		report->original_message_id =
			p_strdup(verify->report_pool, out.message_id);
	}
}

/* What costs nothing first. What is known by none of these is searched by other signs
   where that can prove something. */
static void verify_mail(struct verify *verify)
{
	const char *id = verify->report->original_message_id;

	verify_envelope(verify);
	if (id != NULL) {
		verify_token(verify);
		if (verify_needs_copy(verify) && verify_may_search(verify))
			(void)verify_original(verify, id);
	}
	if (verify->token == NULL && verify->original == NULL &&
	    verify->envelope == NULL && !verify->unsearched &&
	    !verify->entry.relayed &&
	    verify_best_reporter(verify) > BOUNCE_REPORTER_STRANGER &&
	    /* with an id it is asked already */
	    (id != NULL || verify_may_search(verify)) &&
	    !verify_thread(verify))
		verify_like(verify);
}

/*
 * All recipients
 */

static enum bounce_evidence
verify_recipient(struct verify *verify, struct bounce_recipient *rcpt)
{
	enum bounce_reporter reporter;
	enum bounce_knowledge knowledge;
	enum bounce_evidence evidence;

	if (rcpt->address == NULL)
		return BOUNCE_EVIDENCE_UNVERIFIED;
	reporter = verify_reporter(verify, rcpt->address);
	knowledge = verify_knows(verify, rcpt->address);
	if (knowledge != BOUNCE_KNOWLEDGE_ADDRESS &&
	    verify_knows(verify, rcpt->original_address) ==
	    BOUNCE_KNOWLEDGE_ADDRESS) {
		/* an alias, or ORCPT by somebody who likes it so */
		rcpt->written_to = rcpt->original_address;
		evidence = verify_address(verify, rcpt->written_to, reporter,
					  BOUNCE_KNOWLEDGE_ADDRESS);
		return I_MIN(evidence, BOUNCE_EVIDENCE_PLAUSIBLE);
	}
	return verify_address(verify, rcpt->address, reporter, knowledge);
}

static void
verify_recipients(struct verify *verify, struct bounce_judgement *judgement)
{
	struct bounce_recipient *rcpt;
	unsigned int count = 0, max;

	max = verify->trace.reporter == BOUNCE_REPORTER_OWN ?
		BOUNCE_MAX_RECIPIENTS : BOUNCE_MAX_FOREIGN_RECIPIENTS;
	array_foreach_modifiable(&verify->report->recipients, rcpt) {
		enum bounce_evidence evidence = ++count > max ?
			BOUNCE_EVIDENCE_UNVERIFIED :
			verify_recipient(verify, rcpt);

		rcpt->stranger = evidence == BOUNCE_EVIDENCE_UNVERIFIED;
		rcpt->doubtful = evidence == BOUNCE_EVIDENCE_PLAUSIBLE;
		judgement->evidence = I_MAX(judgement->evidence, evidence);
		if (count <= max && rcpt->address != NULL) {
			judgement->reporter = I_MAX(judgement->reporter,
				verify_reporter(verify, rcpt->address));
		}
	}
}

/* The copy in Sent may be saved a moment later; whoever is no stranger is heard
   again then. */
static bool
verify_awaits_copy(const struct verify *verify,
		   const struct bounce_judgement *judgement)
{
	return judgement->evidence < BOUNCE_EVIDENCE_VERIFIED &&
		judgement->reporter >= BOUNCE_REPORTER_SIDE &&
		verify->token == NULL && verify->original == NULL &&
		verify->report->original_message_id != NULL &&
		!verify->entry.relayed;
}

void bounce_verify_report(struct bounce_user *bu, struct bounce_report *report,
			  const struct bounce_arrival *arrival, pool_t pool,
			  struct bounce_judgement *judgement_r)
{
	pool_t verify_pool = pool_alloconly_create("bounce verify", 4096);
	struct verify verify = {
		.bu = bu, .report = report, .arrival = arrival,
		.pool = verify_pool, .report_pool = pool,
	};
	const char *host;

	i_zero(judgement_r);
	p_array_init(&judgement_r->hosts, pool, 2);
	T_BEGIN {
		verify_init(&verify);
		bounce_trace_read(arrival->input, verify_pool, &verify.site,
				  &verify.trace);
		if (verify.trace.reporter >= BOUNCE_REPORTER_RELAY) {
			bounce_trace_entry_read(report->original_headers,
						verify_pool, &verify.site,
						&verify.trace, &verify.entry);
		}
		verify_mail(&verify);
		verify_recipients(&verify, judgement_r);
		judgement_r->awaits_copy = verify_awaits_copy(&verify,
							      judgement_r);
		judgement_r->unsearched = verify.unsearched;
		if (!arrival->stored) {
			array_foreach_elem(&verify.trace.hosts, host) {
				host = p_strdup(pool, host);
				array_push_back(&judgement_r->hosts, &host);
			}
		}
	} T_END;
	pool_unref(&verify_pool);
}

/*
 * Ordinary mail
 */

bool bounce_verify_sender(struct bounce_user *bu, struct istream *input,
			  const char *session_id, const char *address)
{
	pool_t pool = pool_alloconly_create("bounce verify", 2048);
	struct bounce_arrival arrival = {
		.input = input, .session_id = session_id
	};
	struct verify verify = {
		.bu = bu, .arrival = &arrival, .pool = pool
	};
	bool ret;

	T_BEGIN {
		verify_init(&verify);
		bounce_trace_read(input, pool, &verify.site, &verify.trace);
		ret = bounce_trace_passes(&verify.trace, address);
	} T_END;
	pool_unref(&pool);
	return ret;
}
