/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-sent-mark.h"
#include "bounce-sent-copy.h"
#include "bounce-store.h"
#include "bounce-user.h"

int bounce_sent_mark_failed(struct bounce_user *bu,
		       const struct bounce_report *report, time_t now,
		       const char **error_r)
{
	if (report->kind != BOUNCE_KIND_FAILURE ||
	    report->original_message_id == NULL)
		return 0;
	return bounce_sent_copy_mark(bu->user, report->original_message_id, now,
				    bu->set.flag, error_r);
}

static int mark_find_id(const ARRAY_TYPE(const_string) *ids, const char *id)
{
	unsigned int i, count;
	const char *const *strs = array_get(ids, &count);

	for (i = 0; i < count; i++) {
		if (strcmp(strs[i], id) == 0)
			return (int)i;
	}
	return -1;
}

static void mark_add_id(ARRAY_TYPE(const_string) *ids, const char *id)
{
	if (id != NULL && mark_find_id(ids, id) < 0)
		array_push_back(ids, &id);
}

/* The mails that failed to this address. */
static void
mark_get_ids(const struct bounce_record *rec, ARRAY_TYPE(const_string) *ids)
{
	const char *id;

	mark_add_id(ids, rec->original_message_id);
	array_foreach_elem(&rec->originals, id)
		mark_add_id(ids, id);
	array_foreach_elem(&rec->unscored, id)
		mark_add_id(ids, id);
}

static void mark_drop_id(ARRAY_TYPE(const_string) *ids, const char *id)
{
	int idx = id == NULL ? -1 : mark_find_id(ids, id);

	if (idx >= 0)
		array_delete(ids, idx, 1);
}

/* What this record keeps up. */
static void
mark_drop_ids(const struct bounce_record *rec, ARRAY_TYPE(const_string) *ids)
{
	const char *id;

	if (rec->state == BOUNCE_STATE_RELEASED ||
	    rec->state == BOUNCE_STATE_CORRECTED)
		return;
	mark_drop_id(ids, rec->original_message_id);
	array_foreach_elem(&rec->originals, id)
		mark_drop_id(ids, id);
	array_foreach_elem(&rec->unscored, id)
		mark_drop_id(ids, id);
}

static int
mark_drop_all(struct bounce_store *store, time_t now,
	      ARRAY_TYPE(const_string) *ids, const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;

	while (!array_is_empty(ids) && bounce_store_iter_next(iter, &rec))
		mark_drop_ids(rec, ids);
	return bounce_store_iter_deinit(&iter, error_r);
}

int bounce_sent_mark_cleared(struct bounce_user *bu,
			const struct bounce_record *before, time_t now,
			const char **error_r)
{
	struct bounce_store *store;
	ARRAY_TYPE(const_string) ids;

	t_array_init(&ids, 4);
	mark_get_ids(before, &ids);
	if (array_is_empty(&ids))
		return 0;
	if (bounce_user_store(bu, &store, error_r) < 0 ||
	    mark_drop_all(store, now, &ids, error_r) < 0)
		return -1;
	return array_is_empty(&ids) ? 0 :
		bounce_sent_copy_keyword_remove(bu->user, &ids,
						error_r);
}
