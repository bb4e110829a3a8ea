"""What an identity provider says of somebody: made by oidc.py, taken in by linking.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whom the provider speaks for. `email` only when it says that the address was verified."""

    issuer: str
    subject: str
    email: str
    wanted_name: str
