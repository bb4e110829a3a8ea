"""What a part of a name or address is sought by, as patterns for LIKE. Used where people and companies are found."""

from __future__ import annotations

import unicodedata

_TRIGRAM = 3


def likeness(q: str) -> list[str]:
    """Patterns of what `q` is part of; of fewer letters than an index knows them by, what they are the beginning of."""
    part = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [f"%{part}%"] if len(q) >= _TRIGRAM else [f"{part}%", f"% {part}%", f"%:{part}%"]


def folded(text: str) -> str:
    """Without capitals and accents: `café` and `CAFE` are the same to whoever looks for them."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
