"""What mail programs write around the mail they answer or pass on, in ten languages: data for quotes.py."""

from __future__ import annotations

HEADERS = {
    "from": "From De Von Da Van 发件人 寄件者 寄件人 差出人 送信者 От От_кого",
    "sent": (
        "Sent Date Enviado Enviado_el Enviado_em Enviada Enviada_em Enviados Fecha Data Data_de_envio Gesendet Datum"
        " Envoyé Envoyé_le Inviato Inviato_il Verzonden 发送时间 发送日期 日期 时间 寄件日期 傳送時間 送信日時 日時"
        " 日付 Отправлено Дата Posted_At"
    ),
    "to": "To Para An À A Aan 收件人 收件者 宛先 Кому",
    "cc": "Cc CC Kopie Copie Copia CCi 抄送 副本 Копия",
    "subject": "Subject Asunto Betreff Objet Assunto Oggetto Onderwerp 主题 主題 主旨 件名 Тема",
}
"""Kind → its names in the block that Outlook and others put above a mail; `_` is a space."""

TECHNICAL = (
    "received return-path message-id mime-version content-type content-transfer-encoding dkim-signature "
    "delivered-to authentication-results x-mailer x-originating-ip references in-reply-to"
)
"""Headers that no program puts there: somebody pasted a mail's own."""

ORIGINALS = (
    "Original Message",
    "Original Appointment",
    "Mensaje original",
    "Ursprüngliche Nachricht",
    "Originalnachricht",
    "Original-Nachricht",
    "Message d'origine",
    "Message d\N{RIGHT SINGLE QUOTATION MARK}origine",
    "Message original",
    "Mensagem original",
    "Messaggio originale",
    "Oorspronkelijk bericht",
    "Origineel bericht",
    "原始邮件",
    "原始郵件",
    "邮件原件",
    "元のメッセージ",
    "Исходное сообщение",
)

FORWARDED = (
    "Forwarded message",
    "Forwarded by",
    "Begin forwarded message",
    "Mensaje reenviado",
    "Inicio del mensaje reenviado",
    "Weitergeleitete Nachricht",
    "Anfang der weitergeleiteten Nachricht",
    "Message transféré",
    "Début du message transféré",
    "Début du message réexpédié",
    "Mensagem encaminhada",
    "Mensagem reencaminhada",
    "Início da mensagem encaminhada",
    "Início da mensagem reencaminhada",
    "Messaggio inoltrato",
    "Inizio messaggio inoltrato",
    "Inizio del messaggio inoltrato",
    "Doorgestuurd bericht",
    "Begin doorgestuurd bericht",
    "转发的邮件",
    "已转发邮件",
    "转发邮件信息",
    "下面是被转发的邮件",
    "轉寄郵件",
    "轉寄的郵件",
    "開始轉寄郵件",
    "転送メッセージ",
    "転送されたメッセージ",
    "Пересылаемое сообщение",
    "Перенаправленное сообщение",
    "Пересланное сообщение",
    "Начало переадресованного сообщения",
)

WROTE = (
    "wrote",
    "escribió",
    "escribio",
    "escreveu",
    "a écrit",
    "schrieb",
    "geschrieben",
    "ha scritto",
    "schreef",
    "写道",
    "寫道",
    "のメール",
    "書きました",
    "написал",
    "пишет",
    "писал",
)

BEGINNINGS = ("On", "El", "Em", "En", "Le", "Am", "Il", "In data", "Op", "A", "在")
"""How a line that says who wrote and when begins, where it begins with when."""

ANSWER_MARKS = "re aw antw rif res r sv vs ref 回复 回覆 答复 返信 отв ha"
FORWARD_MARKS = "fw fwd rv wg tr enc i doorst 转发 轉寄 転送 пересл"
"""Before the colon of a subject."""

SENT_FROM = (
    "Sent (?:from|via|with|using)",
    "Enviado (?:desde|con|por|a través de)",
    "Enviad[oa] (?:do|da|de|a partir|pelo|com|via)",
    "Von mein(?:em|er)",
    "Gesendet (?:von|mit|über)",
    "Diese Nachricht wurde von mein(?:em|er)",
    "Envoyé (?:de|depuis|à partir de|avec|via)",
    "Inviato (?:da|dal|con|tramite)",
    "(?:Verstuurd|Verzonden) (?:vanaf|met|via|vanuit)",
    "(?:发|發)自",
    "从我的",
    "Отправлено (?:\u0441|из|через)",
    "(?:Get|Obtener|Obtenga|Holen Sie sich|Téléchargez|Obter|Obtenha|Scarica|Download|获取|Скачать)(?= ?Outlook)",
)
SENT_FROM_AFTER = ("から送信", "より送信", "から送信されました")

DEVICES = (
    "iPhone iPad iPod Android Samsung Galaxy Huawei Xiaomi Redmi Motorola Nokia BlackBerry Windows "
    "Outlook Yahoo AOL Gmail Mail Proton Tutanota Tuta Spark BlueMail Zoho mobile móvil movil celular "
    "Handy Smartphone Mobiltelefon teléfono telefono téléphone telefoon telemóvel cellulare 手机 手機 携帯 "
    "телефона"
)
