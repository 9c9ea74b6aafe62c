#ifndef BOUNCE_TELL_MEMORY_H
#define BOUNCE_TELL_MEMORY_H

/* What the dictionary remembers of our notices: pure, the clock is a parameter.

   priv/bounce/notice/<hash>   the mails of one day that share their subject (of
			       those that are only perhaps ours: of one day), who
			       failed and which notices were written, JSON
   priv/bounce/meta/notices    how many were written lately, the hashes that there
			       are, the oldest first, JSON */

#include "bounce-tell.h"

#define BOUNCE_DICT_NOTICE_PREFIX "priv/bounce/notice/"
#define BOUNCE_DICT_NOTICES "priv/bounce/meta/notices"
#define BOUNCE_DICT_LANGUAGE "priv/bounce/meta/language"

/* Of different mails with one subject so many become one summary. */
#define BOUNCE_TELL_SUMMARY 3
/* New notices within an hour. */
#define BOUNCE_TELL_MAX_HOUR 20
/* New notices of a day about what strangers say. */
#define BOUNCE_TELL_MAX_STRANGE 3

/* One who failed, and of which mail (bounce_tell_id()). */
struct bounce_tell_failure {
	const char *mail;
	struct bounce_tell_recipient rcpt;
};

/* A notice that lies in a mailbox. */
struct bounce_tell_place {
	const char *mail;		/* "" = the summary */
	const char *mailbox;		/* as the user's namespaces name it */
	const char *guid;
	uint32_t uid_validity, uid;
	/* failures that it tells */
	unsigned int told;
};

struct bounce_tell_memory {
	const char *subject;		/* NULL = none */
	unsigned int count;		/* all failures */
	unsigned int level;		/* enum bounce_rate_level, told */
	time_t when;			/* changed last */
	/* at most BOUNCE_MAX_TELL_FAILURES; of count the last */
	ARRAY(struct bounce_tell_failure) failures;
	ARRAY(struct bounce_tell_place) places;
};

struct bounce_tell_counts {
	time_t hour;			/* since 1970 */
	unsigned int in_hour;
	time_t day;
	unsigned int strange;		/* that day */
	bool limit_told;		/* in that hour */
	/* bits 1 << enum bounce_tell_kind that the user wants no more */
	unsigned int off;
	/* priv/bounce/meta/language: of the user's own mail, or NULL */
	const char *language;
	/* an address of the user's own that a notice went to, or NULL */
	const char *address;
	/* at most BOUNCE_MAX_TELL_KEYS */
	ARRAY_TYPE(const_string) hashes;
};

/* 16 hex digits of a text, on the data stack. */
const char *bounce_tell_id(const char *text);

/* As JSON in one line, on the data stack. */
const char *bounce_tell_memory_encode(const struct bounce_tell_memory *memory);
const char *bounce_tell_counts_encode(const struct bounce_tell_counts *counts);
/* json may be NULL; what is missing or damaged is as in an empty one. */
void bounce_tell_memory_decode(pool_t pool, const char *json,
			       struct bounce_tell_memory *memory_r);
/* An hour or a day that is over counts no more. */
void bounce_tell_counts_decode(pool_t pool, const char *json, time_t now,
			       struct bounce_tell_counts *counts_r);

/* Is a notice more within the caps? strange: by the word of a stranger. */
bool bounce_tell_counts_allow(const struct bounce_tell_counts *counts,
			      bool strange);
void bounce_tell_counts_add(struct bounce_tell_counts *counts, bool strange);
/* The hash is used now. Returns the one that goes for it, or NULL. */
const char *bounce_tell_counts_use(struct bounce_tell_counts *counts,
				   pool_t pool, const char *hash);

/* Different mails that failed. */
unsigned int bounce_tell_memory_mails(const struct bounce_tell_memory *memory);
/* The notice of that mail ("" = the summary), or NULL. */
struct bounce_tell_place *
bounce_tell_memory_place(struct bounce_tell_memory *memory, const char *mail);
/* Is a summary that was read, or names many, to be written anew? At the first failure,
   at 2, 5, 10, 20 ... of them, and at each level. */
bool bounce_tell_memory_is_due(const struct bounce_tell_memory *memory,
			       unsigned int told, unsigned int level);

#endif
