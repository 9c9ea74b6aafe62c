#ifndef BOUNCE_CLAUSES_PRIVATE_H
#define BOUNCE_CLAUSES_PRIVATE_H

#include "bounce-clauses.h"

/* A phrase of a clause: the longest that begins where it does. */
struct clause_phrase {
	bounce_words_set_t set;
	const char *words;		/* of the clause, folded */
	unsigned int begin, end;	/* bytes of them */
};

/* "user database not found", "base de datos de usuarios": the recipient is but the
   attribute of something else. Take WHO and NOBODY from such phrases. Returns
   TRUE if there are some, and of the recipient speaks no other. */
bool bounce_clause_attributes(struct clause_phrase *phrases, unsigned int count);

ARRAY_DEFINE_TYPE(clause_phrase, struct clause_phrase);

/* While one text is read. */
struct bounce_clauses_reader {
	const struct bounce_clause_roles *roles;
	const char *sender_domain, *recipient_domain;
	/* what is before their "@", where it is no word; or NULL */
	const char *sender_local, *recipient_local;
	ARRAY_TYPE(bounce_clause) *clauses;
	/* the words of the clause so far */
	string_t *words;
	/* what bounce_clauses_so_far() said when there were so many bytes of them */
	bounce_words_set_t said;
	size_t said_len;
	/* what is no word in it */
	bounce_words_set_t masked;
	/* the last thing was an address */
	bool after_address;
	/* the recipient's own address is in the clause */
	bool names_recipient;
	/* what follows is the address of the command that was answered */
	bool command;
	/* of the words that are looked at */
	ARRAY_TYPE(bounce_words_hit) hits;
	ARRAY_TYPE(clause_phrase) phrases;
};

/* The classes of the words of one clause. The longest phrase counts: "your message"
   is no "your". */
bounce_words_set_t
bounce_clauses_classes(struct bounce_clauses_reader *reader, const char *words);
/* The same of those so far. */
bounce_words_set_t bounce_clauses_so_far(struct bounce_clauses_reader *reader);
/* Leave but the first len bytes of the words. */
void bounce_clauses_words_cut(struct bounce_clauses_reader *reader, size_t len);

/* The clause is complete: add it. Returns the classes of what it speaks of. */
bounce_words_set_t bounce_clauses_end(struct bounce_clauses_reader *reader);

/* p is at no edge: take the word there. Returns where it ends. */
const char *
bounce_clauses_word_read(struct bounce_clauses_reader *reader, const char *p);
/* Is the host that is named at p, behind spaces, the sender's domain or below it? Never if
   the recipient has the same. */
bool bounce_clauses_is_senders_host(const struct bounce_clauses_reader *reader,
				    const char *p);
/* What is behind the "@" of address, NULL if nothing is; address may be NULL. */
const char *bounce_clauses_address_domain(const char *address);
/* The local part of address, if it can be told from words ("mail" cannot), or NULL.
   Data stack. */
const char *bounce_clauses_address_local(const char *address);

enum bounce_clauses_sign {
	BOUNCE_CLAUSES_EDGE = 0x01,
	BOUNCE_CLAUSES_BORDER = 0x02
};
/* enum bounce_clauses_sign of each byte */
extern const uint8_t bounce_clauses_signs[256];

/* Does a word end at c, does a clause? */
static inline bool bounce_clauses_is_edge(char c)
{
	return (bounce_clauses_signs[(unsigned char)c] &
		BOUNCE_CLAUSES_EDGE) != 0;
}

static inline bool bounce_clauses_is_border(char c)
{
	return (bounce_clauses_signs[(unsigned char)c] &
		BOUNCE_CLAUSES_BORDER) != 0;
}

/* Is p, in text, a dash between spaces? */
bool bounce_clauses_is_dash(const char *text, const char *p);
/* Chinese and Japanese signs, dashes: the length of one at p, or 0. */
size_t bounce_clauses_wide_border_length(const char *p);
static inline size_t bounce_clauses_wide_border(const char *p)
{
	return (unsigned char)*p < 0xe2 ? 0 :
		bounce_clauses_wide_border_length(p);
}

/* Where the bracket at p closes if it holds one address, number or host, of which
   the words around it speak, or NULL. */
const char *bounce_clauses_bracket_end(const char *p);
/* The same of the wide brackets of Chinese and Japanese, for an address: where the
   closing one is, or NULL. */
const char *bounce_clauses_wide_bracket_end(const char *p);
/* "recipient(s)": where the bracket at p closes that ends a word, or NULL. */
const char *bounce_clauses_ending_end(const char *text, const char *p);

#endif
