#ifndef BOUNCE_CHECK_PROGRAM_H
#define BOUNCE_CHECK_PROGRAM_H

/* Other programs that are asked, with nothing of a stranger's in their arguments. */

#include "bounce-check.h"

/* What this line of the shell prints, on the data stack, at most 64 KiB. status_r: its
   exit status, 127 = there is no such program. */
const char *t_bounce_check_program(const char *line, int *status_r);
/* The same of "postconf ARGUMENTS", without white space around; NULL = there is no
   Postfix here that can be asked. The configuration folder is that of Dovecot's
   environment (MAIL_CONFIG). */
const char *t_bounce_check_program_postconf(struct bounce_check *check,
					    const char *arguments);

#endif
