/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Namespace of "variables": ${bounce.kind} and so on. */

#include "ext-bounce-common.h"
#include "array.h"
#include "ioloop.h"
#include "str.h"
#include "str-sanitize.h"
#include "bounce-reason.h"
#include "bounce-remedy.h"
#include "bounce-tell-language.h"
#include "bounce-texts.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "sieve-ast.h"
#include "sieve-binary.h"
#include "sieve-code.h"
#include "sieve-commands.h"
#include "sieve-dump.h"
#include "sieve-generator.h"
#include "sieve-interpreter.h"
#include "sieve-objects.h"
#include "sieve-validator.h"

enum bounce_variable {
	BOUNCE_VARIABLE_KIND = 0,
	BOUNCE_VARIABLE_RECIPIENT,
	BOUNCE_VARIABLE_CLASS,
	BOUNCE_VARIABLE_SIDE,
	BOUNCE_VARIABLE_REASON,
	BOUNCE_VARIABLE_STATUS,
	BOUNCE_VARIABLE_DIAGNOSTIC,
	BOUNCE_VARIABLE_MEANING,
	BOUNCE_VARIABLE_ADVICE,
	BOUNCE_VARIABLE_REMEDY,
	BOUNCE_VARIABLE_COUNT
};

static const char *const bounce_variables[BOUNCE_VARIABLE_COUNT + 1] = {
	[BOUNCE_VARIABLE_KIND] = "kind",
	[BOUNCE_VARIABLE_RECIPIENT] = "recipient",
	[BOUNCE_VARIABLE_CLASS] = "class",
	[BOUNCE_VARIABLE_SIDE] = "side",
	[BOUNCE_VARIABLE_REASON] = "reason",
	[BOUNCE_VARIABLE_STATUS] = "status",
	[BOUNCE_VARIABLE_DIAGNOSTIC] = "diagnostic",
	[BOUNCE_VARIABLE_MEANING] = "meaning",
	[BOUNCE_VARIABLE_ADVICE] = "advice",
	[BOUNCE_VARIABLE_REMEDY] = "remedy",
};

/* Namespace */

static bool
ext_bounce_namespace_validate(struct sieve_validator *valdtr,
			      const struct sieve_variables_namespace *nspc,
			      struct sieve_ast_argument *arg,
			      struct sieve_command *cmd,
			      ARRAY_TYPE(sieve_variable_name) *var_name,
			      void **var_data, bool assignment);
static bool
ext_bounce_namespace_generate(const struct sieve_codegen_env *cgenv,
			      const struct sieve_variables_namespace *nspc,
			      struct sieve_ast_argument *arg,
			      struct sieve_command *cmd, void *var_data);
static bool
bounce_namespace_dump_variable(const struct sieve_dumptime_env *denv,
			       const struct sieve_variables_namespace *nspc,
			       const struct sieve_operand *oprnd,
			       sieve_size_t *address);
static int
bounce_namespace_read_variable(const struct sieve_runtime_env *renv,
			       const struct sieve_variables_namespace *nspc,
			       const struct sieve_operand *oprnd,
			       sieve_size_t *address, string_t **str_r);

static const struct sieve_variables_namespace_def bounce_namespace = {
	SIEVE_OBJECT("bounce", &bounce_namespace_operand, 0),
	.validate = ext_bounce_namespace_validate,
	.generate = ext_bounce_namespace_generate,
	.dump_variable = bounce_namespace_dump_variable,
	.read_variable = bounce_namespace_read_variable,
};

static const struct sieve_extension_objects bounce_namespaces =
	SIEVE_VARIABLES_DEFINE_NAMESPACE(bounce_namespace);

const struct sieve_operand_def bounce_namespace_operand = {
	.name = "bounce-namespace",
	.ext_def = &bounce_extension,
	.code = 0,
	.class = &sieve_variables_namespace_operand_class,
	.interface = &bounce_namespaces,
};

void ext_bounce_variables_register(const struct sieve_extension *ext,
				   struct sieve_validator *valdtr)
{
	struct ext_bounce_context *ectx = ext->context;

	sieve_variables_namespace_register(ectx->var_ext, valdtr, ext,
					   &bounce_namespace);
}

/* Validation */

/* "kind" of ${bounce.kind}; digits where a name should be too. */
static const char *
bounce_variable_name(const ARRAY_TYPE(sieve_variable_name) *var_name)
{
	const struct sieve_variable_name *element;
	string_t *name = t_str_new(32);
	unsigned int i;

	for (i = 1; i < array_count(var_name); i++) {
		element = array_idx(var_name, i);
		if (i > 1)
			str_append_c(name, '.');
		if (element->num_variable >= 0)
			str_printfa(name, "%d", element->num_variable);
		else
			str_append_str(name, element->identifier);
	}
	return str_c(name);
}

static bool
ext_bounce_namespace_validate(struct sieve_validator *valdtr,
			      const struct sieve_variables_namespace *nspc
				ATTR_UNUSED,
			      struct sieve_ast_argument *arg,
			      struct sieve_command *cmd,
			      ARRAY_TYPE(sieve_variable_name) *var_name,
			      void **var_data, bool assignment)
{
	const char *name = bounce_variable_name(var_name);
	int variable = ext_bounce_field_find(bounce_variables, name);

	if (assignment) {
		sieve_argument_validate_error(valdtr, arg,
			EXT_BOUNCE_NAME": cannot assign to '${bounce.%s}'",
			str_sanitize(name, 80));
		return FALSE;
	}
	/* Empty as any unknown variable (RFC 5229 section 3). Pigeonhole cannot
	   fail here anyway: it would print an error and compile. */
	if (variable < 0) {
		sieve_argument_validate_warning(valdtr, arg,
			EXT_BOUNCE_NAME": unknown variable '${bounce.%s}' is "
			"always empty (known after 'bounce.': %s)",
			str_sanitize(name, 80),
			t_strarray_join(bounce_variables, ", "));
	}
	*var_data = p_strdup(sieve_command_pool(cmd), name);
	return TRUE;
}

/* Code generation and dump */

static bool
ext_bounce_namespace_generate(const struct sieve_codegen_env *cgenv,
			      const struct sieve_variables_namespace *nspc,
			      struct sieve_ast_argument *arg ATTR_UNUSED,
			      struct sieve_command *cmd ATTR_UNUSED,
			      void *var_data)
{
	const struct sieve_extension *ext = SIEVE_OBJECT_EXTENSION(nspc);
	const struct ext_bounce_context *ectx = ext->context;

	sieve_variables_opr_namespace_variable_emit(cgenv->sblock,
						    ectx->var_ext, ext,
						    &bounce_namespace);
	sieve_binary_emit_cstring(cgenv->sblock, var_data);
	return TRUE;
}

static bool
bounce_namespace_dump_variable(const struct sieve_dumptime_env *denv,
			       const struct sieve_variables_namespace *nspc
					ATTR_UNUSED,
			       const struct sieve_operand *oprnd,
			       sieve_size_t *address)
{
	string_t *name;

	if (!sieve_binary_read_string(denv->sblock, address, &name))
		return FALSE;
	if (oprnd->field_name != NULL)
		sieve_code_dumpf(denv, "%s: VAR ${bounce.%s}",
				 oprnd->field_name, str_c(name));
	else
		sieve_code_dumpf(denv, "VAR ${bounce.%s}", str_c(name));
	return TRUE;
}

/* Reading */

/* Who refused us, and where to go; NULL where it was not us, or without a user. */
static const char *
bounce_variable_remedy(const struct ext_bounce_env *env,
		       const struct bounce_recipient *rcpt)
{
	struct bounce_user *bu = ext_bounce_user(env);
	const struct bounce_remedy *remedy;

	if (bu == NULL)
		return NULL;
	remedy = bounce_remedy_find(bounce_user_remedies(bu),
				    rcpt->verdict.side, rcpt->diagnostic,
				    rcpt->remote_mta);
	return remedy == NULL ? NULL :
		t_bounce_remedy_text(remedy, ioloop_time);
}

/* In bounce_language, else in that of the mail that came back: the dictionary is
   not asked for the user's. NULL = English. */
static const struct bounce_texts *
bounce_variable_texts(const struct ext_bounce_env *env)
{
	struct bounce_user *bu = ext_bounce_user(env);
	const struct bounce_report *report = ext_bounce_report(env);

	return bu == NULL ? NULL : bounce_texts_cache_get_language(bu,
		bounce_tell_language(pool_datastack_create(),
				     report->original_headers,
				     bu->set.texts_dirs));
}

static const char *
bounce_recipient_variable(enum bounce_variable variable,
			  const struct ext_bounce_env *env,
			  const struct bounce_recipient *rcpt)
{
	const struct bounce_reason *reason = rcpt->verdict.reason;

	switch (variable) {
	case BOUNCE_VARIABLE_RECIPIENT:
		return rcpt->address;
	case BOUNCE_VARIABLE_STATUS:
		return rcpt->status;
	case BOUNCE_VARIABLE_DIAGNOSTIC:
		return rcpt->diagnostic;
	default:
		break;
	}
	if (!ext_bounce_recipient_is_judged(rcpt))
		return NULL;
	switch (variable) {
	case BOUNCE_VARIABLE_CLASS:
		return bounce_class_name(rcpt->verdict.class);
	case BOUNCE_VARIABLE_SIDE:
		return bounce_side_name(rcpt->verdict.side);
	case BOUNCE_VARIABLE_REASON:
		return reason->name;
	case BOUNCE_VARIABLE_MEANING:
		return bounce_texts_meaning(bounce_variable_texts(env), reason);
	case BOUNCE_VARIABLE_ADVICE:
		return bounce_texts_advice(bounce_variable_texts(env), reason);
	case BOUNCE_VARIABLE_REMEDY:
		return bounce_variable_remedy(env, rcpt);
	default:
		return NULL;
	}
}

static const char *
bounce_variable_value(enum bounce_variable variable,
		      const struct ext_bounce_env *env)
{
	const struct bounce_report *report = ext_bounce_report(env);
	const struct bounce_recipient *rcpt = ext_bounce_report_first(report);

	if (report->kind == BOUNCE_KIND_NONE)
		return NULL;
	if (variable == BOUNCE_VARIABLE_KIND)
		return bounce_kind_name(report->kind);
	return rcpt == NULL ? NULL :
		bounce_recipient_variable(variable, env, rcpt);
}

static int
bounce_namespace_read_variable(const struct sieve_runtime_env *renv,
			       const struct sieve_variables_namespace *nspc,
			       const struct sieve_operand *oprnd,
			       sieve_size_t *address, string_t **str_r)
{
	/* renv->oprtn->ext is the extension of the command around us */
	const struct ext_bounce_env env = {
		.ext = SIEVE_OBJECT_EXTENSION(nspc),
		.eenv = renv->exec_env,
		.msgctx = renv->msgctx,
	};
	const char *value;
	string_t *name;
	int variable;

	if (!sieve_binary_read_string(renv->sblock, address, &name)) {
		sieve_runtime_trace_operand_error(renv, oprnd,
			"bounce variable operand corrupt: invalid name");
		return SIEVE_EXEC_BIN_CORRUPT;
	}
	if (str_r != NULL) {
		variable = ext_bounce_field_find(bounce_variables, str_c(name));
		value = variable < 0 ? NULL :
			bounce_variable_value(variable, &env);
		if (value == NULL)
			value = "";
		*str_r = t_str_new_const(value, strlen(value));
	}
	return SIEVE_EXEC_OK;
}
