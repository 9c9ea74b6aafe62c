/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

#include <ctype.h>

/* What servers answered, within a notice: where the answer for a recipient
   is, how far it goes and who was asked. */

/* Words before a host's name. */
static const char *const host_labels[] = {
	"while talking to ", "host ", "server ", "connected to ",
	"remote server ", "rejected by ", "by the host ", "response from ",
	"error from ", "generating server: ", "remote mta ", "from mx ", NULL
};

/* Text of a server's answer without what transcripts put before it. */
static const char *answer_strip_prompt(const char *text)
{
	text += strspn(text, " <>");
	if (bounce_string_ibegins(text, "received:"))
		text += strspn(text + 9, " <>") + 9;
	return text;
}

static bool answer_same_code(const char *text, const char *code)
{
	text = answer_strip_prompt(text);
	return strncmp(text, code, 3) == 0 &&
		(text[3] == ' ' || text[3] == '-');
}

static bool answer_begins_other(const struct bounce_notice_line *line)
{
	const char *text = line->text;

	return *text == '\0' || strncmp(text, ">>>", 3) == 0 ||
		strncmp(text, "<<<", 3) == 0 || strncmp(text, "--", 2) == 0 ||
		strncmp(text, "...", 3) == 0 || strncmp(text, "==", 2) == 0 ||
		bounce_status_reply_begins(text) ||
		/* Postfix wraps before it */
		(*text == '(' &&
		 !bounce_string_ibegins(text, "(in reply to")) ||
		(*text == '<' && line->indent == 0) ||
		bounce_notice_is_manners(line) ||
		bounce_string_ibegins(text, "giving up") ||
		bounce_string_ibegins(text, "final-recipient:") ||
		bounce_string_ibegins(text, "action:") ||
		bounce_string_ibegins(text, "status:");
}

/* "550 5.1.1", "#550 5.1.1", "550: (5.1.1)" */
static bool answer_is_refusal(const char *code, const char *at)
{
	const char *status;

	if (code == NULL)
		return FALSE;
	at += 3 + strspn(at + 3, " -:#(");
	status = bounce_status_find(at);
	return status != NULL && status[0] == code[0] &&
		bounce_string_begins(at, status);
}

bool bounce_notice_is_refusal(const char *text)
{
	const char *at, *code = bounce_status_reply_find(text, &at);

	return answer_is_refusal(code, at);
}

bool bounce_notice_line_is_refusal(const struct bounce_notice_line *line)
{
	return answer_is_refusal(line->reply, line->reply_at);
}

static unsigned int answer_count_char(const char *text, char chr)
{
	unsigned int count = 0;

	for (; *text != '\0'; text++) {
		if (*text == chr)
			count++;
	}
	return count;
}

/* Without what closes something that was opened before the text: "<mx #5.1.1
   smtp;550 no>" */
static const char *answer_strip_closing(const char *text)
{
	static const char closing[] = "'\")>]", opening[] = "'\"(<[";
	size_t len = strlen(text);
	const char *p;

	for (unsigned int i = 0; i < 4 && len > 3; i++) {
		p = strchr(closing, text[len - 1]);
		if (p == NULL)
			break;
		unsigned int closed = answer_count_char(text, *p);
		unsigned int opened = answer_count_char(text,
							opening[p - closing]);

		if (*p == opening[p - closing] ? closed % 2 == 0 :
		    closed <= opened)
			break;
		text = t_strndup(text, --len);
	}
	return text;
}

/* Those of one line, which are in the order of lines: a report of a thousand
   recipients asks for each of them and each line. Returns how many, which may be
   none. */
static unsigned int
answer_line_mentions(const struct bounce_notice *scan, unsigned int line,
		     const struct bounce_notice_mention **mentions_r)
{
	const struct bounce_notice_mention *mentions;
	unsigned int count, left = 0, right, idx, end;

	mentions = array_get(&scan->mentions, &count);
	right = count;
	while (left < right) {
		idx = left + (right - left) / 2;
		if (mentions[idx].line < line)
			left = idx + 1;
		else
			right = idx;
	}
	for (end = left; end < count && mentions[end].line == line; )
		end++;
	*mentions_r = mentions + left;
	return end - left;
}

static bool
answer_mentions_in_line(const struct bounce_notice *scan, unsigned int line,
			const struct bounce_recipient *rcpt)
{
	const struct bounce_notice_mention *mentions;
	unsigned int count = answer_line_mentions(scan, line, &mentions);

	while (count-- > 0) {
		if (bounce_notice_names_rcpt(mentions++, rcpt))
			return TRUE;
	}
	return FALSE;
}

static bool
answer_mentions_other(const struct bounce_notice *scan, unsigned int line,
		      const struct bounce_recipient *rcpt)
{
	const struct bounce_notice_mention *mentions;
	unsigned int count = answer_line_mentions(scan, line, &mentions);

	for (; count > 0; count--, mentions++) {
		if (mentions->recipient &&
		    !bounce_notice_names_rcpt(mentions, rcpt))
			return TRUE;
	}
	return FALSE;
}

/* The answer that begins in line i at reply; lines as far as it goes. */
const char *bounce_notice_answer_read(const struct bounce_notice *scan,
				    const struct bounce_recipient *rcpt,
				    unsigned int i, const char *at,
				    const char *code)
{
	unsigned int indent = bounce_notice_line(scan, i)->indent;
	unsigned int end = array_count(&scan->lines);
	const struct bounce_notice_line *line = bounce_notice_line(scan, i);
	string_t *words = t_str_new(256);
	const struct bounce_notice_line *next;
	bool more, wrapped, several = at[3] == '-';
	const char *text;

	str_append(words, at);
	for (i++; i < end && str_len(words) < BOUNCE_MAX_DIAGNOSTIC; i++) {
		next = bounce_notice_line(scan, i);
		/* "...deliver it to bob@example.com: 550 no" has its own */
		if (bounce_notice_begins_item(scan, rcpt, i) ||
		    (next->indent > 0 && next->indent < indent) ||
		    (answer_mentions_other(scan, i, rcpt) &&
		     next->reply != NULL))
			break;
		/* an indented line below one that is not further in; a sentence
		   that goes on, where the reply does not say where it ends */
		wrapped = strlen(line->text) > 55 ||
			(next->indent > 0 && next->indent >= line->indent) ||
			(!several && i_islower(next->text[0]));
		more = at[3] == '-';
		line = next;
		if (answer_same_code(line->text, code)) {
			if (!more && !wrapped)
				break;
			text = answer_strip_prompt(line->text);
			at = text;
		} else if ((wrapped || more) && !answer_begins_other(line) &&
			   !bounce_notice_line_is_refusal(line)) {
			text = line->text;
		} else {
			break;
		}
		str_append_c(words, ' ');
		str_append(words, text);
	}
	return answer_strip_closing(bounce_string_oneline(str_c(words),
							  BOUNCE_MAX_DIAGNOSTIC));
}

/* How well the line's answer fits: 0 = not at all, or it has none. */
static unsigned int answer_rank(const struct bounce_notice_line *line)
{
	const char *at = line->reply_at, *code = line->reply;
	unsigned int rank = 1;

	if (code == NULL || bounce_string_begins(line->text, ">>>") ||
	    bounce_string_ibegins(line->text, "out:"))
		return 0;
	if (code[0] == '5')
		rank++;
	if (bounce_status_find(at) != NULL)
		rank++;
	/* what follows from the refusal is not its cause, and a bare code says
	   none */
	if (at[3] == '\0' || strstr(line->folded, "no recipients") != NULL ||
	    strstr(line->folded, "need rcpt") != NULL ||
	    strstr(line->folded, "rcpt first") != NULL ||
	    strstr(line->folded, "service unavailable") != NULL ||
	    strncmp(at, "503", 3) == 0)
		rank = 1;
	return rank;
}

/* sendmail says in its own words what the server said in the line above:
   "<<< 553 SPF fail" becomes "550 5.1.1 bob@example.com... User unknown". */
static void
answer_use_quoted(const struct bounce_notice *scan, unsigned int first,
		  unsigned int *line, const char **at, const char **code)
{
	const struct bounce_notice_line *quoted;
	unsigned int i = *line;

	if (strstr(bounce_notice_line(scan, i)->text, "... ") == NULL ||
	    *at != bounce_notice_line(scan, i)->text)
		return;
	while (i > first) {
		quoted = bounce_notice_line(scan, --i);
		if (*quoted->text == '\0')
			continue;
		if (!bounce_string_begins(quoted->text, "<<<"))
			break;
		if (quoted->reply == NULL)
			break;
		*line = i;
		*at = quoted->reply_at;
		*code = quoted->reply;
	}
}

struct answer_best {
	unsigned int rank, line;
	const char *at, *code;
};

static void answer_weigh(const struct bounce_notice *scan, unsigned int i,
			 struct answer_best *best)
{
	const struct bounce_notice_line *line = bounce_notice_line(scan, i);
	unsigned int rank = answer_rank(line);

	if (rank > best->rank) {
		best->rank = rank;
		best->line = i;
		best->at = line->reply_at;
		best->code = line->reply;
	}
}

static bool answer_is_command(const struct bounce_notice *scan, unsigned int i)
{
	return strncmp(bounce_notice_line(scan, i)->text, ">>>", 3) == 0;
}

/* By the lines that name rcpt, and those below the commands that do. */
static void
answer_find_named(const struct bounce_notice *scan,
		  const struct bounce_recipient *rcpt,
		  const struct bounce_notice_region *region,
		  struct answer_best *best)
{
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->line >= region->end)
			break;
		if (mention->line + 1 < region->first ||
		    !bounce_notice_names_rcpt(mention, rcpt))
			continue;
		if (mention->line >= region->first)
			answer_weigh(scan, mention->line, best);
		if (mention->line + 1 < region->end &&
		    answer_is_command(scan, mention->line))
			answer_weigh(scan, mention->line + 1, best);
	}
}

/* By all lines but those that name others only. */
static void
answer_find_any(const struct bounce_notice *scan,
		const struct bounce_recipient *rcpt,
		const struct bounce_notice_region *region,
		struct answer_best *best)
{
	for (unsigned int i = region->first; i < region->end; i++) {
		if (answer_mentions_in_line(scan, i, rcpt) ||
		    (i > 0 && answer_is_command(scan, i - 1) &&
		     answer_mentions_in_line(scan, i - 1, rcpt)) ||
		    !answer_mentions_other(scan, i, rcpt))
			answer_weigh(scan, i, best);
	}
}

/* The best answer within region. only: it must name rcpt. */
bool bounce_notice_answer_find(const struct bounce_notice *scan,
			     const struct bounce_recipient *rcpt,
			     const struct bounce_notice_region *region, bool only,
			     unsigned int *line_r, const char **at_r,
			     const char **code_r)
{
	struct answer_best best;

	i_zero(&best);
	if (only)
		answer_find_named(scan, rcpt, region, &best);
	else
		answer_find_any(scan, rcpt, region, &best);
	if (best.rank == 0)
		return FALSE;
	*line_r = best.line;
	*at_r = best.at;
	*code_r = best.code;
	answer_use_quoted(scan, region->first, line_r, at_r, code_r);
	return TRUE;
}

/* "550 5.1.1" of the answer in line i, or NULL where it says whose it is or nothing
   of its own. */
static const char *
answer_nobodys(const struct bounce_notice *scan, unsigned int i)
{
	const struct bounce_notice_line *line = bounce_notice_line(scan, i);
	const struct bounce_notice_mention *mentions;
	const char *status;

	if (answer_rank(line) < 2 ||
	    answer_line_mentions(scan, i, &mentions) > 0 ||
	    (i > 0 && answer_is_command(scan, i - 1)))
		return NULL;
	status = bounce_status_find(line->reply_at);
	return t_strdup_printf("%.3s %s", line->reply,
			       status == NULL ? "" : status);
}

bool bounce_notice_answers_differ(const struct bounce_notice *scan,
				  const struct bounce_notice_region *region)
{
	const char *first = NULL, *answer;

	for (unsigned int i = region->first; i < region->end; i++) {
		answer = answer_nobodys(scan, i);
		if (answer != NULL && first != NULL &&
		    strcmp(answer, first) != 0)
			return TRUE;
		if (answer != NULL)
			first = answer;
	}
	return FALSE;
}

/* The host name (or address) at text, less what dresses it. Data stack, or
   NULL. */
static const char *answer_host_at(const char *text)
{
	const char *end, *host;

	text += strspn(text, " <[(\"'");
	end = text;
	while (i_isalnum(*end) || *end == '.' || *end == '-' || *end == '_')
		end++;
	while (end > text && end[-1] == '.')
		end--;
	host = t_strdup_until(text, end);
	return strchr(host, '.') != NULL && strlen(host) < 256 ? host : NULL;
}

const char *bounce_notice_host_find(const struct bounce_notice *scan,
				  const struct bounce_notice_region *region,
				  unsigned int line)
{
	const char *folded, *p, *host;
	unsigned int i, j;

	for (i = I_MIN(line + 1, region->end); i > region->first; i--) {
		folded = bounce_notice_line(scan, i - 1)->folded;
		for (j = 0; host_labels[j] != NULL; j++) {
			p = strstr(folded, host_labels[j]);
			/* "the mail system at host ..." is who reports */
			if (p == NULL || (p > folded + 2 &&
					  strncmp(p - 3, "at ", 3) == 0))
				continue;
			host = answer_host_at(p + strlen(host_labels[j]));
			if (host != NULL)
				return host;
		}
	}
	return NULL;
}

const char *bounce_notice_reporter_find(const struct bounce_notice *scan)
{
	static const char *const labels[] = {
		" at host ", " at ", " on ", NULL
	};
	const struct bounce_notice_line *line;
	const char *p, *host;

	array_foreach(&scan->lines, line) {
		p = strstr(line->folded, "generating server: ");
		if (p != NULL)
			return answer_host_at(p + strlen("generating server: "));
		/* "Hi. This is the qmail-send program at mx.example.com." */
		p = strstr(line->folded, "this is the ");
		if (p == NULL || p > line->folded + 8)
			continue;
		for (unsigned int i = 0; labels[i] != NULL; i++) {
			if (strstr(p, labels[i]) == NULL)
				continue;
			host = answer_host_at(strstr(p, labels[i]) +
					      strlen(labels[i]));
			if (host != NULL)
				return host;
		}
	}
	return NULL;
}
