/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "master-service.h"
#include "doveadm-bounce-conf.h"

#include <stdio.h>
#include <sys/stat.h>

/* More than a list of plugins ever is. */
#define MAX_OUTPUT 8192

/* The file. A process that Dovecot started knows the socket of "config" alone, beside
   which the master keeps a link to the file. */
static const char *t_conf_path(void)
{
	const char *path = master_service_get_config_path(master_service);
	const char *name = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || name == NULL)
		return path;
	return t_strconcat(t_strdup_until(path, name), "/dovecot.conf", NULL);
}

const char *t_doveadm_bounce_conf(const char *protocol, const char *setting)
{
	const char *path = t_conf_path();
	char output[MAX_OUTPUT];
	size_t size;
	FILE *file;

	if (strchr(path, '\'') != NULL)
		return NULL;
	/* doveconf would take what Dovecot tells doveadm-server for its own: sockets,
	   where to log */
	file = popen(t_strdup_printf("exec env -i \"PATH=$PATH\" doveconf -c '%s' "
				     "%s%s %s 2>/dev/null", path,
				     protocol == NULL ? "" : "-f protocol=",
				     protocol == NULL ? "" : protocol, setting),
		     "r");
	if (file == NULL)
		return NULL;
	size = fread(output, 1, sizeof(output) - 1, file);
	output[size] = '\0';
	return pclose(file) != 0 ? NULL : t_strdup(output);
}

/* 1 it is there, 0 it is switched off ("name = no"), -1 it is not named. */
static int conf_names(const char *output, const char *name)
{
	const char *const *words = t_strsplit_spaces(output, " \n\t{}");

	for (; *words != NULL; words++) {
		if (strcmp(*words, name) == 0)
			return words[1] == NULL ||
				strcmp(words[1], "=") != 0 ||
				null_strcmp(words[2], "no") != 0 ? 1 : 0;
	}
	return -1;
}

bool doveadm_bounce_conf_lists(const char *output, const char *name)
{
	return conf_names(output, name) > 0;
}

int doveadm_bounce_conf_has(const char *protocol, const char *setting,
			    const char *name)
{
	const char *output = t_doveadm_bounce_conf(protocol, setting);
	int ret;

	if (output == NULL)
		return -1;
	ret = conf_names(output, name);
	if (ret < 0 && protocol != NULL && strchr(output, '{') != NULL)
		return doveadm_bounce_conf_has(NULL, setting, name);
	return ret > 0 ? 1 : 0;
}
