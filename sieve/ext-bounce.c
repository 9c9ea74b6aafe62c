/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Extension vnd.dovecot-bounce
 * ----------------------------
 *
 * Specification: doc/rfc/spec-bounce.txt
 * Implementation: full
 * Status: stable
 */

#include "ext-bounce-common.h"
#include "sieve-validator.h"
#include "sieve-code.h"

/* Extension */

static sieve_bounce_load_t
ext_bounce_load(const struct sieve_extension *ext, void **context);
static void ext_bounce_unload(const struct sieve_extension *ext);
static bool ext_bounce_validator_load(const struct sieve_extension *ext,
				      struct sieve_validator *valdtr);

static const struct sieve_operation_def *const bounce_operations[] = {
	[EXT_BOUNCE_OPERATION_BOUNCE] = &bounce_operation,
	[EXT_BOUNCE_OPERATION_RECORD] = &bounce_record_operation,
	[EXT_BOUNCE_OPERATION_IGNORE] = &bounce_ignore_operation,
	[EXT_BOUNCE_OPERATION_LEARN] = &bounce_learn_operation,
	[EXT_BOUNCE_OPERATION_FORGET] = &bounce_forget_operation,
};

const struct sieve_extension_def bounce_extension = {
	.name = EXT_BOUNCE_NAME,
	.version = EXT_BOUNCE_VERSION,
	.load = ext_bounce_load,
	.unload = ext_bounce_unload,
	.validator_load = ext_bounce_validator_load,
	SIEVE_EXT_DEFINE_OPERATIONS(bounce_operations),
	SIEVE_EXT_DEFINE_OPERAND(bounce_namespace_operand),
};

static sieve_bounce_load_t
ext_bounce_load(const struct sieve_extension *ext, void **context)
{
	struct ext_bounce_context *ectx = *context;

	/* 0.5 calls again for a reload */
	if (ectx != NULL)
		ext_bounce_context_deinit(&ectx);
	if (ext_bounce_context_init(ext, &ectx) < 0)
		return SIEVE_BOUNCE_NOT_LOADED;
	*context = ectx;
	return SIEVE_BOUNCE_LOADED;
}

static void ext_bounce_unload(const struct sieve_extension *ext)
{
	struct ext_bounce_context *ectx = ext->context;

	ext_bounce_context_deinit(&ectx);
}

static bool ext_bounce_validator_load(const struct sieve_extension *ext,
				      struct sieve_validator *valdtr)
{
	sieve_validator_register_command(valdtr, ext, &tst_bounce);
	sieve_validator_register_command(valdtr, ext, &tst_bounce_record);
	sieve_validator_register_command(valdtr, ext, &cmd_bounce_ignore);
	sieve_validator_register_command(valdtr, ext, &cmd_bounce_learn);
	sieve_validator_register_command(valdtr, ext, &cmd_bounce_forget);
	ext_bounce_variables_register(ext, valdtr);
	return TRUE;
}
