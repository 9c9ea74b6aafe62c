#ifndef BOUNCE_VERIFY_H
#define BOUNCE_VERIFY_H

/* What may a report change? Who made it, as its trace says, and of which of this
   user's mails it is, as the token, the copy in Sent or our own MTA's trace says
   (bounce-trust.h has the table). */

#include "bounce-evidence.h"
#include "bounce-trace.h"
#include "bounce-trust.h"

struct bounce_user;
struct bounce_sent_copy_index;
struct istream;

/* How the report came. */
struct bounce_arrival {
	/* the mail; left at its start */
	struct istream *input;
	/* of the delivery that goes on, or NULL */
	const char *session_id;
	/* it lies in a mailbox: the hosts that were learned are believed */
	bool stored;
	/* when it came; 0 = now */
	time_t when;
	/* only shown: nothing is written, or the dictionary is not even asked */
	bool look_only, no_store;
	/* envelope sender, "" = null; NULL = as its Return-Path says */
	const char *mail_from;
	/* of many reports, or NULL */
	struct bounce_sent_copy_index *originals;
	/* how long the copy in Sent may be looked for; 0 = as long as a delivery
	   does */
	unsigned int search_msecs;
};

struct bounce_judgement {
	/* the best of its recipients' */
	enum bounce_evidence evidence;
	enum bounce_reporter reporter;
	/* perhaps true, said by a stranger: none of its words is passed on */
	bool strange;
	/* not verified, as no copy is in Sent yet */
	bool awaits_copy;
	/* the copy in Sent was not looked for, or not to the end, for want of time:
	   to be judged again */
	bool unsearched;
	/* what Dovecot's own line names */
	ARRAY_TYPE(const_string) hosts;
};

/* Sets written_to, stranger and doubtful of report's recipients, and its subject to
   that of the copy in Sent; judgement_r is from pool. */
void bounce_verify_report(struct bounce_user *bu, struct bounce_report *report,
			  const struct bounce_arrival *arrival, pool_t pool,
			  struct bounce_judgement *judgement_r);
/* What is this user's own and this site's, as far as is known for a mail that
   came so. */
void bounce_verify_site(struct bounce_user *bu,
			const struct bounce_arrival *arrival, pool_t pool,
			struct bounce_evidence_site *own_r,
			struct bounce_trace_site *site_r);
/* Does an Authentication-Results of ours say that this mail is from that address?
   By DMARC, DKIM or SPF. */
bool bounce_verify_sender(struct bounce_user *bu, struct istream *input,
			  const char *session_id, const char *address);

#endif
