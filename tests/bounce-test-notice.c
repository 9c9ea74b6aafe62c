/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test-notice.h"
#include "array.h"

pool_t pool;

void scan_setup(void)
{
	pool = pool_alloconly_create("test", 4096);
}

void scan_teardown(void)
{
	pool_unref(&pool);
}

struct bounce_notice *scan_mail(const char *mail, struct bounce_report *report_r)
{
	i_zero(report_r);
	p_array_init(&report_r->recipients, pool, 4);
	p_array_init(&report_r->original_to, pool, 4);
	return bounce_notice_init(pool, bounce_test_message(pool, mail),
				report_r);
}

struct bounce_notice *scan_text(const char *text, struct bounce_report *report_r)
{
	return scan_mail(t_strconcat(SCAN_HEADER, text, NULL), report_r);
}
