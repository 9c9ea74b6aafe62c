/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "net.h"
#include "str.h"
#include "time-util.h"
#include "bounce-check-resolver.h"

#include <ctype.h>
#include <poll.h>
#include <unbound.h>

#define QUERY_MSECS 5000
/* Queries without an answer before any had one. */
#define MAX_SILENT 2
/* Debian's dns-root-data, and where unbound keeps its own. */
#define ROOT_KEY "/usr/share/dns/root.key"
#define MAX_KEY_LINE 4096

struct bounce_check_resolver {
	struct ub_ctx *ctx;
	unsigned int silent;
	bool answered;
};

/* One query that is waited for. */
struct resolver_wait {
	bool done;
	int error;
	struct ub_result *result;
};

static const char *const no_values[] = { NULL };

/*
 * Life
 */

/* Read now, as libunbound would later, when we may not be root any more. */
static int resolver_trust(struct ub_ctx *ctx, const char *path)
{
	struct istream *input = i_stream_create_file(path, MAX_KEY_LINE);
	const char *line;
	int ret = 0;

	while (ret == 0 && (line = i_stream_read_next_line(input)) != NULL) {
		line = t_str_trim(t_strcut(line, ';'), " \t");
		if (*line != '\0')
			ret = ub_ctx_add_ta(ctx, line);
	}
	if (input->stream_errno != 0)
		ret = UB_READFILE;
	i_stream_unref(&input);
	return ret;
}

static int
resolver_set(struct ub_ctx *ctx, const char *word, string_t *described,
	     const char **error_r)
{
	int ret;

	if (*word == '/') {
		ret = resolver_trust(ctx, word);
		str_printfa(described, ", trusting the keys of %s", word);
	} else if (strcmp(word, "system") == 0) {
		ret = ub_ctx_resolvconf(ctx, NULL);
		str_append(described, ", the system's resolver");
	} else {
		ret = ub_ctx_set_fwd(ctx, word);
		str_printfa(described, ", %s", word);
	}
	if (ret != 0) {
		*error_r = t_strdup_printf("bounce_check_resolver: %s: %s", word,
					   ub_strerror(ret));
		return -1;
	}
	return 0;
}

int bounce_check_resolver_init(const char *const *words,
			       struct bounce_check_resolver **resolver_r,
			       const char **described_r, const char **error_r)
{
	struct bounce_check_resolver *resolver;
	struct ub_ctx *ctx = ub_ctx_create();
	string_t *described = t_str_new(64);
	bool keys = FALSE, others = FALSE;

	if (ctx == NULL) {
		*error_r = "libunbound cannot be started";
		return -1;
	}
	/* a resolver on this host is a good one */
	(void)ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");
	/* our own relays may have such addresses */
	(void)ub_ctx_set_option(ctx, "unblock-lan-zones:", "yes");
	(void)ub_ctx_debugout(ctx, NULL);
	(void)ub_ctx_async(ctx, 1);
	for (; *words != NULL; words++) {
		keys = keys || **words == '/';
		others = others || **words != '/';
		if (resolver_set(ctx, *words, described, error_r) < 0) {
			ub_ctx_delete(ctx);
			return -1;
		}
	}
	if (!keys && resolver_trust(ctx, ROOT_KEY) == 0)
		str_append(described, ", DNSSEC from the root");
	*described_r = others ? str_c(described) + 2 :
		t_strconcat("own recursion", str_c(described), NULL);
	resolver = i_new(struct bounce_check_resolver, 1);
	resolver->ctx = ctx;
	*resolver_r = resolver;
	return 0;
}

void bounce_check_resolver_deinit(struct bounce_check_resolver **_resolver)
{
	struct bounce_check_resolver *resolver = *_resolver;

	if (resolver == NULL)
		return;
	*_resolver = NULL;
	ub_ctx_delete(resolver->ctx);
	i_free(resolver);
}

/*
 * Answers
 */

static const char *resolver_text(const unsigned char *data, size_t size)
{
	string_t *text = t_str_new(size + 1);

	while (size > 0) {
		size_t len = I_MIN(data[0], size - 1);

		/* a NUL would end it */
		for (size_t i = 1; i <= len; i++)
			str_append_c(text, data[i] == '\0' ? ' ' : data[i]);
		data += 1 + len;
		size -= 1 + len;
	}
	return str_c(text);
}

static const char *resolver_name(const unsigned char *data, size_t size)
{
	string_t *name = t_str_new(64);

	while (size > 0 && data[0] > 0 && data[0] < size) {
		if (str_len(name) > 0)
			str_append_c(name, '.');
		for (size_t i = 1; i <= data[0]; i++) {
			str_append_c(name, data[i] == '\0' || data[i] == ' ' ?
				     '?' : i_tolower(data[i]));
		}
		size -= 1 + data[0];
		data += 1 + data[0];
	}
	return str_c(name);
}

static const char *
resolver_value(enum bounce_dns_type type, const unsigned char *data,
	       size_t size)
{
	struct ip_addr ip;

	i_zero(&ip);
	switch (type) {
	case BOUNCE_DNS_A:
		if (size != 4)
			return NULL;
		ip.family = AF_INET;
		memcpy(&ip.u.ip4, data, 4);
		return net_ip2addr(&ip);
	case BOUNCE_DNS_AAAA:
		if (size != 16)
			return NULL;
		ip.family = AF_INET6;
		memcpy(&ip.u.ip6, data, 16);
		return net_ip2addr(&ip);
	case BOUNCE_DNS_MX:
		return size < 3 ? NULL : t_strdup_printf("%u %s",
			data[0] << 8 | data[1],
			resolver_name(data + 2, size - 2));
	case BOUNCE_DNS_TXT:
		return resolver_text(data, size);
	default:
		return resolver_name(data, size);
	}
}

static void
resolver_read(const struct ub_result *result, enum bounce_dns_type type,
	      struct bounce_dns_answer *answer_r)
{
	ARRAY_TYPE(const_string) values;
	const char *value;

	answer_r->secure = result->secure != 0;
	if (result->bogus != 0) {
		answer_r->status = BOUNCE_DNS_BOGUS;
	} else if (result->havedata != 0) {
		t_array_init(&values, 8);
		for (unsigned int i = 0; result->data[i] != NULL; i++) {
			value = resolver_value(type,
				(const unsigned char *)result->data[i],
				result->len[i]);
			if (value != NULL)
				array_push_back(&values, &value);
		}
		array_append_zero(&values);
		answer_r->values = array_front(&values);
		answer_r->status = BOUNCE_DNS_FOUND;
	} else if (result->rcode == 0 || result->nxdomain != 0) {
		answer_r->status = BOUNCE_DNS_NONE;
	}
}

/*
 * Queries
 */

static void resolver_answered(void *context, int error,
			      struct ub_result *result)
{
	struct resolver_wait *wait = context;

	wait->done = TRUE;
	wait->error = error;
	wait->result = result;
}

static void
resolver_wait(struct bounce_check_resolver *resolver, const char *name,
	      enum bounce_dns_type type, struct resolver_wait *wait)
{
	uint64_t deadline = i_microseconds() + QUERY_MSECS * 1000ULL, now;
	struct pollfd fd = { .fd = ub_fd(resolver->ctx), .events = POLLIN };
	int id;

	if (ub_resolve_async(resolver->ctx, name, type, 1, wait,
			     resolver_answered, &id) != 0)
		return;
	while (!wait->done && (now = i_microseconds()) < deadline) {
		(void)poll(&fd, 1, (deadline - now) / 1000 + 1);
		if (ub_process(resolver->ctx) != 0)
			break;
	}
	if (!wait->done)
		(void)ub_cancel(resolver->ctx, id);
}

void bounce_check_resolver_query(void *context, const char *name,
				 enum bounce_dns_type type,
				 struct bounce_dns_answer *answer_r)
{
	struct bounce_check_resolver *resolver = context;
	struct resolver_wait wait;

	answer_r->status = BOUNCE_DNS_FAILED;
	answer_r->secure = FALSE;
	answer_r->values = no_values;
	if (!resolver->answered && resolver->silent >= MAX_SILENT)
		return;
	i_zero(&wait);
	resolver_wait(resolver, name, type, &wait);
	if (wait.result != NULL) {
		if (wait.error == 0)
			resolver_read(wait.result, type, answer_r);
		ub_resolve_free(wait.result);
	}
	if (answer_r->status == BOUNCE_DNS_FAILED)
		resolver->silent++;
	else
		resolver->answered = TRUE;
}
