#ifndef BOUNCE_ENTRY_H
#define BOUNCE_ENTRY_H

/* An address as the name of an IMAP METADATA entry (RFC 5464 section 4.1): what may
   not be in one is =XX, two hex digits. */

/* address in normal form; the name is on the data stack. */
const char *bounce_entry_name(const char *address);
/* And back, on the data stack, or NULL if it is none. What IMAP lets through may
   stand for itself. */
const char *bounce_entry_address(const char *name);

#endif
