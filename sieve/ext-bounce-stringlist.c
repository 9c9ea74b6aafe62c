/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "ext-bounce-common.h"
#include "array.h"
#include "str.h"
#include "sieve-runtime.h"

struct ext_bounce_stringlist {
	struct sieve_stringlist strlist;
	const ARRAY_TYPE(const_string) *values;
	unsigned int next;
};

static int ext_bounce_stringlist_next(struct sieve_stringlist *strlist,
				      string_t **str_r)
{
	struct ext_bounce_stringlist *list =
		(struct ext_bounce_stringlist *)strlist;
	const char *value;

	if (list->next >= array_count(list->values)) {
		*str_r = NULL;
		return 0;
	}
	value = array_idx_elem(list->values, list->next++);
	*str_r = t_str_new_const(value, strlen(value));
	return 1;
}

static void ext_bounce_stringlist_reset(struct sieve_stringlist *strlist)
{
	struct ext_bounce_stringlist *list =
		(struct ext_bounce_stringlist *)strlist;

	list->next = 0;
}

static int ext_bounce_stringlist_length(struct sieve_stringlist *strlist)
{
	struct ext_bounce_stringlist *list =
		(struct ext_bounce_stringlist *)strlist;

	return array_count(list->values);
}

struct sieve_stringlist *
ext_bounce_stringlist_create(const struct sieve_runtime_env *renv,
			     const ARRAY_TYPE(const_string) *values)
{
	struct ext_bounce_stringlist *list =
		t_new(struct ext_bounce_stringlist, 1);

	list->strlist.runenv = renv;
	list->strlist.exec_status = SIEVE_EXEC_OK;
	list->strlist.next_item = ext_bounce_stringlist_next;
	list->strlist.reset = ext_bounce_stringlist_reset;
	list->strlist.get_length = ext_bounce_stringlist_length;
	list->values = values;
	return &list->strlist;
}
