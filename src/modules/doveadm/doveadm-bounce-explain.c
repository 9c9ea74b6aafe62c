/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce explain: what each mail was taken for, and why. */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "bounce-reason.h"
#include "bounce-remedy.h"
#include "bounce-texts.h"
#include "bounce-verify.h"
#include "doveadm-bounce-mails.h"

struct explain_cmd {
	struct doveadm_bounce_cmd cmd;
	struct doveadm_bounce_query query;
	/* while a user's mails are read */
	struct bounce_user *bu;
	/* in their language */
	const struct bounce_texts *texts;
};

static void explain_init(struct doveadm_bounce_cmd *_cmd)
{
	static const char *const names[] = {
		"kind", "format", "evidence", "reporter", "subject", "recipient",
		"action", "class", "side", "reason", "meaning", "status", "reply",
		"words", "rule", "remedy"
	};
	struct explain_cmd *cmd = container_of(_cmd, struct explain_cmd, cmd);

	doveadm_bounce_header("mailbox");
	doveadm_bounce_header_number("uid");
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++)
		doveadm_bounce_header(names[i]);
	doveadm_bounce_query_init(_cmd, &cmd->query);
}

static void
explain_print_mail(struct mail *mail, const struct bounce_report *report,
		   const struct bounce_judgement *judgement)
{
	bool recorded = report->kind == BOUNCE_KIND_FAILURE ||
		report->kind == BOUNCE_KIND_COMPLAINT;

	doveadm_bounce_print(mailbox_get_vname(mail->box));
	doveadm_print_num(mail->uid);
	doveadm_print(bounce_kind_name(report->kind));
	doveadm_bounce_print(report->format);
	/* of the others nothing is recorded */
	doveadm_print(recorded ? bounce_evidence_name(judgement->evidence) :
		      "");
	doveadm_print(recorded ?
		      bounce_trust_reporter_name(judgement->reporter) : "");
	doveadm_bounce_print(report->original_subject);
}

static void explain_print_no_recipient(void)
{
	for (unsigned int i = 0; i < 11; i++)
		doveadm_print("");
}

/* Who refused us, and where to go; empty where it was not us. */
static void
explain_print_remedy(struct explain_cmd *cmd, const char *words,
		     const struct bounce_recipient *rcpt)
{
	const struct bounce_remedy *remedy = rcpt->verdict.reason == NULL ?
		NULL : bounce_remedy_find(bounce_user_remedies(cmd->bu),
					  rcpt->verdict.side, words,
					  rcpt->remote_mta);

	doveadm_bounce_print(remedy == NULL ? NULL :
			     t_bounce_remedy_text(remedy, cmd->cmd.now));
}

static void
explain_print_recipient(struct explain_cmd *cmd,
			const struct bounce_recipient *rcpt)
{
	const struct bounce_verdict *verdict = &rcpt->verdict;
	const char *words = rcpt->diagnostic != NULL ? rcpt->diagnostic :
		rcpt->explanation;

	doveadm_bounce_print(rcpt->address);
	doveadm_print(bounce_action_name(rcpt->action));
	if (verdict->reason != NULL) {
		doveadm_print(bounce_class_name(verdict->class));
		doveadm_print(bounce_side_name(verdict->side));
		doveadm_print(verdict->reason->name);
		doveadm_print(bounce_texts_meaning(cmd->texts,
						   verdict->reason));
	} else {
		doveadm_print("");
		doveadm_print("");
		doveadm_print("");
		doveadm_print("");
	}
	doveadm_bounce_print(rcpt->status);
	doveadm_bounce_print(rcpt->reply);
	doveadm_bounce_print(words);
	doveadm_bounce_print(verdict->rule);
	explain_print_remedy(cmd, words, rcpt);
}

static void
explain_mail(struct mail *mail, const struct bounce_report *report,
	     const struct bounce_judgement *judgement, void *context)
{
	struct explain_cmd *cmd = context;
	const struct bounce_recipient *rcpt;

	array_foreach(&report->recipients, rcpt) {
		explain_print_mail(mail, report, judgement);
		explain_print_recipient(cmd, rcpt);
	}
	if (array_is_empty(&report->recipients)) {
		explain_print_mail(mail, report, judgement);
		explain_print_no_recipient();
	}
}

static int
explain_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	    struct bounce_store *store ATTR_UNUSED)
{
	struct explain_cmd *cmd = container_of(_cmd, struct explain_cmd, cmd);
	bool killed;

	cmd->bu = bu;
	cmd->texts = doveadm_bounce_texts(bu);
	return doveadm_bounce_mails_read(_cmd, bu, &cmd->query, explain_mail,
					 cmd, &killed);
}

static struct doveadm_mail_cmd_context *explain_alloc(void)
{
	struct explain_cmd *cmd = doveadm_bounce_cmd_alloc(struct explain_cmd,
						DOVEADM_PRINT_TYPE_PAGER);

	cmd->cmd.init = explain_init;
	cmd->cmd.run = explain_run;
	cmd->cmd.no_store = TRUE;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_explain = {
	.name = "bounce explain",
	.mail_cmd = explain_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--lang <language>] [<mailbox>|<search query>]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_BOUNCE_PARAM_QUERY
DOVEADM_CMD_PARAMS_END
};
