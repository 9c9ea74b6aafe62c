/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-reason.h"
#include "bounce-rules.h"
#include "bounce-verdict.h"

/* The order of evidence: (1) the remote host's specific words for this
   recipient, (2) its enhanced code, (3) the report's Status field, (4) words
   that say little, reply code and command, (5) the local mailer's template.
   A local mailer that quotes no remote host is the one that refused: its words
   then are the words of (1). */

/* What one step found. */
struct finding {
	const struct bounce_reason *reason;
	enum bounce_class class;
	bool class_given;
	/* by words that say little */
	bool weak;
	const char *rule;
};

struct judge {
	const struct bounce_rules *rules;
	const struct bounce_report *report;
	const struct bounce_recipient *rcpt;
	/* words of the remote host, else of the local mailer */
	struct bounce_rules_hit strong, weak;
	/* the classes of the remote host's; these say that the fault is ours */
	bounce_words_set_t classes;
	bool blames_us;
	/* words of the local mailer where a remote host spoke as well */
	struct bounce_rules_hit local, local_weak;
};

static bool verdict_is_permanent(const struct bounce_recipient *rcpt)
{
	/* the remote's own code; the report's Status may speak of the queue */
	if (rcpt->reply != NULL && rcpt->status != NULL &&
	    rcpt->status_field != NULL &&
	    strcmp(rcpt->status, rcpt->status_field) == 0)
		return rcpt->reply[0] == '5';
	if (rcpt->status != NULL)
		return rcpt->status[0] == '5';
	if (rcpt->reply != NULL)
		return rcpt->reply[0] == '5';
	return TRUE;
}

static bool verdict_is_ours(const struct bounce_reason *reason)
{
	return reason->side == BOUNCE_SIDE_SENDER ||
		reason->side == BOUNCE_SIDE_MESSAGE;
}

static bool
verdict_from_hit(const struct bounce_rules_hit *hit, struct finding *find_r)
{
	if (hit->name == NULL)
		return FALSE;
	find_r->reason = hit->reason;
	find_r->class = hit->class;
	find_r->class_given = hit->class_given;
	find_r->rule = hit->name;
	return TRUE;
}

static bool verdict_from_weak(const struct bounce_rules_hit *hit,
			      struct finding *find_r)
{
	find_r->weak = verdict_from_hit(hit, find_r);
	return find_r->weak;
}

static bool
verdict_from_reason(const struct bounce_reason *reason, const char *rule,
		    struct finding *find_r)
{
	if (reason == NULL)
		return FALSE;
	find_r->reason = reason;
	find_r->class = reason->class;
	find_r->class_given = FALSE;
	find_r->rule = rule;
	return TRUE;
}

/* Codes alone blame the address only for good: 4.x is "try again". */
static bool
verdict_from_codes(const struct bounce_reason *reason, const char *rule,
		   const char *code, struct finding *find_r)
{
	if (!verdict_from_reason(reason, rule, find_r))
		return FALSE;
	if (find_r->class == BOUNCE_CLASS_HARD && code[0] != '5')
		find_r->class = BOUNCE_CLASS_SOFT;
	if (code[0] == '4' && strcmp(reason->name, "undetermined") == 0)
		find_r->class = BOUNCE_CLASS_SOFT;
	return TRUE;
}

static bool verdict_from_status(const struct judge *judge, bool generic,
				struct finding *find_r)
{
	const char *codes[] = {
		judge->rcpt->status, judge->rcpt->status_field
	};
	const struct bounce_reason *reason;
	bool is_generic;

	for (unsigned int i = 0; i < N_ELEMENTS(codes); i++) {
		if (codes[i] == NULL)
			continue;
		reason = bounce_verdict_status(codes[i], &is_generic);
		if (is_generic == generic &&
		    verdict_from_codes(reason, "status", codes[i], find_r))
			return TRUE;
	}
	return FALSE;
}

static bool
verdict_from_reply(const struct judge *judge, struct finding *find_r)
{
	const struct bounce_recipient *rcpt = judge->rcpt;

	if (rcpt->reply == NULL)
		return FALSE;
	return verdict_from_codes(bounce_verdict_reply(rcpt->reply,
						       rcpt->command),
				  "reply", rcpt->reply, find_r);
}

static void
verdict_judge_text(struct judge *judge, const char *text,
		   enum bounce_rules_source source,
		   struct bounce_rules_hit *hit_r,
		   struct bounce_rules_hit *weak_r)
{
	const struct bounce_recipient *rcpt = judge->rcpt;
	struct bounce_rules_query query = {
		.source = source,
		.status = rcpt->status,
		.reply = rcpt->reply,
		.remote_host = rcpt->remote_mta,
		.reporting_host = judge->report->reporting_mta,
		.format = judge->report->format,
		.command = rcpt->command,
	};
	struct bounce_clause_roles roles = {
		.recipient = rcpt->address,
		.recipient2 = rcpt->original_address,
		.sender = judge->report->original_from,
	};

	query.text = bounce_rules_fold(text);
	bounce_rules_query_clauses(&query, text, &roles);
	(void)bounce_rules_match(judge->rules, &query, hit_r, weak_r);
	if (source == BOUNCE_RULES_REMOTE) {
		judge->classes = query.classes;
		judge->blames_us = query.blames_us;
	}
}

static void verdict_judge_words(struct judge *judge)
{
	const struct bounce_recipient *rcpt = judge->rcpt;

	if (judge->rules == NULL)
		return;
	if (rcpt->diagnostic == NULL) {
		verdict_judge_text(judge, rcpt->explanation != NULL ?
				   rcpt->explanation : "", BOUNCE_RULES_LOCAL,
				   &judge->strong, &judge->weak);
		return;
	}
	verdict_judge_text(judge, rcpt->diagnostic, BOUNCE_RULES_REMOTE,
			   &judge->strong, &judge->weak);
	/* what is said for certain needs nobody else, who may but repeat it */
	if (rcpt->explanation != NULL && judge->strong.name == NULL &&
	    !judge->blames_us) {
		verdict_judge_text(judge, rcpt->explanation, BOUNCE_RULES_LOCAL,
				   &judge->local, &judge->local_weak);
	}
}

/* A remote host said no for good: why, only its own words can tell, not what
   the local mailer puts around any answer ("giving up"). */
static bool verdict_is_refused(const struct judge *judge)
{
	return judge->rcpt->diagnostic != NULL && judge->rcpt->reply != NULL &&
		judge->rcpt->reply[0] == '5';
}

/* The words speak of our side or of the mail, and of no recipient: what a code
   says of an address does not hold then. */
static bool verdict_speaks_of_us(const struct judge *judge)
{
	static const enum bounce_words_class ours[] = {
		BOUNCE_WORD_SENDER, BOUNCE_WORD_OWN, BOUNCE_WORD_YOU,
		BOUNCE_WORD_YOUR, BOUNCE_WORD_IP, BOUNCE_WORD_SENDING,
		BOUNCE_WORD_HEADER, BOUNCE_WORD_LINK, BOUNCE_WORD_CONTENT,
		BOUNCE_WORD_ATTACH
	};
	bounce_words_set_t set = 0;

	for (unsigned int i = 0; i < N_ELEMENTS(ours); i++)
		set |= bounce_words_set(ours[i]);
	return (judge->classes & set) != 0 &&
		(judge->classes & bounce_words_set(BOUNCE_WORD_WHO)) == 0;
}

/* The words name us beside whatever else they speak of. */
static bool verdict_names_us(const struct judge *judge)
{
	return (judge->classes & (bounce_words_set(BOUNCE_WORD_SENDER) |
				  bounce_words_set(BOUNCE_WORD_OWN) |
				  bounce_words_set(BOUNCE_WORD_YOU) |
				  bounce_words_set(BOUNCE_WORD_SENDING))) != 0;
}

static void
verdict_judge_find(const struct judge *judge, struct finding *find_r)
{
	if (verdict_from_hit(&judge->strong, find_r))
		return;
	if (verdict_from_status(judge, FALSE, find_r)) {
		/* A code may blame the address where the words say that it is
		   our own fault: the words are right. */
		if (find_r->class == BOUNCE_CLASS_HARD &&
		    judge->local.name != NULL &&
		    verdict_is_ours(judge->local.reason))
			(void)verdict_from_hit(&judge->local, find_r);
		else if (find_r->class == BOUNCE_CLASS_HARD &&
			 (judge->blames_us || verdict_speaks_of_us(judge))) {
			(void)verdict_from_reason(
				bounce_reason_find("policy-refused"), "status",
				find_r);
		}
		return;
	}
	if (verdict_from_weak(&judge->weak, find_r)) {
		/* too little to blame an address beside us */
		if (find_r->class == BOUNCE_CLASS_HARD &&
		    verdict_names_us(judge))
			find_r->class = BOUNCE_CLASS_UNDETERMINED;
		return;
	}
	if (verdict_from_hit(&judge->local, find_r) ||
	    (!verdict_is_refused(judge) &&
	     verdict_from_weak(&judge->local_weak, find_r)) ||
	    verdict_from_reply(judge, find_r) ||
	    verdict_from_status(judge, TRUE, find_r))
		return;
	(void)verdict_from_reason(bounce_reason_find("undetermined"), "default",
				  find_r);
}

static bool verdict_command_is(const char *command, const char *const *names)
{
	if (command == NULL)
		return FALSE;
	for (; *names != NULL; names++) {
		if (strncasecmp(command, *names, strlen(*names)) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool verdict_is_named(const struct finding *find, const char *name)
{
	return strcmp(find->reason->name, name) == 0;
}

/* The reason in place of one that blames the address although it answers a
   command that names none, or NULL. */
static const char *
verdict_command_reason(const struct judge *judge, const struct finding *find)
{
	static const char *const mail[] = { "MAIL", NULL };
	static const char *const before[] = {
		"CONNECT", "EHLO", "HELO", "LHLO", "STARTTLS", NULL
	};
	static const char *const data[] = { "DATA", NULL };
	const char *command = judge->rcpt->command;

	if ((verdict_command_is(command, before) ||
	     verdict_command_is(command, mail)) &&
	    verdict_is_named(find, "mailbox-full"))
		return "system-full";
	if (verdict_command_is(command, before)) {
		/* a host that takes no mail says so at once: RFC 7504 */
		return verdict_is_named(find, "domain-no-mail") ? NULL :
			"policy-refused";
	}
	if (verdict_command_is(command, mail))
		return "sender-rejected";
	if (verdict_command_is(command, data) &&
	    find->class == BOUNCE_CLASS_HARD) {
		/* the address was accepted; its syntax is a header's */
		if (verdict_is_named(find, "address-syntax"))
			return "format-error";
		if (find->weak)
			return "policy-refused";
	}
	return NULL;
}

/* What is refused before RCPT TO cannot be the recipient's fault, whatever the
   words: "user unknown" at MAIL FROM speaks of the sender. After the mail
   itself, only clear words may blame the address. */
static void
verdict_judge_command(const struct judge *judge, struct finding *find)
{
	const char *name;

	if (find->reason->class != BOUNCE_CLASS_HARD &&
	    find->reason->side != BOUNCE_SIDE_RECIPIENT)
		return;
	name = verdict_command_reason(judge, find);
	if (name != NULL)
		(void)verdict_from_reason(bounce_reason_find(name), find->rule,
					  find);
}

static bool verdict_names(const char *folded, const char *address)
{
	return address != NULL && *address != '\0' &&
		strstr(folded, t_str_lcase(address)) != NULL;
}

/* An answer that names the sender and not the recipient speaks of the sender:
   "<alice@example.org>: no such user", to whatever command. */
static void
verdict_judge_address(const struct judge *judge, struct finding *find)
{
	const struct bounce_recipient *rcpt = judge->rcpt;
	const char *folded;

	if (find->reason->class != BOUNCE_CLASS_HARD ||
	    rcpt->diagnostic == NULL)
		return;
	folded = t_str_lcase(rcpt->diagnostic);
	if (verdict_names(folded, judge->report->original_from) &&
	    !verdict_names(folded, rcpt->address) &&
	    !verdict_names(folded, rcpt->original_address)) {
		(void)verdict_from_reason(bounce_reason_find("sender-rejected"),
					  find->rule, find);
	}
}

/* A recipient that is still being tried, and a mailbox that is off for the
   moment, are not lost. */
static void verdict_judge_class(const struct judge *judge, struct finding *find)
{
	if (find->class != BOUNCE_CLASS_HARD)
		return;
	if (judge->rcpt->action != BOUNCE_ACTION_FAILED)
		find->class = BOUNCE_CLASS_SOFT;
	else if (!find->class_given && !verdict_is_permanent(judge->rcpt) &&
		 verdict_is_named(find, "mailbox-disabled"))
		find->class = BOUNCE_CLASS_SOFT;
}

void bounce_verdict_decide(const struct bounce_rules *rules, pool_t pool,
			   const struct bounce_report *report,
			   struct bounce_recipient *rcpt)
{
	struct judge judge = {
		.rules = rules, .report = report, .rcpt = rcpt
	};
	struct finding find;

	i_zero(&find);
	T_BEGIN {
		verdict_judge_words(&judge);
		verdict_judge_find(&judge, &find);
		verdict_judge_address(&judge, &find);
	} T_END;
	verdict_judge_command(&judge, &find);
	verdict_judge_class(&judge, &find);
	rcpt->verdict.reason = find.reason;
	rcpt->verdict.side = find.reason->side;
	rcpt->verdict.class = find.class;
	rcpt->verdict.rule = p_strdup(pool, find.rule);
}
