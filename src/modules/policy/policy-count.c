/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "bounce-access-mail.h"
#include "bounce-sent-queue.h"
#include "bounce-user.h"
#include "policy-count.h"
#include "policy-user.h"

void policy_count_held(struct policy_user *pu ATTR_UNUSED,
		       const struct bounce_hold *holds ATTR_UNUSED,
		       unsigned int count ATTR_UNUSED)
{
}

/* Each once. */
static const char *const *
t_count_addresses(const struct bounce_access_mail *mail, unsigned int *count_r)
{
	ARRAY_TYPE(const_string) addresses;
	const char *address, *last = NULL;
	ARRAY_TYPE(const_string) sorted;

	t_array_init(&sorted, array_count(&mail->recipients) + 1);
	array_append_array(&sorted, &mail->recipients);
	array_sort(&sorted, i_strcmp_p);
	t_array_init(&addresses, array_count(&sorted) + 1);
	array_foreach_elem(&sorted, address) {
		if (null_strcmp(address, last) != 0)
			array_push_back(&addresses, &address);
		last = address;
	}
	*count_r = array_count(&addresses);
	array_append_zero(&addresses);
	return array_front(&addresses);
}

void policy_count_mail(struct policy_user *pu, const struct bounce_access *data,
		       const struct bounce_access_mail *mail)
{
	struct bounce_sent_mail sent = { .verifiable = TRUE, .when = ioloop_time };
	unsigned int count;

	if (!pu->bu->set.record)
		return;
	if (pu->queue == NULL)
		pu->queue = bounce_sent_queue_init(pu->bu, NULL);
	sent.addresses = t_count_addresses(mail, &count);
	sent.open = !bounce_access_mail_is_exact(mail, data);
	/* of those that were refused it is not known who they are */
	sent.recipients = sent.open ? data->recipient_count : count;
	/* where a filter takes the mail first, there is no queue id yet */
	sent.queue_id = data->queue_id != NULL ? data->queue_id :
		data->instance;
	if (sent.queue_id != NULL)
		bounce_sent_queue_add(pu->queue, &sent);
}
