#ifndef BOUNCE_SCAN_PRIVATE_H
#define BOUNCE_SCAN_PRIVATE_H

#include "bounce-scan.h"

/* One line of the notice. */
struct bounce_scan_line {
	/* without white space and quoting at its ends; "" = empty */
	const char *text;
	/* the same as bounce_text_fold() makes it */
	const char *folded;
	/* white space before the text */
	unsigned int indent;
};

/* One place where an address stands. */
struct bounce_scan_mention {
	const char *address;
	unsigned int line;
	/* bytes of the line's text */
	unsigned int begin, end;
	enum bounce_scan_tier tier;
	int score;
};

struct bounce_scan {
	pool_t pool;
	ARRAY(struct bounce_scan_line) lines;
	ARRAY(struct bounce_scan_mention) mentions;
	const char *notice;
	const char *folded;
	/* who got the report: they sent the mail */
	ARRAY_TYPE(const_string) self;
	/* to whom it went, as the report's header says */
	ARRAY_TYPE(const_string) failed;
};

/* Where the notice ends: the number of its lines. block_r is the first line of
   the returned header, or the number of lines if there is none. */
unsigned int bounce_scan_find_end(const ARRAY_TYPE(const_string) *lines,
				  unsigned int *block_r);

/* Find and weigh the addresses of the notice: fills scan->mentions. */
void bounce_scan_addresses(struct bounce_scan *scan,
			   const struct bounce_report *report);

bool bounce_scan_is_listed(const ARRAY_TYPE(const_string) *list,
			   const char *address);

#endif
