/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The rules of the folder rules, compiled by rules/rules-compile.c. */

#include "lib.h"
#include "bounce-rules-private.h"

#include "bounce-rules-data.h"
