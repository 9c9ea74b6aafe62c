/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-kind-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* A subject as bounce_words_fold() makes it, and the words in it. */
struct subject_words {
	const char *text;
	ARRAY_TYPE(bounce_words_hit) hits;
};

/* Where the first phrase of class is, or NULL. */
static const char *
subject_find(const struct subject_words *words, enum bounce_words_class class)
{
	const struct bounce_words_hit *hit;

	array_foreach(&words->hits, hit) {
		if (hit->class == class)
			return words->text + hit->begin;
	}
	return NULL;
}

/* The same where no "not" is before it: "Not delivered: hello" */
static const char *subject_find_undenied(const struct subject_words *words,
					 enum bounce_words_class class)
{
	const struct bounce_words_hit *hit;
	unsigned int denied = UINT_MAX;

	array_foreach(&words->hits, hit) {
		if (hit->class == BOUNCE_WORD_DENIAL)
			denied = hit->end;
		else if (hit->class == class &&
			 (denied == UINT_MAX || hit->begin != denied + 1))
			return words->text + hit->begin;
	}
	return NULL;
}

/* What is behind the longest phrase of class that begins at begin, or NULL. */
static const char *
subject_behind(const struct subject_words *words, const char *begin,
	       enum bounce_words_class class)
{
	const struct bounce_words_hit *hit;
	const char *behind = NULL;

	array_foreach(&words->hits, hit) {
		if (hit->class == class && words->text + hit->begin == begin)
			behind = words->text + hit->end;
	}
	return behind;
}

/* Without what a gateway put before it. */
static const char *kind_skip_gateway(const char *subject)
{
	static const char *const tags[] = {
		"[external]", "[extern]", "[ext]", "[ext:]", "[spam]",
		"[suspected spam]", "[probable spam]", "[bulk]", "[junk]",
		"[caution]", "***spam***", "*****spam*****", "{spam?}", NULL
	};

	for (unsigned int i = 0; tags[i] != NULL; i++) {
		if (!bounce_string_begins(subject, tags[i]))
			continue;
		subject += strlen(tags[i]);
		return subject + strspn(subject, " ");
	}
	return subject;
}

/* Without the tag of a list, "[list] "; NULL if there is none. */
static const char *kind_skip_tag(const char *subject)
{
	size_t len = strcspn(subject, "]");

	if (*subject != '[' || subject[len] == '\0')
		return NULL;
	return subject + len + 1 + strspn(subject + len + 1, " ");
}

/* "[Ticket 5512] ", "[#5512]", "[Case:5512]": a tag that ends with a number of its
   own. */
static bool kind_has_ticket(const char *subject)
{
	const char *end = kind_skip_tag(subject) == NULL ? subject :
		strchr(subject, ']');
	const char *p = end;

	while (p > subject && i_isdigit(p[-1]))
		p--;
	return p < end && (p[-1] == ' ' || p[-1] == '#' || p[-1] == ':');
}

/* What is behind "Re:", "Re[2]:", "[Fwd:", at subject, also behind a list's
   tag; NULL if there is none. */
static const char *
kind_skip_person(const struct subject_words *words, const char *subject)
{
	const char *p = kind_skip_tag(subject);

	if (bounce_string_begins(subject, "[fwd:"))
		return subject + 5;
	if (p != NULL)
		subject = p;
	p = subject_behind(words, subject, BOUNCE_WORD_SPERSON);
	if (p == NULL)
		return NULL;
	if (*p == '[' || *p == '(') {
		p++;
		p += strspn(p, "0123456789");
		if (*p == ']' || *p == ')')
			p++;
	}
	if (*p == ' ')
		p++;
	return *p == ':' ? p + 1 : NULL;
}

/* Without what dresses a subject: "[", "***" */
static const char *kind_skip_dress(const char *subject)
{
	for (;;) {
		subject += strspn(subject, " [(*\"'");
		if (!bounce_string_begins(subject, "【"))
			return subject;
		subject += strlen("【");
	}
}

static bool
kind_begins_reply(const struct subject_words *words, const char *begin)
{
	return subject_behind(words, begin, BOUNCE_WORD_SREPLY) != NULL ||
		subject_behind(words, begin, BOUNCE_WORD_SMAYBE) != NULL;
}

/* Not "Undeliverable: Weekly report" */
static bool
kind_is_summary(const struct subject_words *words, const char *failure)
{
	const char *summary = subject_find(words, BOUNCE_WORD_SSUMMARY);

	return summary != NULL && (failure == NULL || summary < failure);
}

/* Are the words at second in the subject that was returned, behind what the
   mailer says: "Undeliverable: The delayed train"? Each may be NULL. */
static bool kind_is_returned(const char *first, const char *second)
{
	return first != NULL && second != NULL && first < second &&
		memchr(first, ':', second - first) != NULL;
}

/* Is pos in what somebody's words quote: 'Dan answered "Mail returned"'? */
static bool kind_is_quoted(const char *subject, const char *pos)
{
	const char *p = strchr(subject, '"');
	bool quoted = FALSE;

	if (p == subject)
		return FALSE;
	for (; p != NULL && p < pos; p = strchr(p + 1, '"'))
		quoted = !quoted;
	return quoted;
}

void bounce_subject_read(const char *value, struct bounce_subject *subject_r)
{
	const char *rest, *failure, *delay, *success, *folded;
	struct subject_words words;

	i_zero(subject_r);
	words.text = bounce_words_fold(value);
	t_array_init(&words.hits, 8);
	bounce_words_find(BOUNCE_WORDS_NOTICE, words.text, &words.hits);
	folded = kind_skip_gateway(words.text);
	rest = kind_skip_person(&words, folded);
	failure = subject_find(&words, BOUNCE_WORD_SFAILURE);
	delay = subject_find(&words, BOUNCE_WORD_SDELAY);
	success = subject_find_undenied(&words, BOUNCE_WORD_SSUCCESS);
	if (failure != NULL && kind_is_quoted(folded, failure))
		failure = NULL;
	if (kind_is_returned(failure, delay))
		delay = NULL;
	if (kind_is_returned(failure, success))
		success = NULL;
	/* "Delivery Status Notification (Success)" */
	if (success != NULL &&
	    (size_t)(success - folded) < strcspn(folded, ":|"))
		failure = NULL;
	if (kind_is_returned(success, failure))
		failure = NULL;
	subject_r->empty = *folded == '\0';
	subject_r->person = rest != NULL ||
		subject_find(&words, BOUNCE_WORD_SPASSED) != NULL;
	subject_r->tagged = *folded == '[';
	subject_r->ticket = kind_has_ticket(folded);
	subject_r->failure = failure != NULL;
	subject_r->late = failure != NULL && rest == NULL &&
		(size_t)(failure - folded) > strcspn(folded, ":|");
	subject_r->delay = delay != NULL;
	subject_r->success = success != NULL;
	subject_r->reply = subject_find(&words, BOUNCE_WORD_SREPLY) != NULL;
	subject_r->maybe_reply =
		subject_find(&words, BOUNCE_WORD_SMAYBE) != NULL;
	subject_r->reply_begins = kind_begins_reply(&words, kind_skip_dress(
		rest != NULL ? rest : folded)) ||
		(rest != NULL && subject_r->reply);
	subject_r->receipt =
		subject_behind(&words, folded, BOUNCE_WORD_SRECEIPT) != NULL;
	subject_r->complaint =
		subject_find(&words, BOUNCE_WORD_SCOMPLAINT) != NULL;
	subject_r->summary = kind_is_summary(&words, failure);
	subject_r->subscribed = strstr(folded, "subscribed") != NULL;
}
