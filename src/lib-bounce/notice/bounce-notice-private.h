#ifndef BOUNCE_NOTICE_PRIVATE_H
#define BOUNCE_NOTICE_PRIVATE_H

#include "array.h"
#include "bounce-words.h"
#include "bounce-kind.h"
#include "bounce-notice.h"

/* One line of the notice. */
struct bounce_notice_line {
	/* without white space and quoting at its ends; "" = empty */
	const char *text;
	/* the same as bounce_string_fold() makes it */
	const char *folded;
	/* bounce_status_reply_find() of the text, and where it is; NULL if there
	   is none */
	const char *reply, *reply_at;
	/* the classes of words in it (group NOTICE) */
	bounce_words_set_t words;
	/* white space before the text */
	unsigned int indent;
	/* a row of dashes was below it */
	bool underlined;
	/* one of several rows that were a line: its number, from 1; 0 = a line */
	unsigned int row;
};

/* One place where an address is. */
struct bounce_notice_mention {
	const char *address;
	unsigned int line;
	/* bytes of the line's text */
	unsigned int begin, end;
	enum bounce_notice_tier tier;
	int score;
	/* the first line of the item that it belongs to */
	unsigned int head;
	/* the line above that announces it; NULL if there is none */
	const struct bounce_notice_line *above;
	/* the sender's, a contact's, quoted, in a link */
	bool foreign;
	/* it begins a line: an item begins here */
	bool starts;
	/* behind a label that says why, "Mailbox full: bob@example.com", or between what
	   became of it and why, "failed bob@example.com mailbox full" */
	bool labelled;
	/* a recipient's: bounce_notice_words() finds it out once */
	bool recipient;
	/* another name of the item's address: "(generated from ...)" */
	bool alias;
	/* it, or the line above, says that it is only delayed; that the mail reached it */
	bool delayed, reached;
};

/* Lines of the notice. */
struct bounce_notice_region {
	unsigned int first, end;
};
ARRAY_DEFINE_TYPE(bounce_notice_region, struct bounce_notice_region);

struct bounce_notice {
	pool_t pool;
	ARRAY(struct bounce_notice_line) lines;
	ARRAY(struct bounce_notice_mention) mentions;
	const char *notice;
	/* bounce_notice_folded(): room for it, filled once it was asked */
	char *folded;
	bool is_folded;
	/* the classes of words in the notice as one line */
	bounce_words_set_t words;
	/* who got the report: they sent the mail */
	ARRAY_TYPE(const_string) self;
	/* to whom it went, as the report's header says */
	ARRAY_TYPE(const_string) failed;
	/* the returned header is quoted, "> Subject: hello" */
	bool quoted;
	/* once they are read */
	ARRAY_TYPE(bounce_notice_region) groups;
	/* bounce_notice_refuses(), once it was asked */
	bool refuses, refuses_known;
};

/* Lines with at most BOUNCE_MAX_LINE bytes each, no CR. Data stack. */
void bounce_notice_lines_split(const char *text,
			       ARRAY_TYPE(const_string) *lines);
/* The first lines of text, which is theirs if it has no others; size_r: bytes.
   Data stack. */
const char *bounce_notice_lines_join(const char *text,
				     const ARRAY_TYPE(const_string) *lines,
				     unsigned int end, size_t *size_r);
/* The returned mail, which may be indented. Data stack. */
const char *bounce_notice_lines_block(const ARRAY_TYPE(const_string) *lines,
				      unsigned int first);
/* The lines of the notice, which has size bytes, into scan. */
void bounce_notice_lines_add(struct bounce_notice *scan,
			     const ARRAY_TYPE(const_string) *lines,
			     unsigned int end, size_t size);
/* Find the words of all lines at one go: phrases go on in the next line. */
void bounce_notice_lines_find_words(struct bounce_notice *scan);

/* Where the notice ends: the number of its lines. block_r is the first line of
   the returned header, or the number of lines if there is none. */
unsigned int bounce_notice_find_end(const ARRAY_TYPE(const_string) *lines,
				  unsigned int *block_r);

/* The Message-ID of the mail, where only the notice's own words name it, into
   report. */
void bounce_notice_find_id(const struct bounce_notice *scan,
			   struct bounce_report *report);

/* The line without at most indent bytes of white space at its start. */
const char *bounce_notice_unindent(const char *line, size_t indent);

/* Is the line a field of a mail's header, "Subject: hello"? */
bool bounce_notice_is_field(const char *line);

/* Find the next address in line at or behind *pos, which is set behind it. */
bool bounce_notice_address_next(const char *line, unsigned int *pos,
			      unsigned int *begin_r, unsigned int *end_r);
/* Is address in list? */
bool bounce_notice_is_listed(const ARRAY_TYPE(const_string) *list,
			   const char *address);

/* What the words before an address say of it; words: the classes of those of the
   line that they are in. */
struct bounce_notice_label {
	/* that it failed; in more than one word */
	bool failed, phrase;
	/* that it is somebody else's; that it is another name of one above */
	bool other, alias;
};
void bounce_notice_label_read(const char *before, bounce_words_set_t words,
			      struct bounce_notice_label *label_r);
/* Do the words before an address end with a colon; are they a field's name, in
   any language, that is not the sender's? */
bool bounce_notice_label_colon(const char *text);
bool bounce_notice_label_field(const char *text, bounce_words_set_t words);
/* Bytes of text without what dresses an address at its end, and the wide colon. */
size_t bounce_notice_label_undress(const char *text);
/* Do the words before two addresses differ by no more than their numbers: "1. "
   and "10. "? */
bool bounce_notice_label_alike(const char *text, unsigned int len,
			       const char *other, unsigned int other_len);
/* Does the line announce whom the mail reached? */
bool bounce_notice_says_delivered(const struct bounce_notice_line *line);
/* Does it say that the mail reached somebody, and nothing else? */
bool bounce_notice_says_reached(const struct bounce_notice_line *line);
/* "Delivered to:", "--- Successful recipients ---": is it a heading that does? */
bool bounce_notice_heads_reached(const struct bounce_notice_line *line);
/* Do the words before an address ("Delivered: "), or those behind it (": delivered",
   " | OK | 250 2.0.0"), say that the mail reached it? words: the classes of those of the
   line that they are in. */
bool bounce_notice_label_reached(const char *before, bounce_words_set_t words);
bool bounce_notice_behind_reached(const char *behind, bounce_words_set_t words);
/* "[OK] ", "bounced ": do the words before an address say what became of it, with behind
   it nothing, an answer or why? */
bool bounce_notice_label_state(const char *before, const char *behind);

/* Does text begin with a phrase of class (group NOTICE)? */
bool bounce_notice_begins_with(const char *text, enum bounce_words_class class);
/* Fill in what is said of mention alone, by its line, the one below and the one above:
   whether the mail reached it, or is only late. behind: the words behind it; fails: its line
   has words of failure. */
void bounce_notice_fate_read(struct bounce_notice *scan, const char *behind, bool fails,
			     struct bounce_notice_mention *mention);

/* For where there is none above. */
extern const struct bounce_notice_line bounce_notice_no_line;
/* The line that announces the list that mention is in. */
const struct bounce_notice_line *
bounce_notice_announced_by(struct bounce_notice *scan,
			   const struct bounce_notice_mention *mention);

/* Fill in what mention is by how it is there; those before it are in
   scan->mentions. */
void bounce_notice_weigh(struct bounce_notice *scan,
			 const struct bounce_report *report,
			 struct bounce_notice_mention *mention);
/* Find and weigh the addresses of the notice: fills scan->mentions. */
void bounce_notice_addresses(struct bounce_notice *scan,
			   const struct bounce_report *report);

static inline const struct bounce_notice_line *
bounce_notice_line(const struct bounce_notice *scan, unsigned int i)
{
	return array_idx(&scan->lines, i);
}

static inline bool
bounce_notice_line_has(const struct bounce_notice_line *line,
		       enum bounce_words_class class)
{
	return bounce_kind_has(line->words, class);
}

/* Does the line say why a delivery fails (see bounce_notice_has_cause())? */
bool bounce_notice_cause_in_line(const struct bounce_notice_line *line);
/* The same of a heading or label, with a colon or without, that says it of addresses
   below or beside it: "The sender's address is unknown:" does not. */
bool bounce_notice_cause_said(const char *text);
/* Does the paragraph that begins in line go on with what the mailer says? It
   quotes an answer, labels what it says, or is the transcript. */
bool bounce_notice_cause_goes_on(const struct bounce_notice_line *line);
/* Where the words of region end: what is below the recipients and below a
   paragraph that says why is somebody else's, unless it goes on. */
unsigned int
bounce_notice_cause_end(const struct bounce_notice *scan,
			const struct bounce_notice_region *region);
/* The first line of the paragraph before line end that says why, or else names a
   recipient. 0 if there is none. */
unsigned int
bounce_notice_cause_find(const struct bounce_notice *scan, unsigned int end);

/* Does the line hold a mailer's courtesies, which say nothing of the cause? */
bool bounce_notice_is_manners(const struct bounce_notice_line *line);

/* The lines that belong to rcpt, added to regions: from each line that names it
   as far as where the next recipient's begin. FALSE if no item is its own: only
   a sentence names it, or nothing does. */
bool bounce_notice_regions(const struct bounce_notice *scan,
			   const struct bounce_recipient *rcpt,
			   ARRAY_TYPE(bounce_notice_region) *regions);
/* Does another recipient's item than rcpt's begin in that line? */
bool bounce_notice_begins_item(const struct bounce_notice *scan,
			       const struct bounce_recipient *rcpt,
			       unsigned int line);
/* Fill in the original address of recipients that the notice gives another name
   to. */
void bounce_notice_aliases(const struct bounce_notice *scan,
			   struct bounce_report *report);

/* Is mention one of rcpt's addresses? */
bool bounce_notice_names_rcpt(const struct bounce_notice_mention *mention,
			    const struct bounce_recipient *rcpt);

/* Does text quote a refusal with its enhanced code, "550 5.1.1"? */
bool bounce_notice_is_refusal(const char *text);
bool bounce_notice_line_is_refusal(const struct bounce_notice_line *line);

/* The best answer of a server within region: its line, where in it the reply
   code is, and the code (data stack). only: it must name rcpt; else it must
   not name another recipient. */
bool bounce_notice_answer_find(const struct bounce_notice *scan,
			     const struct bounce_recipient *rcpt,
			     const struct bounce_notice_region *region, bool only,
			     unsigned int *line_r, const char **at_r,
			     const char **code_r);
/* Do answers in region that name nobody differ by their codes? */
bool bounce_notice_answers_differ(const struct bounce_notice *scan,
				  const struct bounce_notice_region *region);
/* That answer whole, as far as it goes before the next recipient's item. Data
   stack. */
const char *bounce_notice_answer_read(const struct bounce_notice *scan,
				    const struct bounce_recipient *rcpt,
				    unsigned int line, const char *at,
				    const char *code);
/* The SMTP command that answer, in that line, answers. Static, or NULL. */
const char *
bounce_notice_command_find(const struct bounce_notice *scan,
			 const struct bounce_notice_region *region,
			 unsigned int line, const char *answer);
/* The host that gave the answer in that line. Data stack, or NULL. */
const char *bounce_notice_host_find(const struct bounce_notice *scan,
				  const struct bounce_notice_region *region,
				  unsigned int line);

/* bounce-notice-list.c: as far as the list goes that rcpt is in, of several that are
   announced each in words of its own: what is said of the next one is not said of rcpt. */
unsigned int bounce_notice_list_end(const struct bounce_notice *scan,
				    const struct bounce_recipient *rcpt);
/* Does the line announce a list of recipients: "These addresses do not exist:"? */
bool bounce_notice_announces(const struct bounce_notice *scan,
			     const struct bounce_notice_line *line);

/* bounce-notice-row.c: is that between two addresses that are named together,
   "<a@example.com>, <b@example.com> and c@example.com"? */
bool bounce_notice_is_joined(const char *text);
/* What is behind the address that ends there, and behind those that are named together
   with it: "bob@example.com, eve@example.org and ann@example.net." */
const char *bounce_notice_behind_list(const char *line, unsigned int end);
/* Is the line addresses and what dresses them, and nothing else? */
bool bounce_notice_is_row(const struct bounce_notice_line *line);
/* Add the rows of a line to rows, each of them an address that has words of its own:
   "bob@example.com (mailbox full), eve@example.com (no such user)"; or the whole line.
   Data stack. */
void bounce_notice_row_split(const char *line, ARRAY_TYPE(const_string) *rows);

/* bounce-notice-group.c: the lines are all known; there is more than one address. */
void bounce_notice_groups_read(struct bounce_notice *scan);
/* The group that line is in, its heading first; NULL if it is in none, or if the
   headings do not say why. */
const struct bounce_notice_region *
bounce_notice_group(const struct bounce_notice *scan, unsigned int line);
bool bounce_notice_heads_group(const struct bounce_notice *scan,
			       unsigned int line);

/* bounce-notice-hanging.c: does an address at a line's start go on with what a server
   answered? */
bool
bounce_notice_continues_answer(struct bounce_notice *scan,
			       const struct bounce_notice_mention *mention);

/* bounce-notice-look.c: is there nothing but markup before (or behind) an address? */
bool bounce_notice_is_dress(const char *text);
/* "Recipient: ", "Empfänger: ", "Failed recipient: " */
bool bounce_notice_is_recipient_field(const char *text);
/* A list's number, a field's name: "1. ", "Recipient: " */
bool bounce_notice_is_listing(const char *text);
/* Do words follow that belong to the address? */
bool bounce_notice_has_text_behind(const char *behind);
/* "Doe, John (": a name of len bytes before an address */
bool bounce_notice_is_name(const char *before, size_t len);
/* Part of an X.400 address: "C=DE;S=Doe;DDA:RFC-822=" */
bool bounce_notice_is_x400(const char *text);
bool bounce_notice_is_url(const char *text, unsigned int begin);
/* "   ----- Transcript of session follows -----", or underlined */
bool bounce_notice_is_heading(const struct bounce_notice_line *line);

#endif
