/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Any text as a rule file; what follows a NUL is matched against it. The loader
   reads folders: ours is in TMPDIR, which tests/fuzz/run puts in memory. */

#include "lib.h"
#include "array.h"
#include "write-full.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dir, *path;

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	const char *tmp = getenv("TMPDIR");

	lib_init();
	T_BEGIN {
		dir = i_strdup_printf("%s/fuzz-rules.XXXXXX",
				      tmp != NULL ? tmp : "/tmp");
		if (mkdtemp(dir) == NULL)
			i_fatal("mkdtemp(%s) failed: %m", dir);
		path = i_strconcat(dir, "/fuzz.rules", NULL);
	} T_END;
	return 0;
}

static void write_rules(const uint8_t *data, size_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (fd == -1 || write_full(fd, data, size) < 0 || close(fd) < 0)
		i_fatal("Writing %s failed: %m", path);
}

static void match(const struct bounce_rules *rules, const char *text)
{
	const struct bounce_rules_query query = {
		.text = bounce_rules_fold(text),
		.source = BOUNCE_RULES_REMOTE,
		.status = "5.1.1",
		.reply = "550",
		.remote_host = "mx.example.com",
		.format = "dsn",
	};
	struct bounce_rules_hit hit, weak;

	if (bounce_rules_match(rules, &query, &hit, &weak))
		i_assert(hit.name != NULL || weak.name != NULL);
	i_assert(hit.name == NULL || hit.reason != NULL);
	i_assert(weak.name == NULL || weak.reason != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
	size_t rules_size = end == NULL ? size : (size_t)(end - data);
	const char *const dirs[] = { dir, NULL };

	write_rules(data, rules_size);
	T_BEGIN {
		ARRAY_TYPE(const_string) errors;
		struct bounce_rules *rules;

		t_array_init(&errors, 8);
		rules = bounce_rules_load(dirs, &errors);
		i_assert(bounce_rules_count(rules) <= BOUNCE_MAX_RULES);
		(void)bounce_rules_check(rules, &errors);
		match(rules, end == NULL ? "550 5.1.1 user unknown" :
		      t_strndup(end + 1, size - rules_size - 1));
		bounce_rules_free(&rules);
	} T_END;
	return 0;
}
