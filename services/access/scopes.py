"""What a token's scopes leave of what its role may: `read` what changes nothing, the others their area of the API."""

from __future__ import annotations

from collections.abc import Mapping

READ_ONLY = "read"
AREAS: Mapping[str, tuple[str, ...]] = {
    "incidents": (
        "incidents",
        "interactions",
        "customers",
        "organizations",
        "calls",
        "callbacks",
        "chats",
        "presence",
        "work",
        "in-person",
        "live",
        "signals",
        "undo",
        "views",
        "searches",
        "canned",
        "mentions",
        "tags",
        "uploads",
    ),
    "reports": ("reports", "events"),
    "knowledge": ("articles", "gaps", "search", "knowledge", "synonyms"),
    "administration": ("users", "teams", "tokens", "sessions", "audit", "lines", "targets", "widgets", "projections"),
}
"""Scope → the first words of the API's addresses it leaves."""
SCOPES = frozenset({READ_ONLY, *AREAS})

_API = "/api/v1/"
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


def within(scopes: frozenset[str], rule: str, method: str) -> bool:
    """Do a token's scopes leave this route? One that no area names is left to tokens without areas."""
    if READ_ONLY in scopes and method not in _CHANGES_NOTHING:
        return False
    areas = scopes & AREAS.keys()
    if not areas:
        return True
    path = rule.partition(" ")[2]
    if path == "/live":  # the API's one address outside it
        path = f"{_API}live"
    first = path.removeprefix(_API).partition("/")[0] if path.startswith(_API) else ""
    return first == "me" or any(first in AREAS[area] for area in areas)
