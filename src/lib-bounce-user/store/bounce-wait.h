#ifndef BOUNCE_WAIT_H
#define BOUNCE_WAIT_H

/* What may be spent on reports: how long dictionaries may be waited for, all together, until the client has its
   answer: mail goes first. One for all that a process does at a time, owned by
   the module: the library has no mutable globals, and each module a copy of the
   library. */

/* For a transaction of LMTP, a run of dovecot-lda, a command of a client. */
#define BOUNCE_WAIT_MSECS 2000
/* For each request of doveadm. */
#define BOUNCE_WAIT_DOVEADM_MSECS (60 * 1000)
/* Beside Dovecot's sockets. */
#define BOUNCE_WAIT_PAUSE_FILE "dovecot-bounce.pause"

struct bounce_wait {
	/* in all, or, if each, for each request */
	unsigned int msecs;
	bool each;
	uint64_t used_usecs;
	/* what was waited for is over when the process is back in its main loop */
	bool renews;
	/* each: one did not come, and no more are asked for */
	bool gave_up;
	/* renews, and something was waited for: runs then */
	struct timeout *to_renew;

	/* the pauses that all processes see; -1 = none, or not opened yet */
	int pause_fd;
	/* our own: of which dictionary, and until when, in milliseconds */
	uint32_t pause_slot;
	int64_t pause_until;
	/* without the file: searches of this minute, of which user */
	uint32_t search_slot, search_minute, searches;
	/* likewise: the day on which something was said, of which user */
	uint32_t said_slot, said_day;
};

void bounce_wait_init(struct bounce_wait *wait, unsigned int msecs, bool each);
void bounce_wait_deinit(struct bounce_wait *wait);
/* What was waited before is over. */
void bounce_wait_renew(struct bounce_wait *wait);
/* Milliseconds that may still be waited. */
unsigned int bounce_wait_left(const struct bounce_wait *wait);
/* So long was waited. If it renews: to be called from a module that stays in memory. */
void bounce_wait_add(struct bounce_wait *wait, uint64_t usecs);

/* Make the file of pauses in dir, if we are root: called before privileges are
   dropped. Without it each process has pauses of its own. */
void bounce_wait_create_pause(struct bounce_wait *wait, const char *dir);
/* Use the one that there is; where there is none, as lmtp does not start as root, one
   of ours in temp_dir. Only root's and our own are believed. */
void bounce_wait_open_pause(struct bounce_wait *wait, const char *dir,
			    const char *temp_dir);
/* A dictionary of that name was waited for in vain: it is left alone for a minute,
   and for ten times as long as the wait was. */
void bounce_wait_pause(struct bounce_wait *wait, const char *name,
		       uint64_t usecs);
bool bounce_wait_is_paused(struct bounce_wait *wait, const char *name);

/* A search through Sent on a stranger's word: at most so many a minute and user, of
   all processes that deliver. Returns FALSE when this minute has had them. */
#define BOUNCE_WAIT_MAX_SEARCHES 60
bool bounce_wait_take_search(struct bounce_wait *wait, const char *username,
			     time_t now);

/* The same, but it takes none. */
bool bounce_wait_may_search(struct bounce_wait *wait, const char *username,
			    time_t now);
/* What is wrong with a user's settings is said once a day, not for each mail: has
   nobody said it today? */
bool bounce_wait_say_today(struct bounce_wait *wait, const char *username,
			   time_t now);

#endif
