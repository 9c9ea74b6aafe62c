/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Actions bounce_ignore, bounce_learn, bounce_forget
 *
 * Syntax:
 *   bounce_ignore
 *   bounce_learn
 *   bounce_forget
 *
 * Each only takes effect when the script's whole result was committed.
 */

#include "ext-bounce-common.h"
#include "sieve-actions.h"
#include "sieve-commands.h"
#include "sieve-code.h"
#include "sieve-dump.h"
#include "sieve-generator.h"
#include "sieve-interpreter.h"
#include "sieve-result.h"
#include "sieve-validator.h"

/* Commands */

static bool cmd_bounce_generate(const struct sieve_codegen_env *cgenv,
				struct sieve_command *cmd);

#define CMD_BOUNCE(name) { \
	.identifier = name, \
	.type = SCT_COMMAND, \
	.generate = cmd_bounce_generate, \
}

const struct sieve_command_def cmd_bounce_ignore = CMD_BOUNCE("bounce_ignore");
const struct sieve_command_def cmd_bounce_learn = CMD_BOUNCE("bounce_learn");
const struct sieve_command_def cmd_bounce_forget = CMD_BOUNCE("bounce_forget");

/* Operations */

static bool cmd_bounce_operation_dump(const struct sieve_dumptime_env *denv,
				      sieve_size_t *address);
static int cmd_bounce_operation_execute(const struct sieve_runtime_env *renv,
					sieve_size_t *address);

#define CMD_BOUNCE_OPERATION(name, number) { \
	.mnemonic = name, \
	.ext_def = &bounce_extension, \
	.code = number, \
	.dump = cmd_bounce_operation_dump, \
	.execute = cmd_bounce_operation_execute, \
}

const struct sieve_operation_def bounce_ignore_operation =
	CMD_BOUNCE_OPERATION("BOUNCE_IGNORE", EXT_BOUNCE_OPERATION_IGNORE);
const struct sieve_operation_def bounce_learn_operation =
	CMD_BOUNCE_OPERATION("BOUNCE_LEARN", EXT_BOUNCE_OPERATION_LEARN);
const struct sieve_operation_def bounce_forget_operation =
	CMD_BOUNCE_OPERATION("BOUNCE_FORGET", EXT_BOUNCE_OPERATION_FORGET);

/* Actions */

static int act_bounce_check_duplicate(const struct sieve_runtime_env *renv,
				      const struct sieve_action *act,
				      const struct sieve_action *act_other);
static void act_bounce_print(const struct sieve_action *action,
			     const struct sieve_result_print_env *penv,
			     bool *keep);
static void act_bounce_finish(const struct sieve_action_exec_env *aenv,
			      void *tr_context, int status);

#define ACT_BOUNCE(act_name) { \
	.name = act_name, \
	.check_duplicate = act_bounce_check_duplicate, \
	.print = act_bounce_print, \
	.finish = act_bounce_finish, \
}

static const struct sieve_action_def act_bounce_ignore =
	ACT_BOUNCE("bounce_ignore");
static const struct sieve_action_def act_bounce_learn =
	ACT_BOUNCE("bounce_learn");
static const struct sieve_action_def act_bounce_forget =
	ACT_BOUNCE("bounce_forget");

/* One row for each */

static const struct bounce_action_row {
	const struct sieve_command_def *cmd;
	const struct sieve_operation_def *operation;
	const struct sieve_action_def *action;
	const char *text;
	void (*apply)(const struct ext_bounce_env *env);
} bounce_actions[] = {
	{ &cmd_bounce_ignore, &bounce_ignore_operation, &act_bounce_ignore,
	  "do not record this bounce", ext_bounce_delivery_ignore },
	{ &cmd_bounce_learn, &bounce_learn_operation, &act_bounce_learn,
	  "record this bounce", ext_bounce_learn },
	{ &cmd_bounce_forget, &bounce_forget_operation, &act_bounce_forget,
	  "forget what this bounce recorded", ext_bounce_forget },
};

/* Code generation, dump and execution */

static bool cmd_bounce_generate(const struct sieve_codegen_env *cgenv,
				struct sieve_command *cmd)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(bounce_actions); i++) {
		if (cmd->def == bounce_actions[i].cmd) {
			sieve_operation_emit(cgenv->sblock, cmd->ext,
					     bounce_actions[i].operation);
			return TRUE;
		}
	}
	i_unreached();
}

static bool
cmd_bounce_operation_dump(const struct sieve_dumptime_env *denv,
			  sieve_size_t *address ATTR_UNUSED)
{
	sieve_code_dumpf(denv, "%s", sieve_operation_mnemonic(denv->oprtn));
	return TRUE;
}

static int
cmd_bounce_operation_execute(const struct sieve_runtime_env *renv,
			     sieve_size_t *address ATTR_UNUSED)
{
	const struct bounce_action_row *row = bounce_actions;

	while (renv->oprtn->def != row->operation)
		row++;
	sieve_runtime_trace(renv, SIEVE_TRLVL_ACTIONS, "%s action",
			    row->action->name);
	if (sieve_result_add_action(renv, renv->oprtn->ext, row->action->name,
				    row->action, NULL, NULL, 0, FALSE) < 0)
		return SIEVE_EXEC_FAILURE;
	return SIEVE_EXEC_OK;
}

/* Action */

static int
act_bounce_check_duplicate(const struct sieve_runtime_env *renv ATTR_UNUSED,
			   const struct sieve_action *act ATTR_UNUSED,
			   const struct sieve_action *act_other ATTR_UNUSED)
{
	/* said twice is said once */
	return 1;
}

static const struct bounce_action_row *
act_bounce_row(const struct sieve_action *action)
{
	const struct bounce_action_row *row = bounce_actions;

	while (action->def != row->action)
		row++;
	return row;
}

static void
act_bounce_print(const struct sieve_action *action,
		 const struct sieve_result_print_env *penv,
		 bool *keep ATTR_UNUSED)
{
	sieve_result_action_printf(penv, "%s", act_bounce_row(action)->text);
}

/* Not at commit: one action that was committed makes Pigeonhole keep the mail
   where a later one fails (redirect, with the relay down) instead of having it
   sent again. And only now the fate of the whole result is known. */
static void act_bounce_finish(const struct sieve_action_exec_env *aenv,
			      void *tr_context ATTR_UNUSED, int status)
{
	const struct ext_bounce_env env = {
		.ext = aenv->action->ext,
		.eenv = aenv->exec_env,
		.msgctx = aenv->msgctx,
	};

	/* our trouble is never the script's: nothing to return */
	if (status == SIEVE_EXEC_OK)
		act_bounce_row(aenv->action)->apply(&env);
}
