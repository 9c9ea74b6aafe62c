/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Is the Sieve extension loaded? On 2.3 each list is one setting, whose last line
   wins: README's lines may have taken away the site's, and the other way round. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "master-service.h"
#include "doveadm-bounce-conf.h"
#include "bounce-check.h"

#include <glob.h>

/* Longest line of a configuration file that is looked at. */
#define MAX_LINE 8192

static const struct check_sieve_list {
	const char *setting, *name;
} check_sieve_lists[] = {
	{ "sieve_plugins", "sieve_bounce" },
	{ "sieve_extensions", "vnd.dovecot-bounce" },
};

/* What is in force, without signs: "+vnd.dovecot-bounce". One line on 2.3, a block
   on 2.4. */
static const char *t_sieve_in_force(const char *setting, bool *one_line_r)
{
	const char *value = t_doveadm_bounce_conf("lmtp",
		t_strconcat("plugin/", setting, NULL));

	*one_line_r = value != NULL && *value != '\0' &&
		strchr(value, '{') == NULL;
	if (!*one_line_r)
		value = t_doveadm_bounce_conf("lmtp", setting);
	return value == NULL ? NULL : t_str_replace(value, '+', ' ');
}

/*
 * What the files say
 */

static void
sieve_line_add(const char *line, const char *setting,
	       ARRAY_TYPE(const_string) *names)
{
	size_t len = strlen(setting);
	const char *const *words;

	line += strspn(line, " \t");
	if (strncmp(line, setting, len) != 0)
		return;
	line += len + strspn(line + len, " \t");
	if (*line != '=')
		return;
	words = t_strsplit_spaces(t_strcut(line + 1, '#'), " \t+");
	for (; *words != NULL; words++)
		array_push_back(names, words);
}

static void
sieve_file_read(const char *path, const char *setting,
		ARRAY_TYPE(const_string) *names)
{
	struct istream *input = i_stream_create_file(path, MAX_LINE);
	const char *line;

	while ((line = i_stream_read_next_line(input)) != NULL)
		sieve_line_add(line, setting, names);
	i_stream_unref(&input);
}

/* All names that any line of the setting has, in the files where Debian and Dovecot
   put them. */
static void
sieve_files_read(const char *setting, ARRAY_TYPE(const_string) *names)
{
	const char *path = master_service_get_config_path(master_service);
	const char *slash = strrchr(path, '/');
	const char *dir = slash == NULL ? "." : t_strdup_until(path, slash);
	glob_t found;

	i_zero(&found);
	sieve_file_read(path, setting, names);
	(void)glob(t_strconcat(dir, "/conf.d/*.conf", NULL), 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		sieve_file_read(found.gl_pathv[i], setting, names);
	globfree(&found);
}

/* Names that are in a line which another one replaces. */
static const char *t_sieve_replaced(const char *setting, const char *in_force)
{
	ARRAY_TYPE(const_string) names, lost;
	const char *name;

	t_array_init(&names, 8);
	t_array_init(&lost, 8);
	sieve_files_read(setting, &names);
	array_foreach_elem(&names, name) {
		if (strchr(name, '$') == NULL &&
		    !doveadm_bounce_conf_lists(in_force, name) &&
		    array_lsearch(&lost, &name, i_strcmp_p) == NULL)
			array_push_back(&lost, &name);
	}
	array_append_zero(&lost);
	return t_strarray_join(array_front(&lost), " ");
}

/*
 * What is said
 */

static void sieve_say_list(struct bounce_check *check,
			   const struct check_sieve_list *list)
{
	bool one_line;
	const char *value = t_sieve_in_force(list->setting, &one_line);
	const char *replaced;

	if (value == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "sieve",
				 list->setting, NULL, "doveconf does not say it");
		return;
	}
	replaced = one_line ? t_sieve_replaced(list->setting, value) : "";
	if (*replaced != '\0') {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "sieve",
			list->setting, "Put all names into one line: on "
			"Dovecot 2.3 the last one replaces the others",
			"not in force, as another line replaces theirs: %s",
			replaced);
	} else if (doveadm_bounce_conf_lists(value, list->name)) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "sieve",
				 list->setting, NULL, "%s is there",
				 list->name);
	} else {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "sieve",
			list->setting, !one_line ?
			"See README, if scripts are to ask about bounces" :
			"Add it to the line that is there: README's own line "
			"would replace that",
			"%s is not there: scripts cannot ask about bounces",
			list->name);
	}
}

void bounce_check_sieve(struct bounce_check *check)
{
	int lmtp = doveadm_bounce_conf_has("lmtp", "mail_plugins", "sieve");
	int lda = doveadm_bounce_conf_has("lda", "mail_plugins", "sieve");

	if (lmtp <= 0 && lda <= 0 && (lmtp < 0 || lda < 0)) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "sieve", "plugin",
				 NULL, "doveconf does not say mail_plugins");
		return;
	}
	if (lmtp <= 0 && lda <= 0) {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "sieve", "plugin",
				 NULL, "Sieve is loaded neither for lmtp nor for "
				 "lda");
		return;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(check_sieve_lists); i++)
		sieve_say_list(check, &check_sieve_lists[i]);
}
