/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "sha1.h"
#include "hex-binary.h"
#include "bounce-address.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-record.h"

static const char *p_incident_hash(pool_t pool, const char *text)
{
	unsigned char digest[SHA1_RESULTLEN];

	sha1_get_digest(text, strlen(text), digest);
	return p_strconcat(pool, "sha1:",
			   binary_to_hex(digest, sizeof(digest)), NULL);
}

const char *bounce_incident_id(pool_t pool, const char *id)
{
	if (id == NULL)
		return NULL;
	return strlen(id) <= BOUNCE_MAX_ID ? p_strdup(pool, id) :
		p_incident_hash(pool, id);
}

/* The same report has the same id when it is delivered again. One without a
   Message-ID is known by what it says. */
static const char *
incident_report_id(pool_t pool, const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	string_t *str;

	if (report->message_id != NULL)
		return bounce_incident_id(pool, report->message_id);
	str = t_str_new(256);
	str_printfa(str, "%s %s %s",
		    report->reporting_mta == NULL ? "" : report->reporting_mta,
		    report->original_message_id == NULL ? "" :
		    report->original_message_id,
		    report->original_headers == NULL ? "" :
		    report->original_headers);
	array_foreach(&report->recipients, rcpt) {
		str_printfa(str, "\n%s %s", rcpt->address == NULL ? "" :
			    rcpt->address,
			    rcpt->diagnostic == NULL ? "" : rcpt->diagnostic);
	}
	return p_incident_hash(pool, str_c(str));
}

static bool
incidents_have(const ARRAY_TYPE(bounce_incident) *incidents,
	       const char *address)
{
	const struct bounce_incident *incident;

	array_foreach(incidents, incident) {
		if (strcmp(incident->address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool
incident_init(pool_t pool, const struct bounce_report *report,
	      const struct bounce_recipient *rcpt,
	      struct bounce_incident *incident_r)
{
	const char *error;

	i_zero(incident_r);
	incident_r->complaint = report->kind == BOUNCE_KIND_COMPLAINT;
	if ((rcpt->action != BOUNCE_ACTION_FAILED && !incident_r->complaint) ||
	    rcpt->address == NULL ||
	    bounce_address_normalize(pool, rcpt->written_to != NULL ?
				     rcpt->written_to : rcpt->address,
				     &incident_r->address, &error) < 0)
		return FALSE;
	if (rcpt->written_to != NULL &&
	    bounce_address_normalize(pool, rcpt->address,
				     &incident_r->final_address, &error) == 0 &&
	    strcmp(incident_r->final_address, incident_r->address) == 0)
		incident_r->final_address = NULL;
	if (rcpt->original_address != NULL &&
	    bounce_address_normalize(pool, rcpt->original_address,
				     &incident_r->original_address,
				     &error) == 0 &&
	    strcmp(incident_r->original_address, incident_r->address) == 0)
		incident_r->original_address = NULL;
	incident_r->class = rcpt->verdict.class;
	incident_r->side = rcpt->verdict.side;
	incident_r->reason = rcpt->verdict.reason;
	if (incident_r->complaint) {
		/* the one reason of the table that says it: they do not want
		   this mail */
		incident_r->reason = bounce_reason_find("recipient-refused");
		incident_r->class = incident_r->reason->class;
		incident_r->side = incident_r->reason->side;
	} else if (incident_r->reason == NULL) {
		incident_r->reason = bounce_reason_find("undetermined");
	}
	incident_r->status = p_strdup(pool, rcpt->status);
	incident_r->reply = p_strdup(pool, rcpt->reply);
	incident_r->diagnostic = p_strdup(pool, rcpt->diagnostic);
	incident_r->remote_mta = p_strdup(pool, rcpt->remote_mta);
	return TRUE;
}

void bounce_incidents_read(pool_t pool, const struct bounce_report *report,
			   enum bounce_evidence evidence, time_t when,
			   ARRAY_TYPE(bounce_incident) *incidents)
{
	const struct bounce_recipient *rcpt;
	struct bounce_incident incident;
	const char *id, *original;

	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return;
	id = incident_report_id(pool, report);
	original = bounce_incident_id(pool, report->original_message_id);
	array_foreach(&report->recipients, rcpt) {
		if (array_count(incidents) >= BOUNCE_MAX_RECIPIENTS)
			break;
		if (!incident_init(pool, report, rcpt, &incident) ||
		    incidents_have(incidents, incident.address))
			continue;
		incident.report_id = id;
		incident.original_message_id = original;
		incident.evidence = rcpt->stranger ?
			BOUNCE_EVIDENCE_UNVERIFIED : rcpt->doubtful ?
			I_MIN(evidence, BOUNCE_EVIDENCE_PLAUSIBLE) : evidence;
		incident.when = when;
		array_push_back(incidents, &incident);
	}
}
