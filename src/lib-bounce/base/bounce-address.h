#ifndef BOUNCE_ADDRESS_H
#define BOUNCE_ADDRESS_H

/* The address in its normal form, the dictionary's key: local part case-folded
   and NFC, domain in lower case as A-labels (IDNA2008); quoting of the local
   part only where RFC 5322 needs it. input is UTF-8; < > around it are dropped.
   Returns 0 and sets address_r (allocated from pool), or -1 if it is no address
   (empty, no domain, over BOUNCE_MAX_ADDRESS, control characters); error_r then
   says why. The normal form is its own normal form. "postmaster" alone is an
   address (RFC 5321 section 4.1.1.3). */
int bounce_address_normalize(pool_t pool, const char *input,
			     const char **address_r, const char **error_r);
/* Is it as most are, in lower case and of few signs? Then it is its own normal form. */
bool bounce_address_is_plain(const char *input);

/* What is behind the last "@" of address, in lower case on the data stack.
   NULL if there is nothing, or address is NULL. */
const char *bounce_address_domain(const char *address);

/* A mistyped domain's likely right one ("gmial.com" -> "gmail.com"), from a
   table of common mail domains. Returns the whole proposed address on the data
   stack, or NULL. address is in normal form. */
const char *bounce_address_propose(const char *address);

#endif
