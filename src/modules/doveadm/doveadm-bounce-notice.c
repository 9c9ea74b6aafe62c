/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce notice --print: what the person would be told of the reports
   that are there. */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-rate.h"
#include "bounce-tell-notice.h"
#include "bounce-verify.h"
#include "doveadm-bounce-mails.h"
#include "doveadm-bounce-tell.h"

struct notice_cmd {
	struct doveadm_bounce_cmd cmd;
	struct doveadm_bounce_query query;
	struct bounce_user *bu;
	bool failed;
};

static void notice_init(struct doveadm_bounce_cmd *_cmd)
{
	struct notice_cmd *cmd = container_of(_cmd, struct notice_cmd, cmd);
	bool print = FALSE;

	doveadm_bounce_header("mailbox");
	doveadm_bounce_header_number("uid");
	doveadm_bounce_tell_headers();
	(void)doveadm_cmd_param_bool(_cmd->ctx.cctx, "print", &print);
	if (!print) {
		doveadm_bounce_wrong(_cmd, "Only notice --print is there: "
			"notices are written when the report is delivered");
	}
	doveadm_bounce_query_init(_cmd, &cmd->query);
}

static void
notice_print(struct notice_cmd *cmd, struct mail *mail,
	     const struct bounce_tell_about *about, pool_t pool)
{
	struct bounce_tell tell;
	struct bounce_rate rate;
	const char *error;
	int ret;

	ret = bounce_tell_notice_preview(cmd->bu, about, pool, &rate, &tell,
					 &error);
	if (ret < 0) {
		doveadm_bounce_failed(&cmd->cmd, cmd->bu, MAIL_ERROR_TEMP,
				      "%s", error);
		cmd->failed = TRUE;
	}
	if (ret <= 0 || array_is_empty(&tell.recipients))
		return;
	doveadm_bounce_print(mailbox_get_vname(mail->box));
	doveadm_print_num(mail->uid);
	doveadm_bounce_tell_print(&tell);
}

static void
notice_mail(struct mail *mail, const struct bounce_report *report,
	    const struct bounce_judgement *judgement, void *context)
{
	struct notice_cmd *cmd = context;
	struct bounce_tell_about about = {
		.report = report,
		.unproven = judgement->evidence < BOUNCE_EVIDENCE_VERIFIED,
		.address = cmd->bu->user->username,
		.folder = mailbox_get_vname(mail->box),
		.now = cmd->cmd.now
	};
	pool_t pool;

	if (report->kind != BOUNCE_KIND_FAILURE ||
	    judgement->evidence == BOUNCE_EVIDENCE_UNVERIFIED || cmd->failed)
		return;
	if (mail_get_received_date(mail, &about.when) < 0 || about.when <= 0)
		about.when = about.now;
	pool = pool_alloconly_create("bounce notice", 4096);
	notice_print(cmd, mail, &about, pool);
	pool_unref(&pool);
}

static int
notice_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	   struct bounce_store *store ATTR_UNUSED)
{
	struct notice_cmd *cmd = container_of(_cmd, struct notice_cmd, cmd);
	bool killed;

	cmd->bu = bu;
	return doveadm_bounce_mails_read(_cmd, bu, &cmd->query, notice_mail,
					 cmd, &killed) < 0 ||
		cmd->failed ? -1 : 0;
}

static struct doveadm_mail_cmd_context *notice_alloc(void)
{
	struct notice_cmd *cmd = doveadm_bounce_cmd_alloc(struct notice_cmd,
						DOVEADM_PRINT_TYPE_PAGER);

	cmd->cmd.init = notice_init;
	cmd->cmd.run = notice_run;
	cmd->cmd.no_change = TRUE;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_notice = {
	.name = "bounce notice",
	.mail_cmd = notice_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--lang <language>] --print "
				      "[<mailbox>|<search query>]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_CMD_PARAM('p', "print", CMD_PARAM_BOOL, 0)
DOVEADM_BOUNCE_PARAM_QUERY
DOVEADM_CMD_PARAMS_END
};
