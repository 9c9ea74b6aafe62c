/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce scan: the mailbox is the journal; bring the dictionary to what
   it says. */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "bounce-forgotten.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-recount.h"
#include "bounce-verify.h"
#include "compat-doveadm.h"
#include "doveadm-bounce-mails.h"

struct scan_cmd {
	struct doveadm_bounce_cmd cmd;
	struct doveadm_bounce_query query;
	/* -n: only show */
	bool show;
};

/* One user's mails. */
struct scan {
	struct scan_cmd *cmd;
	struct bounce_user *bu;
	struct bounce_store *store;
	struct bounce_rebuild *batch;
	/* mails that failed, of pool */
	ARRAY_TYPE(const_string) failed_ids;
	pool_t pool;
	unsigned int mails, reports, weak;
};

static void scan_init(struct doveadm_bounce_cmd *_cmd)
{
	struct scan_cmd *cmd = container_of(_cmd, struct scan_cmd, cmd);

	(void)doveadm_cmd_param_bool(_cmd->ctx.cctx, "dry-run", &cmd->show);
	doveadm_bounce_query_init(_cmd, &cmd->query);
	if (cmd->show) {
		_cmd->no_change = TRUE;
		doveadm_bounce_list_headers();
		return;
	}
	doveadm_bounce_header_number("mails");
	doveadm_bounce_header_number("reports");
	doveadm_bounce_header_number("unverified");
	/* the table widens the last one */
	doveadm_print_header("changed", "changed",
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
}

static void
scan_mail(struct mail *mail, const struct bounce_report *report,
	  const struct bounce_judgement *judgement, void *context)
{
	struct scan *scan = context;
	time_t when;

	scan->mails++;
	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return;
	scan->reports++;
	/* also where the dictionary that knew it is lost */
	if (bounce_forgotten_has(mail))
		return;
	if (mail_get_received_date(mail, &when) < 0 || when <= 0)
		when = scan->cmd->cmd.now;
	/* delivered while the clock was ahead */
	when = I_MIN(when, scan->cmd->cmd.now);
	if (judgement->evidence < bounce_policy_least(&scan->bu->set.policy))
		scan->weak++;
	bounce_rebuild_add(scan->batch, report, judgement->evidence, when);
}

static void scan_show(const struct bounce_record *rec, void *context)
{
	struct scan *scan = context;

	doveadm_bounce_list_print(&scan->bu->set.policy, rec,
				  scan->cmd->cmd.now);
}

static int scan_finish(struct scan *scan)
{
	struct scan_cmd *cmd = scan->cmd;
	const char *error;
	int ret;

	if (cmd->show) {
		bounce_rebuild_set_changed(scan->batch, scan_show, scan);
	} else {
		bounce_rebuild_set_failed_ids(scan->batch, scan->pool,
					      &scan->failed_ids);
	}
	/* what went out first: what failed of it then finds its broadcast */
	if (!cmd->show && cmd->query.args == NULL &&
	    cmd->query.mailbox == NULL &&
	    bounce_sent_recount(scan->bu, scan->store, cmd->cmd.now,
				&error) < 0) {
		bounce_rebuild_cancel(&scan->batch);
		return doveadm_bounce_failed(&cmd->cmd, scan->bu,
					     MAIL_ERROR_TEMP, "%s", error);
	}
	ret = bounce_rebuild_commit(&scan->batch, cmd->show, &error);
	if (ret < 0 ||
	    bounce_sent_copy_keyword_add(scan->bu->user, &scan->failed_ids,
					 scan->bu->set.flag, &error) < 0)
		return doveadm_bounce_failed(&cmd->cmd, scan->bu,
					     MAIL_ERROR_TEMP, "%s", error);
	if (!cmd->show) {
		doveadm_print_num(scan->mails);
		doveadm_print_num(scan->reports);
		doveadm_print_num(scan->weak);
		doveadm_print_num(ret);
	}
	return 0;
}

static int
scan_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	 struct bounce_store *store)
{
	struct scan_cmd *cmd = container_of(_cmd, struct scan_cmd, cmd);
	struct scan scan = { .cmd = cmd, .bu = bu, .store = store };
	bool killed;
	int ret;

	if (!bu->set.record && !cmd->show) {
		/* -A may well come by such users */
		if (!compat_doveadm_many_users(&_cmd->ctx)) {
			e_warning(bu->event, "bounce_record is no: nothing is "
				  "recorded (-n shows what would be)");
		}
		return 0;
	}
	scan.pool = pool_alloconly_create("bounce scan", 4096);
	p_array_init(&scan.failed_ids, scan.pool, 16);
	scan.batch = bounce_rebuild_init(store);
	ret = doveadm_bounce_mails_read(_cmd, bu, &cmd->query, scan_mail, &scan,
					&killed);
	if (killed) {
		bounce_rebuild_cancel(&scan.batch);
		ret = -1;
	} else if (scan_finish(&scan) < 0) {
		ret = -1;
	}
	pool_unref(&scan.pool);
	return ret;
}

static struct doveadm_mail_cmd_context *scan_alloc(void)
{
	struct scan_cmd *cmd = doveadm_bounce_cmd_alloc(struct scan_cmd,
						DOVEADM_PRINT_TYPE_TABLE);

	cmd->cmd.no_pending = TRUE;
	cmd->cmd.init = scan_init;
	cmd->cmd.run = scan_run;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_scan = {
	.name = "bounce scan",
	.mail_cmd = scan_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[-n] [<mailbox>|<search query>]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('n', "dry-run", CMD_PARAM_BOOL, 0)
DOVEADM_BOUNCE_PARAM_QUERY
DOVEADM_CMD_PARAMS_END
};
