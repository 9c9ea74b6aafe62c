#ifndef EXT_BOUNCE_COMMON_H
#define EXT_BOUNCE_COMMON_H

#include "sieve-bounce-compat.h"
#include "sieve-stringlist.h"
#include "bounce-types.h"
#include "bounce-record.h"

struct sieve_action_exec_env;
struct bounce_user;
struct bounce_store;
struct bounce_handover;

#define EXT_BOUNCE_NAME "vnd.dovecot-bounce"

/* Of the code in a compiled script. Raise it whenever an operation, its number
   or its operands change: a binary of another version is compiled anew. */
#define EXT_BOUNCE_VERSION 1

/* Operations, as numbered in compiled scripts. */
enum ext_bounce_opcode {
	EXT_BOUNCE_OPERATION_BOUNCE = 0,
	EXT_BOUNCE_OPERATION_RECORD,
	EXT_BOUNCE_OPERATION_IGNORE,
	EXT_BOUNCE_OPERATION_LEARN,
	EXT_BOUNCE_OPERATION_FORGET
};

extern const struct sieve_extension_def bounce_extension;

extern const struct sieve_command_def tst_bounce;
extern const struct sieve_command_def tst_bounce_record;
extern const struct sieve_command_def cmd_bounce_ignore;
extern const struct sieve_command_def cmd_bounce_learn;
extern const struct sieve_command_def cmd_bounce_forget;

extern const struct sieve_operation_def bounce_operation;
extern const struct sieve_operation_def bounce_record_operation;
extern const struct sieve_operation_def bounce_ignore_operation;
extern const struct sieve_operation_def bounce_learn_operation;
extern const struct sieve_operation_def bounce_forget_operation;

extern const struct sieve_operand_def bounce_namespace_operand;

/* What one Sieve instance (one user) keeps: sieve_extension.context. */
struct ext_bounce_context {
	const struct sieve_extension *var_ext;
	/* made at first use, for bu->user */
	struct bounce_user *bu;
	struct bounce_rules *rules;
};

/* What one message keeps. */
struct ext_bounce_message {
	/* NULL before ext_bounce_report() */
	const struct bounce_report *report;
	/* the same, where we made it, else NULL */
	struct bounce_report *own;
	enum bounce_evidence evidence;
	bool evidence_known;
	/* the dictionary does not answer: it is not asked any more */
	bool dict_down;
	/* a failure of the dictionary was logged */
	bool dict_complained;
	/* addresses that were looked up already */
	ARRAY(struct ext_bounce_lookup *) lookups;
};

struct ext_bounce_lookup {
	const char *address;		/* as the script has it */
	struct bounce_record rec;
	bool found;
};

/* Where we are called from: while the script runs, or while its result is
   committed. */
struct ext_bounce_env {
	const struct sieve_extension *ext;
	const struct sieve_execute_env *eenv;
	struct sieve_message_context *msgctx;
};

/* The script's user, or NULL: there is none. */
struct bounce_user *ext_bounce_user(const struct ext_bounce_env *env);

/* What the mail plugin found in this delivery; NULL where there is none. */
struct bounce_handover *ext_bounce_delivery(const struct ext_bounce_env *env);

int ext_bounce_context_init(const struct sieve_extension *ext,
			    struct ext_bounce_context **context_r);
void ext_bounce_context_deinit(struct ext_bounce_context **context);

/* What we keep of the message; made at the first call. Never NULL. */
struct ext_bounce_message *
ext_bounce_message_get(const struct ext_bounce_env *env);
/* What the message reports; classified or fetched at the first call: in a
   delivery the mail plugin's, elsewhere our own. Never NULL; kind none for
   ordinary mail. */
const struct bounce_report *ext_bounce_report(const struct ext_bounce_env *env);
/* How sure we are that the report answers a mail of this user. */
enum bounce_evidence ext_bounce_evidence(const struct ext_bounce_env *env);
/* The first failed recipient, else the first one; NULL if there is none. */
const struct bounce_recipient *
ext_bounce_report_first(const struct bounce_report *report);

/* Class, side and reason are said of recipients that were not reached. */
bool ext_bounce_recipient_is_judged(const struct bounce_recipient *rcpt);

/* The record of an address, or NULL: there is none, or the dictionary is down.
   The latter is logged once for each message. */
const struct bounce_record *
ext_bounce_record_get(const struct ext_bounce_env *env, const char *address);

/* What its score is worth now. */
double ext_bounce_record_score(const struct ext_bounce_env *env,
			       const struct bounce_record *rec);

/* A list that the match operations can iterate over. values is not copied. */
struct sieve_stringlist *
ext_bounce_stringlist_create(const struct sieve_runtime_env *renv,
			     const ARRAY_TYPE(const_string) *values);

/* For actions at commit. The mail plugin shall not record this report: */
void ext_bounce_delivery_ignore(const struct ext_bounce_env *env);
/* Record the report, or forget what it recorded. A failure is logged; the
   script's result stays. */
void ext_bounce_learn(const struct ext_bounce_env *env);
void ext_bounce_forget(const struct ext_bounce_env *env);

/* One of the fields' names, or -1. Compared without case. */
int ext_bounce_field_find(const char *const *names, const char *name);
/* Check the constants of a list of fields at compile time. cmd: the test. */
bool ext_bounce_fields_validate(struct sieve_validator *valdtr,
				struct sieve_command *cmd,
				struct sieve_ast_argument *arg,
				const char *const *names);
/* A name that came from a variable and is no field: told to the user. */
void ext_bounce_field_unknown(const struct sieve_runtime_env *renv,
			      const char *test, const char *name);

/* ext-bounce-variables.c: ${bounce.*} */
void ext_bounce_variables_register(const struct sieve_extension *ext,
				   struct sieve_validator *valdtr);

#endif
