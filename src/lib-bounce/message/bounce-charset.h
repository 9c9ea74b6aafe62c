#ifndef BOUNCE_CHARSET_H
#define BOUNCE_CHARSET_H

/* Charsets other than UTF-8, by Dovecot's translation (iconv). glibc loads a module
   for most of them, and unloads it with their last translation, which takes longer
   than to read a report: the last few translations stay. */

/* The longest name that one may have, and its NUL. */
#define BOUNCE_CHARSET_SIZE 32

/* All of a text to UTF-8, on the data stack; what is not valid becomes U+FFFD. name: as
   a Content-Type has it; a charset that nobody knows is taken for UTF-8. Returns FALSE
   if a character is cut at the end (data and size mean nothing then). */
bool bounce_charset_translate(const char *name, const unsigned char **data,
			      size_t *size);
/* Somebody else is going to translate from it. */
void bounce_charset_keep(const char *name);
/* Give up those that stayed. */
void bounce_charset_deinit(void);

#endif
