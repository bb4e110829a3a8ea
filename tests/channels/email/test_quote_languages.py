"""Each language's words by themselves, at the top of what is quoted: in the corpus most stand with others."""

from __future__ import annotations

import pytest

from channels.email.parse import parse
from tests.channels.email.mails import OURS, raw_mail

WHO = "Support <support@cauce.example>"
BLOCKS = {
    "en": ("From", "Sent", "To", "Subject"),
    "es": ("De", "Enviado", "Para", "Asunto"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "pt": ("De", "Enviada", "Para", "Assunto"),
    "pt-BR": ("De", "Enviada em", "Para", "Assunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
}
ATTRIBUTIONS = {
    "en": "On 2/3/26 10:00, Support wrote:",
    "es": "El 2/3/26 a las 10:00, Soporte escribió:",
    "de": "Am 02.03.26 um 10:00 schrieb Support:",
    "fr": "Le 02/03/2026 à 10:00, Support a écrit :",
    "pt": "Em 02/03/2026 10:00, Support escreveu:",
    "it": "Il 02/03/26 10:00, Support ha scritto:",
    "nl": "Op 2-3-2026 om 10:00 schreef Support:",
    "zh": "在 2026/3/2 10:00, Support 写道:",
    "ja": "2026/03/02 10:00、Support のメール:",
    "ru": "02.03.2026 10:00, Support пишет:",
}
DEVICES = {
    "en": "Sent from my iPhone",
    "es": "Enviado desde mi iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "pt": "Enviado do meu iPhone",
    "pt-BR": "Enviado via iPhone",
    "it": "Inviato da iPhone",
    "nl": "Verstuurd vanaf mijn iPhone",
    "zh": "发自我的iPhone",
    "ja": "iPhoneから送信",
    "ru": "Отправлено с iPhone",  # noqa: RUF001 -- Russian
}
FORWARDS = {
    "en": "---------- Forwarded message ---------",
    "es": "---------- Mensaje reenviado ---------",
    "de": "---------- Weitergeleitete Nachricht ---------",
    "fr": "---------- Message transféré ---------",
    "pt": "---------- Mensagem encaminhada ---------",
    "it": "---------- Messaggio inoltrato ---------",
    "nl": "---------- Doorgestuurd bericht ---------",
    "zh": "---------- 转发的邮件 ---------",
    "ja": "---------- 転送メッセージ ---------",
    "ru": "---------- Пересылаемое сообщение ---------",
}


def block(language: str, who: str = WHO) -> str:
    sender, sent, to, subject = BLOCKS[language]
    return f"{sender}: {who}\n{sent}: 2026-03-02 10:00\n{to}: Ana <ana@x.cu>\n{subject}: x\n\nHistory\n"


def read(text: str, sender: str = "ana@x.cu", more: str = "In-Reply-To: <q@cauce.example>\r\n"):
    head = f"From: {sender}\r\nTo: support@cauce.example\r\nSubject: x\r\n{more}"
    mail = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    return parse(raw_mail(len(mail)), mail, OURS).interaction


@pytest.mark.parametrize("language", BLOCKS)
def test_a_block_is_history(language):
    assert read(f"Number 4711.\n\n{block(language)}").text == "Number 4711."


@pytest.mark.parametrize("language", ATTRIBUTIONS)
def test_an_attribution_without_an_address_is_history(language):
    assert read(f"Number 4711.\n\n{ATTRIBUTIONS[language]}\n> History\n").text == "Number 4711."


@pytest.mark.parametrize("language", DEVICES)
def test_a_device_signs_nothing(language):
    assert read(f"Number 4711.\n\n{DEVICES[language]}\n").text == "Number 4711."


@pytest.mark.parametrize("language", FORWARDS)
def test_what_one_of_ours_passes_on_is_from_its_author(language):
    words = f"FYI\n\n{FORWARDS[language]}\n{block(language, 'Carla <carla@example.org>')}"
    found = read(words, "bea@staff.example", more="")
    assert (found.sender.address, "History" in found.text) == ("email:carla@example.org", True)
