/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-service.h"
#include "master-service.h"
#include "module-dir.h"
#include "str.h"
#include "doveadm-bounce-loaded.h"

#include <stdio.h>

/* More than mail_plugins ever is. */
#define MAX_OUTPUT 4096

/* 2.3: "mail_plugins = a bounce b"; 2.4: a block of lines "bounce = yes". */
static bool loaded_names_it(const char *plugins)
{
	const char *const *words = t_strsplit_spaces(plugins, " \n\t{}");

	for (; *words != NULL; words++) {
		if (strcmp(*words, "bounce") == 0)
			return words[1] == NULL ||
				strcmp(words[1], "=") != 0 ||
				null_strcmp(words[2], "no") != 0;
	}
	return FALSE;
}

/* Asks doveconf, as the settings of another protocol are not ours to read.
   Returns 0 and loaded_r, or -1 if it cannot be known. */
static int loaded_by_protocol(const char *protocol, bool *loaded_r)
{
	const char *path = master_service_get_config_path(master_service);
	char output[MAX_OUTPUT];
	size_t size;
	FILE *file;

	if (strchr(path, '\'') != NULL)
		return -1;
	file = popen(t_strdup_printf("exec doveconf -c '%s' -f protocol=%s "
				     "mail_plugins 2>/dev/null", path,
				     protocol), "r");
	if (file == NULL)
		return -1;
	size = fread(output, 1, sizeof(output) - 1, file);
	output[size] = '\0';
	if (pclose(file) != 0)
		return -1;
	*loaded_r = loaded_names_it(output);
	return 0;
}

void doveadm_bounce_warn_unless_loaded(void)
{
	static const char *const protocols[] = { "lmtp", "lda" };
	bool loaded;

	if (module_dir_find(mail_storage_service_modules, "bounce") != NULL)
		return;
	for (unsigned int i = 0; i < N_ELEMENTS(protocols); i++) {
		if (loaded_by_protocol(protocols[i], &loaded) < 0 || loaded)
			return;
	}
	i_warning("The plugin bounce is loaded nowhere (mail_plugins): "
		  "nothing is filed or recorded");
}
