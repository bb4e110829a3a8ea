"""Who wrote a mail, and who else had a hand in it: lists, delegates, our own people who pass it on. For parse.py.

A mail is from whoever its From names. Two others may take that place, as a claim that proves nothing: the author whose
From a list wrote anew, and the author of what one of our own people passes on. Reply-To alone never does (0025).
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec
from msgspec.structs import replace

from channels.email.mime.headers import Headers
from channels.email.origin.alignment import domain_of
from channels.email.origin.names import belongs, honest, spelled, tricks
from schemas.address import email_address, handle_of
from schemas.errors import InvalidError
from schemas.interaction import Authentication, Interaction, Label, Party, RawMail

_LIST_NAME_MAX_CHARACTERS = 120
_NOBODYS = "@unknown.invalid"  # the domain of handles that we make where nobody is named
_VIA = re.compile(r"['\"]?(.{0,120}?)['\"]?\s(?:via|por medio de|a través de|über|через)\s\S.{0,120}", re.IGNORECASE)
_OF_THE_SENDER = frozenset((Label.REPLY_ELSEWHERE, Label.NAME_IS_ADDRESS, Label.NAME_IS_OURS, Label.HIDDEN_CHARACTERS))
_LIST_ID = re.compile(r"<([^<>\s]{1,200})>")


class Who(msgspec.Struct, frozen=True):
    """`details`: addresses of the others by their part, as `Interaction.details` keeps them."""

    sender: Party
    details: dict[str, str]
    labels: tuple[Label, ...]


def who_wrote(raw: RawMail, headers: Headers, authentication: Authentication, ours: Collection[str]) -> Who:
    """Nobody that can be named: a handle of this mail's own, so that strangers don't become one person."""
    named = headers.parties("From")
    written = _written(raw, headers)
    details: dict[str, str] = {}
    labels: dict[Label, None] = {}
    several = len(named) > 1 or len(headers.all("From")) > 1
    if several:
        labels[Label.SEVERAL_AUTHORS] = None
    # what our border checks is one From that it can read; of several, nobody says which was shown to be theirs
    checked = bool(named) and not several and headers.in_the_clear("From") and not _is_nobody(written)
    sender = replace(written, proven=checked and authentication is not Authentication.FAIL)
    listed = _list_of(headers)
    if listed:
        details["list"] = listed
        labels[Label.VIA_LIST] = None
        author = _before_the_list(headers, written)
        if author is not None:
            details["written_from"] = written.address
            sender = author
    sender, called, strange = _honestly(sender, ours)
    details |= called
    labels |= dict.fromkeys(strange)
    acting = headers.parties("Sender")
    if named and acting and not listed and acting[0].address != written.address:
        details["sent_by"] = acting[0].address
        labels[Label.ON_BEHALF] = None
    answers = [party for party in headers.parties("Reply-To") if party.address != sender.address]
    if answers:
        details["reply_to"] = answers[0].address
        if not listed and not _same_house(answers[0], sender):
            labels[Label.REPLY_ELSEWHERE] = None
    return Who(sender, details, tuple(labels))


def claimed_domain(raw: RawMail, headers: Headers) -> str:
    """Whose domain the mail says it is from: what its authentication is held against."""
    return domain_of(_written(raw, headers).address)


def adopted(item: Interaction, original: Party | None, staff: Collection[str], boxes: Collection[str]) -> Interaction:
    """The same mail as from whoever wrote what one of our own people passes on in it: their claim, not a proof."""
    sender = item.sender
    if original is None or not sender.proven or not belongs(handle_of(sender.address), staff):
        return item
    if belongs(handle_of(original.address), (*staff, *boxes)):
        return item  # our own words, passed on among ourselves
    author, called, strange = _honestly(original, (*staff, *boxes))
    # what was said of its sender concerns whoever passed it on
    labels = [label for label in item.labels if label not in _OF_THE_SENDER]
    return replace(
        item,
        sender=replace(author, proven=False),
        details={name: item.details[name] for name in item.details if name not in {"called", "reply_to"}}
        | {"forwarded_by": sender.address}
        | called,
        labels=(Label.FORWARDED, *strange, *labels),
    )


def _written(raw: RawMail, headers: Headers) -> Party:
    return (headers.parties("From") or headers.parties("Sender") or [_from_envelope(raw)])[0]


def _honestly(party: Party, ours: Collection[str]) -> tuple[Party, dict[str, str], tuple[Label, ...]]:
    """Without a name that pretends, which stands among the details instead."""
    found = tuple(tricks(party, ours))
    called = {"called": spelled(party.name)} if found else {}
    return replace(party, name=honest(party, found)), called, found


def _from_envelope(raw: RawMail) -> Party:
    try:
        return Party(address=email_address(raw.envelope_from))
    except InvalidError:
        return Party(address=f"email:{raw.id.hex}{_NOBODYS}")


def _is_nobody(party: Party) -> bool:
    return party.address.endswith(_NOBODYS)


def _list_of(headers: Headers) -> str:
    """The name of the mailing list it came through (RFC 2919, RFC 2369); empty: none."""
    if "List-Post" not in headers and "List-Id" not in headers:
        return ""
    said = headers.text("List-Id")
    found = _LIST_ID.search(said)
    posts = [handle_of(party.address) for party in _mailboxes(headers.text("List-Post"))]
    return (found.group(1) if found else said or next(iter(posts), ""))[:_LIST_NAME_MAX_CHARACTERS]


def _before_the_list(headers: Headers, written: Party) -> Party | None:
    """Who wrote, where the list put its own address into From so that DMARC holds."""
    via = _VIA.fullmatch(written.name)
    kept = headers.parties("X-Original-From", "X-Original-Sender")
    if via is None and not kept:
        return None
    lists = {written.address, *(party.address for party in _mailboxes(headers.text("List-Post")))}
    author = next((party for party in (*kept, *headers.parties("Reply-To")) if party.address not in lists), None)
    if author is None:
        return None
    return Party(address=author.address, name=author.name or (via.group(1).strip() if via else ""))


def _mailboxes(value: str) -> list[Party]:
    found: list[Party] = []
    for each in re.findall(r"<mailto:([^<>\s?]{3,254})", value, re.IGNORECASE):
        try:
            found.append(Party(address=email_address(each)))
        except InvalidError:
            continue
    return found


def _same_house(one: Party, other: Party) -> bool:
    first, second = (party.address.rpartition("@")[2] for party in (one, other))
    return first == second or first.endswith(f".{second}") or second.endswith(f".{first}")
