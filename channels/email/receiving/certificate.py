"""The certificate our mail server shows after STARTTLS: read again when its file changes, as ACME clients renew it.

Below smtp.py.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import structlog
from cryptography import x509

from schemas.errors import SettingsError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files. `key` may be the same file as `chain`."""

    chain: Path
    key: Path

    @classmethod
    def named(cls, chain: str, key: str) -> Self | None:
        """As the settings name them; without a chain there is none, without a key it stands in the same file."""
        return cls(Path(chain), Path(key or chain)) if chain else None

    def expires_at(self) -> datetime:
        """Of the first certificate, our own. Raises OSError, ValueError."""
        return x509.load_pem_x509_certificate(self.chain.read_bytes()).not_valid_after_utc

    def load(self) -> ssl.SSLContext:
        """Raises OSError (an unreadable file), ssl.SSLError (not PEM, or a key of another certificate)."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.chain, self.key)
        return context

    def stamp(self) -> tuple[int, ...]:
        """Changes with the files. Raises OSError."""
        return tuple(path.stat().st_mtime_ns for path in (self.chain, self.key))


class Certificate:
    """What a new connection is offered. Raises SettingsError when the files are no good from the start."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files = files
        try:
            self._stamp = files.stamp()
            self._context = files.load()
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"CAUCE_SMTP_CERTIFICATE, CAUCE_SMTP_KEY: {error.strerror}") from error

    def context(self) -> ssl.SSLContext:
        """The newest that is good: files that are half replaced leave what was."""
        try:
            stamp = self._files.stamp()
            if stamp != self._stamp:
                self._context = self._files.load()
                self._stamp = stamp
                log.info("smtp_certificate_loaded", file=str(self._files.chain))
        except (OSError, ssl.SSLError) as error:
            log.warning("smtp_certificate_not_loaded", file=str(self._files.chain), error=type(error).__name__)
        return self._context
