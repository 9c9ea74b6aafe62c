#ifndef BOUNCE_UNICODE_H
#define BOUNCE_UNICODE_H

/* What we ask libunistring, libidn2 and libpsl. Nearly all mail is ASCII and needs
   none of them, and loading them costs a dovecot-lda a twelfth of its work: programs
   link them, Dovecot's modules load one more module that does, once they need it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Another one with each change of the struct: a process may outlive an upgrade. */
#define BOUNCE_UNICODE_LAYOUT 2

/* Text is UTF-8; what is returned is from malloc(), and NULL if text is not valid or
   there is no memory. */
struct bounce_unicode {
	unsigned int layout;
	/* case folded and in Unicode's normal form C */
	uint8_t *(*fold)(const char *text, size_t len, size_t *size_r);
	uint8_t *(*normalize)(const char *text, size_t len, size_t *size_r);
	/* words_core_casefold() and words_core_compatible(), with a NUL */
	char *(*fold_words)(const char *text, size_t len);
	char *(*fold_compatible)(const char *text, size_t len);
	/* A-labels of a name in normal form C (RFC 5891), with a NUL */
	char *(*to_ascii)(const char *name);
	/* the organisation's domain by the Public Suffix List, or NULL; nothing to
	   free: it is a part of host */
	const char *(*registered)(const char *host);
};

extern const struct bounce_unicode bounce_unicode_table;

/* NULL if it cannot be loaded, which was logged: what is beyond ASCII cannot be
   compared then, and nobody's organisation is known. */
const struct bounce_unicode *bounce_unicode_get(void);

#endif
