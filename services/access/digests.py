"""Secrets we hand out: random, shown once, kept as SHA-256 (they are long enough that a slow hash adds nothing)."""

from __future__ import annotations

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """256 random bits in URL-safe letters."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What we keep of a secret. Odd input (lone surrogates) has a digest like any other."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
