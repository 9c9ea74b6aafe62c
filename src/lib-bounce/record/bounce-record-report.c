/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "sha1.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-record-private.h"

bool bounce_record_list_has(const ARRAY_TYPE(const_string) *list,
			    const char *id)
{
	const char *elem;

	array_foreach_elem(list, elem) {
		if (strcmp(elem, id) == 0)
			return TRUE;
	}
	return FALSE;
}

void bounce_record_list_add(ARRAY_TYPE(const_string) *list, pool_t pool,
			    const char *id)
{
	id = p_strdup(pool, id);
	if (array_count(list) >= BOUNCE_MAX_RECENT)
		array_delete(list, 0, array_count(list) - BOUNCE_MAX_RECENT + 1);
	array_push_back(list, &id);
}

/* BOUNCE_SEEN_SIZE base64 characters: 48 bits, so that two of a thousand are
   alike once in 10^8 records. */
static const char *t_report_seen_hash(const char *id)
{
	unsigned char digest[SHA1_RESULTLEN];
	string_t *str = t_str_new(BOUNCE_SEEN_SIZE + 1);

	sha1_get_digest(id, strlen(id), digest);
	base64_encode(digest, BOUNCE_SEEN_SIZE / 4 * 3, str);
	return str_c(str);
}

static bool report_is_seen(const struct bounce_record *rec, const char *id)
{
	const char *hash = t_report_seen_hash(id);
	size_t len = rec->seen == NULL ? 0 : strlen(rec->seen);

	for (size_t i = 0; i + BOUNCE_SEEN_SIZE <= len; i += BOUNCE_SEEN_SIZE) {
		if (memcmp(rec->seen + i, hash, BOUNCE_SEEN_SIZE) == 0)
			return TRUE;
	}
	return FALSE;
}

bool bounce_record_report_has(const struct bounce_record *rec,
			      const char *report_id)
{
	bool ret = bounce_record_list_has(&rec->recent, report_id);

	if (!ret && rec->seen != NULL) T_BEGIN {
		ret = report_is_seen(rec, report_id);
	} T_END;
	return ret;
}

/* The oldest of recent is about to fall out: keep its hash. */
static void report_move_to_seen(struct bounce_record *rec, pool_t pool)
{
	const char *oldest = array_idx_elem(&rec->recent, 0);
	const char *seen = rec->seen == NULL ? "" : rec->seen;
	size_t len = strlen(seen);

	if (len >= BOUNCE_MAX_SEEN * BOUNCE_SEEN_SIZE)
		seen += len - (BOUNCE_MAX_SEEN - 1) * BOUNCE_SEEN_SIZE;
	rec->seen = p_strconcat(pool, seen, t_report_seen_hash(oldest), NULL);
}

void bounce_record_report_add(struct bounce_record *rec, pool_t pool,
			      const char *report_id)
{
	if (array_count(&rec->recent) >= BOUNCE_MAX_RECENT)
		report_move_to_seen(rec, pool);
	bounce_record_list_add(&rec->recent, pool, report_id);
}

unsigned int
bounce_record_report_settle(struct bounce_record *rec, pool_t pool,
			    const char *except)
{
	unsigned int count = 0;
	const char *id;

	array_foreach_elem(&rec->doubts, id) {
		if (null_strcmp(id, except) == 0)
			continue;
		bounce_record_report_add(rec, pool, id);
		count++;
	}
	array_clear(&rec->doubts);
	rec->unproven = 0;
	return count;
}
