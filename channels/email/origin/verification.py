"""Whom a mail is from, found out by ourselves: its DKIM signatures (RFC 6376) and what DMARC makes of them (RFC 7489).

Two pure steps in the parser's child, where a mail can do no harm: which DNS names to ask, and, with the answers that
dns.py got, the verdict. Of mail that no border has judged. Nobody looks at SPF here: a border sees the envelope.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from channels.email.mime.headers import Headers
from channels.email.mime.tree import read_tree
from channels.email.origin.alignment import aligned, domain_of, organization_of
from schemas.interaction import Authentication, Checks

SIGNATURES_MAX = 4
_BITS_MIN = 1024  # RFC 8301 §3.2
_TAG = re.compile(r"\s*([a-z][a-z0-9_]{0,30})\s*=\s*([^;]{0,4000})", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?", re.IGNORECASE)
_ENFORCED = {"quarantine", "reject"}

Records = Mapping[str, Sequence[str] | None]
"""DNS name → its TXT records; None: nobody could say."""


class Verdict(msgspec.Struct, frozen=True):
    """What is to be believed, and why."""

    authentication: Authentication
    checks: Checks


@dataclass(frozen=True)
class _Signature:
    """Its place among the signatures, its domain, where its key lies. `partial`: more could have been added below."""

    index: int
    domain: str
    key: str
    partial: bool


def questions_of(headers: Headers, sender: str) -> tuple[str, ...]:
    """The names whose TXT records decide. None without a signature: then nothing could be shown."""
    signatures = _signatures(headers)
    if not signatures or _NAME.fullmatch(sender) is None:
        return ()
    policies = (f"_dmarc.{sender}", f"_dmarc.{organization_of(sender)}")
    return tuple(dict.fromkeys((*(each.key for each in signatures), *policies)))


def verify(content: bytes, sender: str, records: Records) -> Verdict:
    """Pass: a signature of the sender's own organization holds. Fail: theirs is broken, and they ask to refuse such."""
    message, _ = read_tree(content)
    results = [(each, _holds(content, each, records)) for each in _signatures(Headers(message))]
    policy = _policy(sender, records)
    strict = policy is not None and policy.get("adkim") == "s"
    own = [result for each, result in results if aligned(each.domain, sender, strict=strict)]
    dkim = _best(own) or _best([result for _, result in results])
    if "pass" in own:
        dmarc, authentication = ("pass" if policy else "none"), Authentication.PASS
    elif policy is None or "temperror" in own:
        dmarc, authentication = "temperror", Authentication.TEMPERROR
    elif "fail" in own and policy.get("p") in _ENFORCED:
        dmarc, authentication = "fail", Authentication.FAIL
    else:  # it may still pass by SPF, which nobody looked at
        dmarc, authentication = "" if policy else "none", Authentication.NONE
    return Verdict(authentication, Checks(dkim=dkim, dmarc=dmarc, domain=sender, aligned="pass" in own))


def _signatures(headers: Headers) -> list[_Signature]:
    found: list[_Signature] = []
    for index, value in enumerate(headers.all("DKIM-Signature")[:SIGNATURES_MAX]):
        tags = _tags(value)
        domain, selector = domain_of(tags.get("d", "")), tags.get("s", "").lower()
        if _NAME.fullmatch(domain) and _NAME.fullmatch(selector):
            found.append(_Signature(index, domain, f"{selector}._domainkey.{domain}", "l" in tags))
    return found


def _tags(text: str) -> dict[str, str]:
    pairs = (_TAG.fullmatch(piece) for piece in text.split(";"))
    return {found[1].lower(): "".join(found[2].split()) for found in pairs if found}


def _holds(content: bytes, signature: _Signature, records: Records) -> str:
    """A result of RFC 8601 §2.7.1."""
    import dkim  # noqa: PLC0415 -- only where a mail is signed

    found = records.get(signature.key)
    if found is None:
        return "temperror"
    if not found or signature.partial:
        return "permerror" if not found else "policy"
    key = found[0].encode()

    def answer(*_args: object, **_more: object) -> bytes:
        return key

    try:
        dkim.evaluate_pk(signature.key.encode(), key)  # pyright: ignore[reportUnknownMemberType]
        checking = dkim.DKIM(content, minkey=_BITS_MIN)
        holds = checking.verify(signature.index, dnsfunc=answer)  # pyright: ignore[reportUnknownMemberType]
    except dkim.ValidationError:  # another body than was signed, or too late
        return "fail"
    except (dkim.DKIMException, ValueError, TypeError, IndexError, KeyError, AssertionError, ArithmeticError):
        return "permerror"
    return "pass" if holds else "fail"


def _best(results: Sequence[str]) -> str:
    return next((each for each in ("pass", "temperror", "fail", "policy", "permerror") if each in results), "")


def _policy(sender: str, records: Records) -> dict[str, str] | None:
    """What the sender's domain publishes, else its organization's (`sp` before `p`). Empty: nothing; None: unknown."""
    organization = organization_of(sender)
    for domain in dict.fromkeys((sender, organization)):
        found = records.get(f"_dmarc.{domain}")
        if found is None:
            return None
        published = [tags for text in found if (tags := _tags(text)).get("v", "").upper() == "DMARC1"]
        if len(published) == 1:  # RFC 7489 §6.6.3: several are none
            tags = published[0]
            policy = tags.get("sp") if domain != sender else None
            return tags | {"p": (policy or tags.get("p", "none")).lower()}
    return {}
