/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "istream-seekable.h"
#include "mbox-from.h"
#include "bounce-source.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_BUFFER_SIZE (64 * 1024)
/* What comes from a pipe is kept in memory up to here, then in a temporary
   file. */
#define INPUT_MEMORY_SIZE (1024 * 1024)
/* A From_ line: an address, a date. */
#define FROM_LINE_MAX 1000

/* Who sent the mail, as its From_ line says; FALSE if data is none. Text that
   only begins with "From " has no date. */
static bool source_from_parse(const unsigned char *data, size_t size,
			      const char **sender_r)
{
	time_t stamp;
	char *sender;
	int offset;

	if (size < 5 || memcmp(data, "From ", 5) != 0 ||
	    mbox_from_parse(data + 5, size - 5, &stamp, &offset, &sender) < 0)
		return FALSE;
	/* Thunderbird's "From - Tue Jun  3 ..." */
	*sender_r = *sender == '\0' || strcmp(sender, "-") == 0 ? NULL :
		t_strdup(sender);
	i_free(sender);
	return TRUE;
}

/* Bytes of the From_ line at which input is, with its line end; 0 if it is
   none. A line that is too long for one is none. sender_r: data stack. */
static size_t
source_from_line_size(struct istream *input, const char **sender_r)
{
	const unsigned char *data, *lf = NULL;
	size_t size, wanted = 5;
	int ret;

	*sender_r = NULL;
	while (lf == NULL && wanted <= FROM_LINE_MAX) {
		ret = i_stream_read_bytes(input, &data, &size, wanted);
		lf = memchr(data, '\n', size);
		if (ret <= 0)
			break;
		wanted = size + 1;
	}
	if (lf == NULL || !source_from_parse(data, lf - data, sender_r))
		return 0;
	return lf - data + 1;
}

static void
source_mail(const struct bounce_source *source, const char *path,
	    unsigned int number, const char *sender, struct istream *input,
	    uoff_t begin, uoff_t end)
{
	struct istream *mail;

	i_stream_seek(input, begin);
	mail = i_stream_create_limit(input, end - begin);
	T_BEGIN {
		source->mail(path, number, sender, mail, source->context);
	} T_END;
	i_stream_unref(&mail);
}

/* Offset of the line after the next From_ line that follows an empty line and
   where the mail before it ends; input is at the start of a line. Returns
   FALSE at the end of the file: end_r is its size. */
static bool
source_mbox_next(struct istream *input, uoff_t *end_r, uoff_t *begin_r,
		 const char **sender_r)
{
	const unsigned char *data;
	bool line_start = TRUE, empty_before = FALSE;
	size_t size;

	while (i_stream_read_more(input, &data, &size) > 0) {
		const unsigned char *lf = memchr(data, '\n', size);

		if (line_start && empty_before && data[0] == 'F') {
			size_t line_size = source_from_line_size(input,
								 sender_r);

			if (line_size > 0) {
				*end_r = input->v_offset;
				i_stream_skip(input, line_size);
				*begin_r = input->v_offset;
				return TRUE;
			}
			data = i_stream_get_data(input, &size);
			lf = memchr(data, '\n', size);
		}
		if (lf == NULL) {
			i_stream_skip(input, size);
			line_start = empty_before = FALSE;
			continue;
		}
		empty_before = line_start &&
			(lf == data || (lf == data + 1 && *data == '\r'));
		line_start = TRUE;
		i_stream_skip(input, lf - data + 1);
	}
	*end_r = input->v_offset;
	return FALSE;
}

static void source_mbox(const struct bounce_source *source, const char *path,
			const char *sender, struct istream *input)
{
	uoff_t begin = input->v_offset, end, next = 0;
	const char *next_sender = NULL;
	unsigned int number = 1;
	bool more;

	do {
		i_stream_seek(input, begin);
		more = source_mbox_next(input, &end, &next, &next_sender);
		/* a file of one mail with a From_ line is no mbox to a reader */
		source_mail(source, path, more || number > 1 ? number : 0,
			    sender, input, begin, end);
		begin = next;
		sender = next_sender;
		number++;
	} while (more);
}

static void source_stream(const struct bounce_source *source, const char *path,
			  struct istream *input)
{
	const char *sender;
	size_t line_size = source_from_line_size(input, &sender);
	uoff_t end;

	if (line_size > 0) {
		i_stream_skip(input, line_size);
		source_mbox(source, path, sender, input);
		return;
	}
	if (input->stream_errno != 0 || i_stream_get_size(input, TRUE, &end) < 0) {
		source->failed(path, i_stream_get_error(input),
			       source->context);
		return;
	}
	T_BEGIN {
		source->mail(path, 0, NULL, input, source->context);
	} T_END;
}

/* A pipe cannot seek: its bytes are kept as they come. Unreferences pipe. */
static void source_pipe(const struct bounce_source *source, const char *path,
			struct istream *pipe)
{
	struct istream *inputs[] = { pipe, NULL }, *input;
	const unsigned char *data;
	const char *tmp = getenv("TMPDIR");
	size_t size;

	i_stream_set_blocking(inputs[0], TRUE);
	input = i_stream_create_seekable_path(inputs, INPUT_MEMORY_SIZE,
		t_strconcat(tmp != NULL ? tmp : "/tmp", "/bounce-classify.",
			    NULL));
	i_stream_unref(&inputs[0]);
	while (i_stream_read_more(input, &data, &size) > 0)
		i_stream_skip(input, size);
	if (input->stream_errno == 0)
		i_stream_seek(input, 0);
	source_stream(source, path, input);
	i_stream_unref(&input);
}

static void source_stdin(const struct bounce_source *source)
{
	struct istream *input;
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags == -1 || (flags & O_ACCMODE) == O_WRONLY) {
		source->failed("-", "Standard input is not open for reading",
			       source->context);
		return;
	}
	input = i_stream_create_fd(STDIN_FILENO, INPUT_BUFFER_SIZE);
	i_stream_set_name(input, "(standard input)");
	source_pipe(source, "-", input);
}

static void source_file(const struct bounce_source *source, const char *path)
{
	struct istream *input;
	struct stat st;
	bool seekable;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd == -1) {
		source->failed(path, t_strdup_printf("open() failed: %m"),
			       source->context);
		return;
	}
	seekable = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	input = i_stream_create_fd_autoclose(&fd, INPUT_BUFFER_SIZE);
	i_stream_set_name(input, path);
	if (!seekable) {
		source_pipe(source, path, input);
		return;
	}
	source_stream(source, path, input);
	i_stream_unref(&input);
}

static void source_dir(const struct bounce_source *source, const char *dir)
{
	ARRAY_TYPE(const_string) paths;
	const char *const *pathp;
	const char *path;
	struct dirent *d;
	struct stat st;
	DIR *dirp;

	if ((dirp = opendir(dir)) == NULL) {
		source->failed(dir, t_strdup_printf("opendir() failed: %m"),
			       source->context);
		return;
	}
	t_array_init(&paths, 64);
	while ((d = readdir(dirp)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		path = t_strdup_printf("%s/%s", dir, d->d_name);
		array_push_back(&paths, &path);
	}
	(void)closedir(dirp);
	array_sort(&paths, i_strcmp_p);
	array_foreach(&paths, pathp) T_BEGIN {
		/* what cannot be looked at is named by source_file() */
		if (stat(*pathp, &st) < 0 || S_ISREG(st.st_mode))
			source_file(source, *pathp);
	} T_END;
}

static bool source_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void bounce_source_read(const struct bounce_source *source, const char *path)
{
	const char *cur = t_strconcat(path, "/cur", NULL);
	const char *new = t_strconcat(path, "/new", NULL);

	if (strcmp(path, "-") == 0)
		source_stdin(source);
	else if (!source_is_dir(path))
		source_file(source, path);
	else if (source_is_dir(cur) && source_is_dir(new)) {
		source_dir(source, new);
		source_dir(source, cur);
	} else {
		source_dir(source, path);
	}
}
