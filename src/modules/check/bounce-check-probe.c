/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "hex-binary.h"
#include "hostpid.h"
#include "net.h"
#include "sha1.h"
#include "str.h"
#include "time-util.h"
#include "bounce-address.h"
#include "compat-user.h"
#include "bounce-check-network.h"
#include "bounce-check-probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* a busy MTA, or one that makes us wait, answers late */
#define PROBE_MSECS 30000
#define PROBE_EVERY_SECS 3600
#define MAX_REPLY 4096

/* How mail was talked through hosts that look at one part of an address only
   (RFC 2505 section 2.1). %l, %d: local part and domain of --to; %s: a domain of
   ours; %i: the host's address, in brackets. */
static const struct probe_form {
	const char *sender, *recipient;
} probe_forms[] = {
	{ "%l@%d", "%l@%d" },
	/* who trusts a sender */
	{ "", "%l@%d" },
	{ "postmaster@%s", "%l@%d" },
	{ "postmaster", "%l@%d" },
	{ "postmaster@localhost", "%l@%d" },
	{ "postmaster@%i", "%l@%d" },
	/* who looks at the end of the recipient, and then sends on by the rest */
	{ "%l@%d", "%l%%%d@%s" },
	{ "%l@%d", "%l%%%d@%i" },
	{ "%l@%d", "\"%l@%d\"" },
	{ "%l@%d", "\"%l@%d\"@%s" },
	{ "%l@%d", "%l@%d@%s" },
	{ "%l@%d", "%d!%l" },
	{ "%l@%d", "%d!%l@%s" },
	{ "%l@%d", "@%s:%l@%d" },
};

struct probe {
	struct bounce_check *check;
	const char *host, *local, *domain;
	in_port_t port;
	int fd;
	/* a domain of ours */
	const char *site;
	/* the host's, of the connection */
	struct ip_addr ip;
	/* ours, of the connection */
	struct ip_addr from;
	string_t *input;
	/* forms that were refused, and the last words; those that were put off */
	unsigned int refused;
	const char *refusal, *put_off;
};

/*
 * May it be asked?
 */

static bool probe_is_mx(struct bounce_check *check, const char *host)
{
	const char *const *site = check->network->sites;
	struct bounce_dns_answer answer;

	for (; *site != NULL; site++) {
		bounce_check_network_ask(check, *site, BOUNCE_DNS_MX, &answer);
		for (; *answer.values != NULL; answer.values++) {
			const char *name = strchr(*answer.values, ' ');

			if (name != NULL && strcasecmp(name + 1, host) == 0)
				return TRUE;
		}
	}
	return FALSE;
}

static bool probe_is_ours(struct bounce_check *check, const char *host)
{
	return str_array_icase_find(check->network->hosts, host) ||
		probe_is_mx(check, host);
}

static bool
probe_parse_to(struct probe *probe, const char *to, const char **error_r)
{
	const char *normal, *at, *const *site = probe->check->network->sites;
	struct bounce_dns_answer answer;

	if (bounce_address_normalize(pool_datastack_create(), to, &normal,
				     error_r) < 0)
		return FALSE;
	at = strrchr(normal, '@');
	probe->local = t_strdup_until(normal, at);
	probe->domain = at + 1;
	/* it goes into commands: nothing that could end one */
	if (strspn(probe->local, "abcdefghijklmnopqrstuvwxyz0123456789.+-_") !=
	    strlen(probe->local)) {
		*error_r = "--to: a plain address is wanted";
		return FALSE;
	}
	for (; *site != NULL; site++) {
		if (strcasecmp(*site, probe->domain) == 0) {
			*error_r = "--to is an address of this site: it proves "
				"nothing";
			return FALSE;
		}
	}
	bounce_check_network_ask(probe->check, probe->domain, BOUNCE_DNS_MX,
				 &answer);
	if (answer.status != BOUNCE_DNS_FOUND) {
		*error_r = "--to: its domain has no MX, so that a refusal would "
			"prove nothing";
		return FALSE;
	}
	return TRUE;
}

/* Returns FALSE if it was asked within the hour, or that cannot be kept. */
static bool probe_take_turn(struct probe *probe)
{
	const char *dir = compat_user_state_dir(), *path;
	unsigned char digest[SHA1_RESULTLEN];
	struct stat st;
	int fd;

	sha1_get_digest(probe->host, strlen(probe->host), digest);
	path = t_strdup_printf("%s/dovecot-bounce-probe.%s", dir == NULL ?
			       "" : dir, binary_to_hex(digest, 8));
	if (dir != NULL && lstat(path, &st) == 0 &&
	    st.st_mtime + PROBE_EVERY_SECS > probe->check->now &&
	    st.st_mtime <= probe->check->now) {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
				 probe->host, "Ask again in an hour",
				 "it was asked within the last hour");
		return FALSE;
	}
	/* the time is that of the file */
	(void)unlink(path);
	fd = dir == NULL ? -1 :
		open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd == -1) {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
				 probe->host, "Run it as root, without -u",
				 "that it was asked cannot be kept: %m");
		return FALSE;
	}
	(void)close(fd);
	return TRUE;
}

/*
 * SMTP (RFC 5321)
 */

static bool probe_wait(struct probe *probe, short events)
{
	struct pollfd fd = { .fd = probe->fd, .events = events };

	return poll(&fd, 1, PROBE_MSECS) > 0;
}

/* The last line of a reply, without its line end, or NULL. */
static const char *probe_read_reply(struct probe *probe)
{
	char buf[512];
	const char *line, *end;
	ssize_t ret;

	for (;;) {
		line = str_c(probe->input);
		while ((end = strchr(line, '\n')) != NULL) {
			const char *reply = t_strcut(t_strdup_until(line, end),
						     '\r');

			line = end + 1;
			if (strlen(reply) >= 3 && reply[3] != '-') {
				str_delete(probe->input, 0,
					   line - str_c(probe->input));
				return reply;
			}
		}
		if (str_len(probe->input) > MAX_REPLY ||
		    !probe_wait(probe, POLLIN) ||
		    (ret = read(probe->fd, buf, sizeof(buf))) <= 0)
			return NULL;
		for (ssize_t i = 0; i < ret; i++) {
			if (buf[i] != '\0')
				str_append_c(probe->input, buf[i]);
		}
	}
}

static const char *probe_command(struct probe *probe, const char *command)
{
	const char *line = t_strconcat(command, "\r\n", NULL);

	if (write(probe->fd, line, strlen(line)) != (ssize_t)strlen(line))
		return NULL;
	return probe_read_reply(probe);
}

static const char *t_probe_form(const struct probe *probe, const char *form)
{
	string_t *str = t_str_new(128);

	for (; *form != '\0'; form++) {
		if (*form != '%') {
			str_append_c(str, *form);
			continue;
		}
		switch (*++form) {
		case 'l':
			str_append(str, probe->local);
			break;
		case 'd':
			str_append(str, probe->domain);
			break;
		case 's':
			str_append(str, probe->site);
			break;
		case 'i':
			str_printfa(str, "[%s%s]", probe->ip.family == AF_INET ?
				    "" : "IPv6:", net_ip2addr(&probe->ip));
			break;
		default:
			str_append_c(str, *form);
		}
	}
	return str_c(str);
}

/*
 * The probe
 */

static void
probe_say_accepted(struct probe *probe, const char *sender,
		   const char *recipient, const char *reply)
{
	bool loopback = (probe->from.family == AF_INET &&
			 (ntohl(probe->from.u.ip4.s_addr) >> 24) == 127) ||
		(probe->from.family == AF_INET6 &&
		 IN6_IS_ADDR_LOOPBACK(&probe->from.u.ip6));

	/* whoever accepts at RCPT may still refuse, or take us for its own */
	bounce_check_say(probe->check, loopback ? BOUNCE_CHECK_UNKNOWN :
			 BOUNCE_CHECK_WARN, "probe", probe->host, loopback ?
			 "Ask from an address that it does not trust" :
			 "Unless it trusts this address (mynetworks), it relays for "
			 "anybody: ask from outside, and look whether the mail comes",
			 "asked from %s, it would take <%s> from <%s>: %s",
			 net_ip2addr(&probe->from), recipient, sender, reply);
}

/* "454 4.7.1 Relay access denied" is a refusal, "450 Greylisted" none. */
static bool probe_is_refusal(const char *reply)
{
	return *reply == '5' || strncmp(reply, "454", 3) == 0 ||
		strcasestr(reply, "relay access") != NULL ||
		strcasestr(reply, "relaying") != NULL;
}

/* Returns 1 if it accepted (which was said), 0 if not, -1 if it hung up. */
static int probe_ask(struct probe *probe, const struct probe_form *form)
{
	const char *sender = t_probe_form(probe, form->sender);
	const char *recipient = t_probe_form(probe, form->recipient);
	const char *reply;

	reply = probe_command(probe, t_strdup_printf("MAIL FROM:<%s>", sender));
	if (reply != NULL && *reply == '2') {
		reply = probe_command(probe, t_strdup_printf("RCPT TO:<%s>",
							     recipient));
	}
	if (reply == NULL || strncmp(reply, "421", 3) == 0)
		return -1;
	if (*reply == '2') {
		probe_say_accepted(probe, sender, recipient, reply);
		return 1;
	}
	if (probe_is_refusal(reply)) {
		probe->refused++;
		probe->refusal = p_strdup(probe->check->pool, reply);
	} else {
		probe->put_off = p_strdup(probe->check->pool, reply);
	}
	reply = probe_command(probe, "RSET");
	return reply == NULL || *reply != '2' ? -1 : 0;
}

static void probe_say_end(struct probe *probe, bool whole)
{
	const char *from = net_ip2addr(&probe->from);

	if (whole && probe->put_off == NULL) {
		bounce_check_say(probe->check, BOUNCE_CHECK_OK, "probe",
			probe->host, "To prove that it is closed to everybody, "
			"ask from outside", "asked from %s, it refuses all %u "
			"forms, the last: %s", from, probe->refused,
			probe->refusal);
	} else if (whole) {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
			probe->host, "It may answer otherwise in an hour",
			"asked from %s, it refuses %u of %u forms, and puts off "
			"the others: %s", from, probe->refused,
			(unsigned int)N_ELEMENTS(probe_forms), probe->put_off);
	} else {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
			probe->host, NULL, "asked from %s, it hung up when it had "
			"refused %u of %u forms%s%s", from, probe->refused,
			(unsigned int)N_ELEMENTS(probe_forms),
			probe->refusal == NULL ? "" : ", the last: ",
			probe->refusal == NULL ? "" : probe->refusal);
	}
}

static void probe_talk(struct probe *probe)
{
	const char *reply = probe_read_reply(probe);
	int ret = 0;

	if (reply != NULL && *reply == '2') {
		reply = probe_command(probe, t_strconcat("EHLO ",
							 my_hostdomain(),
							 NULL));
	}
	if (reply == NULL || *reply != '2') {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
				 probe->host, NULL, "it does not talk to us: %s",
				 reply == NULL ? "no answer" : reply);
		return;
	}
	for (unsigned int i = 0; ret == 0 && i < N_ELEMENTS(probe_forms); i++) T_BEGIN {
		ret = probe_ask(probe, &probe_forms[i]);
	} T_END;
	if (ret <= 0)
		probe_say_end(probe, ret == 0);
	if (ret >= 0)
		(void)probe_command(probe, "QUIT");
}

static void probe_connect(struct probe *probe)
{
	struct ip_addr *ips;
	unsigned int count;

	if (net_gethostbyname(probe->host, &ips, &count) != 0) {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
				 probe->host, NULL, "it has no address");
		return;
	}
	probe->ip = ips[0];
	probe->fd = net_connect_ip(&ips[0], probe->port, NULL);
	if (probe->fd == -1 || !probe_wait(probe, POLLOUT) ||
	    net_geterror(probe->fd) != 0 ||
	    net_getsockname(probe->fd, &probe->from, NULL) < 0) {
		bounce_check_say(probe->check, BOUNCE_CHECK_UNKNOWN, "probe",
				 probe->host, NULL, "nobody answers at %s, port %u",
				 net_ip2addr(&ips[0]), probe->port);
	} else {
		net_set_nonblock(probe->fd, FALSE);
		probe_talk(probe);
	}
	if (probe->fd != -1)
		(void)close(probe->fd);
}

bool bounce_check_probe(struct bounce_check *check, const char *host,
			const char *to, const char **error_r)
{
	struct probe probe = { .check = check, .fd = -1 };

	if (net_str2hostport(host, 25, &probe.host, &probe.port) < 0) {
		*error_r = t_strdup_printf("%s is no host",
					   doveadm_bounce_shown(host));
		return FALSE;
	}
	if (!bounce_check_network_ready(check)) {
		*error_r = "The DNS cannot be asked whether the host is ours";
		return FALSE;
	}
	if (!probe_is_ours(check, probe.host)) {
		*error_r = t_strdup_printf("%s is not one of this site's hosts "
			"(bounce_check_hosts, or MX of a domain in bounce_sites)",
			doveadm_bounce_shown(probe.host));
		return FALSE;
	}
	if (!probe_parse_to(&probe, to, error_r))
		return FALSE;
	probe.site = check->network->sites[0] != NULL ?
		check->network->sites[0] : probe.host;
	probe.input = str_new(default_pool, 256);
	if (probe_take_turn(&probe))
		probe_connect(&probe);
	str_free(&probe.input);
	return TRUE;
}
