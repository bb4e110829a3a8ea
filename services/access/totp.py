"""Second factors: codes of RFC 6238 (SHA-1, 6 digits, 30 s), good once; and recovery codes. Owns their two tables."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError
from schemas.facts.user import Method, SecondFactorRemoved, SecondFactorSet
from services.access import users
from services.access.desk import AccessDesk
from services.access.digests import digest

RECOVERY_CODES = 10
STEP_SECONDS = 30

_SECRET_BYTES = 20
_NONCE_BYTES = 12
_DIGITS = 6
_DRIFT_STEPS = 1  # clocks differ, and people type slowly
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike
_RECOVERY_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs: `uri` as a QR code, `secret` to type."""

    secret: str
    uri: str


def code_at(secret: bytes, step: int) -> str:
    """The code of a step of 30 seconds. RFC 4226 §5.3."""
    mac = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def begin(desk: AccessDesk, hub_secret: bytes, name: str) -> Enrolment:
    """A new secret, waiting for its first code. Raises ConflictError when a second factor is set already."""
    user = users.get(desk.connection, name)
    if user.second_factor:
        raise ConflictError("a second factor is set already: remove it first")
    secret = os.urandom(_SECRET_BYTES)
    desk.connection.execute(
        "INSERT INTO totp (user_name, secret) VALUES (%s, %s)"
        " ON CONFLICT (user_name) DO UPDATE SET secret = excluded.secret, last_step = 0",
        (name, _seal(hub_secret, user.id, secret)),
    )
    return _enrolment(secret, name)


def pending(desk: AccessDesk, hub_secret: bytes, name: str) -> Enrolment | None:
    """The secret that waits for its first code, to be shown again."""
    row = desk.connection.execute(
        "SELECT secret FROM totp WHERE user_name = %s AND confirmed_at IS NULL", (name,)
    ).fetchone()
    return None if row is None else _enrolment(_open(hub_secret, users.get(desk.connection, name).id, row[0]), name)


def confirm(desk: AccessDesk, hub_secret: bytes, name: str, code: str) -> list[str]:
    """From now on codes are asked for. Returns the recovery codes, to be shown this once. Raises InvalidError."""
    user = users.get(desk.connection, name)
    if user.second_factor or not _use_code(desk, hub_secret, name, code, confirmed=False):
        raise InvalidError("this code is not right; is the clock of the telephone?", field="code")
    desk.connection.execute("UPDATE totp SET confirmed_at = now() WHERE user_name = %s", (name,))
    desk.connection.execute("DELETE FROM recovery_codes WHERE user_name = %s", (name,))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    desk.connection.execute(
        "INSERT INTO recovery_codes (user_name, digest) SELECT %s, unnest(%s::bytea[])",
        (name, [_recovery_digest(name, code) for code in codes]),
    )
    desk.record(SecondFactorSet(user=user.id, name=name, by=desk.by, at=desk.now))
    return codes


def use(desk: AccessDesk, hub_secret: bytes, name: str, code: str) -> Method | None:
    """Use up a code or a recovery code; None: it is neither, or was used before."""
    if _use_code(desk, hub_secret, name, code, confirmed=True):
        return Method.CODE
    used = desk.connection.execute(
        "DELETE FROM recovery_codes WHERE user_name = %s AND digest = %s", (name, _recovery_digest(name, code))
    ).rowcount
    return Method.RECOVERY_CODE if used else None


def recovery_left(connection: Connection, name: str) -> int:
    """How many recovery codes were not used yet."""
    row: tuple[int] | None = connection.execute(
        "SELECT count(*) FROM recovery_codes WHERE user_name = %s", (name,)
    ).fetchone()
    return row[0] if row else 0


def remove(desk: AccessDesk, name: str) -> None:
    """Ask for no code any more. Raises NotFoundError for a user there is none of."""
    user = users.get(desk.connection, name)
    desk.connection.execute("DELETE FROM recovery_codes WHERE user_name = %s", (name,))
    desk.connection.execute("DELETE FROM totp WHERE user_name = %s", (name,))
    if user.second_factor:
        desk.record(SecondFactorRemoved(user=user.id, name=name, by=desk.by, at=desk.now))


def _use_code(desk: AccessDesk, hub_secret: bytes, name: str, code: str, *, confirmed: bool) -> bool:
    typed = "".join(code.split())
    row: tuple[bytes, int] | None = desk.connection.execute(
        "SELECT secret, last_step FROM totp WHERE user_name = %s AND (confirmed_at IS NOT NULL) = %s", (name, confirmed)
    ).fetchone()
    if row is None or len(typed) != _DIGITS or not (typed.isascii() and typed.isdigit()):
        return False
    secret, last = _open(hub_secret, users.get(desk.connection, name).id, row[0]), row[1]
    now = step_of(desk.now)
    found = [
        step
        for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1)
        if hmac.compare_digest(code_at(secret, step), typed) and step > last  # who read it over a shoulder is too late
    ]
    if found:
        desk.connection.execute("UPDATE totp SET last_step = %s WHERE user_name = %s", (found[-1], name))
    return bool(found)


def step_of(moment: datetime) -> int:
    """Which step of 30 seconds."""
    return int(moment.timestamp()) // STEP_SECONDS


def _enrolment(secret: bytes, name: str) -> Enrolment:
    shown = base64.b32encode(secret).decode().rstrip("=")
    query = urlencode({"secret": shown, "issuer": "Cauce"})
    return Enrolment(shown, f"otpauth://totp/{quote(f'Cauce:{name}')}?{query}")


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_RECOVERY_LETTERS))
    return "-".join(letters[start : start + 4] for start in range(0, _RECOVERY_LETTERS, 4))


def _recovery_digest(name: str, code: str) -> bytes:
    return digest(f"{name}:{''.join(code.lower().split()).replace('-', '')}")


def _key(hub_secret: bytes) -> AESGCM:
    return AESGCM(hmac.digest(hub_secret, b"second factors", hashlib.sha256))


def _seal(hub_secret: bytes, user: UUID, secret: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _key(hub_secret).encrypt(nonce, secret, user.bytes)


def _open(hub_secret: bytes, user: UUID, sealed: bytes) -> bytes:
    return _key(hub_secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], user.bytes)
