"""Passwords: argon2id, slow on purpose; checked in the same time whether or not there is such a user."""

from __future__ import annotations

from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from schemas.errors import InvalidError

PASSWORD_MIN_CHARACTERS = 8
PASSWORD_MAX_CHARACTERS = 256

_hasher = PasswordHash.recommended()


@cache
def _nobody() -> str:
    """A hash to check against when there is no user. Made when first needed: it takes a quarter of a second."""
    return _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """argon2id (≈ 50 ms). Raises InvalidError for one too short or too long, or that is no text."""
    if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
        message = f"a password has {PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS} characters"
        raise InvalidError(message, field="password")
    try:
        return _hasher.hash(password)
    except UnicodeEncodeError as error:
        raise InvalidError("a password is text", field="password") from error


def is_right(password: str, kept: str | None) -> bool:
    """Does it fit? Takes as long when there is no such user, so that names can't be found by the clock."""
    nobody = _nobody()
    try:
        fits = _hasher.verify(password[:PASSWORD_MAX_CHARACTERS], kept or nobody)
    except (UnknownHashError, UnicodeEncodeError):
        return False
    return fits and kept is not None
