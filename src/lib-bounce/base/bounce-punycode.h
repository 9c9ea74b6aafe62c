#ifndef BOUNCE_PUNYCODE_H
#define BOUNCE_PUNYCODE_H

struct bounce_unicode;

/* The A-labels of a domain that IDNA2008 forbids, for emoji and symbols: some
   registries sell them, reports name them as A-labels, and Dovecot decodes those.
   domain is UTF-8 and NFC; a label that cannot be encoded is only case-folded. On
   the data stack, or NULL if it cannot be folded. */
const char *bounce_punycode_domain(const struct bounce_unicode *unicode,
				   const char *domain);

#endif
