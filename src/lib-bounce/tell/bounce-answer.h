#ifndef BOUNCE_ANSWER_H
#define BOUNCE_ANSWER_H

/* What a person writes in answer to one of our notices: lines such as "never
   bob@example.net", above or below the notice that their client quotes. Pure. */

#include "lib.h"
#include "array.h"

struct bounce_texts;

/* Addresses that one answer may name; further ones are counted. */
#define BOUNCE_ANSWER_MAX_COMMANDS 50

enum bounce_answer_verb {
	/* write to another address instead */
	BOUNCE_ANSWER_CORRECT = 0,
	/* the address works, or is to be tried again */
	BOUNCE_ANSWER_RELEASE,
	/* forget what is known of it */
	BOUNCE_ANSWER_REMOVE,
	/* never write to it */
	BOUNCE_ANSWER_NEVER,
	/* no more notices of that kind; and all of them again */
	BOUNCE_ANSWER_STOP,
	BOUNCE_ANSWER_START,
	/* what can be answered */
	BOUNCE_ANSWER_HELP,
	BOUNCE_ANSWER_VERB_COUNT
};

struct bounce_answer_command {
	enum bounce_answer_verb verb;
	/* normal form; NULL where the verb has none */
	const char *address;
	const char *corrected;		/* of CORRECT */
};
ARRAY_DEFINE_TYPE(bounce_answer_command, struct bounce_answer_command);

struct bounce_answer {
	ARRAY_TYPE(bounce_answer_command) commands;
	/* lines that were meant for commands and are none, as they were
	   written */
	ARRAY_TYPE(const_string) unknown;
	/* commands beyond the cap */
	unsigned int more;
};

/* "correct", ... : the key of its word is "verb.correct". */
const char *bounce_answer_verb_name(enum bounce_answer_verb verb);
/* The word that a notice offers, in the language of texts. */
const char *bounce_answer_verb_word(const struct bounce_texts *texts,
				    enum bounce_answer_verb verb);

/* text: the first text part of the answer, UTF-8 with LF. Its words are
   English's, and those of texts (NULL = English). All from pool, which is not the
   data stack. */
void bounce_answer_parse(pool_t pool, const char *text,
			 const struct bounce_texts *texts,
			 struct bounce_answer *answer_r);
/* A digest of that text, whatever became of its white space on the way, on the
   data stack: by it a mail and its copy are the same. */
const char *bounce_answer_digest(const char *text);

#endif
