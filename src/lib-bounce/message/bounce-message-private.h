#ifndef BOUNCE_MESSAGE_PRIVATE_H
#define BOUNCE_MESSAGE_PRIVATE_H

#include "bounce-message.h"

/* The header block in what a part returns of a mail (LF lines): without what
   stands above its first field and what its lines are indented by, as far as
   the first empty line. Data stack; "" if there is no field. */
const char *bounce_returned_block(const char *text);

/* text of a message/rfc822 that was encoded as a whole, which RFC 2046 section
   5.2.1 forbids; else it is quoted-printable. What cannot be decoded ends it.
   LF lines, data stack. */
const char *bounce_returned_decode(const char *text, bool base64);

#endif
