/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Any bytes as what an SMTP server writes to bounce-policy: requests, and what is
   remembered of their mails. What follows a NUL is a value of the dictionary that
   should hold envelopes. */

#include "lib.h"
#include "array.h"
#include "bounce-access-mail.h"
#include "bounce-address.h"
#include "bounce-limits.h"
#include "bounce-sent-envelope.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void fuzz_recipient(struct bounce_access_mail *mail, const char *recipient)
{
	struct bounce_record rec;
	struct bounce_hold hold = { .rec = &rec };
	const char *address, *error;

	if (recipient == NULL ||
	    bounce_address_normalize(pool_datastack_create(), recipient,
				     &address, &error) < 0) {
		bounce_access_mail_add(mail, NULL, NULL);
		return;
	}
	bounce_record_init(&rec, pool_datastack_create(), address);
	hold.address = address;
	hold.decision = strlen(address) % BOUNCE_HOLD_DECISION_COUNT;
	bounce_access_mail_add(mail, address, &hold);
}

static void
fuzz_request(const struct bounce_access *access, struct bounce_access_mail *mail)
{
	(void)bounce_access_mail_begin(mail, access);
	if (access->state == BOUNCE_ACCESS_RCPT)
		fuzz_recipient(mail, access->recipient);
	i_assert(mail->held <= mail->passed);
	i_assert(array_count(&mail->recipients) <= mail->passed &&
		 array_count(&mail->recipients) <= BOUNCE_MAX_ACCESS_RECIPIENTS);
	if (bounce_access_mail_is_dead(mail, access))
		i_assert(mail->held == access->recipient_count &&
			 bounce_access_mail_is_exact(mail, access));
}

static void fuzz_requests(const char *text)
{
	struct bounce_access access;
	struct bounce_access_mail mail;
	const char *line, *end, *error;
	int ret = 0;

	bounce_access_init(&access, pool_alloconly_create("fuzz", 1024));
	bounce_access_mail_init(&mail);
	for (line = text; *line != '\0' && ret >= 0; line = end) T_BEGIN {
		end = line + strcspn(line, "\n");
		ret = bounce_access_read(&access, t_strdup_until(line, end),
					 &error);
		if (*end == '\n')
			end++;
		if (ret > 0) {
			fuzz_request(&access, &mail);
			bounce_access_reset(&access);
		}
	} T_END;
	bounce_access_mail_deinit(&mail);
	pool_unref(&access.pool);
}

static void fuzz_envelopes(const char *value)
{
	static const char *const address = "bob@example.net";
	struct bounce_sent_envelope env;
	pool_t pool = pool_datastack_create();

	if (bounce_sent_envelope_find(pool, value, "4bX", 1790000000, &env) &&
	    bounce_sent_envelope_has(&env, address))
		i_assert(bounce_sent_envelope_is_exact(&env));
	bounce_sent_envelope_init(&env, pool, "4bX", &address, 1);
	env.when = 1790000000;
	value = bounce_sent_envelope_put(value, &env);
	i_assert(bounce_sent_envelope_find(pool, value, "4bX", 1790000000,
					   &env));
	i_assert(bounce_sent_envelope_has(&env, address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
	size_t len = end == NULL ? size : (size_t)(end - data);

	T_BEGIN {
		fuzz_requests(t_strndup(data, len));
		if (end != NULL)
			fuzz_envelopes(t_strndup(end + 1, size - len - 1));
	} T_END;
	return 0;
}
