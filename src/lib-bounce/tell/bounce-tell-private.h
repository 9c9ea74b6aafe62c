#ifndef BOUNCE_TELL_PRIVATE_H
#define BOUNCE_TELL_PRIVATE_H

#include "lib.h"
#include "str.h"
#include "bounce-texts.h"
#include "bounce-tell.h"

/*
 * bounce-tell-doc.c: a text that is written in plain text and HTML at once
 */

struct bounce_tell_doc {
	const struct bounce_texts *texts;
	string_t *text, *html;
	/* nothing was written after a heading */
	bool headed;
	/* of the rows that follow, in per cent */
	unsigned int label_width;
};

/* On one line, without what turns the direction of the text around it; on the
   data stack. */
const char *t_bounce_tell_plain(const char *text);

/* title is the HTML's, and the first line of both. */
void bounce_tell_doc_begin(struct bounce_tell_doc *doc, const char *title);
void bounce_tell_doc_end(struct bounce_tell_doc *doc);
void bounce_tell_doc_heading(struct bounce_tell_doc *doc, const char *text);
void bounce_tell_doc_para(struct bounce_tell_doc *doc, const char *text);
/* What somebody else said. */
void bounce_tell_doc_quote(struct bounce_tell_doc *doc, const char *text);

/* Rows "name: value". A value that is NULL has no row. */
void bounce_tell_doc_facts_begin(struct bounce_tell_doc *doc);
/* The same where names are long and values are numbers. */
void bounce_tell_doc_figures_begin(struct bounce_tell_doc *doc);
/* label is a text's key. */
void bounce_tell_doc_fact(struct bounce_tell_doc *doc, const char *label,
			  const char *value);
void bounce_tell_doc_facts_end(struct bounce_tell_doc *doc);

/* A table of two columns, whose headers are texts' keys. */
void bounce_tell_doc_table_begin(struct bounce_tell_doc *doc,
				 const char *first, const char *second);
void bounce_tell_doc_table_row(struct bounce_tell_doc *doc, const char *first,
			       const char *second);
void bounce_tell_doc_table_end(struct bounce_tell_doc *doc);

/* How much of the whole failed, 0 to 100, and what it says. */
void bounce_tell_doc_bar(struct bounce_tell_doc *doc, double percent,
			 const char *text);

/*
 * bounce-tell-part.c: what several kinds say
 */

/* All that failed, those beyond the recipients included. */
unsigned int bounce_tell_part_failed(const struct bounce_tell *tell);
/* The original's subject, cut, or that it has none; on the data stack. */
const char *t_bounce_tell_part_subject(const struct bounce_tell *tell);
/* Why this one failed, and that it is not proven; on the data stack, or static. */
const char *
t_bounce_tell_part_meaning(const struct bounce_tell *tell,
			   const struct bounce_tell_recipient *rcpt);
/* It is about your mail "...", if it is about one. */
void bounce_tell_part_original(const struct bounce_tell *tell,
			       struct bounce_tell_doc *doc);
/* "20.0 %", as the language writes it; on the data stack. */
const char *t_bounce_tell_part_percent(const struct bounce_texts *texts,
				       double percent);
/* Is it known how many it went to? */
bool bounce_tell_part_is_known(const struct bounce_rate *rate);
/* All recipients: address and why. */
void bounce_tell_part_addresses(const struct bounce_tell *tell,
				struct bounce_tell_doc *doc);

/*
 * bounce-tell-body.c: what each kind says
 */

/* The subject, on the data stack. */
const char *bounce_tell_subject(const struct bounce_tell *tell);
void bounce_tell_body(const struct bounce_tell *tell,
		      struct bounce_tell_doc *doc);

/*
 * bounce-tell-held.c, bounce-tell-digest.c
 */

void bounce_tell_held(const struct bounce_tell *tell,
		      struct bounce_tell_doc *doc);
/* The first line, and the mail's subject; on the data stack. */
const char *t_bounce_tell_digest_title(const struct bounce_tell *tell);
void bounce_tell_digest(const struct bounce_tell *tell,
			struct bounce_tell_doc *doc);

/*
 * bounce-tell-answered.c
 */

/* How the notice can be answered, if it can. */
void bounce_tell_answered_offer(const struct bounce_tell *tell,
				struct bounce_tell_doc *doc);
/* The first line, and the mail's subject. */
const char *bounce_tell_answered_title(const struct bounce_tell *tell);
void bounce_tell_answered(const struct bounce_tell *tell,
			  struct bounce_tell_doc *doc);

/*
 * bounce-tell-csv.c
 */

/* The failed addresses as a spreadsheet reads them: UTF-8 with its mark, the
   language's separator, no cell that is a formula. */
void bounce_tell_csv(const struct bounce_tell *tell, string_t *str);

#endif
