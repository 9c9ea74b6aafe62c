/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Reads the days that bounce_sent_encode() writes, without a JSON library's tree: each
   bounce, and each mail that is sent, reads one. What is not of that plain shape is
   left to the library. All work on a copy. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-json.h"
#include "bounce-limits.h"
#include "bounce-sent-private.h"

struct quick {
	pool_t pool;
	char *p;
};

/*
 * Values. Their type is the field's.
 */

static bool quick_count(struct quick *quick, void *field)
{
	uint64_t number;

	if (!bounce_json_read_integer(&quick->p, &number) || number > INT_MAX)
		return FALSE;
	*(unsigned int *)field = (unsigned int)number;
	return TRUE;
}

static bool quick_time(struct quick *quick, void *field)
{
	uint64_t number;

	if (!bounce_json_read_integer(&quick->p, &number))
		return FALSE;
	*(time_t *)field = (time_t)number;
	return TRUE;
}

static bool quick_text(struct quick *quick, void *field)
{
	const char **text_r = field;

	return bounce_json_read_text(&quick->p, text_r) && **text_r != '\0';
}

static bool quick_flag(struct quick *quick, void *field)
{
	if (strncmp(quick->p, "true", 4) != 0)
		return FALSE;
	quick->p += 4;
	*(bool *)field = TRUE;
	return TRUE;
}

static bool quick_hashes(struct quick *quick, void *field)
{
	string_t **hashes_r = field;
	const char *text;
	size_t len;

	if (!quick_text(quick, &text))
		return FALSE;
	len = strlen(text);
	*hashes_r = str_new(quick->pool, len + 64);
	str_append_data(*hashes_r, text, len);
	return TRUE;
}

static bool quick_level(struct quick *quick, void *field)
{
	const char *name;

	return quick_text(quick, &name) &&
		bounce_rate_level_parse(name, field) == 0;
}

static bool quick_kind(struct quick *quick, void *field)
{
	const char *name;

	return quick_text(quick, &name) &&
		bounce_cause_kind_parse(name, field) == 0;
}

/*
 * Objects
 */

/* Reads the member of that name, which has a number of its own. */
typedef bool
quick_member_t(struct quick *quick, const char *name, void *object,
	       unsigned int *number_r);

static bool quick_object(struct quick *quick, quick_member_t *read, void *object)
{
	uint64_t known = 0, bit;
	unsigned int number;
	const char *name;

	if (!bounce_json_read_char(&quick->p, '{'))
		return FALSE;
	do {
		if (!bounce_json_read_text(&quick->p, &name) ||
		    !bounce_json_read_char(&quick->p, ':') ||
		    !read(quick, name, object, &number))
			return FALSE;
		/* none comes twice */
		bit = (uint64_t)1 << number;
		if ((known & bit) != 0)
			return FALSE;
		known |= bit;
	} while (bounce_json_read_char(&quick->p, ','));
	return bounce_json_read_char(&quick->p, '}');
}

struct quick_field {
	const char *name;
	bool (*read)(struct quick *quick, void *field);
	size_t offset;
};

static bool
quick_field(struct quick *quick, const struct quick_field *fields,
	    const char *name, void *object, unsigned int *number_r)
{
	const struct quick_field *field;

	for (field = fields; field->name != NULL; field++) {
		if (strcmp(field->name, name) == 0) {
			*number_r = field - fields;
			return field->read(quick,
					   PTR_OFFSET(object, field->offset));
		}
	}
	return FALSE;
}

#define CAUSE(name, read) { #name, read, offsetof(struct bounce_cause, name) }
#define ENVELOPE(json, read, name) \
	{ json, read, offsetof(struct bounce_sent_envelope, name) }

static bool
quick_cause_member(struct quick *quick, const char *name, void *object,
		   unsigned int *number_r)
{
	static const struct quick_field fields[] = {
		CAUSE(kind, quick_kind),
		CAUSE(text, quick_text),
		CAUSE(count, quick_count),
		{ .name = NULL }
	};

	return quick_field(quick, fields, name, object, number_r);
}

static bool
quick_envelope_member(struct quick *quick, const char *name, void *object,
		      unsigned int *number_r)
{
	static const struct quick_field fields[] = {
		ENVELOPE("q", quick_text, queue),
		ENVELOPE("id", quick_text, id),
		ENVELOPE("t", quick_time, when),
		ENVELOPE("n", quick_count, recipients),
		ENVELOPE("to", quick_text, to),
		ENVELOPE("open", quick_flag, open),
		{ .name = NULL }
	};

	return quick_field(quick, fields, name, object, number_r);
}

static quick_member_t quick_mail_member, quick_sent_member;

static bool
quick_sent(struct quick *quick, quick_member_t *read, struct bounce_sent *sent_r)
{
	bounce_sent_init(sent_r, quick->pool, NULL);
	return quick_object(quick, read, sent_r) &&
		bounce_sent_id_is_valid(sent_r->id);
}

static bool
quick_elem(struct quick *quick, const struct bounce_sent_member *member,
	   struct bounce_sent *sent)
{
	struct bounce_cause *cause;
	struct bounce_sent_envelope *env;
	const char *id;

	switch (member->type) {
	case BOUNCE_SENT_CAUSES:
		cause = array_append_space(&sent->causes);
		cause->kind = BOUNCE_CAUSE_COUNT;
		return quick_object(quick, quick_cause_member, cause) &&
			cause->kind != BOUNCE_CAUSE_COUNT &&
			cause->text != NULL && cause->count > 0;
	case BOUNCE_SENT_MAILS:
		return quick_sent(quick, quick_mail_member,
				  array_append_space(&sent->mails));
	case BOUNCE_SENT_RECENT:
		env = array_append_space(&sent->recent);
		return quick_object(quick, quick_envelope_member, env) &&
			bounce_sent_envelope_is_valid(env);
	default:
		if (!quick_text(quick, &id))
			return FALSE;
		array_push_back(&sent->broadcasts, &id);
		return TRUE;
	}
}

static bool
quick_array(struct quick *quick, const struct bounce_sent_member *member,
	    struct bounce_sent *sent)
{
	unsigned int count = 0;

	if (!bounce_json_read_char(&quick->p, '['))
		return FALSE;
	do {
		if (count++ >= member->max || !quick_elem(quick, member, sent))
			return FALSE;
	} while (bounce_json_read_char(&quick->p, ','));
	return bounce_json_read_char(&quick->p, ']');
}

static bool
quick_value(struct quick *quick, const struct bounce_sent_member *member,
	    struct bounce_sent *sent, unsigned int idx)
{
	void *field = PTR_OFFSET(sent, member->offset);

	switch (member->type) {
	case BOUNCE_SENT_TEXT:
		return quick_text(quick, field);
	case BOUNCE_SENT_COUNT:
	case BOUNCE_SENT_COUNTS:
		return quick_count(quick, (unsigned int *)field + idx);
	case BOUNCE_SENT_FLAG:
		return quick_flag(quick, field);
	case BOUNCE_SENT_HASHES:
		return quick_hashes(quick, field);
	case BOUNCE_SENT_LEVEL:
		return quick_level(quick, field);
	default:
		return quick_array(quick, member, sent);
	}
}

/* A member by its name: which of its counts, and a number of its own. */
static const struct bounce_sent_member *
quick_find(const char *name, unsigned int *idx_r, unsigned int *number_r)
{
	const struct bounce_sent_member *member;

	*number_r = 0;
	bounce_sent_member_foreach(member) {
		unsigned int i, count = 1;

		if (member->type == BOUNCE_SENT_COUNTS)
			count = str_array_length(member->names);
		for (i = 0; i < count; i++, (*number_r)++) {
			if (strcmp(member->names == NULL ? member->name :
				   member->names[i], name) == 0) {
				*idx_r = i;
				return member;
			}
		}
	}
	return NULL;
}

static bool
quick_sent_member(struct quick *quick, const char *name, void *object,
		  unsigned int *number_r)
{
	const struct bounce_sent_member *member;
	unsigned int idx, version;

	member = quick_find(name, &idx, number_r);
	if (member == NULL) {
		/* the number behind the last one's */
		return strcmp(name, "v") == 0 && quick_count(quick, &version);
	}
	return quick_value(quick, member, object, idx);
}

/* Within a day. */
static bool
quick_mail_member(struct quick *quick, const char *name, void *object,
		  unsigned int *number_r)
{
	return strcmp(name, "mails") != 0 &&
		quick_sent_member(quick, name, object, number_r);
}

bool bounce_sent_quick_decode(pool_t pool, const char *json,
			      struct bounce_sent *sent_r)
{
	struct quick quick = { .pool = pool };
	size_t len = strlen(json);

	if (!uni_utf8_data_is_valid((const unsigned char *)json, len))
		return FALSE;
	quick.p = p_strdup(pool, json);
	return quick_sent(&quick, quick_sent_member, sent_r) &&
		*quick.p == '\0';
}
