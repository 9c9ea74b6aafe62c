/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "dict.h"
#include "strescape.h"
#include "bounce-dict-line.h"
#include "bounce-record.h"

#include <unistd.h>

#define READ_SIZE (128 * 1024)
/* A line that is longer is the driver's. */
#define MAX_LINE (1024 * 1024)

struct dict_lines {
	int fd;
	buffer_t *buf;
	/* what follows is not read yet */
	size_t pos;
};

/* The next line, valid until the next call. Returns 1, 0 at the end, -1 if the
   driver is to be asked. */
static int
lines_next(struct dict_lines *lines, const char **line_r, size_t *size_r)
{
	size_t seen = 0;
	ssize_t ret;

	for (;;) {
		const char *data = CONST_PTR_OFFSET(lines->buf->data,
						    lines->pos);
		size_t size = lines->buf->used - lines->pos;
		const char *end = size == seen ? NULL :
			memchr(data + seen, '\n', size - seen);

		if (end != NULL) {
			*line_r = data;
			*size_r = end - data;
			lines->pos += *size_r + 1;
			return 1;
		}
		if (size > MAX_LINE)
			return -1;
		seen = size;
		buffer_delete(lines->buf, 0, lines->pos);
		lines->pos = 0;
		ret = read(lines->fd,
			   buffer_get_space_unsafe(lines->buf, size,
						   READ_SIZE), READ_SIZE);
		buffer_set_used_size(lines->buf, size + I_MAX(ret, 0));
		if (ret < 0 || (ret == 0 && size > 0))
			return -1;
		if (ret == 0)
			return 0;
	}
}

/* Keys and values in turn. */
static int
lines_find(struct dict_lines *lines, pool_t pool, const char *key,
	   const char **value_r)
{
	const char *wanted = str_tabescape(key), *line;
	size_t len = strlen(wanted), size;
	bool found;
	int ret;

	while ((ret = lines_next(lines, &line, &size)) > 0) {
		found = size == len && memcmp(line, wanted, len) == 0;
		if (lines_next(lines, &line, &size) <= 0)
			return -1;
		if (found) {
			*value_r = str_tabunescape(p_strndup(pool, line, size));
			return 1;
		}
	}
	return ret;
}

int bounce_dict_line_find(int fd, pool_t pool, const char *key,
			  const char **value_r)
{
	struct dict_lines lines = { .fd = fd };
	int ret;

	lines.buf = buffer_create_dynamic(default_pool, READ_SIZE * 2);
	ret = lines_find(&lines, pool, key, value_r);
	buffer_free(&lines.buf);
	return ret;
}

const char *t_bounce_dict_line_key(const char *address)
{
	return t_strconcat(BOUNCE_DICT_ADDRESS_PREFIX,
			   dict_escape_string(address), NULL);
}
