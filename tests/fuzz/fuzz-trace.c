/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Any bytes as the header of a report; what follows a NUL is the returned mail's
   header. Who made it, where that came in. And both as a record and as a key
   file. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "bounce-organisation.h"
#include "bounce-record.h"
#include "bounce-token.h"
#include "bounce-trace.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void fuzz_trace(pool_t pool, const uint8_t *data, size_t size,
		       const char *returned)
{
	static const char *const hosts[] = { "mx.example.org", NULL };
	static const char *const relays[] = {
		"relay.example.com", "localhost", NULL
	};
	const struct bounce_trace_site site = {
		.hosts = hosts, .relays = relays, .authserv = hosts,
		.session_id = "SESSION:2",
	};
	struct istream *input = i_stream_create_from_data(data, size);
	struct bounce_trace trace;
	struct bounce_entry entry;
	const char *host;

	bounce_trace_read(input, pool, &site, &trace);
	i_assert(input->v_offset == 0);
	/* what no daemon sent is a stranger's */
	i_assert(trace.report || trace.reporter == BOUNCE_REPORTER_STRANGER);
	i_assert(trace.reporter != BOUNCE_REPORTER_RELAY ||
		 trace.relay != NULL);
	(void)bounce_trace_reporter(&trace, "bob@example.net");
	(void)bounce_trace_passes(&trace, "bob@example.net");
	if (trace.client != NULL) {
		(void)bounce_organisation_is_line(trace.client, trace.address);
		host = bounce_organisation(trace.client);
		i_assert(host == NULL || *host != '\0');
	}
	bounce_trace_entry_read(returned, pool, &site, &trace, &entry);
	i_assert(!entry.relayed || !entry.authenticated);
	i_stream_unref(&input);
}

static void fuzz_record(pool_t pool, const char *text)
{
	ARRAY_TYPE(bounce_token_key) keys;
	struct bounce_record rec, again;
	const char *error;

	if (bounce_record_decode(pool, text, &rec, &error) == 0) {
		text = bounce_record_encode(&rec);
		if (bounce_record_decode(pool, text, &again, &error) < 0)
			i_panic("%s: %s", error, text);
		i_assert(strcmp(text, bounce_record_encode(&again)) == 0);
	}
	p_array_init(&keys, pool, 2);
	(void)bounce_token_keys_parse(text, &keys, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
	size_t first = end == NULL ? size : (size_t)(end - data);

	T_BEGIN {
		pool_t pool = pool_alloconly_create("fuzz", 4096);

		fuzz_trace(pool, data, first, end == NULL ? "" :
			   t_strndup(end + 1, size - first - 1));
		fuzz_record(pool, t_strndup(data, first));
		pool_unref(&pool);
	} T_END;
	return 0;
}
