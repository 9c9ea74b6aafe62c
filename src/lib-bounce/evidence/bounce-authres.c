/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-authres.h"

/* Comments may be anywhere and nest; quotes are taken off. What was quoted
   keeps its blanks and semicolons as underscores: nothing of ours has them. */
static const char *t_authres_plain(const char *value)
{
	string_t *str = t_str_new(128);
	unsigned int depth = 0;
	bool quoted = FALSE;

	for (; *value != '\0'; value++) {
		if (*value == '\\' && value[1] != '\0' &&
		    (quoted || depth > 0)) {
			value++;
			if (quoted)
				str_append_c(str, '_');
		} else if (quoted) {
			if (*value == '"')
				quoted = FALSE;
			else
				str_append_c(str, strchr("; \t\r\n", *value) ==
					     NULL ? (unsigned char)*value : '_');
		} else if (*value == '(') {
			depth++;
		} else if (*value == ')' && depth > 0) {
			depth--;
			str_append_c(str, ' ');
		} else if (depth > 0) {
			continue;
		} else if (*value == '"') {
			quoted = TRUE;
		} else {
			str_append_c(str, *value);
		}
	}
	return str_c(str);
}

/* "a = b" is "a=b" */
static const char *const *t_authres_words(const char *result)
{
	string_t *str = t_str_new(64);

	for (; *result != '\0'; result++) {
		bool blank = strchr(" \t\r\n", *result) != NULL;
		size_t next = strspn(result, " \t\r\n");

		if (blank && (result[next] == '=' || result[next] == '.' ||
			      (str_len(str) > 0 &&
			       strchr("=.", str_data(str)[str_len(str) - 1]) !=
			       NULL)))
			continue;
		str_append_c(str, blank ? ' ' : (unsigned char)*result);
	}
	return t_strsplit_spaces(str_c(str), " ");
}

/* The domain of "name=user@example.org", "name=@example.org" or
   "name=example.org". */
static const char *
authres_domain(const char *const *words, const char *name)
{
	size_t len = strlen(name);

	for (; *words != NULL; words++) {
		const char *value = *words + len + 1, *at;

		if (strncasecmp(*words, name, len) != 0 || (*words)[len] != '=')
			continue;
		at = strrchr(value, '@');
		return at == NULL ? value : at + 1;
	}
	return NULL;
}

/* upper is domain, or one above it that is no top level */
static bool authres_is_aligned(const char *upper, const char *domain)
{
	size_t ulen, dlen = strlen(domain);

	if (upper == NULL || strchr(upper, '.') == NULL)
		return FALSE;
	ulen = strlen(upper);
	return dlen >= ulen && strcasecmp(domain + dlen - ulen, upper) == 0 &&
		(dlen == ulen || domain[dlen - ulen - 1] == '.');
}

static bool authres_result_passes(const char *const *words, const char *domain)
{
	const char *from;

	if (*words == NULL)
		return FALSE;
	if (strcasecmp(*words, "dmarc=pass") == 0) {
		from = authres_domain(words, "header.from");
		return from == NULL || strcasecmp(from, domain) == 0;
	}
	if (strcasecmp(*words, "dkim=pass") == 0) {
		return authres_is_aligned(authres_domain(words, "header.d"),
					  domain) ||
			authres_is_aligned(authres_domain(words, "header.i"),
					   domain);
	}
	if (strcasecmp(*words, "spf=pass") == 0)
		return authres_is_aligned(
			authres_domain(words, "smtp.mailfrom"), domain);
	return FALSE;
}

bool bounce_authres_passes(const char *value, const char *domain,
			   const char **id_r)
{
	const char *const *results = t_strsplit(t_authres_plain(value), ";");
	/* a version number may follow */
	const char *const *id = *results == NULL ? results :
		t_strsplit_spaces(*results, " \t\r\n");

	*id_r = *id;
	if (*id == NULL)
		return FALSE;
	for (results++; *results != NULL; results++) {
		if (authres_result_passes(t_authres_words(*results), domain))
			return TRUE;
	}
	return FALSE;
}

void bounce_authres_signatures(const char *value,
			       ARRAY_TYPE(const_string) *domains,
			       const char **id_r)
{
	const char *const *results = t_strsplit(t_authres_plain(value), ";");
	const char *const *id = *results == NULL ? results :
		t_strsplit_spaces(*results, " \t\r\n");

	*id_r = *id;
	if (*id == NULL)
		return;
	for (results++; *results != NULL; results++) {
		const char *const *words = t_authres_words(*results);
		const char *domain;

		if (*words == NULL || strcasecmp(*words, "dkim=pass") != 0)
			continue;
		domain = authres_domain(words, "header.d");
		if (domain == NULL)
			domain = authres_domain(words, "header.i");
		if (domain != NULL)
			array_push_back(domains, &domain);
	}
}
