#ifndef BOUNCE_CHECK_MAILS_H
#define BOUNCE_CHECK_MAILS_H

/* The user's own reports, the newest 500 of bounce_mailbox. */

#include "bounce-trust.h"
#include "bounce-check.h"

/* Who signed a mail of ours that came back (RFC 6376: d= and s=). */
struct bounce_check_signer {
	const char *domain, *selector;
};

/* As which host a mail of ours went out, as who took it wrote down. */
struct bounce_check_hello {
	const char *helo, *ip;
};

struct bounce_check_mails {
	unsigned int reports;
	unsigned int evidence[BOUNCE_EVIDENCE_COUNT];
	unsigned int reporters[BOUNCE_REPORTER_COUNT];
	/* Of reports that are at least plausible: addresses that refusing servers
	   named as ours, who signed, and from where
	   the mails went out */
	ARRAY_TYPE(const_string) ips;
	ARRAY(struct bounce_check_signer) signers;
	ARRAY(struct bounce_check_hello) hellos;
	/* the mailbox, and why it cannot be read; NULL = it can */
	const char *mailbox, *error;
};

/* Read once for each user. */
const struct bounce_check_mails *bounce_check_mails(struct bounce_check *check);

#endif
