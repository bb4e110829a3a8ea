"""The words of the mail with the link to somebody's requests. In the language they asked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Words:
    subject: str
    greeting: str
    greeting_with_name: str
    body: str


_WORDS: Mapping[str, _Words] = {
    "es": _Words(
        subject="Sus solicitudes",
        greeting="Hola:",
        greeting_with_name="Hola, {name}:",
        body=(
            "Aquí están todas las solicitudes que nos ha hecho desde esta dirección:\n{link}\n\n"
            "El enlace vale 24 horas y quien lo tenga puede leerlas: no lo comparta.\n\n"
            "Si no lo ha pedido, no haga nada."
        ),
    ),
    "en": _Words(
        subject="Your requests",
        greeting="Hello,",
        greeting_with_name="Hello {name},",
        body=(
            "Here are all requests you made from this address:\n{link}\n\n"
            "The link is good for 24 hours, and whoever has it can read them: keep it to yourself.\n\n"
            "If you didn't ask for it, do nothing."
        ),
    ),
}

LANGUAGES = tuple(_WORDS)


def requests_link(language: str, *, name: str, link: str) -> tuple[str, str]:
    """Subject and text. `language`: one of LANGUAGES."""
    words = _WORDS[language]
    greeting = words.greeting_with_name.format(name=name) if name else words.greeting
    return words.subject, f"{greeting}\n\n{words.body.format(link=link)}"
