"""What our own border servers say of a mail's sender: Authentication-Results (RFC 8601), theirs alone. For parse.py."""

from __future__ import annotations

import re
from collections.abc import Sequence

from channels.email.headers import Headers
from schemas.interaction import Authentication

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)
_FAILED = {"fail", "hardfail", "permerror"}


def authentication_of(headers: Headers, trusted: Sequence[str]) -> Authentication:
    """The topmost result of a host we trust; `none` without one: anybody can write such a header."""
    for value in headers.all("Authentication-Results"):
        host, semicolon, results = _COMMENT.sub(" ", value).partition(";")
        words = host.split()
        if semicolon and words and words[0].lower() in trusted:
            return _judged(results)
    return Authentication.NONE


def _judged(results: str) -> Authentication:
    found: dict[str, list[str]] = {}
    for method, result in _RESULT.findall(results):
        found.setdefault(method.lower(), []).append(result.lower())
    if "dmarc" in found:  # it weighs the other two against the From address
        return _verdict(found["dmarc"])
    return _verdict([*found.get("dkim", ()), *found.get("spf", ())])


def _verdict(results: Sequence[str]) -> Authentication:
    if "pass" in results:
        return Authentication.PASS
    if "temperror" in results:
        return Authentication.TEMPERROR
    if results and all(result in _FAILED for result in results):
        return Authentication.FAIL
    return Authentication.NONE
