#ifndef BOUNCE_SENT_BOX_H
#define BOUNCE_SENT_BOX_H

/* What is saved to a mailbox with special use \Sent was sent: it is counted
   when the transaction is committed. */

struct mailbox;

void bounce_sent_box_mailbox_allocated(struct mailbox *box);

#endif
