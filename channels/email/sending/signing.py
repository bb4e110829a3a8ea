"""DKIM signatures of the mail we send (RFC 6376): keys in a folder, `DOMAIN/SELECTOR.pem`, and their DNS records.

Between outgoing.py, whose bytes it signs, and submission.py. Every key of the sender's domain signs: two while one
takes the other's place.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from schemas.errors import ConflictError, SettingsError

_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537
_TEXT_MAX = 255  # of one character-string of a TXT record, RFC 1035 §3.3
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_SIGNED = (
    b"from from to subject date message-id in-reply-to references reply-to mime-version content-type"
    b" content-language auto-submitted list-unsubscribe list-unsubscribe-post"
).split()
"""From twice: nobody can add a second one. A header that isn't there is passed over."""


@dataclass(frozen=True)
class DkimKey:
    """One key of a domain, named by its selector."""

    domain: str
    selector: str
    pem: bytes = field(repr=False)

    def record(self) -> str:
        """What the domain's zone must say: one TXT record, in the form of a zone file."""
        key = load_pem_private_key(self.pem, None)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        said = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
        pieces = " ".join(f'"{said[at : at + _TEXT_MAX]}"' for at in range(0, len(said), _TEXT_MAX))
        return f"{self.selector}._domainkey.{self.domain}. IN TXT ( {pieces} )"


class Signer:
    """Signs with what it was given; without a key for the sender's domain the mail stays as it is."""

    def __init__(self, keys: Mapping[str, tuple[DkimKey, ...]]) -> None:
        self._keys = keys

    def sign(self, mailbox: str, mail: bytes) -> bytes:
        """The mail with a signature of every key of the mailbox's domain on top."""
        keys = self._keys.get(mailbox.rpartition("@")[2].lower(), ())
        if not keys:
            return mail
        import dkim  # noqa: PLC0415 -- loaded only where something is signed

        signatures = [
            dkim.sign(  # pyright: ignore[reportUnknownMemberType] -- its lists are not typed
                mail,
                key.selector.encode(),
                key.domain.encode("idna"),
                key.pem,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=_SIGNED,
            )
            for key in keys
        ]
        return b"".join(signatures) + mail


def read_keys(folder: Path) -> dict[str, tuple[DkimKey, ...]]:
    """Every key in the folder, by domain; none without a folder. Raises SettingsError for one that is no key."""
    found: dict[str, tuple[DkimKey, ...]] = {}
    for path in sorted(folder.glob("*/*.pem")):
        key = DkimKey(path.parent.name.lower(), path.stem, _pem(path))
        found[key.domain] = (*found.get(key.domain, ()), key)
    return found


def create(folder: Path, domain: str, selector: str) -> DkimKey:
    """A new key, readable by its owner alone. Raises SettingsError, ConflictError when there is one of that name."""
    labels = domain.lower().split(".")
    if not all(_LABEL.fullmatch(label) for label in (*labels, selector)):
        raise SettingsError("a domain and a selector are letters, digits and hyphens, the domain with dots")
    pem = generate_private_key(_PUBLIC_EXPONENT, _KEY_BITS).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path = folder / domain.lower() / f"{selector}.pem"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        written = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConflictError(f"there is a key {selector} of {domain} already: take another selector") from error
    with os.fdopen(written, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return DkimKey(domain.lower(), selector, pem)


def _pem(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if isinstance(load_pem_private_key(data, None), RSAPrivateKey):
            return data
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"{path} can't be used as a DKIM key: {error}") from error
    raise SettingsError(f"{path} is no RSA key: that is what every receiver can verify")
