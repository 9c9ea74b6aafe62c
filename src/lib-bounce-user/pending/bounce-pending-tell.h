#ifndef BOUNCE_PENDING_TELL_H
#define BOUNCE_PENDING_TELL_H

/* What was taken in is told as its delivery would have told it. */

struct bounce_pending_tell;
struct bounce_pending_news;
struct bounce_user;

/* Failures that are not the dictionary's are logged. Returns 0, or -1 with error_r: some
   of it was not told, and can be told later. */
int bounce_pending_tell(struct bounce_user *bu,
			const struct bounce_pending_news *news,
			unsigned int count, const char **error_r);
/* The same, but nobody waits; bu and news live until done is called, maybe before this
   returns. tell_r is NULL from then on. */
typedef void
bounce_pending_told_t(int ret, const char *error, void *context);
void bounce_pending_tell_later(struct bounce_user *bu,
			       const struct bounce_pending_news *news,
			       unsigned int count, bounce_pending_told_t *done,
			       void *context,
			       struct bounce_pending_tell **tell_r);
/* Give it up: done is called. */
void bounce_pending_tell_cancel(struct bounce_pending_tell *tell);

#endif
