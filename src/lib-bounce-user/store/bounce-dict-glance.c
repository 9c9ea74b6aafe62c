/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* One record of a dictionary that is a file. Dovecot's driver reads all of it into
   memory first, which takes longer than twenty of these passes over it. */

#include "lib.h"
#include "buffer.h"
#include "strescape.h"
#include "bounce-dict-private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* More often than this it pays to read it all. */
#define MAX_GLANCES 16
#define READ_SIZE (128 * 1024)
/* A line that is longer is the driver's. */
#define MAX_LINE (1024 * 1024)

struct dict_glance {
	int fd;
	buffer_t *buf;
	/* what follows is not read yet */
	size_t pos;
};

static bool glance_pays(struct bounce_dict *dict, int fd)
{
	struct bounce_dict_file now;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return FALSE;
	bounce_dict_file_identify(&st, &now);
	if (bounce_dict_file_equals(&now, &dict->loaded))
		return FALSE;
	if (!bounce_dict_file_equals(&now, &dict->glanced)) {
		dict->glanced = now;
		dict->glances = 0;
	}
	return dict->glances++ < MAX_GLANCES;
}

/* The next line, valid until the next call. Returns 1, 0 at the end, -1 if the
   driver is to be asked. */
static int
glance_line(struct dict_glance *glance, const char **line_r, size_t *size_r)
{
	size_t seen = 0;
	ssize_t ret;

	for (;;) {
		const char *data = CONST_PTR_OFFSET(glance->buf->data,
						    glance->pos);
		size_t size = glance->buf->used - glance->pos;
		const char *end = size == seen ? NULL :
			memchr(data + seen, '\n', size - seen);

		if (end != NULL) {
			*line_r = data;
			*size_r = end - data;
			glance->pos += *size_r + 1;
			return 1;
		}
		if (size > MAX_LINE)
			return -1;
		seen = size;
		buffer_delete(glance->buf, 0, glance->pos);
		glance->pos = 0;
		ret = read(glance->fd,
			   buffer_get_space_unsafe(glance->buf, size,
						   READ_SIZE), READ_SIZE);
		buffer_set_used_size(glance->buf, size + I_MAX(ret, 0));
		if (ret < 0 || (ret == 0 && size > 0))
			return -1;
		if (ret == 0)
			return 0;
	}
}

/* Keys and values in turn. */
static int
glance_find(struct dict_glance *glance, pool_t pool, const char *key,
	    const char **value_r)
{
	const char *wanted = str_tabescape(key), *line;
	size_t len = strlen(wanted), size;
	bool found;
	int ret;

	while ((ret = glance_line(glance, &line, &size)) > 0) {
		found = size == len && memcmp(line, wanted, len) == 0;
		if (glance_line(glance, &line, &size) <= 0)
			return -1;
		if (found) {
			*value_r = str_tabunescape(p_strndup(pool, line, size));
			return 1;
		}
	}
	return ret;
}

int bounce_dict_glance(struct bounce_dict *dict, pool_t pool,
		       const char *address, struct bounce_record *rec_r)
{
	struct dict_glance glance;
	const char *value, *error;
	int ret;

	if (dict->file == NULL)
		return -1;
	glance.fd = open(dict->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (glance.fd == -1)
		return -1;
	if (!glance_pays(dict, glance.fd))
		ret = -1;
	else {
		glance.buf = buffer_create_dynamic(default_pool, READ_SIZE * 2);
		glance.pos = 0;
		ret = glance_find(&glance, pool_datastack_create(),
				  t_bounce_dict_key(dict, address), &value);
		buffer_free(&glance.buf);
	}
	i_close_fd(&glance.fd);
	/* what is wrong the driver will say */
	if (ret > 0 && bounce_dict_decode(pool, address, value, rec_r,
					  &error) < 0)
		ret = -1;
	if (ret >= 0)
		dict->down = FALSE;
	return ret;
}
