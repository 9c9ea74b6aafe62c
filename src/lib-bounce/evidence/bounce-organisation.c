/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "net.h"
#include "bounce-organisation.h"
#include "bounce-registered.h"

#include <ctype.h>
#include <stdio.h>

#define MAX_NUMBERS 16

static bool organisation_is_host(const char *host)
{
	struct ip_addr ip;

	return *host != '\0' && *host != '.' && host[strlen(host) - 1] != '.' &&
		strstr(host, "..") == NULL && strpbrk(host, "[]:@ ") == NULL &&
		net_addr2ip(host, &ip) < 0;
}

const char *bounce_organisation(const char *host)
{
	host = t_str_lcase(host);
	return organisation_is_host(host) ? bounce_registered_domain(host) :
		NULL;
}

bool bounce_organisation_same(const char *host, const char *domain)
{
	const char *a = bounce_organisation(host);
	const char *b = a == NULL ? NULL : bounce_organisation(domain);
	size_t len = strlen(host), dlen = strlen(domain);

	if (b == NULL)
		return FALSE;
	/* without a list: mx.example.de is of example.de */
	return strcmp(a, b) == 0 ||
		(len > dlen && host[len - dlen - 1] == '.' &&
		 strcasecmp(host + len - dlen, domain) == 0);
}

/*
 * Lines
 */

static bool organisation_has_word(const char *host)
{
	static const char *const words[] = {
		"adsl", "broadband", "cable", "cpe", "cust", "customer",
		"customers", "dhcp", "dial", "dialin", "dialup", "dip", "dsl",
		"dyn", "dynamic", "hsi", "pool", "ppp", "pppoe", "res",
		"residential", "vdsl", NULL
	};
	const char *const *parts;

	/* dyn-12, pool7: letters only */
	for (parts = t_strsplit(host, ".-_0123456789"); *parts != NULL;
	     parts++) {
		if (str_array_icase_find(words, *parts))
			return TRUE;
	}
	return FALSE;
}

static unsigned int
organisation_numbers(const char *host, unsigned int numbers[MAX_NUMBERS])
{
	unsigned int count = 0;

	while (*host != '\0' && count < MAX_NUMBERS) {
		unsigned int number = 0, digits = 0;

		for (; isdigit((unsigned char)*host); host++) {
			if (digits++ < 3)
				number = number * 10 + (*host - '0');
		}
		if (digits > 0 && digits <= 3)
			numbers[count++] = number;
		else if (digits == 0)
			host++;
	}
	return count;
}

/* Three of its four numbers, in any order, or all in hexadecimal. */
static bool organisation_has_address(const char *host, const char *address)
{
	unsigned int numbers[MAX_NUMBERS], octets[4], count, found = 0;

	if (address == NULL ||
	    sscanf(address, "%u.%u.%u.%u", &octets[0], &octets[1], &octets[2],
		   &octets[3]) != 4)
		return FALSE;
	if (strcasestr(host, t_strdup_printf("%02x%02x%02x%02x", octets[0],
					     octets[1], octets[2],
					     octets[3])) != NULL)
		return TRUE;
	count = organisation_numbers(host, numbers);
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int j = 0; j < count; j++) {
			if (numbers[j] != octets[i])
				continue;
			/* each number of the name once */
			numbers[j] = UINT_MAX;
			found++;
			break;
		}
	}
	return found >= 3;
}

bool bounce_organisation_is_line(const char *host, const char *address)
{
	return organisation_has_word(host) ||
		organisation_has_address(host, address);
}

/*
 * Hosters
 */

/* Source: reports of the public corpora (Sisimai's and others' samples), seen
   2026-11-26: DKIM-Signature d= and From of what each sends. */
static const char *const google_domains[] = {
	"gmail.com", "googlemail.com", "google.com", NULL
};
static const char *const microsoft_domains[] = {
	"outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk",
	"hotmail.de", "hotmail.fr", "hotmail.it", "outlook.de", "outlook.fr",
	"live.de", "live.fr", "live.co.uk", NULL
};
static const char *const yahoo_domains[] = {
	"yahoo.com", "ymail.com", "rocketmail.com", "yahoo.de", "yahoo.fr",
	"yahoo.co.uk", "yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.co.in", NULL
};
static const char *const aol_domains[] = { "aol.com", "aim.com", NULL };
static const char *const apple_domains[] = {
	"icloud.com", "me.com", "mac.com", NULL
};
static const char *const gmx_domains[] = {
	"gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.org", NULL
};
static const char *const webde_domains[] = { "web.de", NULL };
static const char *const mailru_domains[] = {
	"mail.ru", "bk.ru", "inbox.ru", "list.ru", NULL
};
static const char *const yandex_domains[] = {
	"yandex.ru", "yandex.com", "ya.ru", NULL
};
static const char *const others_domains[] = {
	"qq.com", "163.com", "126.com", "zoho.com", "proton.me",
	"protonmail.com", "t-online.de", "freenet.de", "orange.fr", "free.fr",
	"wp.pl", "libero.it", "comcast.net", NULL
};

static const struct bounce_hoster hosters[] = {
	{ google_domains, "googlemail.com", "mailer-daemon@googlemail.com" },
	{ microsoft_domains, "outlook.com", "postmaster@outlook.com" },
	{ yahoo_domains, "yahoo.com", "mailer-daemon@yahoo.com" },
	{ aol_domains, "mx.aol.com", "mailer-daemon@aol.com" },
	{ apple_domains, "icloud.com", "mailer-daemon@icloud.com" },
	/* their reports are not known to be signed: strangers */
	{ gmx_domains, NULL, NULL },
	{ webde_domains, NULL, NULL },
	{ mailru_domains, NULL, NULL },
	{ yandex_domains, NULL, NULL },
	{ others_domains, NULL, NULL },
};

const struct bounce_hoster *bounce_organisation_hoster_find(const char *domain)
{
	size_t len = strlen(domain);

	for (unsigned int i = 0; i < N_ELEMENTS(hosters); i++) {
		const char *const *p = hosters[i].domains;

		for (; *p != NULL; p++) {
			size_t plen = strlen(*p);

			if (len >= plen &&
			    strcasecmp(domain + len - plen, *p) == 0 &&
			    (len == plen || domain[len - plen - 1] == '.'))
				return &hosters[i];
		}
	}
	return NULL;
}
