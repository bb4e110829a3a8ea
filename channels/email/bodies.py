"""Walks the parts of a mail: its words in reading order, its files, what it is besides. Bounded, and never fails.

Below parse.py.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from channels.email.mime import outlook, protection
from channels.email.mime.cards import read_cards
from channels.email.mime.file_names import name_of, own_name
from channels.email.mime.headers import Headers, Tree
from channels.email.mime.invitations import read_invitation
from channels.email.mime.parts import bytes_of, media_type_of, text_of
from channels.email.mime.rtf import RtfRoom
from channels.email.mime.tree import children_of, parted_anew
from channels.email.words.html import HTML_MAX_CHARACTERS, is_cut, sanitized
from channels.email.words.html_text import text_of_html
from schemas.interaction import Label

PARTS_MAX = 300
DEPTH_MAX = 30
FILES_MAX = 100
ENCLOSED_MAX = 100
TEXT_MAX_CHARACTERS = 1024 * 1024
MARKUP_MAX_CHARACTERS = 2 * HTML_MAX_CHARACTERS
"""Of all HTML of a mail together."""
CALENDARS_MAX_BYTES = 1024 * 1024
_ANEW_MAX_BYTES = 64 * 1024 * 1024
_READ = {"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"}
_NEVER_READ = {"text/x-amp-html", "text/watch-html", protection.CONTROL}  # another version, or nothing but a mark
_CALENDARS = {"text/calendar", "application/ics"}
_CARDS = {"text/vcard", "text/x-vcard", "text/directory"}


class FileOf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that came with the mail. `inline`: a picture that stands within its words."""

    name: str
    media_type: str
    data: bytes
    inline: bool = False


@dataclass
class Words:
    """A part somebody can read. `choice`: the multipart/alternative it is in, 0 for none; `version`: which of those."""

    text: str
    is_html: bool
    choice: int = 0
    version: int = 0

    @cached_property
    def safe_html(self) -> str:
        """Made once: it costs."""
        return sanitized(self.text)

    @property
    def says_something(self) -> bool:
        """Not blank."""
        return bool(self.text.strip())


class Place(NamedTuple):
    """Where a part stands. `within`: the media type of what it is a part of."""

    depth: int = 0
    choice: int = 0
    version: int = 0
    within: str = ""


@dataclass
class Body:
    """What was found, in the order of the parts. `instead`: to be read only where there are no words."""

    words: list[Words] = field(default_factory=list[Words])
    instead: list[Words] = field(default_factory=list[Words])
    files: list[FileOf] = field(default_factory=list[FileOf])
    labels: list[Label] = field(default_factory=list[Label])
    left_out: int = 0  # parts over the bounds: still in the raw mail
    rtf: RtfRoom = field(default_factory=RtfRoom)
    markup_left: int = MARKUP_MAX_CHARACTERS
    calendars_left: int = CALENDARS_MAX_BYTES
    anew_left: int = _ANEW_MAX_BYTES

    @cached_property
    def text(self) -> str:
        """All there is to read: of alternatives the plain version; made from the HTML where there is none."""
        chosen = _chosen(self.readable, rich=False)
        readable = [text_of_html(part.safe_html) if part.is_html else part.text for part in chosen]
        return "\n".join(text.strip("\n") for text in readable if text.strip())[:TEXT_MAX_CHARACTERS]

    @cached_property
    def safe_html(self) -> str:
        """The same as HTML without what could run, phone home or leave its frame; nothing where no part is HTML."""
        chosen = [part for part in _chosen(self.readable, rich=True) if part.says_something]
        if not any(part.is_html for part in chosen):
            return ""
        return "\n".join(part.safe_html if part.is_html else f"<pre>{html.escape(part.text)}</pre>" for part in chosen)

    @property
    def readable(self) -> Sequence[Words]:
        """The words, or what there is instead of any."""
        return self.words if any(part.says_something for part in self.words) else self.words + self.instead

    def label(self, *labels: Label | None) -> None:
        """Each once."""
        self.labels += [label for label in dict.fromkeys(labels) if label is not None and label not in self.labels]


def read_body(message: Tree, *, enclosed: int = 0) -> Body:
    """Text, HTML and files of a mail; of one `enclosed` in so many others only what can be read."""
    body = Body()
    within: list[Tree] = []
    calendars: set[str] = set()
    for seen, (part, place) in enumerate(_leaves(message, body)):
        if seen >= PARTS_MAX or place.depth > DEPTH_MAX or len(body.files) >= FILES_MAX:
            body.left_out += 1
            continue
        if part.is_multipart():
            within.append(part)
        if _is_read(part, place):
            _read(body, part, place)
        elif not enclosed and media_type_of(part) not in _NEVER_READ:
            _keep(body, part, place, calendars)
    if enclosed < ENCLOSED_MAX and not any(part.says_something for part in body.readable):
        body.instead += [words for part in within for words in _words_of_enclosed(part, enclosed + 1)]
    if body.left_out:
        body.label(Label.INCOMPLETE)
    return body


def _leaves(message: Tree, body: Body) -> Iterator[tuple[Tree, Place]]:
    """Parts without parts of their own, in reading order. An enclosed mail is a leaf: a file."""
    stack = [(message, Place())]
    choices = versions = 0
    while stack:
        part, place = stack.pop()
        media_type = media_type_of(part)
        if media_type.startswith("multipart/") and not part.is_multipart() and place.depth <= DEPTH_MAX:
            body.anew_left -= len(part.written)
            part = (parted_anew(part) if body.anew_left >= 0 else None) or part
        if not part.is_multipart() or not media_type.startswith("multipart/"):
            yield part, place
            continue
        body.label(protection.MULTIPARTS.get(media_type))
        children = children_of(part)
        if media_type == "multipart/related":
            children = _root_first(children, part.content_type["start"])
        choice = place.choice
        if media_type == "multipart/alternative" and not choice:
            choices += 1
            choice = choices
        below: list[tuple[Tree, Place]] = []
        for child in children:
            # one alternative in a version of another: its versions are the other's
            versions += media_type == "multipart/alternative"
            version = versions if media_type == "multipart/alternative" else place.version
            below.append((child, Place(place.depth + 1, choice, version, media_type)))
        stack.extend(reversed(below))


def _root_first(children: list[Tree], start: str) -> list[Tree]:
    """RFC 2387 §3.2: what the others belong to is named by `start`; else it is the first."""
    wanted = start.strip("<> ")
    root = [child for child in children if wanted and child.raw("Content-ID").strip("<> \r\n") == wanted]
    return root[:1] + [child for child in children if child not in root[:1]] if root else children


def _is_read(part: Tree, place: Place) -> bool:
    """Words, not a file. A multipart without parts is all there is to read of it."""
    media_type = media_type_of(part)
    if part.disposition.value == "attachment" or part.is_multipart():
        return False
    if media_type.startswith("multipart/"):
        return True
    return media_type in _READ and (place.depth == 0 or not own_name(part))


def _read(body: Body, part: Tree, place: Place) -> None:
    is_html = media_type_of(part) == "text/html"
    text = text_of(part)
    if media_type_of(part) in {"text/enriched", "text/richtext"}:
        text = text_of_html(sanitized(text))  # RFC 1896: near enough
    if not is_html:
        plain = protection.unarmored(text)
        text = plain.text
        body.label(*plain.labels)
        if plain.encrypted:
            data = plain.encrypted.encode()
            body.files.append(FileOf(name="encrypted.asc", media_type="application/pgp-encrypted", data=data))
    body.left_out += is_cut(text) if is_html else len(text) > TEXT_MAX_CHARACTERS
    if is_html:
        body.left_out += len(text) > body.markup_left
        text = text[: body.markup_left]
        body.markup_left -= len(text[:HTML_MAX_CHARACTERS])
    body.words.append(Words(text, is_html, place.choice, place.version))


def _keep(body: Body, part: Tree, place: Place, calendars: set[str]) -> None:
    media_type, data = media_type_of(part), bytes_of(part)
    name = name_of(part, len(body.files) + 1)
    if media_type in outlook.MEDIA_TYPES or name.lower() == outlook.NAME:
        found = outlook.unpacked(data, body.rtf)
        if found is not None:
            _unpack(body, found)
            if not found.over:
                return
    if media_type in protection.PKCS7 or name.lower().endswith(".p7m"):
        body.label(protection.label_of_pkcs7(data, part.content_type["smime-type"]))
    if media_type in _CALENDARS and len(data) <= body.calendars_left:
        body.calendars_left -= len(data)
        invitation = read_invitation(data)
        if invitation is not None and invitation.same in calendars:
            return  # in the alternatives, and once more as a file
        if invitation is not None:
            calendars.add(invitation.same)
            body.label(invitation.label)
            body.words.append(Words(invitation.text, is_html=False))
    if media_type in _CARDS and (line := read_cards(data)):
        body.words.append(Words(line, is_html=False))
    if place.within == "multipart/encrypted" and not own_name(part):
        name = "encrypted.asc"
    body.files.append(FileOf(name=name, media_type=media_type, data=data, inline=_is_inline(part, media_type)))


def _unpack(body: Body, found: outlook.Unpacked) -> None:
    if found.html or found.text:
        body.instead.append(Words(found.html or found.text, is_html=bool(found.html)))
    room = FILES_MAX - len(body.files) - found.over
    body.files += [
        FileOf(name=file.name, media_type=file.media_type, data=file.data, inline=file.inline)
        for file in found.files[:room]
    ]
    if not found.whole or found.over or len(found.files) > room:
        body.label(Label.INCOMPLETE)


def _is_inline(part: Tree, media_type: str) -> bool:
    """Pictures only: what else says so is shown beside the words all the same."""
    said = part.disposition.value
    return media_type.startswith("image/") and (said == "inline" or (not said and bool(part.raw("Content-ID").strip())))


def _words_of_enclosed(part: Tree, enclosed: int) -> list[Words]:
    """What a mail within the mail says, below who says it."""
    if not media_type_of(part).startswith("message/") or not children_of(part):
        return []
    inner = children_of(part)[0]
    found = read_body(inner, enclosed=enclosed)
    words = [each for each in found.readable if each.says_something]
    if not words or found.words != list(found.readable):
        return words
    headers = Headers(inner)
    said = "\n".join(filter(None, (headers.text("Subject"), headers.text("From"))))
    if said and not words[0].is_html:
        return [Words(f"{said}\n\n{words[0].text}", is_html=False), *words[1:]]
    return [Words(said, is_html=False), *words] if said else words


def _chosen(words: Sequence[Words], *, rich: bool) -> list[Words]:
    """Of each choice one version: the plain one (RFC 2046 §5.1.4 has it first), or the richest, which comes last."""
    versions: dict[int, dict[int, list[Words]]] = {}
    for part in words:
        versions.setdefault(part.choice, {}).setdefault(part.version, []).append(part)
    picked = {choice: _version(found, rich=rich) for choice, found in versions.items() if choice}
    return [part for part in words if not part.choice or part.version == picked[part.choice]]


def _version(versions: dict[int, list[Words]], *, rich: bool) -> int:
    telling = [number for number, parts in versions.items() if any(part.says_something for part in parts)]
    wanted = [
        number for number in telling if any(part.is_html and part.says_something for part in versions[number]) == rich
    ]
    found = (wanted[-1:] if rich else wanted[:1]) or telling[-1:] or list(versions)
    return found[0]
