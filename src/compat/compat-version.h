#ifndef COMPAT_VERSION_H
#define COMPAT_VERSION_H

#include "macros.h"

/* DOVECOT_PREREQ(), for a Dovecot out of a git checkout, too: it calls itself
   0.0.0 and is the newest of all. */
#define COMPAT_DOVECOT(major, minor, micro) \
	(DOVECOT_VERSION_MAJOR == 0 || DOVECOT_PREREQ(major, minor, micro))

#endif
