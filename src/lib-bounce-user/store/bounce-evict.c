/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* bounce_max_addresses. How many there are is in meta/count, so that a new
   address costs one look-up and no iteration; when the limit is reached, the
   records are counted truly and some room is made in advance. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "ioloop.h"
#include "bounce-store-private.h"

/* Make room for so many more: 1/50 of the limit. */
#define ROOM_AHEAD 50
/* The hour in which nothing but what was new gave way. */
#define FULL_KEY BOUNCE_DICT_META_PREFIX"full"
#define FULL_SECS 3600

struct room_record {
	/* of new ones, NULL of existing records */
	struct bounce_change *change;
	struct bounce_record rec;
	/* of those that give way: how many there are about the same mail */
	unsigned int alike;
};
ARRAY_DEFINE_TYPE(room_record, struct room_record);

static int
evict_read_count(struct bounce_transaction *trans, unsigned int *count_r,
		 const char **error_r)
{
	const char *value;
	int ret;

	ret = bounce_transaction_get_key(trans, pool_datastack_create(),
					 BOUNCE_DICT_COUNT, &value, error_r);
	return ret > 0 && str_to_uint(value, count_r) < 0 ? 0 : ret;
}

static int evict_growth(const ARRAY_TYPE(bounce_change) *changes)
{
	const struct bounce_change *change;
	int growth = 0;

	array_foreach(changes, change)
		growth += (change->value != NULL) - change->exists;
	return growth;
}

/* Only what the order needs. */
static void
evict_room_add(pool_t pool, ARRAY_TYPE(room_record) *records,
	       const struct bounce_record *rec, struct bounce_change *change)
{
	struct room_record *room = array_append_space(records);

	room->rec.address = p_strdup(pool, rec->address);
	room->change = change;
	room->rec.state = rec->state;
	room->rec.class = rec->class;
	room->rec.by = rec->by;
	room->rec.count = rec->count;
	if (bounce_record_gives_way(rec, ioloop_time)) {
		room->rec.original_message_id =
			p_strdup(pool, rec->original_message_id);
	}
	room->rec.last = rec->last;
	room->rec.until = rec->until;
}

HASH_TABLE_DEFINE_TYPE(room_changes, const char *, struct bounce_change *);

/* All records as they will be after the changes. */
static int
evict_room_records(struct bounce_transaction *trans, pool_t pool,
		   ARRAY_TYPE(room_record) *records, const char **error_r)
{
	HASH_TABLE_TYPE(room_changes) touched;
	struct bounce_store_iter *iter;
	const struct bounce_record *rec;
	struct bounce_change *change;
	int ret = bounce_dict_iterates(trans->dict, error_r);

	if (ret < 0)
		return -1;
	if (ret == 0)
		bounce_index_ask(trans->dict);
	hash_table_create(&touched, pool, 0, str_hash, strcmp);
	array_foreach_modifiable(&trans->changes, change) {
		hash_table_update(touched, change->address, change);
		if (change->value != NULL)
			evict_room_add(pool, records, &change->rec, change);
	}
	iter = bounce_store_iter_init(trans->store, 0);
	while (bounce_store_iter_next(iter, &rec)) {
		if (hash_table_lookup(touched, rec->address) == NULL)
			evict_room_add(pool, records, rec, NULL);
	}
	hash_table_destroy(&touched);
	return bounce_store_iter_deinit(&iter, error_r);
}

HASH_TABLE_DEFINE_TYPE(room_mails, const char *, void *);

/* One mail that whoever knows it says failed to everybody. */
static void evict_room_count_alike(pool_t pool, ARRAY_TYPE(room_record) *records)
{
	HASH_TABLE_TYPE(room_mails) mails;
	struct room_record *room;

	hash_table_create(&mails, pool, 0, str_hash, strcmp);
	array_foreach_modifiable(records, room) {
		const char *id = room->rec.original_message_id;

		if (id != NULL) {
			hash_table_update(mails, id, POINTER_CAST(1 +
				POINTER_CAST_TO(hash_table_lookup(mails, id),
						unsigned int)));
		}
	}
	array_foreach_modifiable(records, room) {
		const char *id = room->rec.original_message_id;

		if (id != NULL) {
			room->alike = POINTER_CAST_TO(
				hash_table_lookup(mails, id), unsigned int);
		}
	}
	hash_table_destroy(&mails);
}

static int
evict_room_cmp(const struct room_record *a, const struct room_record *b)
{
	bool gives_way = bounce_record_gives_way(&a->rec, ioloop_time);

	/* what nobody proved pushes out nothing that was, new as it may be */
	if (gives_way != bounce_record_gives_way(&b->rec, ioloop_time))
		return gives_way ? -1 : 1;
	if (a->alike != b->alike)
		return a->alike > b->alike ? -1 : 1;
	/* a report never drops what it adds while there is something else */
	if ((a->change == NULL) != (b->change == NULL))
		return a->change == NULL ? -1 : 1;
	return bounce_record_room_cmp(&a->rec, &b->rec, ioloop_time);
}

/* How many are to leave: excess of them must, and some more for those that come
   next, but for what nobody proved only what gives way. */
static unsigned int
evict_room_drop_count(const ARRAY_TYPE(room_record) *records,
		      unsigned int excess, unsigned int ahead)
{
	const struct room_record *room;
	unsigned int giving = 0, softer = 0;
	bool proven = FALSE;

	array_foreach(records, room) {
		if (bounce_record_gives_way(&room->rec, ioloop_time))
			giving++;
		else if (room->change != NULL && !room->change->exists)
			proven = TRUE;
		/* those of the report itself leave last */
		if (room->change == NULL ?
		    bounce_record_is_softer(&room->rec, ioloop_time) :
		    bounce_record_gives_way(&room->rec, ioloop_time))
			softer++;
	}
	/* room in advance costs no hard record, and nothing that a person said */
	return I_MAX(excess, I_MIN(excess + ahead, proven ? softer : giving));
}

static void
evict_room_drop_new(ARRAY_TYPE(room_record) *records, unsigned int drop)
{
	struct room_record *room;

	array_sort(records, evict_room_cmp);
	array_foreach_modifiable(records, room) {
		if (drop-- == 0)
			break;
		if (room->change != NULL)
			room->change->value = NULL;
	}
}

static void
evict_room_drop_existing(struct bounce_transaction *trans,
			 const ARRAY_TYPE(room_record) *records,
			 unsigned int drop)
{
	const struct room_record *room;

	array_foreach(records, room) {
		if (drop-- == 0)
			break;
		if (room->change != NULL)
			continue;
		bounce_transaction_note(trans, &room->rec);
		bounce_transaction_drop(trans, room->rec.address);
	}
}

/* Nothing but what is new left. */
static bool
evict_is_vain(const ARRAY_TYPE(room_record) *records, unsigned int drop)
{
	const struct room_record *room;

	array_foreach(records, room) {
		if (drop-- == 0)
			break;
		if (room->change == NULL || room->change->exists)
			return FALSE;
	}
	return TRUE;
}

static int
evict_make_room(struct bounce_transaction *trans, unsigned int *count_r,
		const char **error_r)
{
	unsigned int max = trans->store->set.max_addresses;
	ARRAY_TYPE(room_record) records;
	pool_t pool = pool_alloconly_create("bounce room", 64 * 1024);
	int ret;

	p_array_init(&records, pool, 128);
	ret = evict_room_records(trans, pool, &records, error_r);
	*count_r = array_count(&records);
	evict_room_count_alike(pool, &records);
	if (ret == 0 && max > 0 && *count_r > max) {
		unsigned int drop = evict_room_drop_count(&records,
			*count_r - max, max / ROOM_AHEAD);

		/* first those whose pointers are into changes, which grows in
		   the second step */
		evict_room_drop_new(&records, drop);
		if (evict_is_vain(&records, drop)) {
			bounce_transaction_set_key(trans, FULL_KEY,
				dec2str(ioloop_time / FULL_SECS));
		}
		evict_room_drop_existing(trans, &records, drop);
		*count_r -= drop;
	}
	pool_unref(&pool);
	return ret;
}

int bounce_evict_keep_count(struct bounce_transaction *trans,
			    const char **error_r)
{
	unsigned int count = 0;
	int ret = evict_read_count(trans, &count, error_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (evict_make_room(trans, &count, error_r) < 0)
		return -1;
	bounce_transaction_set_key(trans, BOUNCE_DICT_COUNT, dec2str(count));
	return 0;
}

/* Nobody proved what is new, and all records were read for such within the hour, in
   vain: it leaves at once, or each report of a flood would read them all, under the
   lock. Returns 1 if so, 0, or -1. */
static int
evict_drop_unproven(struct bounce_transaction *trans, const char **error_r)
{
	struct bounce_change *change;
	const char *value = NULL;
	int ret;

	array_foreach_modifiable(&trans->changes, change) {
		if (change->value != NULL && !change->exists &&
		    !bounce_record_gives_way(&change->rec, ioloop_time))
			return 0;
	}
	ret = bounce_transaction_get_key(trans, pool_datastack_create(),
					 FULL_KEY, &value, error_r);
	if (ret <= 0 || strcmp(value, dec2str(ioloop_time / FULL_SECS)) != 0)
		return ret < 0 ? -1 : 0;
	array_foreach_modifiable(&trans->changes, change) {
		if (!change->exists)
			change->value = NULL;
	}
	return 1;
}

int bounce_evict_update(struct bounce_transaction *trans, const char **error_r)
{
	unsigned int count = 0, max = trans->store->set.max_addresses;
	int ret, dropped, growth = evict_growth(&trans->changes);

	ret = evict_read_count(trans, &count, error_r);
	if (ret < 0)
		return -1;
	if (growth < 0)
		count -= I_MIN(count, (unsigned int)-growth);
	else
		count += (unsigned int)growth;
	if (ret > 0 && max > 0 && count > max && growth > 0) {
		dropped = evict_drop_unproven(trans, error_r);
		if (dropped < 0)
			return -1;
		if (dropped > 0) {
			count -= (unsigned int)
				(growth - evict_growth(&trans->changes));
			growth = 0;
		}
	}
	/* unknown, or too many */
	if ((ret == 0 || (max > 0 && count > max && growth > 0)) &&
	    evict_make_room(trans, &count, error_r) < 0)
		return -1;
	bounce_transaction_set_key(trans, BOUNCE_DICT_COUNT, dec2str(count));
	return 0;
}
