"""CAUCE_IMAP: which mailboxes to read, and how to sign in there. Below imap.py."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from schemas.errors import SettingsError

_WRONG = "CAUCE_IMAP is imaps://user:password@host:port/FOLDER, several with spaces between"
_KNOWN = {"starttls", "ca", "move", "password-file", "oauth2", "client", "secret-file", "refresh-file"}


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where a refresh token (RFC 6749 §6) becomes an access token. The files hold one word each."""

    endpoint: str
    client: str
    secret_file: Path | None
    refresh_file: Path


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox. `move`: the folder that mails go to once they are kept; empty: they stay, marked as seen."""

    host: str
    port: int
    user: str
    folder: str
    tls: bool
    starttls: bool = False
    ca: str = ""
    move: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    oauth2: OAuth2 | None = None

    @property
    def name(self) -> str:
        """As the checkpoint, the logs and a mail's `source` know it: no secret in it."""
        return f"{'imaps' if self.tls else 'imap'}://{self.user}@{self.host}:{self.port}/{self.folder}"

    def secret(self) -> str:
        """The password; a file is read each time, so that a new one needs no restart. Raises OSError."""
        return one_word(self.password_file) if self.password_file else self.password

    def context(self) -> ssl.SSLContext:
        """What certificates are believed. Raises OSError, ssl.SSLError."""
        return ssl.create_default_context(cafile=self.ca or None)


def one_word(file: Path) -> str:
    """What a file of a secret holds. Raises OSError."""
    return file.read_text().strip()


def read_account(url: str) -> Account:
    """One of the setting's URLs. Raises SettingsError, which repeats no secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(_WRONG) from error
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise SettingsError(_WRONG)
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    unknown = options.keys() - _KNOWN
    if unknown:
        raise SettingsError(f"CAUCE_IMAP: unknown option {', '.join(sorted(unknown))}; docs/email.md has all")
    tls = parts.scheme == "imaps"
    file = options.get("password-file")
    return Account(
        host=parts.hostname,
        port=port or (993 if tls else 143),
        user=unquote(parts.username),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
        starttls="starttls" in options and not tls,
        ca=options.get("ca", ""),
        move=options.get("move", ""),
        password=unquote(parts.password or ""),
        password_file=Path(file) if file else None,
        oauth2=_oauth2(options),
    )


def _oauth2(options: dict[str, str]) -> OAuth2 | None:
    endpoint = options.get("oauth2")
    if endpoint is None:
        return None
    client, refresh, secret = (options.get(name, "") for name in ("client", "refresh-file", "secret-file"))
    if not endpoint.startswith(("https://", "http://")) or not client or not refresh:
        raise SettingsError("CAUCE_IMAP: oauth2= is a token endpoint's URL, and goes with client= and refresh-file=")
    return OAuth2(endpoint, client, Path(secret) if secret else None, Path(refresh))
