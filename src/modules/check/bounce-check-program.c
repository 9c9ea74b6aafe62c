/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-check-program.h"

#include <stdio.h>
#include <sys/wait.h>

#define MAX_OUTPUT (64 * 1024)

const char *t_bounce_check_program(const char *line, int *status_r)
{
	char *output = t_malloc_no0(MAX_OUTPUT);
	size_t size = 0;
	int status;
	FILE *file;

	file = popen(line, "r");
	*status_r = 127;
	if (file != NULL) {
		size = fread(output, 1, MAX_OUTPUT - 1, file);
		status = pclose(file);
		*status_r = status != -1 && WIFEXITED(status) ?
			WEXITSTATUS(status) : 127;
	}
	output[size] = '\0';
	return output;
}

const char *t_bounce_check_program_postconf(struct bounce_check *check,
					    const char *arguments)
{
	const char *output;
	int status;

	/* one that cannot be asked sleeps a second before it says so */
	if (check->no_postfix)
		return NULL;
	output = t_bounce_check_program(t_strdup_printf(
		"PATH=\"$PATH:/usr/sbin:/usr/local/sbin\" exec postconf %s "
		"2>/dev/null", arguments), &status);
	check->no_postfix = status != 0;
	return status != 0 ? NULL : t_str_trim(output, " \n");
}
