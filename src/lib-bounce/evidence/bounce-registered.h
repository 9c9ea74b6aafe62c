#ifndef BOUNCE_REGISTERED_H
#define BOUNCE_REGISTERED_H

/* The domain that somebody registered, of a host name in lower case; on the data
   stack, or NULL. By the Public Suffix List (bounce-registered-psl.c) where
   libpsl was there at build time, else by counting labels. */
const char *bounce_registered_domain(const char *host);

#endif
