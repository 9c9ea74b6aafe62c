/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* How our notices can be answered, and what became of an answer. A command is
   in quotation marks wherever it is written: so nobody's client can quote it in
   such a way that it is taken for one. */

#include "bounce-tell-private.h"
#include "bounce-address.h"
#include "bounce-answer.h"

/* On the data stack. */
static const char *
t_answered_quoted(const struct bounce_tell *tell, enum bounce_answer_verb verb,
		  const char *address, const char *corrected)
{
	string_t *str = t_str_new(64);

	str_append(str, bounce_answer_verb_word(tell->texts, verb));
	if (address != NULL)
		str_printfa(str, " %s", address);
	if (corrected != NULL)
		str_printfa(str, " %s", corrected);
	return t_bounce_texts_fill(tell->texts, "offer.quoted", "command",
				   str_c(str), NULL);
}

static void
answered_offer(const struct bounce_tell *tell, struct bounce_tell_doc *doc,
	       enum bounce_answer_verb verb, const char *address,
	       const char *corrected)
{
	bounce_tell_doc_table_row(doc,
		t_answered_quoted(tell, verb, address, corrected),
		bounce_texts_get(tell->texts, t_strconcat("offer.",
			bounce_answer_verb_name(verb), NULL)));
}

/* One address stands for all: one that looks mistyped, or does not work. */
static const struct bounce_tell_recipient *
answered_example(const struct bounce_tell *tell)
{
	const struct bounce_tell_recipient *rcpt, *hard = NULL;

	array_foreach(&tell->recipients, rcpt) {
		if (bounce_address_propose(rcpt->address) != NULL)
			return rcpt;
		if (hard == NULL && rcpt->class == BOUNCE_CLASS_HARD)
			hard = rcpt;
	}
	return hard != NULL ? hard : array_front(&tell->recipients);
}

static void
answered_offer_addresses(const struct bounce_tell *tell,
			 struct bounce_tell_doc *doc)
{
	const struct bounce_tell_recipient *rcpt;
	const char *address, *proposal;

	if (array_is_empty(&tell->recipients))
		return;
	rcpt = answered_example(tell);
	address = t_bounce_tell_plain(rcpt->address);
	proposal = bounce_address_propose(address);
	if (proposal != NULL) {
		answered_offer(tell, doc, BOUNCE_ANSWER_CORRECT, address,
			       proposal);
	}
	answered_offer(tell, doc, BOUNCE_ANSWER_RELEASE, address, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_NEVER, address, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_REMOVE, address, NULL);
}

static void
answered_offer_all(const struct bounce_tell *tell, struct bounce_tell_doc *doc)
{
	const char *address = bounce_texts_get(tell->texts, "offer.address");

	answered_offer(tell, doc, BOUNCE_ANSWER_CORRECT, address,
		       bounce_texts_get(tell->texts, "offer.corrected"));
	answered_offer(tell, doc, BOUNCE_ANSWER_RELEASE, address, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_NEVER, address, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_REMOVE, address, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_STOP, NULL, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_START, NULL, NULL);
	answered_offer(tell, doc, BOUNCE_ANSWER_HELP, NULL, NULL);
}

/* Was everything understood, and no help asked for? */
static bool answered_needs_help(const struct bounce_tell *tell)
{
	const struct bounce_answer *answer = tell->answer->answer;
	const struct bounce_answer_command *command;

	if (array_is_empty(&answer->commands) ||
	    !array_is_empty(&answer->unknown))
		return TRUE;
	array_foreach(&answer->commands, command) {
		if (command->verb == BOUNCE_ANSWER_HELP)
			return TRUE;
	}
	return FALSE;
}

void bounce_tell_answered_offer(const struct bounce_tell *tell,
				struct bounce_tell_doc *doc)
{
	if (tell->kind == BOUNCE_TELL_ANSWER && !answered_needs_help(tell))
		return;
	bounce_tell_doc_heading(doc, bounce_texts_get(tell->texts,
						      "offer.title"));
	bounce_tell_doc_para(doc, bounce_texts_get(tell->texts, "offer.text"));
	bounce_tell_doc_table_begin(doc, "offer.command", "offer.effect");
	switch (tell->kind) {
	case BOUNCE_TELL_ANSWER:
		answered_offer_all(tell, doc);
		break;
	case BOUNCE_TELL_FAILURE:
	case BOUNCE_TELL_BROADCAST:
	case BOUNCE_TELL_HELD:
		answered_offer_addresses(tell, doc);
		/* fall through */
	default:
		answered_offer(tell, doc, BOUNCE_ANSWER_STOP, NULL, NULL);
		answered_offer(tell, doc, BOUNCE_ANSWER_HELP, NULL, NULL);
		break;
	}
	bounce_tell_doc_table_end(doc);
}

/*
 * What became of an answer
 */

static unsigned int answered_count(const struct bounce_tell_answer *told)
{
	unsigned int done = 0;

	if (told->unproven || told->down)
		return 0;
	for (unsigned int i = 0; i < array_count(&told->answer->commands); i++) {
		if (told->done[i] == BOUNCE_TELL_DONE_OK)
			done++;
	}
	return done;
}

const char *bounce_tell_answered_title(const struct bounce_tell *tell)
{
	const struct bounce_tell_answer *told = tell->answer;
	const struct bounce_answer *answer = told->answer;
	unsigned int done = answered_count(told);
	const char *key = "answer.done";

	if (told->unproven)
		key = "answer.not-yet-done";
	else if (done == 0)
		key = "answer.nothing-done";
	else if (done < array_count(&answer->commands) || answer->more > 0 ||
		 !array_is_empty(&answer->unknown))
		key = "answer.partly-done";
	return bounce_texts_get(tell->texts, key);
}

static const char *
t_answered_result(const struct bounce_tell *tell,
		  const struct bounce_answer_command *command,
		  enum bounce_tell_done done)
{
	static const char *const names[BOUNCE_TELL_DONE_COUNT] = {
		NULL, "unknown", "same", "failed"
	};
	const char *name = names[done] != NULL ? names[done] :
		bounce_answer_verb_name(command->verb);

	return t_bounce_texts_fill(tell->texts, t_strconcat("done.", name, NULL),
				   "start",
				   t_answered_quoted(tell, BOUNCE_ANSWER_START,
						     NULL, NULL), NULL);
}

static void answered_commands(const struct bounce_tell *tell,
			      struct bounce_tell_doc *doc)
{
	const struct bounce_tell_answer *told = tell->answer;
	const struct bounce_answer_command *commands;
	unsigned int i, count;

	commands = array_get(&told->answer->commands, &count);
	if (count == 0)
		return;
	bounce_tell_doc_table_begin(doc, "offer.command", "answer.result");
	for (i = 0; i < count; i++) T_BEGIN {
		bounce_tell_doc_table_row(doc,
			t_answered_quoted(tell, commands[i].verb,
					  commands[i].address,
					  commands[i].corrected),
			t_answered_result(tell, &commands[i], told->done[i]));
	} T_END;
	bounce_tell_doc_table_end(doc);
}

static void answered_unknown(const struct bounce_tell *tell,
			     struct bounce_tell_doc *doc)
{
	const struct bounce_answer *answer = tell->answer->answer;
	const char *line;

	if (array_is_empty(&answer->commands) &&
	    array_is_empty(&answer->unknown)) {
		bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
							   "answer.nothing"));
	}
	if (!array_is_empty(&answer->unknown)) {
		bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
							   "answer.unknown"));
		array_foreach_elem(&answer->unknown, line)
			bounce_tell_doc_quote(doc, line);
	}
	if (answer->more > 0) {
		bounce_tell_doc_para(doc, t_bounce_texts_count(tell->texts,
			"answer.more", answer->more, NULL));
	}
}

void bounce_tell_answered(const struct bounce_tell *tell,
			  struct bounce_tell_doc *doc)
{
	const struct bounce_tell_answer *told = tell->answer;

	bounce_tell_doc_begin(doc, bounce_tell_answered_title(tell));
	if (told->down) {
		bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
							   "answer.down"));
	} else if (told->unproven) {
		bounce_tell_doc_para(doc, bounce_texts_get(tell->texts,
							   "answer.unproven"));
	} else {
		answered_commands(tell, doc);
		answered_unknown(tell, doc);
	}
	bounce_tell_doc_para(doc, tell->folder == NULL ?
		bounce_texts_get(tell->texts, "answer.kept") :
		t_bounce_texts_fill(tell->texts, "answer.folder",
				    "folder", tell->folder, NULL));
}
