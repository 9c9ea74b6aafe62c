/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Any words as the arguments of our Sieve tests and variables: the first line says
   which test and how it matches, the second one is a variable's value, ${a}; the
   others are fields, addresses and keys, each list ended by an empty line. After a
   first line "script" any text as a script, which is compiled, not run. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "lib-event.h"
#include "lib-signals.h"
#include "mail-user.h"
#include "ostream-null.h"
#include "str.h"
#include "bounce-classify.h"
#include "bounce-handover.h"
#include "bounce-wait.h"
#include "dict-user.h"
#include "ext-bounce-common.h"
#include "sieve.h"
#include "sieve-script.h"

/* Strings of one script; Pigeonhole has caps of its own. */
#define FUZZ_MAX_STRINGS 64

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mail_user *user;
static struct sieve_instance *svinst;
static struct bounce_handover delivery;
static struct bounce_wait wait;
static struct ostream *output;

#if COMPAT_DOVECOT(2, 4, 0)

static const char *
fuzz_get_homedir(struct sieve_instance *inst ATTR_UNUSED,
		 void *context ATTR_UNUSED)
{
	return NULL;
}

static const struct sieve_callbacks callbacks = {
	.get_homedir = fuzz_get_homedir,
};

static void fuzz_init_sieve(const struct sieve_environment *env)
{
	const struct sieve_extension *ext;

	if (sieve_init(env, &callbacks, NULL, FALSE, &svinst) < 0 ||
	    sieve_extension_register(svinst, &bounce_extension, TRUE,
				     &ext) < 0)
		i_fatal("no Sieve");
}

static struct sieve_binary *fuzz_compile(struct istream *input)
{
	struct sieve_script *script = sieve_data_script_create_from_input(
		svinst, "fuzz", "fuzz", input);
	struct sieve_binary *binary;

	if (sieve_compile_script(script, NULL, 0, &binary, NULL) < 0)
		binary = NULL;
	sieve_script_unref(&script);
	return binary;
}

#else

static const char *fuzz_get_homedir(void *context ATTR_UNUSED)
{
	return NULL;
}

static const char *
fuzz_get_setting(void *context ATTR_UNUSED, const char *name ATTR_UNUSED)
{
	return NULL;
}

static const struct sieve_callbacks callbacks = {
	.get_homedir = fuzz_get_homedir,
	.get_setting = fuzz_get_setting,
};

static void fuzz_init_sieve(const struct sieve_environment *env)
{
	svinst = sieve_init(env, &callbacks, NULL, FALSE);
	if (svinst == NULL ||
	    sieve_extension_register(svinst, &bounce_extension, TRUE) == NULL)
		i_fatal("no Sieve");
}

static struct sieve_binary *fuzz_compile(struct istream *input)
{
	struct sieve_script *script =
		sieve_data_script_create_from_input(svinst, "fuzz", input);
	struct sieve_binary *binary =
		sieve_compile_script(script, NULL, 0, NULL);

	sieve_script_unref(&script);
	return binary;
}

#endif

static void
fuzz_signal(const siginfo_t *si ATTR_UNUSED, void *context ATTR_UNUSED)
{
}

/* What the mail plugin hands over in a delivery. */
static void fuzz_init_delivery(void)
{
	static const char mail[] =
		"From: MAILER-DAEMON@mx.example.org\n"
		"Subject: Undelivered Mail\n"
		"Message-ID: <report@mx.example.org>\n"
		"MIME-Version: 1.0\n"
		"Content-Type: multipart/report; report-type=delivery-status;"
		" boundary=b\n\n"
		"--b\n\nIt did not arrive.\n\n"
		"--b\nContent-Type: message/delivery-status\n\n"
		"Reporting-MTA: dns; mx.example.org\n\n"
		"Final-Recipient: rfc822; bob@example.net\n"
		"Action: failed\nStatus: 5.1.1\n"
		"Remote-MTA: dns; mx.example.net\n"
		"Diagnostic-Code: smtp; 550 5.1.1 No such user\n\n"
		"Final-Recipient: rfc822; eve@example.com\n"
		"Action: delayed\nStatus: 4.4.1\n\n"
		"--b\nContent-Type: text/rfc822-headers\n\n"
		"From: alice@example.org\nSubject: Lunch\n"
		"Message-ID: <mail@example.org>\n\n--b--\n";
	struct bounce_envelope envelope = { .mail_from = "" };
	struct istream *input = i_stream_create_from_data(mail, strlen(mail));
	struct bounce_report *report;
	pool_t pool = pool_alloconly_create("fuzz report", 4096);
	const char *error;

	if (bounce_classify_read(input, &envelope, pool, &report, &error) <= 0)
		i_fatal("the mail is no report");
	bounce_classify_judge(NULL, pool, report);
	i_stream_unref(&input);
	delivery.layout = BOUNCE_HANDOVER_LAYOUT;
	delivery.report = report;
	delivery.evidence = BOUNCE_EVIDENCE_VERIFIED;
	delivery.wait = &wait;
}

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	struct sieve_environment env = {
		.hostname = "mx.example.org", .domainname = "example.org",
		.base_dir = "/nonexistent", .temp_dir = "/tmp",
		.username = "alice", .home_dir = "/nonexistent",
		.location = SIEVE_ENV_LOCATION_MDA,
		.delivery_phase = SIEVE_DELIVERY_PHASE_DURING,
	};

	dict_user_lib_init("");
	/* Pigeonhole limits the time that a script takes, by a signal, and relies on
	   somebody having waited for another */
	lib_signals_init();
	lib_signals_set_handler(SIGUSR1, LIBSIG_FLAGS_SAFE, fuzz_signal, NULL);
	T_BEGIN {
		user = dict_user_init("alice", NULL, "");
		fuzz_init_delivery();
		env.event_parent = event_create(user->event);
		event_set_ptr(env.event_parent, BOUNCE_HANDOVER_EVENT_KEY,
			      &delivery);
		fuzz_init_sieve(&env);
	} T_END;
	output = o_stream_create_null();
	return 0;
}

/*
 * A script of these arguments
 */

/* Pigeonhole fails an assertion at a key of :matches that ends in a backslash
   (mcht-matches.c, seen in 0.5.19): no script of that kind has one. */
static bool no_backslash;

static void fuzz_add_string(string_t *script, const char *text)
{
	str_append_c(script, '"');
	for (; *text != '\0'; text++) {
		if (no_backslash && *text == '\\')
			continue;
		if (*text == '"' || *text == '\\')
			str_append_c(script, '\\');
		str_append_c(script, *text);
	}
	str_append_c(script, '"');
}

/* Lines up to an empty one. */
static void fuzz_add_list(string_t *script, const char *const **lines)
{
	unsigned int count = 0;

	str_append(script, " [");
	for (; **lines != NULL && ***lines != '\0'; (*lines)++) {
		if (count++ > 0)
			str_append(script, ", ");
		if (count > FUZZ_MAX_STRINGS)
			break;
		fuzz_add_string(script, **lines);
	}
	str_append_c(script, ']');
	if (**lines != NULL)
		(*lines)++;
}

static const char *fuzz_next_line(const char *const **lines)
{
	return **lines == NULL ? "" : *(*lines)++;
}

static const char *t_fuzz_script(const char *const *lines)
{
	static const char *const how[] = {
		"", ":is", ":contains", ":matches", ":count \"ge\"",
		":value \"lt\"", ":comparator \"i;octet\" :is",
		":count \"eq\" :comparator \"i;ascii-numeric\"",
		":value \"gt\" :comparator \"i;ascii-numeric\"",
	};
	const char *first = fuzz_next_line(&lines);
	bool record = *first == 'r';
	string_t *script = t_str_new(1024);
	const char *match;

	if (*first != '\0')
		first++;
	match = how[(unsigned char)*first % N_ELEMENTS(how)];
	no_backslash = strcmp(match, ":matches") == 0;
	str_append(script, "require [\"vnd.dovecot-bounce\", \"variables\", "
		   "\"relational\", \"comparator-i;ascii-numeric\"];\n"
		   "set \"a\" ");
	fuzz_add_string(script, fuzz_next_line(&lines));
	str_printfa(script, ";\nif %s %s", record ? "bounce_record" : "bounce",
		    match);
	for (unsigned int i = record ? 3 : 2; i > 0; i--)
		fuzz_add_list(script, &lines);
	str_append(script, " { bounce_learn; } else { bounce_ignore; }\n"
		   "set \"b\" ");
	fuzz_add_string(script, fuzz_next_line(&lines));
	str_append(script, ";\n");
	return str_c(script);
}

/*
 * Compiled, dumped, run
 */

static void fuzz_run(const char *text, bool run)
{
	static const struct sieve_message_data msgdata;
	static const struct sieve_script_env senv = {
		.default_mailbox = "INBOX",
	};
	struct istream *input = i_stream_create_from_data(text, strlen(text));
	struct sieve_binary *binary = fuzz_compile(input);

	i_stream_unref(&input);
	if (binary == NULL)
		return;
	sieve_dump(binary, output, FALSE);
	if (run)
		(void)sieve_test(binary, &msgdata, &senv, NULL, output, 0);
	sieve_close(&binary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	T_BEGIN {
		const char *text = t_strndup(data, size);

		if (strncmp(text, "script\n", 7) == 0)
			fuzz_run(text + 7, FALSE);
		else
			fuzz_run(t_fuzz_script(t_strsplit(text, "\n")), TRUE);
	} T_END;
	return 0;
}
