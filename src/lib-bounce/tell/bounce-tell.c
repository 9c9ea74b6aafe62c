/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-tell-private.h"
#include "bounce-limits.h"
#include "base64.h"
#include "hex-binary.h"
#include "message-date.h"
#include "message-header-encode.h"
#include "qp-encoder.h"
#include "sha2.h"

/* Characters of a line of base64 (RFC 2045 section 6.8). */
#define BASE64_LINE 76
/* and of the header (RFC 5322 section 2.1.1) */
#define HEADER_LINE 76

static const char *const tell_kind_names[BOUNCE_TELL_KIND_COUNT] = {
	"failure", "broadcast", "held", "recovered", "limit", "flood", "digest",
	"answer"
};

const char *bounce_tell_kind_name(enum bounce_tell_kind kind)
{
	i_assert(kind < BOUNCE_TELL_KIND_COUNT);
	return tell_kind_names[kind];
}

/*
 * Header
 */

/* Folded at blanks, also between encoded words (RFC 2047 section 2). */
static void tell_append_words(string_t *str, const char *name,
			      const char *value)
{
	string_t *encoded = t_str_new(256);
	const char *const *words;
	size_t column = strlen(name) + 1;

	message_header_encode(t_bounce_tell_plain(value), encoded);
	str_printfa(str, "%s:", name);
	words = t_strsplit_spaces(str_c(encoded), " \t\r\n");
	for (; *words != NULL; words++) {
		size_t len = strlen(*words);

		if (column + 1 + len > HEADER_LINE) {
			str_append(str, "\r\n");
			column = 0;
		}
		str_printfa(str, " %s", *words);
		column += 1 + len;
	}
	str_append(str, "\r\n");
}

/* A name with the characters of RFC 5322's atoms and encoded words only needs no
   quotes. */
static void tell_append_from(const struct bounce_tell *tell, string_t *str)
{
	string_t *name = t_str_new(64);
	const char *p;
	bool plain = TRUE;

	message_header_encode(bounce_texts_get(tell->texts, "notice.from"),
			      name);
	for (p = str_c(name); *p != '\0'; p++)
		plain = plain && strchr("()<>[]:;@\\,.\"", *p) == NULL;
	str_printfa(str, "From: %s%s%s <MAILER-DAEMON@%s>\r\n",
		    plain ? "" : "\"", str_c(name), plain ? "" : "\"",
		    t_bounce_tell_plain(tell->host));
}

static void tell_header(const struct bounce_tell *tell, string_t *str)
{
	const char *address = t_bounce_tell_plain(tell->address);

	str_append(str, "Return-Path: <>\r\n");
	str_printfa(str, "Date: %s\r\n", message_date_create(tell->date));
	tell_append_from(tell, str);
	str_printfa(str, "To: <%s>\r\nReply-To: <%s>\r\n", address, address);
	tell_append_words(str, "Subject", bounce_tell_subject(tell));
	str_printfa(str, "Message-ID: %s\r\n", tell->message_id);
	if (tell->original_message_id != NULL) {
		const char *id = t_bounce_tell_plain(tell->original_message_id);

		str_printfa(str, "In-Reply-To: %s\r\nReferences: %s\r\n", id,
			    id);
	}
	if (tell->unsubscribe != NULL) {
		str_printfa(str, "List-Unsubscribe:\r\n <%s>\r\n",
			    tell->unsubscribe);
	}
	str_printfa(str, "Auto-Submitted: auto-generated\r\n"
		    "X-Auto-Response-Suppress: All\r\n"
		    BOUNCE_TELL_HEADER": v=1; kind=%s\r\n"
		    "Content-Language: %s\r\n"
		    "MIME-Version: 1.0\r\n",
		    bounce_tell_kind_name(tell->kind),
		    bounce_texts_language(tell->texts));
}

/*
 * Parts
 */

/* "=_" cannot be in quoted-printable, nor "_" in base64. */
static const char *t_tell_boundary(const struct bounce_tell *tell,
				   const char *which)
{
	unsigned char digest[SHA256_RESULTLEN];

	sha256_get_digest(tell->message_id, strlen(tell->message_id), digest);
	return t_strdup_printf("=_%s_%s", which, binary_to_hex(digest, 8));
}

static void tell_append_qp(string_t *str, const char *type, const string_t *data)
{
	struct qp_encoder *qp;

	str_printfa(str, "Content-Type: text/%s; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		    type);
	qp = qp_encoder_init(str, 76, 0);
	qp_encoder_more(qp, str_data(data), str_len(data));
	qp_encoder_finish(qp);
	qp_encoder_deinit(&qp);
	str_append(str, "\r\n");
}

static void tell_append_csv(const struct bounce_tell *tell, string_t *str)
{
	string_t *csv = str_new(default_pool, 4096), *encoded;

	bounce_tell_csv(tell, csv);
	encoded = t_str_new(MAX_BASE64_ENCODED_SIZE(str_len(csv)));
	base64_encode(str_data(csv), str_len(csv), encoded);
	str_append(str, "Content-Type: text/csv; charset=utf-8; header=present;\r\n"
		   " name=failed-addresses.csv\r\n"
		   "Content-Disposition: attachment; "
		   "filename=failed-addresses.csv\r\n"
		   "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t i = 0; i < str_len(encoded); i += BASE64_LINE) {
		str_append_data(str, str_data(encoded) + i,
				I_MIN(BASE64_LINE, str_len(encoded) - i));
		str_append(str, "\r\n");
	}
	str_free(&csv);
}

void bounce_tell_text(const struct bounce_tell *tell, string_t *subject,
		      string_t *text)
{
	struct bounce_tell_doc doc = {
		.texts = tell->texts,
		.text = text,
		.html = str_new(default_pool, 16384)
	};

	str_append(subject, t_bounce_tell_plain(bounce_tell_subject(tell)));
	bounce_tell_body(tell, &doc);
	str_free(&doc.html);
}

static void tell_append_body(const struct bounce_tell *tell, string_t *str)
{
	const char *boundary = t_tell_boundary(tell, "words");
	struct bounce_tell_doc doc = {
		.texts = tell->texts,
		.text = str_new(default_pool, 8192),
		.html = str_new(default_pool, 16384)
	};

	bounce_tell_body(tell, &doc);
	str_printfa(str, "Content-Type: multipart/alternative;\r\n"
		    " boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	tell_append_qp(str, "plain", doc.text);
	str_printfa(str, "--%s\r\n", boundary);
	tell_append_qp(str, "html", doc.html);
	str_printfa(str, "--%s--\r\n", boundary);
	str_free(&doc.text);
	str_free(&doc.html);
}

static void tell_write(const struct bounce_tell *tell, string_t *str)
{
	const char *boundary = t_tell_boundary(tell, "parts");

	T_BEGIN {
		tell_header(tell, str);
	} T_END;
	if (tell->kind != BOUNCE_TELL_BROADCAST) T_BEGIN {
		tell_append_body(tell, str);
	} T_END;
	else T_BEGIN {
		str_printfa(str, "Content-Type: multipart/mixed;\r\n"
			    " boundary=\"%s\"\r\n\r\n--%s\r\n", boundary,
			    boundary);
		tell_append_body(tell, str);
		str_printfa(str, "--%s\r\n", boundary);
		tell_append_csv(tell, str);
		str_printfa(str, "--%s--\r\n", boundary);
	} T_END;
}

/* Long addresses, long answers: fewer of them. */
void bounce_tell_mail(const struct bounce_tell *tell, string_t *str)
{
	unsigned int count = array_count(&tell->recipients);
	string_t *mail = str_new(default_pool, 32 * 1024);
	struct bounce_tell some = *tell;

	tell_write(tell, mail);
	while (str_len(mail) > BOUNCE_MAX_TELL && count > 1) T_BEGIN {
		count /= 2;
		t_array_init(&some.recipients, count);
		array_append(&some.recipients,
			     array_front(&tell->recipients), count);
		some.more = tell->more + array_count(&tell->recipients) - count;
		str_truncate(mail, 0);
		tell_write(&some, mail);
	} T_END;
	str_append_str(str, mail);
	str_free(&mail);
}
