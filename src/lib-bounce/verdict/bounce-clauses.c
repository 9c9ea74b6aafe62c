/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-clauses-private.h"
#include "bounce-limits.h"
#include "bounce-string.h"

#include <ctype.h>

/* The most bytes that only name somebody. */
#define CLAUSE_MAX_SUBJECT 40

/* "Callout to the sender's server: no such user", "HELO: host not found": of whom a
   clause speaks, of him speaks what it says behind its colon. */
static void clause_end_colon(struct bounce_clauses_reader *reader)
{
	bounce_words_set_t ours = bounce_words_set(BOUNCE_WORD_YOU) |
		bounce_words_set(BOUNCE_WORD_YOUR) |
		bounce_words_set(BOUNCE_WORD_REVERSE);
	bounce_words_set_t set = bounce_clauses_end(reader);

	if ((set & ~ours) == 0)
		reader->masked = set;
	else if ((set & bounce_words_set(BOUNCE_WORD_WHO)) == 0)
		reader->masked = set & bounce_words_set(BOUNCE_WORD_SENDER);
}

/* What separates words within a clause. */
static bool clauses_is_space(char c)
{
	return (bounce_clauses_is_edge(c) && c != '\'' && c != ',') ||
		c == '=';
}

/* "from: header", "To: field": no border, and no address follows. */
static bool clauses_is_field_colon(const char *p)
{
	static const char *const names[] = {
		"field", "header", "line", "address", NULL
	};

	if (*p != ':')
		return FALSE;
	for (p++; *p == ' ' || *p == '"' || *p == '\''; )
		p++;
	for (unsigned int i = 0; names[i] != NULL; i++) {
		if (bounce_string_ibegins(p, names[i]))
			return TRUE;
	}
	return FALSE;
}

static bool clause_ends_with(struct bounce_clauses_reader *reader, const char *end)
{
	const char *words = str_c(reader->words);
	size_t len = strlen(words), end_len = strlen(end);

	while (len > 0 && words[len - 1] == ' ')
		len--;
	return len >= end_len &&
		strncasecmp(words + len - end_len, end, end_len) == 0;
}

/* "host mx.example.org[192.0.2.1] said", "after RCPT TO:<bob@example.com>": who
   speaks, not what of. */
static bool clause_is_frame(struct bounce_clauses_reader *reader)
{
	return (reader->command && reader->after_address) ||
		clause_ends_with(reader, " said");
}

/* Do words of these classes only name somebody: "Sender", "From header", "User
   lookup"? */
static bool clause_words_are_subject(bounce_words_set_t set)
{
	bounce_words_set_t subjects =
		bounce_words_set(BOUNCE_WORD_WHO) |
		bounce_words_set(BOUNCE_WORD_SENDER) |
		bounce_words_set(BOUNCE_WORD_OWN) |
		bounce_words_set(BOUNCE_WORD_DOMAIN) |
		bounce_words_set(BOUNCE_WORD_HEADER);

	if ((set & bounce_words_set(BOUNCE_WORD_WHO)) != 0)
		subjects |= bounce_words_set(BOUNCE_WORD_SYSTEM);
	return set != 0 && (set & ~subjects) == 0;
}

/* The same of the clause so far. */
static bool clause_is_subject(struct bounce_clauses_reader *reader)
{
	return (reader->masked == 0 &&
		str_len(reader->words) <= CLAUSE_MAX_SUBJECT &&
		clause_words_are_subject(bounce_clauses_so_far(reader))) ||
		reader->masked == bounce_words_set(BOUNCE_WORD_HEADER);
}

/* "Not found: the mailbox": does the clause so far only say what is wrong, and
   is all that is at p that of which it is said, up to the next border? */
static bool clause_is_finding(struct bounce_clauses_reader *reader, const char *p)
{
	bounce_words_set_t findings =
		bounce_words_set(BOUNCE_WORD_NOT) |
		bounce_words_set(BOUNCE_WORD_EXIST) |
		bounce_words_set(BOUNCE_WORD_UNKNOWN) |
		bounce_words_set(BOUNCE_WORD_MISSING);
	bounce_words_set_t set;
	const char *end;

	if (reader->masked != 0 || reader->after_address ||
	    str_len(reader->words) > CLAUSE_MAX_SUBJECT)
		return FALSE;
	for (end = p; *end != '\0' && !bounce_clauses_is_border(*end); end++)
		;
	if (end - p > CLAUSE_MAX_SUBJECT)
		return FALSE;
	set = bounce_clauses_so_far(reader);
	return set != 0 && (set & ~findings) == 0 &&
		clause_words_are_subject(bounce_clauses_classes(reader,
						      t_strdup_until(p, end)));
}

/* "Domain not found: example.org": is what the clause so far says of a domain said of the
   sender's, at p? */
static bool
clause_is_of_sender(struct bounce_clauses_reader *reader, const char *p)
{
	bounce_words_set_t domains = bounce_words_set(BOUNCE_WORD_DOMAIN) |
		bounce_words_set(BOUNCE_WORD_NODOMAIN);

	return reader->masked == 0 && !reader->after_address &&
		bounce_clauses_is_senders_host(reader, p) &&
		(bounce_clauses_so_far(reader) & domains) != 0;
}

/* "The recipient (unknown) is refused", "no (longer) known": where the bracket
   at p closes if what is in it belongs to the clause around it, else NULL. It
   is said of who is only named so far, or it is a word that says nothing. */
static const char *
clauses_remark_end(struct bounce_clauses_reader *reader, const char *p)
{
	char close = *p == '[' ? ']' : ')';
	const char *end;
	size_t len;

	for (end = p + 1; *end != close; end++) {
		if (*end == '\0' || *end == '@' ||
		    bounce_clauses_is_border(*end))
			return NULL;
	}
	len = end - p - 1;
	if (len == 0 || len > CLAUSE_MAX_SUBJECT)
		return NULL;
	if (!reader->after_address && clause_is_subject(reader))
		return end;
	p = t_strndup(p + 1, len);
	return str_len(reader->words) > 0 && strchr(p, ' ') == NULL &&
		bounce_clauses_classes(reader, p) == 0 ? end : NULL;
}

static void clauses_text_read(struct bounce_clauses_reader *reader, const char *text)
{
	const char *p = text, *close = NULL, *wide_close = NULL, *ending;
	size_t len;

	while (*p != '\0') {
		if (clauses_is_field_colon(p)) {
			str_append_c(reader->words, ' ');
			p++;
		} else if (*p == ':' && clause_is_frame(reader)) {
			bounce_clauses_words_cut(reader, 0);
			reader->masked = 0;
			reader->after_address = FALSE;
			reader->names_recipient = FALSE;
			reader->command = FALSE;
			p++;
		} else if (*p == ':' &&
			   (reader->after_address ||
			    clause_is_subject(reader) ||
			    clause_is_finding(reader, p + 1) ||
			    clause_is_of_sender(reader, p + 1))) {
			str_append_c(reader->words, ' ');
			p++;
		} else if (*p == '(' &&
			   (ending = bounce_clauses_ending_end(text, p)) !=
			   NULL) {
			p = ending + 1;
		} else if ((*p == '[' || *p == '(') &&
			   ((close = bounce_clauses_bracket_end(p)) != NULL ||
			    (close = clauses_remark_end(reader, p)) != NULL)) {
			str_append_c(reader->words, ' ');
			p++;
		} else if (p == close) {
			str_append_c(reader->words, ' ');
			p++;
		} else if (*p == '.' && p > text && p[-1] == ' ' &&
			   i_isalnum(p[1])) {
			/* ".exe" */
			p++;
		} else if (bounce_clauses_is_dash(text, p) && p[1] == ' ' &&
			   !reader->after_address &&
			   (clause_is_subject(reader) ||
			    clause_is_of_sender(reader, p + 1))) {
			/* "Recipient - unknown" */
			p++;
		} else if (*p == ':') {
			reader->command = clause_ends_with(reader, " rcpt to");
			clause_end_colon(reader);
			p++;
		} else if (bounce_clauses_is_border(*p) ||
			   bounce_clauses_is_dash(text, p)) {
			(void)bounce_clauses_end(reader);
			p++;
		} else if ((len = bounce_clauses_wide_border(p)) > 0) {
			const char *end = bounce_clauses_wide_bracket_end(p);

			if (end != NULL)
				wide_close = end;
			if (end != NULL || p == wide_close)
				str_append_c(reader->words, ' ');
			else
				(void)bounce_clauses_end(reader);
			p += len;
		} else if (bounce_clauses_is_edge(*p) || *p == '=') {
			str_append_c(reader->words, clauses_is_space(*p) ? ' ' :
				     *p);
			p++;
		} else {
			const char *end = bounce_clauses_word_read(reader, p);

			p = end > p ? end : p + 1;
		}
	}
	(void)bounce_clauses_end(reader);
}

void bounce_clauses_read(const char *text,
			 const struct bounce_clause_roles *roles,
			 ARRAY_TYPE(bounce_clause) *clauses)
{
	struct bounce_clauses_reader reader = {
		.roles = roles, .clauses = clauses,
		.sender_domain = bounce_clauses_address_domain(roles->sender),
		.recipient_domain = bounce_clauses_address_domain(roles->recipient),
		.words = t_str_new(256),
	};
	size_t len = bounce_string_cut(text,
				       strnlen(text, BOUNCE_MAX_MATCH + 1),
				       BOUNCE_MAX_MATCH);

	t_array_init(&reader.hits, 32);
	t_array_init(&reader.phrases, 16);
	reader.recipient_local = bounce_clauses_address_local(roles->recipient);
	reader.sender_local = bounce_clauses_address_local(roles->sender);
	if (reader.recipient_local != NULL && reader.sender_local != NULL &&
	    strcasecmp(reader.recipient_local, reader.sender_local) == 0)
		reader.recipient_local = reader.sender_local = NULL;
	clauses_text_read(&reader, t_strndup(text, len));
}
