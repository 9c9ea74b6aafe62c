/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-sent-store.h"
#include "bounce-store-private.h"

/* No mailer tries for longer. */
#define MAX_BOUNCE_AGE (10 * 24 * 60 * 60)

int bounce_store_least_evidence(struct bounce_store *store,
				const struct bounce_report *report, time_t now,
				enum bounce_evidence *least_r,
				const char **error_r)
{
	time_t since;
	int ret = 0;

	*least_r = store->set.policy.evidence;
	if (store->set.evidence_auto &&
	    (ret = bounce_sent_store_since(store, &since, error_r)) > 0 &&
	    /* the date is the sender's word: after a while none is too old */
	    (since < now - MAX_BOUNCE_AGE ||
	     bounce_sent_store_date(report, now) >= since))
		*least_r = BOUNCE_EVIDENCE_VERIFIED;
	return ret < 0 ? -1 : 0;
}
