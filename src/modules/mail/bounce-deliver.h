#ifndef BOUNCE_DELIVER_H
#define BOUNCE_DELIVER_H

/* The delivery hook of lmtp and dovecot-lda; nothing in other processes. */
/* Returns TRUE if this process delivers mail. */
bool bounce_deliver_init(void);
void bounce_deliver_deinit(void);

#endif
