/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce remedies check: each provider wins its own examples. */

#include "lib.h"
#include "array.h"
#include "bounce-remedy.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

/* Returns FALSE if something is wrong. */
static bool remedies_print(const char *const *dirs)
{
	struct bounce_remedies *remedies;
	ARRAY_TYPE(const_string) errors;
	const char *error;

	t_array_init(&errors, 8);
	remedies = bounce_remedies_load(dirs, &errors);
	(void)bounce_remedies_check(remedies, &errors);
	if (bounce_remedies_count(remedies) == 0) {
		error = t_strdup_printf("No remedies in %s",
					t_strarray_join(dirs, " "));
		array_push_back(&errors, &error);
	}
	array_foreach_elem(&errors, error)
		i_error("%s", error);
	doveadm_print_num(bounce_remedies_count(remedies));
	doveadm_print_num(array_count(&errors));
	bounce_remedies_free(&remedies);
	return array_is_empty(&errors);
}

static void remedies_check(struct doveadm_cmd_context *cctx)
{
	const char *const *dirs, *error;

	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	doveadm_bounce_header_number("providers");
	doveadm_bounce_header_number("problems");
	if (!doveadm_cmd_param_array(cctx, "dir", &dirs) &&
	    compat_doveadm_remedies_dirs(cctx, &dirs, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_CONFIG;
		return;
	}
	if (!remedies_print(dirs))
		doveadm_exit_code = EX_DATAERR;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_remedies_check = {
	.name = "bounce remedies check",
	.cmd = remedies_check,
	.usage = "[<folder> ...]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('\0', "dir", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
