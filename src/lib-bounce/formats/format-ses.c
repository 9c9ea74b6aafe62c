/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-format-private.h"

#include <jansson.h>

/* Amazon SES by way of SNS: the notification is JSON, alone or within another
   one's "Message". Fields: the SES developer guide, "Amazon SNS notification
   contents". */

static const char *ses_text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL || *text == '\0' ? NULL :
		bounce_string_oneline(text, BOUNCE_MAX_DIAGNOSTIC);
}

/* The mail's line breaks may have been added by the transport: within a
   string they are no JSON. */
static json_t *ses_load(const char *text)
{
	string_t *clean = t_str_new(strlen(text) + 1);
	const char *p = strchr(text, '{');
	json_t *root;

	if (p == NULL)
		return NULL;
	for (; *p != '\0'; p++) {
		if (*p != '\n')
			str_append_c(clean, *p);
	}
	root = json_loads(str_c(clean), JSON_DISABLE_EOF_CHECK, NULL);
	if (root == NULL) {
		root = json_loads(strchr(text, '{'), JSON_DISABLE_EOF_CHECK,
				  NULL);
	}
	return root;
}

static json_t *ses_load_notification(const char *text)
{
	json_t *root = ses_load(text), *inner;
	const char *message;

	if (root == NULL || json_object_get(root, "notificationType") != NULL ||
	    json_object_get(root, "eventType") != NULL)
		return root;
	message = json_string_value(json_object_get(root, "Message"));
	inner = message == NULL ? NULL : ses_load(message);
	json_decref(root);
	return inner;
}

static void ses_add_recipient(pool_t pool, const json_t *item,
			      const char *mta, enum bounce_action action,
			      struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	const char *address, *status;

	address = json_is_string(item) ? json_string_value(item) :
		ses_text_of(item, "emailAddress");
	address = bounce_dsn_address(pool, address);
	if (address == NULL)
		return;
	if (array_count(&report->recipients) >= BOUNCE_MAX_RECIPIENTS) {
		report->truncated = TRUE;
		return;
	}
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	rcpt->action = action;
	rcpt->remote_mta = p_strdup(pool, mta);
	if (json_is_string(item))
		return;
	rcpt->diagnostic = ses_text_of(item, "diagnosticCode");
	if (rcpt->diagnostic != NULL &&
	    bounce_string_ibegins(rcpt->diagnostic, "smtp;"))
		rcpt->diagnostic += strspn(rcpt->diagnostic + 5, " ") + 5;
	rcpt->diagnostic = p_strdup(pool, rcpt->diagnostic);
	status = ses_text_of(item, "status");
	if (status != NULL && bounce_status_is_valid(status))
		rcpt->status_field = p_strdup(pool, status);
	if (rcpt->diagnostic != NULL) {
		rcpt->status = p_strdup(pool,
			bounce_status_find(rcpt->diagnostic));
		rcpt->reply = p_strdup(pool,
			bounce_status_reply_find(rcpt->diagnostic, NULL));
	}
	if (rcpt->status == NULL)
		rcpt->status = rcpt->status_field;
}

static void ses_read_mail(pool_t pool, const json_t *mail,
			  struct bounce_report *report)
{
	const json_t *headers = json_object_get(mail, "commonHeaders"), *item;
	const char *text;
	size_t i;

	text = ses_text_of(headers, "messageId");
	if (text != NULL)
		report->original_message_id = p_strdup(pool, text);
	text = ses_text_of(headers, "subject");
	report->original_subject = p_strdup(pool, text);
	text = ses_text_of(mail, "source");
	report->original_from = bounce_header_address(pool, text);
	json_array_foreach(json_object_get(mail, "destination"), i, item) {
		if (i >= BOUNCE_MAX_RECIPIENTS)
			break;
		bounce_header_addresses(pool, json_string_value(item),
					&report->original_to);
	}
}

static const struct {
	const char *type;
	const char *member;
	const char *list;
	enum bounce_kind kind;
	enum bounce_action action;
} types[] = {
	{ "Bounce", "bounce", "bouncedRecipients", BOUNCE_KIND_FAILURE,
	  BOUNCE_ACTION_FAILED },
	{ "Complaint", "complaint", "complainedRecipients",
	  BOUNCE_KIND_COMPLAINT, BOUNCE_ACTION_DELIVERED },
	{ "Delivery", "delivery", "recipients", BOUNCE_KIND_SUCCESS,
	  BOUNCE_ACTION_DELIVERED },
	{ "DeliveryDelay", "deliveryDelay", "delayedRecipients",
	  BOUNCE_KIND_DELAY, BOUNCE_ACTION_DELAYED },
};

/* "smtpResponse" is given once for all recipients of a delivery. */
static void ses_read_response(pool_t pool, const json_t *part,
			      struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	const char *response = p_strdup(pool,
					ses_text_of(part, "smtpResponse"));

	if (response == NULL)
		return;
	array_foreach_modifiable(&report->recipients, rcpt) {
		rcpt->diagnostic = response;
		rcpt->status = p_strdup(pool, bounce_status_find(response));
	}
}

static bool ses_read_notification(pool_t pool, const json_t *root,
				  struct bounce_report *report)
{
	const json_t *part, *item;
	const char *type, *mta;
	size_t i;

	type = ses_text_of(root, "notificationType");
	if (type == NULL)
		type = ses_text_of(root, "eventType");
	if (type == NULL)
		return FALSE;
	for (unsigned int t = 0; t < N_ELEMENTS(types); t++) {
		if (strcmp(type, types[t].type) != 0)
			continue;
		part = json_object_get(root, types[t].member);
		mta = ses_text_of(part, "reportingMTA");
		if (mta != NULL && strchr(mta, ';') != NULL) {
			mta = strchr(mta, ';') + 1;
			mta += strspn(mta, " ");
		}
		report->kind = types[t].kind;
		report->reporting_mta = p_strdup(pool, mta);
		json_array_foreach(json_object_get(part, types[t].list), i,
				   item)
			ses_add_recipient(pool, item, NULL, types[t].action,
					  report);
		ses_read_mail(pool, json_object_get(root, "mail"), report);
		ses_read_response(pool, part, report);
		if (array_count(&report->recipients) == 0)
			return FALSE;
		if (report->kind == BOUNCE_KIND_COMPLAINT &&
		    !bounce_kind_feedback_objects(
				ses_text_of(part, "complaintFeedbackType")))
			array_clear(&report->recipients);
		return TRUE;
	}
	return FALSE;
}

/* Nothing but the notification, below a banner at the most: not a mail about
   it. */
static bool is_notification(const char *text)
{
	const char *begin;

	text += strspn(text, " \t\n");
	if (*text == '{')
		return TRUE;
	begin = strstr(text, "\n\n");
	return begin != NULL && begin[2 + strspn(begin + 2, " \t\n")] == '{';
}

static bool ses_read(const struct bounce_message *message,
		     const struct bounce_kind_hints *hints,
		     struct bounce_report *report)
{
	json_t *root;
	bool ret = FALSE;

	if (hints->person || hints->client || !is_notification(message->text) ||
	    (strstr(message->text, "notificationType") == NULL &&
	     strstr(message->text, "eventType") == NULL))
		return FALSE;
	T_BEGIN {
		root = ses_load_notification(message->text);
		if (root != NULL) {
			ret = ses_read_notification(message->pool, root,
						    report);
			json_decref(root);
		}
	} T_END;
	return ret;
}

const struct bounce_format bounce_format_ses = {
	.name = "ses",
	.read = ses_read,
};
