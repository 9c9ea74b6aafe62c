/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-check.h"

static const char *const check_result_names[BOUNCE_CHECK_RESULT_COUNT] = {
	"ok", "note", "warn", "fail", "unknown"
};

const char *bounce_check_result_name(enum bounce_check_result result)
{
	return check_result_names[result];
}

/*
 * The parts
 */

static bounce_check_function_t *const check_setup_site[] = {
	bounce_check_loaded,
	bounce_check_sieve,
	bounce_check_metadata,
	bounce_check_setup_no_user,
	NULL
};

static bounce_check_function_t *const check_setup_user[] = {
	bounce_check_setup_settings,
	bounce_check_setup_filing,
	bounce_check_setup_addresses,
	bounce_check_setup_hosts,
	bounce_check_setup_sent,
	bounce_check_setup_token,
	bounce_check_mails_evidence,
	bounce_check_dictionary,
	bounce_check_setup_rules,
	bounce_check_setup_texts,
	bounce_check_setup_remedies,
	NULL
};

static bounce_check_function_t *const check_dns[] = {
	bounce_check_dns,
	bounce_check_helo,
	NULL
};

static bounce_check_function_t *const check_lists[] = {
	bounce_check_lists,
	NULL
};

static bounce_check_function_t *const check_reports[] = {
	bounce_check_reports,
	NULL
};

static bounce_check_function_t *const check_relay[] = {
	bounce_check_relay,
	bounce_check_trace,
	NULL
};

const struct bounce_check_part bounce_check_parts[] = {
	{ "setup", check_setup_site, check_setup_user },
	{ "dns", check_dns, check_dns },
	{ "lists", check_lists, check_lists },
	{ "reports", NULL, check_reports },
	{ "relay", check_relay, NULL },
	{ .name = NULL },
};

/*
 * Rows
 */

void bounce_check_say(struct bounce_check *check,
		      enum bounce_check_result result, const char *name,
		      const char *subject, const char *advice,
		      const char *found, ...)
{
	struct bounce_check_row *row = array_append_space(&check->rows);
	va_list args;

	va_start(args, found);
	row->result = result;
	row->check = p_strdup(check->pool, name);
	row->subject = p_strdup(check->pool, subject);
	row->found = p_strdup_vprintf(check->pool, found, args);
	row->advice = p_strdup(check->pool, advice);
	va_end(args);
}

void bounce_check_headers(void)
{
	doveadm_bounce_header("check");
	doveadm_bounce_header("subject");
	doveadm_bounce_header("result");
	doveadm_bounce_header("found");
	doveadm_bounce_header("advice");
}

void bounce_check_print(struct bounce_check *check)
{
	const struct bounce_check_row *row;

	array_foreach(&check->rows, row) {
		check->counts[row->result]++;
		doveadm_bounce_print(row->check);
		doveadm_bounce_print(row->subject);
		doveadm_print(check_result_names[row->result]);
		doveadm_bounce_print(row->found);
		doveadm_bounce_print(row->advice);
	}
	array_clear(&check->rows);
}

int bounce_check_exit_code(const struct bounce_check *check)
{
	if (check->counts[BOUNCE_CHECK_FAIL] > 0)
		return EX_DATAERR;
	for (unsigned int i = 0; i < BOUNCE_CHECK_UNKNOWN; i++) {
		if (check->counts[i] > 0)
			return 0;
	}
	return EX_TEMPFAIL;
}
