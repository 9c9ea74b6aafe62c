/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The names of fields, as the first argument of both tests. */

#include "ext-bounce-common.h"
#include "str-sanitize.h"
#include "sieve-ast.h"
#include "sieve-commands.h"
#include "sieve-interpreter.h"
#include "sieve-validator.h"

struct ext_bounce_fields_check {
	struct sieve_validator *valdtr;
	struct sieve_command *cmd;
	const char *const *names;
};

int ext_bounce_field_find(const char *const *names, const char *name)
{
	unsigned int i;

	for (i = 0; names[i] != NULL; i++) {
		if (strcasecmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

static int ext_bounce_field_check(void *context, struct sieve_ast_argument *arg)
{
	struct ext_bounce_fields_check *check = context;
	const char *name;

	/* what holds a variable is only known when the script runs */
	if (!sieve_argument_is_string_literal(arg))
		return 1;
	name = sieve_ast_argument_strc(arg);
	if (ext_bounce_field_find(check->names, name) >= 0)
		return 1;
	sieve_argument_validate_error(check->valdtr, arg,
		"%s test: unknown field '%s' (known fields: %s)",
		sieve_command_identifier(check->cmd),
		str_sanitize(name, 80), t_strarray_join(check->names, ", "));
	return 0;
}

bool ext_bounce_fields_validate(struct sieve_validator *valdtr,
				struct sieve_command *cmd,
				struct sieve_ast_argument *arg,
				const char *const *names)
{
	struct ext_bounce_fields_check check = {
		.valdtr = valdtr,
		.cmd = cmd,
		.names = names,
	};

	return sieve_ast_stringlist_map(&arg, &check,
					ext_bounce_field_check) > 0;
}

void ext_bounce_field_unknown(const struct sieve_runtime_env *renv,
			      const char *test, const char *name)
{
	sieve_runtime_warning(renv, NULL, "%s test: unknown field '%s'", test,
			      str_sanitize(name, 80));
}
