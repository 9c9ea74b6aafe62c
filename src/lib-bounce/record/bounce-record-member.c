/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

#include <math.h>

#define ALWAYS BOUNCE_MEMBER_ALWAYS
#define SHOWN BOUNCE_MEMBER_SHOWN
#define LISTED (BOUNCE_MEMBER_SHOWN | BOUNCE_MEMBER_LISTED)
#define SIEVE BOUNCE_MEMBER_SIEVE
#define COUNTED BOUNCE_MEMBER_COUNTED
#define KEPT BOUNCE_MEMBER_KEPT

/* 9999-12-31: a later one could not be printed */
#define MAX_TIME 253402300799.0
/* Nobody gets there by bouncing; another program may write anything. */
#define MAX_SCORE 1e6
#define MAX_ADDRESS (BOUNCE_MAX_ADDRESS * 2)
#define MAX_TEXT BOUNCE_MAX_RECORD_TEXT
#define MAX_SEEN (BOUNCE_MAX_SEEN * BOUNCE_SEEN_SIZE)

#define ROW_OF(type, name, flags) \
	#name, BOUNCE_MEMBER_##type, flags, \
	offsetof(struct bounce_record, name), \
	sizeof(((struct bounce_record *)NULL)->name)
#define TEXT(type, name, max, flags) { ROW_OF(type, name, flags), max, NULL }
/* an enum is read and written as an unsigned int */
#define NAME(name, flags) \
	{ ROW_OF(NAME, name, flags), \
	  COMPILE_ERROR_IF_TRUE(sizeof(enum bounce_##name) != sizeof(unsigned int)), \
	  bounce_##name##_names }
#define ROW(type, name, flags) { ROW_OF(type, name, flags), 0, NULL }

const struct bounce_record_member bounce_record_members[] = {
	TEXT(ADDRESS, address, MAX_ADDRESS, LISTED),
	NAME(state, LISTED | SIEVE),
	NAME(class, LISTED | SIEVE),
	NAME(side, LISTED | SIEVE),
	TEXT(REASON, reason, MAX_TEXT, LISTED | SIEVE),
	TEXT(TEXT, status, MAX_TEXT, LISTED),
	TEXT(TEXT, reply, MAX_TEXT, SHOWN),
	TEXT(TEXT, diagnostic, BOUNCE_MAX_DIAGNOSTIC, SHOWN),
	TEXT(TEXT, remote_mta, MAX_TEXT, SHOWN),
	ROW(SCORE, score, ALWAYS | LISTED | SIEVE),
	ROW(COUNT, count, ALWAYS | LISTED | SIEVE),
	ROW(TIME, first, ALWAYS | LISTED),
	ROW(TIME, last, ALWAYS | LISTED),
	ROW(UNTIL, until, ALWAYS | LISTED),
	NAME(evidence, SHOWN | SIEVE),
	TEXT(TEXT, original_message_id, MAX_TEXT, SHOWN),
	NAME(by, SHOWN),
	TEXT(ADDRESS, corrected, MAX_ADDRESS, ALWAYS | SHOWN),
	TEXT(ADDRESS, original_address, MAX_ADDRESS, SHOWN),
	TEXT(ADDRESS, final_address, MAX_ADDRESS, SHOWN),
	ROW(COUNT, unproven, LISTED | SIEVE),
	ROW(TIME, held, LISTED | SIEVE | KEPT),
	ROW(COUNT, holds, LISTED | KEPT),
	ROW(LIST, doubts, 0),
	ROW(LIST, recent, ALWAYS | SHOWN | COUNTED),
	ROW(LIST, originals, COUNTED),
	ROW(LIST, unscored, COUNTED),
	TEXT(TEXT, seen, MAX_SEEN, COUNTED),
	ROW(COUNT, weight, 0),
	ROW(TIME, scored, 0),
	ROW(TIME, since, 0),
	ROW(COUNT, days, 0),
	ROW(COUNT, lease, 0),
	ROW(TIME, released, 0),
	ROW(LIST, held_ids, KEPT),
	ROW(TIME, retried, KEPT),
	{ .name = NULL }
};

const struct bounce_record_member *bounce_record_member_find(const char *name)
{
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if (strcmp(member->name, name) == 0)
			return member;
	}
	return NULL;
}

const char *const *
bounce_record_member_names(enum bounce_record_member_flag flag)
{
	const struct bounce_record_member *member;
	ARRAY_TYPE(const_string) names;

	t_array_init(&names, 32);
	bounce_record_member_foreach(member) {
		if ((member->flags & flag) != 0)
			array_push_back(&names, &member->name);
	}
	array_append_zero(&names);
	return array_front(&names);
}

/*
 * Values
 */

static size_t member_cut(const string_t *str, size_t max)
{
	const unsigned char *data = str_data(str);
	size_t len = str_len(str);

	if (len <= max)
		return len;
	while (max > 0 && (data[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Most texts are as they may be. */
static bool member_is_clean(const char *text, size_t max)
{
	size_t len = 0;

	for (; (unsigned char)text[len] >= 0x20 &&
	     (unsigned char)text[len] < 0x7f; len++) ;
	return text[len] == '\0' && len <= max;
}

const char *bounce_record_clean(const char *text, size_t max)
{
	string_t *valid, *clean;
	const unsigned char *p;

	if (text == NULL || member_is_clean(text, max))
		return text;
	valid = t_str_new(128);
	clean = t_str_new(128);
	if (uni_utf8_get_valid_data((const unsigned char *)text, strlen(text),
				    valid))
		str_append(valid, text);
	for (p = (const unsigned char *)str_c(valid); *p != '\0'; p++) {
		bool c1 = p[0] == 0xc2 && p[1] < 0xa0;

		if (*p >= 0x20 && *p != 0x7f && !c1) {
			str_append_c(clean, *p);
			continue;
		}
		if (c1)
			p++;
		if (str_len(clean) > 0 &&
		    str_data(clean)[str_len(clean) - 1] != ' ')
			str_append_c(clean, ' ');
	}
	str_truncate(clean, member_cut(clean, max));
	return str_c(clean);
}

double bounce_record_score(const struct bounce_record *rec)
{
	return (long long)(I_MIN(rec->score, MAX_SCORE) * 1000 + 0.5) / 1000.0;
}

bool bounce_record_member_is_column(const struct bounce_record_member *member)
{
	return (member->flags & SHOWN) != 0 &&
		member->type != BOUNCE_MEMBER_LIST;
}

bool bounce_record_member_is_empty(const struct bounce_record_member *member,
				   const struct bounce_record *rec)
{
	const void *field = CONST_PTR_OFFSET(rec, member->offset);

	switch (member->type) {
	case BOUNCE_MEMBER_TEXT:
	case BOUNCE_MEMBER_ADDRESS:
	case BOUNCE_MEMBER_REASON:
		return *(const char *const *)field == NULL;
	case BOUNCE_MEMBER_NAME:
		return FALSE;
	case BOUNCE_MEMBER_COUNT:
		return *(const unsigned int *)field == 0;
	case BOUNCE_MEMBER_SCORE:
		return *(const double *)field == 0;
	case BOUNCE_MEMBER_TIME:
	case BOUNCE_MEMBER_UNTIL:
		return *(const time_t *)field == 0;
	case BOUNCE_MEMBER_LIST:
		return array_is_empty((const ARRAY_TYPE(const_string) *)field);
	}
	i_unreached();
}

const char *bounce_record_member_text(const struct bounce_record_member *member,
				      const struct bounce_record *rec)
{
	const void *field = CONST_PTR_OFFSET(rec, member->offset);

	if (bounce_record_member_is_empty(member, rec) &&
	    (member->flags & ALWAYS) == 0)
		return NULL;
	switch (member->type) {
	case BOUNCE_MEMBER_TEXT:
	case BOUNCE_MEMBER_ADDRESS:
	case BOUNCE_MEMBER_REASON:
		return bounce_record_clean(*(const char *const *)field,
					   member->max);
	case BOUNCE_MEMBER_NAME:
		return member->names[*(const unsigned int *)field];
	case BOUNCE_MEMBER_COUNT:
		return dec2str(*(const unsigned int *)field);
	case BOUNCE_MEMBER_SCORE:
		return t_strdup_printf("%.12g", bounce_record_score(rec));
	case BOUNCE_MEMBER_TIME:
	case BOUNCE_MEMBER_UNTIL:
		return dec2str(*(const time_t *)field);
	case BOUNCE_MEMBER_LIST:
		return t_array_const_string_join(field, " ");
	}
	i_unreached();
}

bool bounce_record_member_set_text(const struct bounce_record_member *member,
				   struct bounce_record *rec, const char *text)
{
	void *field = PTR_OFFSET(rec, member->offset);

	switch (member->type) {
	case BOUNCE_MEMBER_TEXT:
	case BOUNCE_MEMBER_ADDRESS:
	case BOUNCE_MEMBER_REASON:
		*(const char **)field = *text == '\0' ? NULL : text;
		return TRUE;
	case BOUNCE_MEMBER_NAME:
		return bounce_types_find(member->names, text, field) == 0;
	default:
		return FALSE;
	}
}

bool bounce_record_member_set_number(const struct bounce_record_member *member,
				     struct bounce_record *rec, double number)
{
	void *field = PTR_OFFSET(rec, member->offset);

	if (!isfinite(number) || number < 0)
		number = 0;
	switch (member->type) {
	case BOUNCE_MEMBER_COUNT:
		*(unsigned int *)field = I_MIN(number, UINT_MAX);
		return TRUE;
	case BOUNCE_MEMBER_SCORE:
		*(double *)field = I_MIN(number, MAX_SCORE);
		return TRUE;
	case BOUNCE_MEMBER_TIME:
	case BOUNCE_MEMBER_UNTIL:
		*(time_t *)field = number < MAX_TIME ? (time_t)number : 0;
		return TRUE;
	default:
		return FALSE;
	}
}

static void
member_take(const struct bounce_record_member *member,
	    struct bounce_record *dest, const struct bounce_record *src)
{
	memcpy(PTR_OFFSET(dest, member->offset),
	       CONST_PTR_OFFSET(src, member->offset), member->size);
}

void bounce_record_member_take(enum bounce_record_member_flag flag,
			       struct bounce_record *dest,
			       const struct bounce_record *src)
{
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if ((member->flags & flag) != 0)
			member_take(member, dest, src);
	}
}

void bounce_record_member_take_others(struct bounce_record *dest,
				      const struct bounce_record *src)
{
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if (!bounce_record_member_is_column(member))
			member_take(member, dest, src);
	}
}
