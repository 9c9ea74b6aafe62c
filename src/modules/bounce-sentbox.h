#ifndef BOUNCE_SENTBOX_H
#define BOUNCE_SENTBOX_H

/* What is saved to a mailbox with special use \Sent was sent: it is counted
   when the transaction is committed. */

struct mailbox;

void bounce_sentbox_mailbox_allocated(struct mailbox *box);

#endif
