/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-kind-private.h"
#include "bounce-text.h"

/* All words are folded: ASCII in lower case. Other scripts are listed without
   their first letter, which may be a capital. */

static const char *const failure_subjects[] = {
	"undeliver", "undelivr", "delivery fail", "delivery status notif",
	"delivery has failed", "delivery problem", "delivery notification",
	"delivery report", "delivery error", "failure notice",
	"failure delivery", "failure notification", "failed delivery",
	"returned mail", "postmaster notify", "returned to sender", "returning to sender",
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
	"お届けでき", "届けることができ", "届けられません", "エラーメール",
	"退信", "投递失败", "无法投递", "发送失败", "系统退信", "無法傳遞",
	"无法传递", "未送达", "未能送达",
	"未傳遞", "退件", "배달 실패", "반송", "전송 실패", "배달되지",
	"전송되지", "전달되지",
	"zurückgewiesen", "rückläufer", "zustellung nicht möglich",
	"message retourné", "retourné à l'exp", "mensaje devuelto",
	"correo devuelto", "devuelto al remitente", "no entregable",
	"mensagem devolvida", "mail devolvido", "possível entregar",
	"messaggio respinto", "messaggio rifiutato", "messaggio restituito",
	"niet afgeleverd", "niet worden bezorgd", "aflevering mislukt",
	"nie została dostarczona", "niedoręcz", "nebyla doručena",
	"nebol doručen", "nedoruč", "inte levereras", "inte att leverera",
	"inte levererats", "ikke leveret", "ikke levert", "ei voi toimittaa",
	"ei voitu toimittaa", "toimitus epäonnistui", "nelivrabil",
	"nu a fost livrat", "δεν παραδόθηκε", "η παραδοτέο", NULL
};
static const char *const delay_subjects[] = {
	"delayed", "(delay", "delivery delay", "still being retried",
	"not yet been delivered", "could not send message for past",
	"could not send mail for past", "warning: message", "mail delay",
	"delivery warning", "warning--could not", "deferred mail",
	"deferred delivery", "delay noti", "delay warn", "still trying",
	"still undelivered", "waiting mail (", "verzöger", "retard", "retras",
	"ritard", "atraso", "atrasad", "vertraag", "opóźni", "försen", "forsink",
	"viiväst", "zpožd", "oneskoren", "késlelt", "késedel", "geciki",
	"καθυστ", "întârzi", "адержк", "адержива", "атримк", "遅延", "延迟", "延遲",
	"지연", NULL
};
static const char *const success_subjects[] = {
	"successful mail delivery", "success", "delivered:", "relayed:",
	"expanded:", "notification (relay", "notification (deliver",
	"return receipt", "delivery receipt", "zugestellt:",
	"bermittelt:", "remis :", "entregado:", "entregue:", "recapitato:",
	"consegnato:", "bezorgd:", "dostarczono:", "levererat:", "leveret:",
	"levert:", "toimitettu:", "оставлено:", "配信済み:", "已送达:",
	"已传递:", "已傳遞:", "배달됨:",
	"mail delivery status report", NULL
};

/* Outlook's, Exchange's and Domino's in their languages, and what the answering
   machines of others write. */
static const char *const reply_subjects[] = {
	"out of office", "out of the office", "out-of-office",
	"automatic reply", "automatic response", "automated reply",
	"automated response", "auto reply", "auto-reply", "autoreply",
	"auto response", "auto-response", "autorespon",
	"away from my mail", "awaits moderator approval",
	"please confirm your message", "sender verification",
	"requires verification", "verification required",
	"please confirm (conf#", "antispam uol", "[spam arrest",
	"abwesenheit", "automatische antwort", "ist außer haus",
	"ist nicht im büro", "ponse automatique", "absence du bureau",
	"respuesta autom", "fuera de la oficina", "resposta autom",
	"fora do escrit", "ausente do escrit", "risposta automatica", "fuori sede",
	"fuori ufficio", "automatisch antwoord", "afwezigheid",
	"automatyczna odpowied", "odpowiedź automatyczna", "autoodpowied",
	"autosvar", "automatsvar", "automatisk svar", "automatiskt svar",
	"frånvarom", "fraværsm", "automaattinen vastaus", "automaatvastus",
	"automatická odpov", "automatikus válasz", "otomatik yan",
	"otomatik cevap", "spuns automat", "automatski odgovor",
	"samodejni odgovor", "automatinis atsakymas", "automātiska atbilde",
	"balasan otomatis", "balasan automatik", "erantzun automatiko",
	"trả lời tự động", "υτόματη απάντηση", "втоответ",
	"втоматический ответ", "втоматична відповідь", "втоматичен отговор",
	"מענה אוטומטי", "תשובה אוטומטית", "رد تلقائي", "الرد التلقائي",
	"ตอบกลับอัตโนมัติ", "自動返信", "自動応答", "不在通知", "自动回复",
	"自动答复", "自動回覆", "자동 회신", "자동 응답", NULL
};
static const char *const maybe_reply_subjects[] = {
	"auto:", "vacation", "on holiday", "on leave", "confirm your email",
	"recorded announcement", "i am away", "i'm away",
	"abwesend", "ich bin nicht im", "im urlaub", "absent", "en vacances",
	"de vacaciones", "em férias", "in ferie", "afwezig", "op vakantie",
	"na urlopie", "poissa", "lomalla", "på semester", "på ferie",
	"na dovolené", "szabadságon", "в отпуске", "不在", "休假",
	"부재중", NULL
};
static const char *const receipt_subjects[] = {
	"read: ", "not read: ", "gelesen: ", "ungelesen gelöscht: ", "lu : ",
	"lu: ", "leído: ", "letto: ", "lida: ", "gelezen: ",
	"przeczytano: ", "рочитано: ", "既読: ", "已读: ", "开封済み: ",
	"läst: ", "læst: ", "lest: ", "luettu: ", "přečteno: ",
	"return receipt", "read receipt", "disposition notification",
	"lesebestätigung", "empfangsbestätigung", "accusé de ",
	"confirmación de lectura", "confirmação de leitura",
	"conferma di lettura", "ricevuta di ritorno", "leesbevestiging",
	"開封確認", "已读回执", NULL
};
/* What somebody did with the subject that he answers or passes on, at its end. */
static const char *const passed_subjects[] = {
	"(fwd)", "(was:", "(forwarded)", NULL
};
static const char *const complaint_subjects[] = {
	"complaint about message", "spam complaint", "abuse complaint",
	"abuse report", "feedback report", "spam report", NULL
};
/* Logs, counts, quarantines. */
static const char *const summary_subjects[] = {
	"cron <", "logwatch", "logcheck", "pflogsumm", "eximstats",
	"mailq:", "mail queue on", "mail queue report", "daily mail report",
	"daily report", "weekly", "monthly",
	"daily summary", "quarantine report", "quarantine summary",
	"quarantine digest", "spam digest", "spam quarantine",
	"quarantäne-bericht", "quarantänebericht", "spam-bericht", NULL
};
/* What clients put before the subject that they answer or pass on, less its
   colon. */
static const char *const person_subjects[] = {
	"re", "aw", "sv", "vs", "odp", "r", "rif", "res", "ref", "antw",
	"ynt", "cvp", "vá", "bls", "na", "отв", "Отв", "На", "ha", "απ",
	"ΑΠ", "σχετ", "ΣΧΕΤ", "תשובה", "השב", "رد", "回复", "答复", "回覆",
	"返信", "답장", "회신",
	"fw", "fwd", "wg", "tr", "rv", "vb", "vl", "enc", "i", "doorst",
	"pd", "przek", "tov", "i̇lt", "ilt", "İlt", "İLT", "πρθ", "ΠΡΘ",
	"пер", "Пер", "ПЕР", "fs", "trs", "př", "Př", "PŘ", "pŘ",
	"továbbítás", "העבר", "转发", "轉寄", "転送", "전달", "fyi", NULL
};

static bool begins_with_any(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (**words == *text && bounce_text_begins(text, *words))
			return TRUE;
	}
	return FALSE;
}

/* Without what a gateway put before it. */
static const char *skip_gateway(const char *subject)
{
	static const char *const tags[] = {
		"[external]", "[extern]", "[ext]", "[ext:]", "[spam]",
		"[suspected spam]", "[probable spam]", "[bulk]", "[junk]",
		"[caution]", "***spam***", "*****spam*****", "{spam?}", NULL
	};

	for (unsigned int i = 0; tags[i] != NULL; i++) {
		if (!bounce_text_begins(subject, tags[i]))
			continue;
		subject += strlen(tags[i]);
		return subject + strspn(subject, " ");
	}
	return subject;
}

/* Without the tag of a list, "[list] "; NULL if there is none. */
static const char *skip_tag(const char *subject)
{
	size_t len = strcspn(subject, "]");

	if (*subject != '[' || subject[len] == '\0')
		return NULL;
	return subject + len + 1 + strspn(subject + len + 1, " ");
}

/* What stands behind "Re:", "Re[2]:", "[Fwd:", also behind a list's tag; NULL if
   there is none. */
static const char *skip_person(const char *subject)
{
	const char *p = skip_tag(subject);

	if (bounce_text_begins(subject, "[fwd:"))
		return subject + 5;
	if (p != NULL)
		subject = p;
	for (unsigned int i = 0; person_subjects[i] != NULL; i++) {
		if (*person_subjects[i] != *subject ||
		    !bounce_text_begins(subject, person_subjects[i]))
			continue;
		p = subject + strlen(person_subjects[i]);
		if (*p == '[' || *p == '(') {
			p++;
			p += strspn(p, "0123456789");
			if (*p == ']' || *p == ')')
				p++;
		}
		if (*p == ' ')
			p++;
		if (*p == ':')
			return p + 1;
		if (bounce_text_begins(p, "："))
			return p + strlen("：");
	}
	return NULL;
}

/* Without what dresses a subject: "[", "***" */
static const char *skip_dress(const char *subject)
{
	for (;;) {
		subject += strspn(subject, " [(*\"'");
		if (!bounce_text_begins(subject, "【"))
			return subject;
		subject += strlen("【");
	}
}

static bool begins_reply(const char *subject)
{
	return begins_with_any(subject, reply_subjects) ||
		begins_with_any(subject, maybe_reply_subjects);
}

static const char *
earliest(const struct bounce_text_pairs *pairs, const char *const *words)
{
	const char *p, *first = NULL;

	for (; *words != NULL; words++) {
		if (bounce_text_may_have(pairs, *words) &&
		    (p = strstr(pairs->text, *words)) != NULL &&
		    (first == NULL || p < first))
			first = p;
	}
	return first;
}

/* Not "Undeliverable: Weekly report" */
static bool
is_summary(const struct bounce_text_pairs *pairs, const char *failure)
{
	const char *summary = earliest(pairs, summary_subjects);

	return summary != NULL && (failure == NULL || summary < failure);
}

/* Do the words at second stand in the subject that was returned, behind what the
   mailer says: "Undeliverable: The delayed train"? Each may be NULL. */
static bool is_returned(const char *first, const char *second)
{
	return first != NULL && second != NULL && first < second &&
		memchr(first, ':', second - first) != NULL;
}

void bounce_subject_read(const char *folded, struct bounce_subject *subject_r)
{
	const char *rest, *failure, *delay, *success;
	struct bounce_text_pairs pairs;

	i_zero(subject_r);
	folded = skip_gateway(folded);
	rest = skip_person(folded);
	bounce_text_pairs(folded, &pairs);
	failure = earliest(&pairs, failure_subjects);
	delay = earliest(&pairs, delay_subjects);
	success = earliest(&pairs, success_subjects);
	if (is_returned(failure, delay))
		delay = NULL;
	if (is_returned(failure, success))
		success = NULL;
	/* "Delivery Status Notification (Success)"; not "unsuccessful" */
	if (success != NULL && success > folded + 1 &&
	    strncmp(success - 2, "un", 2) == 0)
		success = NULL;
	if (success != NULL &&
	    (size_t)(success - folded) < strcspn(folded, ":|"))
		failure = NULL;
	if (is_returned(success, failure))
		failure = NULL;
	subject_r->empty = *folded == '\0';
	subject_r->person = rest != NULL ||
		bounce_text_pairs_find(&pairs, passed_subjects) != NULL;
	subject_r->tagged = *folded == '[';
	subject_r->failure = failure != NULL;
	subject_r->late = failure != NULL && rest == NULL &&
		(size_t)(failure - folded) > strcspn(folded, ":|");
	subject_r->delay = delay != NULL;
	subject_r->success = success != NULL;
	subject_r->reply =
		bounce_text_pairs_find(&pairs, reply_subjects) != NULL;
	subject_r->maybe_reply =
		bounce_text_pairs_find(&pairs, maybe_reply_subjects) != NULL;
	subject_r->reply_begins = begins_reply(skip_dress(
		rest != NULL ? rest : folded)) ||
		(rest != NULL && subject_r->reply);
	subject_r->receipt = begins_with_any(folded, receipt_subjects);
	subject_r->complaint =
		bounce_text_pairs_find(&pairs, complaint_subjects) != NULL;
	subject_r->summary = is_summary(&pairs, failure);
	subject_r->subscribed = strstr(folded, "subscribed") != NULL;
}
