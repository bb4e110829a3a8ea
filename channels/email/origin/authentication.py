"""What our own border servers say of a mail's sender: Authentication-Results (RFC 8601), theirs alone. For parse.py.

What they don't say we look up ourselves, where the network may be asked: verification.py.
ARC-Authentication-Results are not read: whether to believe who sealed them is our border's to say, and it says it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from channels.email.mime.headers import Headers
from channels.email.origin.alignment import aligned, domain_of
from schemas.interaction import Authentication, Checks

_COMMENTS_DEEP = 5
_COMMENT = re.compile(r"\((?:[^()\\]|\\.){0,2000}\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.){0,2000}"')
_RESULT = re.compile(r"\s*(dmarc|dkim|spf)(?:\s*/\s*\d{1,3})?\s*=\s*([a-z]{1,20})\b(.*)", re.IGNORECASE | re.DOTALL)
_OF_DOMAIN = re.compile(r"\b(?:header\.(?:from|d|i)|smtp\.(?:mailfrom|helo))\s*=\s*(\S{1,320})", re.IGNORECASE)
_FAILED = {"fail", "hardfail"}
_UNSURE = {"temperror"}


@dataclass(frozen=True)
class _Said:
    """One result. `domain`: whose, where it says so."""

    method: str
    result: str
    domain: str


def authentication_of(headers: Headers, trusted: Sequence[str], sender: str) -> tuple[Authentication, Checks | None]:
    """The topmost result of a host we trust; `none` without one: anybody can write such a header.

    `sender`: the domain that the From address claims.
    """
    for value in headers.all("Authentication-Results"):
        host, semicolon, results = _bare(value).partition(";")
        words = host.split()
        if semicolon and words and words[0].lower() in trusted:
            said = list(_said(results))
            return _judged(said, sender), _checks(words[0].lower(), said, sender)
    return Authentication.NONE, None


def _bare(value: str) -> str:
    """Without comments and what stands in quotes: either may hold anything its sender likes, `dmarc=pass` too."""
    for _ in range(_COMMENTS_DEEP):
        if (shorter := _COMMENT.sub(" ", value)) == value:
            break
        value = shorter
    value = _QUOTED.sub(lambda found: _word_of(found.group()), value)
    # something still open: what stands behind it belongs to it
    return re.split(r'[("]', value, maxsplit=1)[0]


def _word_of(quoted: str) -> str:
    """A host's name may be quoted; what is no such word says nothing."""
    return inner if re.fullmatch(r"[A-Za-z0-9.-]{1,255}", inner := quoted.strip('"')) else "_"


def _said(results: str) -> Iterator[_Said]:
    for result in results.split(";"):
        found = _RESULT.fullmatch(result)
        if found is not None:
            of = _OF_DOMAIN.search(found[3])
            yield _Said(found[1].lower(), found[2].lower(), domain_of(of[1]) if of else "")


def _judged(said: Sequence[_Said], sender: str) -> Authentication:
    # it weighs the other two against the From address; of another From than the one we read it says nothing to us
    weighed = [one.result for one in said if one.method == "dmarc" and one.domain in {"", sender}]
    results = weighed or [one.result for one in said if one.method != "dmarc"]
    if any(result in _FAILED for result in weighed):
        return Authentication.FAIL
    if "pass" in weighed or any(_shows(one, sender) for one in said if not weighed):
        return Authentication.PASS
    if any(result in _UNSURE for result in results):
        return Authentication.TEMPERROR
    if results and all(result in _FAILED for result in results):
        return Authentication.FAIL
    return Authentication.NONE


def _shows(one: _Said, sender: str) -> bool:
    """Somebody else's signature, or a mailing service's envelope, is no proof of who wrote."""
    return one.method != "dmarc" and one.result == "pass" and aligned(one.domain, sender)


def _checks(host: str, said: Sequence[_Said], sender: str) -> Checks:
    # of several signatures the one that counts is shown
    best = {one.method: one for one in said}
    best |= {one.method: one for one in said if one.result == "pass"}
    best |= {one.method: one for one in said if _shows(one, sender)}
    results = {method: best[method].result if method in best else "" for method in ("spf", "dkim", "dmarc")}
    own = results["dmarc"] == "pass" or any(_shows(one, sender) for one in said)
    return Checks(by=host, domain=sender, aligned=own, **results)
