/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce texts check: what is in each language, what is missing. */

#include "lib.h"
#include "array.h"
#include "bounce-texts.h"
#include "bounce-texts-cache.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

#include <dirent.h>

/* Folders that are named should be there. */
static bool texts_dirs_exist(const char *const *dirs)
{
	bool ret = TRUE;
	DIR *dir;

	for (; *dirs != NULL; dirs++) {
		if ((dir = opendir(*dirs)) == NULL) {
			i_error("opendir(%s) failed: %m", *dirs);
			ret = FALSE;
		} else {
			(void)closedir(dir);
		}
	}
	return ret;
}

/* Returns FALSE where a line is wrong. */
static bool texts_print(const char *const *dirs)
{
	ARRAY_TYPE(bounce_texts_status) languages;
	ARRAY_TYPE(const_string) errors;
	const struct bounce_texts_status *status;
	const char *error;

	t_array_init(&languages, 16);
	t_array_init(&errors, 8);
	bounce_texts_check(dirs, &languages, &errors);
	array_foreach_elem(&errors, error)
		i_error("%s", error);
	array_foreach(&languages, status) {
		doveadm_print(status->language);
		doveadm_print(status->name);
		doveadm_print_num(status->keys);
		doveadm_print_num(status->missing);
		doveadm_print(status->draft ? "yes" : "no");
	}
	return array_is_empty(&errors);
}

static void texts_check(struct doveadm_cmd_context *cctx)
{
	const char *const *dirs, *value, *error;

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_bounce_header("language");
	doveadm_bounce_header("name");
	doveadm_bounce_header_number("keys");
	doveadm_bounce_header_number("missing");
	doveadm_bounce_header("draft");
	if (doveadm_cmd_param_array(cctx, "dir", &dirs)) {
		if (!texts_dirs_exist(dirs)) {
			doveadm_exit_code = EX_DATAERR;
			return;
		}
	} else if (compat_doveadm_texts(cctx, &value, &error) < 0 ||
		   bounce_texts_dirs_parse(pool_datastack_create(), value,
					   &dirs, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_CONFIG;
		return;
	}
	if (!texts_print(dirs))
		doveadm_exit_code = EX_DATAERR;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_texts_check = {
	.name = "bounce texts check",
	.cmd = texts_check,
	.usage = "[<folder> ...]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('\0', "dir", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
