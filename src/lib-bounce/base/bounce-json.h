#ifndef BOUNCE_JSON_H
#define BOUNCE_JSON_H

/* JSON (RFC 8259) as the dictionary's records are written: an object in one line,
   without a space, in the order in which it is said. Jansson, which reads whatever else
   stands there, builds a tree first, and takes ten times as long. */

/* Write. Within an object: a name, then its value. Text must be valid UTF-8; what
   has to be escaped is. */
void bounce_json_append_name(string_t *dest, const char *name);
void bounce_json_append_text(string_t *dest, const char *text);
/* Before each value of an array. */
void bounce_json_append_comma(string_t *dest);

/* Read; *p moves on. FALSE: something else stands there, which may be right JSON
   nevertheless; *p is then of no use. */
bool bounce_json_read_char(char **p, char c);
/* It is unescaped and ended in place. No control characters, and no escapes but of
   quotes, "\" and "/". */
bool bounce_json_read_text(char **p, const char **text_r);
/* Digits and at most one point; no more than a double holds exactly. */
bool bounce_json_read_number(char **p, double *number_r);
/* At most 15 digits. */
bool bounce_json_read_integer(char **p, uint64_t *number_r);

#endif
