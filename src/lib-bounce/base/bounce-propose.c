/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-address.h"

/* Domains where many people have their mail. A domain that is one slip of the
   keyboard away from one of these, and is none of them, was probably meant to
   be it. Real neighbours are here too, so that they are left alone. */
static const char *const common_domains[] = {
	"126.com", "163.com", "aliyun.com", "alice.it", "aol.com", "aol.de",
	"arcor.de", "att.net", "bell.net", "bellsouth.net", "bigpond.com",
	"bluewin.ch", "bol.com.br", "btinternet.com", "charter.net",
	"comcast.net", "cox.net", "docomo.ne.jp", "earthlink.net", "email.com",
	"email.cz", "email.it", "ezweb.ne.jp", "fastmail.com", "fastmail.fm",
	"foxmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at",
	"gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hanmail.net",
	"hey.com", "home.nl", "hotmail.be", "hotmail.ca", "hotmail.co.uk",
	"hotmail.com", "hotmail.com.br", "hotmail.de", "hotmail.es",
	"hotmail.fr", "hotmail.it", "hotmail.nl", "icloud.com", "inbox.ru",
	"interia.pl", "juno.com", "kpnmail.nl", "laposte.net", "libero.it",
	"list.ru", "live.ca", "live.co.uk", "live.com", "live.de", "live.fr",
	"live.it", "live.nl", "mac.com", "mail.com", "mail.de", "mail.ru",
	"mailbox.org", "me.com", "msn.com", "naver.com", "neuf.fr", "nifty.com",
	"ntlworld.com", "o2.pl", "online.de", "online.no", "onet.pl",
	"optonline.net", "optusnet.com.au", "orange.fr", "outlook.com",
	"outlook.de", "outlook.es", "outlook.fr", "planet.nl", "pm.me",
	"posteo.de", "proton.me", "protonmail.com", "qq.com", "rambler.ru",
	"rediffmail.com", "rocketmail.com", "rogers.com", "sapo.pt",
	"sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.com",
	"skynet.be", "sky.com", "softbank.ne.jp", "sympatico.ca",
	"t-online.de", "talktalk.net", "telenet.be", "telia.com", "telus.net",
	"terra.com.br", "tin.it", "tiscali.it", "tutanota.com", "ukr.net",
	"uol.com.br", "verizon.net", "virgilio.it", "virginmedia.com",
	"vodafone.de", "wanadoo.fr", "web.de", "windstream.net", "wp.pl",
	"xs4all.nl", "xtra.co.nz", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp",
	"yahoo.co.uk", "yahoo.com", "yahoo.com.ar", "yahoo.com.br",
	"yahoo.com.mx", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it",
	"yandex.com", "yandex.ru", "ymail.com", "ziggo.nl",
};

/* Endings that do not exist and what was meant. */
static const struct {
	const char *wrong, *right;
} endings[] = {
	{ ".con", ".com" }, { ".cmo", ".com" }, { ".ocm", ".com" },
	{ ".comm", ".com" }, { ".vom", ".com" }, { ".xom", ".com" },
	{ ".cpm", ".com" }, { ".clm", ".com" }, { ".ney", ".net" },
	{ ".nett", ".net" }, { ".ner", ".net" }, { ".orgg", ".org" },
	{ ".ogr", ".org" },
};

static bool propose_is_common(const char *domain)
{
	for (unsigned int i = 0; i < N_ELEMENTS(common_domains); i++) {
		if (strcmp(common_domains[i], domain) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Is b what a was meant to be: one letter left out, too many, wrong, or two
   neighbours swapped? Linear. */
static bool propose_is_one_slip(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	while (*a == *b && *a != '\0') {
		a++; b++; la--; lb--;
	}
	if (la == lb + 1)
		return strcmp(a + 1, b) == 0;
	if (la + 1 == lb)
		return strcmp(a, b + 1) == 0;
	if (la != lb || la == 0)
		return FALSE;
	return strcmp(a + 1, b + 1) == 0 ||
		(la > 1 && a[0] == b[1] && a[1] == b[0] &&
		 strcmp(a + 2, b + 2) == 0);
}

/* A short name has too many true neighbours (gmx.at, gmx.de): there the first
   letters must be right, and only the ending may be wrong. */
static bool propose_may_be_meant(const char *domain, const char *common)
{
	if (strcspn(common, ".") < 4)
		return FALSE;
	return propose_is_one_slip(domain, common);
}

static const char *propose_domain(const char *domain)
{
	size_t len = strlen(domain);

	if (propose_is_common(domain))
		return NULL;
	for (unsigned int i = 0; i < N_ELEMENTS(common_domains); i++) {
		if (propose_may_be_meant(domain, common_domains[i]))
			return common_domains[i];
	}
	for (unsigned int i = 0; i < N_ELEMENTS(endings); i++) {
		size_t wrong = strlen(endings[i].wrong);

		if (len > wrong &&
		    strcmp(domain + len - wrong, endings[i].wrong) == 0)
			return t_strconcat(t_strndup(domain, len - wrong),
					   endings[i].right, NULL);
	}
	return NULL;
}

const char *bounce_address_propose(const char *address)
{
	const char *at = strrchr(address, '@');
	const char *domain = at == NULL ? NULL : propose_domain(at + 1);

	return domain == NULL ? NULL :
		t_strconcat(t_strdup_until(address, at + 1), domain, NULL);
}
