/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-classify.h"
#include "bounce-kind.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-text.h"

#include <ctype.h>

/* All words are folded: ASCII in lower case. Other scripts are listed without
   their first letter, which may be a capital. */

static const char *const failure_subjects[] = {
	"undeliver", "undelivr", "delivery fail", "delivery status notif",
	"delivery has failed", "delivery problem", "delivery notification",
	"delivery report", "delivery error", "failure notice",
	"failure delivery", "failure notification", "failed delivery",
	"returned mail", "returned to sender", "returning to sender",
	"returning message to sender", "return to sender", "mail failed",
	"mail delivery", "mail error", "mail failure", "mail system error", "nondeliver",
	"non-deliver", "non deliver", "not delivered", "not be delivered",
	"could not be deliver", "couldn't be deliver", "could not deliver",
	"cannot be delivered", "not deliverable", "error sending your mail",
	"message status", "message delivery", "message error",
	"unable to deliver", "processing error", "loop alert",
	"rejected mail", "automatically rejected", "mail rejected",
	"message rejected", "mail returned", "bounce", "delivery incomplete",
	"non remis", "notification message", "user unknown",
	"nicht zustellbar", "unzustellbar", "zustellung fehl",
	"nicht zugestellt", "nicht übermittelt", "zustellfehler",
	"chec de la remise", "chec de remise", "non distribu", "non remis",
	"non délivr", "chec de distribution", "retour de courrier",
	"no se puede entregar", "no se pudo entregar", "no entregado",
	"error de entrega", "fallo en la entrega", "no se ha podido entregar",
	"não entregue", "nao entregue", "falha na entrega", "não pôde ser",
	"não foi possível entregar", "erro de entrega", "falha no envio",
	"mancato recapito", "non recapitabile", "errore di consegna",
	"mancata consegna", "impossibile consegnare", "non consegn",
	"onbestelbaar", "niet bezorgd", "kan niet worden bezorgd",
	"niet worden afgeleverd", "niedostarcz", "nie dostarcz",
	"nie można dostarczyć", "zwrot", "błąd dostarcz", "olevererbar",
	"levererades inte", "ikke leveres", "kunne ikke", "doručit",
	"nedoručitel", "kézbesít", "teslim edilemedi", "iletilemedi",
	"е доставлен", "едоставлен", "озврат", "шибка доставки",
	"евозможно доставить", "配信不能", "配信できません", "送信できません",
	"配送失敗", "届きません", "配信エラー", "返送", "送信エラー", "不達",
	"退信", "投递失败", "无法投递", "发送失败", "系统退信", "無法傳遞",
	"未傳遞", "退件", "배달 실패", "반송", "전송 실패", NULL
};
static const char *const delay_subjects[] = {
	"delayed", "(delay", "delivery delay", "still being retried",
	"not yet been delivered", "could not send message for past",
	"could not send mail for past", "warning: message", "mail delay",
	"delivery warning", "warning--could not", "deferred mail",
	"deferred delivery", "verzögert", "retard", "retras", "ritard",
	"atraso", "vertraag", "opóźni", "адержк", "遅延", "延迟", NULL
};
static const char *const success_subjects[] = {
	"successful mail delivery", "success", "delivered:", "relayed:",
	"expanded:", "return receipt", "delivery receipt", "zugestellt:",
	"mail delivery status report", NULL
};
static const char *const reply_subjects[] = {
	"out of office", "out of the office", "out-of-office",
	"automatic reply", "automatic response", "automated reply",
	"automated response", "auto reply", "auto-reply", "autoreply",
	"auto response", "auto-response", "autorespon", "auto:",
	"vacation", "on holiday", "on leave", "away from my mail",
	"awaits moderator approval", "please confirm your message",
	"confirm your email", "sender verification",
	"abwesenheit", "automatische antwort", "ich bin nicht im",
	"ponse automatique", "absence du bureau", "absent",
	"respuesta automática", "respuesta autom", "fuera de la oficina",
	"risposta automatica", "fuori sede", "fuori ufficio",
	"resposta automática", "resposta autom", "fora do escrit",
	"automatisch antwoord", "afwezig", "automatyczna odpowied",
	"odpowiedź automatyczna", "autosvar", "automatsvar", "poissa",
	"automatick", "automatikus válasz", "otomatik yanıt",
	"втоответ", "втоматический ответ", "自動返信", "自動応答", "不在",
	"自动回复", "自動回覆", "자동 회신", "부재중", NULL
};
static const char *const receipt_subjects[] = {
	"read: ", "not read: ", "gelesen: ", "ungelesen gelöscht: ", "lu : ",
	"lu: ", "leído: ", "letto: ", "lida: ", "gelezen: ",
	"przeczytano: ", "рочитано: ", "既読: ", "已读: ", "开封済み: ", NULL
};
static const char *const person_subjects[] = {
	"re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "rv:", "sv:", "vs:",
	"odp:", "r:", "i:", "rif:", "enc:", "回复:", "转发:", "答复:", NULL
};
static const char *const daemons[] = {
	"mailer-daemon", "mailer_daemon", "mailerdaemon", "mailer daemon",
	"postmaster", "mail delivery", "mail.delivery", "maildelivery",
	"delivery subsystem", "delivery system", "mail system",
	"mail-daemon", "maildaemon", "mdaemon", "mail administrator",
	"system administrator", "mail router", "email delivery",
	"email gateway", "mail gateway", "smtp gateway", "antivirus_for_smtp",
	"postoffice", "bounce", "jetmail system", "mmdf", "x400", "uucp",
	"microsoft exchange", "microsoft outlook", "message transfer",
	"interscan", "mailscan", "courier mail", "mail server",
	"mta", "<>", NULL
};
/* A daemon's name is a word, not a part of one. */
static const char *const reply_headers[] = {
	"X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-AutoReply-From",
	"X-Mail-Autoreply", "X-Autoresponder", "X-Vacation",
	"Auto-Reply", "X-Auto-Reply-From", NULL
};
/* Fields that only reports have. */
static const char *const report_headers[] = {
	"X-Failed-Recipients", "X-Delivery-Status", "X-Feedback-Type", NULL
};

static const char *const failure_words[] = {
	"could not be delivered", "couldn't be delivered",
	"could not be deliver", "couldn't be sent", "could not be sent",
	"not be delivered", "not been delivered", "wasn't delivered",
	"was not delivered", "undeliver", "delivery has failed",
	"delivery failed", "delivery to the following", "deliver failed",
	"failed to deliver", "failure", "fatal error", "did not reach",
	"could not be reached", "unable to deliver", "unable to send",
	"wasn't able to deliver", "not able to deliver",
	"could not deliver", "cannot deliver", "can't deliver",
	"error delivering", "delivery problem", "delivery error",
	"returned to sender", "has been returned", "is being returned",
	"was rejected", "been rejected", "rejected", "bounced",
	"could not send", "cannot send", "cannot be sent", "not sent",
	"user unknown", "unknown user", "no such user", "not a valid user",
	"mailbox full", "mailbox is full", "exceeds allowed",
	"over quota", "does not exist", "doesn't exist", "wasn't found",
	"not accept", "invalid recipient", "unknown recipient",
	"failed permanently", "failed recipient", "following recipient",
	"following address", "error was", "bouncedrecipients",
	"account is disabled", "duplicated message-id", "said: 5",
	"remote host said", "permission to post",
	"nicht zugestellt", "nicht zustell", "nicht ausgeliefert",
	"unzustellbar", "nicht übermittelt", "nicht erreicht", "zurück",
	"n'a pas pu", "pas pu etre", "pas été remis", "non remis",
	"pas été distribué", "pas été délivr", "pas atteint",
	"no se pudo", "no se ha podido", "no pudo", "no se puede", "no fue",
	"não pôde", "não foi", "nao foi", "não pode", "impossível",
	"non è stato", "non recapit", "impossibile", "non consegn",
	"niet worden", "niet bezorgd", "niet afgelever", "kon niet",
	"nie został", "nie może", "nie można", "nie mogła",
	"не может быть", "не был", "е доставлен", "едоставлен",
	"не удалось", "невозможно", "届けられません", "配信でき", "送信でき",
	"配送でき", "届きません", "存在しない", "見つかりません", "届かな",
	"配信されません", "无法", "失败", "退回", "被退", "無法", "失敗",
	"전달되지", "실패", NULL
};
static const char *const delay_words[] = {
	"will continue to be attempted", "not yet been delivered",
	"has been delayed", "is delayed", "delivery will be re",
	"still being retried", "do not need to resend",
	"you do not need to re-send", "will keep trying",
	"no action is required on your part", "will be retried",
	"still trying", "delivery attempts will continue", "delivery attempts will",
	"will be attempted", "will retry for", "this is a warning message only",
	"this is only a warning", "warning message only",
	"continue trying", "will continue to try", "keep trying",
	"temporarily deferred, and will",
	"weiter versucht", "wird weiterhin", "réessayer", "nouvelles tentatives",
	"nieuwe poging", "повторные попытки", "попытки доставки", "再送を試み", "再送信を試み", NULL
};
static const char *const final_words[] = {
	"permanent error", "permanent failure", "permanently fail",
	"permanent fatal", "failed permanently", "given up", "giving up", "gave up", "has failed",
	"retry timeout exceeded", "no further attempts", "expired",
	"deleted from the queue", "removed from the", NULL
};
static const char *const success_words[] = {
	"successfully delivered", "was delivered successfully",
	"successful delivery", "was successfully", "has been delivered to",
	"been successfully", "successfully relayed", NULL
};

bool bounce_words_failure(const char *folded)
{
	return bounce_text_find(folded, failure_words) != NULL;
}

bool bounce_words_delay(const char *folded)
{
	return bounce_text_find(folded, delay_words) != NULL &&
		bounce_text_find(folded, final_words) == NULL;
}

bool bounce_words_success(const char *folded)
{
	return bounce_text_find(folded, success_words) != NULL;
}

static const char *folded_header(const struct bounce_message *message,
				 const char *name)
{
	return bounce_text_fold(bounce_message_header(message, name),
				BOUNCE_MAX_LINE);
}

static bool begins_with_any(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (bounce_text_begins(text, *words))
			return TRUE;
	}
	return FALSE;
}

/* Is one of the words in text, not within a longer word? */
static bool has_word(const char *text, const char *const *words)
{
	const char *p;

	for (; *words != NULL; words++) {
		for (p = text; (p = strstr(p, *words)) != NULL; p++) {
			if ((p == text || !i_isalnum(p[-1])) &&
			    !i_isalpha(p[strlen(*words)]))
				return TRUE;
		}
	}
	return FALSE;
}

static bool is_daemon(const struct bounce_message *message)
{
	static const char *const paths[] = { "mailer-daemon", NULL };
	const char *from = folded_header(message, "From");

	if (from[0] == '\0' && bounce_message_has(message, "From"))
		return TRUE;
	return has_word(from, daemons) || has_word(
		folded_header(message, "Return-Path"), paths);
}

static bool is_null_sender(const struct bounce_message *message,
			   const struct bounce_envelope *envelope)
{
	const char *path;

	if (envelope != NULL && envelope->mail_from != NULL)
		return envelope->mail_from[0] == '\0' ||
			bounce_text_ibegins(envelope->mail_from,
					    "mailer-daemon");
	path = bounce_message_header(message, "Return-Path");
	if (path == NULL)
		return FALSE;
	path = t_str_trim(path, " <>");
	return *path == '\0' || strcasecmp(path, "mailer-daemon") == 0;
}

static bool is_auto_reply(const struct bounce_message *message,
			  const char *subject)
{
	const char *submitted = folded_header(message, "Auto-Submitted");
	const char *precedence = folded_header(message, "Precedence");

	if (bounce_text_begins(submitted, "auto-replied"))
		return TRUE;
	if (strcmp(precedence, "auto_reply") == 0)
		return TRUE;
	for (unsigned int i = 0; reply_headers[i] != NULL; i++) {
		if (bounce_message_has(message, reply_headers[i]))
			return TRUE;
	}
	if (bounce_text_begins(submitted, "auto-generated") &&
	    strstr(subject, "subscribed") != NULL)
		return TRUE;
	return bounce_text_find(subject, reply_subjects) != NULL;
}

/* A post to a list, or a mail that somebody passed on. */
static bool is_person(const struct bounce_message *message,
		      const char *subject)
{
	if (begins_with_any(subject, person_subjects))
		return TRUE;
	/* "[list] subject": a list's own bounces are handled by the list */
	return *subject == '[' && bounce_message_has(message, "List-Id");
}

void bounce_hints_read(const struct bounce_message *message,
		       const struct bounce_envelope *envelope,
		       struct bounce_hints *hints_r)
{
	i_zero(hints_r);
	T_BEGIN {
		const char *subject = folded_header(message, "Subject");
		const char *type = message->content_type;

		hints_r->null_sender = is_null_sender(message, envelope);
		hints_r->daemon = is_daemon(message);
		hints_r->report = type != NULL &&
			(strcmp(type, "multipart/report") == 0 ||
			 strcmp(type, "message/delivery-status") == 0);
		hints_r->rejection = strstr(
			folded_header(message, "Auto-Submitted"),
			"rejected") != NULL;
		for (unsigned int i = 0; report_headers[i] != NULL; i++) {
			if (bounce_message_has(message, report_headers[i]))
				hints_r->report = TRUE;
		}
		hints_r->reply_subject =
			begins_with_any(subject, reply_subjects);
		hints_r->no_subject = *subject == '\0';
		hints_r->failure_subject =
			bounce_text_find(subject, failure_subjects) != NULL;
		hints_r->delay_subject =
			bounce_text_find(subject, delay_subjects) != NULL;
		hints_r->success_subject =
			bounce_text_find(subject, success_subjects) != NULL;
		hints_r->auto_reply = is_auto_reply(message, subject);
		hints_r->receipt =
			begins_with_any(subject, receipt_subjects) &&
			type != NULL &&
			strcmp(type, "application/ms-tnef") == 0;
		hints_r->person = is_person(message, subject) ||
			(bounce_message_has(message, "In-Reply-To") &&
			 !hints_r->null_sender && !hints_r->daemon);
	} T_END;
}

bool bounce_hints_is_candidate(const struct bounce_hints *hints)
{
	if (hints->null_sender || hints->report || hints->receipt ||
	    hints->auto_reply)
		return TRUE;
	return hints->daemon || ((hints->failure_subject ||
				  hints->delay_subject) && !hints->person);
}
