#ifndef BOUNCE_STATUS_H
#define BOUNCE_STATUS_H

/* Codes within text: RFC 3463 enhanced status codes ("5.1.1") and RFC 5321
   reply codes ("550"). What they mean is bounce-verdict's. */

/* The first enhanced status code of text whose class is 2, 4 or 5, on the data
   stack, or NULL. Parts of host addresses and version numbers are none. */
const char *bounce_status_find(const char *text);

/* The same for the value of a Status field (RFC 3464 section 2.3.4), where a
   code is expected: if there is none else, one with which value begins, whatever
   its subject. */
const char *bounce_status_field(const char *value);

/* Is text, as a whole, an enhanced status code of class 2, 4 or 5? */
bool bounce_status_is_valid(const char *text);

/* The first reply code of text (400 to 599) that is one: followed by a
   space, a hyphen or the end, at a word's start. On the data stack, or NULL.
   at_r (may be NULL) is where it is. */
const char *bounce_status_reply_find(const char *text, const char **at_r);

/* Does text begin with a reply code, "550 " or "550-"? */
bool bounce_status_reply_begins(const char *text);

#endif
