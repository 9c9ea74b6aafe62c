/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* A module of its own, too: nothing of Dovecot. */

#include "bounce-unicode-private.h"
#include "bounce-words-core.h"

#include <idn2.h>

static uint8_t *
unicode_fold(const char *text, size_t len, size_t *size_r)
{
	return u8_casefold((const uint8_t *)text, len, NULL, UNINORM_NFC, NULL,
			   size_r);
}

static uint8_t *
unicode_normalize(const char *text, size_t len, size_t *size_r)
{
	return u8_normalize(UNINORM_NFC, (const uint8_t *)text, len, NULL,
			    size_r);
}

static char *unicode_to_ascii(const char *name)
{
	char *ascii;

	return idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT |
				IDN2_NONTRANSITIONAL) == IDN2_OK ? ascii : NULL;
}

const struct bounce_unicode bounce_unicode_table = {
	.layout = BOUNCE_UNICODE_LAYOUT,
	.fold = unicode_fold,
	.fold_compatible = words_core_compatible,
	.normalize = unicode_normalize,
	.fold_words = words_core_casefold,
	.to_ascii = unicode_to_ascii,
	.registered = bounce_unicode_registered,
};
