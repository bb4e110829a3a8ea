"""The words of the mail with the link to somebody's requests. In the language they asked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.email.sending.greeting import greeted


@dataclass(frozen=True)
class _Words:
    subject: str
    body: str


_WORDS: Mapping[str, _Words] = {
    "es": _Words(
        subject="Sus solicitudes",
        body=(
            "Aquí están todas las solicitudes que nos ha hecho desde esta dirección:\n{link}\n\n"
            "El enlace vale 24 horas y quien lo tenga puede leerlas: no lo comparta.\n\n"
            "Si no lo ha pedido, no haga nada."
        ),
    ),
    "en": _Words(
        subject="Your requests",
        body=(
            "Here are all requests you made from this address:\n{link}\n\n"
            "The link is good for 24 hours, and whoever has it can read them: keep it to yourself.\n\n"
            "If you didn't ask for it, do nothing."
        ),
    ),
}


def requests_link(language: str, *, name: str, link: str) -> tuple[str, str]:
    """Subject and text. `language`: one of greeting.LANGUAGES."""
    words = _WORDS[language]
    return words.subject, greeted(language, name, words.body.format(link=link))
