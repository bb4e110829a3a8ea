"""How what we send by ourselves begins, in the customer's language. For confirmation.py and requests_link.py."""

from __future__ import annotations

from collections.abc import Mapping

_GREETINGS: Mapping[str, tuple[str, str]] = {"es": ("Hola:", "Hola, {name}:"), "en": ("Hello,", "Hello {name},")}

LANGUAGES = tuple(_GREETINGS)


def greeted(language: str, name: str, text: str) -> str:
    """The text below a greeting. `language`: one of LANGUAGES; `name` may be empty."""
    nobody, somebody = _GREETINGS[language]
    return f"{somebody.format(name=name) if name else nobody}\n\n{text}"
