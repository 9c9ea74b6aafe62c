#ifndef BOUNCE_CHECK_PEOPLE_H
#define BOUNCE_CHECK_PEOPLE_H

#include "doveadm-bounce-people.h"

#define BOUNCE_CHECK_COLUMNS 5

/* The rows, in 80 columns, and what they come to. */
doveadm_bounce_people_t bounce_check_people_write;

#endif
