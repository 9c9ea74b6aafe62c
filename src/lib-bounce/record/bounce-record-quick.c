/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Reads the records that bounce_record_encode() writes, ten times as fast as a
   JSON library does: a list of 10,000 is not to be waited for. What is not of
   that plain shape is left to the library. All work on a copy: strings are
   unescaped and ended in place. */

#include "lib.h"
#include "array.h"
#include "unichar.h"
#include "bounce-json.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

static bool quick_list(char **p, ARRAY_TYPE(const_string) *list)
{
	const char *str;

	if (bounce_json_read_char(p, ']'))
		return TRUE;
	do {
		if (array_count(list) >= BOUNCE_MAX_RECENT ||
		    !bounce_json_read_text(p, &str))
			return FALSE;
		array_push_back(list, &str);
	} while (bounce_json_read_char(p, ','));
	return bounce_json_read_char(p, ']');
}

static bool
quick_value(char **p, const struct bounce_record_member *member,
	    struct bounce_record *rec)
{
	const char *text;
	double number;

	if (**p == '"') {
		return bounce_json_read_text(p, &text) &&
			bounce_record_member_set_text(member, rec, text);
	}
	if (bounce_json_read_char(p, '[')) {
		return member->type == BOUNCE_MEMBER_LIST &&
			quick_list(p, PTR_OFFSET(rec, member->offset));
	}
	if (strncmp(*p, "null", 4) == 0) {
		*p += 4;
		return TRUE;
	}
	return bounce_json_read_number(p, &number) &&
		bounce_record_member_set_number(member, rec, number);
}

/* They mostly come in the order of the table. */
static const struct bounce_record_member *
quick_member(const char *name, const struct bounce_record_member *next)
{
	for (; next->name != NULL; next++) {
		if (strcmp(next->name, name) == 0)
			return next;
	}
	return bounce_record_member_find(name);
}

static bool quick_members(char **p, struct bounce_record *rec)
{
	const struct bounce_record_member *member = bounce_record_members;
	uint64_t bit, known = 0;
	const char *name;
	double version;
	bool state = FALSE;

	do {
		if (!bounce_json_read_text(p, &name) || !bounce_json_read_char(p, ':'))
			return FALSE;
		if (known == 0 && strcmp(name, "v") == 0) {
			if (!bounce_json_read_number(p, &version))
				return FALSE;
			continue;
		}
		member = quick_member(name, member);
		if (member == NULL)
			return FALSE;
		bit = (uint64_t)1 << (member - bounce_record_members);
		if ((known & bit) != 0 || !quick_value(p, member, rec))
			return FALSE;
		known |= bit;
		state = state || member->names == bounce_state_names;
	} while (bounce_json_read_char(p, ','));
	return rec->address != NULL && state;
}

bool bounce_record_quick_decode(pool_t pool, const char *json,
				struct bounce_record *rec_r)
{
	size_t len = strlen(json);
	char *copy;

	if (!uni_utf8_data_is_valid((const unsigned char *)json, len))
		return FALSE;
	copy = p_strdup(pool, json);
	bounce_record_init(rec_r, pool, NULL);
	return bounce_json_read_char(&copy, '{') && quick_members(&copy, rec_r) &&
		bounce_json_read_char(&copy, '}') && *copy == '\0';
}
