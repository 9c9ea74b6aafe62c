/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "submission-common.h"
#include "submission-bounce-hold-private.h"

struct hold_answer {
	struct smtp_server_cmd_ctx *cmd;
	struct timeout *to;
	unsigned int code;
	const char *status, *text;
};

static void hold_answer_now(struct hold_answer *answer)
{
	timeout_remove(&answer->to);
	smtp_server_reply(answer->cmd, answer->code, answer->status, "%s",
			  answer->text);
}

static void
hold_answer_destroyed(struct smtp_server_cmd_ctx *cmd ATTR_UNUSED,
		      struct hold_answer *answer)
{
	timeout_remove(&answer->to);
}

void submission_hold_answer(struct smtp_server_cmd_ctx *cmd, unsigned int code,
			    const char *status, const char *text)
{
	struct hold_answer *answer = p_new(cmd->pool, struct hold_answer, 1);

	answer->cmd = cmd;
	answer->code = code;
	answer->status = status;
	answer->text = p_strdup(cmd->pool, text);
	answer->to = timeout_add_short(0, hold_answer_now, answer);
	smtp_server_command_add_hook(cmd->cmd, SMTP_SERVER_COMMAND_HOOK_DESTROY,
				     hold_answer_destroyed, answer);
}
