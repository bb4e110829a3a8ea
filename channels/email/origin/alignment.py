"""Whether two domains belong to the same organization (RFC 7489 §3.1, relaxed): by the public suffix list."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_DOMAIN_MAX_CHARACTERS = 253


def domain_of(address: str) -> str:
    """What stands behind the last @, as the network writes it; of a domain itself that."""
    domain = address.strip().strip("<>").rpartition("@")[2].strip().rstrip(".;,").lower()
    if domain.isascii():
        return domain[:_DOMAIN_MAX_CHARACTERS]
    try:
        return domain.encode("idna").decode()[:_DOMAIN_MAX_CHARACTERS]
    except UnicodeError:
        return ""


def organization_of(domain: str) -> str:
    """The domain somebody registered: `mail.x.co.uk` → `x.co.uk`. A public suffix itself is its own."""
    return _suffixes().privatesuffix(domain) or domain


def aligned(one: str, other: str, *, strict: bool = False) -> bool:
    """Are they the same, or (not `strict`) of the same organization?"""
    if not one or not other:
        return False
    return one == other or (not strict and organization_of(one) == organization_of(other))


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 -- many rules, read only where two domains differ

    return PublicSuffixList()
