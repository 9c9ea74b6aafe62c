/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-kind.h"
#include "bounce-text.h"

/* What a notice in plain words says. All is folded: ASCII in lower case. */

static const char *const failure_words[] = {
	"could not be delivered", "couldn't be delivered",
	"could not be deliver", "couldn't be sent", "could not be sent",
	"message not delivered", "mail not delivered", "could not hand over",
	"not be handed", "not be passed on", "was not passed", "not been passed",
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
	"transcript of session follows", "unsent message follows",
	"host unknown", "unknown host", "failed addresses", "final delivery userid",
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
	"전달되지", "실패", "되지 못", "존재하지 않", "未能", "退信",
	"no ha podido", "devuelto", "desconocid", "devolvid", "inesistente",
	"respinto", "retourné", "nebyla doručena", "nebylo možné",
	"neexistuje", "nebol doručen", "nepodařilo", "kunde inte", "gick inte",
	"inte levereras", "kunne ikke", "kan ikke leveres", "mislyk",
	"epäonnistui", "ei voitu", "nem sikerült", "başarısız", "edilemedi",
	"nu a putut", "nu a fost livrat", "δεν ήταν δυνατή", NULL
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
	"attempts to deliver the message will continue",
	"temporarily deferred, and will", "be reattempted", "be re-attempted",
	"be tried again", "will try again", "be retried", "will retry",
	"address(es) deferred", "addresses deferred", "address deferred",
	"transient non-fatal", "because of a temporary error",
	"temporary problem delivering", "not yet reached", "stays in the queue",
	"remains in the queue", "still in the queue", "kept in the queue",
	"in the queue for now", "next attempt",
	"wird erneut versucht", "werden erneut versucht", "erneut zugestellt werden",
	"weitere versuche", "in der warteschlange", "vorübergehend nicht zugestellt",
	"sera retent", "nouvelle tentative", "dans la file d'attente",
	"se volverá a intentar", "se reintentará", "nuevo intento", "nuevos intentos",
	"permanece en la cola", "verrà ritentat", "nuovo tentativo", "nuovi tentativi",
	"rimane in coda", "será tentada novamente", "nova tentativa",
	"novas tentativas", "permanece na fila", "opnieuw geprobeerd",
	"blijft in de wachtrij", "ponowna próba", "ponowne próby", "ponowiona",
	"kolejna próba", "další pokus", "bude opakován", "nytt försök",
	"nye forsøg", "nytt forsøk", "forsøges igen", "yritetään uudelleen",
	"újra megpróbál", "tekrar denenecek", "yeniden denenecek",
	"будет предпринята", "будут предприняты", "повторную попытку",
	"буде повторено", "повторні спроби", "θα γίνει νέα προσπάθεια",
	"se va reîncerca", "再試行され", "再試行を", "将重试", "将继续尝试",
	"稍后会重试", "將重試", "다시 시도됩니다", "다시 시도할 예정",
	"weiter versucht", "wird weiterhin", "réessayer", "nouvelles tentatives",
	"noch nicht zugestellt", "noch nicht übermittelt",
	"nicht erneut senden", "weitere zustellversuche", "pas encore été remis",
	"pas encore été délivré", "aún no se ha entregado",
	"lo volverá a intentar", "seguirá intentando", "ainda não foi entregue",
	"non è stato ancora", "ulteriori tentativi", "nog niet bezorgd",
	"jeszcze nie została", "ännu inte levererats", "еще не доставлен",
	"ещё не доставлен", "pokusy budou pokra", "尚未送达", "尚未傳遞",
	"继续尝试", "계속 재시도", "nieuwe poging", "овторные попытки", "опытки доставки", "再送を試み", "再送信を試み", NULL
};
static const char *const final_words[] = {
	"permanent error", "permanent failure", "permanently fail",
	"permanent fatal", "failed permanently", "given up", "giving up", "gave up", "has failed",
	"retry timeout exceeded", "no further attempts", "expired",
	"deleted from the queue", "removed from the",
	"not be retried", "not be tried again", "not try again",
	"going to try again", "will not retry", "endgültig", "gibt auf",
	"définitiv", "abandonn", "definitiv", "rinuncia", "desist",
	"definitief", "ostatecznie", "окончательн", "最終的", "最终", NULL
};
static const char *const success_words[] = {
	"successfully received", "been successfully relayed",
	"successfully sent to", "was accepted for", "were accepted for",
	"been accepted for", "been delivered successfully",
	"erfolgreich zugestellt", "erfolgreich übermittelt",
	"erfolgreich weitergeleitet", "erfolgreich ausgeliefert",
	"wurde zugestellt", "a été remis", "remis avec succès",
	"délivré avec succès", "transmis avec succès", "a été distribué",
	"se ha entregado", "entregado correctamente", "se entregó correctamente",
	"entregado con éxito", "è stato consegnato", "è stato recapitato",
	"consegnato correttamente", "foi entregue", "entregue com êxito",
	"entregue com sucesso", "is bezorgd bij", "is afgeleverd",
	"met succes bezorgd", "została dostarczona", "pomyślnie dostarczon",
	"byla doručena", "har levererats", "er blevet leveret", "er levert",
	"on toimitettu", "sikeresen kézbesít", "başarıyla teslim",
	"успешно доставлен", "было доставлено", "успішно доставлен",
	"正常に配信", "に配信されました", "に配信済み", "已成功", "成功投递", "배달되었습니다",
	"successfully delivered", "was delivered successfully",
	"successful delivery", "was successfully", "has been delivered to",
	"been successfully", "successfully relayed", NULL
};
static const char *const challenge_words[] = {
	"approved senders", "permission list", "need to verify that you",
	"requires that you verify", "verify your address",
	"only senders i have approved", "real live human",
	"confirmation verifies that your message", "that they are human",
	"that you are human", "you are a human", "are a real person",
	"not a robot", "solve the picture", "captcha",
	"ein mensch sind", "mensch und keine maschine", "êtes humain",
	"eres humano", "es humano", "é humano", "essere umano", NULL
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

/* Is what stands at pos denied by the words before it, as far as the clause
   goes: "could not be successfully delivered"? */
static bool is_denied(const char *folded, const char *pos)
{
	static const char *const denials[] = {
		" not ", "n't ", "never", "cannot", "un", "no ", "nicht ",
		"kein", " pas ", "n'a ", " non ", "não ", "niet ", "nie ",
		"не ", "ikke ", "inte ", "ei ", "nem ", NULL
	};
	const char *begin = pos;

	while (begin > folded && pos - begin < 60 &&
	       strchr(".;:!?", begin[-1]) == NULL)
		begin--;
	if (pos - begin >= 2 && strncmp(pos - 2, "un", 2) == 0)
		return TRUE;
	return bounce_text_find(t_strdup_until(begin, pos), denials) != NULL;
}

bool bounce_words_success(const char *folded)
{
	const char *p;
	bool denied = TRUE;

	for (unsigned int i = 0; success_words[i] != NULL && denied; i++) {
		p = strstr(folded, success_words[i]);
		if (p != NULL) T_BEGIN {
			denied = is_denied(folded, p);
		} T_END;
	}
	return !denied;
}

bool bounce_words_waiting(const char *folded)
{
	static const char *const moderators[] = {
		"moderat", "moderier", "modérat", "moderad", "модерат",
		"モデレ", "管理者の承認", "审阅人", "审批人", "moderátor", NULL
	};
	static const char *const approvals[] = {
		"approv", "genehmig", "freigeb", "freigabe", "approuv",
		"approbation", "aprob", "aprova", "approva", "goedkeur",
		"goedgekeurd", "zatwierdz", "schvál", "godkänn", "godkend",
		"godkjen", "hyväks", "jóváhagy", "onay", "одобр", "схвал",
		"承認", "批准", "审批", "승인", NULL
	};
	static const char *const over[] = {
		"was rejected", "been rejected", "was refused", "been refused",
		"was not approved", "abgelehnt", "rejeté", "rechazad",
		"rejeitad", "rifiutat", "geweigerd", "odrzucon", "отклон",
		NULL
	};

	return bounce_text_find(folded, moderators) != NULL &&
		bounce_text_find(folded, approvals) != NULL &&
		bounce_text_find(folded, over) == NULL;
}

bool bounce_words_challenge(const char *folded)
{
	return bounce_text_find(folded, challenge_words) != NULL;
}

bool bounce_words_told(const char *folded)
{
	static const char *const words[] = {
		" my mail", " my message", " my email", " my e-mail",
		" i get ", " i got ", " i sent ", " i tried ", " i see ",
		" i wrote ", " i have left", " i am away", " i'm away",
		"can you ", "could you ", "meine mail", "ich bekomme",
		"ich habe", "kannst du", "können sie", "mon message m",
		"j'ai ", "as-tu ", "avez-vous", "pouvez-vous", "he recibido",
		"mi mensaje", "ho ricevuto", "il mio messaggio", NULL
	};

	return bounce_text_find(folded, words) != NULL;
}

/* Does the notice greet as people do, and not introduce a program? */
static bool is_greeting(const char *folded)
{
	static const char *const greetings[] = {
		"hi ", "hi,", "hello ", "hello,", "hey ", "dear ",
		"good morning", "good afternoon", "hallo", "lieber ", "liebe ",
		"guten tag", "guten morgen", "sehr geehrte", "moin", "bonjour",
		"salut", "cher ", "chère ", "hola", "buenos días",
		"buenas tardes", "estimado", "ciao", "buongiorno", "gentile ",
		"olá", "bom dia", "boa tarde", "prezado", "beste ", "geachte ",
		"goedemorgen", "witam", "dzień dobry", "cześć", "hej", "hei ",
		"здравствуйте", "Здравствуйте", "добрый день", "Добрый день",
		"こんにちは", "お世話", NULL
	};
	static const char *const programs[] = {
		"this is ", "hier ist ", "dear sender", "dear user",
		"dear customer", "automat", "mail server", "mail system", NULL
	};

	for (unsigned int i = 0; greetings[i] != NULL; i++) {
		if (bounce_text_begins(folded, greetings[i]))
			return bounce_text_find(t_strndup(folded, 30),
						programs) == NULL;
	}
	return FALSE;
}

bool bounce_words_personal(const char *folded)
{
	bool greets;

	if (bounce_words_told(folded))
		return TRUE;
	T_BEGIN {
		greets = is_greeting(folded);
	} T_END;
	return greets;
}
