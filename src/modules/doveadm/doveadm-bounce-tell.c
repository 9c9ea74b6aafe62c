/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-string.h"
#include "bounce-tell.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-tell.h"

void doveadm_bounce_tell_headers(void)
{
	doveadm_bounce_header("kind");
	doveadm_bounce_header("subject");
	doveadm_bounce_header("text");
}

void doveadm_bounce_tell_print(const struct bounce_tell *tell)
{
	string_t *subject = t_str_new(128), *text = t_str_new(4096);

	bounce_tell_text(tell, subject, text);
	doveadm_print(bounce_tell_kind_name(tell->kind));
	doveadm_bounce_print(str_c(subject));
	/* its lines are ours, and stay */
	doveadm_print(bounce_string_clean(str_data(text), str_len(text),
					  TRUE));
}
