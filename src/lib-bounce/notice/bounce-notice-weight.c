/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

/* Each address of the notice is weighed by how it is there. */

/* Bytes of the names of a table's columns. */
#define COLUMNS_MAX 40

static const char *const generic_locals[] = {
	"postmaster", "mailer-daemon", "abuse", "support", "helpdesk",
	"noreply", "no-reply", "hostmaster", "mailerdaemon", "daemon",
	"listmaster", "sympa", NULL
};

static bool notice_is_generic_local(const char *address)
{
	const char *local = t_str_lcase(t_strcut(address, '@'));

	return str_array_find(generic_locals, local);
}

/* Does the line begin with a field named by a word of class: "Subject:"? */
static bool notice_begins_field(const struct bounce_notice_line *line,
				enum bounce_words_class class)
{
	const char *name, *wide = strstr(line->text, "\xef\xbc\x9a");
	size_t len = strcspn(line->text, ":"), end;

	if (wide != NULL && (size_t)(wide - line->text) < len)
		len = wide - line->text;
	if (!bounce_notice_line_has(line, class) || line->text[len] == '\0')
		return FALSE;
	name = bounce_words_fold(t_strndup(line->text, len));
	end = bounce_words_begin(BOUNCE_WORDS_NOTICE, name, class);
	return end > 0 && name[end] == '\0';
}

/* "To:" within a description of the mail ("Subject:", "Sent:")? */
static bool notice_describes_mail(struct bounce_notice *scan, unsigned int line)
{
	unsigned int i, count = array_count(&scan->lines);

	if (!notice_begins_field(bounce_notice_line(scan, line),
				 BOUNCE_WORD_TOWARDS))
		return FALSE;
	for (i = line > 3 ? line - 3 : 0; i < count && i <= line + 3; i++) {
		if (notice_begins_field(bounce_notice_line(scan, i),
					BOUNCE_WORD_DESCRIBING))
			return TRUE;
	}
	return FALSE;
}

/* "Doe, John (john@example.com) on Monday": a name and its address, below
   the line that announces the list. */
static bool notice_is_named(const char *before,
			    const struct bounce_notice_line *above)
{
	return bounce_notice_is_name(before, strlen(before)) &&
		bounce_notice_label_colon(above->folded) &&
		bounce_notice_line_has(above, BOUNCE_WORD_ANNOUNCING) &&
		!bounce_kind_has(bounce_kind_words(before),
				 BOUNCE_WORD_CONTACTING);
}

/* A table's cell: what is in the row before it is another's. */
static const char *notice_cell_begin(const char *before)
{
	const char *bar = strrchr(before, '|');

	return bar == NULL ? before : bar + 1;
}

struct context {
	struct bounce_notice *scan;
	/* the words before and behind the address */
	const char *before, *folded, *behind;
	/* what those before it say of it */
	struct bounce_notice_label label;
	/* the line above that has no address */
	const struct bounce_notice_line *above;
	bool self, fails;
};

/* Is the address in the first column, which is the senders': "From | Subject |
   Status"? HTML's cells have no bars. */
static bool notice_is_in_column_of_senders(const struct context *ctx)
{
	return bounce_notice_is_dress(ctx->before) &&
		bounce_notice_line_has(ctx->above, BOUNCE_WORD_FSENDER) &&
		bounce_notice_line_has(ctx->above, BOUNCE_WORD_DESCRIBING) &&
		!bounce_notice_line_has(ctx->above, BOUNCE_WORD_RECIPIENT) &&
		strlen(ctx->above->text) < COLUMNS_MAX &&
		strpbrk(ctx->above->text, ".,:!") == NULL &&
		bounce_notice_begins_with(ctx->above->text +
				   strspn(ctx->above->text, "| "),
				   BOUNCE_WORD_FSENDER);
}

/* Does the line above end in who helps: "Do not reply. Support:"? */
static bool notice_is_below_contact(const struct context *ctx)
{
	const char *text = ctx->above->text, *end;

	if (!bounce_notice_label_colon(ctx->above->folded) ||
	    !bounce_notice_line_has(ctx->above, BOUNCE_WORD_CONTACTING))
		return FALSE;
	while ((end = strpbrk(text, ".!?")) != NULL)
		text = end + 1;
	return text != ctx->above->text &&
		bounce_kind_has(bounce_kind_words(text),
				BOUNCE_WORD_CONTACTING);
}

/* Does a line beside it begin with an address, too? */
static bool notice_is_row(struct bounce_notice *scan, unsigned int line)
{
	const char *text;

	for (unsigned int i = line == 0 ? 1 : line - 1; i <= line + 1 &&
	     i < array_count(&scan->lines); i += 2) {
		text = bounce_notice_line(scan, i)->text;
		if (memchr(text, '@', strcspn(text, " ")) != NULL)
			return TRUE;
	}
	return FALSE;
}

static void notice_weigh_listed(const struct context *ctx,
				struct bounce_notice_mention *mention)
{
	bool announced = bounce_notice_line_has(ctx->above,
						BOUNCE_WORD_ANNOUNCING);
	const char *behind_list = bounce_notice_behind_list(
		bounce_notice_line(ctx->scan, mention->line)->text,
		mention->end);
	bool text = bounce_notice_has_text_behind(behind_list), fails = ctx->fails;
	struct bounce_notice_label label_above;

	bounce_notice_label_read(ctx->above->text, ctx->above->words,
				 &label_above);
	bounce_notice_fate_read(ctx->scan, ctx->behind, ctx->fails, mention);
	if (notice_is_in_column_of_senders(ctx) ||
	    notice_is_below_contact(ctx)) {
		mention->foreign = TRUE;
		mention->score -= 6;
		return;
	}
	/* less than whom it did not reach */
	if (bounce_notice_says_delivered(ctx->above) && !ctx->fails) {
		mention->tier = BOUNCE_NOTICE_SENTENCE;
		mention->score += 3;
		return;
	}
	/* "Следующим получателям:": a colon announces in every language */
	if (!announced && !ctx->fails && bounce_notice_is_dress(ctx->behind) &&
	    strchr(ctx->behind, ':') == NULL &&
	    !bounce_notice_line_has(ctx->above, BOUNCE_WORD_FAILING) &&
	    !label_above.failed &&
	    bounce_notice_label_field(ctx->above->folded,
				      ctx->above->words)) {
		mention->tier = BOUNCE_NOTICE_GUESS;
		mention->score += 3;
		return;
	}
	if (!text && !ctx->fails && !bounce_notice_is_dress(ctx->behind))
		fails = bounce_notice_cause_in_line(
			bounce_notice_line(ctx->scan, mention->line));
	mention->score += text ? 4 : fails ? 3 : 1;
	mention->tier = bounce_notice_is_dress(ctx->behind) || text || announced ||
		(fails && notice_is_row(ctx->scan, mention->line)) ?
		BOUNCE_NOTICE_LISTED : BOUNCE_NOTICE_SENTENCE;
	if (announced) {
		mention->score += 2;
	} else if (bounce_notice_is_dress(ctx->behind) &&
		   strchr(ctx->behind, ':') == NULL &&
		   !bounce_notice_is_recipient_field(ctx->before) &&
		   (bounce_notice_line_has(ctx->above,
					   BOUNCE_WORD_CONTACTING) ||
		    (bounce_notice_line_has(ctx->above, BOUNCE_WORD_FSENDER) &&
		     bounce_notice_label_colon(ctx->above->folded)))) {
		mention->score -= 6;
		mention->foreign = TRUE;
	}
	if (fails)
		mention->score++;
}

/* "Mailbox is full: bob@example.com, eve@example.org"; "Not delivered: bob@example.com
   (550 5.1.1 unknown)", too */
static bool notice_is_labelled(const struct context *ctx, const char *line,
			       unsigned int end)
{
	const char *behind;

	if (!bounce_notice_label_colon(ctx->folded))
		return FALSE;
	behind = bounce_notice_behind_list(line, end);
	return bounce_notice_is_dress(behind) ||
		bounce_status_reply_begins(behind + strspn(behind,
							   " >:(-|\t"));
}

/* "User unknown  bob@example.com": a table's row */
static bool notice_is_in_row_of_cause(const struct context *ctx)
{
	return strlen(ctx->before) < COLUMNS_MAX &&
		strpbrk(ctx->before, ".,;:!?()\"") == NULL &&
		bounce_notice_is_dress(ctx->behind);
}

static void notice_weigh_sentence(const struct context *ctx,
				  struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line =
		bounce_notice_line(ctx->scan, mention->line);
	const struct bounce_notice_label *label = &ctx->label;
	bool colon = notice_is_labelled(ctx, line->text, mention->end);
	bounce_words_set_t words = colon ? bounce_kind_words(ctx->before) : 0;
	bool field = colon && bounce_notice_label_field(ctx->folded, words);

	mention->labelled = (colon || notice_is_in_row_of_cause(ctx)) &&
		bounce_notice_cause_said(ctx->before);
	mention->delayed = field && !mention->labelled &&
		bounce_kind_has(words, BOUNCE_WORD_DELAY);
	mention->reached = !ctx->fails &&
		(bounce_notice_label_reached(ctx->before, line->words) ||
		 bounce_notice_says_reached(line));
	if (!label->failed && !ctx->fails && !mention->labelled &&
	    !mention->delayed) {
		/* "Ziel: bob@example.com", in whatever language */
		if (field) {
			mention->tier = BOUNCE_NOTICE_GUESS;
			mention->score += 3;
		}
		return;
	}
	mention->tier = BOUNCE_NOTICE_SENTENCE;
	/* two words are no coincidence */
	if (label->phrase || mention->labelled)
		mention->score += 3;
	else if (label->failed)
		mention->score += 2;
	if (ctx->fails || mention->labelled)
		mention->score += 2;
	/* "Mailbox is full: bob@example.com" */
	if (colon)
		mention->score += 2;
	if (label->failed &&
	    bounce_notice_line_has(ctx->above, BOUNCE_WORD_ANNOUNCING))
		mention->score++;
}

/* The address that an item begins with in that line, or NULL. */
static const struct bounce_notice_mention *
notice_first_in_line(const struct bounce_notice *scan, unsigned int line)
{
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->line == line && !mention->foreign &&
		    mention->tier >= BOUNCE_NOTICE_LISTED)
			return mention;
	}
	return NULL;
}

/* "(generated from bob@example.com)": another name of the address above, unless
   that names none: "pipe to |/usr/bin/program". */
static void notice_weigh_alias(const struct context *ctx,
			       struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line, *above;
	unsigned int i = mention->line;

	mention->alias = TRUE;
	line = bounce_notice_line(ctx->scan, i);
	if (notice_first_in_line(ctx->scan, i) != NULL) {
		mention->foreign = TRUE;
		return;
	}
	while (i > 0) {
		above = bounce_notice_line(ctx->scan, --i);
		if (*above->text == '\0')
			break;
		if (above->indent < line->indent) {
			mention->head = i;
			break;
		}
	}
	if (mention->head != mention->line &&
	    notice_first_in_line(ctx->scan, mention->head) != NULL) {
		mention->foreign = TRUE;
		return;
	}
	mention->tier = BOUNCE_NOTICE_LISTED;
	mention->score += 6;
}

static void notice_weigh_place(const struct context *ctx,
			       struct bounce_notice_mention *mention)
{
	if (notice_describes_mail(ctx->scan, mention->line)) {
		/* whom it was written to: no more than that */
		mention->tier = BOUNCE_NOTICE_SENTENCE;
		mention->score = ctx->self ? 0 : 3;
	} else if (bounce_notice_continues_answer(ctx->scan, mention)) {
		mention->tier = BOUNCE_NOTICE_ANSWER;
		mention->score += 1;
	} else if (ctx->label.alias) {
		notice_weigh_alias(ctx, mention);
	} else if (ctx->label.other) {
		mention->score -= 5;
		mention->foreign = TRUE;
	} else if (mention->starts ||
		   notice_is_named(ctx->before, ctx->above)) {
		mention->starts = TRUE;
		notice_weigh_listed(ctx, mention);
	} else if (bounce_status_reply_find(ctx->before, NULL) != NULL ||
		   strstr(ctx->folded, "rcpt to:") != NULL) {
		mention->tier = BOUNCE_NOTICE_ANSWER;
		mention->score += 3;
	} else {
		notice_weigh_sentence(ctx, mention);
	}
}

/* The sender is a recipient too, where a line announces the recipients. A
   line that announces the sender is more frequent. */
static bool notice_is_own_recipient(const struct context *ctx)
{
	return bounce_notice_is_dress(ctx->before) &&
		bounce_notice_is_dress(ctx->behind) &&
		bounce_notice_label_field(ctx->above->folded,
					  ctx->above->words) &&
		bounce_notice_line_has(ctx->above, BOUNCE_WORD_RECIPIENT);
}

/* "choir-owner@example.com", of a mail to choir@example.com: whom to ask. */
static bool
notice_serves_list(const struct bounce_report *report, const char *address)
{
	static const char *const services[] = {
		"owner", "request", "subscribe", "unsubscribe", "help",
		"bounces", "admin", "confirm", "join", "leave", NULL
	};
	const char *at = strrchr(address, '@'), *name;

	for (name = at; name != NULL && name > address; name--) {
		if (*name == '-' || *name == '+')
			break;
	}
	return name != NULL && name > address &&
		str_array_icase_find(services, t_strdup_until(name + 1, at)) &&
		bounce_notice_is_listed(&report->original_to,
			t_strconcat(t_strdup_until(address, name), at, NULL));
}

void bounce_notice_weigh(struct bounce_notice *scan,
			 const struct bounce_report *report,
			 struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line =
		array_idx(&scan->lines, mention->line);
	struct context ctx = { .scan = scan };

	/* quoted, no transcript */
	if ((line->text[0] == '>' && line->text[1] != '>') ||
	    bounce_notice_is_url(line->text, mention->begin) ||
	    strchr(mention->address, '?') != NULL) {
		mention->foreign = TRUE;
		return;
	}
	ctx.before = notice_cell_begin(
		t_strdup_until(line->text, line->text + mention->begin));
	mention->starts = bounce_notice_is_listing(ctx.before) ||
		bounce_notice_is_x400(ctx.before);
	bounce_notice_label_read(ctx.before, line->words, &ctx.label);
	if (bounce_notice_is_listed(&scan->failed, mention->address)) {
		mention->tier = BOUNCE_NOTICE_FIELD;
		mention->score = 10;
		if (ctx.label.alias)
			notice_weigh_alias(&ctx, mention);
		return;
	}
	ctx.behind = line->text + mention->end;
	if (bounce_notice_label_state(ctx.before, ctx.behind)) {
		mention->starts = TRUE;
		mention->labelled = bounce_notice_cause_said(ctx.behind);
	}
	mention->reached = mention->starts &&
		bounce_notice_label_reached(ctx.before, line->words);
	ctx.folded = bounce_string_fold(ctx.before, BOUNCE_MAX_LINE);
	ctx.above = mention->above = bounce_notice_announced_by(scan, mention);
	ctx.self = bounce_notice_is_listed(&scan->self, mention->address);
	ctx.fails = bounce_notice_line_has(line, BOUNCE_WORD_FAILING);
	if (bounce_notice_is_listed(&report->original_to, mention->address))
		mention->score += 3;
	if (ctx.self && !notice_is_own_recipient(&ctx) &&
	    !(mention->starts && bounce_string_begins(ctx.behind, ">:"))) {
		mention->score -= 6;
		mention->foreign = TRUE;
	}
	if (notice_serves_list(report, mention->address)) {
		mention->score -= 6;
		mention->foreign = TRUE;
	}
	if (notice_is_generic_local(mention->address) &&
	    !ctx.label.failed &&
	    strchr(ctx.behind, ':') == NULL) {
		mention->score -= 3;
		mention->foreign = TRUE;
	}
	notice_weigh_place(&ctx, mention);
	/* its words are its own */
	if (line->row > 0)
		mention->labelled = TRUE;
	if (mention->score <= 0)
		mention->tier = BOUNCE_NOTICE_NONE;
}
