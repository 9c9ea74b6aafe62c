/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-organisation.h"
#include "bounce-user.h"
#include "bounce-verify-private.h"

/* Who reports, as the trace and the signatures say. */

static bool
verify_speaks_for(const struct bounce_verify *verify, const char *address)
{
	const char *domain = strrchr(address, '@'), *signature;

	array_foreach_elem(&verify->trace.signatures, signature) {
		if (domain != NULL && strcasecmp(signature, domain + 1) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool verify_is_from(const struct bounce_trace *trace, const char *address)
{
	return trace->from != NULL && strcasecmp(trace->from, address) == 0;
}

/* "feedback@isp.example.com", and nobody who has a mailbox there. */
static bool verify_is_from_role(const struct bounce_trace *trace)
{
	static const char *const roles[] = {
		"abuse", "abusedesk", "arf", "complaint", "complaints", "fbl",
		"feedback", "feedbackloop", "feedback-loop", "mailer-daemon",
		"no-reply", "noreply", "postmaster", "scomp", "staff", NULL
	};

	/* "abuse@x"@isp.example.com is another mailbox */
	const char *at = trace->from == NULL ? NULL : strrchr(trace->from, '@');

	return at != NULL &&
		str_array_icase_find(roles, t_strdup_until(trace->from, at));
}

static bool
verify_complains(const struct bounce_verify *verify, const char *address)
{
	const struct bounce_trace *trace = &verify->trace;
	const char *const *feedback = verify->bu->set.feedback;
	const char *domain = strrchr(address, '@');

	if (trace->from != NULL && feedback != NULL &&
	    str_array_icase_find(feedback, trace->from))
		return verify_speaks_for(verify, trace->from);
	if (domain == NULL || !verify_speaks_for(verify, address))
		return FALSE;
	/* their own word (a client that unsubscribes), or their provider's, which
	   signs what its other users write, too */
	return verify_is_from(trace, address) ||
		(verify_is_from_role(trace) &&
		 bounce_organisation_hoster_find(domain + 1) == NULL);
}

/* A complaint is written by the provider's feedback loop, a receipt by the
   recipient's own client: neither is a daemon. */
enum bounce_reporter
bounce_verify_reporter(const struct bounce_verify *verify, const char *address)
{
	const struct bounce_trace *trace = &verify->trace;

	switch (verify->report->kind) {
	case BOUNCE_KIND_COMPLAINT:
		return verify_complains(verify, address) ?
			BOUNCE_REPORTER_SIDE : BOUNCE_REPORTER_STRANGER;
	case BOUNCE_KIND_DISPOSITION:
		return verify_is_from(trace, address) &&
			verify_speaks_for(verify, address) ?
			BOUNCE_REPORTER_SIDE : BOUNCE_REPORTER_STRANGER;
	default:
		return bounce_trace_reporter(trace, address);
	}
}

enum bounce_reporter
bounce_verify_best_reporter(const struct bounce_verify *verify)
{
	enum bounce_reporter best = verify->trace.reporter;
	const struct bounce_recipient *rcpt;

	array_foreach(&verify->report->recipients, rcpt) {
		if (rcpt->address != NULL)
			best = I_MAX(best,
				     bounce_verify_reporter(verify,
							    rcpt->address));
	}
	return best;
}
