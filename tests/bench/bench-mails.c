/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* For bench-classify: reads mails into memory, then goes over them ROUNDS times
   in one way, and prints the microseconds of CPU time of that.

   usage: bench-mails parse|classify ROUNDS FILE... */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "message-parser.h"
#include "read-full.h"
#include "bounce-classify.h"
#include "bounce-rules.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct mail_bytes {
	unsigned char *data;
	size_t size;
};

static struct mail_bytes read_mail(const char *path)
{
	struct mail_bytes mail;
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd == -1 || fstat(fd, &st) < 0)
		i_fatal("%s: %m", path);
	mail.size = st.st_size;
	mail.data = i_malloc(mail.size + 1);
	if (read_full(fd, mail.data, mail.size) <= 0)
		i_fatal("%s: %m", path);
	i_close_fd(&fd);
	return mail;
}

static void parse(struct istream *input, const struct bounce_rules *rules ATTR_UNUSED)
{
	const struct message_parser_settings set = { .flags = 0 };
	struct message_parser_ctx *parser;
	struct message_part *parts;
	struct message_block block;
	pool_t pool = pool_alloconly_create("parts", 4096);

	parser = message_parser_init(pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &parts);
	pool_unref(&pool);
}

static void classify(struct istream *input, const struct bounce_rules *rules)
{
	struct bounce_report *report;
	const char *error;
	pool_t pool = pool_alloconly_create("report", BOUNCE_SMALL_POOL);

	if (bounce_classify_read(input, NULL, pool, &report, &error) < 0)
		i_fatal("%s", error);
	bounce_classify_judge(rules, pool, report);
	pool_unref(&pool);
}

int main(int argc, char *argv[])
{
	const char *const dirs[] = { BOUNCE_TEST_RULES, NULL };
	ARRAY(struct mail_bytes) mails;
	struct mail_bytes *mail;
	struct bounce_rules *rules;
	struct istream *input;
	clock_t start;
	bool classifies;

	lib_init();
	if (argc < 4)
		i_fatal("usage: bench-mails parse|classify ROUNDS FILE...");
	classifies = strcmp(argv[1], "classify") == 0;
	i_array_init(&mails, argc);
	for (int i = 3; i < argc; i++) {
		mail = array_append_space(&mails);
		*mail = read_mail(argv[i]);
	}
	T_BEGIN {
		rules = bounce_rules_load(dirs, NULL);
	} T_END;
	start = clock();
	for (int round = atoi(argv[2]); round > 0; round--) {
		array_foreach_modifiable(&mails, mail) T_BEGIN {
			input = i_stream_create_from_data(mail->data,
							  mail->size);
			if (classifies)
				classify(input, rules);
			else
				parse(input, rules);
			i_stream_unref(&input);
		} T_END;
	}
	printf("%llu\n", (unsigned long long)
	       ((clock() - start) * 1000000.0 / CLOCKS_PER_SEC));
	bounce_rules_free(&rules);
	array_foreach_modifiable(&mails, mail)
		i_free(mail->data);
	array_free(&mails);
	lib_deinit();
	return 0;
}
