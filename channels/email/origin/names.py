"""Names that pretend: another address, one of ours, characters nobody sees. For who.py.

Such a name would stand in every list as who somebody is: it is kept as what they call themselves, no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from schemas.address import handle_of
from schemas.interaction import Label, Party

_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_HIDDEN = re.compile("[\u00ad\u061c\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_TURNING = re.compile("[\u200e\u200f]")
_UNSEEN = re.compile(f"{_HIDDEN.pattern}|{_TURNING.pattern}")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def tricks(party: Party, ours: Collection[str]) -> Iterator[Label]:
    """What is strange about a name. `ours`: our mailboxes, and the addresses and domains of our people."""
    name, own = party.name.lower(), handle_of(party.address)
    others = [found for found in _ADDRESS.findall(name) if found != own]
    if others:
        yield Label.NAME_IS_ADDRESS
    if any(_names(name, each) for each in ours) and not belongs(own, ours):
        yield Label.NAME_IS_OURS
    # marks of direction are at home in names that run from right to left
    if _HIDDEN.search(party.name) or (_TURNING.search(party.name) and not _RIGHT_TO_LEFT.search(party.name)):
        yield Label.HIDDEN_CHARACTERS


def honest(party: Party, found: Collection[Label]) -> str:
    """What may stand as the name: nothing of another's, nothing unseen."""
    if Label.NAME_IS_ADDRESS in found or Label.NAME_IS_OURS in found:
        return handle_of(party.address)
    return _UNSEEN.sub("", party.name) if Label.HIDDEN_CHARACTERS in found else party.name


def spelled(name: str) -> str:
    """A name with what nobody sees by its number."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", name)


def belongs(address: str, ours: Collection[str]) -> bool:
    """Is it one of these addresses, or of one of these domains?"""
    domain = address.rpartition("@")[2]
    return any(each.lstrip("@") in {address, domain} for each in ours)


def _names(name: str, ours: str) -> bool:
    """A mailbox by the whole of it: its domain may be a large provider's."""
    return re.search(rf"(?<![\w.-]){re.escape(ours.lstrip('@'))}(?![\w-]|\.\w)", name) is not None
