/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-storage.h"
#include "message-address.h"
#include "message-header-decode.h"
#include "message-header-parser.h"
#include "message-size.h"
#include "str.h"
#include "bounce-address.h"
#include "bounce-answer-id.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-sent-mail.h"

static void sent_outgoing_init(struct bounce_sent_header *out_r, pool_t pool)
{
	i_zero(out_r);
	p_array_init(&out_r->recipients, pool, 8);
}

static void
sent_add_address(struct bounce_sent_header *out, pool_t pool,
		 const char *address)
{
	const char *normal, *error;

	if (bounce_address_normalize(pool_datastack_create(), address, &normal,
				     &error) < 0)
		return;
	normal = p_strdup(pool, normal);
	array_push_back(&out->recipients, &normal);
}

static void
sent_add_addresses(struct bounce_sent_header *out, pool_t pool,
		   const unsigned char *data, size_t size)
{
	const struct message_address *addr;

	addr = message_address_parse(pool_datastack_create(), data, size,
				     BOUNCE_SENT_HEADER_MAX_RECIPIENTS, 0);
	for (; addr != NULL; addr = addr->next) T_BEGIN {
		if (addr->mailbox != NULL && addr->domain != NULL &&
		    array_count(&out->recipients) <
		    BOUNCE_SENT_HEADER_MAX_RECIPIENTS)
			sent_add_address(out, pool,
					 t_strconcat(addr->mailbox, "@",
						     addr->domain, NULL));
	} T_END;
}

static int sent_address_cmp(const char *const *a, const char *const *b)
{
	return strcmp(*a, *b);
}

static void sent_sort_recipients(struct bounce_sent_header *out)
{
	unsigned int i, j, count;
	const char **addresses;

	array_sort(&out->recipients, sent_address_cmp);
	addresses = array_get_modifiable(&out->recipients, &count);
	for (i = j = 0; i < count; i++) {
		if (j == 0 || strcmp(addresses[j - 1], addresses[i]) != 0)
			addresses[j++] = addresses[i];
	}
	array_delete(&out->recipients, j, count - j);
}

static const char *
p_sent_message_id(pool_t pool, const char *value)
{
	const char *id = bounce_header_message_id(pool, value);

	return id == NULL || strlen(id) > BOUNCE_MAX_RECORD_TEXT ? NULL : id;
}

const char *bounce_sent_header_message_id(struct mail *mail)
{
	const char *value;

	if (mail_get_first_header(mail, "Message-ID", &value) <= 0)
		return NULL;
	return p_sent_message_id(pool_datastack_create(), value);
}

/* Dovecot may say that there is no such header then. */
static bool sent_is_unreadable(struct mail *mail)
{
	struct istream *input;

	if (mail_get_hdr_stream(mail, NULL, &input) < 0)
		return !mail->expunged;
	return i_stream_read(input) < 0 && input->stream_errno != 0;
}

int bounce_sent_header_find_id(struct mail *mail, const char **id_r)
{
	const char *value;
	int ret = mail_get_first_header(mail, "Message-ID", &value);

	*id_r = NULL;
	if (ret < 0)
		return mail->expunged ? 0 : -1;
	if (ret == 0)
		return sent_is_unreadable(mail) ? -1 : 0;
	*id_r = p_sent_message_id(pool_datastack_create(), value);
	return *id_r == NULL ? 0 : 1;
}

bool bounce_sent_header_is_copy(struct mail *mail)
{
	const char *value;

	return mail_get_first_header(mail, "Received", &value) == 0 &&
		mail_get_first_header(mail, "Return-Path", &value) == 0;
}

static void
sent_add_header(struct bounce_sent_header *out, pool_t pool, const char *name,
		const unsigned char *data, size_t size)
{
	string_t *decoded;

	if (strcasecmp(name, "To") == 0 || strcasecmp(name, "Cc") == 0 ||
	    strcasecmp(name, "Bcc") == 0) {
		sent_add_addresses(out, pool, data, size);
	} else if (strcasecmp(name, "Message-ID") == 0) {
		if (out->message_id == NULL)
			out->message_id = p_sent_message_id(pool,
							    t_strndup(data,
								      size));
	} else if (strcasecmp(name, "In-Reply-To") == 0 ||
		   strcasecmp(name, "References") == 0) {
		if (out->answers == NULL) {
			out->answers = bounce_answer_id_find(pool,
						t_strndup(data, size), NULL);
		}
	} else if (strcasecmp(name, "Subject") == 0 && out->subject == NULL) {
		decoded = t_str_new(128);
		message_header_decode_utf8(data, size, decoded, NULL);
		out->subject = p_strdup_empty(pool, str_c(decoded));
		if (out->answers == NULL) {
			out->answers = bounce_answer_id_find(pool,
							     str_c(decoded),
							     NULL);
		}
	}
}

static const char *const header_names[] = {
	"Message-ID", "Subject", "To", "Cc", "Bcc", NULL
};

int bounce_sent_header_read(struct mail *mail, pool_t pool,
			 struct bounce_sent_header *out_r)
{
	const char *const *values;
	int ret = 0;

	sent_outgoing_init(out_r, pool);
	for (unsigned int i = 0; header_names[i] != NULL && ret >= 0; i++) {
		ret = mail_get_headers(mail, header_names[i], &values);
		for (; ret > 0 && *values != NULL; values++) T_BEGIN {
			sent_add_header(out_r, pool, header_names[i],
					(const unsigned char *)*values,
					strlen(*values));
		} T_END;
	}
	sent_sort_recipients(out_r);
	return ret < 0 ? -1 : 0;
}

int bounce_sent_header_read_stream(struct istream *input, pool_t pool,
				struct bounce_sent_header *out_r)
{
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	int ret;

	sent_outgoing_init(out_r, pool);
	i_stream_seek(input, 0);
	parser = message_parse_header_init(input, NULL, 0);
	while ((ret = message_parse_header_next(parser, &hdr)) > 0) {
		if (hdr->eoh)
			continue;
		if (hdr->continues) {
			hdr->use_full_value = TRUE;
			continue;
		}
		T_BEGIN {
			sent_add_header(out_r, pool, hdr->name, hdr->full_value,
					hdr->full_value_len);
		} T_END;
	}
	message_parse_header_deinit(&parser);
	ret = input->stream_errno != 0 ? -1 : 0;
	i_stream_seek(input, 0);
	sent_sort_recipients(out_r);
	return ret;
}

void bounce_sent_header_set_recipients(struct bounce_sent_header *out, pool_t pool,
				    const char *const *addresses,
				    unsigned int count)
{
	array_clear(&out->recipients);
	for (unsigned int i = 0; i < count; i++) T_BEGIN {
		sent_add_address(out, pool, addresses[i]);
	} T_END;
	sent_sort_recipients(out);
}

bool bounce_sent_header_has(struct bounce_sent_header *out,
			 const char *address)
{
	return array_bsearch(&out->recipients, &address,
			     sent_address_cmp) != NULL;
}
