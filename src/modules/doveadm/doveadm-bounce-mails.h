#ifndef DOVEADM_BOUNCE_MAILS_H
#define DOVEADM_BOUNCE_MAILS_H

/* The mails that scan and explain look at, read as the delivery reads them. */

#include "doveadm-bounce.h"

struct bounce_judgement;
struct mail;

/* What was asked for: the positional parameter "query", [MAILBOX or search
   query]. Without it: INBOX, and bounce_mailbox with what is below it. */
struct doveadm_bounce_query {
	/* NULL = none given, or a mailbox */
	struct mail_search_args *args;
	const char *mailbox;
};

#define DOVEADM_BOUNCE_PARAM_QUERY \
	DOVEADM_CMD_PARAM('\0', "query", CMD_PARAM_ARRAY, \
			  CMD_PARAM_FLAG_POSITIONAL)

void doveadm_bounce_query_init(struct doveadm_bounce_cmd *cmd,
			       struct doveadm_bounce_query *query_r);

/* Called for each mail; report is of kind none for ordinary mail and valid until
   the callback returns, judgement that of a report, else all zero. */
typedef void
doveadm_bounce_mail_t(struct mail *mail, const struct bounce_report *report,
		      const struct bounce_judgement *judgement, void *context);

/* Read them all, with progress where cmd runs on a terminal. Mails and mailboxes
   that cannot be read are logged and passed over. Returns 0, -1 if there were
   such, or if it was interrupted (*killed_r). */
int doveadm_bounce_mails_read(struct doveadm_bounce_cmd *cmd,
			      struct bounce_user *bu,
			      const struct doveadm_bounce_query *query,
			      doveadm_bounce_mail_t *callback, void *context,
			      bool *killed_r);

#endif
