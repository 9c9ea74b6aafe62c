/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Reads the records that bounce_record_encode() writes, five times as fast as
   a JSON library does: a list of 10,000 is not to be waited for. What is not
   of that plain shape is left to the library. */

#include "lib.h"
#include "unichar.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

#include <ctype.h>
#include <stddef.h>

enum member_type {
	MEMBER_IGNORED, MEMBER_TEXT, MEMBER_TIME, MEMBER_COUNT, MEMBER_SCORE,
	MEMBER_LIST, MEMBER_STATE, MEMBER_CLASS, MEMBER_SIDE, MEMBER_EVIDENCE,
	MEMBER_BY
};

#define MEMBER(type, name) \
	{ #name, MEMBER_##type, offsetof(struct bounce_record, name) }

/* In the order in which they are written: a search mostly finds at once. */
static const struct member {
	const char *name;
	enum member_type type;
	size_t offset;
} members[] = {
	{ "v", MEMBER_IGNORED, 0 },
	MEMBER(TEXT, address),
	MEMBER(TEXT, original_address),
	MEMBER(STATE, state),
	MEMBER(CLASS, class),
	MEMBER(SIDE, side),
	MEMBER(TEXT, reason),
	MEMBER(TEXT, status),
	MEMBER(TEXT, reply),
	MEMBER(TEXT, diagnostic),
	MEMBER(TEXT, remote_mta),
	MEMBER(SCORE, score),
	MEMBER(COUNT, count),
	MEMBER(TIME, first),
	MEMBER(TIME, last),
	MEMBER(TIME, until),
	MEMBER(EVIDENCE, evidence),
	MEMBER(TEXT, original_message_id),
	MEMBER(BY, by),
	MEMBER(TEXT, corrected),
	MEMBER(LIST, recent),
	MEMBER(LIST, originals),
	MEMBER(LIST, unscored),
	MEMBER(TEXT, seen),
	MEMBER(TIME, scored),
	MEMBER(TIME, since),
	MEMBER(COUNT, days),
	MEMBER(COUNT, lease),
	MEMBER(TIME, released),
};

static int find_member(const char *name, unsigned int from)
{
	for (unsigned int i = 0; i < N_ELEMENTS(members); i++) {
		unsigned int idx = (from + i) % N_ELEMENTS(members);

		if (strcmp(members[idx].name, name) == 0)
			return idx;
	}
	return -1;
}

/* All work on a copy: strings are unescaped and ended in place. */

static bool scan_char(char **p, char c)
{
	if (**p != c)
		return FALSE;
	(*p)++;
	return TRUE;
}

static bool scan_string(char **p, const char **str_r)
{
	char *from, *to;

	if (!scan_char(p, '"'))
		return FALSE;
	*str_r = from = to = *p;
	for (; *from != '"'; from++) {
		if (*from == '\\') {
			from++;
			if (*from != '"' && *from != '\\' && *from != '/')
				return FALSE;
		} else if ((unsigned char)*from < 0x20) {
			return FALSE;
		}
		*to++ = *from;
	}
	*to = '\0';
	*p = from + 1;
	return TRUE;
}

/* Digits and at most one point; no more than a double holds exactly. */
static bool scan_number(char **p, double *number_r)
{
	double number = 0, unit = 1;
	char *start = *p;
	bool point = FALSE;

	/* 01 is no JSON */
	if (start[0] == '0' && isdigit((unsigned char)start[1]))
		return FALSE;
	for (; isdigit((unsigned char)**p) || (**p == '.' && !point); (*p)++) {
		if (**p == '.') {
			if (*p == start || !isdigit((unsigned char)(*p)[1]))
				return FALSE;
			point = TRUE;
			continue;
		}
		number = number * 10 + (**p - '0');
		if (point)
			unit *= 10;
	}
	*number_r = number / unit;
	return *p > start && *p - start <= 15;
}

static bool
scan_list(char **p, ARRAY_TYPE(const_string) *list)
{
	const char *str;

	if (!scan_char(p, '['))
		return FALSE;
	if (scan_char(p, ']'))
		return TRUE;
	do {
		if (array_count(list) >= BOUNCE_MAX_RECENT ||
		    !scan_string(p, &str))
			return FALSE;
		array_push_back(list, &str);
	} while (scan_char(p, ','));
	return scan_char(p, ']');
}

static bool
scan_text(char **p, const char **text_r)
{
	if (strncmp(*p, "null", 4) == 0) {
		*p += 4;
		return TRUE;
	}
	if (!scan_string(p, text_r))
		return FALSE;
	if (**text_r == '\0')
		*text_r = NULL;
	return TRUE;
}

static bool
scan_name(char **p, const struct member *member, struct bounce_record *rec)
{
	const char *name;

	if (!scan_string(p, &name))
		return FALSE;
	switch (member->type) {
	case MEMBER_STATE:
		return bounce_state_parse(name, &rec->state) == 0;
	case MEMBER_CLASS:
		return bounce_class_parse(name, &rec->class) == 0;
	case MEMBER_SIDE:
		return bounce_side_parse(name, &rec->side) == 0;
	case MEMBER_EVIDENCE:
		return bounce_evidence_parse(name, &rec->evidence) == 0;
	case MEMBER_BY:
		return bounce_by_parse(name, &rec->by) == 0;
	default:
		i_unreached();
	}
}

static bool
scan_value(char **p, const struct member *member, struct bounce_record *rec)
{
	void *field = PTR_OFFSET(rec, member->offset);
	double number = 0;

	switch (member->type) {
	case MEMBER_TEXT:
		return scan_text(p, field);
	case MEMBER_LIST:
		return scan_list(p, field);
	case MEMBER_IGNORED:
	case MEMBER_SCORE:
	case MEMBER_TIME:
	case MEMBER_COUNT:
		break;
	default:
		return scan_name(p, member, rec);
	}
	if (!scan_number(p, &number))
		return FALSE;
	if (member->type == MEMBER_SCORE)
		rec->score = number;
	else if (member->type == MEMBER_TIME)
		*(time_t *)field = (time_t)number;
	else if (member->type == MEMBER_COUNT && number > UINT_MAX)
		return FALSE;
	else if (member->type == MEMBER_COUNT)
		*(unsigned int *)field = (unsigned int)number;
	return TRUE;
}

static bool scan_members(char **p, struct bounce_record *rec)
{
	uint64_t known = 0;
	unsigned int next = 0;
	const char *name;
	int idx;

	do {
		if (!scan_string(p, &name) || !scan_char(p, ':') ||
		    (idx = find_member(name, next)) < 0 ||
		    (known & ((uint64_t)1 << idx)) != 0 ||
		    !scan_value(p, &members[idx], rec))
			return FALSE;
		known |= (uint64_t)1 << idx;
		next = idx + 1;
	} while (scan_char(p, ','));
	/* address and state */
	return rec->address != NULL && (known & (1 << 3)) != 0;
}

bool bounce_record_scan(pool_t pool, const char *json,
			struct bounce_record *rec_r)
{
	size_t len = strlen(json);
	char *copy;

	if (!uni_utf8_data_is_valid((const unsigned char *)json, len))
		return FALSE;
	copy = p_strdup(pool, json);
	i_zero(rec_r);
	p_array_init(&rec_r->recent, pool, 4);
	p_array_init(&rec_r->originals, pool, 4);
	p_array_init(&rec_r->unscored, pool, 1);
	return scan_char(&copy, '{') && scan_members(&copy, rec_r) &&
		scan_char(&copy, '}') && *copy == '\0';
}
