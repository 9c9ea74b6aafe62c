#ifndef BOUNCE_SENT_FOLDER_H
#define BOUNCE_SENT_FOLDER_H

struct mailbox;

/* Has the mailbox the special use \Sent (RFC 6154)? */
bool bounce_sent_folder_is(struct mailbox *box);

#endif
