"""The corpus: mails written by us, one file each, and what each must become. Read by its tests, its mutator, its bench.

`corpus/AREA/NAME.eml` are the bytes; `corpus/AREA.toml` has a table NAME for each, whose keys test_corpus.py knows.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from channels.email.parse import Ours
from schemas.interaction import RawMail

CORPUS = Path(__file__).parent / "corpus"
SECRET = b"a secret of 32 bytes for tests.."
BOX = "support@cauce.example"
OURS = Ours(
    secret=SECRET,
    addresses=(BOX, "ventas@cauce.example"),
    trusted_authserv=("mx.cauce.example",),
    staff=("staff.example",),
)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Mail:
    """One of the corpus. `says`: its table."""

    area: str
    name: str
    says: dict[str, Any]

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return (CORPUS / self.area / f"{self.name}.eml").read_bytes()

    @property
    def raw(self) -> RawMail:
        """How it came; `envelope` in its table says what differs from the usual."""
        return raw_mail(len(self.content), **self.says.get("envelope", {}))


def raw_mail(size: int, **changed: object) -> RawMail:
    """A mail on the log, as SMTP would have put it there."""
    usual: dict[str, Any] = {
        "id": UUID(int=7),
        "source": "smtp",
        "mailbox": BOX,
        "envelope_from": "ana@x.cu",
        "envelope_to": (BOX,),
        "size": size,
        "received_at": NOW,
    }
    return RawMail(**usual | changed)


def areas() -> list[str]:
    """The areas that have a table."""
    return sorted(path.stem for path in CORPUS.glob("*.toml"))


def mails() -> list[Mail]:
    """All there are, by area, as their tables name them."""
    return [Mail(area, name, says) for area in areas() for name, says in read_area(area).items()]


def read_area(area: str) -> dict[str, dict[str, Any]]:
    """The tables of one area."""
    return tomllib.loads((CORPUS / f"{area}.toml").read_text(encoding="utf-8"))
