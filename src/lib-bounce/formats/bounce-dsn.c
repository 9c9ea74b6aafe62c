/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-dsn.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-status.h"
#include "bounce-string.h"

#include <ctype.h>

/* The fields of one recipient as they come. */
struct group {
	const char *final, *original, *actual;
	const char *action, *status, *diagnostic, *remote, *extra;
	/* an empty line was seen: what is there already begins another */
	bool closed;
};

/* xtext (RFC 3461 section 4) that a mailer left in the address: only the two
   characters that it must encode. "+20" is a person's tag. */
static const char *dsn_unxtext(const char *text)
{
	string_t *dest = t_str_new(strlen(text));
	unsigned int high, low;

	for (; *text != '\0'; text++) {
		if (*text == '+' && i_isxdigit(text[1]) &&
		    i_isxdigit(text[2]) && !i_islower(text[1]) &&
		    !i_islower(text[2])) {
			high = text[1] <= '9' ? text[1] - '0' : text[1] - 'A' + 10;
			low = text[2] <= '9' ? text[2] - '0' : text[2] - 'A' + 10;
			if (high * 16 + low == '+' || high * 16 + low == '=') {
				str_append_c(dest, high * 16 + low);
				text += 2;
				continue;
			}
		}
		str_append_c(dest, *text);
	}
	return str_c(dest);
}

/* RFC 6533 section 3: \x{E9} */
static const char *dsn_unicode_unescape(const char *text)
{
	string_t *dest = t_str_new(strlen(text));
	unsigned long chr;
	char *end;

	for (; *text != '\0'; text++) {
		if (bounce_string_begins(text, "\\x{")) {
			chr = strtoul(text + 3, &end, 16);
			if (*end == '}' && chr >= 0x20 && chr < 0x110000 &&
			    !(chr >= 0x7f && chr < 0xa0) &&
			    !(chr >= 0xd800 && chr < 0xe000)) {
				uni_ucs4_to_utf8_c(chr, dest);
				text = end;
				continue;
			}
		}
		str_append_c(dest, *text);
	}
	return str_c(dest);
}

/* The value behind "type;". */
static const char *dsn_skip_type(const char *value, const char **type_r)
{
	const char *p = strchr(value, ';');

	*type_r = "";
	if (p == NULL || memchr(value, '@', p - value) != NULL)
		return value;
	*type_r = t_str_trim(t_strdup_until(value, p), " ");
	for (p++; *p == ' '; p++) ;
	return p;
}

/* The address behind its type, also behind two ("rfc822; rfc822;bob@", XWall),
   and where a space or a colon stands for the semicolon. */
static const char *dsn_skip_types(const char *value, const char **type_r)
{
	static const char *const types[] = { "rfc822", "smtp", "utf-8" };
	const char *type, *rest;
	size_t len;

	value = dsn_skip_type(value, type_r);
	for (type = *type_r; *type != '\0'; value = rest)
		rest = dsn_skip_type(value, &type);
	for (unsigned int i = 0; i < N_ELEMENTS(types); i++) {
		len = strlen(types[i]);
		if (bounce_string_ibegins(value, types[i]) &&
		    (value[len] == ' ' || value[len] == ':')) {
			if (**type_r == '\0')
				*type_r = types[i];
			return value + len + strspn(value + len, " :");
		}
	}
	return value;
}

/* "@relay.example.net,@b.example:bob@example.com" (RFC 5321 appendix C) */
static const char *dsn_skip_route(const char *value)
{
	const char *colon = *value == '@' ? strchr(value, ':') : NULL;

	return colon == NULL ? value : colon + 1;
}

const char *bounce_dsn_address(pool_t pool, const char *value)
{
	const char *type, *at, *end, *begin, *address;

	if (value == NULL)
		return NULL;
	value = dsn_skip_types(value, &type);
	if (strcasecmp(type, "utf-8") == 0)
		value = dsn_unicode_unescape(value);
	else
		value = dsn_unxtext(value);
	/* a quoted local part keeps its quotes */
	if (*value != '"' || strstr(value, "\"@") == NULL)
		value = t_str_trim(value, " \t\"'");
	begin = strrchr(value, '<');
	if (begin != NULL && (end = strchr(begin, '>')) != NULL)
		value = t_strdup_until(begin + 1, end);
	value = dsn_skip_route(t_str_trim(value, " \t<>,;"));
	if (bounce_string_ibegins(value, "mailto:"))
		value += 7;
	else if (bounce_string_ibegins(value, "smtp:"))
		value += 5;
	/* a comment after it */
	if (*value != '"' && (end = strchr(value, ' ')) != NULL) {
		at = strchr(value, '@');
		if (at == NULL || at > end)
			return NULL;
		value = t_str_rtrim(t_strdup_until(value, end), ",;>");
	}
	value = t_str_rtrim(value, ".");
	at = strrchr(value, '@');
	if (at == NULL) {
		if (strcasecmp(value, "postmaster") != 0)
			return NULL;
	} else if (at == value || at[1] == '\0') {
		return NULL;
	}
	if (strlen(value) > BOUNCE_MAX_ADDRESS || *value == '\0')
		return NULL;
	address = bounce_string_oneline(value, BOUNCE_MAX_ADDRESS);
	return p_strdup(pool, address);
}

/* Host of "dns; mx.example.com (192.0.2.1)". */
static const char *dsn_mta_name(pool_t pool, const char *value)
{
	const char *type, *end;

	if (value == NULL)
		return NULL;
	value = dsn_skip_type(value, &type);
	value = t_str_trim(value, " \t<>");
	if (*value == '[' && (end = strchr(value, ']')) != NULL)
		value = t_strdup_until(value + 1, end);
	end = value + strcspn(value, " \t(,");
	if (end == value)
		return NULL;
	return p_strdup_until(pool, value, end);
}

static enum bounce_action
dsn_action_of(const struct group *group, const char *status)
{
	enum bounce_action action;
	const char *word = group->action;

	if (word != NULL) {
		word = t_strcut(t_strcut(word, ' '), ';');
		if (bounce_action_parse(word, &action) == 0)
			return action;
		word = t_str_trim(word, "\"'");
		/* Postfix, of an address that it was asked about: "deliverable",
		   "undeliverable" */
		if (bounce_string_ibegins(word, "undeliver") ||
		    bounce_string_ibegins(word, "fail") ||
		    bounce_string_ibegins(word, "error") ||
		    bounce_string_ibegins(word, "expired"))
			return BOUNCE_ACTION_FAILED;
		if (bounce_string_ibegins(word, "delay") ||
		    bounce_string_ibegins(word, "warn"))
			return BOUNCE_ACTION_DELAYED;
		if (bounce_string_ibegins(word, "deliver"))
			return BOUNCE_ACTION_DELIVERED;
	}
	if (status != NULL && status[0] == '2')
		return BOUNCE_ACTION_DELIVERED;
	if (status != NULL && status[0] == '4' && group->diagnostic != NULL &&
	    group->action != NULL)
		return BOUNCE_ACTION_DELAYED;
	return BOUNCE_ACTION_FAILED;
}

static const char *dsn_words_of(pool_t pool, const char *value)
{
	const char *type;

	if (value == NULL)
		return NULL;
	value = dsn_skip_type(value, &type);
	/* "550; 5.1.1 ..." and words with a semicolon in them */
	if (strlen(type) > 20 || strchr(type, ' ') != NULL ||
	    bounce_status_reply_begins(type))
		value = type[0] == '\0' ? value : t_strconcat(type, " ", value, NULL);
	return p_strdup(pool, bounce_string_oneline(value,
						    BOUNCE_MAX_DIAGNOSTIC));
}

static bool dsn_is_known(const struct bounce_report *report,
			 const struct bounce_recipient *rcpt)
{
	const struct bounce_recipient *other;

	if (rcpt->address == NULL)
		return FALSE;
	array_foreach(&report->recipients, other) {
		if (other->address != NULL && other->action == rcpt->action &&
		    strcasecmp(other->address, rcpt->address) == 0)
			return TRUE;
	}
	return FALSE;
}

static void dsn_group_finish(pool_t pool, struct group *group,
			     struct bounce_report *report)
{
	struct bounce_recipient rcpt;
	const char *original, *status = NULL;

	/* what happened is there: the notice may know to whom */
	if (group->final == NULL && group->original == NULL &&
	    group->actual == NULL &&
	    (group->action == NULL || group->status == NULL))
		return;
	if (array_count(&report->recipients) >= BOUNCE_MAX_RECIPIENTS) {
		report->truncated = TRUE;
		return;
	}
	i_zero(&rcpt);
	rcpt.address = bounce_dsn_address(pool, group->final);
	if (rcpt.address == NULL)
		rcpt.address = bounce_dsn_address(pool, group->actual);
	original = bounce_dsn_address(pool, group->original);
	if (rcpt.address == NULL)
		rcpt.address = original;
	else if (original != NULL && strcasecmp(original, rcpt.address) != 0)
		rcpt.original_address = original;
	if (group->status != NULL)
		status = bounce_status_field(group->status);
	rcpt.action = dsn_action_of(group, status);
	rcpt.status_field = p_strdup(pool, status);
	rcpt.diagnostic = dsn_words_of(pool, group->diagnostic);
	if (rcpt.diagnostic == NULL)
		rcpt.diagnostic = dsn_words_of(pool, group->extra);
	rcpt.remote_mta = dsn_mta_name(pool, group->remote);
	if (!dsn_is_known(report, &rcpt))
		array_push_back(&report->recipients, &rcpt);
}

static const struct {
	const char *name;
	size_t offset;
	/* names the recipient: a second one begins another group */
	bool address;
} group_fields[] = {
	{ "Final-Recipient", offsetof(struct group, final), TRUE },
	{ "Original-Recipient", offsetof(struct group, original), TRUE },
	{ "X-Actual-Recipient", offsetof(struct group, actual), FALSE },
	{ "Action", offsetof(struct group, action), FALSE },
	{ "Status", offsetof(struct group, status), FALSE },
	{ "Diagnostic-Code", offsetof(struct group, diagnostic), FALSE },
	{ "Remote-MTA", offsetof(struct group, remote), FALSE },
	{ "X-Supplementary-Info", offsetof(struct group, extra), FALSE },
};

static bool dsn_is_empty(const struct group *group)
{
	for (unsigned int i = 0; i < N_ELEMENTS(group_fields); i++) {
		const char *const *slot =
			CONST_PTR_OFFSET(group, group_fields[i].offset);

		if (*slot != NULL)
			return FALSE;
	}
	return TRUE;
}

/* An empty line is behind an address and what happened to it. */
static bool dsn_is_whole(const struct group *group)
{
	return group->closed &&
		(group->final != NULL || group->original != NULL) &&
		(group->action != NULL || group->status != NULL);
}

static void dsn_read_field(pool_t pool, const struct bounce_header *field,
			   struct group *group, struct bounce_report *report)
{
	const char **slot;

	if (*field->value == '\0')
		return;
	if (strcasecmp(field->name, "Reporting-MTA") == 0 &&
	    report->reporting_mta == NULL)
		report->reporting_mta = dsn_mta_name(pool, field->value);
	for (unsigned int i = 0; i < N_ELEMENTS(group_fields); i++) {
		if ((*field->name | 0x20) != (*group_fields[i].name | 0x20) ||
		    strcasecmp(field->name, group_fields[i].name) != 0)
			continue;
		slot = PTR_OFFSET(group, group_fields[i].offset);
		if (group_fields[i].address ?
		    *slot != NULL || dsn_is_whole(group) :
		    *slot != NULL && group->closed) {
			dsn_group_finish(pool, group, report);
			i_zero(group);
		}
		if (*slot == NULL)
			*slot = field->value;
	}
}

static bool dsn_is_field(const char *line)
{
	return line[strcspn(line, " \t:\n")] == ':' && *line != ':' &&
		!bounce_status_reply_begins(line);
}

/* One paragraph, up to end, without the indentation of its first line. Lines of
   a Diagnostic-Code that were not folded ("550-one", "550 two") become
   continuations. On the data stack. */
static const char *dsn_unfold(const char *text, const char *end)
{
	string_t *dest = t_str_new(end - text + 16);
	const char *next;
	size_t indent = strspn(text, " \t");
	bool words = FALSE;

	for (; text < end; text = next) {
		next = text + strcspn(text, "\n");
		next = next < end ? next + 1 : end;
		text += I_MIN(strspn(text, " \t"), indent);
		if (dsn_is_field(text))
			words = bounce_string_ibegins(text, "Diagnostic-Code");
		else if (words && bounce_string_begins(text, "--"))
			words = FALSE;
		else if (words && *text != ' ' && *text != '\t')
			str_append_c(dest, ' ');
		str_append_data(dest, text, next - text);
	}
	return str_c(dest);
}

/* One paragraph. */
static void dsn_read_fields(pool_t pool, pool_t fields_pool, const char *text,
			    struct group *group, struct bounce_report *report)
{
	ARRAY_TYPE(bounce_header) fields;
	const struct bounce_header *field;

	bounce_header_split(fields_pool, text, NULL, &fields);
	array_foreach(&fields, field)
		dsn_read_field(pool, field, group, report);
	group->closed = !dsn_is_empty(group);
}

/* The line end before the next empty line, else the end of text. (Not by
   strstr(): ASan's own looks at all the text behind, each time.) */
static const char *dsn_paragraph_end(const char *text)
{
	text += strcspn(text, "\n");
	while (text[0] == '\n' && text[1] != '\n')
		text += 1 + strcspn(text + 1, "\n");
	return text;
}

bool bounce_dsn_read(pool_t pool, const char *text,
		     struct bounce_report *report)
{
	pool_t fields_pool = pool_alloconly_create("bounce dsn",
						   BOUNCE_SMALL_POOL);
	struct group group;
	const char *end;

	i_zero(&group);
	T_BEGIN {
		while (*text != '\0' && !report->truncated) {
			end = dsn_paragraph_end(text);
			dsn_read_fields(pool, fields_pool,
					dsn_unfold(text, end),
					&group, report);
			text = end + strspn(end, "\n");
		}
		dsn_group_finish(pool, &group, report);
	} T_END;
	pool_unref(&fields_pool);
	return array_count(&report->recipients) > 0;
}
