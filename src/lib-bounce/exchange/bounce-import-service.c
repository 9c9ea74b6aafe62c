/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-import-service.h"

#include <jansson.h>

/* As their documentation had it in November 2026. */
static const struct bounce_import_service services[] = {
	/* GET /v3/DOMAIN/bounces, /complaints; the CSV of its page */
	{ "mailgun", { "items", NULL }, { "address", NULL }, NULL, NULL, NULL, NULL },
	/* GET /v3/suppression/bounces, /blocks, /invalid_emails, /spam_reports; CSV
	   of the same pages */
	{ "sendgrid", { "", NULL }, { "email", NULL }, NULL, NULL, NULL, NULL },
	/* .../suppressions/dump; /bounces; the CSV of its page */
	{ "postmark", { "Suppressions", "Bounces", NULL },
	  { "EmailAddress", "Email", NULL }, NULL, NULL, NULL, NULL },
	/* aws sesv2 list-suppressed-destinations */
	{ "ses", { "SuppressedDestinationSummaries", NULL },
	  { "EmailAddress", NULL }, NULL, NULL, NULL, NULL },
	/* GET /api/bounces; the CSV of the subscribers */
	{ "listmonk", { "data.results", NULL }, { "email", NULL },
	  "status", "blocklisted", "type", "soft" },
};

const struct bounce_import_service *bounce_import_service_find(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(services); i++) {
		if (strcasecmp(services[i].name, name) == 0)
			return &services[i];
	}
	return NULL;
}

const char *t_bounce_import_service_names(void)
{
	string_t *str = t_str_new(64);

	for (unsigned int i = 0; i < N_ELEMENTS(services); i++) {
		if (i > 0)
			str_append(str, ", ");
		str_append(str, services[i].name);
	}
	return str_c(str);
}

/*
 * JSON
 */

struct bounce_import_list {
	json_t *json;
	/* within json */
	json_t *list;
	size_t next;
};

static json_t *list_find(json_t *json, const char *path)
{
	const char *const *names = t_strsplit(path, ".");

	for (; *path != '\0' && *names != NULL; names++)
		json = json_object_get(json, *names);
	return json_is_array(json) ? json : NULL;
}

int bounce_import_service_list(const struct bounce_import_service *service,
			       const void *data, size_t size,
			       struct bounce_import_list **list_r,
			       const char **error_r)
{
	json_error_t error;
	json_t *json = json_loadb(data, size, 0, &error), *list = NULL;

	if (json == NULL) {
		*error_r = t_strdup_printf("Not JSON: line %d: %s", error.line,
					   error.text);
		return -1;
	}
	for (unsigned int i = 0; list == NULL && service->lists[i] != NULL; i++)
		list = list_find(json, service->lists[i]);
	if (list == NULL) {
		json_decref(json);
		*error_r = t_strdup_printf("Not JSON of %s: it has no list %s",
					   service->name, service->lists[0]);
		return -1;
	}
	*list_r = i_new(struct bounce_import_list, 1);
	(*list_r)->json = json;
	(*list_r)->list = list;
	return 0;
}

void bounce_import_list_free(struct bounce_import_list **_list)
{
	struct bounce_import_list *list = *_list;

	*_list = NULL;
	json_decref(list->json);
	i_free(list);
}

/* NULL for what is no text and no number. */
static const char *t_list_cell(const json_t *value)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value))
		return t_strdup_printf("%"JSON_INTEGER_FORMAT,
				       json_integer_value(value));
	return NULL;
}

bool bounce_import_list_next(struct bounce_import_list *list,
			     const char *const **names_r,
			     const char *const **cells_r)
{
	ARRAY_TYPE(const_string) names, cells;
	const char *name, *cell;
	json_t *value;

	if (list->next == json_array_size(list->list))
		return FALSE;
	t_array_init(&names, 16);
	t_array_init(&cells, 16);
	json_object_foreach(json_array_get(list->list, list->next), name, value) {
		cell = t_list_cell(value);
		if (cell == NULL)
			continue;
		array_push_back(&names, &name);
		array_push_back(&cells, &cell);
	}
	list->next++;
	array_append_zero(&names);
	array_append_zero(&cells);
	*names_r = array_front(&names);
	*cells_r = array_front(&cells);
	return TRUE;
}
