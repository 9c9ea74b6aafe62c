/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "istream.h"
#include "bounce-address.h"
#include "bounce-allowance.h"
#include "bounce-evidence.h"
#include "bounce-hosts.h"
#include "bounce-limits.h"
#include "bounce-sent-mail.h"
#include "bounce-store.h"
#include "bounce-trace.h"
#include "bounce-user.h"
#include "bounce-verify-private.h"
#include "compat-user.h"

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

static void verify_init(struct bounce_verify *verify)
{
	bounce_verify_site(verify->bu, verify->arrival, verify->pool,
			   &verify->own, &verify->site);
}

/*
 * One recipient
 */

static bool verify_is_from_user(struct bounce_verify *verify)
{
	const char *from = verify->report->original_from, *error;

	return from != NULL &&
		bounce_address_normalize(verify->pool, from, &from,
					 &error) == 0 &&
		bounce_evidence_is_own(&verify->own, from);
}

/* What our own MTA or our relay says of where the mail came in. */
static enum bounce_knowledge
verify_entry(struct bounce_verify *verify, enum bounce_knowledge knowledge)
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
verify_open_most(struct bounce_verify *verify, const char *address)
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
verify_address(struct bounce_verify *verify, const char *address,
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

/*
 * All recipients
 */

static enum bounce_evidence
verify_recipient(struct bounce_verify *verify, struct bounce_recipient *rcpt)
{
	enum bounce_reporter reporter;
	enum bounce_knowledge knowledge;
	enum bounce_evidence evidence;

	if (rcpt->address == NULL)
		return BOUNCE_EVIDENCE_UNVERIFIED;
	reporter = bounce_verify_reporter(verify, rcpt->address);
	knowledge = bounce_verify_knows(verify, rcpt->address);
	if (knowledge != BOUNCE_KNOWLEDGE_ADDRESS &&
	    bounce_verify_knows(verify, rcpt->original_address) ==
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
verify_recipients(struct bounce_verify *verify,
		  struct bounce_judgement *judgement)
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
		/* that another was delivered to proves no failure */
		if (verify->report->kind == BOUNCE_KIND_FAILURE &&
		    rcpt->action != BOUNCE_ACTION_FAILED)
			continue;
		judgement->evidence = I_MAX(judgement->evidence, evidence);
		if (count <= max && rcpt->address != NULL) {
			judgement->reporter = I_MAX(judgement->reporter,
				bounce_verify_reporter(verify, rcpt->address));
		}
	}
	judgement->strange =
		judgement->evidence < BOUNCE_EVIDENCE_VERIFIED &&
		judgement->reporter != BOUNCE_REPORTER_OWN;
}

/* The returned mail may bear any. */
static void verify_subject(struct bounce_verify *verify)
{
	if (verify->original == NULL)
		return;
	verify->report->original_subject =
		p_strdup(verify->report_pool, verify->original->subject);
	verify->report->own_subject = TRUE;
}

/* The copy in Sent may be saved a moment later; whoever is no stranger is heard
   again then. */
static bool
verify_awaits_copy(const struct bounce_verify *verify,
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
	struct bounce_verify verify = {
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
		bounce_verify_mail(&verify);
		verify_recipients(&verify, judgement_r);
		verify_subject(&verify);
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

/* As who checked the signature saw it: not decoded. */
static bool
verify_is_sender(const struct bounce_verify *verify, const char *address)
{
	const char *from = verify->trace.from, *normal, *error;

	return from != NULL &&
		bounce_address_normalize(verify->pool, from, &normal,
					 &error) == 0 &&
		strcmp(normal, address) == 0;
}

bool bounce_verify_sender(struct bounce_user *bu, struct istream *input,
			  const char *session_id, const char *address)
{
	pool_t pool = pool_alloconly_create("bounce verify", 2048);
	struct bounce_arrival arrival = {
		.input = input, .session_id = session_id
	};
	struct bounce_verify verify = {
		.bu = bu, .arrival = &arrival, .pool = pool
	};
	bool ret;

	T_BEGIN {
		verify_init(&verify);
		bounce_trace_read(input, pool, &verify.site, &verify.trace);
		ret = verify_is_sender(&verify, address) &&
			bounce_trace_passes(&verify.trace, address);
	} T_END;
	pool_unref(&pool);
	return ret;
}
