#ifndef BOUNCE_TELL_GROUP_H
#define BOUNCE_TELL_GROUP_H

/* Of which mail a report is, and which mails share its subject: those are told
   together. */

struct bounce_sent;
struct bounce_store;
struct bounce_tell_about;

struct bounce_tell_group {
	/* bounce_tell_id() of the mail, and the id of the group */
	const char *mail, *id;
	/* what was sent under that id, failures included; NULL = not known */
	const struct bounce_sent *sent;
};

/* Allocated from pool. Returns 0, or -1 with error_r. */
int bounce_tell_group_find(struct bounce_store *store,
			   const struct bounce_tell_about *about, pool_t pool,
			   struct bounce_tell_group *group_r,
			   const char **error_r);
/* Did it go to so many that it is told as a broadcast? */
bool bounce_tell_group_is_broadcast(const struct bounce_tell_group *group);

#endif
