/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* bounce-classify(1): say what mails report, without a running Dovecot. */

#include "lib.h"
#include "istream.h"
#include "bounce-charset.h"
#include "bounce-classify.h"
#include "bounce-print.h"
#include "bounce-rules.h"
#include "bounce-source.h"
#include "bounce-string.h"
#include "bounce-texts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <getopt.h>
#include <unistd.h>

#define EXIT_INPUT 1
#define EXIT_USAGE 2

struct program {
	struct bounce_rules *rules;
	ARRAY_TYPE(const_string) rule_dirs;
	/* --lang, NULL = English */
	const char *language;
	struct bounce_texts *texts;
	/* --mail-from */
	const char *mail_from;
	bool json;
	bool failed;
};

static void ATTR_FORMAT(1, 2) classify_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "bounce-classify: Error: %s\n",
		bounce_string_printable(t_strdup_vprintf(fmt, args)));
	va_end(args);
}

static void classify_usage(FILE *out)
{
	fputs("Usage: bounce-classify [--json|--text] [--lang LANG] "
	      "[--mail-from ADDRESS] "
	      "[--rules DIR]... [FILE|DIR|-]...\n", out);
}

static void classify_input_failed(const char *path, const char *error,
				  void *context)
{
	struct program *program = context;

	classify_error("%s: %s", path, error);
	program->failed = TRUE;
}

static void classify_mail(const char *path, unsigned int number,
			  const char *sender, struct istream *input,
			  void *context)
{
	struct program *program = context;
	const struct bounce_envelope envelope = {
		.mail_from = program->mail_from != NULL ?
			program->mail_from : sender,
		.hearsay = program->mail_from == NULL,
	};
	struct bounce_report *report;
	const char *error;
	pool_t pool;
	int ret;

	pool = pool_alloconly_create("bounce report", BOUNCE_SMALL_POOL);
	/* as a delivery: nothing of the report may be on the data stack */
	T_BEGIN {
		ret = bounce_classify_read(input, &envelope, pool, &report,
					   &error);
	} T_END;
	if (ret < 0) {
		classify_input_failed(path, error, program);
		pool_unref(&pool);
		return;
	}
	bounce_classify_judge(program->rules, pool, report);
	if (program->json)
		bounce_print_json(stdout, path, report);
	else
		bounce_print_text(&(const struct bounce_print){
			.out = stdout, .texts = program->texts
		}, path, number, report);
	pool_unref(&pool);
}

static bool classify_dir_has_files(const char *path, const char *ending)
{
	struct dirent *d;
	bool found = FALSE;
	DIR *dir;

	if ((dir = opendir(path)) == NULL)
		return FALSE;
	while (!found && (d = readdir(dir)) != NULL) {
		const char *ext = strrchr(d->d_name, '.');

		found = ext != NULL && strcmp(ext, ending) == 0;
	}
	(void)closedir(dir);
	return found;
}

/* In the build tree the rules are beside the program in "rules", the texts in
   "texts". An installed program has no such folders beside it. */
static const char *
classify_folder_beside(const char *name, const char *ending)
{
	char *target = realpath("/proc/self/exe", NULL);
	const char *path, *p;

	if (target == NULL)
		return NULL;
	path = t_strdup(target);
	free(target);
	if ((p = strrchr(path, '/')) == NULL)
		return NULL;
	path = t_strconcat(t_strdup_until(path, p), "/", name, NULL);
	return classify_dir_has_files(path, ending) ? path : NULL;
}

static void classify_default_rules(struct program *program)
{
	const char *dir = BOUNCE_SITE_RULES_DIR;

	if (classify_folder_beside("rules", ".rules") == NULL)
		array_push_back(&program->rule_dirs, &dir);
	dir = BOUNCE_RULES_SHIPPED;
	array_push_back(&program->rule_dirs, &dir);
}

static void classify_load_rules(struct program *program)
{
	ARRAY_TYPE(const_string) errors;
	const char *const *errorp;

	if (array_count(&program->rule_dirs) == 0)
		classify_default_rules(program);
	array_append_zero(&program->rule_dirs);
	t_array_init(&errors, 8);
	program->rules = bounce_rules_load(array_front(&program->rule_dirs),
					   &errors);
	array_foreach(&errors, errorp)
		fprintf(stderr, "bounce-classify: Warning: %s\n",
			bounce_string_printable(*errorp));
	if (bounce_rules_count(program->rules) == 0) {
		fputs("bounce-classify: Warning: No rules were found: "
		      "judging by codes alone\n", stderr);
	}
}

static void classify_load_texts(struct program *program)
{
	ARRAY_TYPE(const_string) errors;
	const char *error, *dirs[] = {
		classify_folder_beside("texts", ".texts"), NULL, NULL
	};

	if (dirs[0] == NULL) {
		dirs[0] = BOUNCE_SITE_TEXTS_DIR;
		dirs[1] = BOUNCE_TEXTS_DIR;
	}
	t_array_init(&errors, 8);
	program->texts = bounce_texts_load(dirs, program->language, &errors);
	array_foreach_elem(&errors, error)
		fprintf(stderr, "bounce-classify: Warning: %s\n", error);
	if (strcasecmp(t_strcut(bounce_texts_language(program->texts), '-'),
		       t_strcut(program->language, '-')) != 0) {
		fprintf(stderr, "bounce-classify: Warning: There are no texts "
			"in %s: using English\n", program->language);
	}
}

static int classify_lang_option(struct program *program, const char *language)
{
	if (!bounce_texts_is_language(language)) {
		classify_error("--lang %s is no language such as de or pt-BR",
			       language);
		return -1;
	}
	program->language = language;
	return 0;
}

static int classify_rules_option(struct program *program, const char *dir)
{
	DIR *dirp;

	if (strcmp(dir, BOUNCE_RULES_SHIPPED) == 0) {
		array_push_back(&program->rule_dirs, &dir);
		return 0;
	}
	dirp = opendir(dir);
	if (dirp == NULL) {
		classify_error("--rules %s: %m", dir);
		return -1;
	}
	(void)closedir(dirp);
	array_push_back(&program->rule_dirs, &dir);
	return 0;
}

/* Returns 0, or the exit status plus one. */
static int classify_options(struct program *program, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "text", no_argument, NULL, 't' },
		{ "mail-from", required_argument, NULL, 'f' },
		{ "lang", required_argument, NULL, 'l' },
		{ "rules", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			program->json = TRUE;
			break;
		case 't':
			program->json = FALSE;
			break;
		case 'f':
			program->mail_from = t_str_trim(optarg, " <>");
			break;
		case 'l':
			if (classify_lang_option(program, optarg) < 0)
				return EXIT_USAGE + 1;
			break;
		case 'r':
			if (classify_rules_option(program, optarg) < 0)
				return EXIT_USAGE + 1;
			break;
		case 'h':
			classify_usage(stdout);
			return EXIT_SUCCESS + 1;
		case 'V':
			puts("bounce-classify "BOUNCE_VERSION);
			return EXIT_SUCCESS + 1;
		default:
			classify_usage(stderr);
			return EXIT_USAGE + 1;
		}
	}
	return 0;
}

static void classify_run(struct program *program, char *const *paths)
{
	static const char *const input_only[] = { "-", NULL };
	const struct bounce_source source = {
		.mail = classify_mail,
		.failed = classify_input_failed,
		.context = program
	};
	const char *const *path = *paths == NULL ? input_only :
		(const char *const *)paths;

	classify_load_rules(program);
	if (program->language != NULL)
		classify_load_texts(program);
	for (; *path != NULL; path++) T_BEGIN {
		bounce_source_read(&source, *path);
	} T_END;
	bounce_charset_deinit();
	bounce_rules_free(&program->rules);
	bounce_texts_free(&program->texts);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		classify_error("Writing the result failed: %m");
		program->failed = TRUE;
	}
}

/* A standard stream that the caller closed must not become a mail's or a
   rule file's: it gets the wrong end of /dev/null, so that using it fails. */
static void classify_hold_streams(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_WRONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", flags[fd]) != fd)
			exit(EXIT_INPUT);
	}
}

int main(int argc, char *argv[])
{
	struct program program;
	int ret;

	classify_hold_streams();
	lib_init();
	i_zero(&program);
	i_array_init(&program.rule_dirs, 4);
	T_BEGIN {
		ret = classify_options(&program, argc, argv) - 1;
		if (ret < 0) {
			classify_run(&program, argv + optind);
			ret = program.failed ? EXIT_INPUT : EXIT_SUCCESS;
		}
	} T_END;
	array_free(&program.rule_dirs);
	lib_deinit();
	return ret;
}
