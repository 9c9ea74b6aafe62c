#ifndef BOUNCE_DELIVER_H
#define BOUNCE_DELIVER_H

#include "mail-deliver.h"

/* The delivery hook of lmtp and dovecot-lda; next is the one to be called by it, NULL if
   there is none. */
void bounce_deliver_init(deliver_mail_func_t *next);
void bounce_deliver_deinit(void);
deliver_mail_func_t bounce_deliver_mail;

#endif
