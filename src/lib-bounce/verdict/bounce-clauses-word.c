/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-clauses-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* What a word of an answer is: an address, a host, a code, or a word indeed. */

const char *bounce_clauses_address_domain(const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');

	return at == NULL || at[1] == '\0' ? NULL : at + 1;
}

const char *bounce_clauses_address_local(const char *address)
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
clauses_mask_address(struct bounce_clauses_reader *reader, const char *address)
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

static bool clauses_is_local(const char *word, size_t len, const char *local)
{
	return local != NULL && (*word | 0x20) == (*local | 0x20) &&
		strncasecmp(word, local, len) == 0 && local[len] == '\0';
}

/* "550 we know of no bob.smith": the name alone. */
static bool clauses_mask_local(struct bounce_clauses_reader *reader,
			       const char *word, size_t len)
{
	if (clauses_is_local(word, len, reader->recipient_local))
		reader->masked |= bounce_words_set(BOUNCE_WORD_WHO);
	else if (clauses_is_local(word, len, reader->sender_local))
		reader->masked |= bounce_words_set(BOUNCE_WORD_SENDER);
	else
		return FALSE;
	return TRUE;
}

static void clauses_mask_host(struct bounce_clauses_reader *reader, const char *host)
{
	/* who writes home has one domain on both sides */
	if (clauses_host_within(host, reader->recipient_domain))
		reader->masked |= bounce_words_set(BOUNCE_WORD_DOMAIN);
	else if (clauses_host_within(host, reader->sender_domain)) {
		reader->masked |= bounce_words_set(BOUNCE_WORD_SENDER);
		reader->after_address = TRUE;
	}
}

bool bounce_clauses_is_senders_host(const struct bounce_clauses_reader *reader,
				    const char *p)
{
	const char *begin, *end;

	if (reader->sender_domain == NULL)
		return FALSE;
	for (begin = p; *begin == ' ' || *begin == '<' || *begin == '"' ||
	     *begin == '\''; )
		begin++;
	for (end = begin; i_isalnum(*end) || *end == '-' || *end == '.'; )
		end++;
	while (end > begin && end[-1] == '.')
		end--;
	if (end == begin || *end == '@')
		return FALSE;
	p = t_strdup_until(begin, end);
	return clauses_host_within(p, reader->sender_domain) &&
		!clauses_host_within(p, reader->recipient_domain);
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
static void clauses_mask_ip(struct bounce_clauses_reader *reader)
{
	static const char *const names[] = { "address ", "host ", NULL };
	size_t len, end = str_len(reader->words);

	reader->masked |= bounce_words_set(BOUNCE_WORD_IP);
	for (unsigned int i = 0; names[i] != NULL; i++) {
		len = strlen(names[i]);
		if (end >= len && strncasecmp(str_c(reader->words) + end - len,
					      names[i], len) == 0)
			bounce_clauses_words_cut(reader, end - len);
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
static bool clauses_word_mask(struct bounce_clauses_reader *reader, const char *word)
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
	if (strchr(word, '@') != NULL && bounce_clauses_address_domain(word) != NULL) {
		clauses_mask_address(reader, word);
		return TRUE;
	}
	if (clauses_is_ip(word)) {
		clauses_mask_ip(reader);
		return TRUE;
	}
	if (clauses_is_code(word) || clauses_mask_local(reader, word, len))
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

/* "From names an unknown user": the field, not the word */
static void clauses_mask_field(struct bounce_clauses_reader *reader,
			       const char *word, size_t len)
{
	if (len >= 4 && len <= 5 && memcmp(word, "From:", len) == 0 &&
	    str_c(reader->words)[strspn(str_c(reader->words), " ,")] == '\0')
		reader->masked |= bounce_words_set(BOUNCE_WORD_HEADER);
}

/* The word from p to end, as far as there is no border. Returns where that is. */
static const char *clauses_word_append(struct bounce_clauses_reader *reader,
				       const char *p, const char *end)
{
	const char *begin = p;
	size_t len = str_len(reader->words);
	bool lower = len > 0 && i_islower(str_data(reader->words)[len - 1]);

	reader->after_address = FALSE;
	for (; p < end && !bounce_clauses_is_border(*p); p++) {
		/* "BadRecipient" */
		if (lower && i_isupper(*p)) {
			str_append_data(reader->words, begin, p - begin);
			str_append_c(reader->words, ' ');
			begin = p;
		}
		lower = i_islower(*p);
	}
	str_append_data(reader->words, begin, p - begin);
	return p;
}

/* The same for a word of letters: no address, no host, no code. */
static const char *clauses_letters_read(struct bounce_clauses_reader *reader,
					const char *p, const char *end)
{
	clauses_mask_field(reader, p, end - p);
	if (!clauses_mask_local(reader, p, end - p))
		return clauses_word_append(reader, p, end);
	str_append(reader->words, " , ");
	return end;
}

const char *
bounce_clauses_word_read(struct bounce_clauses_reader *reader, const char *p)
{
	const char *end = p, *word, *sign;

	while (i_isalpha(*end))
		end++;
	if (*end == '\0' || bounce_clauses_is_edge(*end))
		return clauses_letters_read(reader, p, end);
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
	clauses_mask_field(reader, word, strlen(word));
	if (clauses_word_mask(reader, word)) {
		if (strstr(word, "://") != NULL)
			(void)bounce_clauses_end(reader);
		/* no phrase goes on behind it */
		str_append(reader->words, " , ");
		while (end > p && strchr(".:!?", end[-1]) != NULL)
			end--;
		return end;
	}
	return clauses_word_append(reader, p, end);
}
