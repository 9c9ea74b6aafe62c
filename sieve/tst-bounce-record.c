/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Test bounce_record
 *
 * Syntax:
 *   bounce_record [COMPARATOR] [MATCH-TYPE]
 *     <field: string-list> <address: string-list> <key-list: string-list>
 */

#include "ext-bounce-common.h"
#include "array.h"
#include "bounce-record-member.h"
#include "str.h"
#include "str-sanitize.h"
#include "sieve-commands.h"
#include "sieve-code.h"
#include "sieve-comparators.h"
#include "sieve-dump.h"
#include "sieve-generator.h"
#include "sieve-interpreter.h"
#include "sieve-match-types.h"
#include "sieve-match.h"
#include "sieve-validator.h"

/* Command */

static bool tst_record_registered(struct sieve_validator *valdtr,
				  const struct sieve_extension *ext,
				  struct sieve_command_registration *cmd_reg);
static bool tst_record_validate(struct sieve_validator *valdtr,
				struct sieve_command *tst);
static bool tst_record_generate(const struct sieve_codegen_env *cgenv,
				struct sieve_command *tst);

const struct sieve_command_def tst_bounce_record = {
	.identifier = "bounce_record",
	.type = SCT_TEST,
	.positional_args = 3,
	.registered = tst_record_registered,
	.validate = tst_record_validate,
	.generate = tst_record_generate,
};

/* Operation */

static bool tst_record_operation_dump(const struct sieve_dumptime_env *denv,
				      sieve_size_t *address);
static int tst_record_operation_execute(const struct sieve_runtime_env *renv,
					sieve_size_t *address);

const struct sieve_operation_def bounce_record_operation = {
	.mnemonic = "BOUNCE_RECORD",
	.ext_def = &bounce_extension,
	.code = EXT_BOUNCE_OPERATION_RECORD,
	.dump = tst_record_operation_dump,
	.execute = tst_record_operation_execute,
};

/* Registration */

static bool tst_record_registered(struct sieve_validator *valdtr,
				  const struct sieve_extension *ext ATTR_UNUSED,
				  struct sieve_command_registration *cmd_reg)
{
	sieve_comparators_link_tag(valdtr, cmd_reg, SIEVE_MATCH_OPT_COMPARATOR);
	sieve_match_types_link_tags(valdtr, cmd_reg,
				    SIEVE_MATCH_OPT_MATCH_TYPE);
	return TRUE;
}

/* Validation */

static bool tst_record_validate(struct sieve_validator *valdtr,
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
	    !ext_bounce_fields_validate(valdtr, tst, arg,
			bounce_record_member_names(BOUNCE_MEMBER_SIEVE)))
		return FALSE;

	arg = sieve_ast_argument_next(arg);
	if (!sieve_validate_positional_argument(valdtr, tst, arg, "address", 2,
						SAAT_STRING_LIST) ||
	    !sieve_validator_argument_activate(valdtr, tst, arg, FALSE))
		return FALSE;

	arg = sieve_ast_argument_next(arg);
	if (!sieve_validate_positional_argument(valdtr, tst, arg, "key list", 3,
						SAAT_STRING_LIST) ||
	    !sieve_validator_argument_activate(valdtr, tst, arg, FALSE))
		return FALSE;
	return sieve_match_type_validate(valdtr, tst, arg, &mcht_default,
					 &cmp_default);
}

/* Code generation and dump */

static bool tst_record_generate(const struct sieve_codegen_env *cgenv,
				struct sieve_command *tst)
{
	sieve_operation_emit(cgenv->sblock, tst->ext, &bounce_record_operation);
	return sieve_generate_arguments(cgenv, tst, NULL);
}

static bool tst_record_operation_dump(const struct sieve_dumptime_env *denv,
				      sieve_size_t *address)
{
	sieve_code_dumpf(denv, "BOUNCE_RECORD");
	sieve_code_descend(denv);
	return sieve_match_opr_optional_dump(denv, address, NULL) == 0 &&
		sieve_opr_stringlist_dump(denv, address, "field") &&
		sieve_opr_stringlist_dump(denv, address, "address") &&
		sieve_opr_stringlist_dump(denv, address, "key list");
}

/* Execution */

static const char *
record_value(const struct ext_bounce_env *env,
	     const struct bounce_record_member *member,
	     const struct bounce_record *rec)
{
	if (member->type == BOUNCE_MEMBER_SCORE) {
		return bounce_policy_score_text(
				ext_bounce_record_score(env, rec));
	}
	return bounce_record_member_text(member, rec);
}

/* Collect the values of all fields over all addresses. Returns SIEVE_EXEC_OK,
   or the failure of reading a list. */
static int
record_values(const struct sieve_runtime_env *renv,
	      struct sieve_stringlist *fields,
	      struct sieve_stringlist *addresses,
	      ARRAY_TYPE(const_string) *values)
{
	const struct ext_bounce_env env = {
		.ext = renv->oprtn->ext,
		.eenv = renv->exec_env,
		.msgctx = renv->msgctx,
	};
	const char *const *names =
		bounce_record_member_names(BOUNCE_MEMBER_SIEVE);
	const struct bounce_record_member *member;
	const struct bounce_record *rec;
	string_t *name = NULL, *address = NULL;
	const char *value;
	int ret, field;

	while ((ret = sieve_stringlist_next_item(fields, &name)) > 0) {
		field = ext_bounce_field_find(names, str_c(name));
		if (field < 0) {
			ext_bounce_field_unknown(renv, "bounce_record",
						 str_c(name));
			continue;
		}
		member = bounce_record_member_find(names[field]);
		sieve_stringlist_reset(addresses);
		while ((ret = sieve_stringlist_next_item(addresses,
							 &address)) > 0) {
			rec = ext_bounce_record_get(&env, str_c(address));
			value = rec == NULL ? NULL :
				record_value(&env, member, rec);
			sieve_runtime_trace(renv, SIEVE_TRLVL_MATCHING,
				"field '%s' of '%s' %s", member->name,
				str_sanitize(str_c(address), 80),
				rec == NULL ? "has no record" : "looked up");
			if (value != NULL)
				array_push_back(values, &value);
		}
		if (ret < 0)
			return addresses->exec_status;
	}
	return ret < 0 ? fields->exec_status : SIEVE_EXEC_OK;
}

static int tst_record_operation_execute(const struct sieve_runtime_env *renv,
					sieve_size_t *address)
{
	struct sieve_comparator cmp =
		SIEVE_COMPARATOR_DEFAULT(i_ascii_casemap_comparator);
	struct sieve_match_type mcht = SIEVE_MATCH_TYPE_DEFAULT(is_match_type);
	struct sieve_stringlist *fields, *addresses, *keys;
	ARRAY_TYPE(const_string) values;
	int match, ret;

	if (sieve_match_opr_optional_read(renv, address, NULL, &ret, &cmp,
					  &mcht) < 0)
		return ret;
	ret = sieve_opr_stringlist_read(renv, address, "field", &fields);
	if (ret <= 0)
		return ret;
	ret = sieve_opr_stringlist_read(renv, address, "address", &addresses);
	if (ret <= 0)
		return ret;
	ret = sieve_opr_stringlist_read(renv, address, "key list", &keys);
	if (ret <= 0)
		return ret;

	sieve_runtime_trace(renv, SIEVE_TRLVL_TESTS, "bounce_record test");
	sieve_runtime_trace_descend(renv);
	t_array_init(&values, 8);
	ret = record_values(renv, fields, addresses, &values);
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
