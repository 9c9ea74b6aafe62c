#ifndef BOUNCE_SENT_PRIVATE_H
#define BOUNCE_SENT_PRIVATE_H

#include "bounce-sent.h"

/* bounce-sent-member.c: the members of a day or broadcast as JSON, in one table: what
   reads or writes one walks it. A new member is its field in struct bounce_sent and its
   row there. */
enum bounce_sent_member_type {
	BOUNCE_SENT_TEXT = 0,	/* const char * */
	BOUNCE_SENT_COUNT,	/* unsigned int */
	BOUNCE_SENT_COUNTS,	/* an array of them, a member for each of names */
	BOUNCE_SENT_FLAG,	/* bool */
	BOUNCE_SENT_HASHES,	/* string_t *, BOUNCE_SENT_HASH characters each */
	BOUNCE_SENT_LEVEL,	/* enum bounce_rate_level */
	BOUNCE_SENT_CAUSES,	/* ARRAY_TYPE(bounce_cause) */
	BOUNCE_SENT_MAILS,	/* ARRAY_TYPE(bounce_sent) */
	BOUNCE_SENT_IDS,	/* ARRAY_TYPE(const_string) */
	BOUNCE_SENT_RECENT	/* ARRAY_TYPE(bounce_sent_envelope) */
};

struct bounce_sent_member {
	const char *name;
	enum bounce_sent_member_type type;
	/* of the field in struct bounce_sent */
	size_t offset;
	/* of a text, in bytes; of hashes and arrays, how many */
	size_t max;
	/* of counts, NULL-terminated */
	const char *const *names;
};

/* In the order in which they are written; name is NULL after the last. */
extern const struct bounce_sent_member bounce_sent_members[];
#define bounce_sent_member_foreach(member) \
	for (member = bounce_sent_members; member->name != NULL; member++)

/* Is it the id of a day or broadcast? */
bool bounce_sent_id_is_valid(const char *id);

/* bounce-sent-envelope.c: as an element of a JSON array. */
struct json_t;
void bounce_sent_envelope_append(string_t *json,
				 const struct bounce_sent_envelope *env);
/* FALSE if it cannot be one of ours. */
bool bounce_sent_envelope_decode(pool_t pool, const struct json_t *json,
				 struct bounce_sent_envelope *env_r);
bool bounce_sent_envelope_is_valid(const struct bounce_sent_envelope *env);

/* bounce-sent-quick.c: read what we have written. FALSE if json is not of that shape
   (then nothing is said about it, and sent_r is not to be used). */
bool bounce_sent_quick_decode(pool_t pool, const char *json,
			      struct bounce_sent *sent_r);

#endif
