"""Whose visits are counted at all: nobody's who asks not to be followed, no program's. Pure: by a request's headers."""

from __future__ import annotations

from collections.abc import Mapping

_NO_PERSON = ("bot", "crawl", "spider", "slurp", "preview", "facebookexternalhit", "scan", "monitor")
"""Words that programs which read pages for somebody else put into their User-Agent."""


def counts(headers: Mapping[str, str]) -> bool:
    """May what this request does be recorded? Not against Do-Not-Track or Global Privacy Control, and no bot's."""
    if headers.get("dnt") == "1" or headers.get("sec-gpc") == "1":
        return False
    if "prefetch" in headers.get("sec-purpose", ""):  # a browser's guess: nobody has looked at it
        return False
    agent = headers.get("user-agent", "").lower()
    return bool(agent) and not any(word in agent for word in _NO_PERSON)
