/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "fs-api.h"
#include "ioloop.h"
#include "lib-event.h"
#include "mail-user.h"
#include "randgen.h"
#include "unlink-directory.h"
#include "bounce-reason.h"
#include "bounce-store.h"
#include "bounce-wait.h"
#include "dict-user.h"
#include "settings.h"
#include "master-service.h"
#include "master-service-settings.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct dict_user {
	struct mail_user user;
	struct mail_user_settings user_set;
	struct ioloop *ioloop;
	const char *dict;
#ifdef SETTINGS_EVENT_INSTANCE /* 2.4 */
	struct settings_simple set;
#endif
	struct bounce_wait wait;
};

#ifdef SETTINGS_EVENT_INSTANCE /* 2.4 */

static const char *const *t_dict_settings(const char *dict)
{
	const char *const *args = t_strsplit(dict, ":");
	ARRAY_TYPE(const_string) set;

#define ADD(key, value) STMT_START { \
		const char *k = key, *v = value; \
		array_push_back(&set, &k); array_push_back(&set, &v); \
	} STMT_END
	t_array_init(&set, 16);
	if (strcmp(args[0], "file") == 0) {
		ADD("dict", "file");
		ADD("dict_driver", "file");
		ADD("dict_file_path", args[1]);
	} else if (strcmp(args[0], "fs") == 0) {
		ADD("dict", "fs");
		ADD("dict_driver", "fs");
		ADD("fs", "posix");
		ADD("fs/posix/fs_driver", "posix");
		ADD("fs/posix/fs_posix_prefix", t_strconcat(args[1], "/", NULL));
	} else if (strcmp(args[0], "redis") == 0) {
		ADD("dict", "redis");
		ADD("dict_driver", "redis");
		ADD("redis_port", args[1]);
	} else if (args[1] == NULL) {
		ADD("dict", dict);
		ADD("dict_driver", dict);
	} else {
		ADD("dict", "proxy");
		ADD("dict_driver", "proxy");
		ADD("dict_proxy_socket_path", args[1]);
		ADD("dict_proxy_name", args[2]);
	}
	array_append_zero(&set);
	return array_front(&set);
}

/* What stands for a configuration was renamed, and settings that nobody
   registered are unknown since. */
#if DOVECOT_PREREQ(2, 4, 2)
#  define NO_CONFIG_FLAG MASTER_SERVICE_FLAG_CONFIG_BUILTIN
static void register_settings(void)
{
	settings_info_register(&fs_setting_parser_info);
}
#else
#  define NO_CONFIG_FLAG MASTER_SERVICE_FLAG_NO_CONFIG_SETTINGS
static void register_settings(void) { }
#endif

/* The proxy driver asks the service for its settings. */
void dict_user_lib_init(const char *dict)
{
	static char name[] = "dict-tool", *args[] = { name, NULL }, **argv = args;
	int argc = 1;
	const char *error;

	register_settings();
	if (strncmp(dict, "proxy:", 6) != 0) {
		lib_init();
		return;
	}
	master_service = master_service_init(name,
		MASTER_SERVICE_FLAG_STANDALONE |
		MASTER_SERVICE_FLAG_DONT_SEND_STATS |
		NO_CONFIG_FLAG |
		MASTER_SERVICE_FLAG_NO_SSL_INIT, &argc, &argv, "");
	if (master_service_settings_read_simple(master_service, &error) < 0)
		i_fatal("%s", error);
}

static void init_dict(struct dict_user *du, const char *dict)
{
	static const char *const none[] = { NULL };
	settings_simple_init(&du->set, *dict == '\0' ? none :
			     t_dict_settings(dict));
	du->user.event = event_create(du->set.event);
}

static void deinit_dict(struct dict_user *du)
{
	event_unref(&du->user.event);
	settings_simple_deinit(&du->set);
}

#else

void dict_user_lib_init(const char *dict ATTR_UNUSED)
{
	lib_init();
}

static void init_dict(struct dict_user *du, const char *dict)
{
	if (str_begins(dict, "redis:"))
		dict = t_strdup_printf("redis:port=%s", dict + 6);
	else if (str_begins(dict, "fs:"))
		dict = t_strdup_printf("fs:posix:prefix=%s/", dict + 3);
	else if (*dict != '\0' && strchr(dict, ':') == NULL)
		dict = t_strconcat(dict, ":", NULL);
	du->dict = p_strdup(du->user.pool, dict);
	du->user.event = event_create(NULL);
}

static void deinit_dict(struct dict_user *du)
{
	event_unref(&du->user.event);
}

#endif

struct mail_user *
dict_user_init(const char *name, const char *home, const char *dict)
{
	pool_t pool = pool_alloconly_create("dict user", 1024);
	struct dict_user *du = p_new(pool, struct dict_user, 1);

	/* as every Dovecot process */
	signal(SIGPIPE, SIG_IGN);
	du->ioloop = io_loop_create();
	dict_drivers_register_builtin();
	du->user.pool = pool;
	du->user.username = p_strdup(pool, name);
	du->user.set = &du->user_set;
	du->user._home = p_strdup(pool, home);
	du->user.home_looked_up = TRUE;
	du->user_set.mail_temp_dir = "/tmp";
	du->user_set.base_dir = "/nonexistent";
	bounce_wait_init(&du->wait, BOUNCE_WAIT_DOVEADM_MSECS, TRUE);
	init_dict(du, dict);
	return &du->user;
}

void dict_user_deinit(struct mail_user **_user)
{
	struct dict_user *du = (struct dict_user *)*_user;

	*_user = NULL;
	deinit_dict(du);
	dict_drivers_unregister_builtin();
	io_loop_destroy(&du->ioloop);
	pool_unref(&du->user.pool);
}

struct bounce_store *
dict_user_store(struct mail_user *user, const struct bounce_store_settings *_set)
{
	struct dict_user *du = (struct dict_user *)user;
	struct bounce_store_settings set;
	struct bounce_store *store;
	const char *error;

	if (_set != NULL)
		set = *_set;
	else {
		i_zero(&set);
		bounce_policy_init(&set.policy);
		set.max_addresses = 10000;
	}
	set.dict = du->dict;
	set.wait = &du->wait;
	if (bounce_store_init(user, &set, &store, &error) < 0)
		i_fatal("bounce_store_init: %s", error);
	return store;
}

struct bounce_report *
t_report(const char *id, const char *address, const char *reason)
{
	struct bounce_report *report = t_new(struct bounce_report, 1);
	struct bounce_recipient *rcpt;

	report->kind = BOUNCE_KIND_FAILURE;
	report->message_id = id;
	t_array_init(&report->original_to, 1);
	t_array_init(&report->recipients, 1);
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	rcpt->verdict.reason = bounce_reason_find(reason);
	if (rcpt->verdict.reason == NULL)
		i_fatal("No such reason: %s", reason);
	rcpt->verdict.class = rcpt->verdict.reason->class;
	rcpt->verdict.side = rcpt->verdict.reason->side;
	rcpt->status = "5.1.1";
	rcpt->reply = "550";
	rcpt->remote_mta = "mx.example.com";
	rcpt->diagnostic = "550 5.1.1 The email account that you tried to "
		"reach does not exist. Please check for typing errors.";
	return report;
}

const char *dict_user_mkdir(void)
{
	char template[] = "/tmp/bounce-dict.XXXXXX";

	if (mkdtemp(template) == NULL)
		i_fatal("mkdtemp(%s): %m", template);
	return t_strdup(template);
}

void dict_user_rmdir(const char *dir)
{
	const char *error;

	if (unlink_directory(dir, UNLINK_DIRECTORY_FLAG_RMDIR, &error) < 0)
		i_error("unlink_directory(%s): %s", dir, error);
}
