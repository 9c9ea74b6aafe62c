/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Test bounce
 *
 * Syntax:
 *   bounce [COMPARATOR] [MATCH-TYPE]
 *     <field: string-list> <key-list: string-list>
 */

#include "ext-bounce-common.h"
#include "bounce-address.h"
#include "array.h"
#include "str.h"
#include "bounce-reason.h"
#include "sieve-commands.h"
#include "sieve-code.h"
#include "sieve-comparators.h"
#include "sieve-dump.h"
#include "sieve-generator.h"
#include "sieve-interpreter.h"
#include "sieve-match-types.h"
#include "sieve-match.h"
#include "sieve-validator.h"

/* Fields */

/* in the order of the manual */
enum bounce_field {
	BOUNCE_FIELD_KIND = 0,
	BOUNCE_FIELD_FORMAT,
	BOUNCE_FIELD_CLASS,
	BOUNCE_FIELD_SIDE,
	BOUNCE_FIELD_REASON,
	BOUNCE_FIELD_STATUS,
	BOUNCE_FIELD_REPLY,
	BOUNCE_FIELD_ACTION,
	BOUNCE_FIELD_RECIPIENT,
	BOUNCE_FIELD_RECIPIENT_DOMAIN,
	BOUNCE_FIELD_DIAGNOSTIC,
	BOUNCE_FIELD_REMOTE_MTA,
	BOUNCE_FIELD_REPORTING_MTA,
	BOUNCE_FIELD_ORIGINAL_MESSAGE_ID,
	BOUNCE_FIELD_ORIGINAL_SUBJECT,
	BOUNCE_FIELD_EVIDENCE,
	BOUNCE_FIELD_COUNT
};

static const char *const bounce_fields[BOUNCE_FIELD_COUNT + 1] = {
	[BOUNCE_FIELD_KIND] = "kind",
	[BOUNCE_FIELD_FORMAT] = "format",
	[BOUNCE_FIELD_CLASS] = "class",
	[BOUNCE_FIELD_SIDE] = "side",
	[BOUNCE_FIELD_REASON] = "reason",
	[BOUNCE_FIELD_STATUS] = "status",
	[BOUNCE_FIELD_REPLY] = "reply",
	[BOUNCE_FIELD_ACTION] = "action",
	[BOUNCE_FIELD_RECIPIENT] = "recipient",
	[BOUNCE_FIELD_RECIPIENT_DOMAIN] = "recipient.domain",
	[BOUNCE_FIELD_DIAGNOSTIC] = "diagnostic",
	[BOUNCE_FIELD_REMOTE_MTA] = "remote-mta",
	[BOUNCE_FIELD_REPORTING_MTA] = "reporting-mta",
	[BOUNCE_FIELD_ORIGINAL_MESSAGE_ID] = "original.message-id",
	[BOUNCE_FIELD_ORIGINAL_SUBJECT] = "original.subject",
	[BOUNCE_FIELD_EVIDENCE] = "evidence",
};

/* Command */

static bool tst_bounce_registered(struct sieve_validator *valdtr,
				  const struct sieve_extension *ext,
				  struct sieve_command_registration *cmd_reg);
static bool tst_bounce_validate(struct sieve_validator *valdtr,
				struct sieve_command *tst);
static bool tst_bounce_generate(const struct sieve_codegen_env *cgenv,
				struct sieve_command *tst);

const struct sieve_command_def tst_bounce = {
	.identifier = "bounce",
	.type = SCT_TEST,
	.positional_args = 2,
	.registered = tst_bounce_registered,
	.validate = tst_bounce_validate,
	.generate = tst_bounce_generate,
};

/* Operation */

static bool tst_bounce_operation_dump(const struct sieve_dumptime_env *denv,
				      sieve_size_t *address);
static int tst_bounce_operation_execute(const struct sieve_runtime_env *renv,
					sieve_size_t *address);

const struct sieve_operation_def bounce_operation = {
	.mnemonic = "BOUNCE",
	.ext_def = &bounce_extension,
	.code = EXT_BOUNCE_OPERATION_BOUNCE,
	.dump = tst_bounce_operation_dump,
	.execute = tst_bounce_operation_execute,
};

/* Registration */

static bool tst_bounce_registered(struct sieve_validator *valdtr,
				  const struct sieve_extension *ext ATTR_UNUSED,
				  struct sieve_command_registration *cmd_reg)
{
	sieve_comparators_link_tag(valdtr, cmd_reg, SIEVE_MATCH_OPT_COMPARATOR);
	sieve_match_types_link_tags(valdtr, cmd_reg,
				    SIEVE_MATCH_OPT_MATCH_TYPE);
	return TRUE;
}

/* Validation */

static bool tst_bounce_validate(struct sieve_validator *valdtr,
				struct sieve_command *tst)
{
	const struct sieve_match_type mcht_default =
		SIEVE_MATCH_TYPE_DEFAULT(is_match_type);
	const struct sieve_comparator cmp_default =
		SIEVE_COMPARATOR_DEFAULT(i_ascii_casemap_comparator);
	struct sieve_ast_argument *arg = tst->first_positional;

	if (!sieve_validate_positional_argument(valdtr, tst, arg, "field", 1,
						SAAT_STRING_LIST) ||
	    !sieve_validator_argument_activate(valdtr, tst, arg, FALSE) ||
	    !ext_bounce_fields_validate(valdtr, tst, arg, bounce_fields))
		return FALSE;

	arg = sieve_ast_argument_next(arg);
	if (!sieve_validate_positional_argument(valdtr, tst, arg, "key list", 2,
						SAAT_STRING_LIST) ||
	    !sieve_validator_argument_activate(valdtr, tst, arg, FALSE))
		return FALSE;
	return sieve_match_type_validate(valdtr, tst, arg, &mcht_default,
					 &cmp_default);
}

/* Code generation and dump */

static bool tst_bounce_generate(const struct sieve_codegen_env *cgenv,
				struct sieve_command *tst)
{
	sieve_operation_emit(cgenv->sblock, tst->ext, &bounce_operation);
	return sieve_generate_arguments(cgenv, tst, NULL);
}

static bool tst_bounce_operation_dump(const struct sieve_dumptime_env *denv,
				      sieve_size_t *address)
{
	sieve_code_dumpf(denv, "BOUNCE");
	sieve_code_descend(denv);
	return sieve_match_opr_optional_dump(denv, address, NULL) == 0 &&
		sieve_opr_stringlist_dump(denv, address, "field") &&
		sieve_opr_stringlist_dump(denv, address, "key list");
}

/* Execution */

static const char *
tst_bounce_recipient_value(enum bounce_field field,
			   const struct bounce_recipient *rcpt)
{
	bool judged = ext_bounce_recipient_is_judged(rcpt);

	switch (field) {
	case BOUNCE_FIELD_CLASS:
		return !judged ? NULL : bounce_class_name(rcpt->verdict.class);
	case BOUNCE_FIELD_SIDE:
		return !judged ? NULL : bounce_side_name(rcpt->verdict.side);
	case BOUNCE_FIELD_REASON:
		return !judged ? NULL : rcpt->verdict.reason->name;
	case BOUNCE_FIELD_STATUS:
		return rcpt->status;
	case BOUNCE_FIELD_REPLY:
		return rcpt->reply;
	case BOUNCE_FIELD_ACTION:
		return bounce_action_name(rcpt->action);
	case BOUNCE_FIELD_RECIPIENT:
		return rcpt->address;
	case BOUNCE_FIELD_RECIPIENT_DOMAIN:
		return bounce_address_domain(rcpt->address);
	case BOUNCE_FIELD_DIAGNOSTIC:
		return rcpt->diagnostic;
	case BOUNCE_FIELD_REMOTE_MTA:
		return rcpt->remote_mta;
	default:
		return NULL;
	}
}

static const char *
tst_bounce_report_value(enum bounce_field field,
			const struct ext_bounce_env *env,
			const struct bounce_report *report)
{
	switch (field) {
	case BOUNCE_FIELD_KIND:
		return bounce_kind_name(report->kind);
	case BOUNCE_FIELD_FORMAT:
		return report->format;
	case BOUNCE_FIELD_REPORTING_MTA:
		return report->reporting_mta;
	case BOUNCE_FIELD_ORIGINAL_MESSAGE_ID:
		return report->original_message_id;
	case BOUNCE_FIELD_ORIGINAL_SUBJECT:
		return report->original_subject;
	case BOUNCE_FIELD_EVIDENCE:
		return bounce_evidence_name(ext_bounce_evidence(env));
	default:
		return NULL;
	}
}

static void
tst_bounce_field_values(enum bounce_field field,
			const struct ext_bounce_env *env,
			ARRAY_TYPE(const_string) *values)
{
	const struct bounce_report *report = ext_bounce_report(env);
	const struct bounce_recipient *rcpt;
	const char *value;

	if (report->kind == BOUNCE_KIND_NONE)
		return;
	value = tst_bounce_report_value(field, env, report);
	if (value != NULL)
		array_push_back(values, &value);
	array_foreach(&report->recipients, rcpt) {
		value = tst_bounce_recipient_value(field, rcpt);
		if (value != NULL)
			array_push_back(values, &value);
	}
}

/* Collect the values of all fields. Returns SIEVE_EXEC_OK, or the failure of
   reading the list. */
static int
tst_bounce_values(const struct sieve_runtime_env *renv,
		  struct sieve_stringlist *fields,
		  ARRAY_TYPE(const_string) *values)
{
	const struct ext_bounce_env env = {
		.ext = renv->oprtn->ext,
		.eenv = renv->exec_env,
		.msgctx = renv->msgctx,
	};
	string_t *name = NULL;
	unsigned int before;
	int ret, field;

	while ((ret = sieve_stringlist_next_item(fields, &name)) > 0) {
		field = ext_bounce_field_find(bounce_fields, str_c(name));
		if (field < 0) {
			ext_bounce_field_unknown(renv, "bounce", str_c(name));
			continue;
		}
		before = array_count(values);
		tst_bounce_field_values(field, &env, values);
		sieve_runtime_trace(renv, SIEVE_TRLVL_MATCHING,
				    "field '%s' has %u values",
				    bounce_fields[field],
				    array_count(values) - before);
	}
	return ret < 0 ? fields->exec_status : SIEVE_EXEC_OK;
}

static int tst_bounce_operation_execute(const struct sieve_runtime_env *renv,
					sieve_size_t *address)
{
	struct sieve_comparator cmp =
		SIEVE_COMPARATOR_DEFAULT(i_ascii_casemap_comparator);
	struct sieve_match_type mcht = SIEVE_MATCH_TYPE_DEFAULT(is_match_type);
	struct sieve_stringlist *fields, *keys;
	ARRAY_TYPE(const_string) values;
	int match, ret;

	if (sieve_match_opr_optional_read(renv, address, NULL, &ret, &cmp,
					  &mcht) < 0)
		return ret;
	ret = sieve_opr_stringlist_read(renv, address, "field", &fields);
	if (ret <= 0)
		return ret;
	ret = sieve_opr_stringlist_read(renv, address, "key list", &keys);
	if (ret <= 0)
		return ret;

	sieve_runtime_trace(renv, SIEVE_TRLVL_TESTS, "bounce test");
	sieve_runtime_trace_descend(renv);
	t_array_init(&values, 8);
	ret = tst_bounce_values(renv, fields, &values);
	sieve_runtime_trace_ascend(renv);
	if (ret <= 0)
		return ret;
	match = sieve_match(renv, &mcht, &cmp,
			    ext_bounce_stringlist_create(renv, &values),
			    keys, &ret);
	if (match < 0)
		return ret;
	sieve_interpreter_set_test_result(renv->interp, match > 0);
	return SIEVE_EXEC_OK;
}
