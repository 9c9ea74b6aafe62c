/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test-store.h"
#include "bounce-test-dict.h"
#include "mail-user.h"

#include <time.h>

void test_dict_user_setup(enum test_dict_kind kind)
{
	home = dict_user_mkdir();
	user = dict_user_init("alice", home, test_dict_uri(kind));
	test_dict_init(kind);
}

void test_dict_user_teardown(void)
{
	test_dict_deinit();
	dict_user_deinit(&user);
	dict_user_rmdir(home);
}

void test_dict_store_setup(enum test_dict_kind kind)
{
	START = time(NULL);
	test_dict_user_setup(kind);
	store = dict_user_store(user, NULL);
}

void test_dict_store_teardown(void)
{
	bounce_store_deinit(&store);
	ck_assert_uint_eq(test_dict.open, 0);
	test_dict_user_teardown();
}
