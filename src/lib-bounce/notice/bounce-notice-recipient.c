/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-notice-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* Whom the notice names: the best of its addresses, or bare names. */

static void
notice_add_recipient(struct bounce_report *report, const char *address)
{
	struct bounce_recipient *rcpt;

	array_foreach_modifiable(&report->recipients, rcpt) {
		if (strcasecmp(rcpt->address, address) == 0)
			return;
	}
	if (array_count(&report->recipients) >= BOUNCE_MAX_FOREIGN_RECIPIENTS) {
		report->truncated = TRUE;
		return;
	}
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	rcpt->action = BOUNCE_ACTION_FAILED;
}

#define SCORE_MIN 3

/* What is around the address: "<bob@example.com>:" is "<>:", "Unknown user:
   bob@example.com" is "Unknown user: ". Data stack. */
static const char *notice_look_of(const struct bounce_notice *scan,
				  const struct bounce_notice_mention *mention)
{
	const char *text = bounce_notice_line(scan, mention->line)->text;
	const char *behind = text + mention->end;

	return t_strconcat(t_strndup(text, mention->begin),
			   t_strndup(behind, strspn(behind, ">])\"':")), NULL);
}

/* The look of the best one, "" if it has none. */
static const char *notice_best_look(const struct bounce_notice *scan,
				    enum bounce_notice_tier tier, int best)
{
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->tier == tier && mention->score == best)
			return notice_look_of(scan, mention);
	}
	return "";
}

/* Its own line, or the one above that announces it, says that it failed. */
static bool
notice_is_refused(const struct bounce_notice *scan,
		  const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line;
	unsigned int i, count = array_count(&scan->lines);

	if (mention->labelled)
		return TRUE;
	for (i = mention->line; i < count && i < mention->line + 4; i++) {
		line = bounce_notice_line(scan, i);
		if (*line->text == '\0' ||
		    (i > mention->line && strchr(line->text, '@') != NULL))
			break;
		if ((line->reply != NULL && *line->reply == '5') ||
		    bounce_notice_line_has(line, BOUNCE_WORD_FAILING))
			return TRUE;
	}
	return bounce_notice_line_has(mention->above, BOUNCE_WORD_FAILURE) ||
		bounce_notice_line_has(mention->above, BOUNCE_WORD_FAILING);
}

static int notice_address_cmp(const char *const *a, const char *const *b)
{
	return strcasecmp(*a, *b);
}

/* Of whom it is said in one place that the mail reached them, and in another not that it
   failed. */
static void notice_mark_reached(struct bounce_notice *scan)
{
	ARRAY_TYPE(const_string) reached;
	struct bounce_notice_mention *mention;

	t_array_init(&reached, 16);
	array_foreach_modifiable(&scan->mentions, mention) {
		if (mention->reached)
			array_push_back(&reached, &mention->address);
	}
	if (array_is_empty(&reached))
		return;
	array_sort(&reached, notice_address_cmp);
	array_foreach_modifiable(&scan->mentions, mention) {
		mention->reached = mention->reached ||
			(array_bsearch(&reached, &mention->address,
				       notice_address_cmp) != NULL &&
			 !notice_is_refused(scan, mention));
	}
}

static bool
notice_is_chosen(const struct bounce_notice *scan,
		 const struct bounce_notice_mention *mention,
		 enum bounce_notice_tier tier, int best, const char *look)
{
	if (mention->tier != tier || mention->score < SCORE_MIN)
		return FALSE;
	/* only what is as likely as the best, or looks like it */
	if ((tier == BOUNCE_NOTICE_SENTENCE && mention->score < best - 1) ||
	    (tier == BOUNCE_NOTICE_LISTED && mention->score < best - 4))
		return *look != '\0' &&
			strcmp(notice_look_of(scan, mention), look) == 0;
	return TRUE;
}

static void
notice_add_chosen(const struct bounce_notice *scan,
		  enum bounce_notice_tier tier, int best, bool delayed,
		  bool reached, struct bounce_report *report)
{
	const char *look = notice_best_look(scan, tier, best);
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->delayed == delayed &&
		    mention->reached == reached &&
		    notice_is_chosen(scan, mention, tier, best, look))
			notice_add_recipient(report, mention->address);
	}
}

/* The best kind of those that the mail reached, or of the others. */
static enum bounce_notice_tier
notice_best_tier(const struct bounce_notice *scan, bool reached, int *best_r)
{
	const struct bounce_notice_mention *mention;
	enum bounce_notice_tier tier = BOUNCE_NOTICE_NONE;

	*best_r = 0;
	array_foreach(&scan->mentions, mention) {
		if (mention->score < SCORE_MIN || mention->tier < tier ||
		    mention->reached != reached)
			continue;
		if (mention->tier > tier)
			*best_r = 0;
		tier = mention->tier;
		*best_r = I_MAX(*best_r, mention->score);
	}
	return tier;
}

enum bounce_notice_tier
bounce_notice_recipients(struct bounce_notice *scan, struct bounce_report *report)
{
	const char *const *address;
	enum bounce_notice_tier tier;
	bool reached = FALSE;
	int best;

	/* the header names them all; the notice may have lost some */
	array_foreach(&scan->failed, address)
		notice_add_recipient(report, *address);
	if (array_count(&report->recipients) > 0)
		return BOUNCE_NOTICE_FIELD;
	T_BEGIN {
		notice_mark_reached(scan);
	} T_END;
	tier = notice_best_tier(scan, FALSE, &best);
	if (tier == BOUNCE_NOTICE_NONE) {
		reached = TRUE;
		tier = notice_best_tier(scan, TRUE, &best);
	}
	if (tier == BOUNCE_NOTICE_NONE)
		return tier;
	T_BEGIN {
		/* who is only delayed has not failed */
		notice_add_chosen(scan, tier, best, FALSE, reached, report);
		if (array_count(&report->recipients) == 0)
			notice_add_chosen(scan, tier, best, TRUE, reached,
					  report);
	} T_END;
	return tier;
}

bool bounce_notice_mixes(const struct bounce_notice *scan)
{
	const struct bounce_notice_mention *mention;
	const struct bounce_notice_line *line;
	bool failed = FALSE, others = FALSE;

	array_foreach(&scan->mentions, mention) {
		if (mention->tier < BOUNCE_NOTICE_SENTENCE || mention->foreign)
			continue;
		line = bounce_notice_line(scan, mention->line);
		if (mention->delayed || mention->reached)
			others = TRUE;
		else if (mention->tier == BOUNCE_NOTICE_SENTENCE ?
			 bounce_notice_line_has(line, BOUNCE_WORD_FAILURE) :
			 notice_is_refused(scan, mention))
			failed = TRUE;
	}
	return failed && others;
}

/* Is address one of another's list, "ring-request@example.com" beside
   "ring@example.com"? */
static bool notice_is_list_service(const struct bounce_notice *scan,
				   const char *address)
{
	const struct bounce_notice_mention *mention;
	const char *at = strrchr(address, '@'), *list_at;

	array_foreach(&scan->mentions, mention) {
		list_at = strrchr(mention->address, '@');
		if (at == NULL || list_at == NULL ||
		    strcasecmp(at, list_at) != 0 ||
		    at - address <= list_at - mention->address)
			continue;
		if (strncasecmp(address, mention->address,
				list_at - mention->address) == 0 &&
		    address[list_at - mention->address] == '-')
			return TRUE;
	}
	return FALSE;
}

const char *bounce_notice_only(const struct bounce_notice *scan)
{
	const struct bounce_notice_mention *mention;
	const char *only = NULL;

	array_foreach(&scan->mentions, mention) {
		if (mention->foreign ||
		    notice_is_list_service(scan, mention->address))
			continue;
		if (only == NULL)
			only = mention->address;
		else if (strcasecmp(only, mention->address) != 0)
			return NULL;
	}
	return only;
}

const char *bounce_notice_only_in(const struct bounce_notice *scan,
				const char *subject)
{
	unsigned int pos = 0, begin, end;
	const char *address;

	if (subject == NULL ||
	    !bounce_notice_address_next(subject, &pos, &begin, &end))
		return NULL;
	address = p_strdup_until(scan->pool, subject + begin, subject + end);
	if (bounce_notice_is_listed(&scan->self, address) ||
	    bounce_notice_address_next(subject, &pos, &begin, &end))
		return NULL;
	return address;
}

static bool notice_is_name_char(char chr)
{
	return i_isalnum(chr) || chr == '.' || chr == '-' || chr == '_';
}

/* The name that is alone in a line, or NULL. Exim lists what is no name: "pipe to
   |/usr/bin/vacation". */
static const char *notice_bare_name(const char *text)
{
	const char *end = text;

	if (!i_isalnum(*text) || bounce_string_begins(text, "pipe to ") ||
	    bounce_string_begins(text, "save to "))
		return NULL;
	while (notice_is_name_char(*end))
		end++;
	if (end - text < 2 || end - text > 64 || end[-1] == '.' ||
	    *end != '\0')
		return NULL;
	return t_strdup_until(text, end);
}

/* The returned mail's own address of that name, else one at domain, which is a
   guess. */
static void notice_add_name(struct bounce_notice *scan, const char *name,
			    const char *domain, struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	const char *const *address;
	const char *made;
	size_t len = strlen(name);

	array_foreach(&report->original_to, address) {
		if (strncasecmp(*address, name, len) == 0 &&
		    (*address)[len] == '@') {
			notice_add_recipient(report, *address);
			return;
		}
	}
	made = p_strconcat(scan->pool, name, "@", domain, NULL);
	notice_add_recipient(report, made);
	array_foreach_modifiable(&report->recipients, rcpt) {
		if (rcpt->address == made)
			rcpt->guessed = TRUE;
	}
}

static const char *notice_sender_domain(pool_t pool,
					const struct bounce_message *message)
{
	const char *from = bounce_header_address(pool,
		bounce_message_header(message, "From"));

	from = from == NULL ? NULL : strrchr(from, '@');
	return from == NULL ? NULL : from + 1;
}

enum bounce_notice_tier
bounce_notice_names(struct bounce_notice *scan,
		  const struct bounce_message *message,
		  struct bounce_report *report)
{
	static const char *const announcing[] = {
		"following recipient", "following address",
		"to the following", NULL
	};
	const char *name, *domain = notice_sender_domain(scan->pool, message);
	const struct bounce_notice_line *line;
	bool list = FALSE;

	if (domain == NULL)
		return BOUNCE_NOTICE_NONE;
	array_foreach(&scan->lines, line) {
		if (!list) {
			list = bounce_string_find(line->folded,
						  announcing) != NULL;
			continue;
		}
		if (*line->text == '\0')
			continue;
		name = notice_bare_name(line->text);
		if (name == NULL)
			break;
		notice_add_name(scan, name, t_str_lcase(domain), report);
	}
	return array_count(&report->recipients) > 0 ?
		BOUNCE_NOTICE_LISTED : BOUNCE_NOTICE_NONE;
}
