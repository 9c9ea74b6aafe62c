/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-unicode.h"

const struct bounce_unicode *bounce_unicode_get(void)
{
	return &bounce_unicode_table;
}
