#ifndef BOUNCE_SENT_QUEUE_H
#define BOUNCE_SENT_QUEUE_H

/* Mails that went out, on their way to the dictionary. */

#include "bounce-sent.h"

struct bounce_user;
struct bounce_sent_queue;

/* Called for a copy that was saved, after it was counted. */
typedef void bounce_sent_queue_saved_t(struct bounce_user *bu,
				       const char *message_id);
/* Of one user, who outlives it; from bu's pool. saved may be NULL. */
struct bounce_sent_queue *
bounce_sent_queue_init(struct bounce_user *bu,
		       bounce_sent_queue_saved_t *saved);
/* Count a mail that went out. Nobody waits for it: it is done once the process
   has answered its client, or with bounce_sent_queue_deinit(), and where many
   come in a row, for several in one change of the dictionary. Failures are
   logged, and a dictionary that fails or is slow is left alone for a while. */
void bounce_sent_queue_add(struct bounce_sent_queue *queue,
			   const struct bounce_sent_mail *mail);
/* Something else that uses the user's dictionary or mailboxes and that nobody waits
   for: run once the client has its answer and nothing of the dictionary's is
   going on, in the order in which they come, or with bounce_sent_queue_deinit(). */
typedef void bounce_sent_queue_job_t(void *context);
void bounce_sent_queue_run(struct bounce_sent_queue *queue,
			   bounce_sent_queue_job_t *job, void *context);
/* Count what is left. queue may point to NULL. */
void bounce_sent_queue_deinit(struct bounce_sent_queue **queue);

#endif
