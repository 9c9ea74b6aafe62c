/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-record-member.h"

const char *const bounce_state_names[BOUNCE_STATE_COUNT + 1] = {
	"watched", "suppressed", "released", "corrected"
};
const char *const bounce_by_names[BOUNCE_BY_COUNT + 1] = {
	"bounce", "complaint", "user", "import"
};

BOUNCE_NAMES(state, BOUNCE_STATE_COUNT)
BOUNCE_NAMES(by, BOUNCE_BY_COUNT)

void bounce_record_init(struct bounce_record *rec_r, pool_t pool,
			const char *address)
{
	const struct bounce_record_member *member;
	ARRAY_TYPE(const_string) *list;

	i_zero(rec_r);
	rec_r->address = p_strdup(pool, address);
	bounce_record_member_foreach(member) {
		if (member->type == BOUNCE_MEMBER_LIST) {
			list = PTR_OFFSET(rec_r, member->offset);
			p_array_init(list, pool, 2);
		}
	}
}

static void
record_copy_list(pool_t pool, ARRAY_TYPE(const_string) *list)
{
	ARRAY_TYPE(const_string) src = *list;
	const char *str;

	p_array_init(list, pool, array_count(&src) + 1);
	array_foreach_elem(&src, str) {
		str = p_strdup(pool, str);
		array_push_back(list, &str);
	}
}

static void
record_copy_member(pool_t pool, const struct bounce_record_member *member,
		   struct bounce_record *rec)
{
	void *field = PTR_OFFSET(rec, member->offset);

	switch (member->type) {
	case BOUNCE_MEMBER_TEXT:
	case BOUNCE_MEMBER_ADDRESS:
	case BOUNCE_MEMBER_REASON:
		*(const char **)field = p_strdup(pool, *(const char **)field);
		break;
	case BOUNCE_MEMBER_LIST:
		record_copy_list(pool, field);
		break;
	default:
		break;
	}
}

void bounce_record_copy(pool_t pool, const struct bounce_record *src,
			struct bounce_record *dest_r)
{
	const struct bounce_record_member *member;
	struct bounce_record dest = *src;

	bounce_record_member_foreach(member)
		record_copy_member(pool, member, &dest);
	dest.unknown = p_strdup(pool, src->unknown);
	*dest_r = dest;
}

bool bounce_record_has_address(const struct bounce_record *rec,
			       const char *address)
{
	const struct bounce_record_member *member;
	const char *const *value;

	bounce_record_member_foreach(member) {
		value = CONST_PTR_OFFSET(rec, member->offset);
		if (member->type == BOUNCE_MEMBER_ADDRESS &&
		    null_strcmp(*value, address) == 0)
			return TRUE;
	}
	return FALSE;
}

bool bounce_record_lapsed(const struct bounce_record *rec, time_t now)
{
	return rec->until != 0 && rec->until <= now;
}
