#ifndef BOUNCE_UNICODE_PRIVATE_H
#define BOUNCE_UNICODE_PRIVATE_H

#include "bounce-unicode.h"

/* As struct bounce_unicode's registered. */
const char *bounce_unicode_registered(const char *host);

#endif
