/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-scan-private.h"
#include "bounce-status.h"
#include "bounce-text.h"

#include <ctype.h>

/* What the notice says of each recipient: from the line that lists it as far
   as the next recipient's, and the server's answers that name it. */

struct region {
	unsigned int first, end;
};

/* What a server was asked, as the notices of the world put it. Folded. */
static const struct {
	const char *text;
	const char *command;
} commands[] = {
	{ "end of data", "DATA" },
	{ "final data", "DATA" },
	{ "after data", "DATA" },
	{ "rcpt to", "RCPT TO" },
	{ "rcpt command", "RCPT TO" },
	{ "mail from", "MAIL FROM" },
	{ "starttls", "STARTTLS" },
	{ "ehlo", "EHLO" },
	{ "helo", "HELO" },
	{ "lhlo", "LHLO" },
	{ "data command", "DATA" },
	{ ">>> data", "DATA" },
	{ "sent: data", "DATA" },
	{ "initial connection", "CONNECT" },
	{ "greeting", "CONNECT" },
};

/* Words before a host's name. */
static const char *const host_labels[] = {
	"while talking to ", "host ", "server ", "connected to ",
	"remote server ", "rejected by ", "by the host ", "response from ",
	"error from ", "generating server: ", "remote mta ", "from mx ", NULL
};

/* Lines that are the mailer's manners; they say nothing of the cause. */
static const char *const manners[] = {
	"this message was created automatically", "this is an automatically",
	"this is the mail system at host", "do not reply", "please do not",
	"i'm sorry to have to inform", "for further assistance",
	"if you do so, please include", "delete your own text",
	"more information", "this report",
	"please include", "best regards", "thank you", "the mail system",
	"automatically generated", "this is the", NULL
};

static const struct bounce_scan_line *
line_at(const struct bounce_scan *scan, unsigned int i)
{
	return array_idx(&scan->lines, i);
}

static bool is_listed(const struct bounce_scan_mention *mention)
{
	return mention->tier >= BOUNCE_SCAN_SENTENCE;
}

static bool names(const struct bounce_scan_mention *mention,
		  const struct bounce_recipient *rcpt)
{
	return strcasecmp(mention->address, rcpt->address) == 0 ||
		(rcpt->original_address != NULL &&
		 strcasecmp(mention->address, rcpt->original_address) == 0);
}

static bool is_recipients(const struct bounce_scan_mention *mention,
			  const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->address != NULL && names(mention, rcpt))
			return TRUE;
	}
	return FALSE;
}

/* The lines that belong to rcpt. FALSE if it is not listed. */
static bool find_region(const struct bounce_scan *scan,
			const struct bounce_report *report,
			const struct bounce_recipient *rcpt,
			struct region *region_r)
{
	const struct bounce_scan_mention *mention, *first = NULL;

	array_foreach(&scan->mentions, mention) {
		if (first == NULL) {
			if (is_listed(mention) && names(mention, rcpt))
				first = mention;
			continue;
		}
		if (mention->tier >= BOUNCE_SCAN_LISTED &&
		    mention->line > first->line && !names(mention, rcpt) &&
		    is_recipients(mention, report)) {
			region_r->first = first->line;
			region_r->end = mention->line;
			return TRUE;
		}
	}
	if (first == NULL)
		return FALSE;
	region_r->first = first->line;
	region_r->end = array_count(&scan->lines);
	return TRUE;
}

/* Text of a server's answer without what transcripts put before it. */
static const char *strip_prompt(const char *text)
{
	text += strspn(text, " <>");
	if (bounce_text_ibegins(text, "received:"))
		text += strspn(text + 9, " <>") + 9;
	return text;
}

static bool same_code(const char *text, const char *code)
{
	text = strip_prompt(text);
	return strncmp(text, code, 3) == 0 &&
		(text[3] == ' ' || text[3] == '-');
}

static bool begins_other(const struct bounce_scan_line *line)
{
	const char *text = line->text;

	return *text == '\0' || strncmp(text, ">>>", 3) == 0 ||
		strncmp(text, "<<<", 3) == 0 || strncmp(text, "--", 2) == 0 ||
		strncmp(text, "...", 3) == 0 || strncmp(text, "==", 2) == 0 ||
		bounce_reply_begins(text) || *text == '(' ||
		(*text == '<' && line->indent == 0) ||
		bounce_text_find(line->folded, manners) == line->folded ||
		bounce_text_ibegins(text, "giving up") ||
		bounce_text_ibegins(text, "final-recipient:") ||
		bounce_text_ibegins(text, "action:") ||
		bounce_text_ibegins(text, "status:");
}

/* The answer that begins in line i at reply; lines as far as it goes. */
static const char *read_answer(const struct bounce_scan *scan, unsigned int i,
			       const char *at, const char *code,
			       unsigned int end)
{
	const struct bounce_scan_line *line = line_at(scan, i);
	string_t *words = t_str_new(256);
	const struct bounce_scan_line *next;
	bool more, wrapped;
	const char *text;

	str_append(words, at);
	for (i++; i < end && str_len(words) < BOUNCE_MAX_DIAGNOSTIC; i++) {
		next = line_at(scan, i);
		/* an indented line below one that is not further in */
		wrapped = strlen(line->text) > 55 ||
			(next->indent > 0 && next->indent >= line->indent);
		more = at[3] == '-';
		line = next;
		if (same_code(line->text, code)) {
			if (!more && !wrapped)
				break;
			text = strip_prompt(line->text);
			at = text;
		} else if ((wrapped || more) && !begins_other(line)) {
			text = line->text;
		} else {
			break;
		}
		str_append_c(words, ' ');
		str_append(words, text);
	}
	text = bounce_text_oneline(str_c(words), BOUNCE_MAX_DIAGNOSTIC);
	/* quotes that close what opened before the code */
	i = strlen(text);
	while (i > 4 && (text[i - 1] == '\'' || text[i - 1] == '"' ||
			 (text[i - 1] == ')' && strchr(text, '(') == NULL)))
		i--;
	return t_strndup(text, i);
}

static bool mentions_in_line(const struct bounce_scan *scan, unsigned int line,
			     const struct bounce_recipient *rcpt)
{
	const struct bounce_scan_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->line == line && names(mention, rcpt))
			return TRUE;
		if (mention->line > line)
			break;
	}
	return FALSE;
}

static bool mentions_other(const struct bounce_scan *scan, unsigned int line,
			   const struct bounce_report *report,
			   const struct bounce_recipient *rcpt)
{
	const struct bounce_scan_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->line == line && !names(mention, rcpt) &&
		    is_recipients(mention, report))
			return TRUE;
		if (mention->line > line)
			break;
	}
	return FALSE;
}

/* How well an answer fits: 0 = not at all. */
static unsigned int answer_rank(const struct bounce_scan_line *line,
				const char *at, const char *code)
{
	unsigned int rank = 1;

	if (bounce_text_begins(line->text, ">>>") ||
	    bounce_text_ibegins(line->text, "out:"))
		return 0;
	if (code[0] == '5')
		rank++;
	if (bounce_status_find(at) != NULL)
		rank++;
	/* what follows from the refusal is not its cause */
	if (strstr(line->folded, "no recipients") != NULL ||
	    strstr(line->folded, "need rcpt") != NULL ||
	    strstr(line->folded, "rcpt first") != NULL ||
	    strstr(line->folded, "service unavailable") != NULL ||
	    strncmp(at, "503", 3) == 0)
		rank = 1;
	return rank;
}

/* sendmail says in its own words what the server said in the line above:
   "<<< 553 SPF fail" becomes "550 5.1.1 bob@example.com... User unknown". */
static void use_quoted(const struct bounce_scan *scan, unsigned int first,
		       unsigned int *line, const char **at, const char **code)
{
	const struct bounce_scan_line *quoted;
	const char *quoted_at, *quoted_code;
	unsigned int i = *line;

	if (strstr(line_at(scan, i)->text, "... ") == NULL ||
	    *at != line_at(scan, i)->text)
		return;
	while (i > first) {
		quoted = line_at(scan, --i);
		if (!bounce_text_begins(quoted->text, "<<<"))
			break;
		quoted_code = bounce_reply_find(quoted->text, &quoted_at);
		if (quoted_code == NULL)
			break;
		*line = i;
		*at = quoted_at;
		*code = quoted_code;
	}
}

/* The best answer within region. only: it must name rcpt. */
static bool find_answer(const struct bounce_scan *scan,
			const struct bounce_report *report,
			const struct bounce_recipient *rcpt,
			const struct region *region, bool only,
			unsigned int *line_r, const char **at_r,
			const char **code_r)
{
	const struct bounce_scan_line *line;
	const char *at, *code;
	unsigned int i, rank, best = 0;
	bool named;

	for (i = region->first; i < region->end; i++) {
		line = line_at(scan, i);
		code = bounce_reply_find(line->text, &at);
		if (code == NULL)
			continue;
		named = mentions_in_line(scan, i, rcpt) ||
			(i > 0 && strncmp(line_at(scan, i - 1)->text,
					  ">>>", 3) == 0 &&
			 mentions_in_line(scan, i - 1, rcpt));
		if (only ? !named :
		    (!named && mentions_other(scan, i, report, rcpt)))
			continue;
		rank = answer_rank(line, at, code);
		if (rank > best) {
			best = rank;
			*line_r = i;
			*at_r = at;
			*code_r = code;
		}
	}
	if (best > 0)
		use_quoted(scan, region->first, line_r, at_r, code_r);
	return best > 0;
}

static const char *find_command(const struct bounce_scan *scan,
				const struct region *region, unsigned int line,
				const char *answer)
{
	const char *folded = bounce_text_fold(answer, BOUNCE_MAX_LINE), *p;
	unsigned int first, i, j;

	p = strstr(folded, "in reply to ");
	if (p != NULL) {
		for (j = 0; j < N_ELEMENTS(commands); j++) {
			if (strstr(p, commands[j].text) != NULL)
				return commands[j].command;
		}
		if (strstr(p, "data") != NULL)
			return "DATA";
	}
	/* the lines above, the nearest first */
	first = line > region->first + 3 ? line - 3 : region->first;
	if (first > 0 && line > 0 && first == line)
		first--;
	for (i = I_MIN(line + 1, region->end); i > first; i--) {
		folded = line_at(scan, i - 1)->folded;
		for (j = 0; j < N_ELEMENTS(commands); j++) {
			if (strstr(folded, commands[j].text) != NULL)
				return commands[j].command;
		}
	}
	return NULL;
}

static const char *find_host(const struct bounce_scan *scan,
			     const struct region *region, unsigned int line)
{
	const char *folded, *p, *end, *host;
	unsigned int i, j;

	for (i = I_MIN(line + 1, region->end); i > region->first; i--) {
		folded = line_at(scan, i - 1)->folded;
		for (j = 0; host_labels[j] != NULL; j++) {
			p = strstr(folded, host_labels[j]);
			if (p == NULL)
				continue;
			p += strlen(host_labels[j]);
			p += strspn(p, " <[(\"'");
			end = p;
			while (i_isalnum(*end) || *end == '.' || *end == '-' ||
			       *end == '_')
				end++;
			while (end > p && end[-1] == '.')
				end--;
			host = t_strdup_until(p, end);
			if (strchr(host, '.') != NULL && strlen(host) < 256)
				return host;
		}
	}
	return NULL;
}

/* The mailer's own words within region, without its manners. */
static const char *find_explanation(const struct bounce_scan *scan,
				    const struct region *region)
{
	string_t *words = t_str_new(256);
	const struct bounce_scan_line *line;

	for (unsigned int i = region->first; i < region->end &&
	     str_len(words) < BOUNCE_MAX_EXPLANATION; i++) {
		line = line_at(scan, i);
		if (*line->text == '\0' ||
		    bounce_text_find(line->folded, manners) != NULL)
			continue;
		if (str_len(words) > 0)
			str_append_c(words, ' ');
		str_append(words, line->text);
	}
	return bounce_text_oneline(str_c(words), BOUNCE_MAX_EXPLANATION);
}

/* A region of one recipient that holds no more than its address: the words
   stand for all of them, before or behind. */
static bool is_bare(const struct bounce_scan *scan, const struct region *region)
{
	const struct bounce_scan_line *line;
	unsigned int letters = 0;

	for (unsigned int i = region->first; i < region->end; i++) {
		line = line_at(scan, i);
		if (i == region->first && strchr(line->text, '@') != NULL &&
		    strlen(line->text) < 80 &&
		    strchr(line->text, ' ') == NULL)
			continue;
		letters += strlen(line->text);
	}
	return letters < 8;
}

static void fill(struct bounce_scan *scan, const struct bounce_report *report,
		 struct bounce_recipient *rcpt)
{
	const struct region whole = { 0, array_count(&scan->lines) };
	struct region region = whole;
	unsigned int line = 0;
	const char *at, *code, *answer = NULL;
	bool listed, alone = array_count(&report->recipients) == 1;

	listed = rcpt->address != NULL &&
		find_region(scan, report, rcpt, &region);
	if (listed && is_bare(scan, &region))
		region = whole;
	if (rcpt->diagnostic == NULL) {
		if ((rcpt->address != NULL &&
		     find_answer(scan, report, rcpt, &region, TRUE, &line,
				 &at, &code)) ||
		    (rcpt->address != NULL &&
		     find_answer(scan, report, rcpt, &whole, TRUE, &line,
				 &at, &code)) ||
		    find_answer(scan, report, rcpt, &region, FALSE, &line,
				&at, &code) ||
		    (alone && find_answer(scan, report, rcpt, &whole, FALSE,
					  &line, &at, &code)))
			answer = read_answer(scan, line, at, code, whole.end);
		rcpt->diagnostic = p_strdup(scan->pool, answer);
	} else {
		(void)find_answer(scan, report, rcpt, &region, FALSE, &line,
				  &at, &code);
		answer = rcpt->diagnostic;
	}
	if (answer != NULL) {
		if (rcpt->command == NULL)
			rcpt->command = find_command(scan, &whole, line,
						     answer);
		if (rcpt->remote_mta == NULL)
			rcpt->remote_mta = p_strdup(scan->pool,
				find_host(scan, &whole, line));
	}
	if (rcpt->explanation == NULL && (listed || alone))
		rcpt->explanation = p_strdup(scan->pool,
			find_explanation(scan, &region));
	if (alone && rcpt->explanation != NULL && region.first > 0 &&
	    strlen(rcpt->explanation) < 200) {
		/* what stands before the address may be the reason */
		rcpt->explanation = p_strdup(scan->pool,
			find_explanation(scan, &whole));
	}
}

/* Codes that a mailer puts before the one that it was given. */
static bool is_vague(const char *status)
{
	return strcmp(status + 1, ".4.7") == 0 ||
		strcmp(status + 1, ".1.0") == 0 ||
		strcmp(status + 1, ".0.0") == 0 ||
		strcmp(status + 1, ".3.0") == 0;
}

/* "554 4.4.7 Message expired <421 4.4.2 Connection timed out>": the inner
   answer is the remote host's. */
static const char *find_status(const char *text)
{
	const char *status = bounce_status_find(text), *inner;

	if (status == NULL || !is_vague(status))
		return status;
	inner = bounce_status_find(strstr(text, status) + strlen(status));
	return inner == NULL ? status : inner;
}

static void fill_codes(struct bounce_scan *scan, struct bounce_recipient *rcpt)
{
	const char *status = NULL, *reply = NULL;

	if (rcpt->diagnostic != NULL) {
		status = find_status(rcpt->diagnostic);
		reply = bounce_reply_find(rcpt->diagnostic, NULL);
	}
	if (status == NULL && rcpt->explanation != NULL) {
		status = bounce_status_find(rcpt->explanation);
		/* "5.0.0" says less than what the mailer says elsewhere */
		if (status != NULL && rcpt->status_field != NULL &&
		    (strcmp(rcpt->status_field + 1, ".0.0") != 0 ||
		     rcpt->status_field[0] != status[0]))
			status = NULL;
	}
	if (status == NULL)
		status = rcpt->status_field;
	if (rcpt->status == NULL)
		rcpt->status = p_strdup(scan->pool, status);
	if (rcpt->reply == NULL)
		rcpt->reply = p_strdup(scan->pool, reply);
}

void bounce_scan_words(struct bounce_scan *scan, struct bounce_report *report)
{
	struct bounce_recipient *rcpt;

	array_foreach_modifiable(&report->recipients, rcpt) T_BEGIN {
		fill(scan, report, rcpt);
		fill_codes(scan, rcpt);
	} T_END;
}
