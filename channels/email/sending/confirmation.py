"""The words of the mail that confirms a form: that we have it, and where to follow it. In the customer's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.email.sending.greeting import greeted


@dataclass(frozen=True)
class _Words:
    subject: str
    body: str
    missed_chat: str


_WORDS: Mapping[str, _Words] = {
    "es": _Words(
        subject="Hemos recibido su mensaje: {subject}",
        body=(
            "Hemos recibido su mensaje y le responderemos lo antes posible.\n\n"
            "Puede seguir su solicitud aquí:\n{link}\n\n"
            "Si quiere añadir algo, responda a este correo."
        ),
        missed_chat=(
            "Lamentamos que nadie pudiera atender su chat. Tenemos lo que escribió y le responderemos por correo.\n\n"
            "Puede seguir su solicitud aquí:\n{link}\n\n"
            "Si quiere añadir algo, responda a este correo."
        ),
    ),
    "en": _Words(
        subject="We have received your message: {subject}",
        body=(
            "We have received your message and will answer as soon as we can.\n\n"
            "You can follow your request here:\n{link}\n\n"
            "To add something, just answer this mail."
        ),
        missed_chat=(
            "We are sorry that nobody could come to your chat. We have what you wrote and will answer by mail.\n\n"
            "You can follow your request here:\n{link}\n\n"
            "To add something, just answer this mail."
        ),
    ),
}


def confirmation(
    language: str, *, subject: str, number: int | None, name: str, link: str, missed_chat: bool = False
) -> tuple[str, str]:
    """Subject and text. `language`: one of greeting.LANGUAGES."""
    words = _WORDS[language]
    title = words.subject.format(subject=subject).rstrip(" :")
    text = greeted(language, name, (words.missed_chat if missed_chat else words.body).format(link=link))
    return (f"{title} [#{number}]" if number is not None else title), text
