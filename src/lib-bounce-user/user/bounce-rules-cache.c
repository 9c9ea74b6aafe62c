/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-rules.h"
#include "bounce-rules-cache.h"
#include "bounce-user.h"

static struct bounce_rules *ruleset;
static char *ruleset_dirs;

static void rules_log_errors(struct bounce_user *bu, const char *dirs,
			     const ARRAY_TYPE(const_string) *errors)
{
	unsigned int count = array_count(errors);

	if (count > 0) {
		e_error(bu->event, "Rules: %u of their files or lines passed "
			"over (see doveadm bounce rules check), the first: %s",
			count, array_idx_elem(errors, 0));
	} else if (bounce_rules_count(ruleset) == 0) {
		e_error(bu->event, "Setting bounce_rules = %s is wrong (no "
			"rules in it), classifying by status codes alone",
			dirs);
	}
}

const struct bounce_rules *bounce_rules_cache_get(struct bounce_user *bu)
{
	ARRAY_TYPE(const_string) errors;

	T_BEGIN {
		const char *dirs = t_strarray_join(bu->set.rules_dirs, " ");

		if (ruleset == NULL || strcmp(dirs, ruleset_dirs) != 0) {
			bounce_rules_cache_deinit();
			t_array_init(&errors, 8);
			ruleset = bounce_rules_load(bu->set.rules_dirs,
						    &errors);
			ruleset_dirs = i_strdup(dirs);
			rules_log_errors(bu, dirs, &errors);
		}
	} T_END;
	return ruleset;
}

void bounce_rules_cache_deinit(void)
{
	if (ruleset != NULL)
		bounce_rules_free(&ruleset);
	i_free(ruleset_dirs);
}
