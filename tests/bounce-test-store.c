/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test-store.h"
#include "mail-user.h"

time_t START;

const char *home;
struct mail_user *user;
struct bounce_store *store;

void store_setup(void)
{
	home = dict_user_mkdir();
	user = dict_user_init("alice", home, "");
	store = dict_user_store(user, NULL);
}

void store_teardown(void)
{
	bounce_store_deinit(&store);
	dict_user_deinit(&user);
	dict_user_rmdir(home);
}

int add_at(const char *id, const char *address, time_t now)
{
	const char *error = "?";
	int ret = bounce_store_add(store, t_report(id, address,
						   "mailbox-unknown"),
				   BOUNCE_EVIDENCE_VERIFIED, now, pool_datastack_create(), NULL,
			&error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret;
}

int add(const char *id, const char *address)
{
	return add_at(id, address, START);
}

bool lookup_at(const char *address, time_t now, struct bounce_record *rec_r)
{
	const char *error = "?";
	int ret = bounce_store_lookup(store, pool_datastack_create(), address,
				      now, rec_r, &error);

	ck_assert_msg(ret >= 0, "%s", error);
	return ret > 0;
}

bool lookup(const char *address, struct bounce_record *rec_r)
{
	return lookup_at(address, START, rec_r);
}

unsigned int count_all(time_t now)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;
	const char *error;
	unsigned int count = 0;

	while (bounce_store_iter_next(iter, &rec))
		count++;
	ck_assert_int_eq(bounce_store_iter_deinit(&iter, &error), 0);
	return count;
}
