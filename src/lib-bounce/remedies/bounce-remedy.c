/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "wildcard-match.h"
#include "bounce-remedy-private.h"
#include "bounce-rules.h"

#include <stdio.h>
#include <time.h>

unsigned int bounce_remedies_count(const struct bounce_remedies *remedies)
{
	return array_count(&remedies->remedies);
}

/* text is folded. */
static bool remedy_has_word(const struct bounce_remedy *remedy,
			    const char *text, const char *skip)
{
	for (const char *const *word = remedy->match; *word != NULL; word++) {
		if (*word != skip && strstr(text, *word) != NULL)
			return TRUE;
	}
	return FALSE;
}

static bool remedy_has_host(const struct bounce_remedy *remedy,
			    const char *host, const char *skip)
{
	for (const char *const *mask = remedy->mx; *mask != NULL; mask++) {
		if (*mask != skip && wildcard_match_icase(host, *mask))
			return TRUE;
	}
	return FALSE;
}

static const struct bounce_remedy *
remedy_find_word(const struct bounce_remedies *remedies, const char *text,
		 const char *skip)
{
	const struct bounce_remedy *remedy, *found = NULL;

	if (text == NULL)
		return NULL;
	T_BEGIN {
		const char *folded = bounce_rules_fold(text);

		array_foreach(&remedies->remedies, remedy) {
			if (found == NULL &&
			    remedy_has_word(remedy, folded, skip))
				found = remedy;
		}
	} T_END;
	return found;
}

static const struct bounce_remedy *
remedy_find_host(const struct bounce_remedies *remedies, const char *host,
		 const char *skip)
{
	const struct bounce_remedy *remedy;

	array_foreach(&remedies->remedies, remedy) {
		if (host != NULL && remedy_has_host(remedy, host, skip))
			return remedy;
	}
	array_foreach(&remedies->remedies, remedy) {
		if (remedy->match[0] == NULL && remedy->mx[0] == NULL)
			return remedy;
	}
	return NULL;
}

const struct bounce_remedy *
bounce_remedy_find_without(const struct bounce_remedies *remedies,
			   const char *text, const char *host,
			   const char *skip)
{
	const struct bounce_remedy *remedy;

	remedy = remedy_find_word(remedies, text, skip);
	return remedy != NULL ? remedy : remedy_find_host(remedies, host, skip);
}

const struct bounce_remedy *
bounce_remedy_find(const struct bounce_remedies *remedies, enum bounce_side side,
		   const char *text, const char *host)
{
	switch (side) {
	case BOUNCE_SIDE_SENDER:
		return bounce_remedy_find_without(remedies, text, host, NULL);
	case BOUNCE_SIDE_MESSAGE:
	case BOUNCE_SIDE_UNKNOWN:
		return remedy_find_word(remedies, text, NULL);
	default:
		return NULL;
	}
}

const struct bounce_remedy *
bounce_remedy_find_provider(const struct bounce_remedies *remedies,
			    const char *provider)
{
	const struct bounce_remedy *remedy;

	array_foreach(&remedies->remedies, remedy) {
		if (strcmp(remedy->provider, provider) == 0)
			return remedy;
	}
	return NULL;
}

static bool remedy_is_old(const struct bounce_remedy *remedy, time_t now)
{
	unsigned int year, month;
	struct tm tm;

	if (remedy->checked == NULL ||
	    sscanf(remedy->checked, "%4u-%2u", &year, &month) != 2 ||
	    gmtime_r(&now, &tm) == NULL)
		return TRUE;
	return (tm.tm_year + 1900 - (int)year) * 12 + tm.tm_mon + 1 -
		(int)month > BOUNCE_REMEDY_OLD_MONTHS;
}

const char *t_bounce_remedy_text(const struct bounce_remedy *remedy, time_t now)
{
	string_t *text = t_str_new(256);

	str_printfa(text, "%s: %s", remedy->name, remedy->page);
	if (remedy_is_old(remedy, now))
		str_append(text, " (may have moved)");
	if (remedy->send != NULL)
		str_printfa(text, ". Send: %s", remedy->send);
	if (remedy->wait != NULL)
		str_printfa(text, ". Wait: %s", remedy->wait);
	if (remedy->note != NULL)
		str_printfa(text, ". %s", remedy->note);
	return str_c(text);
}
