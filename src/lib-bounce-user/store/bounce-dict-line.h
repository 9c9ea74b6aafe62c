#ifndef BOUNCE_DICT_LINE_H
#define BOUNCE_DICT_LINE_H

/* A dictionary that is a file, as Dovecot's driver writes it: a line for each key, and
   one for its value (both tab-escaped). */

/* The key of an address's record, as long as it may be. On the data stack. */
const char *t_bounce_dict_line_key(const char *address);
/* Read the file from where it is. Returns 1 with value_r from pool, 0 if it has no such
   key, -1 if only the driver can say. */
int bounce_dict_line_find(int fd, pool_t pool, const char *key,
			  const char **value_r);

#endif
