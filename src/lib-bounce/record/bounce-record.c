/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-record.h"

static const char *const state_names[BOUNCE_STATE_COUNT] = {
	"watched", "suppressed", "released", "corrected"
};
static const char *const by_names[BOUNCE_BY_COUNT] = {
	"bounce", "complaint", "user", "import"
};

static int
find_name(const char *const *names, unsigned int count, const char *name,
	  unsigned int *idx_r)
{
	for (unsigned int i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0) {
			*idx_r = i;
			return 0;
		}
	}
	return -1;
}

const char *bounce_state_name(enum bounce_state state)
{
	i_assert(state < BOUNCE_STATE_COUNT);
	return state_names[state];
}

int bounce_state_parse(const char *name, enum bounce_state *state_r)
{
	unsigned int idx;

	if (find_name(state_names, BOUNCE_STATE_COUNT, name, &idx) < 0)
		return -1;
	*state_r = (enum bounce_state)idx;
	return 0;
}

const char *bounce_by_name(enum bounce_by by)
{
	i_assert(by < BOUNCE_BY_COUNT);
	return by_names[by];
}

int bounce_by_parse(const char *name, enum bounce_by *by_r)
{
	unsigned int idx;

	if (find_name(by_names, BOUNCE_BY_COUNT, name, &idx) < 0)
		return -1;
	*by_r = (enum bounce_by)idx;
	return 0;
}

void bounce_record_init(struct bounce_record *rec_r, pool_t pool,
			const char *address)
{
	i_zero(rec_r);
	rec_r->address = p_strdup(pool, address);
	p_array_init(&rec_r->recent, pool, 4);
	p_array_init(&rec_r->originals, pool, 4);
	p_array_init(&rec_r->unscored, pool, 1);
}

static void
copy_strings(pool_t pool, const ARRAY_TYPE(const_string) *src,
	     ARRAY_TYPE(const_string) *dest_r)
{
	const char *str;

	p_array_init(dest_r, pool, array_count(src) + 1);
	array_foreach_elem(src, str) {
		str = p_strdup(pool, str);
		array_push_back(dest_r, &str);
	}
}

void bounce_record_copy(pool_t pool, const struct bounce_record *src,
			struct bounce_record *dest_r)
{
	struct bounce_record dest = *src;

	dest.address = p_strdup(pool, src->address);
	dest.original_address = p_strdup(pool, src->original_address);
	dest.reason = p_strdup(pool, src->reason);
	dest.status = p_strdup(pool, src->status);
	dest.reply = p_strdup(pool, src->reply);
	dest.diagnostic = p_strdup(pool, src->diagnostic);
	dest.remote_mta = p_strdup(pool, src->remote_mta);
	dest.original_message_id = p_strdup(pool, src->original_message_id);
	dest.corrected = p_strdup(pool, src->corrected);
	dest.seen = p_strdup(pool, src->seen);
	dest.unknown = p_strdup(pool, src->unknown);
	copy_strings(pool, &src->recent, &dest.recent);
	copy_strings(pool, &src->originals, &dest.originals);
	copy_strings(pool, &src->unscored, &dest.unscored);
	*dest_r = dest;
}

/* As dict_escape_string(): a key part holds no slash. */
const char *bounce_record_key(const char *address)
{
	string_t *key = t_str_new(64 + strlen(address));

	str_append(key, BOUNCE_DICT_ADDRESS_PREFIX);
	for (; *address != '\0'; address++) {
		if (*address == '/')
			str_append(key, "\\|");
		else if (*address == '\\')
			str_append(key, "\\\\");
		else
			str_append_c(key, *address);
	}
	return str_c(key);
}

bool bounce_record_lapsed(const struct bounce_record *rec, time_t now)
{
	return rec->until != 0 && rec->until <= now;
}

bool bounce_record_suppresses(const struct bounce_record *rec, time_t now)
{
	return rec->state == BOUNCE_STATE_SUPPRESSED &&
		!bounce_record_lapsed(rec, now);
}
