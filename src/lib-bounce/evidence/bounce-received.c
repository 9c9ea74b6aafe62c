/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "net.h"
#include "str.h"
#include "bounce-received.h"

#include <ctype.h>

/* In the order of RFC 5321; a client that calls itself "by" is no clause. */
static const char *const received_clauses[] = {
	"from", "by", "via", "with", "id", "for", NULL
};

enum clause {
	CLAUSE_FROM, CLAUSE_BY, CLAUSE_VIA, CLAUSE_WITH, CLAUSE_ID, CLAUSE_FOR
};

struct received_parser {
	pool_t pool;
	struct bounce_received *received;
	/* the clause that is read, -1 before the first; its word is to come */
	int clause;
	bool wants_word;
	/* comments of "from" so far; one before all clauses */
	unsigned int from_comments;
	const char *first_comment, *from_comment;
	bool exim;
	/* the address as qmail writes it, in a comment of its own */
	const char *bare_address;
};

static const char *
received_bracketed(pool_t pool, const char *text)
{
	const char *start = strchr(text, '['), *end;
	struct ip_addr ip;
	const char *address;

	end = start == NULL ? NULL : strchr(start, ']');
	if (end == NULL)
		return NULL;
	start++;
	if (strncasecmp(start, "IPv6:", 5) == 0)
		start += 5;
	address = p_strdup_until(pool, start, end);
	return net_addr2ip(address, &ip) == 0 ||
		strcmp(address, "local") == 0 ? address : NULL;
}

/* "alice" of "Authenticated sender: alice" */
static const char *received_login(const char *comment)
{
	static const char prefix[] = "Authenticated sender:";

	if (strncasecmp(comment, prefix, strlen(prefix)) != 0)
		return NULL;
	return t_str_trim(comment + strlen(prefix), " \t\r\n");
}

/* "NAME [address]": whoever owns the address chooses the name, in the DNS. It may look
   like a word of the server's. */
static bool received_names_client(const char *comment)
{
	const char *space = strchr(comment, ' ');

	return space != NULL && space[1] == '[';
}

/* "authenticated bits=0" (sendmail), "authenticated" */
static bool received_says_login(const char *comment)
{
	static const char word[] = "authenticated";

	return strncasecmp(comment, word, strlen(word)) == 0 &&
		(comment[strlen(word)] == '\0' || comment[strlen(word)] == ' ') &&
		!received_names_client(comment);
}

/* qmail: from NAME (HELO name) (ident@192.0.2.1) */
static const char *received_bare_address(pool_t pool, const char *comment)
{
	const char *at = strrchr(comment, '@');
	struct ip_addr ip;

	if (at != NULL)
		comment = at + 1;
	return net_addr2ip(comment, &ip) == 0 ? p_strdup(pool, comment) : NULL;
}

static void
received_from_comment(struct received_parser *parser, const char *comment)
{
	struct bounce_received *received = parser->received;
	const char *login = received_login(comment);

	if (login != NULL) {
		received->login = p_strdup_empty(parser->pool, login);
		received->authenticated = TRUE;
		return;
	}
	if (received_says_login(comment)) {
		received->authenticated = TRUE;
		return;
	}
	if (parser->from_comments++ == 0)
		parser->from_comment = p_strdup(parser->pool, comment);
	if (parser->bare_address == NULL) {
		parser->bare_address = received_bare_address(parser->pool,
							     comment);
	}
}

static void
received_comment(struct received_parser *parser, const char *comment)
{
	struct bounce_received *received = parser->received;

	if (parser->clause >= CLAUSE_BY && strncmp(comment, "Exim ", 5) == 0)
		parser->exim = TRUE;
	/* by localhost with POP3 (fetchmail-6.4.37) */
	if (parser->clause == CLAUSE_WITH &&
	    strncmp(comment, "fetchmail-", 10) == 0)
		received->fetched = TRUE;
	switch (parser->clause) {
	case -1:
		if (parser->first_comment == NULL)
			parser->first_comment = p_strdup(parser->pool, comment);
		break;
	case CLAUSE_FROM:
		received_from_comment(parser, comment);
		break;
	case CLAUSE_BY:
		if (received->by_comment == NULL)
			received->by_comment = p_strdup(parser->pool, comment);
		/* sendmail: (authenticated bits=0) */
		if (received_says_login(comment))
			received->authenticated = TRUE;
		break;
	default:
		break;
	}
}

static void received_word(struct received_parser *parser, const char *word)
{
	struct bounce_received *received = parser->received;

	if (!parser->wants_word) {
		for (int i = parser->clause + 1;
		     received_clauses[i < 0 ? 0 : i] != NULL; i++) {
			if (strcasecmp(word, received_clauses[i]) != 0)
				continue;
			parser->clause = i;
			parser->wants_word = TRUE;
			return;
		}
		/* fetchmail: from NAME [192.0.2.1] */
		if (parser->clause == CLAUSE_FROM && *word == '[' &&
		    received->address == NULL)
			received->address = received_bracketed(parser->pool,
							       word);
		return;
	}
	parser->wants_word = FALSE;
	word = p_strdup(parser->pool, word);
	switch (parser->clause) {
	case CLAUSE_FROM:
		received->helo = word;
		break;
	case CLAUSE_BY:
		received->by = word;
		break;
	case CLAUSE_WITH:
		received->with = word;
		break;
	case CLAUSE_ID:
		received->id = word;
		break;
	default:
		break;
	}
}

/* Returns what follows the comment that begins at p. */
static const char *
received_read_comment(struct received_parser *parser, const char *p)
{
	string_t *comment = t_str_new(64);
	unsigned int depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '(' && depth++ == 0)
			continue;
		if (*p == ')' && --depth == 0) {
			p++;
			break;
		}
		if (*p == '\\' && p[1] != '\0')
			str_append_c(comment, *p++);
		str_append_c(comment, *p == '\n' || *p == '\r' ? ' ' :
			     (unsigned char)*p);
	}
	received_comment(parser, t_str_trim(str_c(comment), " \t"));
	return p;
}

static void received_read(struct received_parser *parser, const char *p)
{
	while (*p != '\0' && *p != ';') {
		size_t len = strcspn(p, " \t\r\n();");

		if (len > 0) {
			received_word(parser, t_strndup(p, len));
			p += len;
		} else if (*p == '(') {
			p = received_read_comment(parser, p);
		} else {
			p++;
		}
	}
}

/* ESMTPA, ESMTPSA, UTF8SMTPSA, LMTPA (RFC 3848, 6531), Exim's asmtp */
static bool received_with_login(const char *with)
{
	size_t len = with == NULL ? 0 : strlen(with);

	if (len == 0 || strcasestr(with, "mtp") == NULL)
		return FALSE;
	return i_toupper(with[len - 1]) == 'A' || strcasecmp(with, "asmtp") == 0;
}

/* Postfix and sendmail: from HELO (NAME [address]), sendmail with "may be
   forged" where the name is not the address's; Exim: from NAME ([address]),
   without a name from [address]. Others do not verify it, or do not say so. */
static const char *
received_client(const struct received_parser *parser)
{
	const struct bounce_received *received = parser->received;
	const char *comment = parser->from_comment;
	const char *name, *by = received->by_comment;

	if (parser->exim) {
		return comment != NULL && *comment == '[' &&
			received->helo[0] != '[' ? received->helo : NULL;
	}
	if (comment == NULL || strstr(comment, "may be forged") != NULL ||
	    by == NULL || strcmp(by, "OpenSMTPD") == 0 ||
	    strncmp(by, "Haraka", 6) == 0)
		return NULL;
	name = t_strcut(comment, ' ');
	if (*name == '[' || *name == '\0' || strcasecmp(name, "unknown") == 0 ||
	    comment[strlen(name)] != ' ' || comment[strlen(name) + 1] != '[')
		return NULL;
	return p_strdup(parser->pool, name);
}

/* In brackets, in the comment; Exim without a name: from [address] (helo=HELO).
   What a client calls itself, as Exim and qmail write it, is none. */
static const char *
received_address(const struct received_parser *parser)
{
	const struct bounce_received *received = parser->received;
	const char *comment = parser->from_comment;

	if (parser->exim && received->helo[0] == '[')
		return received_bracketed(parser->pool, received->helo);
	/* a client whose name is "helo" is taken for one that says so */
	if (comment != NULL && received_names_client(comment) &&
	    strncasecmp(comment, "helo ", 5) != 0)
		return received_bracketed(parser->pool, comment);
	if (parser->bare_address != NULL || received->address != NULL)
		return parser->bare_address != NULL ? parser->bare_address :
			received->address;
	if (comment == NULL)
		return NULL;
	/* some address, and no local program's */
	return strncasecmp(comment, "helo ", 5) == 0 ||
		strncasecmp(comment, "helo=", 5) == 0 ||
		strncasecmp(comment, "port=", 5) == 0 ? BOUNCE_RECEIVED_UNKNOWN :
		received_bracketed(parser->pool, comment);
}

/* Exim writes the local user that handed a mail over: only its own makes
   reports. */
static bool received_is_exim_user(const char *name)
{
	static const char *const users[] = {
		"Debian-exim", "exim", "exim4", "mailnull", NULL
	};

	return str_array_find(users, name);
}

/* (qmail 4711 invoked for bounce) */
static bool received_is_qmail(const char *comment, const char *invoked)
{
	return strncmp(comment, "qmail ", 6) == 0 &&
		strstr(comment, invoked) != NULL;
}

/* What each writes on the mail that it made itself. */
static bool received_is_made(const struct received_parser *parser)
{
	const struct bounce_received *received = parser->received;
	const char *comment = parser->from_comment;

	/* OpenSMTPD: from HOST (HOST [local]) by HOST (OpenSMTPD) with ESMTPA;
	   a program's is "from localhost" */
	if (received->helo != NULL && received->by_comment != NULL &&
	    strcmp(received->by_comment, "OpenSMTPD") == 0)
		return null_strcmp(received->address, "local") == 0 &&
			strcmp(received->helo, "localhost") != 0;
	if (received->authenticated)
		return FALSE;
	if (received->by == NULL) {
		/* (qmail 4711 invoked for bounce) */
		return received->helo == NULL && parser->first_comment != NULL &&
			received_is_qmail(parser->first_comment,
					  " invoked for bounce");
	}
	if (received->helo == NULL) {
		/* Postfix; "(Postfix, from userid 1000)" is a program's,
		   "(from user@host) by" sendmail's */
		return parser->first_comment == NULL &&
			received->by_comment != NULL &&
			strchr(received->by_comment, ',') == NULL &&
			received->with == NULL && received->id != NULL;
	}
	if (parser->exim) {
		return comment == NULL && received->with != NULL &&
			strcmp(received->with, "local") == 0 &&
			received_is_exim_user(received->helo);
	}
	if (comment == NULL || received->by_comment == NULL)
		return FALSE;
	/* sendmail: from localhost (localhost) by HOST (8.17.1/8.17.1) */
	return strcmp(received->helo, "localhost") == 0 &&
		strcmp(comment, "localhost") == 0 &&
		isdigit((unsigned char)received->by_comment[0]) &&
		received->with == NULL;
}

void bounce_received_parse(pool_t pool, const char *value,
			   struct bounce_received *received_r)
{
	struct received_parser parser = {
		.pool = pool, .received = received_r, .clause = -1
	};

	i_zero(received_r);
	T_BEGIN {
		received_read(&parser, value);
		if (received_with_login(received_r->with))
			received_r->authenticated = TRUE;
		if (received_r->helo != NULL) {
			received_r->address = received_address(&parser);
			received_r->client = received_client(&parser);
		}
		received_r->made = received_is_made(&parser);
		received_r->handed = received_r->by == NULL &&
			received_r->helo == NULL && parser.first_comment != NULL &&
			received_is_qmail(parser.first_comment,
					  " invoked from network");
	} T_END;
}

static bool
received_address_in(const struct bounce_received *received,
		    const char *const *networks)
{
	struct ip_addr ip, net;
	unsigned int bits;

	if (received->address == NULL ||
	    net_addr2ip(received->address, &ip) < 0)
		return FALSE;
	for (; *networks != NULL; networks++) {
		if (net_parse_range(*networks, &net, &bits) == 0 &&
		    net_is_in_network(&ip, &net, bits))
			return TRUE;
	}
	return FALSE;
}

bool bounce_received_is_loopback(const struct bounce_received *received)
{
	static const char *const networks[] = {
		"127.0.0.0/8", "::1/128", "::ffff:127.0.0.0/104", NULL
	};

	if (received->address != NULL &&
	    strcmp(received->address, "local") == 0)
		return TRUE;
	return received_address_in(received, networks);
}

bool bounce_received_is_private(const struct bounce_received *received)
{
	static const char *const networks[] = {
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		"100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10",
		NULL
	};

	return bounce_received_is_loopback(received) ||
		received_address_in(received, networks);
}
