/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "dict.h"
#include "dict-private.h"
#include "mail-user.h"
#include "str.h"
#include "compat-dict.h"
#include "compat-dict-file.h"
#include "compat-version.h"
#if COMPAT_DOVECOT(2, 4, 0)
#  include "settings.h"
#  include "settings-parser.h"
#endif

/* NAME_MAX is 255, and the fs driver writes a temporary name beside it. */
#define FS_MAX_KEY 200

/* Below these keys are addresses, in the key or in its value. The fs driver
   puts the user's name in the place of "priv". */
static const char *const private_keys[] = {
	"/bounce/address/", "/bounce/index/", "/bounce/sent/"
};

/* PostgreSQL says more in the next line: "server closed the connection
   unexpectedly\n\tThis probably means". */
static const char *t_dict_one_line(const char *text)
{
	const char *const *lines;
	string_t *str;

	if (strpbrk(text, "\r\n") == NULL)
		return text;
	str = t_str_new(256);
	for (lines = t_strsplit_spaces(text, "\r\n\t"); *lines != NULL; lines++) {
		if (str_len(str) > 0)
			str_append_c(str, ' ');
		str_append(str, *lines);
	}
	return str_c(str);
}

const char *compat_dict_hide_keys(const char *text)
{
	const char *key = NULL, *failed = NULL, *p;

	text = t_dict_one_line(text);
	for (unsigned int i = 0; i < N_ELEMENTS(private_keys); i++) {
		p = strstr(text, private_keys[i]);
		if (p != NULL && (key == NULL || p < key))
			key = p + strlen(private_keys[i]);
	}
	if (key == NULL)
		return text;
	/* what follows a path says why */
	for (p = key; (p = strstr(p, ") failed")) != NULL; p++)
		failed = p;
	return t_strconcat(t_strdup_until(text, key), "...", failed, NULL);
}

static const char *
dict_log_message(void *context ATTR_UNUSED, enum log_type type,
		 const char *message)
{
	/* A copy: message lies in the buffer that 2.3 puts the answer in. */
	return t_strdup(type == LOG_TYPE_DEBUG ? message :
			compat_dict_hide_keys(message));
}

/* What the drivers log themselves (slow, timed out ...) comes through it. */
static struct event *dict_event_create(struct mail_user *user)
{
	return event_set_log_message_callback(event_create(user->event),
					      dict_log_message, NULL);
}

#if COMPAT_DOVECOT(2, 4, 0)

extern const struct setting_parser_info dict_file_setting_parser_info;
extern const struct setting_parser_info dict_proxy_setting_parser_info;
extern const struct setting_parser_info redis_setting_parser_info;

/* The driver's settings struct is not public, but the table that describes it
   is. */
static const char *
dict_find_string(const struct setting_parser_info *info, const void *set,
		 const char *key)
{
	for (unsigned int i = 0; info->defines[i].key != NULL; i++) {
		const struct setting_define *def = &info->defines[i];

		if (strcmp(def->key, key) == 0)
			return *(const char *const *)
				CONST_PTR_OFFSET(set, def->offset);
	}
	return NULL;
}

/* The path of a configured dict file. */
static const char *
dict_configured_file(struct mail_user *user, struct event *event)
{
	const struct setting_parser_info *info =
		&dict_file_setting_parser_info;
	struct { pool_t pool; } *set;
	const char *path, *error;
	struct event *file_event = event_create(event);

	settings_event_add_list_filter_name(file_event, "dict", "file");
	path = NULL;
	if (settings_get(file_event, info, 0, &set, &error) == 0) {
		path = p_strdup_empty(user->pool,
				      dict_find_string(info, set,
						       "dict_file_path"));
		settings_free(set);
	}
	event_unref(&file_event);
	return path;
}

static void
dict_append_place(string_t *str, const struct setting_parser_info *info,
		  const void *set)
{
	for (unsigned int i = 0; info->defines[i].key != NULL; i++) {
		const struct setting_define *def = &info->defines[i];
		const void *value = CONST_PTR_OFFSET(set, def->offset);

		if (def->type == SET_STR) {
			str_printfa(str, "%s ", *(const char *const *)value);
		} else if (def->type == SET_IN_PORT) {
			str_printfa(str, "%u ", *(const in_port_t *)value);
		}
	}
}

const char *
t_compat_dict_place(struct mail_user *user, const char *uri ATTR_UNUSED,
		    struct dict *dict)
{
	const struct setting_parser_info *info =
		strcmp(dict->name, "proxy") == 0 ?
		&dict_proxy_setting_parser_info :
		strcmp(dict->name, "redis") == 0 ?
		&redis_setting_parser_info : NULL;
	struct { pool_t pool; } *set;
	string_t *str = t_str_new(64);
	struct event *event;
	const char *error;

	if (info == NULL)
		return "";
	event = event_create(user->event);
	settings_event_add_filter_name(event, "bounce");
	settings_event_add_list_filter_name(event, "dict", dict->name);
	if (settings_get(event, info, 0, &set, &error) == 0) {
		dict_append_place(str, info, set);
		settings_free(set);
	}
	event_unref(&event);
	return str_c(str);
}

static int
dict_init_default(struct mail_user *user, struct dict **dict_r,
		  const char **file_r, const char **error_r)
{
	struct settings_simple simple;
	const char *path;
	int ret;

	if (t_compat_dict_default_file(user, &path, error_r) < 0)
		return -1;
	settings_simple_init(&simple, (const char *const []) {
		"dict", "file",
		"dict_driver", "file",
		"dict_file_path", path,
		"dict_file_lock_method", COMPAT_DICT_FILE_LOCK,
		NULL
	});
	ret = dict_init_auto(simple.event, dict_r, error_r) > 0 ? 0 : -1;
	settings_simple_deinit(&simple);
	*file_r = p_strdup(user->pool, path);
	return ret;
}

int compat_dict_init(struct mail_user *user, const char *uri ATTR_UNUSED,
		     unsigned int msecs, struct dict **dict_r,
		     struct settings_instance **settings_r, const char **file_r,
		     const char **error_r)
{
	struct event *event = dict_event_create(user);
	struct settings_instance *instance =
		settings_instance_dup(settings_instance_find(user->event));
	const char *error;
	int ret;

	/* below what the admin sets */
	settings_override(instance, "dict_file_lock_method", COMPAT_DICT_FILE_LOCK,
			  SETTINGS_OVERRIDE_TYPE_DEFAULT);
	if (msecs > 0) {
		settings_override(instance, "redis_request_timeout",
				  t_strdup_printf("%ums", msecs),
				  SETTINGS_OVERRIDE_TYPE_DEFAULT);
	}
	event_set_ptr(event, SETTINGS_EVENT_INSTANCE, instance);
	settings_event_add_filter_name(event, "bounce");
	*file_r = NULL;
	*settings_r = NULL;
	ret = dict_init_auto(event, dict_r, &error);
	if (ret > 0 && strcmp((*dict_r)->name, "file") == 0)
		*file_r = dict_configured_file(user, event);
	event_unref(&event);
	if (ret > 0)
		*settings_r = instance;
	else
		settings_instance_free(&instance);
	if (ret == 0)
		return dict_init_default(user, dict_r, file_r, error_r);
	if (ret < 0) {
		*error_r = t_strdup_printf("Setting bounce { dict } is wrong "
					   "(%s)", error);
	}
	return ret < 0 ? -1 : 0;
}

void compat_dict_settings_free(struct settings_instance **settings)
{
	if (*settings != NULL)
		settings_instance_free(settings);
}

#else

void compat_dict_settings_free(struct settings_instance **settings ATTR_UNUSED)
{
}

const char *
t_compat_dict_place(struct mail_user *user ATTR_UNUSED, const char *uri,
		    struct dict *dict ATTR_UNUSED)
{
	return uri == NULL ? "" : uri;
}

/* redis waits by itself, by default for 30 seconds. */
static const char *t_dict_redis_uri(const char *uri, unsigned int msecs)
{
	return msecs == 0 || strstr(uri, ":timeout_msecs=") != NULL ? uri :
		t_strdup_printf("%s:timeout_msecs=%u", uri, msecs);
}

static int
dict_init_uri(struct mail_user *user, const char *uri, unsigned int msecs,
	      struct dict **dict_r, const char **file_r, const char **error_r)
{
	struct dict_settings set;
	int ret;

	if (str_begins(uri, "file:") &&
	    (uri = t_compat_dict_file_uri(user, uri, file_r)) == NULL) {
		*error_r = "Not an absolute path";
		return -1;
	}
	if (str_begins(uri, "redis:"))
		uri = t_dict_redis_uri(uri, msecs);
	i_zero(&set);
	set.base_dir = user->set->base_dir;
	set.event_parent = dict_event_create(user);
	ret = dict_init(uri, &set, dict_r, error_r);
	event_unref(&set.event_parent);
	return ret;
}

/* Without what follows "password=". */
static const char *t_dict_shown_uri(const char *uri)
{
	const char *password = strstr(uri, "password=");

	return password == NULL ? uri :
		t_strconcat(t_strdup_until(uri, password), "password=...",
			    NULL);
}

int compat_dict_init(struct mail_user *user, const char *uri,
		     unsigned int msecs, struct dict **dict_r,
		     struct settings_instance **settings_r, const char **file_r,
		     const char **error_r)
{
	const char *path, *error;

	*file_r = NULL;
	*settings_r = NULL;
	if (uri == NULL || *uri == '\0') {
		if (t_compat_dict_default_file(user, &path, error_r) < 0)
			return -1;
		uri = t_strconcat("file:", path, NULL);
	}
	if (dict_init_uri(user, uri, msecs, dict_r, file_r, &error) < 0) {
		*error_r = t_strdup_printf("Setting bounce_dict = %s is wrong "
					   "(%s)", t_dict_shown_uri(uri),
					   error);
		return -1;
	}
	return 0;
}

#endif

bool compat_dict_is_async(struct dict *dict)
{
	return strcmp(dict->name, "proxy") == 0;
}

int compat_dict_iterates(struct dict *dict)
{
	if (strcmp(dict->name, "proxy") == 0)
		return -1;
#if !COMPAT_DOVECOT(2, 4, 0)
	/* its iteration never ends */
	if (strcmp(dict->name, "fs") == 0)
		return 0;
#endif
	return strcmp(dict->name, "redis") != 0 &&
		strncmp(dict->name, "memcached", 9) != 0 ? 1 : 0;
}

unsigned int compat_dict_max_key(struct dict *dict)
{
	return strcmp(dict->name, "fs") == 0 ? FS_MAX_KEY : UINT_MAX;
}
