"""The block of From, Sent, To and Subject that programs put above a mail they answer or pass on. For quotes.py, who.py.

A mail's own headers that somebody pasted look much like it: what could be that is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from channels.email.words import quote_words

LINE_MAX_CHARACTERS = 400
COLONS = (":", "\uff1a")
"""Chinese and Japanese have one of their own."""
_LINES_MAX = 14
_CONTINUED_MAX = 4
_KINDS_MIN = 3
_AFTER_TITLE_MAX = 4

_KIND_OF = {
    name.replace("_", " ").lower(): kind for kind, names in quote_words.HEADERS.items() for name in names.split()
}
_NAMES = "|".join(re.escape(name) for name in sorted(_KIND_OF, key=len, reverse=True))
_HEADER = re.compile(rf"[*\s]{{0,4}}({_NAMES})\*?\s{{0,3}}[:\uff1a]\*?\s{{0,20}}(.*)", re.IGNORECASE)
_TECHNICAL = re.compile(rf"(?:{'|'.join(quote_words.TECHNICAL.split())})\s?:", re.IGNORECASE)


def _titles(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in names)


_ORIGINAL = re.compile(
    rf"[-_=*]{{4,40}}\s?(?:{_titles(quote_words.ORIGINALS)})\s?:?\s?[-_=*]{{4,40}}"
    r"|-{10,40}\s?(?:Original|原始邮件)\s?-{10,40}"  # QQ
    rf"|-{{3,20}}\s?.{{2,80}}\b(?:{_titles(quote_words.WROTE)})\s?:\s?-{{3,20}}",  # Lotus Notes in a browser
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    rf"[-_=*]{{2,40}}\s?(?:{_titles(quote_words.FORWARDED)})\b.{{0,80}}|(?:{_titles(quote_words.FORWARDED)})\s?[:\uff1a]",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"\b(?:19|20)\d\d\b.{0,40}\b\d{1,2}[:.]\d\d|\d年.{0,20}\d:\d\d")
_RULE = re.compile(r"[_-]{10,200}")
DRAWN = ("--", "__", "==", "**", "- -")
_NAME_MAX_CHARACTERS = 40


class Block(msgspec.Struct, frozen=True):
    """Its lines, `end` excluded, and what it says by kind: `from`, `sent`, `to`, `cc`, `subject`."""

    start: int
    end: int
    says: dict[str, str]


def is_original_title(line: str) -> bool:
    """`-----Original Message-----`."""
    text = line.strip()[:LINE_MAX_CHARACTERS]
    return text.startswith(DRAWN) and _ORIGINAL.fullmatch(text) is not None


def is_forward_title(line: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:`."""
    text = line.strip()[:LINE_MAX_CHARACTERS]
    return (text.startswith(DRAWN) or text.endswith(COLONS)) and _FORWARDED.fullmatch(text) is not None


def is_rule(line: str) -> bool:
    """A line drawn across."""
    return _RULE.fullmatch(line.strip()[:LINE_MAX_CHARACTERS]) is not None


def block_at(lines: Sequence[str], at: int) -> Block | None:
    """The block that begins in this line, by itself: nothing announces it."""
    if lines[at][:1] in {" ", "\t", ">"} or kind_of(lines[at]) != "from" or not _stands_apart(lines, at):
        return None
    found = _read(lines, at)
    if not {"from", "sent"} <= found.says.keys() or len(found.says) < _KINDS_MIN:
        return None
    drawn = any(is_rule(lines[above]) for above in range(max(at - 2, 0), at))
    # of a program: an order for a transport has a From, a Date, a To and a Subject, too
    return found if drawn or "@" in found.says["from"] or _MOMENT.search(found.says["sent"]) else None


def block_below(lines: Sequence[str], title: int) -> Block | None:
    """The block under a line that announces it: in any order, if it says from whom."""
    for at in range(title + 1, min(title + 1 + _AFTER_TITLE_MAX, len(lines))):
        if kind_of(lines[at]):
            found = _read(lines, at)
            return found if "from" in found.says else None
        if lines[at].strip():
            return None
    return None


def kind_of(line: str) -> str:
    """Which header a line is; empty: none."""
    if not any(colon in line[:_NAME_MAX_CHARACTERS] for colon in COLONS):
        return ""
    found = _HEADER.match(line[:LINE_MAX_CHARACTERS])
    return _KIND_OF[found.group(1).lower()] if found else ""


def _stands_apart(lines: Sequence[str], at: int) -> bool:
    """Under nothing, a rule or a blank line, and no colon before it says that what follows is shown on purpose."""
    if not at or is_rule(lines[at - 1]):
        return True
    before = next((lines[above].strip() for above in range(at - 1, max(at - 4, -1), -1) if lines[above].strip()), "")
    return not lines[at - 1].strip() and not before.endswith(COLONS)


def _read(lines: Sequence[str], at: int) -> Block:
    says: dict[str, str] = {}
    end, continued, kind = at, 0, ""
    for here in range(at, min(at + _LINES_MAX, len(lines))):
        line = lines[here][:LINE_MAX_CHARACTERS]
        if _TECHNICAL.match(line):
            return Block(at, at, {})
        found = _HEADER.match(line)
        if found is not None:
            kind, continued = _KIND_OF[found.group(1).lower()], 0
            if kind in says:
                break
            says[kind] = found.group(2).strip().strip("*").strip()
        elif not line.strip():
            if len(says) >= _KINDS_MIN or not _goes_on(lines, here):
                break
            continue
        else:
            continued += 1
            if continued > _CONTINUED_MAX or kind not in {"to", "cc", "subject", "from"}:
                break
            says[kind] = f"{says[kind]} {line.strip()}".strip()
        end = here + 1
    return Block(at, end, says)


def _goes_on(lines: Sequence[str], blank: int) -> bool:
    return blank + 1 < len(lines) and kind_of(lines[blank + 1]) != ""
