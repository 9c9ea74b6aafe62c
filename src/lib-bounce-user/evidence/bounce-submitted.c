/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "mail-user.h"
#include "bounce-address.h"
#include "bounce-sent-store.h"
#include "bounce-submitted.h"
#include "bounce-user.h"
#include "bounce-verify.h"

bool bounce_submitted_is_own(struct bounce_user *bu, const char *from)
{
	static const struct bounce_arrival none;
	pool_t pool = pool_alloconly_create("bounce submitted", 1024);
	struct bounce_evidence_site own;
	struct bounce_trace_site site;
	const char *address, *error;
	bool ret;

	bounce_verify_site(bu, &none, pool, &own, &site);
	ret = bounce_address_normalize(pool, from, &address, &error) == 0 &&
		bounce_evidence_is_own(&own, address);
	pool_unref(&pool);
	return ret;
}

/* Below a line of loopback is what a local program may have written. */
static bool submitted_is_genuine(struct bounce_user *bu,
				 const struct bounce_entry *entry)
{
	return !entry->loopback ||
		(bu->set.relays != NULL &&
		 str_array_icase_find(bu->set.relays, "localhost"));
}

static bool
submitted_by_login(struct bounce_user *bu, const struct bounce_entry *entry)
{
	if (!entry->authenticated || !submitted_is_genuine(bu, entry))
		return FALSE;
	return entry->login == NULL ? bu->set.sender_checked :
		strcasecmp(entry->login, bu->user->username) == 0;
}

/* A trace without a login: somebody's. Only what this user's login sent is in
   this user's dictionary. */
static bool
submitted_by_envelope(struct bounce_user *bu, const struct bounce_entry *entry,
		      pool_t pool, unsigned int max_secs)
{
	struct bounce_sent_envelope envelope;
	struct bounce_store *store;
	const char *error;
	int ret;

	if (!entry->authenticated || entry->login != NULL ||
	    entry->queue_id == NULL || !submitted_is_genuine(bu, entry))
		return FALSE;
	ret = bounce_user_store(bu, &store, &error) < 0 ? -1 :
		bounce_sent_store_envelope(store, pool, entry->queue_id,
					   ioloop_time, &envelope, &error);
	if (ret < 0) {
		/* what is to be done about it will say so, too */
		e_debug(bu->event, "Envelope is not known: %s", error);
	}
	/* an MTA uses its ids again */
	return ret > 0 && envelope.when + (time_t)max_secs >= ioloop_time;
}

bool bounce_submitted_is_proven(struct bounce_user *bu,
				const struct bounce_arrival *arrival,
				const char *from, unsigned int max_secs)
{
	pool_t pool = pool_alloconly_create("bounce submitted", 2048);
	struct bounce_evidence_site own;
	struct bounce_trace_site site;
	struct bounce_trace trace;
	struct bounce_entry entry;
	bool ret;

	bounce_verify_site(bu, arrival, pool, &own, &site);
	bounce_trace_read(arrival->input, pool, &site, &trace);
	bounce_trace_own_entry_read(arrival->input, pool, &site, &trace,
				    &entry);
	/* of what was handed in here a signature says only that it was somebody
	   of this domain */
	ret = submitted_by_login(bu, &entry) ||
		(entry.relayed && bounce_trace_passes(&trace, from)) ||
		submitted_by_envelope(bu, &entry, pool, max_secs);
	pool_unref(&pool);
	return ret;
}
