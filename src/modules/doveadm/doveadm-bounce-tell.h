#ifndef DOVEADM_BOUNCE_TELL_H
#define DOVEADM_BOUNCE_TELL_H

/* A mail to the person that is shown instead of written: its kind, subject and
   plain text. */

struct bounce_tell;

void doveadm_bounce_tell_headers(void);
void doveadm_bounce_tell_print(const struct bounce_tell *tell);

#endif
