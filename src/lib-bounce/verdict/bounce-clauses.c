/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-clauses-private.h"
#include "bounce-limits.h"
#include "bounce-string.h"

#include <ctype.h>

/* The most bytes that only name somebody. */
#define CLAUSE_MAX_SUBJECT 40

/* While one text is read. */
struct clauses_reader {
	const struct bounce_clause_roles *roles;
	const char *sender_domain, *recipient_domain;
	/* what is before their "@", where it is no word; or NULL */
	const char *sender_local, *recipient_local;
	ARRAY_TYPE(bounce_clause) *clauses;
	/* the words of the clause so far */
	string_t *words;
	/* what is no word in it */
	bounce_words_set_t masked;
	/* the last thing was an address */
	bool after_address;
	/* the recipient's own address is in the clause */
	bool names_recipient;
	/* what follows is the address of the command that was answered */
	bool command;
};

/* Returns what the clause speaks of. */
static bounce_words_set_t clause_end(struct clauses_reader *reader)
{
	struct bounce_clause *clause;
	bounce_words_set_t set = 0, masked = reader->masked;

	if (str_len(reader->words) > 0)
		set = bounce_clause_classes(
			bounce_words_fold(str_c(reader->words)));
	/* "<recipient> from <sender>: no such user"; but "<recipient>: no MX for
	   <sender's host>" */
	if (reader->names_recipient &&
	    (set & bounce_words_set(BOUNCE_WORD_DNS)) == 0)
		masked &= ~bounce_words_set(BOUNCE_WORD_SENDER);
	set |= masked;
	if (set != 0 &&
	    array_count(reader->clauses) < BOUNCE_MAX_CLAUSES) {
		clause = array_append_space(reader->clauses);
		clause->set = set;
	}
	str_truncate(reader->words, 0);
	reader->masked = 0;
	reader->after_address = FALSE;
	reader->names_recipient = FALSE;
	return set;
}

/* "Callout to the sender's server: no such user", "HELO: host not found": of whom a
   clause speaks, of him speaks what it says behind its colon. */
static void clause_end_colon(struct clauses_reader *reader)
{
	bounce_words_set_t ours = bounce_words_set(BOUNCE_WORD_YOU) |
		bounce_words_set(BOUNCE_WORD_YOUR) |
		bounce_words_set(BOUNCE_WORD_REVERSE);
	bounce_words_set_t set = clause_end(reader);

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

static const char *clauses_address_domain(const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');

	return at == NULL || at[1] == '\0' ? NULL : at + 1;
}

/* The local part of address, if it can be told from words: "mail" cannot. */
static const char *clauses_address_local(const char *address)
{
	const char *local, *at = address == NULL ? NULL :
		strrchr(address, '@');

	if (at == NULL || at - address < 4)
		return NULL;
	local = t_strdup_until(address, at);
	return bounce_words_classes(BOUNCE_WORDS_JUDGE,
				    bounce_words_fold(local)) == 0 ?
		local : NULL;
}

/* host is domain or below it. */
static bool clauses_host_within(const char *host, const char *domain)
{
	size_t len = strlen(host), domain_len;

	if (domain == NULL)
		return FALSE;
	domain_len = strlen(domain);
	return len >= domain_len &&
		strcasecmp(host + len - domain_len, domain) == 0 &&
		(len == domain_len || host[len - domain_len - 1] == '.');
}

static bool clauses_is_address(const char *address, const char *wanted)
{
	return wanted != NULL && strcasecmp(address, wanted) == 0;
}

static void
clauses_mask_address(struct clauses_reader *reader, const char *address)
{
	const struct bounce_clause_roles *roles = reader->roles;

	if (clauses_is_address(address, roles->recipient) ||
	    clauses_is_address(address, roles->recipient2)) {
		reader->masked |= bounce_words_set(BOUNCE_WORD_WHO);
		reader->names_recipient = TRUE;
	} else if (clauses_is_address(address, roles->sender))
		reader->masked |= bounce_words_set(BOUNCE_WORD_SENDER);
	reader->after_address = TRUE;
}

/* "550 we know of no bob.smith": the name alone. */
static bool
clauses_mask_local(struct clauses_reader *reader, const char *word)
{
	if (clauses_is_address(word, reader->recipient_local))
		reader->masked |= bounce_words_set(BOUNCE_WORD_WHO);
	else if (clauses_is_address(word, reader->sender_local))
		reader->masked |= bounce_words_set(BOUNCE_WORD_SENDER);
	else
		return FALSE;
	return TRUE;
}

static void clauses_mask_host(struct clauses_reader *reader, const char *host)
{
	/* who writes home has one domain on both sides */
	if (clauses_host_within(host, reader->recipient_domain))
		reader->masked |= bounce_words_set(BOUNCE_WORD_DOMAIN);
	else if (clauses_host_within(host, reader->sender_domain)) {
		reader->masked |= bounce_words_set(BOUNCE_WORD_SENDER);
		reader->after_address = TRUE;
	}
}

/* "192.0.2.1", "2001:db8::1" */
static bool clauses_is_ip(const char *word)
{
	size_t len, colons = 0;

	/* no other begins one */
	if (!i_isxdigit(*word) && *word != '.' && *word != ':')
		return FALSE;
	len = strlen(word);
	if (strspn(word, "0123456789.") == len)
		return len >= 7 && strchr(word, '.') != NULL &&
			strchr(strchr(word, '.') + 1, '.') != NULL &&
			strrchr(word, '.') != strchr(strchr(word, '.') + 1, '.');
	if (strspn(word, "0123456789abcdefABCDEF:.") != len)
		return FALSE;
	for (; *word != '\0'; word++)
		colons += *word == ':' ? 1 : 0;
	return colons >= 2;
}

/* "the address 192.0.2.1": what is right before it names no user. */
static void clauses_mask_ip(struct clauses_reader *reader)
{
	static const char *const names[] = { "address ", "host ", NULL };
	size_t len, end = str_len(reader->words);

	reader->masked |= bounce_words_set(BOUNCE_WORD_IP);
	for (unsigned int i = 0; names[i] != NULL; i++) {
		len = strlen(names[i]);
		if (end >= len && strncasecmp(str_c(reader->words) + end - len,
					      names[i], len) == 0)
			str_truncate(reader->words, end - len);
	}
}

/* Does word, which holds a dot or a slash, look like a host or a path, and not
   like the border of two sentences ("found.Please")? */
static bool clauses_is_host(const char *word)
{
	const char *p;

	if (strstr(word, "://") != NULL || *word == '/')
		return TRUE;
	for (p = strchr(word, '.'); p != NULL; p = strchr(p + 1, '.')) {
		if (p == word || (unsigned char)p[-1] >= 0x80 ||
		    !i_isalnum(p[-1]) || !i_isalnum(p[1]))
			continue;
		if (!i_isupper(p[-1]) && i_isupper(p[1]) && i_islower(p[2]))
			continue;
		return TRUE;
	}
	return FALSE;
}

/* "550", "5.1.1", "#5.1.1", "550-5.1.1"; a longer number is a word ("RFC 5322") */
static bool clauses_is_code(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	if (word[digits] == '\0')
		return digits <= 3;
	return strspn(word, "0123456789.-#") == strlen(word);
}

/* Words that are none: returns TRUE if word, of no blanks, was masked. */
static bool clauses_word_mask(struct clauses_reader *reader, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	/* a sentence ends behind it */
	while (len > 0 && (word[len - 1] == '.' || word[len - 1] == ':' ||
			   word[len - 1] == '!' || word[len - 1] == '?'))
		len--;
	if (len == 0)
		return FALSE;
	if (word[len] != '\0')
		word = t_strndup(word, len);
	if (strchr(word, '@') != NULL && clauses_address_domain(word) != NULL) {
		clauses_mask_address(reader, word);
		return TRUE;
	}
	if (clauses_is_ip(word)) {
		clauses_mask_ip(reader);
		return TRUE;
	}
	if (clauses_is_code(word) || clauses_mask_local(reader, word))
		return TRUE;
	if (clauses_is_host(word)) {
		clauses_mask_host(reader, word);
		return TRUE;
	}
	/* a header's name, which says nothing of its value */
	if (bounce_string_ibegins(word, "X-"))
		return TRUE;
	/* "relay=[192.0.2.1]", "id=12"; not "mailbox_inactive_since=2021" */
	p = strchr(word, '=');
	return p != NULL && !i_isalpha(p[1]) &&
		memchr(word, '_', p - word) == NULL;
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

static bool clause_ends_with(struct clauses_reader *reader, const char *end)
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
static bool clause_is_frame(struct clauses_reader *reader)
{
	return (reader->command && reader->after_address) ||
		clause_ends_with(reader, " said");
}

/* Do words only name somebody: "Sender", "From header", "User lookup"? */
static bool clause_words_are_subject(const char *words)
{
	bounce_words_set_t subjects =
		bounce_words_set(BOUNCE_WORD_WHO) |
		bounce_words_set(BOUNCE_WORD_SENDER) |
		bounce_words_set(BOUNCE_WORD_OWN) |
		bounce_words_set(BOUNCE_WORD_DOMAIN) |
		bounce_words_set(BOUNCE_WORD_HEADER);
	bounce_words_set_t set;

	if (strlen(words) > CLAUSE_MAX_SUBJECT)
		return FALSE;
	set = bounce_clause_classes(bounce_words_fold(words));
	if ((set & bounce_words_set(BOUNCE_WORD_WHO)) != 0)
		subjects |= bounce_words_set(BOUNCE_WORD_SYSTEM);
	return set != 0 && (set & ~subjects) == 0;
}

/* The same of the clause so far. */
static bool clause_is_subject(struct clauses_reader *reader)
{
	return (reader->masked == 0 &&
		clause_words_are_subject(str_c(reader->words))) ||
		reader->masked == bounce_words_set(BOUNCE_WORD_HEADER);
}

/* "Not found: the mailbox": does the clause so far only say what is wrong, and
   is all that is at p that of which it is said, up to the next border? */
static bool clause_is_finding(struct clauses_reader *reader, const char *p)
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
	set = bounce_clause_classes(bounce_words_fold(str_c(reader->words)));
	return set != 0 && (set & ~findings) == 0 &&
		clause_words_are_subject(t_strdup_until(p, end));
}

/* "The recipient (unknown) is refused", "no (longer) known": where the bracket
   at p closes if what is in it belongs to the clause around it, else NULL. It
   is said of who is only named so far, or it is a word that says nothing. */
static const char *
clauses_remark_end(struct clauses_reader *reader, const char *p)
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
		bounce_clause_classes(bounce_words_fold(p)) == 0 ? end : NULL;
}

/* p is at no edge: take the word there. Returns where it ends. */
static const char *
clauses_word_read(struct clauses_reader *reader, const char *p)
{
	const char *end = p, *word, *sign;

	/* "a@example.net...User unknown" */
	while (*end != '\0' && !bounce_clauses_is_edge(*end) &&
	       bounce_clauses_wide_border(end) == 0 &&
	       !(end > p && *end == '.' && bounce_string_begins(end, "...")))
		end++;
	word = t_strdup_until(p, end);
	/* "name=example.org" */
	sign = strchr(word, '=');
	if (sign != NULL && sign > word && strstr(word, "://") == NULL &&
	    i_isalpha(sign[1])) {
		end = p + (sign - word);
		word = t_strdup_until(word, sign);
	}
	/* "<a@b>:user unknown", "To:<a@b>" */
	sign = strchr(word, ':');
	if (sign != NULL && sign > word && sign[1] != '\0' &&
	    strstr(word, "://") == NULL && !clauses_is_ip(word) &&
	    p[0] != ':') {
		end = p + (sign - word);
		word = t_strdup_until(word, sign);
	} else if (sign == word) {
		return p;
	}
	/* "From names an unknown user": the field, not the word */
	if (str_c(reader->words)[strspn(str_c(reader->words), " ,")] == '\0' &&
	    (strcmp(word, "From") == 0 || strcmp(word, "From:") == 0))
		reader->masked |= bounce_words_set(BOUNCE_WORD_HEADER);
	if (clauses_word_mask(reader, word)) {
		if (strstr(word, "://") != NULL)
			(void)clause_end(reader);
		/* no phrase goes on behind it */
		str_append(reader->words, " , ");
		while (end > p && strchr(".:!?", end[-1]) != NULL)
			end--;
		return end;
	}
	reader->after_address = FALSE;
	/* "BadRecipient" */
	for (; p < end && !bounce_clauses_is_border(*p); p++) {
		if (i_isupper(p[0]) && str_len(reader->words) > 0 &&
		    i_islower(str_c(reader->words)
			      [str_len(reader->words) - 1]))
			str_append_c(reader->words, ' ');
		str_append_c(reader->words, *p);
	}
	return p;
}

static void clauses_text_read(struct clauses_reader *reader, const char *text)
{
	const char *p = text, *close = NULL, *wide_close = NULL, *ending;
	size_t len;

	while (*p != '\0') {
		if (clauses_is_field_colon(p)) {
			str_append_c(reader->words, ' ');
			p++;
		} else if (*p == ':' && clause_is_frame(reader)) {
			str_truncate(reader->words, 0);
			reader->masked = 0;
			reader->after_address = FALSE;
			reader->names_recipient = FALSE;
			reader->command = FALSE;
			p++;
		} else if (*p == ':' &&
			   (reader->after_address ||
			    clause_is_subject(reader) ||
			    clause_is_finding(reader, p + 1))) {
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
			   clause_is_subject(reader)) {
			/* "Recipient - unknown" */
			p++;
		} else if (*p == ':') {
			reader->command = clause_ends_with(reader, " rcpt to");
			clause_end_colon(reader);
			p++;
		} else if (bounce_clauses_is_border(*p) ||
			   bounce_clauses_is_dash(text, p)) {
			(void)clause_end(reader);
			p++;
		} else if ((len = bounce_clauses_wide_border(p)) > 0) {
			const char *end = bounce_clauses_wide_bracket_end(p);

			if (end != NULL)
				wide_close = end;
			if (end != NULL || p == wide_close)
				str_append_c(reader->words, ' ');
			else
				(void)clause_end(reader);
			p += len;
		} else if (bounce_clauses_is_edge(*p) || *p == '=') {
			str_append_c(reader->words, clauses_is_space(*p) ? ' ' :
				     *p);
			p++;
		} else {
			const char *end = clauses_word_read(reader, p);

			p = end > p ? end : p + 1;
		}
	}
	(void)clause_end(reader);
}

void bounce_clauses_read(const char *text,
			 const struct bounce_clause_roles *roles,
			 ARRAY_TYPE(bounce_clause) *clauses)
{
	struct clauses_reader reader = {
		.roles = roles, .clauses = clauses,
		.sender_domain = clauses_address_domain(roles->sender),
		.recipient_domain = clauses_address_domain(roles->recipient),
		.words = t_str_new(256),
	};
	size_t len = bounce_string_cut(text,
				       strnlen(text, BOUNCE_MAX_MATCH + 1),
				       BOUNCE_MAX_MATCH);

	reader.recipient_local = clauses_address_local(roles->recipient);
	reader.sender_local = clauses_address_local(roles->sender);
	if (reader.recipient_local != NULL && reader.sender_local != NULL &&
	    strcasecmp(reader.recipient_local, reader.sender_local) == 0)
		reader.recipient_local = reader.sender_local = NULL;
	clauses_text_read(&reader, t_strndup(text, len));
}
