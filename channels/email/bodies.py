"""Walks the parts of a mail: its text, its HTML, its files. Bounded, and never fails. Below parse.py."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from functools import cached_property
from io import BytesIO
from typing import cast

import msgspec

from channels.email.charsets import decode_bytes
from channels.email.headers import Headers, Tree, decode_words
from channels.email.html import sanitized
from channels.email.html_text import text_of_html
from channels.text import one_line

PARTS_MAX = 300
DEPTH_MAX = 30
FILES_MAX = 100
NAME_MAX_CHARACTERS = 120
TEXT_MAX_CHARACTERS = 1024 * 1024
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, binascii.Error, RecursionError)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+_-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,80}")
_EXTENSIONS = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/html": ".html", "text/plain": ".txt"}


class FileOf(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with the mail."""

    name: str
    media_type: str
    data: bytes


@dataclass
class Words:
    """A part somebody can read. `choice`: the multipart/alternative it is one version in; 0: none."""

    text: str
    is_html: bool
    choice: int

    @cached_property
    def safe_html(self) -> str:
        """Made once: it costs."""
        return sanitized(self.text)


@dataclass
class Body:
    """What was found, in the order of the parts."""

    words: list[Words] = field(default_factory=list[Words])
    files: list[FileOf] = field(default_factory=list[FileOf])
    left_out: int = 0  # parts over the bounds: still in the raw mail

    @cached_property
    def text(self) -> str:
        """All there is to read: of alternatives the plain version; made from the HTML where there is none."""
        plain = {part.choice for part in self.words if part.choice and not part.is_html and part.text.strip()}
        chosen = [part for part in self.words if not part.is_html or part.choice not in plain]
        readable = [text_of_html(part.safe_html) if part.is_html else part.text for part in chosen]
        return "\n".join(text.strip("\n") for text in readable if text.strip())[:TEXT_MAX_CHARACTERS]

    @cached_property
    def safe_html(self) -> str:
        """The HTML without what could run, phone home or leave its frame."""
        return "\n".join(part.safe_html for part in self.words if part.is_html and part.text.strip())


def read_body(message: Tree) -> Body:
    """Text, HTML and files of a mail."""
    body = Body()
    for seen, (part, depth, choice) in enumerate(_leaves(message)):
        if seen >= PARTS_MAX or depth > DEPTH_MAX or len(body.files) >= FILES_MAX:
            body.left_out += 1
            continue
        _take(body, part, choice)
    return body


def payload_of(part: Tree) -> bytes:
    """A leaf's bytes, its transfer encoding undone as far as it can be."""
    try:
        raw = part.get_payload(decode=True)
    except _BROKEN:
        raw = part.get_payload()
    if isinstance(raw, bytes):
        return raw
    return str(raw or "").encode("utf-8", "surrogateescape")


def media_type_of(part: Tree) -> str:
    """`type/subtype`; `application/octet-stream` for what is none."""
    try:
        found = part.get_content_type().lower()
    except _BROKEN:
        found = ""
    return found if _MEDIA_TYPE.fullmatch(found) else "application/octet-stream"


def _leaves(message: Tree) -> Iterator[tuple[Tree, int, int]]:
    """Parts without parts of their own, in order, with depth and choice. An enclosed mail is a leaf: a file."""
    stack = [(message, 0, 0)]
    choices = 0
    while stack:
        part, depth, choice = stack.pop()
        media_type = media_type_of(part)
        if part.is_multipart() and not media_type.startswith("message/"):
            if media_type == "multipart/alternative" and not choice:
                choices += 1
                choice = choices
            children = cast("list[Tree]", part.get_payload())
            stack.extend((child, depth + 1, choice) for child in reversed(children))
        else:
            yield part, depth, choice


def _take(body: Body, part: Tree, choice: int) -> None:
    media_type = media_type_of(part)
    name = _name_of(part)
    if (
        not name
        and _disposition(part) != "attachment"
        and media_type.startswith(("text/plain", "text/html", "multipart/"))
    ):
        # a multipart without parts names no boundary, or one that never comes: what it holds is all there is to read
        text = decode_bytes(payload_of(part), _charset_of(part)).replace("\r\n", "\n").replace("\r", "\n")
        body.words.append(Words(text, media_type == "text/html", choice))
        return
    data = _enclosed(part) if part.is_multipart() else payload_of(part)
    if data:
        name = name or f"part-{len(body.files) + 1}{_EXTENSIONS.get(media_type, '')}"
        body.files.append(FileOf(name=name, media_type=media_type, data=data))


def _enclosed(part: Tree) -> bytes:
    """A mail in the mail, or a delivery report, as its bytes were."""
    out = BytesIO()
    try:
        for child in cast("list[Tree]", part.get_payload()):
            BytesGenerator(out, mangle_from_=False).flatten(child)
    except (*_BROKEN, KeyError):
        return b""
    return out.getvalue()


def _name_of(part: Tree) -> str:
    try:
        name = part.get_filename() or ""
    except _BROKEN:
        name = ""
    # only the last step of a path, whichever system wrote it
    last = one_line(decode_words(name)).replace("\\", "/").rpartition("/")[2]
    return last.strip(". ")[-NAME_MAX_CHARACTERS:]


def _disposition(part: Tree) -> str:
    return Headers(part).raw("Content-Disposition").partition(";")[0].strip().lower()


def _charset_of(part: Tree) -> str | None:
    try:
        return part.get_content_charset()
    except _BROKEN:
        return None
