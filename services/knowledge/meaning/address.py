"""CAUCE_EMBEDDINGS, read: where the server of embeddings is, and how to ask it. Before embedder.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from schemas.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Address:
    """`http://:key@host:port/v1/embeddings?model=NAME`, with `&query=` and `&passage=` for models that want a prefix.

    `url`: all of it that may be shown.
    """

    url: str
    model: str
    query: str = ""
    passage: str = ""
    key: str = field(default="", repr=False)

    @property
    def embedder(self) -> str:
        """Whose vectors they are: those of another name can't be compared with them."""
        return " · ".join(filter(None, (self.model, self.query.strip(), self.passage.strip())))


def read_address(url: str) -> Address:
    """Raises SettingsError, which doesn't tell the key."""
    wrong = "CAUCE_EMBEDDINGS is http://host:port/v1/embeddings?model=NAME, with &query= and &passage= or without"
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise SettingsError(wrong) from error
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not options.keys() <= {"model", "query", "passage"}
    ):
        raise SettingsError(wrong)
    told = {name: values[-1] for name, values in options.items()}
    if not told.get("model", "").strip():
        raise SettingsError(wrong)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        url=urlunsplit((parts.scheme, host + port, parts.path or "/v1/embeddings", "", "")),
        key=unquote(parts.password or ""),
        **told,
    )
